"""The containers of a topology as they are meant to be and as they run, seen as places on networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from netdeploy.attributes.containers.network import exposed_ports, port_bindings
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, Wishes
from netdeploy.engine.normal_form import FALSE
from netdeploy.engine.observed import LABEL_NAME, ObservedContainer, ObservedNetwork, PortBinding, Snapshot
from netdeploy.plan.ownership import our_containers, our_networks
from netdeploy.topology.draft import DEFAULT_BRIDGE

HOST = "the host"
"""In claims: the engine's host. No container can be called so, but one may well be called `host`."""
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with what is published, nothing listens
ICC = "com.docker.network.bridge.enable_icc"
_HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4"


@dataclass(frozen=True, slots=True)
class Member:
    """A container of the file, and the one on the engine, if it is there.

    Who shares another's network (`owner` is then the other) is found at the other's addresses, and has no names.
    """

    wish: ContainerWish
    live: ObservedContainer | None
    owner: ContainerWish
    owner_live: ObservedContainer | None
    is_ours: bool = True
    """Whether netdeploy made it; who stands in its place by hand is left to whoever put it there."""
    ended: str = ""
    """Why nothing can be asked of it though all is well: it ended as meant, or the one whose network it has did."""

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
    def is_cut_off(self) -> bool:
        """Whether the container whose network it shares was started again since: it keeps the dead one."""
        live, owner = self.live, self.owner_live
        shares = self.owner is not self.wish
        return bool(shares and live and owner and self.runs and owner.state.started_after(live.state))

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

    def found_by(self, network: str) -> frozenset[str]:
        """The names, in small letters, that lead to it on a network: a resolver knows host names, too."""
        names = self.names_on(network)
        known = {*names, self.wish.spec.hostname or ""} - {""} if names else names
        return frozenset(name.lower() for name in known)

    @property
    def own_hosts(self) -> Mapping[str, frozenset[str] | None]:
        """The names (in small letters) that the file writes into its /etc/hosts; None for the host's own address."""
        found: dict[str, frozenset[str] | None] = {}
        for name, addresses in self.owner.spec.extra_hosts.items():
            before = found.get(name.lower(), frozenset())
            unknown = "host-gateway" in addresses or before is None
            found[name.lower()] = None if unknown else frozenset({*addresses, *(before or ())})
        return found

    def links_on(self, network: str) -> Mapping[str, str]:
        """The names that only it uses on a network, since it links to others, and their names on the engine.

        On the default bridge the engine writes them into /etc/hosts, the others' own names beside them.
        """
        place = self.places.get(network)
        on_bridge = network == DEFAULT_BRIDGE and self.owner.on_default_bridge
        links = self.owner.links if on_bridge else place.links if place else frozenset()
        pairs = [link.partition(":") for link in sorted(links)]
        names = {name: name for name, _, _ in pairs} if on_bridge else {}
        return names | {alias: name for name, _, alias in pairs}

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
    keeping_apart: frozenset[str] = frozenset()
    """Networks (names on the engine) whose containers should not reach each other."""
    bearers: Mapping[tuple[str, str], tuple[Member, ...]] = field(default_factory=dict)
    """By network and name (in small letters), whom it leads to by the file."""
    waited: float = 0.0
    """Seconds that its containers were given to become healthy; 0 if nobody asked for that."""

    def addresses_of(self, source: Member, name: str) -> frozenset[str]:
        """Where a name should lead from a container, at this moment."""
        found: set[str] = set()
        for network in source.places:
            linked = source.links_on(network).get(name, "")
            bearers = [*self.bearers.get((network, name.lower()), ())]
            bearers += [member for member in self.members.values() if linked and member.wish.name == linked]
            found |= {address for member in bearers for address in member.addresses_on(network)}
        return frozenset(found)

    @property
    def separating(self) -> frozenset[str]:
        """Networks that really are so."""
        return frozenset(network.name for network in self.seen.networks if separates(network))

    def spelt_out(self, member: Member, binding: PortBinding) -> tuple[PortBinding, ...]:
        """A port that the file publishes, at each address of the host where the engine binds it.

        Without an address, that is any, or the one that a network of the container gives (`host_binding_ipv4`).
        """
        if binding.host_ip:
            return (binding,)
        networks = [network for network in self.seen.networks if network.name in member.live_networks]
        given = {network.driver_opts.get(_HOST_BINDING, "") for network in networks}
        addresses = {address for one in given for address in (ANY_ADDRESS if one in ("", *ANY_ADDRESS) else (one,))}
        return tuple(replace(binding, host_ip=address) for address in sorted(addresses or ANY_ADDRESS))

    def named(self, name: str) -> list[Member]:
        """Those that bear a name on some network, or by the file."""
        wanted = name.lower()
        return [m for m in self.members.values() if wanted in {n.lower() for n in (m.key, m.wish.name, *m.names)}]

    def at(self, address: str) -> ObservedContainer | None:
        """Who has an address at this moment."""
        for container in (*self.seen.containers, *self.seen.neighbours):
            for attachment in container.attachments.values():
                if address and address in (attachment.address, attachment.address6):
                    return container
        return None

    @property
    def others(self) -> tuple[ObservedContainer, ...]:
        """Running containers that are not of the topology, on its networks and on external ones that it uses."""
        ours = {member.live.id for member in self.members.values() if member.live}
        everybody = (*self.seen.containers, *self.seen.neighbours)
        return tuple(c for c in everybody if c.id not in ours and c.state.running)

    @property
    def guests(self) -> tuple[ObservedContainer, ...]:
        """Running containers that are on a network of the topology, and are not of it."""
        networks = {network.name for network in self.wishes.networks if not network.spec.external}
        return tuple(container for container in self.others if networks & set(container.attachments))


def separates(network: ObservedNetwork) -> bool:
    """Whether the containers on a network are kept from reaching each other; a published port is reached all the same.

    They still find each other's names.
    """
    return network.driver == "bridge" and network.driver_opts.get(ICC) in FALSE


def world(wishes: Wishes, seen: Snapshot) -> World:
    """Match the containers of a file with those on the engine: by label, or else by name, whoever made them."""
    ours = our_containers(seen, wishes.origin.id)
    by_key = {container.labels.get(LABEL_NAME, ""): container for container in ours}
    by_name = {container.name: container for container in seen.containers}
    wanted = {wish.name: wish for wish in wishes.containers}
    live = {wish.name: by_key.get(wish.key) or by_name.get(wish.name) for wish in wishes.containers}
    members = {}
    for wish in wishes.containers:
        owner = _owner(wish, wanted)
        ended = ""
        for one in (owner, wish):
            if wishes.may_end(one) and _ended_well(live[one.name]):
                ended = f"{one.key} has ended, as it is meant to"
        members[wish.key] = Member(wish, live[wish.name], owner, live[owner.name], live[wish.name] in ours, ended)
    bearers: dict[tuple[str, str], tuple[Member, ...]] = {}
    for member in members.values():
        for network in member.places:
            for name in member.found_by(network):
                bearers[network, name] = (*bearers.get((network, name), ()), member)
    return World(wishes, seen, members, _keeping_apart(wishes, seen), bearers)


def _keeping_apart(wishes: Wishes, seen: Snapshot) -> frozenset[str]:
    """Where the file is silent, the engine's own setting counts: a network of ours has it from there.

    An external network, and the default bridge, are as whoever made them wanted.
    """
    live = {network.name: network for network in seen.networks}
    found = {name for name in (DEFAULT_BRIDGE,) if name in live and separates(live[name])}
    for wish in wishes.networks:
        stands = live.get(wish.name)
        told = wish.spec.driver_opts.get(ICC)
        as_it_is = stands and (wish.spec.external or stands in our_networks(seen, wish.origin.id))
        if told in FALSE or (told is None and stands and as_it_is and separates(stands)):
            found.add(wish.name)
    return frozenset(found)


def _ended_well(live: ObservedContainer | None) -> bool:
    return live is not None and live.state.status == "exited" and live.state.exit_code == 0


def _owner(wish: ContainerWish, wanted: Mapping[str, ContainerWish]) -> ContainerWish:
    """Whose network a container is in, through any number of `container:` modes; the file has no cycles of them."""
    other = wanted.get(wish.shares.get("network", ""))
    return _owner(other, wanted) if other else wish
