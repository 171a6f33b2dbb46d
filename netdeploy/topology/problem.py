"""A problem in a topology file: where it is, what it is, and what to write instead."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `path` is the way through the document, as in `containers.web.ports[0]`."""

    mark: Mark
    message: str
    path: Path = ()
    hint: str = ""
    severity: Severity = "error"
    elsewhere: tuple[tuple[str, Mark], ...] = field(default=())
    """Other places that belong to it, each with its caption ("first written here")."""


def path_text(path: Path) -> str:
    """`("containers", "web", "ports", 0)` as `containers.web.ports[0]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    by_folded = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A hint with the nearest known word; without one, `otherwise`."""
    guess = nearest(word, known)
    return f"did you mean `{guess}`?" if guess else otherwise


def excerpt(lines: list[str], mark: Mark) -> str:
    """The line at `mark` with a caret below the column; long lines are cut around it."""
    text = lines[mark.line - 1] if mark.line <= len(lines) else ""
    text = text.replace("\t", " ")
    start = max(0, mark.column - 60)
    shown = text[start : start + 100]
    number = f"{mark.line:>5} | "
    caret = " " * (len(number) - 2) + "| " + " " * (mark.column - 1 - start) + "^"
    return f"{number}{shown}\n{caret}"


def describe(problem: Problem, source: str, lines: list[str]) -> str:
    """The problem as a person reads it: `file:line:col`, message, line, caret, hint."""
    label = "" if problem.severity == "error" else "warning: "
    where = f"{path_text(problem.path)}: " if problem.path else ""
    parts = [f"{source}:{problem.mark.line}:{problem.mark.column}: {label}{where}{problem.message}"]
    if lines:
        parts.append(excerpt(lines, problem.mark))
    for caption, mark in problem.elsewhere:
        parts.append(f"{source}:{mark.line}:{mark.column}: {caption}")
        parts.append(excerpt(lines, mark))
    if problem.hint:
        parts.append(f"      = {problem.hint}")
    return "\n".join(parts)
