"""What a verify found, as text: the matrix, the causes, and what could not be told."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from netdeploy.document import for_people

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netdeploy.verify.verdict import ClaimReport, Mark, VerifyReport

_HOST_ROW = "this host"
"""No container can be called so, but one may well be called `host`."""
_CORNER = "from ↓  to →"
_MARKS: dict[Mark, tuple[str, str, str]] = {
    "reaches": ("✓", "green", "reaches"),
    "separate": ("·", "dim", "separate, as it should be"),
    "wrong": ("✗", "bold red", "not as it should be"),
    "untested": ("?", "yellow", "untested"),
}
_SAW = {
    "refused": "connection refused",
    "timeout": "no answer",
    "unreachable": "network is unreachable",
    "unresolved": "no such name",
    "empty": "closed without a word",
    "small": "only small packets get through",
    "mute": "accepted, and said nothing",
    "slow": "no end of the answer",
}
_WIDEST = 120
_SHOWN_PORTS = 3
_SHOWN_PLACES = 6


def verify_text(report: VerifyReport, *, width: int | None, explain: bool = False) -> Text:
    """A report for people; `width` columns, None for no limit; with `explain`, each cause has what shows it."""
    report = for_people(report)
    columns = min(width or _WIDEST, _WIDEST)
    text = Text(f"{report.topology}  ", "bold").append(f"({report.source})\n\n", "not bold dim")
    if len(report.containers):
        text.append(_matrix(report, columns)).append("\n")
    for claim in report.claims:
        if claim.kind == "check":
            mark, style, _ = _MARKS[_mark_of(claim)]
            saw = _SAW.get(claim.saw.split(" ")[0], "")
            text.append(f"  {mark} ", style).append(_filled(claim.text + (f" ({saw})" if saw else ""), columns, 4))
    if any(claim.kind == "check" for claim in report.claims):
        text.append("\n")
    text.append(_causes(report, columns, explain=explain)).append(_warnings(report, columns)).append(
        _untested(report, columns)
    )
    text.append(_verdict(report))
    return text


def _mark_of(claim: ClaimReport) -> Mark:
    marks: dict[str, Mark] = {"passed": "reaches", "failed": "wrong", "untested": "untested"}
    return marks[claim.verdict]


# -- the matrix --------------------------------------------------------------------------------------------------------


def _matrix(report: VerifyReport, columns: int) -> Text:
    """Names and ports head the columns where they fit; numbers do otherwise."""
    names = list(report.containers)
    headings = [(name, _ports(report, name)) for name in names]
    labels = [*names, _HOST_ROW]
    if _width(labels) + sum(_width(heading) for heading in headings) > columns:
        digits = len(str(len(names)))
        headings = [(str(number), "") for number in range(1, len(names) + 1)]
        labels = [f"{number:>{digits}} {name}" for number, name in enumerate(names, start=1)]
        labels.append(f"{' ' * digits} {_HOST_ROW}")
    marks = {(_HOST_ROW if cell.from_host else cell.source, cell.target): cell.mark for cell in report.matrix}
    table = _Table(tuple(labels), tuple(headings), tuple(names), marks, max(_width(labels), _width([_CORNER])))
    text = Text("\n").join(table.block(block) for block in table.blocks(columns))
    used = set(marks.values())
    legend = "   ".join(f"{mark} {meaning}" for kind, (mark, _, meaning) in _MARKS.items() if kind in used)
    text.append(f"\n  {legend}\n", "dim")
    return text.append("  ").append(_filled(_about_the_host(report), columns, 2), "dim")


def _about_the_host(report: VerifyReport) -> str:
    """What its row does not show: a Linux host is a neighbour of each of its containers."""
    text = f"the row of {_HOST_ROW} is about published ports"
    if not report.unpublished:
        return f"{text} only"
    places = [place for several in report.unpublished.values() for place in several]
    more = f" and {len(places) - _SHOWN_PLACES} more" if len(places) > _SHOWN_PLACES else ""
    where = f"{', '.join(places[:_SHOWN_PLACES])}{more}"
    return f"{text}; without publishing it still reaches {where}, the containers' own addresses"


@dataclass(frozen=True, slots=True)
class _Table:
    """The matrix: `labels` head its rows, of which the host's is the last, `headings` its columns, in two lines."""

    labels: tuple[str, ...]
    headings: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    marks: dict[tuple[str, str], Mark]
    first: int

    def blocks(self, columns: int) -> list[list[int]]:
        """The numbers of the columns that fit beside each other."""
        blocks: list[list[int]] = [[]]
        room = columns - self.first - 2
        for number, heading in enumerate(self.headings):
            taken = sum(_width(self.headings[other]) for other in blocks[-1])
            if blocks[-1] and taken + _width(heading) > room:
                blocks.append([])
            blocks[-1].append(number)
        return blocks

    def block(self, numbers: list[int]) -> Text:
        """Some columns, with the labels of all rows before them."""
        widths = [_width(self.headings[number]) for number in numbers]
        text = Text()
        for line, (corner, style) in enumerate(((_CORNER, "bold"), ("", "dim"))):
            cells = [_padded(self.headings[n][line], width) for n, width in zip(numbers, widths, strict=True)]
            if line == 0 or any(cell.strip() for cell in cells):
                text.append("  " + _padded(corner, self.first), "dim").append("".join(cells).rstrip(), style).append(
                    "\n"
                )
        for row, label in zip((*self.names, _HOST_ROW), self.labels, strict=True):
            text.append("  " + _padded(label, self.first), "" if row == _HOST_ROW else "bold")
            for number, width in zip(numbers, widths, strict=True):
                same = row == self.names[number]
                mark, style, _ = ("—", "dim", "") if same else _MARKS[self.marks[row, self.names[number]]]
                text.append(_padded(mark, width), style)
            text.rstrip()
            text.append("\n")
        return text


def _width(texts: Iterable[str]) -> int:
    """Of the widest, with the gap behind it."""
    return max(map(cell_len, texts)) + 2


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - cell_len(text))


def _ports(report: VerifyReport, name: str) -> str:
    ports = report.ports.get(name, ())
    more = " …" if len(ports) > _SHOWN_PORTS else ""
    return " ".join(f":{port}" for port in ports[:_SHOWN_PORTS]) + more


# -- below it ----------------------------------------------------------------------------------------------------------


def _causes(report: VerifyReport, columns: int, *, explain: bool) -> Text:
    text = Text()
    for cause in report.causes:
        text.append("  ✗ ", "bold red").append(_filled(cause.text, columns, 4))
        for claim in cause.claims[:3]:
            if claim != cause.text:
                text.append("      failed: ", "dim").append(_filled(claim, columns, 14), "dim")
        if len(cause.claims) > 3:
            text.append(f"      and {len(cause.claims) - 3} more\n", "dim")
        if explain and cause.shown_by:
            text.append("      shown by: ", "dim").append(_filled(cause.shown_by, columns, 16))
        if cause.hint:
            text.append("    → ").append(_filled(cause.hint, columns, 6))
    return text.append("\n") if report.causes else text


def _warnings(report: VerifyReport, columns: int) -> Text:
    text = Text()
    for warning in report.warnings:
        text.append("  ! ", "yellow").append(_filled(warning, columns, 4))
    return text.append("\n") if report.warnings else text


def _untested(report: VerifyReport, columns: int) -> Text:
    """By reason, since one that does not run leaves many claims open."""
    reasons: dict[str, list[str]] = {}
    for claim in report.claims:
        if claim.verdict == "untested":
            reasons.setdefault(claim.why, []).append(claim.text)
    text = Text()
    for why, claims in reasons.items():
        many = f" and {len(claims) - 1} more" if len(claims) > 1 else ""
        text.append("  ? ", "yellow").append(_filled(f"untested, since {why}: {claims[0]}{many}", columns, 4))
    return text.append("\n") if reasons else text


def _verdict(report: VerifyReport) -> Text:
    summary = report.summary
    total = summary.passed + summary.failed
    untested = f", {summary.untested} untested" if summary.untested else ""
    if report.passed:
        holds = "holds" if total == 1 else "hold"
        return Text("The network is as the file says", "bold green").append(
            f": {total} of {total} {holds}{untested}.\n"
        )
    fails = "fails" if summary.failed == 1 else "fail"
    return Text("The network is not as the file says", "bold red").append(
        f": {summary.failed} of {total} {fails}{untested}.\n"
    )


def _filled(text: str, columns: int, indent: int) -> str:
    lines = textwrap.wrap(text, columns - indent, break_long_words=False, break_on_hyphens=False) or [""]
    return f"\n{' ' * indent}".join(lines) + "\n"
