"""Addresses and subnets: what the engine of a network that stands would refuse, and what is free."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netdeploy.topology.rules_addresses import unusable_on
from netdeploy.topology.rules_subnets import first_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netdeploy.engine.observed import ObservedNetwork, ObservedPool

_DRIVERS = ("bridge", "macvlan", "ipvlan")


def refusal(address: str, network: ObservedNetwork) -> str:
    """Why a network gives nobody a fixed address, to go after it in a sentence; "" where it may.

    Who has it, is another question.
    """
    if network.ipam_driver != "default" or network.driver not in _DRIVERS:
        return ""
    wanted = ipaddress.ip_address(address)
    pools = [(pool, ipaddress.ip_network(pool.subnet, strict=False)) for pool in network.pools if pool.subnet]
    same = [(pool, subnet) for pool, subnet in pools if subnet.version == wanted.version]
    if not same:
        return f"can't be given: the network `{network.name}` has no IPv{wanted.version} subnet"
    pool, subnet = next(((pool, subnet) for pool, subnet in same if wanted in subnet), (None, None))
    if pool is None or subnet is None:
        known = ", ".join(str(subnet) for _, subnet in same)
        return f"is not inside the subnet of the network `{network.name}` ({known})"
    if wanted == _gateway(pool, network):
        return f"is the gateway of the network `{network.name}`"
    if address in {ipaddress.ip_address(reserved).compressed for _, reserved in pool.aux_addresses}:
        return f"is reserved on the network `{network.name}`"
    return unusable_on(wanted, subnet)


def _gateway(pool: ObservedPool, network: ObservedNetwork) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if pool.gateway:
        return ipaddress.ip_address(pool.gateway.partition("/")[0])
    if any("gateway_mode" in option for option in network.driver_opts):
        return None
    return first_address(pool.subnet, pool.ip_range)


def may_be_chosen_by_engine(address: str, network: ObservedNetwork, ranges: Iterable[tuple[str, int]]) -> bool:
    """Whether an engine may have chosen the subnet around a fixed address itself: then it takes none.

    It chooses among `ranges`, each in parts of the prefix length beside it.
    Such a network looks the same as one with that subnet and gateway declared (20.10 and 28), so this is no proof.
    """
    wanted = ipaddress.ip_address(address)
    for pool in network.pools:
        subnet = ipaddress.ip_network(pool.subnet, strict=False) if pool.subnet else None
        if subnet and wanted in subnet and pool.gateway and not pool.ip_range and not pool.aux_addresses:
            gateway = ipaddress.ip_address(pool.gateway.partition("/")[0])
            return gateway == first_address(pool.subnet, "") and any(_is_part(subnet, *given) for given in ranges)
    return False


def _is_part(subnet: ipaddress.IPv4Network | ipaddress.IPv6Network, text: str, size: int) -> bool:
    base = ipaddress.ip_network(text, strict=False)
    return base.version == subnet.version and subnet.prefixlen == max(size, base.prefixlen) and base.overlaps(subnet)


def a_free_subnet(taken: Iterable[str]) -> str:
    """A subnet of 10.0.0.0/8 with 254 addresses that overlaps none of those taken; "" where there is none."""
    held = [ipaddress.ip_network(text, strict=False) for text in taken]
    ours = [network for network in held if network.version == 4]
    candidates = ipaddress.ip_network("10.200.0.0/13").subnets(new_prefix=24)
    return next((str(part) for part in candidates if not any(part.overlaps(other) for other in ours)), "")
