"""Looking: what a topology wants, what an engine holds, and how the two differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdeploy.attributes.wish import Wishes, engine_name, wishes
from netdeploy.engine.busybox import OFFICIAL, find_busybox
from netdeploy.engine.engine import Engine
from netdeploy.engine.observe import Scope, can_be_pulled, observe
from netdeploy.engine.observed import LABEL_NAME, LABEL_STAND_IN, ObservedContainer, ObservedImage, Snapshot
from netdeploy.errors import EngineTooOld
from netdeploy.identity import TopologyId
from netdeploy.plan.by_name import compare_by_name
from netdeploy.plan.changes import Changes
from netdeploy.plan.diff import DiffOptions, diff
from netdeploy.plan.ownership import our_containers
from netdeploy.plan.too_old import too_old
from netdeploy.stand_ins import stand_in, waited_for
from netdeploy.topology.model import Container, Topology
from netdeploy.workflow.copies import with_contest

if TYPE_CHECKING:
    from netdeploy.stand_ins import Mode


_AS_IT_IS = DiffOptions()


@dataclass(frozen=True, slots=True)
class Target:
    """A topology as read, the file it came from, and which of its containers are to be stand-ins.

    `mode` None keeps what is: a stand-in stays one, and what is new is real.
    """

    topology: Topology
    source: Path
    mode: Mode | None = None

    @property
    def id(self) -> TopologyId:
        """What the topology is known by."""
        return TopologyId(self.topology.name or self.source.stem, self.topology.prefix)


@dataclass(frozen=True, slots=True)
class View:
    """One look at an engine, and what it means for one topology."""

    wishes: Wishes
    seen: Snapshot
    changes: Changes


def grade(engine: Engine, target: Target) -> Changes:
    """Compare a topology with what stands, whoever made it, by name; changes nothing.

    Raises:
        EngineTooOld: the topology uses what this engine does not have.
    """
    seen = _observe(engine, target)
    wanted = _wishes(engine, target, seen)
    _refuse_too_new(wanted, seen)
    return compare_by_name(wanted, seen)


def look(engine: Engine, target: Target, options: DiffOptions = _AS_IT_IS) -> View:
    """Compare a topology with the engine; changes nothing.

    Raises:
        EngineTooOld: the topology uses what this engine does not have.
    """
    view = glance(engine, target, options)
    _refuse_too_new(view.wishes, view.seen)
    return view


def glance(engine: Engine, target: Target, options: DiffOptions = _AS_IT_IS) -> View:
    """As `look`, for one who asks himself what the engine is too old for."""
    seen = _observe(engine, target)
    wanted = _wishes(engine, target, seen)
    return View(wanted, seen, with_contest(diff(wanted, seen, options), target.id, target.source))


def _observe(engine: Engine, target: Target) -> Snapshot:
    topology = target.topology
    names = frozenset(topology.prefix + name for name in topology.containers)
    images = frozenset(container.image for container in topology.containers.values())
    networks = {engine_name(topology, key, spec) for key, spec in topology.networks.items() if not spec.external}
    external = frozenset(engine_name(topology, key, spec) for key, spec in topology.networks.items() if spec.external)
    return observe(engine.reader, Scope(target.id, names, images, frozenset(networks), external))


def _refuse_too_new(wanted: Wishes, seen: Snapshot) -> None:
    lacking = too_old(wanted, seen.api_version)
    if lacking:
        raise EngineTooOld(
            too_old_text(wanted, seen),
            hint="take it out of the file, or update Docker",
            details=lacking,
        )


def too_old_text(wanted: Wishes, seen: Snapshot) -> str:
    """The sentence above the attributes that the engine is too old for."""
    api = f"API {seen.api_version[0]}.{seen.api_version[1]}"
    file = f"{wanted.origin.source} " if wanted.origin.source else "the file "
    return f"{file}uses what this engine, Docker {seen.engine_version} ({api}), does not have"


def _wishes(engine: Engine, target: Target, seen: Snapshot) -> Wishes:
    containers = target.topology.containers
    live = _live_by_key(seen, target.id)
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


def _live_by_key(seen: Snapshot, topology: TopologyId) -> dict[str, ObservedContainer]:
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
