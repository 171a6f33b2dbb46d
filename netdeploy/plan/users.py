"""Who uses whom, as far as what stands tells: a teardown has no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netdeploy.engine.observed import LABEL_DEPENDS_ON, LABEL_NAME, ObservedContainer


def users_of(containers: Iterable[ObservedContainer]) -> dict[str, set[str]]:
    """By a container's id, the ids of those among `containers` that use it.

    Whoever depends on another uses it (that its label tells), and so does whoever shares its namespaces or mounts, or
    links to it. Those that were made without the label are known by the others.
    """
    every = list(containers)
    known: dict[str, list[str]] = {}
    for container in every:
        for text in (f"key {container.labels.get(LABEL_NAME, '')}", f"name {container.name}"):
            known.setdefault(text, []).append(container.id)
    users: dict[str, set[str]] = {container.id: set() for container in every}
    for container in every:
        for text in _uses(container):
            for other in known.get(text, ()):
                users[other] |= {container.id} - {other}
    return users


def _uses(container: ObservedContainer) -> Iterator[str]:
    yield from (f"key {key}" for key in container.labels.get(LABEL_DEPENDS_ON, "").split())
    for mode in (container.network_mode, container.privileges.pid, container.privileges.ipc):
        if mode.startswith("container:"):
            yield f"name {mode.removeprefix('container:')}"
    for text in (*container.links, *container.volumes_from):
        yield f"name {text.partition(':')[0]}"
