"""Lines for a terminal: wrapped with a hanging indent, and nothing in them that moves the cursor."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from rich.text import Text

from netdeploy.document import in_one_line
from netdeploy.masking import masked_text

_NARROWEST = 20  # columns; a narrower space is not wrapped into
_SHELL_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")


def printable(text: str) -> str:
    """Values come from anywhere: a line stays one, and nothing in them colours the terminal."""
    return in_one_line(masked_text(text))


def wrapped(text: str, width: int | None, indent: int) -> list[str]:
    """The text as lines that fit behind an indent."""
    if width is None or width - indent < _NARROWEST:
        return [text]
    return textwrap.wrap(text, width - indent, break_on_hyphens=False) or [""]


def paragraph(text: str, width: int | None, style: str = "", *, indent: int = 0) -> Text:
    """A text of its own, each line indented."""
    lines = Text()
    for line in wrapped(printable(text), width, indent):
        lines.append(f"{' ' * indent}{line}\n", style)
    return lines


def hanging(head: str, text: str, width: int | None, *, indent: int = 0) -> Text:
    """`head` and a text of its own, whose further lines stand below its first one."""
    column = indent + len(head)
    lines = wrapped(printable(text), width, column)
    return Text(f"{' ' * indent}{head}" + f"\n{' ' * column}".join(lines) + "\n")


def labelled(label: str, value: str, column: int, width: int | None, *, style: str = "", mark: str = "") -> Text:
    """`  label    value`, the value from `column` on; `mark` stands in the margin of two."""
    lines = Text()
    first, *rest = wrapped(printable(value), width, column)
    lines.append(f"{mark:<2}", "bold cyan").append(f"{label:<{column - 2}}", "dim").append(f"{first}\n", style)
    for line in rest:
        lines.append(f"{' ' * column}{line}\n", style)
    return lines


def command(text: str, width: int | None, indent: int) -> Text:
    """A shell command; where it is too long it goes on behind a backslash, so that it can be copied as it is."""
    room = None if width is None or width - indent < _NARROWEST else width - indent - 2
    lines, line = [], "$"
    for word in _SHELL_WORD.findall(printable(text)):
        if room is not None and len(line) + 1 + len(word) > room and line != "$":
            lines.append(f"{line} \\")
            line = f"   {word}"
        else:
            line = f"{line} {word}"
    return Text().append("".join(f"{' ' * indent}{part}\n" for part in [*lines, line]), "cyan")


def table(rows: Sequence[Sequence[str]], width: int | None, *, indent: int = 2) -> list[str]:
    """Rows in columns as wide as their widest cell; the last column is wrapped behind the others."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        head = " " * indent + "".join(f"{cell:<{w}}  " for cell, w in zip(row, widths, strict=False))
        first, *rest = wrapped(row[-1], width, len(head))
        lines.append("\n".join([f"{head}{first}".rstrip(), *(f"{' ' * len(head)}{line}" for line in rest)]))
    return lines


def listed(items: Iterable[str], otherwise: str = "–") -> str:
    """Items with commas, or a dash."""
    return ", ".join(items) or otherwise


def count(number: int, what: str) -> str:
    """`1 network`, `2 networks`."""
    return f"1 {what}" if number == 1 else f"{number} {what}s"
