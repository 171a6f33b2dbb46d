"""A drawing in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterator

from netdeploy.graph.drawing import Bus, Drawing, Mark, Node, Tap, mark_text
from netdeploy.graph.words import printable

_STYLES = {
    Mark.EXTRA: 'color="#6b3fc4", penwidth=3',
    Mark.MISSING: 'color="#b3261e", style="dashed"',
    Mark.STOPPED: 'color="#5d6673", style="dotted"',
    Mark.DIFFERENT: 'color="#8a5a00", penwidth=2',
    Mark.UNWELL: 'color="#b0400e", penwidth=2',
}


def dot(drawing: Drawing) -> str:
    """The graph: networks are flat boxes, containers rounded ones, the host a house."""
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    buses = {bus.name: f"net{index}" for index, bus in enumerate(drawing.buses)}
    nodes = {node.name: f"box{index}" for index, node in enumerate(drawing.nodes)}
    yield f"graph {_name(drawing.title)} {{"
    yield '    node [fontname="monospace", shape=box]'
    yield '    edge [fontname="monospace", fontsize=10]'
    if any(node.ports for node in drawing.nodes):
        yield '    host [label="host", shape=house]'
    for bus in drawing.buses:
        yield f"    {buses[bus.name]} [label={_bus_text(bus)}, {_bus_style(bus)}]"
    for node in drawing.nodes:
        style = _STYLES[node.mark] if node.mark else 'style="rounded"'
        yield f"    {nodes[node.name]} [label={_quoted(node.name, node.image, mark_text(node))}, {style}]"
    for node in drawing.nodes:
        if node.ports:
            labels = _quoted(*(port.marked_label for port in node.ports))
            yield f"    host -- {nodes[node.name]} [label={labels}, dir=forward]"
        for tap in node.taps:
            style = ', style="dashed"' if Mark.MISSING in (tap.mark, node.mark) else ""
            yield f"    {nodes[node.name]} -- {buses[tap.bus]} [label={_tap_text(tap, node)}{style}]"
        if node.shares:
            yield f'    {nodes[node.name]} -- {nodes[node.shares]} [label="shares its network", style="dotted"]'
    yield "}"


def _bus_style(bus: Bus) -> str:
    if bus.mark:
        return _STYLES[bus.mark]
    return "shape=plaintext" if bus.kind == "none" else 'style="filled", fillcolor="#dbe7f8"'


def _bus_text(bus: Bus) -> str:
    name = {"network": bus.name, "host": "the host's network", "none": "no network"}[bus.kind]
    facts = bus.facts if bus.kind == "network" else ()
    return _quoted(name, ", ".join(facts), mark_text(bus))


def _tap_text(tap: Tap, node: Node) -> str:
    mark = mark_text(tap) if tap.mark != node.mark else ""
    return _quoted(*(f"alias {alias}" for alias in tap.aliases), *tap.addresses, mark)


def _quoted(*lines: str) -> str:
    """A label's lines. A backslash of its own starts no escape, and `&lt;` is no other way to write a character."""
    escaped = (printable(line).replace("\\", "\\\\").replace("&", "&amp;") for line in lines if line)
    return '"' + "\\n".join(line.replace('"', '\\"') for line in escaped) + '"'


def _name(text: str) -> str:
    """A name in quotes: only a quote is special in one, and a backslash before it."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
