"""Nothing that a stranger wrote moves a terminal, fills a clipboard, or hides: what can be tried without an engine."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile.terminal import HARMS, HOSTILE, SHORT, harms_in, on_terminal, quoted
from pydantic import BaseModel
from rich.text import Text
from unit.inspect.seen import recorded
from unit.render.example import rich_report
from unit.render.test_status_text import example

from netdeploy.cli import streams
from netdeploy.document import for_people
from netdeploy.inspect.tell import tell
from netdeploy.render.diff_text import diff_text
from netdeploy.render.inspect_text import inspect_text
from netdeploy.render.status_text import status_text
from netdeploy.visible import visible, visible_json, visible_lines

OUR_WORDS = {"action", "kind", "effect", "status", "verdict", "mark", "format_version", "by", "mode", "protocol"}
"""Fields that hold words of ours."""


def spoilt(value: Any) -> Any:
    """A report with HOSTILE in every text that is not ours."""
    if isinstance(value, str):
        return f"{value}{HOSTILE}"
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields if name not in OUR_WORDS}
        return value.model_copy(update={name: spoilt(field) for name, field in fields.items()})
    if isinstance(value, tuple | list):
        return type(value)(spoilt(item) for item in value)
    if isinstance(value, dict):
        return {key: spoilt(item) for key, item in value.items()}
    return value


def printed(show: Callable[[], object]) -> str:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        streams.begin()
        show()
    return out.getvalue() + err.getvalue()


@pytest.mark.parametrize("harm", [*HARMS, "\ud800", "\x00"], ids=ascii)
def test_each_harm_is_shown_by_its_number(harm: str) -> None:
    for shown in (visible(f"a{harm}b"), visible_lines(f"a{harm}b\nc"), visible_json([f"a{harm}b"])):
        assert harm not in shown
        assert "\\" in shown
        shown.encode()
    assert json.loads(visible_json({f"k{harm}": f"a{harm}b\n"})) == {f"k{harm}": f"a{harm}b\n"}


@pytest.mark.parametrize("text", ["ä", "日本語", "⚠️ 🐳", "Ελλάδα", "a – b → c", "עברית", "e\u0301"])
def test_what_people_write_stays(text: str) -> None:
    assert visible(text) == visible_lines(text) == text


def test_an_endless_text_is_cut_and_its_length_said() -> None:
    assert visible("x" * 1_000_000).endswith("x… (1,000,000 characters)")
    assert len(visible("x" * 1_000_000)) < 300


@pytest.mark.parametrize("width", [None, 80])
@pytest.mark.parametrize("name", ["diff", "status", "inspect"])
def test_reports_in_which_every_text_is_hostile(name: str, width: int | None) -> None:
    report: Any = {"diff": rich_report, "status": example, "inspect": lambda: tell(recorded("20.10"), explain=True)}[
        name
    ]()
    text: Callable[..., Text] = {"diff": diff_text, "status": status_text, "inspect": inspect_text}[name]
    hostile = spoilt(report)
    shown = text(hostile, width=width)
    assert not harms_in(shown.plain)
    assert "forged line" in shown.plain
    assert not any(line.startswith("forged") for line in shown.plain.split("\n"))
    assert not harms_in(printed(lambda: streams.show(shown)))
    document = printed(lambda: streams.document(hostile.model_dump(mode="json")))
    assert not harms_in(document)
    assert HOSTILE in json.dumps(json.loads(document), ensure_ascii=False) or "forged" in document


def test_a_report_for_people_is_as_large_as_a_page() -> None:
    report = rich_report().model_copy(update={"notes": ("x" * 10_000_000,)})
    assert len(str(for_people(report))) < 20_000


@pytest.mark.parametrize(
    "show",
    [
        lambda: streams.tell(HOSTILE),
        lambda: streams.result(HOSTILE),
        lambda: streams.picture(HOSTILE),
        lambda: streams.document({HOSTILE: HOSTILE}),
        lambda: streams.tell_error(HOSTILE, HOSTILE, [HOSTILE, HOSTILE]),
        lambda: streams.show(Text(HOSTILE, "bold")),
        lambda: streams.console(stderr=True).print(HOSTILE),
        lambda: streams.console().print(Text().append(HOSTILE, "red").append("ours\n")),
    ],
)
def test_nothing_passes_the_gate(show: Callable[[], object]) -> None:
    assert not harms_in(printed(show))
    assert printed(show)


def test_an_error_forges_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    streams.begin()
    streams.tell_error("there is no file a\nerror: forged", "do this\n  → forged")
    assert capsys.readouterr().err.splitlines() == [
        "error: there is no file a\\nerror: forged",
        "  → do this\\n  → forged",
    ]


VERBS: dict[str, list[str]] = {
    "a file that is not there": ["validate", f"/{SHORT}.yaml"],
    "an option": ["validate", f"--{SHORT}"],
    "a command": [SHORT],
    "a context": ["--context", SHORT, "status"],
    "a host": ["--host", f"tcp://{SHORT}:1", "status"],
    "another host": ["--host", SHORT, "status"],
    "a choice": ["status", "-o", SHORT],
    "a number": ["apply", "--timeout", SHORT, "x"],
    "a format": ["graph", "-o", f"/nowhere/{SHORT}", "x.yaml"],
    "a plan": ["apply", f"{SHORT}.json"],
}


@pytest.mark.parametrize("arguments", VERBS.values(), ids=VERBS)
def test_what_is_typed_is_shown_as_it_is_and_does_nothing(arguments: list[str]) -> None:
    code, said = on_terminal(arguments)
    assert code == 2
    assert not harms_in(said)
    assert "bug of netdeploy" not in said


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\x9b2J\xff\x1b[2J.yaml"
    Path(os.fsdecode(file)).write_text("containers: {web: {imag: nginx}}\n")
    for verb in ("validate", "graph", "diff", "apply"):
        code, said = on_terminal([verb, file])
        assert code == (1 if verb == "validate" else 2)
        assert not harms_in(said)
        assert "\\x9b2J\\xff\\x1b[2J.yaml" in said


HOSTILE_YAML = "\n".join(
    [
        f"description: {quoted(HOSTILE)}",
        f"x-{SHORT.replace(chr(0x1B), '')}: 1",
        f"{quoted(SHORT)}: 1",
        "containers:",
        "  web:",
        f"    image: {quoted(SHORT)}",
        f"    {quoted(SHORT)}: 1",
        f"    environment: {{{quoted(SHORT)}: {quoted(HOSTILE)}, X: [{quoted(HOSTILE)}]}}",
        f"    labels: {{{quoted(SHORT)}: {quoted(HOSTILE)}}}",
        f"    networks: {{{quoted(SHORT)}: {{aliases: [{quoted(SHORT)}]}}}}",
        f"  {quoted(SHORT)}: {{image: a, command: [{quoted(HOSTILE)}]}}",
        "  a\u202eb\u200bc: {image: x}",
    ]
)


def test_a_file_full_of_it_is_told_with_excerpts(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    for text in (HOSTILE_YAML, HOSTILE_YAML.replace(": ", ":\t", 3), f"a: [{SHORT}", f"{SHORT}: }}"):
        file.write_text(text)
        code, said = on_terminal(["validate", file])
        assert code == 1
        assert not harms_in(said)
        assert "bug of netdeploy" not in said


VALID_YAML = f"""
name: shop
description: {quoted(HOSTILE)}
containers:
  web:
    image: nginx
    command: [{quoted(HOSTILE.replace(chr(0), ""))}]
    environment: {{X: {quoted(HOSTILE)}, {quoted("K" + SHORT.replace("=", ""))}: v}}
    labels: {{{quoted(SHORT)}: {quoted(HOSTILE)}}}
    networks: [net]
networks: {{net: {{labels: {{a: {quoted(HOSTILE)}}}, driver_opts: {{a: {quoted(HOSTILE)}}}}}}}
"""


def test_pictures_of_a_file_full_of_it(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(VALID_YAML)
    for form in ("text", "svg", "html", "mermaid", "dot"):
        code, said = on_terminal(["graph", file, "--format", form])
        assert code == 0, said
        assert not harms_in(said)
        target = tmp_path / f"picture.{form}"
        code, said = on_terminal(["graph", file, "--format", form, "-o", target])
        assert (code, said) == (0, "")
        assert not harms_in(target.read_text())


def test_warnings_threads_and_bugs_pass_the_gate(tmp_path: Path) -> None:
    code = (
        "import sys, threading, warnings\n"
        "from netdeploy.cli import main, files\n"
        "def broken(*_):\n"
        "    warnings.warn(sys.argv[1])\n"
        "    thread = threading.Thread(target=lambda: int(sys.argv[1])); thread.start(); thread.join()\n"
        "    raise RuntimeError(sys.argv[1])\n"
        "files._verdict = broken\n"
        "main.main(['validate', sys.argv[2]])\n"
    )
    file = tmp_path / "shop.yaml"
    file.write_text("containers: {web: {image: nginx}}\n")
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code, SHORT, str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
        timeout=60,
    )
    assert done.returncode == 2
    assert not harms_in(done.stderr + done.stdout)
    assert "Traceback" not in done.stderr
    assert [word in done.stderr for word in ("UserWarning", "in a thread", "bug of netdeploy")] == [True] * 3
    (log,) = tmp_path.glob("netdeploy-*.log")
    assert not harms_in(log.read_text())
