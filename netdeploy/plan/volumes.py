"""Who uses a volume, and whose the anonymous ones are.

The engine forgets whose an anonymous volume was when its container goes without it. So each is made with labels of
ours, and can be told and removed afterwards like a named one. One without them is known while its container stands.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from netdeploy.attributes.containers.mounts import anonymous_targets, mounts
from netdeploy.attributes.labels import KIND_ANONYMOUS
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import LABEL_KIND, LABEL_NAME, ObservedContainer, ObservedVolume, Snapshot
from netdeploy.identity import TopologyId
from netdeploy.plan.ownership import our_volumes, was_never_used

_MARK = "com.docker.volume.anonymous"
"""The label that engines since 23 give to a volume without a name."""


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """An anonymous volume that no container uses once the file is applied; `container` is the key of its own.

    `into` is that container's name on the engine, if it keeps its data somewhere else at the same target now.
    """

    container: str
    target: str
    volume: str
    into: str = ""


def users(volume: str, seen: Snapshot) -> set[str]:
    """The ids of the containers that have a volume mounted, borrowers (`volumes_from`) too.

    A borrower that was ever started keeps a volume from being removed, like any other (seen on 20.10 and 28.5).
    """
    return {container.id for container in seen.containers if volume in container.mounted_volumes}


def of_persons(seen: Snapshot, topology: TopologyId) -> set[str]:
    """The volumes that have labels which neither the engine nor we gave: they speak for keeping them."""
    ours = {volume.name for volume in anonymous(seen, topology)}
    return {volume.name for volume in seen.volumes if set(volume.labels) - {_MARK} and volume.name not in ours}


def anonymous(seen: Snapshot, topology: TopologyId) -> tuple[ObservedVolume, ...]:
    """The anonymous volumes with labels of `topology`."""
    return our_volumes(seen, topology, KIND_ANONYMOUS)


def unused(seen: Snapshot, topology: TopologyId) -> list[ObservedVolume]:
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
    topology: TopologyId,
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
    standing = list(kept)
    stay = {v for wish, live in standing for t, v in own_volumes(live, seen).items() if t in anonymous_targets(wish)}
    stand = [container for container in ours if not was_never_used(container)]
    found = {one.volume: one for container in stand for one in _held(container)}
    labelled = {volume.name: volume for volume in anonymous(seen, topology)}
    gone = {volume.name for volume in unused(seen, topology)}
    for name in labelled.keys() & (found.keys() | gone):
        container, _, target = labelled[name].labels.get(LABEL_NAME, "").partition(":")
        found[name] = Left(container, target, name)
    heirs = {(wish.key, target): wish.name for wish, _ in standing for target in _places(wish)}
    remaining = (one for name, one in found.items() if name not in stay)
    return sorted(replace(one, into=heirs.get((one.container, one.target), "")) for one in remaining)


def _places(wish: ContainerWish) -> Iterator[str]:
    """Where a container keeps data that outlives it."""
    return (mount.target for mount in mounts(wish) if mount.kind in ("volume", "bind"))


def _held(container: ObservedContainer) -> Iterator[Left]:
    for target, volume in container.anonymous_volumes.items():
        yield Left(container.labels.get(LABEL_NAME, container.name), target, volume)


def notes(volumes: Iterable[Left]) -> Iterator[str]:
    """What is said of them, one sentence a container, and one for each whose data can be copied to a new place."""
    by_container: dict[str, list[Left]] = {}
    for volume in volumes:
        if volume.into:
            yield f"{_note(volume.container, [volume])}; {_copying(volume)} copies it to what is there now"
        else:
            by_container.setdefault(volume.container, []).append(volume)
    yield from (_note(container, several) for container, several in by_container.items())


def _copying(left: Left) -> str:
    into = shlex.quote(f"{left.target}/")
    return f"docker run --rm --volumes-from {left.into} -v {left.volume}:/left:ro busybox cp -a /left/. {into}"


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
