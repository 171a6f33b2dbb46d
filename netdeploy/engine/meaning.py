"""A row of the tables that put an engine's refusals into plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer that matches `pattern` means, and what to do; both texts may use the pattern's groups."""

    pattern: re.Pattern[str]
    message: str
    hint: str
    may_pass: bool = False
    topic: str = ""


def meaning(pattern: str, message: str, hint: str, *, may_pass: bool = False, topic: str = "") -> Meaning:
    """A row; the pattern is searched for in any case, in an answer whose white space is single spaces."""
    return Meaning(re.compile(pattern, re.IGNORECASE | re.DOTALL), message, hint, may_pass, topic)
