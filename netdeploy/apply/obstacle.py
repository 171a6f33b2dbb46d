"""What stands in the way of a plan, as it is told before the first change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that would make a step fail: `path` is its place in the file."""

    path: str
    message: str
    hint: str

    @property
    def text(self) -> str:
        """For people."""
        return f"! {self.path}: {self.message}\n    {self.hint}"
