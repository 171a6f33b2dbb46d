"""A container's /etc/hosts: each of its lines with what it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netdeploy.engine.answers import address as short_address
from netdeploy.engine.helpers import HOST
from netdeploy.inspect.report import HostsLineReport, HostsReport
from netdeploy.inspect.space import bare

if TYPE_CHECKING:
    from netdeploy.engine.observed import ObservedContainer
    from netdeploy.inspect.look import Inspection

PATH = "/etc/hosts"
_GATEWAY = "host-gateway"
_DEFAULT_BRIDGE = "bridge"
_LOOPBACK = {
    "127.0.0.1": frozenset({"localhost"}),
    "::1": frozenset({"localhost", "ip6-localhost", "ip6-loopback"}),
}
_IPV6 = {
    ("fe00::", "ip6-localnet"),
    ("ff00::", "ip6-mcastprefix"),
    ("ff02::1", "ip6-allnodes"),
    ("ff02::2", "ip6-allrouters"),
}
"""What engines write for IPv6 into every hosts file (moby, libnetwork/etchosts)."""
_Kind = Literal["loopback", "ipv6", "own", "extra_hosts", "link", "host", "other", "unknown"]


@dataclass(frozen=True, slots=True)
class _Line:
    address: str
    names: tuple[str, ...]


def hosts(inspection: Inspection) -> HostsReport | None:
    """The file as it is, with the lines that are missing; None where it could not be read.

    A container with another's network has that one's file.
    """
    connection = inspection.networking
    if connection.hosts is None:
        return None
    container, lines = connection.connected, list(_lines(connection.hosts))
    mounted = any(mount.target == PATH for mount in connection.container.mounts)
    runs = connection.container.state.running
    return HostsReport(
        lines=tuple(_told(line, inspection) for line in lines),
        missing=tuple(_missing(inspection, container, lines)) if runs and not mounted else (),
        mounted=mounted,
        text=connection.hosts,
    )


def _lines(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield _Line(short_address(words[0]), tuple(words[1:]))


def _told(line: _Line, inspection: Inspection) -> HostsLineReport:
    kind, note = _kind(line, inspection)
    return HostsLineReport(address=line.address, names=line.names, kind=kind, note=note)


def _kind(line: _Line, inspection: Inspection) -> tuple[_Kind, str | None]:
    container, names = inspection.networking.connected, set(line.names)
    if container.network_mode == HOST and not container.extra_hosts:
        return _of_host(line, inspection)
    if names and names <= _LOOPBACK.get(line.address, frozenset()):
        return "loopback", None
    if len(line.names) == 1 and (line.address, line.names[0]) in _IPV6:
        return "ipv6", None
    extra = set(container.extra_hosts)
    if names and {f"{name}:{line.address}" for name in names} <= extra:
        return "extra_hosts", None
    if names and {f"{name}:{_GATEWAY}" for name in names} <= extra:
        return _of_gateway(line.address, inspection)
    leads = inspection.networking.linked.get(line.names[0]) if line.names else None
    if leads is not None:
        stale = leads and line.address not in leads
        return "link", f"the container has {', '.join(sorted(leads))}" if stale else None
    if names and names <= set(_own_names(container)):
        return "own", _not_inside(line.address, inspection)
    return "other", None


def _of_host(line: _Line, inspection: Inspection) -> tuple[_Kind, str | None]:
    """With the host's network and no hosts of its own, a container has a copy of the host's file."""
    host = inspection.host.space
    if host is None or host.hosts is None:
        return "unknown", None
    return ("host" if line in list(_lines(host.hosts)) else "other"), None


def _of_gateway(address: str, inspection: Inspection) -> tuple[_Kind, str | None]:
    """The engine puts the default bridge's gateway for `host-gateway`, or an address of its settings."""
    bridge = next((network for network in inspection.networks.values() if network.name == _DEFAULT_BRIDGE), None)
    known = {pool.gateway for pool in bridge.pools} if bridge else set()
    if inspection.host.space:
        known |= {one for interface in inspection.host.space.interfaces for one in bare(interface.addresses)}
    if address in known:
        return "extra_hosts", f"{_GATEWAY}: the host, as containers reach it"
    return "unknown", f"extra_hosts has {_GATEWAY}, and this is no address of the host that is known"


def _own_names(container: ObservedContainer) -> Iterator[str]:
    """The hostname with its domain, and its first word."""
    whole = ".".join(filter(None, (container.hostname, container.domainname)))
    yield from (whole, whole.partition(".")[0], container.hostname)


def _not_inside(address: str, inspection: Inspection) -> str | None:
    space = inspection.inside.space
    if space is None or any(address in bare(interface.addresses) for interface in space.interfaces):
        return None
    return "no interface inside has this address"


def _missing(inspection: Inspection, container: ObservedContainer, lines: Iterable[_Line]) -> Iterator[str]:
    there = {(name, line.address) for line in lines for name in line.names}
    names = {name for name, _ in there}
    for text in container.extra_hosts:
        name, _, address = text.partition(":")
        if address == _GATEWAY and name not in names:
            yield f"{name} ({_GATEWAY}, of extra_hosts)"
        elif address != _GATEWAY and (name, address) not in there:
            yield f"{address} {name} (of extra_hosts)"
    own = [address for endpoint in inspection.networking.endpoints for address in bare(endpoint.addresses)]
    if own and container.hostname not in names:
        yield f"{own[0]} {container.hostname} (its own)"
