"""What stands after an apply, and what is gone after a teardown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from netdeploy.attributes.containers.network import port_bindings

if TYPE_CHECKING:
    from netdeploy.plan.changes import Changes
    from netdeploy.workflow.views import View


def applied_text(view: View, source: str, *, changed: bool) -> Text:
    """The verdict of an apply, with the addresses to click on."""
    containers, networks = len(view.wishes.containers), len(view.wishes.networks)
    lines = Text() if changed else Text().append("No changes. ", "bold green")
    lines.append(f"`{view.wishes.origin.topology}` stands", "bold green" if changed else "")
    lines.append(f" as {source} says: {_count(containers, 'container')} on {_count(networks, 'network')}.\n")
    for name, url in published_urls(view):
        lines.append(f"  {name}: {url}\n")
    if view.changes.stand_ins:
        lines.append(f"  Stand-ins for their images: {', '.join(view.changes.stand_ins)}\n", "dim")
    for note in view.changes.notes:
        lines.append(f"  Note: {note}.\n", "dim")
    for ailment in view.changes.health:
        lines.append("  ✗ ", "red").append(f"{ailment.container} {ailment.message}\n")
    return lines


def published_urls(view: View) -> list[tuple[str, str]]:
    """Where each published TCP port answers, as far as the file fixes it."""
    urls = []
    for wish in view.wishes.containers:
        for binding in sorted(port_bindings(wish), key=lambda b: b.host_port):
            if binding.protocol == "tcp" and binding.host_port.isdigit():
                host = "localhost" if binding.host_ip in ("", "0.0.0.0", "127.0.0.1") else binding.host_ip  # noqa: S104
                host = f"[{host}]" if ":" in host else host
                urls.append((wish.name, f"http://{host}:{binding.host_port}"))
    return urls


def torn_down_text(changes: Changes) -> Text:
    """What was removed, and what was kept."""
    counts: dict[str, int] = {}
    for change in changes.changes:
        counts[change.kind] = counts.get(change.kind, 0) + 1
    listed = ", ".join(_count(count, kind) for kind, count in counts.items())
    lines = Text().append(f"`{changes.topology}` is gone", "bold green").append(f": removed {listed or 'nothing'}.\n")
    for note in changes.notes:
        lines.append(f"  Note: {note}.\n", "dim")
    return lines


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
