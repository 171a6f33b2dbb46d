"""Anonymous volumes: whose they are, and which of them no container uses any more.

The engine forgets whose an anonymous volume was when its container goes without it. So each is made with labels of
ours, and can be told and removed afterwards like a named one. One without them is known while its container stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netdeploy.attributes.containers.mounts import anonymous_targets
from netdeploy.attributes.labels import KIND_ANONYMOUS
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import LABEL_NAME, ObservedContainer, ObservedVolume, Snapshot
from netdeploy.plan.ownership import TEMPORARY, is_ours

_MARK = "com.docker.volume.anonymous"
"""The label that engines since 23 give to a volume without a name."""


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """An anonymous volume that no container uses once the file is applied; `container` is the key of its own."""

    container: str
    target: str
    volume: str


def is_ours_alone(volume: ObservedVolume, topology: str) -> bool:
    """Whether nobody but the engine and we ourselves has labelled a volume: a person's labels speak for being kept."""
    return is_ours(volume.labels, topology, KIND_ANONYMOUS) or not set(volume.labels) - {_MARK}


def unused(seen: Snapshot, topology: str) -> list[ObservedVolume]:
    """The anonymous volumes of `topology` that no container has, whatever its state."""
    used = {name for container in seen.containers for name in container.anonymous_volumes.values()}
    return [v for v in seen.volumes if is_ours(v.labels, topology, KIND_ANONYMOUS) and v.name not in used]


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
    stay = {v for wish, live in kept for t, v in live.anonymous_volumes.items() if t in anonymous_targets(wish)}
    found = dict(_held(container for container in ours if TEMPORARY not in container.name))
    for volume in unused(seen, topology):
        container, _, target = volume.labels.get(LABEL_NAME, "").partition(":")
        found[volume.name] = Left(container, target, volume.name)
    return sorted(one for name, one in found.items() if name not in stay)


def _held(containers: Iterable[ObservedContainer]) -> Iterator[tuple[str, Left]]:
    for container in containers:
        for target, volume in container.anonymous_volumes.items():
            yield volume, Left(container.labels.get(LABEL_NAME, container.name), target, volume)


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
