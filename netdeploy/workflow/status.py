"""How the topologies on an engine are, and what was left behind; changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netdeploy.engine import helpers, lock
from netdeploy.engine.observe import Scope, observe
from netdeploy.engine.observed import ObservedContainer, ObservedNetwork, ObservedVolume, Snapshot
from netdeploy.errors import EngineUnreachable, NetdeployError
from netdeploy.identity import TopologyId
from netdeploy.plan.health import Ailment, ailments
from netdeploy.plan.ownership import (
    claimants,
    container_owner_text,
    is_interim,
    made_from,
    our_containers,
    our_networks,
    our_volumes,
    owners,
)
from netdeploy.plan.volumes import anonymous
from netdeploy.workflow.copies import reading_of
from netdeploy.workflow.views import Target, look

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.engine.holder import Holder
    from netdeploy.plan.changes import Changes

Kind = Literal["helper", "lock", "interim", "volume", "inheritor"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing with the file gave: the changes, or (then they are None) why it can't be told and what to do."""

    changes: Changes | None = None
    why_not: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TopologyStatus:
    """One topology: what stands of it, and how it compares with the file it came from (`source`, "" unknown)."""

    id: TopologyId
    source: str
    containers: tuple[ObservedContainer, ...]
    networks: tuple[ObservedNetwork, ...]
    volumes: tuple[ObservedVolume, ...]
    comparison: Comparison
    ailments: tuple[Ailment, ...]
    changed_by: Holder | None = None
    """Who is changing it at this moment, as far as its lock tells."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something with our label that no topology needs any more: what it is, why, and how to be rid of it."""

    kind: Kind
    name: str
    topology: TopologyId | None
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """All of an engine that carries our labels."""

    engine_version: str
    topologies: tuple[TopologyStatus, ...]
    leftovers: tuple[Leftover, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The topologies of which there is anything, sorted."""
        left = {leftover.topology.name for leftover in self.leftovers if leftover.topology}
        return tuple(sorted(left | {topology.id.name for topology in self.topologies}))

    def of(self, names: Iterable[str]) -> EngineStatus:
        """The part that belongs to some topologies."""
        wanted = set(names)
        return EngineStatus(
            self.engine_version,
            tuple(topology for topology in self.topologies if topology.id.name in wanted),
            tuple(left for left in self.leftovers if left.topology and left.topology.name in wanted),
        )


def status(engine: Engine) -> EngineStatus:
    """Look at everything that carries our labels, and compare each topology with the file it came from."""
    seen = observe(engine.reader, Scope(topology=None))
    locks = lock.all_locks(engine.reader)
    living = {topology: holder for topology, holder in locks.values() if not holder.is_dead}
    standing = _standing(seen)
    topologies = tuple(_topology(engine, id_, seen, living.get(id_)) for id_ in standing)
    left = [*_helpers(engine), *_locks(locks), *_interim(topologies), *_volumes(seen, standing), *_inheritors(seen)]
    return EngineStatus(seen.engine_version, topologies, tuple(left))


def _known(seen: Snapshot) -> list[TopologyId]:
    objects: tuple[ObservedContainer | ObservedNetwork | ObservedVolume, ...]
    objects = (*seen.containers, *seen.networks, *seen.volumes)
    return sorted(set(filter(None, map(owners(seen).owner, objects))))


def _standing(seen: Snapshot) -> list[TopologyId]:
    """The topologies that have a container or a network; volumes alone are what a teardown leaves."""
    return [id_ for id_ in _known(seen) if our_containers(seen, id_) or our_networks(seen, id_)]


def _topology(engine: Engine, id_: TopologyId, seen: Snapshot, changed_by: Holder | None) -> TopologyStatus:
    containers, networks = our_containers(seen, id_), our_networks(seen, id_)
    source = made_from(seen, id_)
    comparison = _compare(engine, id_, source)
    internal = frozenset(network.id for network in seen.networks if network.internal)
    if comparison.changes:
        ailing = comparison.changes.health
    else:  # whether it was meant to end, only the file tells: an end with exit code 0 gets the benefit of the doubt
        found = (ailments(c, c.name, may_have_ended=True, internal=internal) for c in containers)
        ailing = tuple(ailment for several in found for ailment in several)
    return TopologyStatus(
        id=id_,
        source=source,
        containers=tuple(sorted(containers, key=lambda container: container.name)),
        networks=tuple(sorted(networks, key=lambda network: network.name)),
        volumes=our_volumes(seen, id_),
        comparison=comparison,
        ailments=ailing,
        changed_by=changed_by,
    )


def _compare(engine: Engine, id_: TopologyId, source: str) -> Comparison:
    away = f"netdeploy teardown {id_.options}"
    try:
        reading = reading_of((source,) if source else ())
    except NetdeployError as error:
        return Comparison(why_not=error.message, hint=f"{error.hint}; or remove it: {away}")
    try:
        topology = reading.wanted()
        target = Target(topology, reading.source)
        if target.id != id_:
            return Comparison(
                why_not=f"its file describes {target.id.beside(id_)} now", hint=f"{away} removes what stands"
            )
        return Comparison(look(engine, target).changes)
    except EngineUnreachable:
        raise
    except NetdeployError as error:
        return Comparison(why_not=error.message, hint=error.hint)


# -- what was left behind --


def _helpers(engine: Engine) -> Iterator[Leftover]:
    for helper in helpers.leftovers(engine.reader):
        message = f"a helper container for {helper.purpose}, left by {helper.holder.text}, whose process has ended"
        hint = f"docker rm -f {helper.name}; the next helper's run does it"
        yield Leftover("helper", helper.name, None, message, hint)


def _locks(locks: Mapping[str, tuple[TopologyId, Holder]]) -> Iterator[Leftover]:
    for volume, (topology, holder) in locks.items():
        if holder.is_dead:
            message = f"the lock of `{topology.name}`, left by {holder.text}, whose process has ended"
            hint = f"netdeploy unlock {topology.options}; the next apply does it"
            yield Leftover("lock", volume, topology, message, hint)


def _interim(topologies: Iterable[TopologyStatus]) -> Iterator[Leftover]:
    """While somebody holds the lock, a replacement is under way and nothing is left."""
    for topology in topologies:
        for container in topology.containers:
            if topology.changed_by is None and is_interim(container.name):
                message = f"a container of `{topology.id.name}` from a replacement that was interrupted"
                file = shlex.quote(topology.source) if topology.source else "FILE"
                hint = f"netdeploy apply {file} finishes it, netdeploy teardown {topology.id.options} removes it"
                yield Leftover("interim", container.name, topology.id, message, hint)


def _volumes(seen: Snapshot, standing: Collection[TopologyId]) -> Iterator[Leftover]:
    for id_ in _known(seen):
        volumes = (*our_volumes(seen, id_), *anonymous(seen, id_)) if id_ not in standing else ()
        for volume in volumes:
            message = f"a volume of `{id_.name}`, of which nothing else is left; it is kept for its data"
            hint = f"netdeploy teardown {id_.options} --volumes removes it"
            yield Leftover("volume", volume.name, id_, message, hint)


def _inheritors(seen: Snapshot) -> Iterator[Leftover]:
    for id_, container in claimants(seen):
        message = f"it {container_owner_text(container)}"
        yield Leftover("inheritor", container.name, id_, message, f"docker rm -f {container.name}")
