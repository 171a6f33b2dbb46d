"""A drawing as one SVG: no script, no fonts or pictures from elsewhere, in light or dark as its reader prefers.

Without CSS it looks the same, in light: see paint.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape

from netdeploy.graph.arrange import arrange
from netdeploy.graph.drawing import MEANINGS, Bus, Drawing, Mark, Node
from netdeploy.graph.layout import layout
from netdeploy.graph.paint import FIXED_WIDTH, FONT_SIZE, NETWORKS, lettering, shape, sheet
from netdeploy.graph.placed import (
    Label,
    Layout,
    Metrics,
    PlacedBus,
    PlacedNode,
    PlacedPort,
    PlacedTap,
    Rect,
    Role,
)
from netdeploy.graph.words import cells, printable

_LINE = {"title": 30, "text": 20, "bus": 19, "name": 20, "port": 18, "legend": 20, "zone": 18}
_OTHER_LINE = 16
_CELL = 0.615
"""The width of a character in font sizes: monospaced fonts have 0.55 to 0.61."""
_MISSING, _STOPPED = "6 5", "2 3"
"""Dashes of what is not there, and of what does not run."""


def _width(text: str, role: Role) -> int:
    # arrows and marks come from another font where the first has none, up to two columns wide
    others = sum(not char.isascii() and unicodedata.east_asian_width(char) not in "WF" for char in text)
    bold = 1.08 if role == "title" else 1.0  # not a monospaced one: capitals are wide
    return int((cells(text) + others) * FONT_SIZE[role] * _CELL * bold) + 2


PIXELS = Metrics(
    width=_width,
    height=lambda role: _LINE.get(role, _OTHER_LINE),
    margin=24,
    frame_pad=(24, 14),
    host_gap=34,
    box_pad=(14, 9),
    part_pad=0,
    column_gap=30,
    lane_gap=16,
    empty_lane=30,
    zone_gap=3,
    label_gap=9,
    tap_first=26,
    tap_step=18,
    port_step=18,
    bus_stub=30,
    names_left=True,
    header=True,
    tells_image=True,
)


def svg(drawing: Drawing) -> str:
    """The picture as a file of its own."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg_element(drawing)}'


def svg_element(drawing: Drawing, *, interactive: bool = False) -> str:
    """The picture as an element.

    Args:
        drawing: what is drawn.
        interactive: whether containers and networks can be pointed at: they get the keyboard's focus then.
    """
    placed = layout(drawing, arrange(drawing), PIXELS)
    return "\n".join(_Writer(drawing, placed, interactive=interactive).lines()) + "\n"


def xml(text: str) -> str:
    """Text for an element or an attribute."""
    return escape(printable(text), quote=True)


def summary(drawing: Drawing) -> str:
    """What the picture shows, for those who don't see it."""
    parts = []
    for bus in drawing.buses:
        names = [node.name for node in drawing.nodes for tap in node.taps if tap.bus == bus.name]
        where = {"network": f"network {bus.name}", "host": "the host's network", "none": "no network"}[bus.kind]
        parts.append(f"On {where}: {', '.join(names) or 'nobody'}.")
    parts += [f"{node.name} shares the network of {node.shares}." for node in drawing.nodes if node.shares]
    parts += [f"The host's {port.label} leads to {node.name}." for node in drawing.nodes for port in node.ports]
    parts += [f"{mark}: {text}." for mark, text in drawing.remarks()]
    return " ".join(parts)


class _Writer:
    def __init__(self, drawing: Drawing, placed: Layout, *, interactive: bool) -> None:
        self._drawing = drawing
        self._placed = placed
        self._interactive = interactive
        self._node_ids = {node.name: f"n{index}" for index, node in enumerate(drawing.nodes)}
        self._bus_ids = {bus.name: f"b{index}" for index, bus in enumerate(drawing.buses)}
        self._colours = {bus.name: NETWORKS[index % len(NETWORKS)] for index, bus in enumerate(drawing.buses)}

    def lines(self) -> Iterator[str]:
        """The element, from back to front: what lies on top comes last."""
        placed = self._placed
        size = f'width="{placed.width}" height="{placed.height}" viewBox="0 0 {placed.width} {placed.height}"'
        role = "group" if self._interactive else "img"  # inside an img nothing is read out
        look = f'xml:space="preserve" font-family="{FIXED_WIDTH}"'
        told = f'role="{role}" aria-labelledby="nd-t nd-d"'
        yield f'<svg xmlns="http://www.w3.org/2000/svg" class="nd" {size} {look} {told}>'
        yield f'<title id="nd-t">{xml(self._drawing.title)}</title>'
        yield f'<desc id="nd-d">{xml(summary(self._drawing))}</desc>'
        yield f"<style>{sheet()}</style>"
        yield f'<rect {shape("bg", fill="bg")} width="{placed.width}" height="{placed.height}"/>'
        if placed.host:
            yield _rect(placed.host, shape("host", fill="host", line="edge"), 10)
        yield _rect(placed.frame, shape("frame", fill="frame", line="edge"), 12)
        yield from (_text(label) for label in placed.labels)
        for port in placed.ports:
            yield from self._port(port)
        for tap in placed.taps:
            yield from self._tap(tap)
        for bus in placed.buses:
            yield from self._bus(bus)
        for tap in placed.taps:
            colour = self._colours[tap.tap.bus]
            yield f'<circle {shape("joint", fill=colour)} cx="{tap.x}" cy="{tap.bus}" r="5.5"/>'
        for node in placed.nodes:
            yield from self._node(node)
        yield "</svg>"

    def _group(self, thing: Bus | Node, id_: str, mark: Mark | None) -> str:
        kind = "container" if isinstance(thing, Node) else "network"
        # a button to those who listen, a picture's part otherwise
        touch = f' tabindex="0" role="button" aria-label="{xml(f"{kind} {thing.name}")}"' if self._interactive else ""
        title = xml("\n".join([thing.name, *(note.text for note in thing.notes)]).replace("\n", " · "))
        hint = "" if self._interactive else f"<title>{title}</title>"
        return f'<g id="{id_}" class="{kind} {mark or ""}"{touch}>{hint}'

    def _node(self, placed: PlacedNode) -> Iterator[str]:
        yield self._group(placed.node, self._node_ids[placed.node.name], placed.node.mark)
        yield _rect(placed.rect, _box(placed.node.mark), 6)
        yield from (_text(label, placed.node.mark) for label in placed.labels)
        yield "</g>"

    def _bus(self, placed: PlacedBus) -> Iterator[str]:
        yield self._group(placed.bus, self._bus_ids[placed.bus.name], placed.bus.mark)
        if placed.bus.kind != "none":
            missing = placed.bus.mark is Mark.MISSING
            ends = {"dashes": _MISSING, "cap": "butt"} if missing else {"cap": "round"}
            look = shape("bus", line=self._colours[placed.bus.name], width=5, **ends)
            yield f'<path {look} d="M{placed.x1} {placed.y}H{placed.x2}"/>'
        yield from (_text(label, placed.bus.mark) for label in placed.labels)
        yield "</g>"

    def _tap(self, placed: PlacedTap) -> Iterator[str]:
        mark = placed.tap.mark or placed.node.mark
        yield f'<g class="{mark or ""}">'
        start, end = placed.span
        dashes = _MISSING if mark is Mark.MISSING else ""
        look = shape("tap", line=self._colours[placed.tap.bus], width=2, dashes=dashes)
        yield f'<path {look} d="M{placed.x} {start}V{end}"/>'
        # it goes under the buses that it is not on
        yield from (
            f'<rect {shape("cut", fill="frame")} x="{placed.x - 3}" y="{y - 8}" width="6" height="16"/>'
            for y in placed.crossings
        )
        yield from (_text(label, mark) for label in placed.labels)
        yield "</g>"

    def _port(self, placed: PlacedPort) -> Iterator[str]:
        mark = placed.port.mark or placed.node.mark
        vain = "vain" if placed.port.in_vain else ""
        yield f'<g class="{mark or vain}">'
        *_, (x, y) = placed.points
        down = len(placed.points) > 2
        points = [*placed.points[:-1], (x, y - 6) if down else (x - 6, y)]
        path = "M" + "L".join(f"{at_x} {at_y}" for at_x, at_y in points)
        dashes = _MISSING if mark is Mark.MISSING or (vain and not mark) else ""
        yield f'<path {shape("port", line="port", width=1.8, dashes=dashes)} d="{path}"/>'
        yield from (
            f'<rect {shape("cut", fill="frame")} x="{cx - 5}" y="{cy - 3}" width="10" height="6"/>'
            for cx, cy in placed.crossings
        )
        wings = f"{x - 4.5} {y - 9}L{x + 4.5} {y - 9}" if down else f"{x - 9} {y - 4.5}L{x - 9} {y + 4.5}"
        yield f'<path {shape("head", fill="port")} d="M{x} {y}L{wings}Z"/>'
        yield _text(placed.label)
        yield "</g>"


def _box(mark: Mark | None) -> str:
    dashes: dict[Mark | None, str] = {Mark.MISSING: _MISSING, Mark.STOPPED: _STOPPED}
    width = 3 if mark is Mark.EXTRA else 1.4
    return shape("box", fill="box", line=mark or "soft", width=width, dashes=dashes.get(mark, ""))


def _rect(rect: Rect, look: str, radius: int) -> str:
    return f'<rect {look} x="{rect.x}" y="{rect.y}" width="{rect.w}" height="{rect.h}" rx="{radius}"/>'


def _text(label: Label, mark: Mark | None = None) -> str:
    size = FONT_SIZE[label.role]
    baseline = label.rect.y + (label.rect.h + size * 0.72) / 2
    word = re.match(r"\S+ (\w+):", label.text) if label.role == "legend" else None
    if word and word[1] in MEANINGS:  # a line of the legend has its mark's colour
        mark = Mark(word[1])
    return f'<text {lettering(label.role, mark)} x="{label.rect.x}" y="{baseline:.1f}">{xml(label.text)}</text>'
