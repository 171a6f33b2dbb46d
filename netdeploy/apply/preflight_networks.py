"""What networks that stand already would refuse: fixed addresses, MAC addresses, a parent interface in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.apply.obstacle import Obstacle, joining, leaving_networks, made_networks, path_of, staying_networks
from netdeploy.attributes.addresses import may_be_chosen_by_engine, refusal
from netdeploy.plan.changes import AttachmentChange, Changes, ContainerChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.attributes.wish import AttachmentWish
    from netdeploy.engine.observed import ObservedNetwork, Snapshot
    from netdeploy.engine.surroundings import Surroundings

_SHARE_A_PARENT = (1, 42)  # 20.10 (API 1.41) puts one macvlan on an interface, 28 several; in between nobody looked


def network_obstacles(seen: Snapshot, changes: Changes) -> Iterator[Obstacle]:
    """What is known to be refused by the networks of the engine."""
    networks = staying_networks(seen, changes)
    for place in joining(changes):
        network = networks.get(place.network)
        if network:
            yield from _addresses(place, network)
            yield from _mac_address(place, network, changes)
    yield from _parents(seen, changes)


def network_warnings(seen: Snapshot, changes: Changes, around: Surroundings) -> Iterator[str]:
    """A network with a subnet of the engine's choice takes no fixed address, and looks like one with a declared one."""
    networks, ranges = staying_networks(seen, changes), [(pool.base, pool.size) for pool in around.pools]
    for place in joining(changes):
        network = networks.get(place.network)
        for field, address in _fixed(place):
            if network and not refusal(address, network) and may_be_chosen_by_engine(address, network, ranges):
                yield (
                    f"{path_of(place)}.{field}: if the engine chose the subnet of `{network.name}` itself, it refuses"
                    f" {address}: fixed addresses need a network made with `--subnet`"
                )


def _fixed(place: AttachmentWish) -> list[tuple[str, str]]:
    pairs = (("ipv4_address", place.ipv4_address), ("ipv6_address", place.ipv6_address))
    return [(field, address) for field, address in pairs if address]


def _addresses(place: AttachmentWish, network: ObservedNetwork) -> Iterator[Obstacle]:
    for field, address in _fixed(place):
        problem = refusal(address, network)
        if problem:
            hint = "choose another in the file, or leave it out for an address of the engine's choice"
            yield Obstacle(f"{path_of(place)}.{field}", f"{address} {problem}", hint)


def _mac_address(place: AttachmentWish, network: ObservedNetwork, changes: Changes) -> Iterator[Obstacle]:
    """Those of containers that the plan touches may be another one soon."""
    ours = (c for c in changes.changes if isinstance(c, ContainerChange | AttachmentChange))
    touched = {change.live.id for change in ours if change.live}
    for held in network.endpoints if place.mac_address else ():
        if held.mac_address == place.mac_address and held.container_id not in touched:
            message = (
                f"the MAC address {place.mac_address} on `{network.name}` is in use by container `{held.container}`"
            )
            hint = f"choose another in the file, or: docker network disconnect {network.name} {held.container}"
            where = path_of(place) if place.own_mac_address else f"containers.{place.container_key}"
            yield Obstacle(f"{where}.mac_address", message, hint)


def _parents(seen: Snapshot, changes: Changes) -> Iterator[Obstacle]:
    leaving = leaving_networks(changes)
    used = {(n.driver, n.driver_opts.get("parent", "")): n.name for n in seen.networks if n.id not in leaving}
    for wish in made_networks(changes):
        driver, parent = wish.spec.driver, wish.spec.driver_opts.get("parent", "")
        alone = driver == "ipvlan" or (driver == "macvlan" and seen.api_version < _SHARE_A_PARENT)
        if not alone or not parent:
            continue
        other = used.setdefault((driver, parent), wish.name)
        if other != wish.name:
            message = f"`{parent}` is in use by the {driver} network `{other}`, and this engine takes one on each"
            hint = f"use another interface, or a VLAN of it (such as `{parent}.10`)"
            yield Obstacle(f"networks.{wish.key}.driver_opts.parent", message, hint)
