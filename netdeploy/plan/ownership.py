"""Whose an object is: the labels decide, never the name.

Older versions wrote no prefix into labels. An engine held one copy of a topology then, so all its objects have the
prefix that most of its names show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from netdeploy.engine.observed import (
    LABEL_KIND,
    LABEL_NAME,
    LABEL_PREFIX,
    LABEL_SOURCE,
    LABEL_TOPOLOGY,
    ObservedContainer,
    ObservedNetwork,
    ObservedVolume,
    Snapshot,
)
from netdeploy.identity import TopologyId

TEMPORARY = ".netdeploy-new"
"""Ends the name under which a replacement is made, before it takes the old container's place."""
COMPOSE_PROJECT = "com.docker.compose.project"
"""The label of everything that a Docker Compose project has made."""
ASIDE = ".netdeploy-old"
"""Ends the name of a container that is replaced, until it is removed; it comes back if the new one fails."""


class Labelled(Protocol):
    """An object of an engine, as it was inspected or only listed."""

    @property
    def name(self) -> str:
        """Its name on the engine."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels, ours and others."""


L = TypeVar("L", bound=Labelled)


class Owners:
    """Tells whose objects are; made from all objects of one look."""

    def __init__(self, objects: Iterable[Labelled]) -> None:
        self._guessed = _guessed_prefixes(objects)

    def is_of(self, item: Labelled, topology: TopologyId, kind: str) -> bool:
        """Whether an object belongs to `topology` and is of that kind."""
        labels = item.labels
        if labels.get(LABEL_TOPOLOGY) != topology.name or labels.get(LABEL_KIND) != kind:
            return False
        prefix = labels.get(LABEL_PREFIX, self._guessed.get(topology.name))
        return item.name.startswith(topology.prefix) if prefix is None else prefix == topology.prefix

    def owner(self, item: Labelled) -> TopologyId | None:
        """The topology that an object belongs to; None where its labels name none, or one that no file can have."""
        name = item.labels.get(LABEL_TOPOLOGY, "")
        owner = TopologyId(name, item.labels.get(LABEL_PREFIX, self._guessed.get(name, "")))
        return owner if owner.is_possible else None


def _guessed_prefixes(objects: Iterable[Labelled]) -> dict[str, str]:
    """For each topology with objects that carry no prefix, the one that most of their names show."""
    shown: dict[str, Counter[str]] = {}
    for item in objects:
        labels = item.labels
        topology, key = labels.get(LABEL_TOPOLOGY), labels.get(LABEL_NAME)
        name = item.name.partition(".netdeploy-")[0]
        if topology and key and LABEL_PREFIX not in labels and name.endswith(key):
            # a network or volume may have a `name` of its own; a container's is its key
            weight = 1000 if labels.get(LABEL_KIND) == "container" else 1
            shown.setdefault(topology, Counter())[name.removesuffix(key)] += weight
    return {topology: counts.most_common(1)[0][0] for topology, counts in shown.items()}


def owners(seen: Snapshot) -> Owners:
    """Whose the objects of a snapshot are."""
    return Owners((*seen.containers, *seen.networks, *seen.volumes))


def our_containers(seen: Snapshot, topology: TopologyId) -> tuple[ObservedContainer, ...]:
    """The containers of `topology`; those that may have its labels from their image are none."""
    return _of(seen, seen.containers, topology, "container")


def claimants(seen: Snapshot, otherwise: str = "") -> Iterator[tuple[TopologyId, ObservedContainer]]:
    """The containers that have a topology's labels, and not from netdeploy as far as can be known, with that topology.

    Its prefix is `otherwise` where they have no label for it.
    """
    for container in seen.containers:
        labels = container.claim.labels if container.claim else {}
        claimed = TopologyId(labels.get(LABEL_TOPOLOGY, ""), labels.get(LABEL_PREFIX, otherwise))
        if claimed.is_possible:
            yield claimed, container


def our_networks(seen: Snapshot, topology: TopologyId) -> tuple[ObservedNetwork, ...]:
    """The networks of `topology`."""
    return _of(seen, seen.networks, topology, "network")


def our_volumes(seen: Snapshot, topology: TopologyId, kind: str = "volume") -> tuple[ObservedVolume, ...]:
    """The volumes of `topology` that are of a kind, by default those of the file."""
    return _of(seen, seen.volumes, topology, kind)


def _of(seen: Snapshot, objects: Iterable[L], topology: TopologyId, kind: str) -> tuple[L, ...]:
    known = owners(seen)
    return tuple(item for item in objects if known.is_of(item, topology, kind))


def made_from(seen: Snapshot, topology: TopologyId) -> str:
    """The file that the newest object of `topology` came from, "" where none tells.

    What is not made anew keeps the label of the file that it was made from, wherever that file has gone meanwhile.
    """
    objects: list[ObservedContainer | ObservedNetwork]
    objects = [*our_containers(seen, topology), *our_networks(seen, topology)]
    told = [item for item in objects if item.labels.get(LABEL_SOURCE)]
    return max(told, key=lambda item: item.created).labels[LABEL_SOURCE] if told else ""


def is_interim(name: str) -> bool:
    """Whether a container bears the name of one that is being replaced, or of the one to replace it."""
    return TEMPORARY in name or ASIDE in name


def was_never_used(container: ObservedContainer) -> bool:
    """Whether it is the new one of a replacement, or another, that was never started: there is nothing in it."""
    return TEMPORARY in container.name or container.state.status == "created"


def container_owner_text(container: ObservedContainer) -> str:
    """Whose a container is, as far as can be known."""
    if container.claim is None:
        return owner_text(container.labels)
    topology = container.claim.labels.get(LABEL_TOPOLOGY)
    has = f"has the labels of the topology `{topology}`" if topology else "has labels of netdeploy"
    if container.claim.from_image:
        return f"{has} from its image, and was not made by netdeploy"
    return f"{has}, and its image is gone, so nobody can tell whether netdeploy made it"


def owner_text(labels: Mapping[str, str]) -> str:
    """Whose an object is, as far as its labels tell."""
    topology = TopologyId(labels.get(LABEL_TOPOLOGY, ""), labels.get(LABEL_PREFIX, ""))
    if topology.is_possible:
        prefix, source = topology.prefix, labels.get(LABEL_SOURCE)
        text = f"belongs to the topology `{topology.name}`" + (f" with the prefix `{prefix}`" if prefix else "")
        return text + (f" ({source})" if source else "")
    project = labels.get(COMPOSE_PROJECT)
    if project:
        return f"belongs to the Docker Compose project `{project}`"
    has = "its netdeploy label names no topology" if topology.name else "it has no netdeploy label"
    return f"was not made by netdeploy ({has})"
