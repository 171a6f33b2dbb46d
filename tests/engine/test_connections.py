"""A connection that fails in the middle: it is told as what it is, and what was half done is finished or taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab
from engine.proxy import Fault, Kind, Proxy
from netdeploy.apply.calls import Calls
from netdeploy.engine import operate, reader

BODY = """
name: ndt-lab
prefix: ndt-
containers:
  web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, environment: {V: "1"}, volumes: [/data], networks: [net]}
networks: {net: {}}
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does not answer is waited for a moment only."""
    monkeypatch.setattr(reader, "TIMEOUT", 1.5)
    monkeypatch.setattr(operate, "_CALL_TIMEOUT", 1.5)


def through(lab: Lab, fault: Fault, *arguments: str | Path) -> tuple[int, str, bool]:
    path = lab.folder / f"{arguments[0]}{fault.after}.sock"
    with Proxy(lab.engine.endpoint.url, path, fault) as proxy:
        result = lab.run(*arguments, url=proxy.url)
        return result.code, result.both, proxy.struck


@pytest.mark.part(1)
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("looking", "kind"),
    [
        (True, "silent"),
        pytest.param(True, "garbage", marks=pytest.mark.whole),
        pytest.param(False, "silent", marks=pytest.mark.whole),
        (False, "not JSON"),
    ],
)
def test_a_replacement_is_finished_whatever_becomes_of_a_connection(lab: Lab, kind: Kind, *, looking: bool) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    lab.in_container("ndt-web", "echo here > /data/file")
    for turn, after in enumerate((2, 5)):
        lab.write(BODY.replace('"1"', f'"{turn + 2}"'))
        code, said, struck = through(lab, Fault(kind, 1, looking=looking, after=after), "apply", file)
        assert "bug of netdeploy" not in said
        assert code == 0, said
        assert struck
        lab.apply(file)
        assert lab.in_container("ndt-web", "cat /data/file; echo $V") == (0, f"here\n{turn + 2}\n")
        assert lab.names() == {"ndt-web", "ndt-net"}


@pytest.mark.part(1)
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["silent", "garbage", "cut before"])
def test_every_kind_of_look_says_what_happened(lab: Lab, kind: Kind) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    commands: list[tuple[str | Path, ...]] = [("status",), ("diff", file), ("graph", file, "--live")]
    commands += [("inspect", "ndt-web")] if kind == "cut before" else []
    for command in commands:
        code, said, struck = through(lab, Fault(kind, 3, looking=True), *command)
        assert struck
        assert "bug of netdeploy" not in said
        assert code == 0 or "0.sock (--host)" in said, said


def test_even_after_a_bug_what_was_half_done_is_taken_back(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.apply(lab.write(BODY))
    before = lab.container("ndt-web").id

    def broken(*_arguments: Any) -> bool:
        raise RuntimeError("this should not have happened")

    with monkeypatch.context() as patched:
        patched.setattr(Calls, "look", broken)
        result = lab.run("apply", lab.write(BODY.replace('"1"', '"2"')))
    assert result.code == 2, result.both
    assert "this is a bug of netdeploy: RuntimeError" in result.err
    assert lab.container("ndt-web").id == before
    assert lab.container("ndt-web").status == "running"
    assert lab.names() == {"ndt-web", "ndt-net"}
