"""A problem in a topology file: where it is, what it is, and what to write instead."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Literal

from netdeploy.masking import Masked, looks_secret, masked_line, masked_text
from netdeploy.visible import visible

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
            name = part or '""'
            text += f".{name}" if text else name
    return text


_LONGEST_WORD = 64
_MOST_KNOWN = 200  # a guess for each of thousands of words among thousands of others would take minutes


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    return None if len(word) > _LONGEST_WORD else _nearest(word, tuple(islice(known, _MOST_KNOWN)))


@lru_cache(maxsize=1000)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    by_folded = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A hint with the nearest known word; without one, `otherwise`."""
    guess = nearest(word, known)
    return f"did you mean `{guess}`?" if guess else otherwise


_BEFORE_CARET = 60
_SHOWN = 100
_LONGEST_MESSAGE = 300
_LONGEST_HINT = 600  # a list of all known keys


def plain(text: str, limit: int = _LONGEST_MESSAGE) -> str:
    """Text that may stand in a terminal's line: nothing in it moves the cursor, and it has an end."""
    return visible(text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)", limit * 2)


_LINES_BEFORE = 64
"""Lines before the one that is shown which may tell that it is part of a secret: a private key takes that many."""
_LONG = 4_096
_KEY = re.compile(r"(?P<indent>[ ]*)(?:- +)*[\"']?(?P<name>[\w.-]+)[\"']?[ ]*:(?:[ ]+(?P<value>\S.*))?$")


def excerpt(lines: list[str], mark: Mark) -> str:
    """The line at `mark` with a caret below the column; long lines are cut around it."""
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    start = max(0, mark.column - _BEFORE_CARET)
    masked = _masked_excerpt(lines, mark.line, line)  # what is shown may end up in a log
    text = re.sub(r"[^\S ]", " ", masked[start : start + _SHOWN])
    shown = "".join(char if char.isprintable() and visible(char) == char else "\ufffd" for char in text)
    shown = ("…" + shown[1:] if start else shown) + ("…" if len(line) > start + _SHOWN else "")
    before = shown[: mark.column - 1 - start]
    number = f"{mark.line:>5} | "
    caret = " " * (len(number) - 2) + "| " + " " * (mark.column - 1 - start + _extra_width(before)) + "^"
    return f"{number}{shown}".rstrip() + f"\n{caret}"


def _masked_excerpt(lines: list[str], number: int, line: str) -> str:
    """A line with each secret in it masked, also where the secret began in a line before."""
    if len(line) > _LONG:
        return _masked_long(line)
    before = [other[:_LONG] for other in lines[max(0, number - 1 - _LINES_BEFORE) : number - 1]]
    if _goes_on(before, line):
        return re.sub(r"\S", "•", line)
    return masked_line("\n".join([*before, line])).rpartition("\n")[2]


@lru_cache(maxsize=8)
def _masked_long(line: str) -> str:
    return masked_line(line)


def _goes_on(before: list[str], line: str) -> bool:
    """Whether a line belongs to a text of several lines that stands under the name of a secret."""
    indent = len(line) - len(line.lstrip(" "))
    for other in reversed(before):
        if other.strip() and len(other) - len(other.lstrip(" ")) < indent:
            opening = _KEY.match(other)
            value = opening["value"] if opening else None
            return bool(
                opening and value and not value.startswith(("{", "[", "&", "#")) and looks_secret(opening["name"])
            )
    return False


def _extra_width(text: str) -> int:
    """By how many columns a terminal shows `text` wider, or narrower, than it has characters."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return wide - sum(unicodedata.combining(char) > 0 for char in text)


def describe(problem: Problem, source: str, lines: list[str]) -> str:
    """The problem as a person reads it: `file:line:col`, message, line, caret, hint."""
    label = "" if problem.severity == "error" else "warning: "
    where = f"{plain(path_text(problem.path))}: " if problem.path else ""
    source = plain(source)
    parts = [f"{source}:{problem.mark.line}:{problem.mark.column}: {label}{where}{masked_text(plain(problem.message))}"]
    if lines:
        parts.append(excerpt(lines, problem.mark))
    for caption, mark in problem.elsewhere:
        parts.append(f"{source}:{mark.line}:{mark.column}: {plain(caption)}")
        parts.append(excerpt(lines, mark))
    if problem.hint:
        parts.append(f"      = {masked_text(plain(problem.hint, _LONGEST_HINT))}")
    return Masked("\n".join(parts))
