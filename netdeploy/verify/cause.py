"""Causes, as people are told them: one sentence for all claims that fail by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netdeploy.plan.health import ports_text

_SHOWN = 6
"""Of names in a row, so many are told."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One sentence that says why, and what to do about it.

    Causes that differ in one thing only are told together: `{}` in `text` stands for that thing, which is a port (a
    number) or a text.
    """

    text: str
    hint: str = ""
    varying: int | str = ""
    shown_by: str = ""
    """The command that shows it."""

    @property
    def kind(self) -> tuple[str, str]:
        """Those of one kind are told together."""
        return self.text, self.hint


def told(causes: Iterable[Cause]) -> str:
    """The sentence for causes of one kind."""
    every = list(dict.fromkeys(causes))
    ports = [cause.varying for cause in every if isinstance(cause.varying, int)]
    texts = [cause.varying for cause in every if isinstance(cause.varying, str) and cause.varying]
    if not ports and not texts:
        return every[0].text
    shown = [*([ports_text(ports)] if ports else []), *texts[:_SHOWN]]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return every[0].text.replace("{}", ", ".join(shown) + more)


def listed(names: Iterable[str]) -> str:
    """Names in a row, in their order."""
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
