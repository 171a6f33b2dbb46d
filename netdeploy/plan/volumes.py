"""Who uses a volume, and whose the anonymous ones are.

The engine forgets whose an anonymous volume was when its container goes without it. So each is made with labels of
ours, and can be told and removed afterwards like a named one. One without them is known while its container stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netdeploy.attributes.containers.mounts import anonymous_targets
from netdeploy.attributes.labels import KIND_ANONYMOUS
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import LABEL_KIND, LABEL_NAME, ObservedContainer, ObservedVolume, Snapshot
from netdeploy.plan.ownership import TEMPORARY, is_ours

_MARK = "com.docker.volume.anonymous"
"""The label that engines since 23 give to a volume without a name."""


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """An anonymous volume that no container uses once the file is applied; `container` is the key of its own."""

    container: str
    target: str
    volume: str


def users(volume: str, seen: Snapshot) -> set[str]:
    """The ids of the containers that have a volume mounted, borrowers (`volumes_from`) too.

    A borrower that was ever started keeps a volume from being removed, like any other (seen on 20.10 and 28.5).
    """
    return {container.id for container in seen.containers if volume in container.mounted_volumes}


def is_a_persons(volume: ObservedVolume, topology: str) -> bool:
    """Whether labels that neither the engine nor we gave speak for keeping a volume."""
    return bool(set(volume.labels) - {_MARK}) and not is_ours(volume.labels, topology, KIND_ANONYMOUS)


def anonymous(seen: Snapshot, topology: str) -> list[ObservedVolume]:
    """The anonymous volumes with labels of `topology`."""
    return [volume for volume in seen.volumes if is_ours(volume.labels, topology, KIND_ANONYMOUS)]


def unused(seen: Snapshot, topology: str) -> list[ObservedVolume]:
    """Those of them that no container has, whatever its state."""
    used = {name for container in seen.containers for name in container.anonymous_volumes.values()}
    return [volume for volume in anonymous(seen, topology) if volume.name not in used]


def own_volumes(container: ObservedContainer, seen: Snapshot) -> dict[str, str]:
    """By target, a container's anonymous volumes without those it borrows.

    Who borrows has volumes without labels of ours only (see `mounts.py`), and those with them that moved along.
    """
    labelled = {volume.name for volume in seen.volumes if volume.labels.get(LABEL_KIND) == KIND_ANONYMOUS}
    borrowed = labelled - container.moved_volumes if container.volumes_from else set()
    return {target: name for target, name in container.anonymous_volumes.items() if name not in borrowed}


def left(
    seen: Snapshot,
    topology: str,
    ours: Iterable[ObservedContainer],
    kept: Iterable[tuple[ContainerWish, ObservedContainer]],
) -> list[Left]:
    """The anonymous volumes that are left, sorted.

    Args:
        seen: the engine.
        topology: whose.
        ours: its containers. The new one of a replacement that was cut short takes its own volumes with it.
        kept: those that stand for a wish, or are replaced; what they mount by the file moves along.
    """
    stay = {v for wish, live in kept for t, v in own_volumes(live, seen).items() if t in anonymous_targets(wish)}
    stand = [container for container in ours if TEMPORARY not in container.name]
    found = {one.volume: one for container in stand for one in _held(container)}
    labelled = {volume.name: volume for volume in anonymous(seen, topology)}
    gone = {volume.name for volume in unused(seen, topology)}
    for name in labelled.keys() & (found.keys() | gone):
        container, _, target = labelled[name].labels.get(LABEL_NAME, "").partition(":")
        found[name] = Left(container, target, name)
    return sorted(one for name, one in found.items() if name not in stay)


def _held(container: ObservedContainer) -> Iterator[Left]:
    for target, volume in container.anonymous_volumes.items():
        yield Left(container.labels.get(LABEL_NAME, container.name), target, volume)


def notes(volumes: Iterable[Left]) -> Iterator[str]:
    """What is said of them, one sentence a container."""
    by_container: dict[str, list[Left]] = {}
    for volume in volumes:
        by_container.setdefault(volume.container, []).append(volume)
    yield from (_note(container, several) for container, several in by_container.items())


def _note(container: str, volumes: list[Left]) -> str:
    names = " ".join(volume.volume for volume in volumes)
    places = ", ".join(dict.fromkeys(volume.target for volume in volumes))
    if len(volumes) == 1:
        which = f"the anonymous volume of `{container}` at {places}"
        return f"{which} is kept with its data (docker volume rm {names} removes it)"
    return (
        f"{len(volumes)} anonymous volumes of `{container}` at {places} are kept with their data"
        f" (docker volume rm {names} removes them)"
    )
