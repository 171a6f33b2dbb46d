from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from unit.plan.situations import SITUATIONS, Situation
from unit.plan.test_report import situation_report
from unit.render.example import rich_report

from netdeploy.plan.report import AttributeReport, ChangeReport, DiffReport
from netdeploy.render.diff_text import diff_text, summary

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = [None, 80, 140]


def attribute_text(
    before: Any, after: Any, path: str = "containers.web.environment.X", width: int | None = None
) -> str:
    attribute = AttributeReport(path=path, before=before, after=after, effect="replace")
    change = ChangeReport(action="replace", kind="container", name="web", reason="why", attributes=(attribute,))
    made = DiffReport(topology="lab", in_sync=False, changes=(change,), summary={"replace": 1})
    return diff_text(made, width=width or None).plain.split("why\n")[1].split("\n\n")[0]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_rich_example_reads_as_reviewed(width: int | None) -> None:
    text, file = diff_text(rich_report(), width=width).plain, GOLDEN / f"rich_{width or 'unwrapped'}.txt"
    if os.environ.get("REFRESH"):
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_no_line_is_wider_than_the_terminal_or_ends_in_a_space(situation: Situation, width: int | None) -> None:
    for line in diff_text(situation_report(situation), width=width).plain.split("\n"):
        assert line == line.rstrip()
        assert width is None or cell_len(line) <= width


def test_without_a_width_each_change_and_each_attribute_is_one_line() -> None:
    made = rich_report()
    lines = diff_text(made).plain.split("\n\n")[1].split("\n")
    hints = sum(bool(change.hint) for change in made.changes)
    assert len(lines) == len(made.changes) + sum(len(change.attributes) for change in made.changes) + hints


@pytest.mark.parametrize("width", [80, 140])
def test_very_long_values_are_cut_where_they_part(width: int) -> None:
    same = "x" * 1000
    text = attribute_text(f"{same} left {same}", f"{same} right {same}", width=width)
    assert "left" in text
    assert "right" in text
    assert text.count("…") == 4
    assert all(len(line) <= width for line in text.split("\n"))
    short = attribute_text("short", f"{same}end")
    assert "short → x" in short
    assert short.endswith("x… (1,003 characters)")


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, "", '(none) → ""'),
        ("a", " a ", 'a → " a "'),
        ("one\ntwo", "one\r\ntwo\tthree", "one⏎two → one⏎two three"),
        ("\x1b[31mred", "bell\x07", "\\x1b[31mred → bell\\x07"),
        (True, False, "true → false"),
        ([], ["a", "b"], "(none) → a, b"),
        ({"subnet": "10.0.0.0/8", "aux": {"a": "b"}}, None, "{subnet: 10.0.0.0/8, aux: {a: b}} → (none)"),
        ([{"subnet": "10.0.0.0/8"}], "chosen by the engine", "{subnet: 10.0.0.0/8} → chosen by the engine"),
        ("•••", "•••", "••• → •••  (another one)"),
    ],
)
def test_values_are_shown_as_a_file_would_write_them(before: Any, after: Any, shown: str) -> None:
    assert attribute_text(before, after).strip() == f"web.environment.X: {shown}"


def test_commands_are_shown_as_a_shell_takes_them() -> None:
    text = attribute_text(["sh", "-c", "echo 'hi'"], ["a b", "$x'"], path="containers.web.command")
    assert text.strip() == """web.command: sh -c "echo 'hi'" → 'a b' '$x'"'"''"""


def test_which_attribute_forces_the_replacement_is_said_where_others_would_not() -> None:
    attributes = tuple(
        AttributeReport(path=f"containers.web.{name}", before="a", after="b", effect=effect)
        for name, effect in (("restart", "update"), ("user", "replace"))
    )
    change = ChangeReport(action="replace", kind="container", name="web", reason="why", attributes=attributes)
    text = diff_text(DiffReport(topology="lab", in_sync=False, changes=(change,), summary={"replace": 1})).plain
    assert "web.restart: a → b  (while it runs)" in text
    assert "web.user: a → b  (needs a new one)" in text


def test_no_changes_are_one_sentence_and_notes() -> None:
    made = DiffReport(
        topology="lab", source="lab.yaml", in_sync=True, changes=(), summary={}, notes=("volume `x` is kept",),
        stand_ins=("web", "db"),
    )  # fmt: skip
    assert diff_text(made).plain == (
        "No changes. `lab` is up to date with lab.yaml.\n"
        "Stand-ins for their images: web, db (--stand-ins never brings the real ones).\n"
        "Note: volume `x` is kept.\n"
    )
    assert "is up to date." in diff_text(made.model_copy(update={"source": None})).plain


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"create": 2, "replace": 1}, "2 to create, 1 to replace."),
        ({"conflict": 1}, "1 conflict."),
        ({"start": 1, "conflict": 2}, "1 to start, 2 conflicts."),
    ],
)
def test_the_summary_counts(counts: dict[str, int], text: str) -> None:
    assert summary(DiffReport(topology="lab", in_sync=False, changes=(), summary=counts)) == text
