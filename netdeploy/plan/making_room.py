"""Fixed addresses that one of ours has by chance: it leaves the network, and comes back with another address."""

from __future__ import annotations

from collections.abc import Mapping

from netdeploy.attributes.wish import AttachmentWish, ContainerWish, Wishes
from netdeploy.engine.observed import ObservedContainer
from netdeploy.plan.changes import PAUSED, Action, AttachmentChange, Change, ContainerChange, NetworkChange

NEEDS_ITS_MAC = " with a fixed MAC address, which an engine gives a new container only"
"""Ends the reason of a container that is replaced where another would be connected."""


def with_room_made(found: list[Change], wishes: Wishes, kept: Mapping[str, ObservedContainer | None]) -> list[Change]:
    """The changes, and those of who has an address that the file gives to another which takes it by them.

    Args:
        found: the changes so far.
        wishes: what is wanted.
        kept: what stands for each container, by its name in the file.
    """
    for wish in wishes.containers:
        live = kept[wish.key]
        if live is None or not live.state.running:
            continue
        own = [c for c in found if c.name == wish.name and isinstance(c, ContainerChange | AttachmentChange)]
        if any(c.action in (Action.REPLACE, Action.CONFLICT) for c in own):  # it goes, or nothing is done at all
            continue
        for place in wish.attachments:
            stays = not any(isinstance(c, AttachmentChange) and c.network == place.network for c in own)
            reason = _sits_on(live, place, wishes, found) if stays else ""
            if reason and place.mac_address:
                found = with_replacement(found, wish, live, f"{reason}, and joins the network{NEEDS_ITS_MAC}")
            elif reason:
                found = [*found, _reconnect(wish, place, live, reason)]
    return found


def with_replacement(
    found: list[Change], wish: ContainerWish, live: ObservedContainer | None, reason: str
) -> list[Change]:
    """The changes with a container replaced, whatever else was to be done with it."""
    others = [c for c in found if c.name != wish.name or not isinstance(c, ContainerChange | AttachmentChange)]
    return [*others, ContainerChange(action=Action.REPLACE, name=wish.name, reason=reason, wish=wish, live=live)]


def _reconnect(wish: ContainerWish, place: AttachmentWish, live: ObservedContainer, reason: str) -> AttachmentChange:
    return AttachmentChange(
        action=Action.RECONNECT, name=wish.name, network=place.network, reason=reason, wish=place, live=live
    )


def _sits_on(live: ObservedContainer, place: AttachmentWish, wishes: Wishes, found: list[Change]) -> str:
    """Why a container has to make room on a network; "" if it has not, or leaves it with everybody else."""
    actual = live.attachments.get(place.network)
    made = (Action.CREATE, Action.REPLACE)
    if actual is None or any(
        isinstance(c, NetworkChange) and c.name == place.network and c.action in made for c in found
    ):
        return ""
    held = {actual.address, actual.address6} - {"", place.ipv4_address, place.ipv6_address}
    for other in wishes.containers:
        for wanted in other.attachments:
            taken = held & {wanted.ipv4_address, wanted.ipv6_address}
            if wanted.network == place.network and taken and _takes(other, wanted, found):
                return f"it has {min(taken)}, which the file gives to `{other.name}`"
    return ""


def _takes(container: ContainerWish, place: AttachmentWish, found: list[Change]) -> bool:
    """Whether a container takes its place on a network by one of the changes: at a start, or while it runs."""
    own = [change for change in found if change.name == container.name]
    starts = (Action.CREATE, Action.REPLACE, Action.START)
    starting = any(isinstance(c, ContainerChange) and c.action in starts and c.reason != PAUSED for c in own)
    return starting or any(isinstance(c, AttachmentChange) and c.wish == place for c in own)
