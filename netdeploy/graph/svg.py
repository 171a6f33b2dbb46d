"""A drawing as one SVG: no script, no fonts or pictures from elsewhere, in light or dark as its reader prefers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape

from netdeploy.graph.arrange import arrange
from netdeploy.graph.drawing import MEANINGS, Bus, Drawing, Mark, Node
from netdeploy.graph.layout import layout
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

_FONT = {
    "title": 20.0,
    "text": 13.0,
    "zone": 12.0,
    "bus": 14.0,
    "fact": 11.5,
    "name": 14.0,
    "small": 11.5,
    "mark": 12.0,
    "tap": 11.5,
    "port": 12.0,
    "legend": 12.0,
}
_LINE = {"title": 30, "text": 20, "bus": 19, "name": 20, "port": 18, "legend": 20, "zone": 18}
_OTHER_LINE = 16
_CELL = 0.615
"""The width of a character in font sizes: monospaced fonts have 0.55 to 0.61."""
_COLOURS = 10

STYLE = """
.nd{--bg:#ffffff;--frame:#f7f8fa;--edge:#d0d5dd;--box:#ffffff;--ink:#16202c;--soft:#566474;--host:#eaf1fb;
--port:#1f5fbf;--missing:#b3261e;--stopped:#5d6673;--different:#8a5a00;--extra:#6b3fc4;--unwell:#b0400e;
--c0:#2563c9;--c1:#b3541e;--c2:#1b7f48;--c3:#9235b0;--c4:#0b7d87;--c5:#c02e66;--c6:#66721b;--c7:#6a55d9;--c8:#8a5a36;
--c9:#4a6785;
font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
@media (prefers-color-scheme:dark){.nd{--bg:#0e141b;--frame:#151d27;--edge:#334152;--box:#1d2835;--ink:#e8edf3;
--soft:#a0aebd;--host:#172638;--port:#7db3ff;--missing:#ff8a80;--stopped:#aeb8c4;--different:#f0bf5a;--extra:#c0a3ff;
--unwell:#ffa06b;--c0:#6fa8ff;--c1:#f0995c;--c2:#57c98a;--c3:#d891f0;--c4:#4fc8d2;--c5:#ff88b0;--c6:#bccb5e;
--c7:#a99aff;--c8:#d3a27a;--c9:#9db8d4}}
.nd text{fill:var(--ink);white-space:pre}
.nd .bg{fill:var(--bg)}
.nd .frame{fill:var(--frame);stroke:var(--edge)}
.nd .host{fill:var(--host);stroke:var(--edge)}
.nd .box{fill:var(--box);stroke:var(--soft);stroke-width:1.4}
.nd .cut{fill:var(--frame)}
.nd .bus{stroke-width:5;stroke-linecap:round}
.nd .tap{stroke-width:2;fill:none}
.nd .port{stroke:var(--port);stroke-width:1.8;fill:none}
.nd .head{fill:var(--port)}
.nd .t-title,.nd .t-text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.nd .t-title{font-size:20px;font-weight:650}
.nd .t-text{font-size:13px;fill:var(--soft)}
.nd .t-zone{font-size:12px;fill:var(--soft)}
.nd .t-bus{font-size:14px;font-weight:600}
.nd .t-name{font-size:14px;font-weight:600}
.nd .t-fact,.nd .t-small,.nd .t-tap{font-size:11.5px}
.nd .t-fact,.nd .t-small{fill:var(--soft)}
.nd .t-port{font-size:12px;fill:var(--port)}
.nd .t-legend{font-size:12px}
.nd .t-mark{font-size:12px;font-weight:700}
.nd .missing .box,.nd .missing .bus,.nd .missing .tap,.nd .missing .port,.nd .vain .port{stroke-dasharray:6 5}
.nd .missing .bus{stroke-linecap:butt}
.nd .stopped .box{stroke-dasharray:2 3}
.nd .extra .box{stroke-width:3}
"""
_MARK_STYLE = "".join(
    f".nd .{mark} .t-mark,.nd .{mark} .t-legend{{fill:var(--{mark})}}.nd .{mark} .box{{stroke:var(--{mark})}}\n"
    for mark in Mark
)
_COLOUR_STYLE = "".join(
    f".nd .c{number}{{stroke:var(--c{number})}}.nd .d{number}{{fill:var(--c{number})}}\n" for number in range(_COLOURS)
)


def _width(text: str, role: Role) -> int:
    # arrows and marks come from another font where the first has none, up to two columns wide
    others = sum(not char.isascii() and unicodedata.east_asian_width(char) not in "WF" for char in text)
    bold = 1.08 if role == "title" else 1.0  # not a monospaced one: capitals are wide
    return int((cells(text) + others) * _FONT[role] * _CELL * bold) + 2


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
        self._colours = {bus.name: index % _COLOURS for index, bus in enumerate(drawing.buses)}

    def lines(self) -> Iterator[str]:
        """The element, from back to front: what lies on top comes last."""
        placed = self._placed
        size = f'width="{placed.width}" height="{placed.height}" viewBox="0 0 {placed.width} {placed.height}"'
        role = "group" if self._interactive else "img"  # inside an img nothing is read out
        yield f'<svg xmlns="http://www.w3.org/2000/svg" class="nd" {size} role="{role}" aria-labelledby="nd-t nd-d">'
        yield f'<title id="nd-t">{xml(self._drawing.title)}</title>'
        yield f'<desc id="nd-d">{xml(summary(self._drawing))}</desc>'
        yield f"<style>{STYLE}{_MARK_STYLE}{_COLOUR_STYLE}</style>"
        yield f'<rect class="bg" width="{placed.width}" height="{placed.height}"/>'
        if placed.host:
            yield _rect(placed.host, "host", 10)
        yield _rect(placed.frame, "frame", 12)
        yield from (_text(label) for label in placed.labels)
        for port in placed.ports:
            yield from self._port(port)
        for tap in placed.taps:
            yield from self._tap(tap)
        for bus in placed.buses:
            yield from self._bus(bus)
        for tap in placed.taps:
            yield f'<circle class="d{self._colours[tap.tap.bus]}" cx="{tap.x}" cy="{tap.bus}" r="5.5"/>'
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
        yield _rect(placed.rect, "box", 6)
        yield from (_text(label) for label in placed.labels)
        yield "</g>"

    def _bus(self, placed: PlacedBus) -> Iterator[str]:
        yield self._group(placed.bus, self._bus_ids[placed.bus.name], placed.bus.mark)
        if placed.bus.kind != "none":
            colour = self._colours[placed.bus.name]
            yield f'<path class="bus c{colour}" d="M{placed.x1} {placed.y}H{placed.x2}"/>'
        yield from (_text(label) for label in placed.labels)
        yield "</g>"

    def _tap(self, placed: PlacedTap) -> Iterator[str]:
        mark = placed.tap.mark or placed.node.mark
        yield f'<g class="{mark or ""}">'
        start, end = placed.span
        colour = self._colours[placed.tap.bus]
        yield f'<path class="tap c{colour}" d="M{placed.x} {start}V{end}"/>'
        # it goes under the buses that it is not on
        yield from (
            f'<rect class="cut" x="{placed.x - 3}" y="{y - 8}" width="6" height="16"/>' for y in placed.crossings
        )
        yield from (_text(label) for label in placed.labels)
        yield "</g>"

    def _port(self, placed: PlacedPort) -> Iterator[str]:
        vain = "vain" if placed.port.in_vain else ""
        yield f'<g class="{placed.port.mark or placed.node.mark or vain}">'
        *_, (x, y) = placed.points
        down = len(placed.points) > 2
        points = [*placed.points[:-1], (x, y - 6) if down else (x - 6, y)]
        path = "M" + "L".join(f"{at_x} {at_y}" for at_x, at_y in points)
        yield f'<path class="port" d="{path}"/>'
        yield from (
            f'<rect class="cut" x="{cx - 5}" y="{cy - 3}" width="10" height="6"/>' for cx, cy in placed.crossings
        )
        wings = f"{x - 4.5} {y - 9}L{x + 4.5} {y - 9}" if down else f"{x - 9} {y - 4.5}L{x - 9} {y + 4.5}"
        yield f'<path class="head" d="M{x} {y}L{wings}Z"/>'
        yield _text(placed.label)
        yield "</g>"


def _rect(rect: Rect, kind: str, radius: int) -> str:
    return f'<rect class="{kind}" x="{rect.x}" y="{rect.y}" width="{rect.w}" height="{rect.h}" rx="{radius}"/>'


def _text(label: Label) -> str:
    size = _FONT[label.role]
    baseline = label.rect.y + (label.rect.h + size * 0.72) / 2
    text = f'<text class="t-{label.role}" x="{label.rect.x}" y="{baseline:.1f}">{xml(label.text)}</text>'
    word = re.match(r"\S+ (\w+):", label.text) if label.role == "legend" else None
    # a line of the legend has its mark's colour
    return f'<g class="{word[1]}">{text}</g>' if word and word[1] in MEANINGS else text
