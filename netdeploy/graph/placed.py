"""Things in their place: rectangles, labels and lines, and the sizes that a medium gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from netdeploy.graph.drawing import Bus, Node, Published, Tap

Role = Literal["title", "text", "zone", "bus", "fact", "name", "small", "mark", "tap", "port", "legend"]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; `right` and `bottom` are the first coordinates outside it."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """Its end to the right."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """Its end below."""
        return self.y + self.h

    def meets(self, other: Rect) -> bool:
        """Whether the two have something in common."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: Rect) -> bool:
        """Whether the other one lies inside."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text and the room it takes."""

    rect: Rect
    text: str
    role: Role


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A container's box; `part` is its number in a stack of those that share one network."""

    node: Node
    rect: Rect
    labels: tuple[Label, ...]
    part: int = 0


@dataclass(frozen=True, slots=True)
class PlacedBus:
    """A network's line from `x1` to `x2` at `y`."""

    bus: Bus
    x1: int
    x2: int
    y: int
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class PlacedTap:
    """A vertical line at `x` from a box's edge to a bus, and the heights at which it crosses other buses."""

    tap: Tap
    node: Node
    x: int
    edge: int
    bus: int
    labels: tuple[Label, ...]
    crossings: tuple[int, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """Its upper and its lower end."""
        return min(self.edge, self.bus), max(self.edge, self.bus)


@dataclass(frozen=True, slots=True)
class PlacedPort:
    """An arrow from the host to a box: to the right, and for some at last down; and the taps it crosses, as points."""

    port: Published
    node: Node
    points: tuple[tuple[int, int], ...]
    label: Label
    crossings: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """All of a drawing in its place. `host` is None where nothing comes from, or hangs on, the host."""

    width: int
    height: int
    frame: Rect
    host: Rect | None
    labels: tuple[Label, ...]
    """Titles and the legend."""
    buses: tuple[PlacedBus, ...]
    nodes: tuple[PlacedNode, ...]
    taps: tuple[PlacedTap, ...]
    ports: tuple[PlacedPort, ...]

    def all_labels(self) -> Iterator[Label]:
        """Every line of text."""
        yield from self.labels
        for labels in (placed.labels for group in (self.buses, self.nodes, self.taps) for placed in group):
            yield from labels
        for port in self.ports:
            yield port.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The sizes of a medium."""

    width: Callable[[str, Role], int]
    height: Callable[[Role], int]
    margin: int
    frame_pad: tuple[int, int]
    """Between the frame and what is in it: sideways, and below."""
    host_gap: int
    """Between the host and the frame."""
    box_pad: tuple[int, int]
    part_pad: int
    """Between the boxes of a stack."""
    column_gap: int
    lane_gap: int
    """Free room at both ends of a lane in which something stands."""
    empty_lane: int
    zone_gap: int
    """Beside labels of taps, above and below."""
    label_gap: int
    """Between a tap and its labels."""
    tap_first: int
    tap_step: int
    port_step: int
    """Between two arrows that come in from above."""
    bus_stub: int
    """How far a bus goes on beyond its last tap."""
    names_left: bool
    """Whether a network's name stands before its line, or after it."""
    header: bool
    """Whether title and description stand above."""
    tells_image: bool
    """Whether a box tells its image, and the ports it listens on."""
