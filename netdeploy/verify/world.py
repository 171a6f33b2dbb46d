"""The containers of a topology as they are meant to be and as they run, seen as places on networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netdeploy.attributes.containers.network import exposed_ports, port_bindings
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, Wishes
from netdeploy.engine.observed import LABEL_NAME, ObservedContainer, PortBinding, Snapshot
from netdeploy.plan.ownership import our_containers
from netdeploy.topology.draft import DEFAULT_BRIDGE

HOST = "host"
"""In claims and reports: the engine's host."""


@dataclass(frozen=True, slots=True)
class Member:
    """A container of the file, and the one on the engine, if it is there.

    Who shares another's network (`owner` is then the other) is found at the other's addresses, and has no names.
    """

    wish: ContainerWish
    live: ObservedContainer | None
    owner: ContainerWish
    owner_live: ObservedContainer | None

    @property
    def key(self) -> str:
        """Its name in the file."""
        return self.wish.key

    @property
    def mode(self) -> str:
        """`host`, `none`, or "" for one with addresses of its own or of another container."""
        mode = self.owner.spec.network_mode or ""
        return mode if mode in ("host", "none") else ""

    @property
    def places(self) -> Mapping[str, AttachmentWish]:
        """Where it should be, by the network's name on the engine."""
        return {} if self.mode else {attachment.network: attachment for attachment in self.owner.attachments}

    @property
    def runs(self) -> bool:
        """Whether it can be asked anything."""
        live = self.live
        return live is not None and live.state.running and not live.state.paused and live.state.status == "running"

    @property
    def live_networks(self) -> frozenset[str]:
        """Where it is."""
        return frozenset(self.owner_live.attachments) if self.owner_live else frozenset()

    def names_on(self, network: str) -> frozenset[str]:
        """The names by which others on a network should find it."""
        place = self.places.get(network)
        if place is None or network == DEFAULT_BRIDGE or self.owner is not self.wish:
            return frozenset()
        return frozenset({self.wish.name, *place.aliases})

    @property
    def names(self) -> frozenset[str]:
        """All of its names."""
        return frozenset(name for network in self.places for name in self.names_on(network))

    def addresses_on(self, network: str) -> tuple[str, ...]:
        """Its addresses on a network at this moment."""
        attachment = self.owner_live.attachments.get(network) if self.owner_live else None
        found = (attachment.address, attachment.address6) if attachment else ()
        return tuple(address for address in found if address)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of its addresses at this moment."""
        return tuple(address for network in sorted(self.live_networks) for address in self.addresses_on(network))

    def ports(self, protocol: str) -> tuple[int, ...]:
        """Those it says it listens on."""
        split = (text.partition("/") for text in exposed_ports(self.wish))
        return tuple(sorted(int(port) for port, _, kind in split if (kind or "tcp") == protocol))

    @property
    def bindings(self) -> tuple[PortBinding, ...]:
        """The ports it should publish."""
        return tuple(sorted(port_bindings(self.wish), key=lambda b: (b.target, b.protocol, b.host_port, b.host_ip)))


@dataclass(frozen=True, slots=True)
class World:
    """A topology and what stands of it; `members` by their names in the file."""

    wishes: Wishes
    seen: Snapshot
    members: Mapping[str, Member]

    def named(self, name: str) -> list[Member]:
        """Those that bear a name on some network, or by the file."""
        wanted = name.lower()
        return [m for m in self.members.values() if wanted in {n.lower() for n in (m.key, m.wish.name, *m.names)}]

    def at(self, address: str) -> ObservedContainer | None:
        """Who has an address at this moment."""
        for container in self.seen.containers:
            for attachment in container.attachments.values():
                if address and address in (attachment.address, attachment.address6):
                    return container
        return None

    @property
    def guests(self) -> tuple[ObservedContainer, ...]:
        """Running containers that are on a network of the topology, and are not of it."""
        ours = {member.live.id for member in self.members.values() if member.live}
        networks = {network.name for network in self.wishes.networks if not network.spec.external}
        return tuple(
            c for c in self.seen.containers if c.id not in ours and c.state.running and networks & set(c.attachments)
        )


def world(wishes: Wishes, seen: Snapshot) -> World:
    """Match the containers of a file with those on the engine: by label, or else by name, whoever made them."""
    by_key = {c.labels.get(LABEL_NAME, ""): c for c in our_containers(seen, wishes.origin.topology)}
    by_name = {container.name: container for container in seen.containers}
    wanted = {wish.name: wish for wish in wishes.containers}
    live = {wish.name: by_key.get(wish.key) or by_name.get(wish.name) for wish in wishes.containers}
    members = {}
    for wish in wishes.containers:
        owner = _owner(wish, wanted)
        members[wish.key] = Member(wish, live[wish.name], owner, live[owner.name])
    return World(wishes, seen, members)


def _owner(wish: ContainerWish, wanted: Mapping[str, ContainerWish]) -> ContainerWish:
    """Whose network a container is in, through any number of `container:` modes; the file has no cycles of them."""
    other = wanted.get(wish.shares.get("network", ""))
    return _owner(other, wanted) if other else wish
