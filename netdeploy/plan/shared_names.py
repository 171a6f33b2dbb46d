"""Names on networks that a container of somebody else has, too: whoever asks for one gets either of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netdeploy.attributes.wish import ContainerWish, Wishes
from netdeploy.engine.observed import ObservedContainer
from netdeploy.plan.ownership import container_owner_text
from netdeploy.topology.draft import DEFAULT_BRIDGE


@dataclass(frozen=True, slots=True)
class SharedName:
    """A name on a network that leads to a container of the file, and to one that is not of it."""

    network: str
    name: str
    ours: ContainerWish
    other: ObservedContainer

    @property
    def text(self) -> str:
        """As people are told."""
        return (
            f"`{self.name}` on `{self.network}` leads to `{self.ours.name}` and also to `{self.other.name}`,"
            f" which {container_owner_text(self.other)}"
        )

    @property
    def hint(self) -> str:
        """What to do about it."""
        if self.name.lower() != self.ours.name.lower():
            return f"call it by its full name, `{self.ours.name}`, or use a network that is this topology's own"
        return "give one of them another name, or use a network that is this topology's own"


def shared_names(wishes: Wishes, others: Iterable[ObservedContainer]) -> Iterator[SharedName]:
    """The names of the file's containers that `others`, none of them the file's, have on the same network."""
    known = [(other, network, names_on(other, network)) for other in others for network in other.attachments]
    for wish in wishes.containers:
        for place in wish.attachments if "network" not in wish.shares else ():
            for other, network, names in known:
                if network == place.network != DEFAULT_BRIDGE:
                    common = [name for name in sorted({wish.name, *place.aliases}) if name.lower() in names]
                    yield from (SharedName(network, name, wish, other) for name in common)


def names_on(container: ObservedContainer, network: str) -> frozenset[str]:
    """The names that lead to a container on one of its networks, in small letters: a resolver takes them for equal.

    Engines of both generations answer to a container's host name, too.
    """
    names = {container.name, container.hostname, *container.attachments[network].aliases}
    return frozenset(name.lower() for name in names if name)
