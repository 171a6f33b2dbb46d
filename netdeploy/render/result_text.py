"""What stands after an apply, and what is gone after a teardown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from netdeploy.render.layout import count, hanging, paragraph, printable
from netdeploy.render.urls import url_lines
from netdeploy.topology.size import size_text

if TYPE_CHECKING:
    from netdeploy.plan.changes import Changes
    from netdeploy.workflow.views import View


_MOST_LINES = 12
"""Containers whose URLs are told at the end of an apply."""


def applied_text(view: View, source: str, host_name: str, *, changed: bool, width: int | None = None) -> Text:
    """The verdict of an apply, with the addresses to click on.

    Args:
        view: the last look.
        source: the file, as the user calls it.
        host_name: how a browser here calls the engine's host.
        changed: whether there was anything to do.
        width: columns to wrap at; None for lines that stay one.
    """
    topology, style = view.wishes.origin.topology, "bold green"
    size = size_text([wish.spec for wish in view.wishes.containers], len(view.wishes.networks))
    head = "" if changed else "No changes. "
    lines = paragraph(f"{head}`{topology}` is up to date with {source}: {size}.", width)
    lines.stylize(style, 0, len(f"`{topology}` is up to date" if changed else head))
    found = url_lines(published_urls(view, host_name))
    shown = found if len(found) <= _MOST_LINES + 1 else found[:_MOST_LINES]
    for name, urls in shown:
        lines.append_text(hanging(f"{name}: ", urls, width, indent=2))
    if len(shown) < len(found):
        text = f"… and {len(found) - len(shown)} more containers: netdeploy status {topology}"
        lines.append_text(paragraph(text, width, indent=2))
    if view.changes.stand_ins:
        text = f"Stand-ins for their images: {', '.join(view.changes.stand_ins)}"
        lines.append_text(paragraph(text, width, "dim", indent=2))
    for note in view.changes.notes:
        lines.append_text(paragraph(f"Note: {note}.", width, "dim", indent=2))
    for ailment in view.changes.health:
        about = hanging("✗ ", f"{ailment.container} {ailment.message}", width, indent=2)
        about.stylize("red", 2, 3)
        lines.append_text(about)
    return lines


def published_urls(view: View, host_name: str) -> list[tuple[str, str]]:
    """Where each published TCP port answers, by the container's name and in the order of the file."""
    standing = {container.name: container for container in view.seen.containers}
    found = (standing.get(wish.name) for wish in view.wishes.containers)
    return [(container.name, url) for container in found if container for url in container.urls(host_name)]


def torn_down_text(changes: Changes) -> Text:
    """What was removed, and what was kept."""
    counts: dict[str, int] = {}
    for change in changes.changes:
        counts[change.kind] = counts.get(change.kind, 0) + 1
    listed = ", ".join(count(number, kind) for kind, number in counts.items())
    lines = (
        Text()
        .append(f"`{printable(changes.topology)}` is gone", "bold green")
        .append(f": removed {listed or 'nothing'}.\n")
    )
    for note in changes.notes:
        lines.append_text(paragraph(f"Note: {note}.", None, "dim", indent=2))
    return lines
