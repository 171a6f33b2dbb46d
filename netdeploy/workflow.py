"""The loop of every verb, once: look, compare, plan, execute, and look again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdeploy.apply.execute import Event, Outcome, execute
from netdeploy.apply.images import Pull, PullProgress, pull_all
from netdeploy.attributes.wish import ContainerWish, Wishes, engine_name, nothing, wishes
from netdeploy.engine.busybox import OFFICIAL, find_busybox, provide_busybox
from netdeploy.engine.engine import Engine
from netdeploy.engine.observe import Scope, can_be_pulled, observe
from netdeploy.engine.observed import LABEL_NAME, LABEL_STAND_IN, ObservedContainer, ObservedImage, Snapshot
from netdeploy.errors import Conflict, EngineTooOld, Interrupted, NotConverged, OperationFailed
from netdeploy.plan.by_name import compare_by_name
from netdeploy.plan.changes import Action, Changes, ContainerChange
from netdeploy.plan.diff import DiffOptions, diff
from netdeploy.plan.ownership import our_containers
from netdeploy.plan.plan import plan
from netdeploy.plan.too_old import too_old
from netdeploy.stand_ins import stand_in, waited_for
from netdeploy.topology.model import Container, Topology

if TYPE_CHECKING:
    from netdeploy.stand_ins import Mode


@dataclass(frozen=True, slots=True)
class Target:
    """A topology as read, the file it came from, and which of its containers are to be stand-ins.

    `mode` None keeps what is: a stand-in stays one, and what is new is real.
    """

    topology: Topology
    source: Path
    mode: Mode | None = None

    @property
    def name(self) -> str:
        """The topology's name."""
        return self.topology.name or self.source.stem


@dataclass(frozen=True, slots=True)
class View:
    """One look at an engine, and what it means for one topology."""

    wishes: Wishes
    seen: Snapshot
    changes: Changes


@dataclass(slots=True)
class Listener:
    """Who is told what happens meanwhile; every part may stay silent."""

    say: Callable[[str], None] = lambda _text: None
    on_view: Callable[[View], None] = lambda _view: None
    on_pull: Callable[[PullProgress], None] = lambda _progress: None
    on_event: Callable[[Event], None] = lambda _event: None
    stop: threading.Event = field(default_factory=threading.Event)


def grade(engine: Engine, target: Target) -> Changes:
    """Compare a topology with what stands, whoever made it, by name; changes nothing.

    Raises:
        EngineTooOld: the topology uses what this engine does not have.
    """
    seen = _observe(engine, target)
    wanted = _wishes(engine, target, seen)
    _refuse_too_new(wanted, seen)
    return compare_by_name(wanted, seen)


def look(engine: Engine, target: Target) -> View:
    """Compare a topology with the engine; changes nothing.

    Raises:
        EngineTooOld: the topology uses what this engine does not have.
    """
    seen = _observe(engine, target)
    wanted = _wishes(engine, target, seen)
    _refuse_too_new(wanted, seen)
    return View(wanted, seen, diff(wanted, seen))


def _observe(engine: Engine, target: Target) -> Snapshot:
    topology = target.topology
    names = frozenset(topology.prefix + name for name in topology.containers)
    images = frozenset(container.image for container in topology.containers.values())
    networks = {engine_name(topology, key, spec) for key, spec in topology.networks.items() if not spec.external}
    return observe(engine.reader, Scope(target.name, names, images, frozenset(networks)))


def _refuse_too_new(wanted: Wishes, seen: Snapshot) -> None:
    lacking = too_old(wanted, seen.api_version)
    if lacking:
        api = f"API {seen.api_version[0]}.{seen.api_version[1]}"
        file = f"{wanted.origin.source} " if wanted.origin.source else "the file "
        raise EngineTooOld(
            f"{file}uses what this engine, Docker {seen.engine_version} ({api}), does not have; nothing was changed",
            hint="take it out of the file, or update Docker",
            details=lacking,
        )


def _wishes(engine: Engine, target: Target, seen: Snapshot) -> Wishes:
    containers = target.topology.containers
    live = _live_by_key(seen, target.name)
    standing_in = {key for key, container in live.items() if container.labels.get(LABEL_STAND_IN)}
    chosen = _chosen(engine, target, seen, standing_in)
    busybox = find_busybox(engine.reader) if chosen else None
    healthy = waited_for(containers, "service_healthy")
    completing = waited_for(containers, "service_completed_successfully")
    stand_ins = {}
    for key in chosen:
        image = seen.images.get(containers[key].image)
        name = live[key].image if key in standing_in else busybox[0] if busybox else OFFICIAL
        stand_ins[key] = stand_in(
            key,
            containers[key],
            name,
            inherited_ports=image.exposed if image else (),
            must_be_healthy=key in healthy,
            must_complete=key in completing,
        )

    def image_of(key: str, spec: Container) -> ObservedImage | None:
        if key in chosen:
            return seen.image_of(live[key]) if key in standing_in else busybox[1] if busybox else None
        known = seen.images.get(spec.image)
        # an image that is not here yet: what the running container inherits is the best guess until it is pulled
        return known or (_without_id(seen.image_of(live[key])) if key in live else None)

    return wishes(target.topology, target.source, image_of, stand_ins)


def _without_id(image: ObservedImage | None) -> ObservedImage | None:
    return replace(image, id="") if image else None


def _live_by_key(seen: Snapshot, topology: str) -> dict[str, ObservedContainer]:
    return {c.labels.get(LABEL_NAME, ""): c for c in our_containers(seen, topology)}


def _chosen(engine: Engine, target: Target, seen: Snapshot, standing_in: set[str]) -> set[str]:
    """The containers that are to be stand-ins."""
    containers = target.topology.containers
    match target.mode:
        case None:
            return standing_in & set(containers)
        case "always":
            return set(containers)
        case "never":
            return set()
    absent = sorted({container.image for container in containers.values()} - set(seen.images))
    to_be_had = dict(zip(absent, engine.reader.get_all(lambda i: can_be_pulled(engine.reader, i), absent), strict=True))
    return {key for key, container in containers.items() if not to_be_had.get(container.image, True)}


def apply(engine: Engine, target: Target, listener: Listener, *, timeout: float) -> tuple[Outcome, View]:
    """Make the engine as the topology says; returns what was done, and what the last look saw.

    Args:
        engine: where.
        target: what.
        listener: told of the diff before anything is touched, and of each step.
        timeout: seconds that a wait for a container may take.

    Raises:
        Conflict: something foreign is in the way; nothing was touched.
        OperationFailed: an image can't be had (nothing was touched), or a step failed.
        NotConverged: all was done, and the engine still differs.
        Interrupted: `listener.stop` was set.
    """
    view = look(engine, target)
    listener.on_view(view)
    _refuse_conflicts(view.changes)
    if _provide_images(engine, view, listener):
        view = look(engine, target)  # the settings that containers inherit are known now
    steps = plan(view.wishes, view.seen, view.changes)
    if not steps.operations:
        return Outcome(), view
    outcome = execute(steps, engine, on_event=listener.on_event, stop=listener.stop, timeout=timeout)
    _raise_failures(outcome)
    view = look(engine, target)
    if not view.changes.in_sync:
        raise NotConverged(
            "every step was done, and the engine still differs from the file",
            hint="the engine did not take what its warning names: take it out of the file"
            if outcome.warnings
            else "`netdeploy diff` shows how; if another apply does not help, this is a bug of netdeploy",
            details=(
                *(f"the engine warned: {text}" for text in outcome.warnings),
                *(f"{change.action} {change.kind} {change.name}: {change.reason}" for change in view.changes.changes),
            ),
        )
    return outcome, view


def _refuse_conflicts(changes: Changes) -> None:
    if changes.conflicts:
        count = len(changes.conflicts)
        what = "something stands" if count == 1 else f"{count} things stand"
        raise Conflict(f"{what} in the way (marked ! above); nothing was touched")


def _provide_images(engine: Engine, view: View, listener: Listener) -> bool:
    """Fetch what is missing; whether anything was."""
    making = [
        change.wish
        for change in view.changes.changes
        if isinstance(change, ContainerChange) and change.wish and change.action in (Action.CREATE, Action.REPLACE)
    ]
    provided = False
    if any(wish.stand_in_for and wish.image is None for wish in making):
        provide_busybox(engine, listener.say)
        provided = True
    missing = [w for w in making if not w.stand_in_for and w.spec.image not in view.seen.images]
    _refuse_never_pulled(missing)
    always = [w for w in view.wishes.containers if not w.stand_in_for and w.spec.pull_policy == "always"]
    if missing or always:
        pulls = {Pull(w.spec.image, w.spec.platform or "") for w in (*missing, *always)}
        pull_all(engine, pulls, listener.on_pull, listener.stop)
        provided = True
    return provided


def _refuse_never_pulled(missing: list[ContainerWish]) -> None:
    never = [wish for wish in missing if wish.spec.pull_policy == "never"]
    if never:
        details = [f"containers.{wish.key}: the engine has no image `{wish.spec.image}`" for wish in never]
        hint = "make or load the image, or take `pull_policy` out of the file"
        raise OperationFailed("the file says `pull_policy: never`; nothing was changed", hint=hint, details=details)


def _raise_failures(outcome: Outcome) -> None:
    if outcome.interrupted:
        raise Interrupted(
            f"interrupted: {len(outcome.done)} steps were done, {len(outcome.skipped)} were not",
            hint="the same command finishes the job",
            details=_undo_details(outcome),
        )
    if outcome.failed:
        (_, first), *others = outcome.failed
        details = [*first.details]
        for operation, error in others:
            details += [f"also failed: {operation.id}: {error.message}", *error.details]
        details += _undo_details(outcome)
        raise type(first)(first.message, hint=first.hint, details=details)


def _undo_details(outcome: Outcome) -> list[str]:
    details = [f"could not be taken back: {error.message}" for error in outcome.undo_errors]
    groups = dict.fromkeys(f"`{operation.group}`" for operation in outcome.undone)
    return details + ([f"taken back, so that it is as it was before: {', '.join(groups)}"] if groups else [])


def teardown(
    engine: Engine, topology: str, listener: Listener, *, remove_volumes: bool, timeout: float
) -> tuple[Outcome, Changes]:
    """Remove all that carries the topology's label; returns what was done and what was to be done.

    Raises:
        OperationFailed: something could not be removed; all else was.
        Interrupted: `listener.stop` was set.
    """
    seen = observe(engine.reader, Scope(topology))
    wanted = nothing(topology)
    changes = diff(wanted, seen, DiffOptions(remove_volumes=remove_volumes))
    listener.on_view(View(wanted, seen, changes))
    steps = plan(wanted, seen, changes, remove_volumes=remove_volumes)
    outcome = Outcome()
    if steps.operations:
        outcome = execute(steps, engine, on_event=listener.on_event, stop=listener.stop, timeout=timeout)
    if outcome.interrupted:
        _raise_failures(outcome)
    failures = [f"{operation.id}: {error.message}" for operation, error in outcome.failed]
    failures += [f"{change.kind} `{change.name}` stays: {change.reason}" for change in changes.conflicts]
    if failures:
        hint = next((c.hint for c in changes.conflicts), "") or next((e.hint for _, e in outcome.failed if e.hint), "")
        raise OperationFailed(f"not all of `{topology}` could be removed", hint=hint, details=failures)
    return outcome, changes
