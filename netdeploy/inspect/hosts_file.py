"""A container's /etc/hosts: each of its lines with what it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netdeploy.engine.answers import address as short_address
from netdeploy.engine.helpers import HOST
from netdeploy.inspect.report import HostsLineReport, HostsReport
from netdeploy.inspect.space import bare

if TYPE_CHECKING:
    from netdeploy.engine.observed import ObservedContainer
    from netdeploy.inspect.look import Inspection
    from netdeploy.inspect.space import Space

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

    @property
    def place(self) -> str:
        """The address in its shortest spelling."""
        return short_address(self.address)


def hosts(inspection: Inspection) -> HostsReport | None:
    """The file as it is, with the lines that are missing; None where it could not be read.

    A container with another's network has that one's file.
    """
    connection = inspection.networking
    if connection.hosts is None:
        return None
    lines, known = list(_lines(connection.hosts)), _known(inspection)
    mounted = any(mount.target == PATH for mount in connection.container.mounts)
    runs = connection.container.state.running
    return HostsReport(
        lines=tuple(_told(line, known) for line in lines),
        missing=tuple(_missing(inspection, known, lines)) if runs and not mounted else (),
        mounted=mounted,
        text=connection.hosts,
    )


def _lines(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield _Line(words[0], tuple(words[1:]))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a line may be from. Addresses are in their shortest spelling; None is not known."""

    extra_hosts: frozenset[str]
    own_names: frozenset[str]
    linked: Mapping[str, frozenset[str]]
    gateways: frozenset[str]
    """What the engine may put for `host-gateway`."""
    inside: frozenset[str] | None
    """The addresses inside."""
    copied: bool
    """Whether the file is a copy of the host's: so with the host's network, and no hosts of its own."""
    of_host: frozenset[_Line] | None
    """The lines of the host's file."""


def _known(inspection: Inspection) -> _Known:
    container, host, inside = inspection.networking.connected, inspection.host.space, inspection.inside.space
    bridge = next((network for network in inspection.networks.values() if network.name == _DEFAULT_BRIDGE), None)
    gateways = [pool.gateway for pool in bridge.pools] if bridge else []
    return _Known(
        extra_hosts=frozenset(container.extra_hosts),
        own_names=frozenset(_own_names(container)),
        linked=inspection.networking.linked,
        gateways=frozenset([*gateways, *(_all_addresses(host) if host else ())]),
        inside=frozenset(_all_addresses(inside)) if inside else None,
        copied=container.network_mode == HOST and not container.extra_hosts,
        of_host=frozenset(_lines(host.hosts)) if host and host.hosts is not None else None,
    )


def _own_names(container: ObservedContainer) -> Iterator[str]:
    """The hostname with its domain, and its first word."""
    whole = ".".join(filter(None, (container.hostname, container.domainname)))
    yield from (whole, whole.partition(".")[0], container.hostname)


def _all_addresses(space: Space) -> Iterator[str]:
    return (address for interface in space.interfaces for address in bare(interface.addresses))


def _told(line: _Line, known: _Known) -> HostsLineReport:
    kind, note = _kind(line, known)
    return HostsLineReport(address=line.address, names=line.names, kind=kind, note=note)


def _kind(line: _Line, known: _Known) -> tuple[_Kind, str | None]:
    names = set(line.names)
    if known.copied:
        return "unknown" if known.of_host is None else "host" if line in known.of_host else "other", None
    if not names:
        return "other", None
    if names <= _LOOPBACK.get(line.place, frozenset()):
        return "loopback", None
    if len(line.names) == 1 and (line.place, line.names[0]) in _IPV6:
        return "ipv6", None
    if {f"{name}:{line.place}" for name in names} <= known.extra_hosts:
        return "extra_hosts", None
    if {f"{name}:{_GATEWAY}" for name in names} <= known.extra_hosts:
        if line.place in known.gateways:
            return "extra_hosts", f"{_GATEWAY}: the host, as containers reach it"
        return "unknown", f"extra_hosts has {_GATEWAY}, and this is no address of the host that is known"
    leads = known.linked.get(line.names[0])
    if leads is not None:
        stale = leads and line.place not in leads
        return "link", f"the container has {', '.join(sorted(leads))}" if stale else None
    if names <= known.own_names:
        lost = known.inside is not None and line.place not in known.inside
        return "own", "no interface inside has this address" if lost else None
    return "other", None


def _missing(inspection: Inspection, known: _Known, lines: Iterable[_Line]) -> Iterator[str]:
    there = {(name, line.place) for line in lines for name in line.names}
    names = {name for name, _ in there}
    for text in sorted(known.extra_hosts):
        name, _, address = text.partition(":")
        if address == _GATEWAY and name not in names:
            yield f"{name} ({_GATEWAY}, of extra_hosts)"
        elif address != _GATEWAY and (name, address) not in there:
            yield f"{address} {name} (of extra_hosts)"
    own = [address for endpoint in inspection.networking.endpoints for address in bare(endpoint.addresses)]
    hostname = inspection.networking.connected.hostname
    if own and hostname not in names:
        yield f"{own[0]} {hostname} (its own)"
