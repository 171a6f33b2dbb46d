"""Taking several topologies down side by side. What is said of each is kept together, and told when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netdeploy.cli import streams
from netdeploy.cli.context import show_error, stop_on_signals
from netdeploy.cli.several import Result, tell
from netdeploy.errors import EngineUnreachable, Interrupted, NetdeployError, OperationFailed
from netdeploy.render.progress_text import step_line
from netdeploy.render.result_text import torn_down_text
from netdeploy.workflow.listener import Listener

if TYPE_CHECKING:
    import threading

    from rich.console import Console

    from netdeploy.apply.execute import Event
    from netdeploy.identity import TopologyId
    from netdeploy.plan.changes import Changes

AT_ONCE = 4
"""Topologies. Each has workers of its own, and an engine is no faster with more (see ARCHITECTURE.md)."""
TearDown = Callable[["TopologyId", Listener], "Changes"]


@dataclass(slots=True)
class _Turn:
    """One topology: what its steps said, as text and style, and what became of it; neither while it was not tried."""

    topology: TopologyId
    name: str
    said: list[tuple[str, str]] = field(default_factory=list)
    changes: Changes | None = None
    error: NetdeployError | None = None

    def run(self, tear_down: TearDown, stop: threading.Event, gone: Callable[[], bool]) -> None:
        if stop.is_set() or gone():
            return
        self.error = None
        listener = Listener(lambda text: self.said.append((text, "")), on_event=self._step, stop=stop)
        try:
            self.changes = tear_down(self.topology, listener)
        except NetdeployError as error:
            self.error = error

    def _step(self, event: Event) -> None:
        line = step_line(event)
        if line:
            self.said.append(line)

    @property
    def result(self) -> Result:
        return Result(self.name, "removed" if self.changes else "", self.error)


def side_by_side(topologies: Sequence[TopologyId], tear_down: TearDown) -> int:
    """Take topologies down, a few at a time; `tear_down` is called from threads. Returns the exit code.

    What failed is tried once more after the others: a network, or a volume, may have been in use by one of them.
    """
    names = [id_.name for id_ in topologies]
    turns = [_Turn(id_, id_.text if names.count(id_.name) > 1 else id_.name) for id_ in topologies]
    err = streams.console(stderr=True)
    with stop_on_signals() as stop:
        for turn in _done(turns, tear_down, stop, err):
            if not _may_follow(turn):
                _tell(turn, err)
        again = [turn for turn in turns if _may_follow(turn)]
        others = any(turn.changes for turn in turns) and not stop.is_set()
        for turn in _done(again, tear_down, stop, err) if others else again:
            _tell(turn, err)
    return tell([turn.result for turn in turns], "topologies")


def _may_follow(turn: _Turn) -> bool:
    return type(turn.error) is OperationFailed


def _done(turns: list[_Turn], tear_down: TearDown, stop: threading.Event, err: Console) -> Iterator[_Turn]:
    """Run them, and give each when it is done."""

    def gone() -> bool:
        return any(isinstance(turn.error, EngineUnreachable) for turn in turns)

    under_way = {turn.name: turn for turn in turns}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="teardown") as pool:
        futures = {pool.submit(turn.run, tear_down, stop, gone): turn for turn in turns}
        finished = as_completed(futures)
        while under_way:
            with _shown(err, under_way):
                future = next(finished)
            future.result()
            yield under_way.pop(futures[future].name)


@contextmanager
def _shown(err: Console, names: Iterable[str]) -> Iterator[None]:
    """On a terminal, which topologies are still under way."""
    if not err.is_terminal:
        yield
        return
    with err.status(f"removing {', '.join(names)}"):
        yield


def _tell(turn: _Turn, err: Console) -> None:
    for text, style in turn.said:
        err.print(text, style=style)
    if turn.error and not isinstance(turn.error, Interrupted):
        show_error(turn.error)
    elif turn.error:
        streams.tell(f"{turn.name}: {turn.error.message}")
    if turn.changes and not turn.error:
        streams.show(torn_down_text(turn.changes))
