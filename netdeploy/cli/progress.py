"""Progress on stderr: live on a terminal, a line for each finished step elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netdeploy.apply.execute import Event, Phase
from netdeploy.render.progress_text import pull_text, step_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from netdeploy.apply.images import PullProgress


class PlainProgress:
    """One line when something is finished."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._pulled: set[tuple[str, bool]] = set()

    def step(self, event: Event) -> None:
        """Told of each step of the plan."""
        line = step_line(event)
        if line:
            self._out.print(line[0])

    def pull(self, progress: PullProgress) -> None:
        """Told how far each image is."""
        with self._lock:
            key = (progress.image, progress.finished)
            if key not in self._pulled:
                self._pulled.add(key)
                self._out.print(pull_text(progress))


class LiveProgress:
    """Finished steps as lines; below them, what is going on, with its time."""

    def __init__(self, out: Console, live: Progress) -> None:
        self._out = out
        self._live = live
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}

    def step(self, event: Event) -> None:
        """Told of each step of the plan."""
        with self._lock:
            if event.phase is Phase.STARTED:
                self._begin(event.operation.id, event.operation.id)
                return
            self._end(event.operation.id)
            line = step_line(event)
            if line:
                self._out.print(line[0], style=line[1])

    def pull(self, progress: PullProgress) -> None:
        """Told how far each image is."""
        with self._lock:
            name = f"pull {progress.image}"
            if progress.finished:
                self._end(name)
                self._out.print(pull_text(progress), style="bold red" if progress.error else "green")
            elif name in self._tasks:
                self._live.update(self._tasks[name], description=pull_text(progress))
            else:
                self._begin(name, pull_text(progress))

    def _begin(self, name: str, text: str) -> None:
        self._live.start()  # not before there is something to show: a question may come first
        self._tasks[name] = self._live.add_task(text, total=None)

    def _end(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            self._live.remove_task(task)


@contextmanager
def progress(out: Console) -> Iterator[PlainProgress | LiveProgress]:
    """The progress that fits the console."""
    if not out.is_terminal:
        yield PlainProgress(out)
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    live = Progress(*columns, console=out, transient=True)
    try:
        yield LiveProgress(out, live)
    finally:
        live.stop()
