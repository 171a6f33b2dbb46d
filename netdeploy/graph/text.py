"""A drawing as text for a terminal: a picture in box characters, or a list where that is too wide."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from netdeploy.graph.arrange import arrange
from netdeploy.graph.drawing import SYMBOLS, Drawing, Mark
from netdeploy.graph.layout import layout
from netdeploy.graph.listing import listing
from netdeploy.graph.placed import Layout, Metrics, PlacedBus, PlacedNode, PlacedPort, PlacedTap, Rect
from netdeploy.graph.words import cells, printable, wrapped

if TYPE_CHECKING:
    from netdeploy.graph.placed import Label

CHARACTERS = Metrics(
    width=lambda text, _role: cells(text),
    height=lambda _role: 1,
    margin=0,
    frame_pad=(3, 1),
    host_gap=3,
    box_pad=(2, 1),
    part_pad=-1,  # the boxes of a stack have one line between them
    column_gap=2,
    lane_gap=0,
    empty_lane=1,
    zone_gap=0,
    label_gap=2,
    tap_first=3,
    tap_step=3,
    port_step=2,
    bus_stub=1,
    names_left=False,
    header=False,
    tells_image=False,
)
_SPREADS = (1.0, 0.4, 0.0)
"""How generous with width the picture is; the next one is tried where it does not fit."""


def text(drawing: Drawing, *, width: int | None = None) -> str:
    """A drawing as text that ends its lines.

    Args:
        drawing: what is drawn.
        width: the terminal's, in columns; None where any will do. Where the picture does not fit, a list is made.
    """
    return "\n".join([*_picture(drawing, width), *_remarks(drawing, width)]) + "\n"


def _picture(drawing: Drawing, width: int | None) -> list[str]:
    for spread in _SPREADS:
        lines = picture(drawing, spread)
        if width is None or max(map(cells, lines)) <= width:
            return lines
    return listing(drawing, width)


def picture(drawing: Drawing, spread: float = 1.0) -> list[str]:
    """The lines of a picture, however wide."""
    return _Canvas(layout(drawing, arrange(drawing, spread=spread), CHARACTERS)).lines()


def _remarks(drawing: Drawing, width: int | None) -> list[str]:
    """What is marked, and why."""
    if not drawing.live:
        return []
    lines = [""]
    for mark, remark in drawing.remarks():
        first, *rest = wrapped(f"{mark}: {remark}", (width or 0) - 2)
        lines += [f"{SYMBOLS[mark]} {first}", *(f"  {line}" for line in rest)]
    return lines if len(lines) > 1 else ["", "The engine is as the file says."]


class _Canvas:
    """A grid of characters; a wide one leaves the next cell empty."""

    def __init__(self, placed: Layout) -> None:
        self._grid = [[" "] * placed.width for _ in range(placed.height)]
        self._placed = placed
        self._draw()

    def lines(self) -> list[str]:
        """Without blanks at their ends."""
        lines = ["".join(row).rstrip() for row in self._grid]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _draw(self) -> None:
        self._box(self._placed.frame, "─", "│")
        for bus in self._placed.buses:
            self._bus(bus)
        for port in self._placed.ports:
            self._port(port)
        for tap in self._placed.taps:
            self._tap(tap)
        for node in self._placed.nodes:
            self._node(node)
        for tap in self._placed.taps:
            self._set(tap.x, self._edge(tap), "┴" if tap.bus < tap.edge else "┬")
        for port in self._placed.ports:
            self._head(port)
        for label in self._placed.all_labels():
            self._write(label)

    # -- strokes --

    def _set(self, x: int, y: int, char: str) -> None:
        self._grid[y][x] = char

    def _box(self, rect: Rect, across: str, down: str) -> None:
        right, bottom = rect.right - 1, rect.bottom - 1
        for x in range(rect.x + 1, right):
            self._set(x, rect.y, across)
            self._set(x, bottom, across)
        for y in range(rect.y + 1, bottom):
            self._set(rect.x, y, down)
            self._set(right, y, down)
        for x, y, corner in ((rect.x, rect.y, "┌"), (right, rect.y, "┐"), (rect.x, bottom, "└"), (right, bottom, "┘")):
            self._set(x, y, corner)

    def _bus(self, placed: PlacedBus) -> None:
        if placed.bus.kind == "none":
            return
        line = "╍" if placed.bus.mark is Mark.MISSING else "═"
        for x in range(placed.x1, placed.x2):
            self._set(x, placed.y, "╪" if self._grid[placed.y][x] == "│" else line)

    def _tap(self, placed: PlacedTap) -> None:
        line = "┊" if Mark.MISSING in (placed.tap.mark, placed.node.mark) else "│"
        top, bottom = sorted((self._edge(placed), placed.bus))
        for y in range(top + 1, bottom):
            self._set(placed.x, y, line)
            if y in placed.crossings:
                self._gap(placed.x - 1, y)
                self._gap(placed.x + 1, y)
        before = self._grid[placed.bus][placed.x]
        end = "╤" if placed.bus < placed.edge else "╧"
        self._set(placed.x, placed.bus, "╪" if before in "╧╤" and before != end else end)

    def _gap(self, x: int, y: int) -> None:
        """Beside a tap that crosses a bus, so that it does not look connected."""
        if self._grid[y][x] in "═╍":
            self._set(x, y, " ")

    @staticmethod
    def _edge(placed: PlacedTap) -> int:
        """The row of the box's line."""
        return placed.edge if placed.bus < placed.edge else placed.edge - 1

    def _node(self, placed: PlacedNode) -> None:
        missing = placed.node.mark is Mark.MISSING
        self._box(placed.rect, "╌" if missing else "─", "┊" if missing else "│")
        if placed.part:
            self._set(placed.rect.x, placed.rect.y, "├")
            self._set(placed.rect.right - 1, placed.rect.y, "┤")

    def _port(self, placed: PlacedPort) -> None:
        (start, y), (end, _), *_ = placed.points
        for x in range(start + 1, end):
            self._set(x, y, "┼" if self._grid[y][x] == "│" else "─")
        if len(placed.points) > 2:
            self._set(end, y, "┐")
            for below in range(y + 1, placed.points[-1][1]):
                self._set(end, below, "│")

    def _head(self, placed: PlacedPort) -> None:
        x, y = placed.points[-1]
        down = len(placed.points) > 2
        self._set(x if down else x - 1, y, "▼" if down else "▶")

    def _write(self, label: Label) -> None:
        x, y = label.rect.x, label.rect.y
        for char in printable(label.text):
            if unicodedata.combining(char):
                self._grid[y][x - 1] += char
                continue
            self._set(x, y, char)
            for extra in range(1, cells(char)):
                self._set(x + extra, y, "")
            x += cells(char)
