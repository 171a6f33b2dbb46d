"""How the topologies on an engine are, and what was left behind; changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from netdeploy.attributes.labels import KIND_ANONYMOUS
from netdeploy.engine import helpers, lock
from netdeploy.engine.observe import Scope, observe
from netdeploy.engine.observed import (
    LABEL_SOURCE,
    LABEL_TOPOLOGY,
    ObservedContainer,
    ObservedNetwork,
    ObservedVolume,
    Snapshot,
)
from netdeploy.errors import EngineUnreachable, NetdeployError, TopologyInvalid
from netdeploy.paths import is_gone
from netdeploy.plan.health import Ailment, ailments
from netdeploy.plan.ownership import inheritors, is_interim, is_ours, our_containers
from netdeploy.topology.read import read
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

    name: str
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
    topology: str
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
        left = {leftover.topology for leftover in self.leftovers} - {""}
        return tuple(sorted(left | {topology.name for topology in self.topologies}))

    def of(self, names: Iterable[str]) -> EngineStatus:
        """The part that belongs to some topologies."""
        wanted = set(names)
        return EngineStatus(
            self.engine_version,
            tuple(topology for topology in self.topologies if topology.name in wanted),
            tuple(leftover for leftover in self.leftovers if leftover.topology in wanted),
        )


def status(engine: Engine) -> EngineStatus:
    """Look at everything that carries our labels, and compare each topology with the file it came from."""
    seen = observe(engine.reader, Scope(topology=None))
    locks = lock.all_locks(engine.reader)
    living = {topology: holder for topology, holder in locks.values() if not holder.is_dead}
    topologies = tuple(_topology(engine, name, seen, living.get(name)) for name in _names(seen))
    left = [*_helpers(engine), *_locks(locks), *_interim(topologies), *_volumes(seen), *_inheritors(seen)]
    return EngineStatus(seen.engine_version, topologies, tuple(left))


def _labelled(seen: Snapshot) -> set[str]:
    objects: tuple[ObservedContainer | ObservedNetwork | ObservedVolume, ...]
    objects = (*seen.containers, *seen.networks, *seen.volumes)
    return {o.labels[LABEL_TOPOLOGY] for o in objects if o.labels.get(LABEL_TOPOLOGY)}


def _names(seen: Snapshot) -> list[str]:
    """The topologies that have a container or a network; volumes alone are what a teardown leaves."""
    return sorted(name for name in _labelled(seen) if our_containers(seen, name) or _networks(seen, name))


def _networks(seen: Snapshot, name: str) -> tuple[ObservedNetwork, ...]:
    return tuple(network for network in seen.networks if is_ours(network.labels, name, "network"))


def _topology(engine: Engine, name: str, seen: Snapshot, changed_by: Holder | None) -> TopologyStatus:
    containers, networks = our_containers(seen, name), _networks(seen, name)
    source = _source((*containers, *networks))
    comparison = _compare(engine, name, source)
    internal = frozenset(network.id for network in seen.networks if network.internal)
    if comparison.changes:
        ailing = comparison.changes.health
    else:  # whether it was meant to end, only the file tells: an end with exit code 0 gets the benefit of the doubt
        found = (ailments(c, c.name, may_have_ended=True, internal=internal) for c in containers)
        ailing = tuple(ailment for several in found for ailment in several)
    return TopologyStatus(
        name=name,
        source=source,
        containers=tuple(sorted(containers, key=lambda container: container.name)),
        networks=tuple(sorted(networks, key=lambda network: network.name)),
        volumes=tuple(volume for volume in seen.volumes if is_ours(volume.labels, name, "volume")),
        comparison=comparison,
        ailments=ailing,
        changed_by=changed_by,
    )


def _source(objects: Iterable[ObservedContainer | ObservedNetwork]) -> str:
    """The file that most of them came from; a file that was moved leaves its old place on what was not made anew."""
    sources = Counter(o.labels[LABEL_SOURCE] for o in objects if o.labels.get(LABEL_SOURCE))
    return sources.most_common(1)[0][0] if sources else ""


def _compare(engine: Engine, name: str, source: str) -> Comparison:
    if not source:
        why = "nothing on the engine says which file it came from"
        return Comparison(why_not=why, hint="compare with a file: netdeploy diff FILE")
    if is_gone(Path(source)):
        hint = f"compare with another: netdeploy diff FILE; or remove it: netdeploy teardown {name}"
        return Comparison(why_not="the file it came from is not on this machine (any more)", hint=hint)
    try:
        reading = read(source)
        topology = reading.wanted()
        if topology.name != name:
            hint = f"netdeploy teardown {name} removes what stands of this one"
            return Comparison(why_not=f"its file describes `{topology.name}` now", hint=hint)
        return Comparison(look(engine, Target(topology, reading.source)).changes)
    except EngineUnreachable:
        raise
    except TopologyInvalid as error:
        why = f"its file has {len(error.details)} problem{'' if len(error.details) == 1 else 's'}"
        return Comparison(why_not=why, hint=f"netdeploy validate {source} tells them")
    except NetdeployError as error:
        return Comparison(why_not=error.message, hint=error.hint)


# -- what was left behind --


def _helpers(engine: Engine) -> Iterator[Leftover]:
    for helper in helpers.leftovers(engine.reader):
        message = f"a helper container for {helper.purpose}, left by {helper.holder.text}, whose process has ended"
        yield Leftover("helper", helper.name, "", message, f"docker rm -f {helper.name}; the next helper's run does it")


def _locks(locks: Mapping[str, tuple[str, Holder]]) -> Iterator[Leftover]:
    for volume, (topology, holder) in locks.items():
        if holder.is_dead:
            message = f"the lock of `{topology}`, left by {holder.text}, whose process has ended"
            yield Leftover("lock", volume, topology, message, f"netdeploy unlock {topology}; the next apply does it")


def _interim(topologies: Iterable[TopologyStatus]) -> Iterator[Leftover]:
    """While somebody holds the lock, a replacement is under way and nothing is left."""
    for topology in topologies:
        for container in topology.containers:
            if topology.changed_by is None and is_interim(container.name):
                message = f"a container of `{topology.name}` from a replacement that was interrupted"
                file = topology.source or "FILE"
                hint = f"netdeploy apply {file} finishes it, netdeploy teardown {topology.name} removes it"
                yield Leftover("interim", container.name, topology.name, message, hint)


def _volumes(seen: Snapshot) -> Iterator[Leftover]:
    standing = set(_names(seen))
    for volume in seen.volumes:
        name = volume.labels.get(LABEL_TOPOLOGY, "")
        kinds = ("volume", KIND_ANONYMOUS)
        if name and name not in standing and any(is_ours(volume.labels, name, kind) for kind in kinds):
            message = f"a volume of `{name}`, of which nothing else is left; it is kept for its data"
            yield Leftover("volume", volume.name, name, message, f"netdeploy teardown {name} --volumes removes it")


def _inheritors(seen: Snapshot) -> Iterator[Leftover]:
    for name in sorted(_labelled(seen)):
        for container in inheritors(seen, name):
            message = f"run by hand from an image made of a container of `{name}`, whose labels it has; it is not ours"
            yield Leftover("inheritor", container.name, name, message, f"docker rm -f {container.name}")
