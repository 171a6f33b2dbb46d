"""The causes below the engine's API: links, addresses, routes, neighbours, resolvers and firewalls on a packet's way.

One table, nearest first: what is wrong with the source's own link comes before what is wrong with its routes, and that
before anything of the target's. The engine knows of none of it: its API says that all is well.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netdeploy.engine.observed import ObservedAttachment, ObservedNetwork
from netdeploy.inspect.space import Interface, Route, Space, bare
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.verify.cause import Cause
from netdeploy.verify.firewall import Packet, Stopped
from netdeploy.verify.places import Place
from netdeploy.verify.probing import Evidence, Outcome
from netdeploy.verify.remedies import beside
from netdeploy.verify.world import HOST, Member, World

RESOLVER = "127.0.0.11"
_Hooks = tuple[tuple[str, str], ...]
_BETWEEN = (("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("mangle", "FORWARD"), ("filter", "FORWARD"))
_OUT = (("raw", "OUTPUT"), ("mangle", "OUTPUT"), ("filter", "OUTPUT"), ("mangle", "POSTROUTING"))
_IN = (("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("mangle", "INPUT"), ("filter", "INPUT"))


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a way: a container on a network, with what its namespace showed."""

    member: Member
    place: Place | None
    attachment: ObservedAttachment | None

    @property
    def name(self) -> str:
        return f"`{self.member.wish.name}`"

    @property
    def real(self) -> str:
        """Its name on the engine."""
        live = self.member.owner_live
        return live.name if live else self.member.wish.name

    @property
    def space(self) -> Space | None:
        return self.place.space if self.place else None

    @property
    def interface(self) -> Interface | None:
        """Its interface on the network."""
        if self.space is None or self.attachment is None:
            return None
        addresses = [
            a for i in self.space.interfaces for a in i.addresses if a.partition("/")[0] == self.attachment.address
        ]
        return self.space.by_mac(self.attachment.mac_address) or self.space.by_address(addresses)

    def shown_by(self, command: str) -> str:
        """A command in its network, which its image need not have."""
        return beside(self.real, command)

    @property
    def anew(self) -> str:
        return f"docker restart {self.real}: at a start the engine makes its side of the network anew"


@dataclass(frozen=True, slots=True)
class Way:
    """From a container (None: the host) to a port of another over a network; port 0 is a ping."""

    world: World
    evidence: Evidence
    source: Member | None
    target: Member
    network: str
    port: int = 0

    def causes(self) -> Iterator[Cause]:
        """What is broken on it, nearest first."""
        source = self._end(self.source) if self.source else None
        target = self._end(self.target)
        if source is not None:
            yield from self._link(source)
            yield from _route(source, target)
        yield from self._link(target)
        if source is not None:
            yield from _route(target, source)
            yield from self._neighbour(source, target)
            yield from self._neighbour(target, source)
        yield from self._rules(source, target)

    def _end(self, member: Member) -> _End:
        live = member.owner_live
        attachment = live.attachments.get(self.network) if live else None
        place = self.evidence.places.get(member.key)
        return _End(member, place, attachment)

    def _network(self) -> ObservedNetwork | None:
        return next((network for network in self.world.seen.networks if network.name == self.network), None)

    # -- links ---------------------------------------------------------------------------------------------------------

    def _link(self, end: _End) -> Iterator[Cause]:
        if end.space is None or end.attachment is None:
            return
        interface = end.interface
        shows = end.shown_by("ip addr")
        if interface is None:
            text = f"{end.name} has no interface for `{self.network}` inside, though the engine says that it is on it"
            yield Cause(text, end.anew, shown_by=shows)
            return
        if not interface.is_up:
            yield Cause(
                f"`{interface.name}` inside {end.name}, its link to `{self.network}`, is down", end.anew, shown_by=shows
            )
        if not interface.asks:
            text = f"`{interface.name}` inside {end.name} answers nobody who asks for its address (ARP is off)"
            yield Cause(text, end.anew, shown_by=shows)
        there = set(bare(interface.addresses))
        for address in filter(None, (end.attachment.address, end.attachment.address6)):
            if address not in there:
                instead = " and ".join(sorted(a for a in there if not _is_link_local(a))) or "no address"
                text = (
                    f"`{interface.name}` inside {end.name} has {instead}, and the engine gave it {address} on"
                    f" `{self.network}`"
                )
                yield Cause(text, end.anew, shown_by=shows)
        yield from self._host_side(end, interface)

    def _host_side(self, end: _End, interface: Interface) -> Iterator[Cause]:
        network, host = self._network(), self.evidence.places.get(HOST)
        if network is None or network.driver != "bridge" or host is None:
            return
        bridge = host.space.by_name(network.bridge)
        if bridge is None:
            text = f"the bridge of `{self.network}`, {network.bridge}, is not on the host"
            yield Cause(text, "docker network rm and create it again, or restart the engine", shown_by="ip link")
            return
        if not bridge.is_up:
            text = f"the bridge of `{self.network}`, {bridge.name}, is down on the host"
            yield Cause(text, f"ip link set {bridge.name} up", shown_by=f"ip link show {bridge.name}")
        outer = host.space.by_index(interface.link)
        if outer is None:
            return
        ends = f"{outer.name}, the host's end of `{interface.name}` in {end.name}"
        shows = f"ip link show {outer.name}"
        if outer.bridge != bridge.name:
            where = f"a port of {outer.bridge}" if outer.bridge else "a port of no bridge"
            text = f"{ends}, is {where}; it should be one of {bridge.name}, the bridge of `{self.network}`"
            yield Cause(text, f"ip link set {outer.name} master {bridge.name}", shown_by=shows)
        if not outer.is_up:
            yield Cause(f"{ends}, is down", f"ip link set {outer.name} up", shown_by=shows)

    # -- neighbours ----------------------------------------------------------------------------------------------------

    def _neighbour(self, one: _End, other: _End) -> Iterator[Cause]:
        if one.space is None or other.attachment is None or other.interface is None:
            return
        expected = other.interface.mac_address
        for found in one.space.neighbours:
            if found.address != other.attachment.address or found.mac_address == expected:
                continue
            if found.is_fixed:
                text = (
                    f"{one.name} has a fixed neighbour entry that sends what is for {found.address} to"
                    f" {found.mac_address}; {other.name} is at {expected}"
                )
                yield Cause(text, one.anew, shown_by=one.shown_by("ip neigh"))
            who = self._who_has(found.mac_address)
            text = (
                f"{found.address} on `{self.network}` is answered for by {found.mac_address}{who}, and {other.name},"
                f" whose address it is, has {expected}"
            )
            yield Cause(
                text, "find out who took the address, and take it away there", shown_by=one.shown_by("ip neigh")
            )

    def _who_has(self, mac_address: str) -> str:
        for key, place in self.evidence.places.items():
            if place.space.by_mac(mac_address) is not None:
                who = "the host" if key == HOST else f"`{self.world.members[key].wish.name}`"
                return f" ({who})"
        for container in (*self.world.seen.containers, *self.world.seen.neighbours):
            if any(a.mac_address == mac_address for a in container.attachments.values()):
                return f" (`{container.name}`)"
        return ""

    # -- firewalls -----------------------------------------------------------------------------------------------------

    def _rules(self, source: _End | None, target: _End) -> Iterator[Cause]:
        network = self._network()
        if network is None or target.attachment is None:
            return
        to = target.attachment.address or target.attachment.address6
        if source is None:
            host_end = (
                self.evidence.places[HOST].space.by_name(network.bridge) if HOST in self.evidence.places else None
            )
            start = next((a for a in bare(host_end.addresses) if (":" in a) == (":" in to)), "") if host_end else ""
        else:
            start = source.attachment.address or source.attachment.address6 if source.attachment else ""
        if not (start and to):
            return
        asked = Packet(start, to, "tcp" if self.port else "icmp", self.port)
        back = replace(asked, source=to, target=start, answer=True)
        bridge = network.bridge
        between = [
            (None, _BETWEEN, replace(packet, inward=bridge, outward=bridge)) if source else (None, hooks, packet)
            for packet, hooks in ((replace(asked, outward=bridge), _OUT), (replace(back, inward=bridge), _IN))
        ]
        steps: list[tuple[_End | None, _Hooks, Packet]] = [
            between[0],
            (target, _IN, replace(asked, inward=_link_name(target))),
            (target, _OUT, replace(back, outward=_link_name(target))),
            between[1],
        ]
        if source is not None:
            first = (source, _OUT, replace(asked, outward=_link_name(source)))
            steps = [first, *steps, (source, _IN, replace(back, inward=_link_name(source)))]
        for end, hooks, packet in steps:
            yield from _stopped(end.place if end else self.evidence.places.get(HOST), hooks, packet, end)


def _link_name(end: _End) -> str:
    return end.interface.name if end.interface else "eth0"


def _stopped(place: Place | None, hooks: _Hooks, packet: Packet, end: _End | None) -> Iterator[Cause]:
    """The rule of a container's firewall (`end` is None: of the host's) that stops a packet."""
    rules = (place.rules6 if ":" in packet.target else place.rules) if place else None
    found = rules.stops(packet, hooks) if rules else None
    if found is not None:
        yield _by_rule(found, packet, end)


def no_resolver(evidence: Evidence, member: Member, network: str) -> Iterator[Cause]:
    """Why a container can't ask Docker's resolver for a name."""
    place = evidence.places.get(member.key)
    if place is None or network == DEFAULT_BRIDGE:
        return
    end = _End(member, place, None)
    shows = f"docker exec {end.real} cat /etc/resolv.conf"
    if not place.nameservers:
        text = f"/etc/resolv.conf in {end.name} names no resolver; Docker's is {RESOLVER}"
        yield Cause(text, _RESOLV_HINT.format(end.real), shown_by=shows)
    elif place.nameservers[0] != RESOLVER:
        text = f"{end.name} asks {place.nameservers[0]} for names, by its /etc/resolv.conf, and not Docker's resolver"
        yield Cause(f"{text} ({RESOLVER})", _RESOLV_HINT.format(end.real), shown_by=shows)
    loopback = place.space.by_name("lo")
    if loopback is not None and not loopback.is_up:
        text = f"the loopback interface inside {end.name} is down, and Docker's resolver ({RESOLVER}) answers there"
        yield Cause(text, end.anew, shown_by=end.shown_by("ip link show lo"))
    for hooks, packet in (
        (_OUT, Packet(RESOLVER, RESOLVER, "udp", 53, outward="lo")),
        (_IN, Packet(RESOLVER, RESOLVER, "udp", 53, inward="lo")),
    ):
        yield from _stopped(place, hooks, packet, end)


_RESOLV_HINT = "docker exec {} sh -c 'echo nameserver 127.0.0.11 > /etc/resolv.conf'"


def full_backlog(evidence: Evidence, target: Member, port: int) -> Iterator[Cause]:
    """A program that listens, and takes nobody in."""
    place = evidence.places.get(target.key)
    for listener in place.space.listeners if place else ():
        if listener.protocol == "tcp" and listener.port == port and listener.waiting:
            text = (
                f"`{target.wish.name}` listens on {{}} and takes nobody in: {listener.waiting} connections wait, and"
                " its backlog is full"
            )
            live = target.live.name if target.live else target.wish.name
            yield Cause(
                text, f"docker logs {live} shows what its program does", port, f"docker exec {live} netstat -tln"
            )


def only_udp(evidence: Evidence, target: Member, port: int) -> bool:
    """Whether a port is listened on over UDP."""
    place = evidence.places.get(target.key)
    return any(item.protocol == "udp" and item.port == port for item in (place.space.listeners if place else ()))


def _by_rule(found: Stopped, packet: Packet, end: _End | None) -> Cause:
    where = f"inside {end.name}" if end else "on the host"
    program = "ip6tables" if ":" in packet.target else "iptables"
    command = f"{program} -t {found.table} -L {found.chain} -n --line-numbers"
    number = f"-D {found.chain} {found.number}" if found.number else f"-P {found.chain} ACCEPT"
    pid = end.member.live.state.pid if end and end.member.live else 0
    enter = f"nsenter --net=/proc/{pid}/ns/net " if end else ""
    table = f" of the table {found.table}" if found.table != "filter" else ""
    verb = "rejects" if "REJECT" in found.rule else "drops"
    return Cause(
        f"a firewall {where} {verb} packets: {found.text}{table}",
        f"{enter}{program} -t {found.table} {number}",
        shown_by=f"{enter}{command}",
    )


def _route(one: _End, other: _End) -> Iterator[Cause]:
    """What the routes inside one do with what is for the other."""
    space, interface = one.space, one.interface
    address = other.attachment.address if other.attachment else ""
    if space is None or interface is None or not interface.is_up or not address:
        return
    wanted = ipaddress.ip_address(address)
    best = max((r for r in space.routes if _leads_to(r, wanted)), key=lambda r: _length(r.destination), default=None)
    refused = [text for text in space.refused if wanted in ipaddress.ip_network(text)]
    longest = max(refused, key=_length, default="")
    shows = one.shown_by("ip route")
    if longest and (best is None or _length(longest) >= _length(best.destination)):
        text = f"a route inside {one.name} throws away what is for {longest} (blackhole, unreachable or prohibit)"
        yield Cause(f"{text}; {other.name} is at {address}", one.anew, shown_by=shows)
    elif best is None:
        yield Cause(f"{one.name} has no route to {{}}", one.anew, f"{other.name} ({address})", shows)
    elif best.interface != interface.name or best.gateway:
        via = f" over {best.gateway}" if best.gateway else ""
        text = f"a route inside {one.name} sends what is for {best.destination} to `{best.interface}`{via}, and not to"
        yield Cause(f"{text} `{interface.name}`, where {other.name} is", one.anew, shown_by=shows)


def _leads_to(route: Route, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    subnet = ipaddress.ip_network(route.destination, strict=False)
    return subnet.version == address.version and address in subnet


def _length(subnet: str) -> int:
    return int(subnet.partition("/")[2])


def _is_link_local(address: str) -> bool:
    return ipaddress.ip_address(address).is_link_local


def by_outcome(outcome: Outcome | None) -> bool:
    """Whether a way may be to blame for what came of a probe."""
    return outcome is None or outcome.word in ("timeout", "unreachable", "refused", "silent", "nothing", "empty")
