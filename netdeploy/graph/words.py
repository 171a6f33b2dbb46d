"""Text and its width."""

from __future__ import annotations

import textwrap
import unicodedata

from netdeploy.visible import visible


def printable(text: str) -> str:
    """Characters that move others around, or that no document may hold, are shown by their number."""
    return visible(text)


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in printable(text)
    )


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, or one where that is too little for anything."""
    if width < 20:
        return [printable(text)]
    return textwrap.wrap(printable(text), width, break_on_hyphens=False) or [""]
