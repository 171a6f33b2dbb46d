"""Subnets of the engine's choice: how many are left, and how many a plan needs."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netdeploy.apply.obstacle import Obstacle, leaving_networks, made_networks
from netdeploy.apply.who import subnet_hint
from netdeploy.attributes.network import declared_subnets
from netdeploy.engine.surroundings import Subnet, Surroundings, free_subnets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.attributes.wish import NetworkWish
    from netdeploy.engine.observed import Snapshot
    from netdeploy.plan.changes import Changes


def pool_obstacles(seen: Snapshot, changes: Changes, around: Surroundings) -> Iterator[Obstacle]:
    """Where the engine has fewer subnets left than networks ask for; IPv4 and IPv6 have pools of their own."""
    taken = _taken(seen, changes, around)
    for version in (4, 6):
        pools = [pool for pool in around.pools if (6 if ":" in pool.base else 4) == version]
        unsettled = [wish for wish in made_networks(changes) if _asks(wish, version)]
        if not unsettled or (version == 6 and not pools):  # then it has others, or none: another check's matter
            continue
        free = free_subnets(pools, taken, len(unsettled))
        if free < len(unsettled):
            names = ", ".join(f"`{wish.key}`" for wish in unsettled)
            kind = "" if version == 4 else "IPv6 "
            yield Obstacle(
                "networks",
                f"the engine has {free} free {kind}subnets left, and {names} need {len(unsettled)}",
                subnet_hint(list(around.unused_networks), [str(subnet) for subnet in taken])
                if version == 4
                else "give them one under `ipam`, such as fd00:1::/64",
            )


def _asks(wish: NetworkWish, version: int) -> bool:
    """Whether the engine must find a network a subnet of this kind."""
    wanted = wish.spec.enable_ipv4 is not False if version == 4 else wish.spec.enable_ipv6
    declared = any(subnet.version == version for subnet in declared_subnets(wish))
    return wanted and not declared and wish.spec.ipam.driver == "default"


def _taken(seen: Snapshot, changes: Changes, around: Surroundings) -> list[Subnet]:
    leaving = leaving_networks(changes)
    going = {pool.subnet for network in seen.networks if network.id in leaving for pool in network.pools}
    taken: list[Subnet] = [
        ipaddress.ip_network(pool.subnet)
        for network in seen.networks
        if network.id not in leaving
        for pool in network.pools
        if pool.subnet
    ]
    taken += [subnet for wish in made_networks(changes) for subnet in declared_subnets(wish)]
    # a route may be there for a network that goes
    return taken + [route.subnet for route in around.routes if str(route.subnet) not in going]
