"""Who stands where, without sizes: the order of the buses, and a lane and a column for each container.

Buses are numbered from the top. Lane 0 is above bus 0, and lane i + 1 below bus i. A container stands in one lane, and
its taps run up and down its column to its buses; nothing else stands in that column where they pass. So boxes and
labels can't overlap, whatever their sizes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netdeploy.graph.drawing import Bus, Drawing, Node, Tap

_AWAY = 2.5
"""How many columns further a container goes rather than to the less fitting side of its bus."""
_STACKED = 1.5
"""How many columns further it goes rather than right above or below another one on the same bus: a bus with its
containers side by side looks like one."""
_MOST_TRIES = 5000
"""Orders of buses that are looked at; ten networks need a few hundred."""
_CROSSING = 3
"""How much worse a tap across a bus is than a longer tap."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A container with those that share its network, which are drawn as one; `buses` are numbers, in order."""

    nodes: tuple[Node, ...]
    buses: tuple[int, ...]
    hanging: bool
    """Whether it has taps; on no network it only stands below the words that say so."""

    @property
    def taps(self) -> tuple[Tap, ...]:
        """Its places on networks."""
        return self.nodes[0].taps if self.hanging else ()

    @property
    def passed(self) -> int:
        """How many buses lie between its own without being its own."""
        return self.buses[-1] - self.buses[0] + 1 - len(self.buses)


@dataclass(frozen=True, slots=True)
class Place:
    """A unit in a lane and a column."""

    unit: Unit
    lane: int
    column: int

    @property
    def lanes(self) -> range:
        """The lanes that it takes in its column: its own, and those that its taps pass."""
        return _lanes(self.unit, self.lane)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The buses from the top, and where everything stands."""

    buses: tuple[Bus, ...]
    places: tuple[Place, ...]

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return max((place.column + 1 for place in self.places), default=0)


def arrange(drawing: Drawing, *, spread: float = 1.0) -> Arrangement:
    """Find a place for everything.

    Args:
        drawing: what is drawn.
        spread: how much width may be spent on a good look; 0 gives the fewest columns.
    """
    groups = list(_groups(drawing.nodes))
    buses = _ordered(drawing.buses, [{tap.bus for tap in group[0].taps} for group in groups])
    number = {bus.name: index for index, bus in enumerate(buses)}
    units = [_unit(group, number, buses) for group in groups]
    # those that cross a bus come last, further right than where the crossed bus ends; published ones come first, next
    # to the host
    units.sort(key=lambda unit: (unit.passed, not any(node.ports for node in unit.nodes), unit.buses[0]))
    room = _Room(buses, spread)
    return Arrangement(buses, tuple(room.place(unit) for unit in units))


def groups_by_owner(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    """By the name of a container with a network of its own, those that share it, itself first."""
    by_name = {node.name: node for node in nodes}
    found: dict[str, list[Node]] = {node.name: [node] for node in nodes if node.shares not in by_name}
    for node in nodes:
        owner = node
        for _ in nodes:  # no longer than the longest chain, should it ever be a ring
            if owner.shares not in by_name:
                break
            owner = by_name[owner.shares]
        if owner is not node:
            found.setdefault(owner.name, [owner]).append(node)
    return found


def _groups(nodes: Sequence[Node]) -> Iterator[tuple[Node, ...]]:
    for group in groups_by_owner(nodes).values():
        yield tuple(group)


def _unit(group: tuple[Node, ...], number: dict[str, int], buses: tuple[Bus, ...]) -> Unit:
    on = sorted({number[tap.bus] for tap in group[0].taps})
    return Unit(group, tuple(on) or (len(buses) - 1,), hanging=bool(on) and buses[on[0]].kind != "none")


# -- the order of buses ----------------------------------------------------------------------------------------------


def _ordered(buses: Sequence[Bus], members: list[set[str]]) -> tuple[Bus, ...]:
    """The host's first, real ones so that few taps cross a bus, and at the end where no network is."""
    first = [bus for bus in buses if bus.kind == "host"]
    last = [bus for bus in buses if bus.kind == "none"]
    order = [bus for bus in buses if bus.kind == "network"]
    names = {bus.name for bus in order}
    several = [wanted for wanted in (one & names for one in members) if len(wanted) > 1]
    return (*first, *_improved(order, several), *last)


def _improved(order: list[Bus], members: list[set[str]]) -> list[Bus]:
    """The order with fewer crossings, found by moving one bus at a time for as long as that helps."""
    best, tries, improved = _cost(order, members), 0, True
    while improved and best and tries < _MOST_TRIES:
        improved = False
        for start, end in itertools.permutations(range(len(order)), 2):
            moved = [*order[:start], *order[start + 1 :]]
            moved.insert(end, order[start])
            cost = _cost(moved, members)
            tries += 1
            if cost < best:
                order, best, improved = moved, cost, True
    return order


def _cost(order: list[Bus], members: list[set[str]]) -> int:
    """0 where everyone hangs on neighbouring buses only."""
    number = {bus.name: index for index, bus in enumerate(order)}
    total = 0
    for names in members:
        at = [number[name] for name in names]
        span = max(at) - min(at)
        total += _CROSSING * (span + 1 - len(at)) + span - (len(at) - 1)
    return total


# -- lanes and columns -----------------------------------------------------------------------------------------------


def _lanes(unit: Unit, lane: int) -> range:
    return range(unit.buses[0] + 1, unit.buses[-1] + 1) if len(unit.buses) > 1 else range(lane, lane + 1)


class _Room:
    """What is taken so far."""

    def __init__(self, buses: tuple[Bus, ...], spread: float) -> None:
        self._buses = buses
        self._spread = spread
        self._taken: dict[tuple[int, int], Unit] = {}

    def place(self, unit: Unit) -> Place:
        """The cheapest free place."""
        lane, column = min(
            ((lane, self._free_column(unit, lane, start)) for lane in self._choices(unit) for start in range(3)),
            key=lambda at: (self._cost(unit, *at), at[1], at[0]),
        )
        for passed in _lanes(unit, lane):
            self._taken[passed, column] = unit
        return Place(unit, lane, column)

    def _choices(self, unit: Unit) -> range:
        first, last = unit.buses[0], unit.buses[-1]
        if first != last:
            return range(first + 1, last + 1)
        return range(first if self._buses[first].kind == "network" else first + 1, first + 2)

    def _free_column(self, unit: Unit, lane: int, start: int) -> int:
        """The free column number `start`, from the left."""
        column = 0
        while True:
            if all((passed, column) not in self._taken for passed in _lanes(unit, lane)):
                if start == 0:
                    return column
                start -= 1
            column += 1

    def _cost(self, unit: Unit, lane: int, column: int) -> float:
        cost = float(column)
        if len(unit.buses) == 1:
            at_top = unit.buses[0] == 0 and any(node.ports for node in unit.nodes)
            fits = lane == unit.buses[0] if at_top else lane == unit.buses[0] + 1
            cost += 0 if fits else _AWAY * self._spread
        else:
            cost += 0.1 * sum(1 for taken in self._taken if taken[0] == lane)  # share the lanes out
        for bus in unit.buses:
            # the place on the other side of the bus
            other = self._taken.get((bus, column)) if lane > bus else self._taken.get((bus + 1, column))
            if other is not None and bus in other.buses:
                cost += _STACKED * self._spread
        return cost
