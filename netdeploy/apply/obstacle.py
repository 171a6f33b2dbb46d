"""What stands in the way of a plan, and whom a plan starts, makes or connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdeploy.plan.changes import PAUSED, Action, AttachmentChange, Changes, ContainerChange, NetworkChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.attributes.wish import AttachmentWish, ContainerWish, NetworkWish, Wishes
    from netdeploy.engine.observed import ObservedNetwork, Snapshot

_MAKES = (Action.CREATE, Action.REPLACE)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that would make a step fail: `path` is its place in the file."""

    path: str
    message: str
    hint: str

    @property
    def text(self) -> str:
        """For people."""
        return f"! {self.path}: {self.message}\n    {self.hint}"


ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with what is published, nothing listens
"""Where a port without an address is published."""


def path_of(place: AttachmentWish) -> str:
    """Where a place on a network stands in the file."""
    return f"containers.{place.container_key}.networks.{place.network_key}"


def starting(changes: Changes) -> list[ContainerWish]:
    """Those that claim ports and addresses: a start does, and so does a new container."""
    return [
        change.wish
        for change in changes.changes
        if isinstance(change, ContainerChange)
        and change.wish
        and change.action in (*_MAKES, Action.START)
        and change.reason != PAUSED
    ]


def making(changes: Changes, *more: Action) -> list[ContainerWish]:
    """The containers that are made, and those with one of `more` actions."""
    found = (c for c in changes.changes if isinstance(c, ContainerChange) and c.action in (*_MAKES, *more))
    return [change.wish for change in found if change.wish]


def made_networks(changes: Changes) -> list[NetworkWish]:
    """The networks that are made."""
    found = (c for c in changes.changes if isinstance(c, NetworkChange) and c.action in _MAKES)
    return [change.wish for change in found if change.wish]


def leaving_networks(changes: Changes) -> frozenset[str]:
    """The ids of the networks that go, or are made anew."""
    actions = (Action.REMOVE, Action.REPLACE)
    found = (c for c in changes.changes if isinstance(c, NetworkChange) and c.action in actions)
    return frozenset(change.live.id for change in found if change.live)


def joining(changes: Changes) -> Iterator[AttachmentWish]:
    """The places on networks that are taken."""
    for wish in starting(changes):
        yield from wish.attachments
    for change in changes.changes:
        if isinstance(change, AttachmentChange) and change.action in (Action.CONNECT, Action.RECONNECT) and change.wish:
            yield change.wish


def staying_networks(seen: Snapshot, changes: Changes) -> dict[str, ObservedNetwork]:
    """The networks that stand already and stay, by name; without those whose name several have."""
    leaving = leaving_networks(changes)
    names = [network.name for network in seen.networks]
    return {n.name: n for n in seen.networks if n.id not in leaving and names.count(n.name) == 1}


def is_published(wish: ContainerWish, wishes: Wishes, seen: Snapshot) -> bool:
    """Whether an engine publishes a container's ports: for one with an interface on an open bridge it does."""
    if wish.shares.get("network") or wish.spec.network_mode in ("host", "none"):
        return False
    specs = {network.name: network.spec for network in wishes.networks if not network.spec.external}
    standing = {network.name: network for network in seen.networks}
    for attachment in wish.attachments:
        network = specs.get(attachment.network) or standing.get(attachment.network)
        if network is None or (not network.internal and network.driver not in ("macvlan", "ipvlan")):
            return True
    return False
