"""The executor. It decides nothing: the plan says what, and what waits for what.

When an operation fails, those that wait for it are skipped, the others go on; a replacement that fails half-way is
taken back, so that the old container stands again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import StrEnum

from netdeploy.apply.calls import Calls
from netdeploy.engine.engine import Engine
from netdeploy.errors import EngineUnreachable, NetdeployError, OperationFailed
from netdeploy.plan.operations import Operation, Plan, Wait

WORKERS = 6  # an engine on two cores is no faster with more (see ARCHITECTURE.md)
LOOK_AGAIN = 0.2  # seconds between two looks of a wait
_TICK = 0.1  # seconds between two looks at the interrupt


class Phase(StrEnum):
    """What happened to an operation."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Event:
    """Progress, as it happens; `seconds` since the operation started."""

    phase: Phase
    operation: Operation
    seconds: float = 0.0
    error: NetdeployError | None = None


@dataclass(slots=True)
class Outcome:
    """What a run did. `undo_errors` are replacements that could not be taken back."""

    done: list[Operation] = field(default_factory=list)
    failed: list[tuple[Operation, NetdeployError]] = field(default_factory=list)
    skipped: list[Operation] = field(default_factory=list)
    undone: list[Operation] = field(default_factory=list)
    undo_errors: list[NetdeployError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What the engine warned of."""
    interrupted: bool = False


@dataclass(slots=True)
class _Running:
    operation: Operation
    since: float


def execute(
    plan: Plan,
    engine: Engine,
    *,
    on_event: Callable[[Event], None] = lambda _event: None,
    stop: threading.Event | None = None,
    timeout: float = 300.0,
) -> Outcome:
    """Run a plan to its end.

    Args:
        plan: what to do.
        engine: on which engine.
        on_event: told of each step, always from this thread.
        stop: when set, nothing more is started, calls in flight are finished and half-done replacements taken back.
        timeout: seconds a wait (for health, for an end) may take.
    """
    return _Execution(plan, Calls(engine), on_event, stop or threading.Event(), timeout).run()


class _Execution:
    def __init__(
        self,
        plan: Plan,
        calls: Calls,
        on_event: Callable[[Event], None],
        stop: threading.Event,
        timeout: float,
    ) -> None:
        self._calls = calls
        self._tell = on_event
        self._stop = stop
        self._timeout = timeout
        self._waiting: dict[str, Operation] = {operation.id: operation for operation in plan.operations}
        self._running: dict[Future[bool], _Running] = {}
        self._sleeping: list[tuple[float, _Running]] = []
        self._done: set[str] = set()
        self._lost: set[str] = set()
        self._outcome = Outcome()
        self._bug: BaseException | None = None

    def run(self) -> Outcome:
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="apply") as pool:
            while self._waiting or self._running or self._sleeping:
                if self._stop.is_set():
                    self._interrupt()
                self._wake(pool)
                self._skip_lost()
                self._start_ready(pool)
                self._collect()
        self._undo()
        if self._bug:
            raise self._bug
        self._outcome.warnings += self._calls.warnings
        return self._outcome

    def _start_ready(self, pool: ThreadPoolExecutor) -> None:
        ready = [op for op in self._waiting.values() if all(self._is_over(op, other) for other in op.after)]
        for operation in ready:
            del self._waiting[operation.id]
            self._tell(Event(Phase.STARTED, operation))
            self._submit(pool, _Running(operation, time.monotonic()))

    def _is_over(self, operation: Operation, other: str) -> bool:
        return other in self._done or (other in self._lost and other in operation.despite)

    def _submit(self, pool: ThreadPoolExecutor, running: _Running) -> None:
        operation, since = running.operation, running.since
        if isinstance(operation.call, Wait):
            future = pool.submit(lambda: self._calls.look(operation, time.monotonic() - since))
        else:
            future = pool.submit(lambda: self._calls.do(operation.call))
        self._running[future] = running

    def _collect(self) -> None:
        if not self._running:
            if self._sleeping:
                self._stop.wait(_TICK)
            return
        finished, _ = wait(self._running, timeout=_TICK, return_when=FIRST_COMPLETED)
        for future in finished:
            running = self._running.pop(future)
            error = future.exception()
            if error is None and not future.result():
                self._sleep(running)
            else:
                self._finish(running, error)

    def _sleep(self, running: _Running) -> None:
        if time.monotonic() - running.since > self._timeout:
            self._finish(running, self._calls.too_slow(running.operation, self._timeout))
        else:
            self._sleeping.append((time.monotonic() + LOOK_AGAIN, running))

    def _wake(self, pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        awake = [running for due, running in self._sleeping if due <= now]
        self._sleeping = [(due, running) for due, running in self._sleeping if due > now]
        for running in awake:
            self._submit(pool, running)

    def _finish(self, running: _Running, error: BaseException | None) -> None:
        operation, seconds = running.operation, time.monotonic() - running.since
        if isinstance(error, OperationFailed) and isinstance(operation.call, Wait) and not operation.call.required:
            self._outcome.warnings.append(f"{error.message}; it is not required, so what depends on it starts")
            error = None
        if error is None:
            self._done.add(operation.id)
            self._outcome.done.append(operation)
            self._tell(Event(Phase.DONE, operation, seconds))
        elif isinstance(error, NetdeployError):
            self._lost.add(operation.id)
            self._outcome.failed.append((operation, error))
            self._tell(Event(Phase.FAILED, operation, seconds, error))
        else:  # a bug; what is half done is taken back all the same
            self._lost.add(operation.id)
            self._outcome.skipped.append(operation)
            self._bug = self._bug or error
            for waiting in list(self._waiting.values()):
                self._skip(waiting)

    def _skip_lost(self) -> None:
        while True:
            lost = [op for op in self._waiting.values() if self._lost & {*op.after} - {*op.despite}]
            if not lost:
                return
            for operation in lost:
                self._skip(operation)

    def _skip(self, operation: Operation) -> None:
        del self._waiting[operation.id]
        self._lost.add(operation.id)
        self._outcome.skipped.append(operation)
        self._tell(Event(Phase.SKIPPED, operation))

    def _interrupt(self) -> None:
        self._outcome.interrupted = True
        for operation in list(self._waiting.values()):
            self._skip(operation)
        for _due, running in self._sleeping:  # a wait has nothing to finish
            self._lost.add(running.operation.id)
            self._outcome.skipped.append(running.operation)
        self._sleeping = []

    def _undo(self) -> None:
        """Take half-done replacements back, the last step first.

        Where the connection was lost, what was carried out is not known, and only a new look can tell.
        """
        if any(isinstance(error, EngineUnreachable) for _, error in self._outcome.failed):
            return
        broken = {op.group for op, _ in self._outcome.failed} | {op.group for op in self._outcome.skipped}
        for operation in reversed(self._outcome.done):
            if operation.group and operation.group in broken and operation.undo:
                try:
                    for call in operation.undo:
                        self._calls.do(call)
                except NetdeployError as error:
                    self._outcome.undo_errors.append(error)
                else:
                    self._outcome.undone.append(operation)
                    self._tell(Event(Phase.UNDONE, operation))
