"""rich's console with the gate in it: every piece of text has passed; styles and moves of the cursor are its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from netdeploy.visible import visible_lines


class GatedConsole(Console):
    """A console for `file`, on which each line stays one."""

    def __init__(self, file: object) -> None:
        super().__init__(file=cast("IO[str]", file), highlight=False, markup=False, emoji=False, soft_wrap=True)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As text with styles; what moves the cursor is there only where rich itself wants it."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible_lines(segment.text))
