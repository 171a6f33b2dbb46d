"""JSON that others wrote: what is no JSON by RFC 8259, or has no single meaning, is a ValueError and never a crash."""

from __future__ import annotations

import json
import re
from typing import Any

MOST_KEYS = 20_000
"""Of one object: whoever checks it may tell each that is wrong."""
_LONE = re.compile("[\ud800-\udfff]")


def loads(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none, nested too deep, has a key twice in one object, or half of a surrogate pair; the
            message is the end of a sentence. A syntax error is a `json.JSONDecodeError` with its place.
    """
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if ("\\ud" in decoded or "\\uD" in decoded or _LONE.search(decoded)) and _LONE.search(str_of(value)):
        raise ValueError("half of a surrogate pair is no character")
    return value


def str_of(value: Any) -> str:
    """All texts of a value in one, keys included."""
    return json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise ValueError(f"an object has more than {MOST_KEYS:,} keys")
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key `{twice[:40]}` is written twice")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value
