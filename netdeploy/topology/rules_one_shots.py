"""Rules about one-shots: containers that are to end, since another one waits for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.topology.draft import DEFAULT_BRIDGE, Draft, Found
from netdeploy.topology.modes import MODES, SHARED, shared_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container
    from netdeploy.topology.problem import Path


def one_shot_rules(draft: Draft) -> Iterator[Found]:
    """What keeps a one-shot from ending, and what its end does to those that need it while they run."""
    awaited = _awaited(draft)
    for name, waiting in awaited.items():
        if name in draft.containers:
            yield from _restart(name, draft.containers[name], waiting)
    for name, container in draft.containers.items():
        if name not in awaited:
            yield from _company(name, container, awaited)


def _awaited(draft: Draft) -> dict[str, str]:
    """The one-shots, each with the first container that waits for its end."""
    found: dict[str, str] = {}
    for name, container in draft.containers.items():
        for other, dependency in container.depends_on.items():
            if dependency.condition == "service_completed_successfully":
                found.setdefault(other, name)
    return found


def _restart(name: str, container: Container, waiting: str) -> Iterator[Found]:
    path: Path = ("containers", name, "restart")
    where = (("it waits here", ("containers", waiting, "depends_on", name)),)
    policy, _, tries = (container.restart or "no").partition(":")
    if policy in ("always", "unless-stopped"):
        message = f"`{waiting}` waits for `{name}` to end, and with `{policy}` the engine starts it again each time"
        hint = "leave `restart` out, or write `restart: on-failure:3` to let it try again when it fails"
        yield Found(path, message, hint, elsewhere=where)
    elif policy == "on-failure" and tries in ("", "0"):
        message = (
            f"`{waiting}` waits for `{name}` to succeed, and while it fails the engine starts it again, without end"
        )
        yield Found(path, message, "write `on-failure:3` to stop after three tries", "warning", elsewhere=where)


def _company(name: str, container: Container, awaited: dict[str, str]) -> Iterator[Found]:
    base: Path = ("containers", name)
    for kind, other in shared_namespaces(container).items():
        if other in awaited:
            message = f"`{other}` ends, since `{awaited[other]}` waits for that, and its {SHARED[kind]} with it"
            yield Found((*base, MODES[kind]), message, "share with a container that keeps running", "warning")
    if container.networks or container.network_mode not in (None, DEFAULT_BRIDGE):
        return
    for index, link in enumerate(container.links):
        other = link.partition(":")[0]
        if other in awaited:
            message = f"`{other}` ends, since `{awaited[other]}` waits for that, and then the link leads nowhere"
            yield Found((*base, "links", index), message, "link to a container that keeps running", "warning")
