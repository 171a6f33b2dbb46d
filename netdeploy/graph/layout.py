"""Where everything stands, in pixels or in characters: rectangles, lines, and labels with their sizes.

From the top a drawing is lane, bus, lane, bus … lane. A lane has zones of its own for the labels of taps at the bus
above, for ports that come in over others' heads, for boxes, and for the labels of taps at the bus below. Columns are
as wide as the widest that stands in them, its labels included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netdeploy.graph.arrange import Arrangement, Place
from netdeploy.graph.drawing import MEANINGS, SYMBOLS, Bus, Drawing, Node, Published, Tap, mark_text
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

HOST_LABEL = "host"


def layout(drawing: Drawing, arrangement: Arrangement, metrics: Metrics) -> Layout:
    """Give everything its place."""
    return _Builder(drawing, arrangement, metrics).build()


def short_image(image: str, longest: int = 40) -> str:
    """An image's name as far as it tells it from others: digests are cut, and long paths lose their beginning."""
    name, at, digest = image.partition("@")
    text = f"{name}@{digest[:19]}…" if at and len(digest) > 20 else image
    return text if len(text) <= longest else f"…{text[-longest + 1 :]}"


@dataclass(slots=True)
class _Lane:
    """The zones of a lane: heights first, then the top of each."""

    above: int = 0
    channels: int = 0
    boxes: int = 0
    below: int = 0
    top: int = 0
    used: bool = False


class _Builder:
    def __init__(self, drawing: Drawing, arrangement: Arrangement, metrics: Metrics) -> None:
        self._drawing = drawing
        self._places = arrangement.places
        self._columns = arrangement.columns
        self._buses = arrangement.buses
        self._m = metrics
        self._number = {bus.name: index for index, bus in enumerate(arrangement.buses)}
        self._lanes = [_Lane() for _ in range(len(arrangement.buses) + 1)]
        self._bus_top: list[int] = []
        self._column_x: list[int] = []
        self._straight = {id(place) for place in self._places if self._is_next_to_the_host(place)}

    # -- sizes --

    def _lines_of_bus(self, bus: Bus) -> list[tuple[str, Role]]:
        if bus.kind == "none":
            return [("no network", "bus")]
        name = "host network" if bus.kind == "host" and self._m.names_left else bus.name
        facts = () if bus.kind == "host" and self._m.names_left else bus.facts
        lines: list[tuple[str, Role]] = [(name, "bus"), *((fact, "fact") for fact in facts)]
        return [*lines, (mark_text(bus), "mark")] if bus.mark else lines

    def _lines_of_node(self, node: Node) -> list[tuple[str, Role]]:
        lines: list[tuple[str, Role]] = [(node.name, "name")]
        if node.image and self._m.tells_image:
            lines.append((short_image(node.image), "small"))
        if node.listens and self._m.tells_image:
            lines.append((f"listens on {', '.join(node.listens)}", "small"))
        if node.shares:
            lines.append(("shares its network", "small"))
        if node.mark:
            lines.append((mark_text(node), "mark"))
        return lines

    @staticmethod
    def _lines_of_tap(tap: Tap, node: Node) -> list[tuple[str, Role]]:
        lines: list[tuple[str, Role]] = [(f"alias {alias}", "tap") for alias in tap.aliases]
        lines += [(address, "tap") for address in tap.addresses]
        if tap.mark and tap.mark != node.mark:
            lines.append((mark_text(tap), "mark"))
        return lines

    def _size(self, lines: list[tuple[str, Role]]) -> tuple[int, int]:
        width = max((self._m.width(text, role) for text, role in lines), default=0)
        return width, sum(self._m.height(role) for _, role in lines)

    def _labels(self, lines: list[tuple[str, Role]], x: int, y: int) -> tuple[Label, ...]:
        labels = []
        for text, role in lines:
            labels.append(Label(Rect(x, y, self._m.width(text, role), self._m.height(role)), text, role))
            y = labels[-1].rect.bottom
        return tuple(labels)

    def _ports(self, place: Place) -> list[tuple[Node, Published]]:
        return [(node, port) for node in place.unit.nodes for port in node.ports]

    def _port_text(self, port: Published) -> str:
        return port.marked_label

    def _taps(self, place: Place, *, up: bool) -> list[Tap]:
        """Those to one side, the farthest first: so each label has free room to its right."""
        here = [tap for tap in place.unit.taps if (self._number[tap.bus] < place.lane) == up]
        return sorted(here, key=lambda tap: self._number[tap.bus], reverse=not up)

    def _box_size(self, place: Place) -> tuple[int, int]:
        pad_x, _ = self._m.box_pad
        widths = [self._size(self._lines_of_node(node))[0] for node in place.unit.nodes]
        ports = len(self._ports(place))
        from_above = 0 if id(place) in self._straight else ports
        up, down = len(self._taps(place, up=True)), len(self._taps(place, up=False))
        edge = 2 * self._m.tap_first + max(
            (up - 1) * self._m.tap_step + from_above * self._m.port_step, (down - 1) * self._m.tap_step
        )
        width = max(max(widths) + 2 * pad_x, edge)
        height = sum(self._part_height(node, place) + self._m.part_pad for node in place.unit.nodes)
        return width, height - self._m.part_pad

    def _part_height(self, node: Node, place: Place) -> int:
        """Of one box; ports that come in straight from the host stand at its side one below the other."""
        at_side = len(node.ports) * self._m.height("port") if id(place) in self._straight else 0
        return max(self._size(self._lines_of_node(node))[1], at_side) + 2 * self._m.box_pad[1]

    def _width(self, place: Place) -> int:
        """The box's and its labels' width."""
        widths = [self._box_size(place)[0]]
        for up in (True, False):
            for index, tap in enumerate(self._taps(place, up=up)):
                labels, _ = self._size(self._lines_of_tap(tap, place.unit.nodes[0]))
                widths.append(self._m.tap_first + index * self._m.tap_step + self._m.label_gap + labels)
        return max(widths)

    def _is_next_to_the_host(self, place: Place) -> bool:
        """Whether no box stands between it and the host."""
        return not any(other.lane == place.lane and other.column < place.column for other in self._places)

    # -- placing --

    def build(self) -> Layout:
        host, label_x, right = self._across()
        header, top = self._header()
        frame_top, bottom = self._down(top)
        frame_x = (host.right + self._m.host_gap) if host else self._m.margin
        frame = Rect(frame_x, frame_top, right - frame_x, bottom - frame_top)
        nodes, taps = self._hang()
        buses = self._draw_buses(taps, host, label_x, right)
        taps = [self._with_crossings(tap, buses) for tap in taps]
        ports = self._arrows(nodes, taps, host)
        zones: list[tuple[str, int]] = [("Docker engine" if self._m.header else self._drawing.title, frame.x)]
        if host:
            host = Rect(host.x, frame.y, host.w, frame.h)
            zones.append((HOST_LABEL, host.x))
        zone_y = frame.y + (self._m.lane_gap if self._m.header else -self._m.height("zone"))
        inset = self._m.box_pad[0] if self._m.header else 0
        for text, x in zones:
            header += self._labels([(text, "zone")], x + inset, zone_y)
        header += self._legend(frame.bottom + self._m.margin)
        rights = [label.rect.right for label in header] + [right]
        bottoms = [label.rect.bottom for label in header] + [frame.bottom]
        return Layout(
            max(rights) + self._m.margin,
            max(bottoms) + self._m.margin,
            frame,
            host,
            tuple(header),
            tuple(buses),
            tuple(nodes),
            tuple(taps),
            tuple(ports),
        )

    def _across(self) -> tuple[Rect | None, int, int]:
        """The host (its place across only), where the networks' names stand, and the frame's right end."""
        m = self._m
        published = [self._port_text(port) for place in self._places for _, port in self._ports(place)]
        host = None
        on_host = [bus for bus in self._buses if bus.kind == "host"]
        x = m.margin
        if published or on_host:
            widths = [m.width(text, "port") for text in published] + [m.width(HOST_LABEL, "zone")]
            if m.names_left:
                widths += [self._size(self._lines_of_bus(bus))[0] for bus in on_host]
            pad = m.box_pad[0] if m.header else 0
            host = Rect(m.margin, 0, max(widths) + 2 * pad, 0)
            x = host.right + m.host_gap
        named = [bus for bus in self._buses if not (m.names_left and bus.kind == "host")]
        names = max((self._size(self._lines_of_bus(bus))[0] for bus in named), default=0)
        start = x + m.frame_pad[0]
        label_x = start
        if m.names_left:
            start += names + m.column_gap
        for column in range(self._columns):
            self._column_x.append(start)
            widths = [self._width(place) for place in self._places if place.column == column]
            start += max(widths, default=0) + m.column_gap
        if not m.names_left:
            label_x = start
            start += names + m.column_gap
        zone = m.width("Docker engine" if m.header else self._drawing.title, "zone") + 2 * m.box_pad[0]
        return host, label_x, max(start - m.column_gap + m.frame_pad[0], x + zone)

    def _header(self) -> tuple[list[Label], int]:
        y = self._m.margin
        if not self._m.header:
            return [], y + self._m.height("zone")
        lines: list[tuple[str, Role]] = [(self._drawing.title, "title")]
        if self._drawing.description:
            lines.append((self._drawing.description, "text"))
        labels = self._labels(lines, self._m.margin, y)
        return list(labels), labels[-1].rect.bottom + self._m.margin // 2

    def _down(self, top: int) -> tuple[int, int]:
        """Give each lane and bus its height; returns the top and the bottom of the frame."""
        for place in self._places:
            self._fill(place)
        m = self._m
        y = top + (m.lane_gap + m.height("zone") if m.header else 1)
        for index, lane in enumerate(self._lanes):
            edge = index in (0, len(self._buses))
            lane.top = y
            if lane.used:
                y += lane.above + lane.channels + lane.boxes + lane.below + 2 * m.lane_gap
            else:
                y += m.empty_lane // 2 if edge else m.empty_lane
            if index < len(self._buses):
                self._bus_top.append(y)
                y += self._bus_height(index)
        return top, y + m.frame_pad[1]

    def _bus_height(self, index: int) -> int:
        return self._size(self._lines_of_bus(self._buses[index]))[1]

    def _fill(self, place: Place) -> None:
        """What a container needs of the lanes."""
        m = self._m
        for lane in place.lanes:
            self._lanes[lane].used = True
        mine = self._lanes[place.lane]
        mine.boxes = max(mine.boxes, self._box_size(place)[1])
        if id(place) not in self._straight:
            mine.channels += len(self._ports(place)) * m.height("port")
        for tap in place.unit.taps:
            height = self._size(self._lines_of_tap(tap, place.unit.nodes[0]))[1]
            room = height + 2 * m.zone_gap if height else 0
            bus = self._number[tap.bus]
            if bus < place.lane:
                self._lanes[bus + 1].above = max(self._lanes[bus + 1].above, room)
            else:
                self._lanes[bus].below = max(self._lanes[bus].below, room)

    def _bus_y(self, index: int) -> int:
        height = self._bus_height(index)
        return self._bus_top[index] + (height // 2 if self._m.names_left else 0)

    def _hang(self) -> tuple[list[PlacedNode], list[PlacedTap]]:
        nodes: list[PlacedNode] = []
        taps: list[PlacedTap] = []
        for place in self._places:
            rect = self._box(place)
            nodes += self._parts(place, rect)
            for up in (True, False):
                for index, tap in enumerate(self._taps(place, up=up)):
                    x = rect.x + self._m.tap_first + index * self._m.tap_step
                    taps.append(self._tap(tap, place, x, rect, up=up))
        return nodes, taps

    def _box(self, place: Place) -> Rect:
        width, height = self._box_size(place)
        lane = self._lanes[place.lane]
        top = lane.top + self._m.lane_gap + lane.above + lane.channels
        if place.unit.taps and not self._taps(place, up=True):
            top += lane.boxes - height  # down at its bus
        return Rect(self._column_x[place.column], top, width, height)

    def _parts(self, place: Place, rect: Rect) -> Iterator[PlacedNode]:
        pad_x, pad_y = self._m.box_pad
        y = rect.y
        for part, node in enumerate(place.unit.nodes):
            lines = self._lines_of_node(node)
            box = Rect(rect.x, y, rect.w, self._part_height(node, place))
            yield PlacedNode(node, box, self._labels(lines, box.x + pad_x, box.y + pad_y), part)
            y = box.bottom + self._m.part_pad

    def _tap(self, tap: Tap, place: Place, x: int, rect: Rect, *, up: bool) -> PlacedTap:
        m = self._m
        number = self._number[tap.bus]
        lines = self._lines_of_tap(tap, place.unit.nodes[0])
        if up:
            y = self._lanes[number + 1].top + m.lane_gap // 2 + m.zone_gap
        else:
            y = self._bus_top[number] - m.lane_gap // 2 - m.zone_gap - self._size(lines)[1]
        labels = self._labels(lines, x + m.label_gap, y)
        return PlacedTap(tap, place.unit.nodes[0], x, rect.y if up else rect.bottom, self._bus_y(number), labels)

    def _draw_buses(self, taps: list[PlacedTap], host: Rect | None, label_x: int, right: int) -> list[PlacedBus]:
        m = self._m
        placed = []
        inside = [bus for bus in self._buses if bus.kind == "network"]
        names = max((self._size(self._lines_of_bus(bus))[0] for bus in inside), default=0)
        for index, bus in enumerate(self._buses):
            lines = self._lines_of_bus(bus)
            mine = [tap.x for tap in taps if tap.tap.bus == bus.name]
            outside = bus.kind == "host" and host is not None
            if m.names_left:
                x1 = host.right if outside and host else label_x + names + m.label_gap
                x2 = max([*mine, (self._column_x[0] if self._column_x else x1)]) + m.bus_stub
                name_x = host.x + m.box_pad[0] if outside and host else label_x
            else:
                x1 = host.right if outside and host else min([*mine, label_x - m.bus_stub]) - m.bus_stub
                x2, name_x = label_x - m.label_gap, label_x
            labels = self._labels(lines, name_x, self._bus_top[index])
            placed.append(PlacedBus(bus, x1, min(x2, right), self._bus_y(index), labels))
        return placed

    @staticmethod
    def _with_crossings(tap: PlacedTap, buses: list[PlacedBus]) -> PlacedTap:
        top, bottom = tap.span
        crossed = [bus.y for bus in buses if bus.bus.kind != "none" and bus.bus.name != tap.tap.bus]
        at = {bus.y: bus for bus in buses}
        crossings = tuple(y for y in crossed if top < y < bottom and at[y].x1 <= tap.x <= at[y].x2)
        return PlacedTap(tap.tap, tap.node, tap.x, tap.edge, tap.bus, tap.labels, crossings)

    # -- ports --

    def _arrows(self, nodes: list[PlacedNode], taps: list[PlacedTap], host: Rect | None) -> list[PlacedPort]:
        if host is None:
            return []
        boxes = {placed.node.name: placed.rect for placed in nodes}
        step = self._m.height("port")
        placed: list[PlacedPort] = []
        from_above: dict[int, list[tuple[int, int, Node, Published]]] = {}
        for place in self._places:
            ports = self._ports(place)
            count: dict[str, int] = {}
            for index, (node, port) in enumerate(ports):
                rect = boxes[node.name]
                if id(place) in self._straight:
                    number = count[node.name] = count.get(node.name, -1) + 1
                    y = rect.y + self._m.box_pad[1] + number * step + step // 2
                    placed.append(self._arrow(port, node, host, [(rect.x, y)], taps))
                else:
                    top = boxes[place.unit.nodes[0].name].y
                    x = rect.right - self._m.tap_first - (len(ports) - 1 - index) * self._m.port_step
                    from_above.setdefault(place.lane, []).append((x, top, node, port))
        for lane, entries in from_above.items():
            # the farthest comes in highest, so that no two arrows cross
            entries.sort(key=lambda entry: -entry[0])
            top = self._lanes[lane].top + self._m.lane_gap + self._lanes[lane].above
            for index, (x, box_top, node, port) in enumerate(entries):
                y = top + index * step + self._m.height("port") // 2
                placed.append(self._arrow(port, node, host, [(x, y), (x, box_top)], taps))
        return placed

    def _arrow(
        self, port: Published, node: Node, host: Rect, points: list[tuple[int, int]], taps: list[PlacedTap]
    ) -> PlacedPort:
        text = self._port_text(port)
        (end, y), width = points[0], self._m.width(text, "port")
        height = self._m.height("port")
        x = host.x + self._m.box_pad[0] if self._m.header else host.right - width
        label = Label(Rect(x, y - height // 2, width, height), text, "port")
        crossed = [(tap.x, y) for tap in taps if host.right < tap.x < end and tap.span[0] < y < tap.span[1]]
        return PlacedPort(port, node, ((host.right, y), *points), label, tuple(crossed))

    def _legend(self, y: int) -> tuple[Label, ...]:
        if not self._drawing.live or not self._m.header:
            return ()
        marks = self._drawing.marks
        lines: list[tuple[str, Role]] = [
            (f"{SYMBOLS[mark]} {mark.value}: {MEANINGS[mark]}", "legend") for mark in marks
        ] or [("✓ The engine is as the file says.", "legend")]
        return self._labels(lines, self._m.margin, y)
