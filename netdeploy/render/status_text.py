"""The topologies on an engine as a person reads them: a paragraph each, then what was left behind."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.text import Text

from netdeploy.document import for_people
from netdeploy.render.layout import count, labelled, listed, paragraph
from netdeploy.render.urls import url_lines

if TYPE_CHECKING:
    from netdeploy.workflow.status_report import StatusReport, TopologyReport

_COLUMN = 14


def status_text(report: StatusReport, *, width: int | None = None) -> Text:
    """The report as text; lines are wrapped at `width` columns, or not at all."""
    report, lines = for_people(report), Text()
    for number, topology in enumerate(report.topologies):
        lines.append("\n" if number else "")
        lines.append_text(_topology(topology, width))
    if report.leftovers:
        lines.append("\n" if report.topologies else "")
        lines.append("Left behind:\n", "bold yellow")
        for leftover in report.leftovers:
            about = paragraph(f"{leftover.name}: {leftover.message}", width, indent=2)
            about.stylize("bold", 2, 2 + len(leftover.name))
            lines.append_text(about)
            lines.append_text(paragraph(f"→ {leftover.hint}", width, "cyan", indent=4))
    if not report.topologies:
        there = "There is no topology on this engine.\n" if not report.leftovers else "\nNo topology stands.\n"
        lines.append(there)
    return lines


def _topology(topology: TopologyReport, width: int | None) -> Text:
    verdict, style = _verdict(topology)
    lines = Text().append(topology.name, "bold").append("  ").append(f"{verdict}\n", style)
    if topology.unknown:
        lines.append_text(paragraph(f"The reason: {topology.unknown}.", width, indent=2))
    if topology.changed_by:
        lines.append_text(paragraph(f"It is being changed by {topology.changed_by}.", width, "yellow", indent=2))
    rows = [
        ("prefix", topology.prefix),
        ("file", topology.source or "not known"),
        ("containers", _containers(topology)),
        ("networks", listed(" ".join((network.name, *network.subnets)) for network in topology.networks)),
        ("volumes", listed(topology.volumes, "")),
    ]
    for label, value in rows:
        if value:
            lines.append_text(labelled(label, value, _COLUMN, width))
    for number, (name, urls) in enumerate(url_lines((url.container, url.url) for url in topology.urls)):
        lines.append_text(labelled("open" if number == 0 else "", f"{name}: {urls}", _COLUMN, width))
    for ailment in topology.health:
        first, *rest = paragraph(f"{ailment.container} {ailment.message}", width, indent=4).split("\n")
        lines.append("  ✗ ", "red").append(first.plain.strip() + "\n")
        for line in rest:
            lines.append_text(line).append("\n")
    hint = topology.hint or (
        f"netdeploy diff {shlex.quote(topology.source or '')}" if topology.in_sync is False else ""
    )
    return lines.append_text(paragraph(f"→ {hint}", width, "cyan", indent=2)) if hint else lines


def _verdict(topology: TopologyReport) -> tuple[str, str]:
    if topology.in_sync is None:
        return "can't be compared with its file", "yellow"
    if topology.in_sync:
        return "in sync", "green"
    parts = [f"{number} to {action}" for action, number in topology.summary.items() if action != "conflict"]
    conflicts = topology.summary.get("conflict", 0)
    return "differs: " + ", ".join([*parts, *([count(conflicts, "conflict")] if conflicts else [])]), "bold yellow"


def _containers(topology: TopologyReport) -> str:
    if not topology.total:
        return "none"
    healthy = f", {topology.healthy} of {topology.checked} healthy" if topology.checked else ""
    stand_ins = sum(container.stand_in_for is not None for container in topology.containers)
    also = f" ({count(stand_ins, 'stand-in')})" if stand_ins else ""
    return f"{topology.running} of {topology.total} running{healthy}{also}"
