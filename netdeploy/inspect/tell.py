"""From what was seen to the report: which interface belongs to which network, and where ports lead. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from netdeploy.engine.observed import LABEL_TOPOLOGY
from netdeploy.inspect.explain import commands
from netdeploy.inspect.hostname import hostname, shared_by, shares
from netdeploy.inspect.hosts_file import hosts
from netdeploy.inspect.ports import ports
from netdeploy.inspect.report import (
    BridgeReport,
    EvidenceReport,
    HostInterfaceReport,
    HostnameReport,
    InspectReport,
    InterfaceReport,
    NetworkReport,
    PingReport,
    ResolverReport,
    RouteReport,
    UnknownReport,
)
from netdeploy.inspect.resolver import resolver as read_resolver
from netdeploy.inspect.resolver import why_no_upstream
from netdeploy.inspect.space import bare

if TYPE_CHECKING:
    from netdeploy.engine.networking import LiveEndpoint, Networking
    from netdeploy.engine.observed import ObservedNetwork
    from netdeploy.inspect.look import Inspection
    from netdeploy.inspect.space import Interface, Route, Space

_DEFAULT_BRIDGE = "bridge"


def tell(inspection: Inspection, *, explain: bool = False, host_name: str = "localhost") -> InspectReport:
    """The report on one container.

    Args:
        inspection: what was seen.
        explain: also tell the commands by which a person finds each line.
        host_name: how a browser here calls the engine's host.
    """
    connection = inspection.networking
    container = connection.container
    resolver, names = read_resolver(inspection), hostname(inspection)
    inside = inspection.inside.space
    networks = tuple(_network(endpoint, inspection, resolver) for endpoint in connection.endpoints)
    report = InspectReport(
        name=container.name,
        id=container.id,
        image=container.image,
        status=container.state.status,
        topology=container.labels.get(LABEL_TOPOLOGY),
        mode=_mode(container.network_mode),
        shares_with=_shares_with(connection),
        hostname=names,
        shares=tuple(shares(inspection)),
        shared_by=shared_by(inspection),
        networks=networks,
        interfaces=tuple(map(_interface, inside.interfaces)) if inside else None,
        routes=tuple(_routes(inside, networks)) if inside else None,
        resolver=resolver,
        hosts=hosts(inspection),
        ports=tuple(ports(connection, networks, inside, inspection.host.space, host_name)),
        unknown=tuple(_unknown(inspection, names, resolver)),
    )
    if not explain:
        return report
    return report.model_copy(update={"commands": commands(report, inspection.helper_image)})


def _mode(network_mode: str) -> Literal["networks", "host", "none", "container"]:
    match network_mode.partition(":")[0]:
        case "host":
            return "host"
        case "none":
            return "none"
        case "container":
            return "container"
    return "networks"


def _shares_with(connection: Networking) -> str | None:
    kind, _, name = connection.container.network_mode.partition(":")
    return name if kind == "container" else None


def _unknown_names(
    inspection: Inspection, names: HostnameReport, resolver: ResolverReport | None
) -> Iterator[UnknownReport]:
    if names.name is None:
        why = "it may give itself another (privileged, or SYS_ADMIN), and only root on the engine's machine sees that"
        yield UnknownReport(what="its hostname now", why=why)
    if resolver and resolver.docker and resolver.upstream is None and inspection.host.space:
        why = why_no_upstream(inspection.host.space)
        yield UnknownReport(what="where names that nobody on its networks has go", why=why)


def _unknown(inspection: Inspection, names: HostnameReport, resolver: ResolverReport | None) -> Iterator[UnknownReport]:
    connection = inspection.networking
    if connection.container.network_mode.startswith("container:") and connection.owner is None:
        yield UnknownReport(what="its networks", why="the container whose network it shares is gone")
    inside, host = inspection.inside, inspection.host
    same = host.space is None and host.why_not == inside.why_not
    if inside.space is None:
        also = ", and the host's side" if same and connection.endpoints else ""
        yield UnknownReport(what=f"interfaces, routes and listeners inside{also}", why=inside.why_not)
    if host.space is None and connection.endpoints and not same:
        yield UnknownReport(what="the host's side", why=host.why_not)
    if host.space and not host.space.pings and any(endpoint.addresses for endpoint in connection.endpoints):
        yield UnknownReport(what="whether its addresses answer the host", why="this machine has no `ping`")
    if connection.resolv_conf is None:
        yield UnknownReport(what="/etc/resolv.conf", why=connection.no_resolv_conf)
    yield from _unknown_names(inspection, names, resolver)
    if connection.hosts is None:
        yield UnknownReport(what="/etc/hosts", why=connection.no_hosts)


def _network(endpoint: LiveEndpoint, inspection: Inspection, resolver: ResolverReport | None) -> NetworkReport:
    inside, host = inspection.inside.space, inspection.host.space
    network = inspection.networks.get(endpoint.network_id) or _by_name(inspection, endpoint.network)
    interface = _interface_of(endpoint, inspection)
    bridge = _bridge(network, host) if network else None
    peer, parent = _other_end(interface, bridge, host) if interface and host else (None, None)
    gone = inside is not None and interface is None
    mac_address = (interface.mac_address if interface else "") or ("" if gone else endpoint.mac_address)
    return NetworkReport(
        name=endpoint.network,
        id=endpoint.network_id,
        driver=network.driver if network else None,
        internal=bool(network and network.internal),
        subnets=tuple(pool.subnet for pool in network.pools if pool.subnet) if network else (),
        bridge=bridge,
        host_interface=_host_interface(peer),
        interface=_interface(interface) if interface else None,
        mac_address=mac_address or None,
        addresses=tuple(_addresses(endpoint, interface, inspection)),
        assigned=endpoint.addresses,
        gateways=endpoint.gateways or tuple(pool.gateway for pool in network.pools if pool.gateway) if network else (),
        default_route=_has_default_route(interface, inside) if inside else None,
        names=endpoint.names,
        evidence=_evidence(endpoint, interface, inside, resolver) if inside else None,
        pings=_pings(endpoint, host),
        notes=tuple(_notes(endpoint, network, inspection, interface, parent)),
    )


def _by_name(inspection: Inspection, name: str) -> ObservedNetwork | None:
    """A container that was never started tells its networks by name only."""
    return next((network for network in inspection.networks.values() if network.name == name), None)


def _addresses(endpoint: LiveEndpoint, interface: Interface | None, inspection: Inspection) -> Iterator[str]:
    """As they are inside; where that could not be looked at, as the engine gave them or is to give them."""
    if interface:
        given = endpoint.addresses
        there = [a for a in interface.addresses if a in given or not _is_link_local(a)]
        yield from sorted(there, key=lambda address: given.index(address) if address in given else len(given))
    elif inspection.inside.space is None:
        yield from endpoint.addresses or _asked_for(inspection, endpoint)


def _asked_for(inspection: Inspection, endpoint: LiveEndpoint) -> Iterator[str]:
    attachment = inspection.networking.connected.attachments.get(endpoint.network)
    if attachment:
        yield from filter(None, (attachment.ipv4_address, attachment.ipv6_address))


def _interface_of(endpoint: LiveEndpoint, inspection: Inspection) -> Interface | None:
    """By address, since ipvlan's interfaces share a MAC address, or by that; where none are known, the only one."""
    inside = inspection.inside.space
    if inside is None:
        return None
    found = inside.by_address(endpoint.addresses) or inside.by_mac(endpoint.mac_address)
    if found or any(interface.mac_address for interface in inside.interfaces):
        return found
    others = [interface for interface in inside.interfaces if interface.name != "lo"]
    return others[0] if len(others) == len(inspection.networking.endpoints) == 1 else None


def _interface(interface: Interface) -> InterfaceReport:
    return InterfaceReport(
        name=interface.name,
        index=interface.index or None,
        link=interface.link or None,
        mac_address=interface.mac_address or None,
        state=interface.state or None,
        mtu=interface.mtu or None,
        addresses=interface.addresses,
    )


def _other_end(
    interface: Interface, bridge: BridgeReport | None, host: Space
) -> tuple[Interface | None, Interface | None]:
    """The host's end of a veth, or the interface of the host that another kind stands on.

    Where the other end's number is not known, it is among the bridge's ports that name this one's number, which many
    may do (on newer engines each container's first interface has number 2): only if it is the one, it is told.
    """
    if interface.link:
        found = host.by_index(interface.link)
        is_peer = found is not None and found.link == interface.index
        return (found, None) if is_peer else (None, found)
    ports = [i for i in host.interfaces if bridge and i.bridge == bridge.name and i.link == interface.index]
    return (ports[0] if len(ports) == 1 else None), None


def _host_interface(peer: Interface | None) -> HostInterfaceReport | None:
    return HostInterfaceReport(name=peer.name, index=peer.index, bridge=peer.bridge or None) if peer else None


def _bridge(network: ObservedNetwork, host: Space | None) -> BridgeReport | None:
    if network.driver != "bridge":
        return None
    name = network.bridge
    found = host.by_name(name) if host else None
    addresses = tuple(a for a in found.addresses if not _is_link_local(a)) if found else ()
    return BridgeReport(name=name, addresses=addresses, exists=found is not None if host else None)


def _is_link_local(address: str) -> bool:
    return ipaddress.ip_interface(address).is_link_local


def _has_default_route(interface: Interface | None, inside: Space) -> bool:
    used = {route.interface for route in _used_defaults(inside)}
    return interface is not None and interface.name in used


def _used_defaults(inside: Space) -> list[Route]:
    """Of each family, the default route with the lowest metric."""
    found = []
    for destination in ("0.0.0.0/0", "::/0"):
        routes = [route for route in inside.routes if route.destination == destination]
        found += sorted(routes, key=lambda route: route.metric)[:1]
    return found


def _evidence(
    endpoint: LiveEndpoint, interface: Interface | None, inside: Space, resolver: ResolverReport | None
) -> EvidenceReport:
    subnets = {str(ipaddress.ip_interface(address).network) for address in endpoint.addresses}
    leads = {route.destination for route in inside.routes if interface and route.interface == interface.name}
    return EvidenceReport(
        interface=interface is not None and _works(interface) and _has_its_addresses(endpoint, interface),
        route=bool(subnets) and subnets <= leads,
        resolver=bool(resolver and resolver.docker),
    )


def _works(interface: Interface) -> bool:
    """Up, and so is what it is connected to (its other end, or what it stands on)."""
    return interface.is_up and interface.state not in ("down", "lowerlayerdown")


def _has_its_addresses(endpoint: LiveEndpoint, interface: Interface) -> bool:
    return set(bare(endpoint.addresses)) <= set(bare(interface.addresses))


def _broken_link(network: ObservedNetwork, interface: Interface, host: Space | None) -> Iterator[str]:
    """What of a container's link is not as the engine made it."""
    if not interface.is_up:
        yield f"`{interface.name}` is down inside"
    bridge = host.by_name(network.bridge) if host and network.driver == "bridge" else None
    if host is None or bridge is None:
        return
    if not bridge.is_up:
        yield f"its bridge {bridge.name} is down on the host"
    peer = host.by_index(interface.link)
    if peer is None or peer.link != interface.index:
        return
    if not peer.is_up:
        yield f"its end on the host, {peer.name}, is down"
    if peer.bridge != bridge.name:
        yield f"its end on the host, {peer.name}, is a port of {peer.bridge or 'no bridge'}, not of {bridge.name}"


def _pings(endpoint: LiveEndpoint, host: Space | None) -> tuple[PingReport, ...]:
    answered = {ping.address: ping for ping in (host.pings if host else ())}
    return tuple(
        PingReport(address=address, answers=answered[address].answers, milliseconds=answered[address].milliseconds)
        for address in bare(endpoint.addresses)
        if address in answered
    )


def _notes(
    endpoint: LiveEndpoint,
    network: ObservedNetwork | None,
    inspection: Inspection,
    interface: Interface | None,
    parent: Interface | None,
) -> Iterator[str]:
    if network is None:
        yield (
            f"the network is gone, so the container can't start: docker network disconnect {endpoint.network} "
            f"{inspection.networking.connected.name} takes it off"
        )
        return
    if network.driver != "bridge":
        yield _WITHOUT_BRIDGE.get(network.driver, f"the driver `{network.driver}` makes no bridge")
    if parent and parent.link == parent.index:
        yield f"its interface stands on `{parent.name}` of the host, and has no end of its own there"
    if interface is None and inspection.inside.space and endpoint.addresses:
        yield "the engine says it is connected, and there is no interface inside that belongs to it"
    if interface is not None:
        yield from _broken_link(network, interface, inspection.host.space)
    if endpoint.network == _DEFAULT_BRIDGE:
        yield "the default bridge has no names: others reach the container by its address only"
        if endpoint.links:
            yield f"linked: {', '.join(endpoint.links)}"


_WITHOUT_BRIDGE = {
    "macvlan": "a macvlan network has no bridge, and its containers do not answer their own host",
    "ipvlan": "an ipvlan network has no bridge, and its containers do not answer their own host",
    "overlay": "an overlay network's bridge and the other end of the interface lie in a namespace of their own; the "
    "way out, and published ports, go through another interface, on the host's docker_gwbridge",
}


def _routes(inside: Space, networks: Sequence[NetworkReport]) -> Iterator[RouteReport]:
    of_interface = {network.interface.name: network.name for network in networks if network.interface}
    for route in sorted(inside.routes, key=lambda route: (":" in route.destination, not route.is_default)):
        if not _is_link_local(route.destination):
            yield RouteReport(
                destination=route.destination,
                gateway=route.gateway or None,
                interface=route.interface,
                network=of_interface.get(route.interface),
                default=route.is_default,
                metric=route.metric,
            )
