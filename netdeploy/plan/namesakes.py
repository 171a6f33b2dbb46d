"""Networks of one name: engines before 23 make as many as are asked for, and then no name tells which is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.plan.changes import Action, NetworkChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netdeploy.attributes.wish import NetworkWish
    from netdeploy.engine.observed import ObservedNetwork


def several_of_a_name(wish: NetworkWish, networks: Iterable[ObservedNetwork]) -> NetworkChange:
    """The conflict that a name leads to several networks, with their ids: one of them has to go first."""
    shown = sorted(f"{network.id[:12]} ({_description(network)})" for network in networks)
    return NetworkChange(
        action=Action.CONFLICT,
        name=wish.name,
        reason=f"the engine has {len(shown)} networks of this name, and which one is meant can't be told:"
        f" {', '.join(shown)}",
        hint="look at each by its id (docker network inspect ID), and remove those that are not meant:"
        " docker network rm ID",
        wish=wish,
    )


def _description(network: ObservedNetwork) -> str:
    subnets = sorted(pool.subnet for pool in network.pools if pool.subnet)
    return ", ".join((network.driver, *subnets))
