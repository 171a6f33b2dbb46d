"""A drawing as a list, network by network: for terminals that are too narrow for the picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netdeploy.graph.arrange import groups_by_owner
from netdeploy.graph.drawing import mark_text
from netdeploy.graph.words import printable, wrapped

if TYPE_CHECKING:
    from netdeploy.graph.drawing import Bus, Drawing, Node, Tap

_HEADINGS = {"host": "the host's network", "none": "no network"}


def listing(drawing: Drawing, width: int | None) -> list[str]:
    """Lines of at most `width` columns, as far as names allow."""
    lines = [printable(drawing.title)]
    sharing = groups_by_owner(drawing.nodes)
    for bus in drawing.buses:
        lines += ["", *wrapped(_heading(bus), width or 0)]
        members = [(node, tap) for node in drawing.nodes for tap in node.taps if tap.bus == bus.name]
        for index, (node, tap) in enumerate(members):
            last = index == len(members) - 1
            first, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
            name, *more = _member(node, tap, sharing.get(node.name, [node])[1:], width)
            lines += [first + name, *(f"{rest}   {line}" for line in more)]
    return lines


def _heading(bus: Bus) -> str:
    name = _HEADINGS.get(bus.kind, bus.name)
    facts = f"  ({', '.join(bus.facts)})" if bus.facts and bus.kind == "network" else ""
    return f"{name}{facts}  {mark_text(bus)}".rstrip()


def _member(node: Node, tap: Tap, sharing: list[Node], width: int | None) -> Iterator[str]:
    yield printable(f"{node.name}  {mark_text(node)}".rstrip())
    room = (width or 0) - 6
    told = [", ".join([*(f"alias {alias}" for alias in tap.aliases), *tap.addresses])]
    if tap.mark and tap.mark != node.mark:
        told.append(f"{mark_text(tap)} here")
    others = [other.bus for other in node.taps if other.bus != tap.bus]
    if others:
        told.append(f"also on {', '.join(others)}")
    if node.ports:
        told.append(f"from the host: {', '.join(port.marked_label for port in node.ports)}")
    told += [f"{other.name} shares its network  {mark_text(other)}".rstrip() for other in sharing]
    for text in told:
        if text:
            yield from wrapped(text, room)
