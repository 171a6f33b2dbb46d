"""Steps and pulls as lines of progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.apply.execute import Phase

if TYPE_CHECKING:
    from netdeploy.apply.execute import Event
    from netdeploy.apply.images import PullProgress

_MARKS = {
    Phase.DONE: ("✓", "green"),
    Phase.FAILED: ("✗", "bold red"),
    Phase.SKIPPED: ("·", "dim"),
    Phase.UNDONE: ("↩", "yellow"),
}


def step_line(event: Event) -> tuple[str, str] | None:
    """A finished step as text and style; None while there is nothing to say."""
    if event.phase is Phase.STARTED:
        return None
    mark, style = _MARKS[event.phase]
    seconds = f"  {event.seconds:.1f}s" if event.phase is Phase.DONE and event.seconds >= 0.1 else ""
    what = {
        Phase.SKIPPED: "  (not done)",
        Phase.UNDONE: "  (taken back)",
        Phase.FAILED: "  (failed)",
    }.get(event.phase, seconds)
    return f"{mark} {event.operation.id}{what}", style


def pull_text(progress: PullProgress) -> str:
    """How far an image is."""
    if progress.error:
        return f"✗ pull {progress.image}  (failed)"
    if progress.finished:
        return f"✓ pull {progress.image}"
    if progress.bytes_all:
        mega = 1_000_000
        amount = f"{progress.bytes_done / mega:.1f} of {progress.bytes_all / mega:.1f} MB"
        return f"pull {progress.image}  {amount}, {progress.layers_done} of {progress.layers} layers"
    return f"pull {progress.image}"
