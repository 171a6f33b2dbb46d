"""Files of environment variables: `NAME=value` lines, with quotes and comments as Compose's users write them, or raw.

The quoted form is the one of python-dotenv, which reads it in a time that grows with the square of a line's spaces;
here no pattern looks at a character more than a few times: every repetition is possessive, and gives nothing back.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from netdeploy.topology.variables import first_variable

_BLANK = r"[^\S\r\n]"
_BINDING = re.compile(
    rf"""
    (?: export {_BLANK}++ )?+
    (?:
        (?: '(?P<quoted_key>[^']++)' | (?P<key>[^=\#\s'][^=\#\s]*+) ) {_BLANK}*+
        (?:
            =(?P<blank>{_BLANK}*+)
            (?:
                '(?P<single> (?: [^'\\]++ | \\. )*+ )'
                | "(?P<double> (?: [^"\\]++ | \\. )*+ )"
                | (?P<plain> [^\r\n'"][^\r\n]*+ )
            )?+
            (?P<equals>)
        )?+
    )?+
    """,
    re.VERBOSE | re.DOTALL,
)
"""As much of a line as is one; what follows it tells whether it is a variable."""
_SPACE = re.compile(r"\s*+")
_END = re.compile(rf"(?:{_BLANK}*+#[^\r\n]*+)?+{_BLANK}*+(?:\r\n|\n|\r|\Z)")
_REST = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r|\Z)")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"\s#")
_ESCAPES = {"double": re.compile(r"\\[\\'\"abfnrtv]"), "single": re.compile(r"\\[\\']")}


@dataclass(slots=True)
class Variables:
    """What a file holds."""

    values: dict[str, str] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)
    """Lines that are no variables, counted from 1."""
    literal: dict[int, str] = field(default_factory=dict)
    """Lines with a variable in their value that Compose would fill in, and the first of it: `${NAME}`."""


def raw(text: str, environ: Mapping[str, str]) -> Variables:
    """Line by line, as `docker run --env-file` reads it: quotes and `#` in a value are part of it."""
    found = Variables()
    for number, line in enumerate(text.split("\n"), start=1):
        written = line.removesuffix("\r").lstrip()
        name, equals, value = written.partition("=")
        if not written or written.startswith("#"):
            continue
        if not name or re.search(r"\s", name):
            found.broken.append(number)
        elif equals:
            found.values[name] = value
        elif name in environ:
            found.values[name] = environ[name]
    return found


def quoted(text: str, environ: Mapping[str, str]) -> Variables:
    """With quotes, escapes, comments, `export`, and values of several lines; a name alone takes the user's value."""
    found = Variables()
    for line, match in _bindings(text):
        if match is None:
            found.broken.append(line)
            continue
        name = match["quoted_key"] or match["key"]
        value = environ.get(name) if match["equals"] is None else _value(match)
        if value is not None:
            found.values[name] = value
        if match["equals"] is not None and value and match["single"] is None and (variable := first_variable(value)):
            found.literal[line] = variable
    return found


def _bindings(text: str) -> Iterator[tuple[int, re.Match[str] | None]]:
    """Each variable with its line; None for a line that is none."""
    line, counted, place = 1, 0, 0
    while (start := _end(_SPACE, text, place)) < len(text):
        line, counted = line + _newlines(text, counted, start), start
        match = _BINDING.match(text, start)
        is_comment = match is not None and not match["key"] and text.startswith("#", match.end())
        reached = match.end() if match else start
        named = match is not None and (match["key"] or match["quoted_key"])
        end = _END.match(text, reached) if named or is_comment else None
        place = end.end() if end else _end(_REST, text, reached)
        if named or not end:
            yield line, match if end else None


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    return match.end() if match else place


def _newlines(text: str, start: int, end: int) -> int:
    return sum(1 for _ in _NEWLINE.finditer(text, start, end))


def _value(match: re.Match[str]) -> str:
    for kind, escapes in _ESCAPES.items():
        if match[kind] is not None:
            return escapes.sub(_unescaped, match[kind])
    plain = match["plain"] or ""
    if match["blank"] and plain.startswith("#"):
        return ""
    comment = _COMMENT.search(plain)
    return (plain[: comment.start()] if comment else plain).rstrip()


_unescaped: Callable[[re.Match[str]], str] = lambda match: codecs.decode(match[0], "unicode-escape")  # noqa: E731
