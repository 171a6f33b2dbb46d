"""A drawing as a Mermaid flowchart, for Markdown pages that draw such: GitHub's, GitLab's and others."""

from __future__ import annotations

from collections.abc import Iterator

from netdeploy.graph.drawing import Bus, Drawing, Mark, Node, Tap, mark_text
from netdeploy.graph.words import printable

_STYLES = {
    Mark.EXTRA: "stroke:#6b3fc4,stroke-width:3px",
    Mark.MISSING: "stroke:#b3261e,stroke-dasharray:6 5",
    Mark.STOPPED: "stroke:#5d6673,stroke-dasharray:2 3",
    Mark.DIFFERENT: "stroke:#8a5a00,stroke-width:2px",
    Mark.UNWELL: "stroke:#b0400e,stroke-width:2px",
}


def mermaid(drawing: Drawing) -> str:
    """The flowchart: networks are stadiums, containers boxes, the host a hexagon."""
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    buses = {bus.name: f"net{index}" for index, bus in enumerate(drawing.buses)}
    nodes = {node.name: f"box{index}" for index, node in enumerate(drawing.nodes)}
    yield "flowchart TB"
    if any(node.ports for node in drawing.nodes):
        yield '    host{{"host"}}'
    for bus in drawing.buses:
        yield f"    {buses[bus.name]}([{_bus_text(bus)}]){_class(bus.mark)}"
    for node in drawing.nodes:
        yield f"    {nodes[node.name]}[{_node_text(node)}]{_class(node.mark)}"
    for node in drawing.nodes:
        if node.ports:  # one arrow with all of them: labels of parallel ones would lie on each other
            yield f"    host -->|{_quoted(*(port.marked_label for port in node.ports))}| {nodes[node.name]}"
        for tap in node.taps:
            line = "-.-" if Mark.MISSING in (tap.mark, node.mark) else "---"
            label = _tap_text(tap, node)
            yield f"    {nodes[node.name]} {line}{f'|{label}|' if label else ''} {buses[tap.bus]}"
        if node.shares:
            yield f'    {nodes[node.name]} -.-|"shares its network"| {nodes[node.shares]}'
    for mark in drawing.marks:
        yield f"    classDef {mark} {_STYLES[mark]}"


def _bus_text(bus: Bus) -> str:
    name = {"network": bus.name, "host": "the host's network", "none": "no network"}[bus.kind]
    facts = bus.facts if bus.kind == "network" else ()
    return _quoted(name, ", ".join(facts), mark_text(bus))


def _node_text(node: Node) -> str:
    return _quoted(node.name, node.image, mark_text(node))


def _tap_text(tap: Tap, node: Node) -> str:
    mark = mark_text(tap) if tap.mark != node.mark else ""
    lines = [*(f"alias {alias}" for alias in tap.aliases), *tap.addresses, mark]
    return _quoted(*lines) if any(lines) else ""


def _quoted(*lines: str) -> str:
    """Text in quotes. Whatever Mermaid, Markdown or HTML would take for a sign of theirs is told by its number."""
    told = "<br/>".join("".join(_char(char) for char in printable(line)) for line in lines if line)
    return f'"{told}"'


def _char(char: str) -> str:
    return char if char.isalnum() or char in " .,:/-_→✗■≠+!()" else f"#{ord(char)};"


def _class(mark: Mark | None) -> str:
    return f":::{mark}" if mark else ""
