"""What looks secret is masked: in plans and documents, in errors and log lines, and in what is saved.

Names and texts tell, never an entropy or a list of known values: `DB_PASSWORD`, `--requirepass x`, `user:x@host`,
`password=x`. It errs on the side of hiding.
"""

from __future__ import annotations

import re
from typing import Any

MASK = "•••"
_NAME = re.compile(
    r"passw|pass(phrase)?$|secret|token|api[_.-]?key|private[_.-]?key|access[_.-]?key|credential"
    r"|(^|[_.-])(auth|pwd|keys?)([_.-]|$)",
    re.IGNORECASE,
)
# every repetition has an end, so that a text of any length takes a time in proportion to it
# greedy up to the last @ of the host part: people forget to encode one in a password
_USER_INFO = re.compile(
    r"(?P<scheme>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^:/@\s]{0,128}):(?P<value>[^/\s]{1,256})@", re.IGNORECASE
)
_WORDS = r"(?:passw(?:or)?d|passphrase|requirepass|masterauth|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)"
_NAMED = rf"[\w.-]{{0,64}}?{_WORDS}(?:[_.-][\w.-]{{0,64}})?"
_ASSIGNED = re.compile(
    rf"(?P<before>(?<![\w.-]){_NAMED}[\"']?(?:\s{{0,4}}=\s{{0,4}}|\s{{0,4}}:\s{{1,4}}|(?<=[\"']):))"
    r"(?P<quote>[\"'])?(?![{{\[$*•])(?P<value>(?(quote)[^\"'\n]+|[^\s,;&|\"'`)}\]]+))",
    re.IGNORECASE,
)
_OPTION = re.compile(rf"(?P<before>(?<!\S)--?{_NAMED}\s{{1,4}})(?P<value>[^\s-]\S*)", re.IGNORECASE)
_OPTION_ALONE = re.compile(rf"--?{_NAMED}", re.IGNORECASE)
_HEADER = re.compile(r"(?P<before>\b(?:Bearer|Basic)\s{1,4})(?P<value>[A-Za-z0-9+/=._~-]{8,})")
_PATTERNS = (_USER_INFO, _ASSIGNED, _OPTION, _HEADER)


def looks_secret(name: str) -> bool:
    """Whether the value of a variable or option of this name is to be masked."""
    return bool(_NAME.search(name))


def without_secrets(value: Any) -> Any:
    """A JSON value with what looks secret masked, in texts, lists of arguments and mappings."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list):
        return [_argument(value, index) for index in range(len(value))]
    if isinstance(value, dict):
        return {key: hidden(item) if looks_secret(str(key)) else without_secrets(item) for key, item in value.items()}
    return value


def hidden(value: Any) -> Any:
    """A value that is secret as a whole; nothing stays nothing."""
    return None if value is None else MASK


def _argument(arguments: list[Any], index: int) -> Any:
    """`--password` and its value may be two arguments of a command."""
    before = arguments[index - 1] if index else None
    if isinstance(before, str) and _OPTION_ALONE.fullmatch(before) and not str(arguments[index]).startswith("-"):
        return MASK
    return without_secrets(arguments[index])


def masked_text(text: str) -> str:
    """A text with the values masked that look secret in it (`redis://user:•••@host`, `--password=•••`)."""
    return _masked(text, MASK)


def masked_line(line: str) -> str:
    """As `masked_text`, with every column where it was: a caret may stand below it."""
    return _masked(line, "")


def _masked(text: str, mask: str) -> str:
    for pattern in _PATTERNS:
        if not mask or pattern.search(text):
            text = pattern.sub(lambda match: _without(match, mask), text)
    return text


def _without(match: re.Match[str], mask: str) -> str:
    start, end = (place - match.start() for place in match.span("value"))
    whole = match.group()
    return whole[:start] + (mask or "•" * (end - start)) + whole[end:]
