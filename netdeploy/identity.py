"""What a topology is known by."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]*"
"""What a topology's name and prefix are like."""


@dataclass(frozen=True, slots=True, order=True)
class TopologyId:
    """A name and a prefix: the same file under another prefix is another topology, with objects of its own."""

    name: str
    prefix: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether a file can have this name and prefix; a label on an engine may say anything."""
        return bool(re.fullmatch(NAME, self.name) and re.fullmatch(f"(?:{NAME})?", self.prefix))

    @property
    def text(self) -> str:
        """For people, where the name alone does not tell."""
        return f"`{self.name}` ({f'prefix `{self.prefix}`' if self.prefix else 'without a prefix'})"

    def beside(self, other: TopologyId) -> str:
        """For people who have just read of another one."""
        return self.text if self.name == other.name else f"`{self.name}`"

    @property
    def options(self) -> str:
        """How a command line names it; quoted, since a label on an engine may say anything."""
        prefix = f" --prefix {shlex.quote(self.prefix)}" if self.prefix else ""
        return shlex.quote(self.name) + prefix
