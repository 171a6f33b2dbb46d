"""What a YAML parser says about text it can't read, in the words of somebody who looks at that text."""

from __future__ import annotations

import re
from typing import Any

import yaml

from netdeploy.topology.problem import Mark, Problem

_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7})(?: .*)?")
_KEY = re.compile(r"[\w.-]+")
_BRACKETS = {"]": "[", "}": "{"}


def syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """The problem behind a parser's error, at its place."""
    lines = text.splitlines()
    mark, opened = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    where, start = _place(mark), _place(opened)
    message, context = error.problem or "not YAML", error.context or ""
    return (
        _other_kind_of_file(lines)
        or _in_brackets(where, start, message, context, lines)
        or _in_block(where, start, message, context, lines)
        or _in_a_table(where, message, context)
    )


def _place(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _other_kind_of_file(lines: list[str]) -> Problem | None:
    """What looks like another kind of text as a whole."""
    for number, line in enumerate(lines, start=1):
        if _CONFLICT.fullmatch(line):
            hint = "keep one of the two sides, and delete the lines with the marks"
            return Problem(Mark(number, 1), "this is the mark of a merge conflict", hint=hint)
        if line.lstrip().startswith("//"):
            return Problem(Mark(number, len(line) - len(line.lstrip()) + 1), "a comment starts with `#`, not with `//`")
    first = next((number for number, line in enumerate(lines, start=1) if line.strip()), 1)
    if _line(lines, first).startswith("```"):
        hint = "delete this line, and the ``` at the end"
        return Problem(Mark(first, 1), "this is the edge of a Markdown block, and no YAML", hint=hint)
    if _line(lines, first).lstrip().startswith("<"):
        hint = "download the file itself (on GitHub: Raw)"
        return Problem(Mark(first, 1), "this is a web page, not a topology file", hint=hint)
    return None


def _in_brackets(where: Mark, start: Mark, message: str, context: str, lines: list[str]) -> Problem | None:
    """Flow style: quotes, brackets and braces."""
    line = _line(lines, where.line)
    if "quoted scalar" in context and "end of stream" in message:
        return Problem(start, "this quote is never closed", hint="put the same quote at the end of the text")
    if "flow" not in context:
        return None
    bracket = "{" if "mapping" in context else "["
    never_closed = Problem(start, f"this `{bracket}` is never closed", hint="close it, and check the commas inside")
    if where.line >= len(lines) and where.column > len(line.rstrip()):
        return never_closed
    if "did not find expected" not in message:
        return None
    found = line[where.column - 1 : where.column]
    at_a_key = not line[: where.column - 1].strip() and re.match(r"[\w.-]+:(?:\s|$)", line[where.column - 1 :])
    if at_a_key and where.line > start.line:
        return never_closed
    if found in _BRACKETS and _BRACKETS[found] != bracket:
        message = f"this `{found}` does not close the `{bracket}` of line {start.line}, column {start.column}"
        return Problem(where, message, hint=f"write `{']' if bracket == '[' else '}'}` here")
    if found == ",":
        return Problem(where, "a value is missing before this `,`", hint="delete the `,`, or write the value")
    hint = "put a `,` between two items, and quotes around text"
    return Problem(where, "a `,` or the closing bracket is missing here", hint=hint)


def _in_block(where: Mark, start: Mark, message: str, context: str, lines: list[str]) -> Problem | None:
    """Block style: indentation, and the `:` of keys."""
    line = _line(lines, where.line)
    if "\t" in line[: where.column] and ("cannot start any token" in message or "tab" in message):
        return Problem(where, "a tab can't indent YAML", hint="use spaces")
    if "simple key" in context:
        return _no_colon(start, lines)
    if "mapping values are not allowed" in message:
        return _unexpected_colon(where, lines)
    before, found = line[: where.column - 1].rstrip(), line[where.column - 1 : where.column]
    misfit = any(words in message for words in ("did not find expected key", "expected <block end>"))
    if misfit and before and before[-1] in "\"'":
        hint = "text that holds quotes goes into the other kind: 'say \"hello\"'"
        return Problem(where, "the text goes on after its closing quote", hint=hint)
    if misfit and found in ("]", "}"):
        return Problem(where, f"this `{found}` closes nothing", hint="delete it, or write the bracket that it closes")
    return None


def _no_colon(start: Mark, lines: list[str]) -> Problem:
    """A line that should be a key and has no `: `."""
    line, above = _line(lines, start.line), _line(lines, start.line - 1)
    glued = re.match(r"\s*(?:- )?[\w.-]+:(?=\S)", line)
    if glued:
        place = Mark(start.line, glued.end() + 1)
        return Problem(place, "a space is missing after the `:`", hint="write `key: value`")
    if above.rstrip().endswith(("|", ">")):
        hint = f"indent it further than the line with the `{above.rstrip()[-1]}`"
        return Problem(start, "this line does not belong to the text above", hint=hint)
    return Problem(start, "a `:` is missing after this key", hint="write `key: value`, or `- item` in a list")


def _unexpected_colon(where: Mark, lines: list[str]) -> Problem:
    """A `:` where a value stands already: in the line itself, or in the one above that this line continues."""
    line = _line(lines, where.line)
    if re.search(r"\S:\s+\S", line[: where.column - 1]):
        hint = "put quotes around a text that has `: ` in it, or the second key on a line of its own"
        return Problem(where, "a second `:` stands in this line", hint=hint)
    number = where.line - 1
    while number > 1 and not _line(lines, number).strip():
        number -= 1
    above = _line(lines, number)
    word, indent = above.strip(), len(line) - len(line.lstrip())
    if word.endswith("\uff1a"):
        return Problem(Mark(number, len(above.rstrip())), "this is a full-width colon", hint="write `:`")
    if _KEY.fullmatch(word):
        return Problem(
            Mark(number, len(above.rstrip()) + 1), f"a `:` is missing after `{word}`", hint=f"write `{word}:`"
        )
    if indent > len(above) - len(above.lstrip()):
        hint = "let it start in the column of its neighbours; only what belongs to a key stands further in"
        return Problem(Mark(where.line, indent + 1), "this line is indented further than the one above", hint=hint)
    hint = "check the indentation of this line and the one above, and put quotes around text that has `: ` in it"
    return Problem(where, "a `:` is not expected here", hint=hint)


def _in_a_table(where: Mark, message: str, context: str) -> Problem:
    if "alphabetic or numeric character" in message and ("an alias" in context or "an anchor" in context):
        sign = "*" if "alias" in context else "&"
        place = Mark(where.line, max(1, where.column - 1))
        return Problem(place, f"a text can't start with `{sign}`", hint="put quotes around it")
    for words, explained, hint in _SYNTAX:
        if any(word in message for word in words):
            return Problem(where, explained, hint=hint)
    return Problem(where, f"{message} ({context})" if context else message)


_SYNTAX = (
    (
        ("undefined alias",),
        "this alias (`*…`) names an anchor that is not defined above",
        "define it with `&name` first",
    ),
    (
        ("did not find expected key", "expected <block end>", "did not find expected '-' indicator"),
        "this line does not fit the ones above it",
        "check its indentation: keys of one level start in one column",
    ),
    (
        ("expected <document start>", "expected '<document start>'"),
        "this does not belong to what stands above",
        "a file is one topology: keys such as `containers:` that start in the first column",
    ),
    (
        ("expected comment or line break", "expected a comment or a line break"),
        "after a `|` or `>` the text starts on the next line",
        "move it there, further in, or put quotes around it",
    ),
    (("cannot start any token",), "this character can't start a value", "put quotes around the text"),
    (("incompatible YAML document",), "YAML of another version", "leave this line out"),
    (
        ("unknown escape", "Unicode character escape"),
        "this `\\` escape is not known",
        "in single quotes a `\\` is itself",
    ),
)
"""What the parser says, by pieces of its message; what a person should read; what to do."""
