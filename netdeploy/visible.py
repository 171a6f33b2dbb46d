r"""The gate for texts of others: what nobody could see, or what moves a terminal, is shown as an escape.

A name, a label, a log line or an engine's answer may hold anything: codes that move the cursor or fill the clipboard,
marks that turn the direction of a line, letters without a width. `\x1b`, `\u202e` are shown in their place.
"""

from __future__ import annotations

import json
import re
from typing import Any, NewType

Visible = NewType("Visible", str)
"""A text that has passed the gate."""

LONGEST = 2_000
"""Characters of a text that are shown to a person; JSON has all of them."""
_HEAD = 200
"""Characters that are shown of a longer one."""
# What Unicode calls printable and nobody sees: fillers, joiners, selectors of variants but for those of emoji.
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0d\uffa0\U000e0100-\U000e01ef"
_UNSEEN_ANY = re.compile(f"[{_UNSEEN}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, limit: int = LONGEST) -> Visible:
    """A text that may stand in one line, as it is or, where it is longer than `limit`, its beginning and its length."""
    return Visible(_escaped(shortened(text, limit)))


def visible_lines(text: str) -> Visible:
    """A text of several lines, each of which keeps its end; nothing is cut."""
    if _is_clean(text):
        return Visible(text)
    return Visible("\n".join(_escaped(line) for line in text.split("\n")))


def shortened(text: str, limit: int = LONGEST) -> str:
    """A text as it is or, where it is longer than `limit` characters, its beginning and its length."""
    if len(text) <= limit:
        return text
    return f"{text[: min(limit, _HEAD)]}… ({len(text):,} characters)"


def visible_json(document: Any) -> Visible:
    """A document as JSON in several lines; what is not to be seen stands there as JSON escapes it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if _is_clean(text):
        return Visible(text)
    return Visible("\n".join(_json_escaped(line) for line in text.split("\n")))


def _is_clean(text: str) -> bool:
    """Whether there is nothing to escape but, perhaps, ends of lines."""
    return text.replace("\n", "").isprintable() and (text.isascii() or not _UNSEEN_ANY.search(text))


def _escaped(line: str) -> str:
    if line.isprintable() and (line.isascii() or not _UNSEEN_ANY.search(line)):
        return line
    return "".join(char if _is_seen(char) else _escape(char) for char in line)


def _json_escaped(line: str) -> str:
    return "".join(char if _is_seen(char) else json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f" for char in line)


def _is_seen(char: str) -> bool:
    return char.isprintable() and not _UNSEEN_ANY.match(char)


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte of a file's name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
