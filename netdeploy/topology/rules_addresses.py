"""Rules about addresses: subnets, gateways, fixed addresses and host ports. All are decided without an engine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found
from netdeploy.topology.rules_subnets import first_address
from netdeploy.topology.text_types import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container, Network, Pool, Port
    from netdeploy.topology.problem import Path

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def subnet_rules(draft: Draft) -> Iterator[Found]:
    """Pools that overlap, and parts of a pool that lie outside its subnet."""
    subnets: list[tuple[IpNetwork, Path]] = []
    for key, network in draft.networks.items():
        base: Path = ("networks", key, "ipam", "config")
        for index, pool in enumerate(network.ipam.config):
            yield from _pool_rules((*base, index), pool, network, draft)
            if pool.subnet:
                subnets.append((ipaddress.ip_network(pool.subnet), (*base, index, "subnet")))
        yield from _one_pool_each(base, network)
    yield from _overlaps(subnets)


def _overlaps(subnets: list[tuple[IpNetwork, Path]]) -> Iterator[Found]:
    """Each subnet with those around it: subnets are nested or apart, so one sweep in their order finds them."""
    order = {path: index for index, (_, path) in enumerate(subnets)}
    around: list[tuple[IpNetwork, Path]] = []
    for subnet, path in sorted(
        subnets, key=lambda item: (item[0].version, int(item[0].network_address), item[0].prefixlen)
    ):
        while around and not _inside(subnet, around[-1][0]):
            around.pop()
        for outer in around:
            pair = [outer, (subnet, path)]
            (first, first_path), (second, second_path) = sorted(pair, key=lambda item: order[item[1]])
            message = f"the subnet {second} overlaps {first}" if first != second else f"the subnet {first} is taken"
            where = ((f"{first} stands here", first_path),)
            yield Found(second_path, message, "give each network a subnet of its own", elsewhere=where)
        if not around or around[-1][0] != subnet:
            around.append((subnet, path))


def _one_pool_each(base: Path, network: Network) -> Iterator[Found]:
    """The bridge driver knows one subnet of each kind (moby: bridge_linux.go, processIPAM); the others take more."""
    if network.driver != "bridge":
        return
    first: dict[int, int] = {}
    for index, pool in enumerate(network.ipam.config):
        if pool.subnet is None:
            continue
        version = ipaddress.ip_network(pool.subnet).version
        if version in first:
            where = (("the first one", (*base, first[version], "subnet")),)
            message = f"a bridge network takes one IPv{version} subnet"
            yield Found((*base, index, "subnet"), message, "remove it, or make it a second network", elsewhere=where)
        first.setdefault(version, index)


def _pool_rules(path: Path, pool: Pool, network: Network, draft: Draft) -> Iterator[Found]:
    if pool.subnet is None:
        parts = {"ip_range": pool.ip_range, "gateway": pool.gateway, "aux_addresses": pool.aux_addresses}
        for name in (name for name, value in parts.items() if value):
            yield Found((*path, name), f"`{name}` needs a `subnet` beside it", "write the subnet it belongs to")
        return
    subnet = ipaddress.ip_network(pool.subnet)
    if subnet.version == 6 and not network.enable_ipv6 and not draft.is_doubtful(str(path[1]), "enable_ipv6"):
        yield Found((*path, "subnet"), f"{subnet} is IPv6, and `enable_ipv6` is not set", "add `enable_ipv6: true`")
    if pool.ip_range and not _inside(ipaddress.ip_network(pool.ip_range), subnet):
        yield Found((*path, "ip_range"), f"the range {pool.ip_range} is not inside the subnet {subnet}")
    fixed = {"gateway": pool.gateway} if pool.gateway else {}
    addresses: dict[Path, str] = {(*path, name): value for name, value in fixed.items()}
    addresses |= {(*path, "aux_addresses", name): value for name, value in pool.aux_addresses.items()}
    seen: dict[str, Path] = {}
    for where, value in addresses.items():
        unusable = unusable_on(ipaddress.ip_address(value), subnet)
        if unusable:
            yield Found(where, f"{value} {unusable}")
        elif value in seen:
            yield Found(where, f"{value} is taken", "choose another address", elsewhere=(("taken here", seen[value]),))
        seen.setdefault(value, where)


def _inside(inner: IpNetwork, outer: IpNetwork) -> bool:
    return inner.version == outer.version and inner.prefixlen >= outer.prefixlen and inner.overlaps(outer)


def unusable_on(address: IpAddress, subnet: IpNetwork) -> str:
    """Why `address` can't be given to anyone on `subnet`; empty if it can."""
    if address not in subnet:
        return f"is not inside the subnet {subnet}"
    if subnet.num_addresses > 2 and address == subnet.network_address:
        return f"is the subnet's own address; hosts of {subnet} come after it"
    if address.version == 4 and subnet.num_addresses > 2 and address == subnet.broadcast_address:
        return f"is the broadcast address of {subnet}"
    return ""


def fixed_address_rules(draft: Draft) -> Iterator[Found]:
    """Fixed addresses of containers: inside a declared subnet, free, and given once."""
    taken: dict[tuple[str, str], Path] = {}
    for name, container in draft.containers.items():
        for network, attachment in container.networks.items():
            for field in ("ipv4_address", "ipv6_address"):
                value: str | None = getattr(attachment, field)
                if value is None or network not in draft.networks:
                    continue
                if draft.is_doubtful(network, "external", "name", "enable_ipv6", "ipam"):
                    continue
                path: Path = ("containers", name, "networks", network, field)
                problem = _fixed_address(path, value, network, draft)
                if problem:
                    yield problem
                elif (network, value) in taken:
                    first = taken[network, value]
                    message = f"{value} on `{network}` is given to `{first[1]}` already"
                    yield Found(path, message, "choose another address", elsewhere=(("first given here", first),))
                else:
                    taken[network, value] = path


def _fixed_address(path: Path, value: str, key: str, draft: Draft) -> Found | None:
    network = draft.networks[key]
    address = ipaddress.ip_address(value)
    if draft.is_default_bridge(key):
        return Found(
            path,
            "Docker's default bridge takes no fixed addresses",
            "use a network of your own with a subnet",
        )
    if network.external:
        return None
    if address.version == 6 and not network.enable_ipv6:
        message = f"`{key}` gives no IPv6 addresses"
        return Found(path, message, f"add `enable_ipv6: true` to `{key}`")
    pools = [(i, pool) for i, pool in enumerate(network.ipam.config) if pool.subnet]
    subnets = {i: ipaddress.ip_network(pool.subnet) for i, pool in pools if pool.subnet}
    matching = [(i, pool) for i, pool in pools if address in subnets[i]]
    if not any(subnet.version == address.version for subnet in subnets.values()):
        message = f"a fixed address needs a subnet, and `{key}` declares none for IPv{address.version}"
        return Found(path, message, f"add `ipam: {{config: [{{subnet: …}}]}}` to `{key}`")
    if not matching:
        known = ", ".join(str(s) for s in subnets.values() if s.version == address.version)
        subnet_of = tuple(
            ("the subnet", ("networks", key, "ipam", "config", i, "subnet"))
            for i, s in subnets.items()
            if s.version == address.version
        )
        return Found(path, f"{value} is not inside the subnet of `{key}` ({known})", elsewhere=subnet_of)
    index, pool = matching[0]
    unusable = unusable_on(address, subnets[index])
    if unusable:
        return Found(path, f"{value} {unusable}")
    where: Path = ("networks", key, "ipam", "config", index)
    if value in pool.aux_addresses.values():
        aux = next(name for name, reserved in pool.aux_addresses.items() if reserved == value)
        elsewhere = (("reserved here", (*where, "aux_addresses", aux)),)
        return Found(path, f"{value} is reserved on `{key}` as `{aux}`", elsewhere=elsewhere)
    gateway, declared = _gateway(pool)
    if value == gateway:
        elsewhere = (("the gateway", (*where, "gateway" if declared else "subnet")),)
        return Found(path, f"{value} is the gateway of `{key}`", "choose another address", elsewhere=elsewhere)
    return None


def _gateway(pool: Pool) -> tuple[str, bool]:
    """The gateway's address and whether the file says so; the engine takes the first address of its range."""
    if pool.gateway:
        return pool.gateway, True
    return str(first_address(pool.subnet or "", pool.ip_range)), False


# -- host ports ------------------------------------------------------------------------------------------------------


_MOST_HOST_PORTS = 131_072  # every port once, tcp and udp; ranges on many addresses would fill the memory


@dataclass(frozen=True, slots=True)
class _HostPort:
    container: str
    path: Path


class _HostPorts:
    """Who has which port of the host. A port is taken on one address, or on all of a kind."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, int, str], _HostPort] = {}
        self.asked = 0

    def take(self, protocol: str, number: int, address: str, claim: _HostPort) -> _HostPort | None:
        """Who has it already, if anybody."""
        self.asked += 1
        theirs = (self._taken.get((protocol, number, place)) for place in _asked(address))
        first = next((claim for claim in theirs if claim), None)
        if first is None:
            for place in _left(address):
                self._taken.setdefault((protocol, number, place), claim)
        return first


_ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - compared with what the file says, nothing listens


def _kind(address: str) -> int:
    return ipaddress.ip_address(address).version


def _asked(address: str) -> tuple[str, ...]:
    """The places where a port must be free; `4` and `6` are any address of that kind."""
    if not address:
        return ("4", "6")
    kind = _kind(address)
    return (str(kind),) if address == _ANY[kind] else (address, _ANY[kind])


def _left(address: str) -> tuple[str, ...]:
    """The places that a port takes; without an address it listens on all of both kinds."""
    if not address:
        return ("4", "6", *_ANY.values())
    return (address, str(_kind(address)))


def host_port_rules(draft: Draft) -> Iterator[Found]:
    """Ports that are no ports, ranges that do not fit, and one host port asked for twice."""
    host = _HostPorts()
    for name, container in draft.containers.items():
        yield from _exposed_ports(name, container)
        publishes = container.network_mode not in ("host", "none")  # `ports` is ignored there, and warned of
        for index, port in enumerate(container.ports):
            path: Path = ("containers", name, "ports", index)
            problem = _port_shape(path, port)
            if problem:
                yield problem
            elif publishes and host.asked <= _MOST_HOST_PORTS:
                yield from _clash(name, path, port, host)
    if host.asked > _MOST_HOST_PORTS:
        message = f"the file publishes more than {_MOST_HOST_PORTS:,} ports of the host"
        yield Found(("containers",), message, "publish smaller ranges", at_key=True)


def _clash(name: str, path: Path, port: Port, host: _HostPorts) -> Iterator[Found]:
    if port.published is None or (len(numbers(port.published)) > 1 and len(numbers(port.target)) == 1):
        return  # the engine chooses a free one
    address = port.host_ip or ""
    shown = f"[{address}]:" if ":" in address else f"{address}:" if address else ""
    taken: list[tuple[int, _HostPort]] = []
    mine = _HostPort(name, (*path, "published"))
    for number in numbers(port.published):
        theirs = host.take(port.protocol, number, address, mine)
        taken += [(number, theirs)] if theirs else []
    if taken:
        number, theirs = taken[0]
        whose = "this container" if theirs.container == name else f"`{theirs.container}`"
        yield Found(
            (*path, "published"),
            f"the host's port {shown}{number}/{port.protocol} is published by {whose} already",
            "choose another port for one of them",
            elsewhere=(("first published here", theirs.path),),
        )


def _port_shape(path: Path, port: Port) -> Found | None:
    ranges = {"target": port.target, "published": port.published}
    for field, text in ranges.items():
        if text is not None and _not_ports(text):
            return Found((*path, field), f"{text}: {_not_ports(text)}")
    if port.published and len(numbers(port.target)) > 1:
        targets, published = len(numbers(port.target)), len(numbers(port.published))
        if targets != published:
            many = "1 host port" if published == 1 else f"{published} host ports"
            message = f"{many} for {targets} container ports"
            return Found((*path, "published"), message, "both ranges must have the same length")
    return None


def _exposed_ports(name: str, container: Container) -> Iterator[Found]:
    for index, text in enumerate(container.expose):
        problem = _not_ports(text.partition("/")[0])
        if problem:
            yield Found(("containers", name, "expose", index), f"{text}: {problem}")


def _not_ports(text: str) -> str:
    first, _, last = text.partition("-")
    low, high = int(first), int(last or first)
    if not 1 <= low <= 65535 or not 1 <= high <= 65535:
        return "a port is a number from 1 to 65535"
    return "the range ends before it starts" if high < low else ""
