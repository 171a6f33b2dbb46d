"""Changing: a topology is locked, made so (or taken down), and looked at again.

What may pass by itself (a connection that was lost, a removal that is still going on) is met with a new look and a new
plan, never with the same call again: what became of that one, only the engine knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from netdeploy.apply.endings import Watched, ended_too_soon
from netdeploy.apply.execute import Outcome, execute
from netdeploy.attributes.wish import nothing
from netdeploy.engine.engine import Engine
from netdeploy.engine.errors import EngineAnswer
from netdeploy.engine.lock import Patience, is_left_behind, locked
from netdeploy.engine.observe import Scope, observe
from netdeploy.engine.observed import ObservedContainer
from netdeploy.errors import EngineUnreachable, Interrupted, NetdeployError, NotConverged, OperationFailed
from netdeploy.identity import TopologyId
from netdeploy.plan.changes import Action, Changes, ContainerChange
from netdeploy.plan.diff import DiffOptions, diff
from netdeploy.plan.operations import RemoveContainer, RemoveNetwork, RemoveVolume, Start
from netdeploy.plan.plan import plan
from netdeploy.plan.reasons import listed
from netdeploy.plan.report import report
from netdeploy.workflow.before import UNTOUCHED, always_pulled, contested, provide_images, refuse_obstacles
from netdeploy.workflow.listener import Listener
from netdeploy.workflow.saved import Held
from netdeploy.workflow.views import Target, View, glance, look

if TYPE_CHECKING:
    from netdeploy.plan.operations import Plan

_ATTEMPTS = 4
_ENGINE_RETURNS = 30.0  # seconds to wait for an engine that is started anew
_LOOK_AGAIN = 0.5  # seconds
_REMOVALS = (RemoveContainer, RemoveNetwork, RemoveVolume)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """How to change: times in seconds.

    `timeout` is for a wait for a container, `lock_timeout` for the wait until nobody else changes the topology. With
    `force`, what is not ours is disconnected from a network of ours that has to go.
    """

    timeout: float = 300.0
    lock_timeout: float = 300.0
    force: bool = False
    adopt: bool = False
    """Whether to take over what another file made that describes the same topology."""


@dataclass(slots=True)
class Applied:
    """What an apply did, and what its last look saw."""

    view: View
    changed: bool = False
    warnings: list[str] = field(default_factory=list)


def apply(engine: Engine, target: Target, listener: Listener, options: Options, held: Held | None = None) -> Applied:
    """Make the engine as the topology says; with `held`, only by exactly the changes of a saved plan.

    The listener is told of the diff before anything is touched, and of each step.

    Raises:
        Conflict: something is in the way, or another file describes what stands; nothing was touched.
        EngineTooOld: the topology uses what this engine does not have; nothing was touched.
        PlanRefused: the saved plan is for another engine, or stale.
        Locked: somebody else is changing the topology; nothing was touched.
        OperationFailed: an image can't be had (nothing was touched), or a step failed.
        NotConverged: all was done, and the engine still differs.
        Interrupted: `listener.stop` was set.
    """
    return _Apply(engine, target, listener, options, held).run()


class _Apply:
    def __init__(self, engine: Engine, target: Target, listener: Listener, options: Options, held: Held | None) -> None:
        self._engine = engine
        self._held = held
        self._target = target
        self._listener = listener
        self._options = options
        self._done = UNTOUCHED
        self._adopted = ""

    def run(self) -> Applied:
        if self._held:
            self._held.check_engine(self._engine)
        view = self._examine(None)
        applied = Applied(view)
        locks_left = any(is_left_behind(v.name, v.labels, self._target.id) for v in view.seen.volumes)
        if view.changes.in_sync and not always_pulled(view) and not locks_left:
            return applied
        with locked(self._engine, self._target.id, _patience(self._listener, self._options)):
            applied.view = self._examine(view)
            if self._held:
                self._as_planned(applied, self._held)
            else:
                _persist(self._engine, self._listener, lambda again: self._converge(applied, again=again))
        return applied

    def _as_planned(self, applied: Applied, held: Held) -> None:
        """Once: what remains after a failure is not what was planned, and somebody has to look at it."""
        try:
            self._converge(applied, again=False)
        except NetdeployError as error:
            if applied.changed:
                error.details = (
                    *error.details,
                    f"the plan was carried out in part; the rest: netdeploy apply {held.file}",
                )
                error.hint = "" if isinstance(error, Interrupted) else error.hint
            raise

    def _diff_options(self) -> DiffOptions:
        return DiffOptions(force=self._options.force)

    def _look(self) -> View:
        return look(self._engine, self._target, self._diff_options())

    def _examine(self, before: View | None) -> View:
        """A new look, shown where it differs from the one before, and refused where something is in the way."""
        view = glance(self._engine, self._target, self._diff_options())
        if self._held:
            self._held.check(view)
        return self._checked(view, shown=before is not None and view.changes.changes == before.changes.changes)

    def _checked(self, view: View, *, shown: bool) -> View:
        """A view that nothing stands in the way of; told of, unless the one that was shown said the same."""
        if not shown:
            self._listener.on_view(view)
            self._refuse_contested(view)
        for text in refuse_obstacles(self._engine, view, self._done):
            if not shown:
                self._listener.say(f"warning: {text}")
        return view

    def _refuse_contested(self, view: View) -> None:
        """Leave what another file made to that file, unless somebody has decided otherwise: once is enough."""
        other = view.changes.made_from
        if not view.changes.contested or view.changes.in_sync or self._options.adopt or other == self._adopted:
            return
        if not self._listener.may_adopt(view.changes):
            raise contested(view, self._target)
        self._adopted = other

    def _converge(self, applied: Applied, *, again: bool) -> None:
        if again:
            applied.view = self._examine(applied.view)
        if provide_images(self._engine, applied.view, self._listener):
            applied.view = self._with_images(applied.view)
        self._carry_out(applied)
        if not self._held and _is_consequence(applied.view.changes):
            applied.view = self._examine(None)
            self._carry_out(applied)
        if not applied.view.changes.in_sync:
            raise _not_converged(self._engine, applied)

    def _with_images(self, before: View) -> View:
        """A new look, now that the settings which containers inherit are known: they may change the plan.

        A pull takes long enough for much to happen meanwhile, so all is checked again; what is the same is not shown.
        """
        view = glance(self._engine, self._target, self._diff_options())
        if self._held:
            self._held.check_changes(view)
        return self._checked(view, shown=_as_shown(view) == _as_shown(before))

    def _carry_out(self, applied: Applied) -> None:
        steps = plan(applied.view.wishes, applied.view.seen, applied.view.changes)
        if not steps.operations:
            return
        outcome = _execute(steps, self._engine, self._listener, self._options)
        applied.changed |= bool(outcome.done)
        self._done = "nothing more was done" if applied.changed else UNTOUCHED
        applied.warnings += outcome.warnings
        _raise_failures(outcome)
        applied.view = self._look()


def _as_shown(view: View) -> object:
    shown = report(view.changes, None)
    return shown.changes, shown.notes


def _patience(listener: Listener, options: Options) -> Patience:
    return Patience(options.lock_timeout, listener.say, listener.stop)


def _execute(steps: Plan, engine: Engine, listener: Listener, options: Options) -> Outcome:
    return execute(steps, engine, on_event=listener.on_event, stop=listener.stop, timeout=options.timeout)


def _persist(engine: Engine, listener: Listener, run: Callable[[bool], T]) -> T:
    """Run, and again after what may pass; `run` is told whether it has to look again first."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return run(attempt > 1)
        except NetdeployError as error:
            if not error.may_pass:
                raise
            # the error itself is told at the end, if it is still there
            gone = isinstance(error, EngineUnreachable)
            listener.say(
                "the engine does not answer: waiting for it" if gone else "this may pass by itself: looking again"
            )
            _await(engine, listener)
    return run(True)


def _await(engine: Engine, listener: Listener) -> None:
    """Until the engine answers; it may be on its way back.

    Raises:
        EngineUnreachable: it does not come back.
        Interrupted: the listener does not want to wait.
    """
    end = time.monotonic() + _ENGINE_RETURNS
    while True:
        if listener.stop.wait(_LOOK_AGAIN):
            raise Interrupted("interrupted while the engine did not answer", hint="the same command finishes the job")
        try:
            engine.reader.get_bytes("/_ping")
        except (EngineUnreachable, EngineAnswer) as error:  # one that is starting, or ending, says no to everything
            if time.monotonic() > end:
                hint = "once it answers again, the same command finishes the job"
                raise EngineUnreachable(error.message, hint=hint, may_pass=False) from None
        else:
            return


def _is_consequence(changes: Changes) -> bool:
    """Whether all that remains is to start again what runs: by a step that was done it lost another one."""
    again = [live for live in _to_start(changes) if live.state.running and not live.state.paused]
    return bool(again) and len(again) == len(changes.changes)


def _to_start(changes: Changes) -> list[ObservedContainer]:
    starts = (c for c in changes.changes if isinstance(c, ContainerChange) and c.action is Action.START)
    return [change.live for change in starts if change.live]


def _ended(engine: Engine, changes: Changes) -> list[OperationFailed]:
    """What is said of those that have ended since they were started; empty where something else differs, too."""
    ended = [live for live in _to_start(changes) if live.state.status == "exited"]
    if len(ended) < len(changes.changes):
        return []
    watched = (Watched(live.id, live.name, live.state) for live in ended)
    return [ended_too_soon(engine.reader, container, "ended soon after it was started") for container in watched]


def _not_converged(engine: Engine, applied: Applied) -> NotConverged:
    ended = _ended(engine, applied.view.changes)
    if ended:
        others = [text for error in ended[1:] for text in (*error.details, error.message)]
        return NotConverged(ended[0].message, hint=ended[0].hint, details=[*others, *ended[0].details])
    return NotConverged(
        "every step was done, and the engine still differs from the file",
        hint="the engine did not take what its warning names: take it out of the file"
        if applied.warnings
        else "`netdeploy diff` shows how; if another apply does not help, this is a bug of netdeploy",
        details=(
            *(f"the engine warned: {text}" for text in applied.warnings),
            *(
                f"{change.action} {change.kind} {change.name}: {change.reason}"
                for change in applied.view.changes.changes
            ),
        ),
    )


def _raise_failures(outcome: Outcome) -> None:
    if outcome.interrupted:
        done, skipped = len(outcome.done), len(outcome.skipped)
        steps, were = "step was" if done == 1 else "steps were", "was" if skipped == 1 else "were"
        raise Interrupted(
            f"interrupted: {done} {steps} done, {skipped} {were} not",
            hint="the same command finishes the job",
            details=_undo_details(outcome),
        )
    if outcome.failed:
        (_, first), *others = outcome.failed
        details = [*first.details]
        for operation, error in others:
            details += [f"also failed: {operation.id}: {error.message}", *error.details]
        details += [*_not_started(outcome), *_undo_details(outcome)]
        kind = EngineUnreachable if isinstance(first, EngineUnreachable) else OperationFailed
        raise kind(first.message, hint=first.hint, details=details, may_pass=_may_pass(outcome))


def _may_pass(outcome: Outcome) -> bool:
    return all(error.may_pass for _, error in outcome.failed)


def _not_started(outcome: Outcome) -> list[str]:
    """Those that had to wait for what failed. The start of a replacement has a way back: there the old one runs."""
    starts = [op.call.container.name for op in outcome.skipped if isinstance(op.call, Start) and not op.undo]
    return [f"not started because of this: {listed(starts)}"] if starts else []


def _undo_details(outcome: Outcome) -> list[str]:
    details = [f"could not be taken back: {error.message}" for error in outcome.undo_errors]
    groups = dict.fromkeys(operation.group for operation in outcome.undone)
    return details + ([f"taken back, so that it is as it was before: {', '.join(groups)}"] if groups else [])


def teardown(
    engine: Engine, topology: TopologyId, listener: Listener, options: Options, *, remove_volumes: bool
) -> Changes:
    """Remove all that carries the topology's label; returns what was to be done.

    Raises:
        Locked: somebody else is changing the topology; nothing was touched.
        OperationFailed: something could not be removed; all else was.
        Interrupted: `listener.stop` was set.
    """
    with locked(engine, topology, _patience(listener, options)):
        return _persist(
            engine,
            listener,
            lambda _again: _tear_down(engine, topology, listener, options, remove_volumes=remove_volumes),
        )


def _tear_down(
    engine: Engine, topology: TopologyId, listener: Listener, options: Options, *, remove_volumes: bool
) -> Changes:
    seen = observe(engine.reader, Scope(topology))
    wanted = nothing(topology)
    changes = diff(wanted, seen, DiffOptions(remove_volumes=remove_volumes, force=options.force))
    listener.on_view(View(wanted, seen, changes))
    steps = plan(wanted, seen, changes, remove_volumes=remove_volumes)
    outcome = _execute(steps, engine, listener, options) if steps.operations else Outcome()
    if outcome.interrupted:
        _raise_failures(outcome)
    failures = [f"{operation.id}: {error.message}" for operation, error in outcome.failed]
    skipped = [operation.id for operation in outcome.skipped if isinstance(operation.call, _REMOVALS)]
    failures += [f"not done because of this: {', '.join(skipped)}"] if skipped else []
    failures += [f"{change.kind} `{change.name}` stays: {change.reason}" for change in changes.conflicts]
    if failures:
        hint = next((c.hint for c in changes.conflicts), "") or next((e.hint for _, e in outcome.failed if e.hint), "")
        raise OperationFailed(
            f"not all of `{topology.name}` could be removed",
            hint=hint,
            details=failures,
            may_pass=bool(outcome.failed) and _may_pass(outcome),
        )
    return changes
