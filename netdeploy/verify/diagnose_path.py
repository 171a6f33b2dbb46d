"""The causes below the engine's API: links, addresses, routes, neighbours, resolvers and firewalls on a packet's way.

One table, nearest first: what is wrong with the source's own link comes before what is wrong with its routes, and that
before anything of the target's. The engine knows of none of it: its API says that all is well.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from netdeploy.engine.observed import ObservedNetwork
from netdeploy.inspect.space import Interface, Route, bare
from netdeploy.verify.cause import Cause
from netdeploy.verify.diagnose_kernel import by_policy, shaped, stopped_on_the_way
from netdeploy.verify.diagnose_mtu import too_large
from netdeploy.verify.end import End
from netdeploy.verify.probing import Evidence, Outcome
from netdeploy.verify.world import HOST, Member, World


@dataclass(frozen=True, slots=True)
class Way:
    """From a container (None: the host) to a port of another over a network; port 0 is a ping."""

    world: World
    evidence: Evidence
    source: Member | None
    target: Member
    network: str
    port: int = 0
    over6: bool = False
    """Whether it is asked over IPv6."""

    def causes(self) -> Iterator[Cause]:
        """What is broken on it, nearest first."""
        source = self._end(self.source) if self.source else None
        target = self._end(self.target)
        if source is not None:
            yield from self._link(source)
            yield from _route(source, target)
            yield from by_policy(source, target, sure=True)
        yield from self._link(target)
        if source is not None:
            yield from _route(target, source)
            yield from by_policy(target, source, sure=True)
            yield from self._isolated(source, target)
            yield from self._somebody_else(target)
            yield from self._somebody_else(source)
            yield from self._neighbour(source, target)
            yield from self._neighbour(target, source)
        yield from self._stopped(source, target)
        ends = (source, target) if source else (target,)
        yield from shaped(self.evidence.places.get(HOST), ends)
        if source is not None:
            yield from by_policy(source, target, sure=False)
            yield from by_policy(target, source, sure=False)
        if not self.port and target.place and not target.place.answers_pings:
            text = f"{target.name} answers no ping: `net.ipv4.icmp_echo_ignore_all` is 1 inside"
            yield Cause(text, target.anew, shown_by=target.shown_by("sysctl net.ipv4.icmp_echo_ignore_all"))

    def causes_of_loss(self) -> Iterator[Cause]:
        """Why large packets do not get through where small ones do."""
        if self.source is not None:
            yield from too_large(self.evidence.places.get(HOST), self._end(self.source), self._end(self.target))

    def _end(self, member: Member) -> End:
        live = member.owner_live
        attachment = live.attachments.get(self.network) if live else None
        return End(member, self.evidence.places.get(member.key), attachment, self.over6)

    def _network(self) -> ObservedNetwork | None:
        return next((network for network in self.world.seen.networks if network.name == self.network), None)

    # -- links ---------------------------------------------------------------------------------------------------------

    def _link(self, end: End) -> Iterator[Cause]:
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

    def _host_side(self, end: End, interface: Interface) -> Iterator[Cause]:
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
        elif not outer.forwards and interface.is_up:
            yield Cause(
                f"{ends}, is a port that {bridge.name} keeps blocked",
                f"bridge link set dev {outer.name} state 3",
                shown_by=f"bridge link show dev {outer.name}",
            )

    def _isolated(self, source: End, target: End) -> Iterator[Cause]:
        host = self.evidence.places.get(HOST)
        ends = sorted((source, target), key=lambda end: end.name)
        one, other = (end.outer(host.space) if host else None for end in ends)
        if one and other and one.is_isolated and other.is_isolated and one.bridge == other.bridge:
            text = (
                f"{one.name} and {other.name}, the host's ends of {ends[0].name} and {ends[1].name}, are isolated ports"
                f" of {one.bridge}, which hands nothing on between such ports"
            )
            yield Cause(text, f"bridge link set dev {one.name} isolated off", shown_by="bridge -d link")

    # -- neighbours ----------------------------------------------------------------------------------------------------

    def _somebody_else(self, owner: End) -> Iterator[Cause]:
        """Another one, or the host, with the address that the engine gave to `owner`."""
        for key, place in self.evidence.places.items():
            taken = next((i for i in place.space.interfaces if owner.address in bare(i.addresses)), None)
            if key == owner.member.key or taken is None or not owner.address:
                continue
            member = self.world.members.get(key)
            if member is not None and member.owner is owner.member.owner:
                continue
            thief = End(member, place, None) if member else None
            where = f"inside {thief.name}" if thief else "on the host"
            whole = next(text for text in taken.addresses if text.partition("/")[0] == owner.address)
            yield Cause(
                f"`{taken.name}` {where} has {owner.address}, too, the address of {owner.name} on `{self.network}`",
                thief.anew if thief else f"ip addr del {whole} dev {taken.name}",
                shown_by=thief.shown_by("ip addr") if thief else "ip addr",
            )

    def _neighbour(self, one: End, other: End) -> Iterator[Cause]:
        if one.space is None or other.attachment is None or other.interface is None:
            return
        expected = other.interface.mac_address
        command = "ip -6 neigh" if self.over6 else "ip neigh"
        for found in one.space.neighbours:
            if found.address != other.address or found.mac_address == expected:
                continue
            if found.is_fixed:
                text = (
                    f"{one.name} has a fixed neighbour entry that sends what is for {found.address} to"
                    f" {found.mac_address}; {other.name} is at {expected}"
                )
                yield Cause(text, one.anew, shown_by=one.shown_by(command))
            who = self._who_has(found.mac_address)
            text = (
                f"{found.address} on `{self.network}` is answered for by {found.mac_address}{who}, and {other.name},"
                f" whose address it is, has {expected}"
            )
            yield Cause(text, "find out who took the address, and take it away there", shown_by=one.shown_by(command))

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

    def _stopped(self, source: End | None, target: End) -> Iterator[Cause]:
        network = self._network()
        if network is not None:
            yield from stopped_on_the_way(self.evidence, network, source, target, self.port)


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


def _route(one: End, other: End) -> Iterator[Cause]:
    """What the routes inside one do with what is for the other."""
    space, interface = one.space, one.interface
    address = other.address
    if space is None or interface is None or not interface.is_up or not address:
        return
    wanted = ipaddress.ip_address(address)
    best = max((r for r in space.routes if _leads_to(r, wanted)), key=lambda r: _length(r.destination), default=None)
    refused = [text for text in space.refused if wanted in ipaddress.ip_network(text)]
    longest = max(refused, key=_length, default="")
    shows = one.shown_by("ip -6 route" if ":" in address else "ip route")
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
