"""Rules about subnets that an engine can't make a bridge of, or that leave a container nothing."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Network, Pool
    from netdeploy.topology.problem import Path

_ZERO = ipaddress.IPv4Network("0.0.0.0/8")


def bridge_subnet_rules(draft: Draft) -> Iterator[Found]:
    """Subnets whose gateway no host takes, and those that have room for a gateway only."""
    for key, network in draft.networks.items():
        if network.external or network.driver != "bridge":
            continue
        for index, pool in enumerate(network.ipam.config):
            path: Path = ("networks", key, "ipam", "config", index)
            yield from _subnet(path, pool, network)
            yield from _default_gateway(path, pool, network)


def _subnet(path: Path, pool: Pool, network: Network) -> Iterator[Found]:
    if not pool.subnet:
        return
    subnet = ipaddress.ip_network(pool.subnet)
    zero = isinstance(subnet, ipaddress.IPv4Network) and subnet.subnet_of(_ZERO)
    if subnet.is_multicast and not (network.internal and subnet.version == 4):
        yield Found((*path, "subnet"), f"{subnet} has multicast addresses, which no container can have")
    elif zero and not network.internal:
        yield Found((*path, "subnet"), f"no host can be reached in {subnet}", "choose another, such as 10.1.0.0/24")
    elif subnet.num_addresses <= (2 if subnet.version == 6 else 1):
        message = f"{subnet} has no address left for a container"
        yield Found((*path, "subnet"), message, "make it larger: the first ones are the network's and the gateway's")


def _default_gateway(path: Path, pool: Pool, network: Network) -> Iterator[Found]:
    """Without a `gateway` the engine takes the first address, before it looks at those to leave alone."""
    special = any("gateway_mode" in option for option in network.driver_opts)
    if not pool.subnet or pool.gateway or special:
        return
    gateway = first_address(pool.subnet, pool.ip_range)
    for name, address in pool.aux_addresses.items():
        if ipaddress.ip_address(address) == gateway:
            message = f"{address} is the gateway's, which is the first address where the file gives none"
            yield Found((*path, "aux_addresses", name), message, "add a `gateway`, or leave this address out")


def first_address(subnet: str, ip_range: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that an engine takes for the gateway of a subnet where none is named."""
    own = ipaddress.ip_network(subnet, strict=False).network_address
    start = ipaddress.ip_network(ip_range or subnet, strict=False).network_address
    return start + 1 if start == own else start
