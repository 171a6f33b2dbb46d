"""What else is around a topology: who holds ports, and the host itself, where the engine is on it.

Only looked at before something is changed.
"""

from __future__ import annotations

import array
import ipaddress
import itertools
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netdeploy.engine.abilities import Abilities, abilities
from netdeploy.engine.host import is_taken
from netdeploy.engine.observe import listed_name, unused_networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netdeploy.engine.engine import Engine

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
_ANY_IPV4 = "0.0.0.0"  # noqa: S104 - compared with what is in use, nothing listens


@dataclass(frozen=True, slots=True)
class HeldPort:
    """A port of the host in use: by a container (`container_id`), or by a process. `ip` may be a wildcard."""

    ip: str
    port: int
    protocol: str
    holder: str
    container_id: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the host; the default route is left out."""

    subnet: Subnet
    interface: str


@dataclass(frozen=True, slots=True)
class AddressPool:
    """Where the engine takes subnets for networks that declare none: `base` in parts of prefix length `size`."""

    base: str
    size: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was seen; `local`: the engine is on this host, so `processes` and `routes` are the engine's, too."""

    containers: tuple[HeldPort, ...] = ()
    unused_networks: tuple[str, ...] = ()
    """Networks that no container is on."""
    pools: tuple[AddressPool, ...] = ()
    local: bool = False
    processes: tuple[HeldPort, ...] = ()
    routes: tuple[Route, ...] = ()
    abilities: Abilities = field(default_factory=Abilities)
    interfaces: frozenset[str] = frozenset()
    """The host's, those that are no bridges."""


BUILT_IN_POOLS = (
    *(AddressPool(f"172.{number}.0.0/16", 16) for number in range(17, 32)),
    AddressPool("192.168.0.0/16", 20),
)
"""moby, libnetwork/ipamutils: localScopeDefaultNetworks."""


def look_around(engine: Engine) -> Surroundings:
    """Look at what a plan may stumble over."""
    reader = engine.reader
    info = reader.get("/info")
    local = _is_local(engine.endpoint.url, info)
    return Surroundings(
        containers=tuple(_published(reader.get("/containers/json"))),
        unused_networks=tuple(unused_networks(reader)),
        pools=_pools(info),
        local=local,
        processes=tuple(_processes()) if local else (),
        routes=tuple(_routes()) if local else (),
        abilities=abilities(reader, info),
        interfaces=frozenset(_interfaces()) if local else frozenset(),
    )


def is_on_this_host(engine: Engine) -> bool:
    """Whether the engine's host is this one, so that its /proc and /sys are at hand."""
    return _is_local(engine.endpoint.url, engine.reader.get("/info"))


def _is_local(url: str, info: dict[str, Any]) -> bool:
    """A socket may lead into a virtual machine, or out of a container: the host's name tells."""
    return url.startswith("unix://") and sys.platform == "linux" and info.get("Name") == socket.gethostname()


def _published(listed: Iterable[dict[str, Any]]) -> Iterator[HeldPort]:
    for item in listed:
        for port in item.get("Ports") or ():
            if port.get("PublicPort"):
                yield HeldPort(
                    port.get("IP") or "", port["PublicPort"], port.get("Type") or "tcp", listed_name(item), item["Id"]
                )


def _pools(info: dict[str, Any]) -> tuple[AddressPool, ...]:
    configured = info.get("DefaultAddressPools") or ()
    return tuple(AddressPool(pool["Base"], int(pool["Size"])) for pool in configured) or BUILT_IN_POOLS


def _processes() -> Iterator[HeldPort]:
    import psutil  # noqa: PLC0415 - needed once something is to be changed

    try:
        connections = psutil.net_connections("inet")
    except (psutil.Error, OSError):  # this system shows them to an administrator only, or not at all
        return
    for connection in connections:
        stream = connection.type == socket.SOCK_STREAM
        if connection.laddr and (connection.status == psutil.CONN_LISTEN if stream else not connection.raddr):
            port, protocol, holder = connection.laddr.port, "tcp" if stream else "udp", _process_name(connection.pid)
            for address in _held_addresses(connection.laddr.ip, port, connection.type):
                yield HeldPort(address, port, protocol, holder)


def _held_addresses(address: str, port: int, kind: socket.SocketKind) -> list[str]:
    """Each by its kind: a socket at `::` has the IPv4 port as well, unless it was told not to."""
    if address == "::" and is_taken(_ANY_IPV4, port, kind):
        return [address, _ANY_IPV4]
    return [address.removeprefix("::ffff:") if "." in address else address]


def _process_name(pid: int | None) -> str:
    import psutil  # noqa: PLC0415

    try:
        return f"`{psutil.Process(pid).name()}` (process {pid})" if pid else ""
    except psutil.Error:
        return ""


_ETHTOOL, _DRIVER_INFO = 0x8946, 3  # Linux: SIOCETHTOOL, ETHTOOL_GDRVINFO


def _interfaces() -> Iterator[str]:
    """Those that no bridge driver says it drives; /sys may be another network namespace's."""
    import fcntl  # noqa: PLC0415 - not on every system where the command line runs

    for _, name in socket.if_nameindex():
        info = array.array("B", struct.pack("=I192x", _DRIVER_INFO))
        request = struct.pack("16sP", name.encode(), info.buffer_info()[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket, suppress(OSError):
            fcntl.ioctl(any_socket, _ETHTOOL, request)  # a loopback interface has no driver
        if info.tobytes()[4:36].rstrip(b"\0") != b"bridge":
            yield name


def _routes() -> Iterator[Route]:
    """IPv4 only: /proc/net/route has one a line, addresses in the host's byte order."""
    try:
        lines = Path("/proc/net/route").read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        interface, destination, _gateway, _flags, _count, _use, _metric, mask = line.split()[:8]
        address, netmask = (socket.inet_ntoa(struct.pack("=I", int(text, 16))) for text in (destination, mask))
        subnet = ipaddress.ip_network(f"{address}/{netmask}", strict=False)
        if subnet.prefixlen:
            yield Route(subnet, interface)


def free_subnets(pools: Iterable[AddressPool], taken: Iterable[Subnet], most: int) -> int:
    """How many subnets the engine can still give, counted up to `most`."""
    held = list(taken)
    parts = itertools.chain.from_iterable(_parts(pool) for pool in pools)
    free = (part for part in parts if not any(part.version == other.version and part.overlaps(other) for other in held))
    return len(list(itertools.islice(free, most)))


def _parts(pool: AddressPool) -> Iterator[Subnet]:
    base = ipaddress.ip_network(pool.base, strict=False)
    return iter((base,)) if base.prefixlen >= pool.size else iter(base.subnets(new_prefix=pool.size))
