"""What a plan would stumble over, found before the first change, all of it together."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from netdeploy.apply.addresses import address_obstacles
from netdeploy.apply.obstacle import ANY_ADDRESS, Obstacle, is_published, made_networks, starting
from netdeploy.apply.preflight_engine import engine_obstacles
from netdeploy.apply.preflight_host import host_obstacles
from netdeploy.apply.preflight_networks import network_obstacles, network_warnings
from netdeploy.apply.preflight_pools import pool_obstacles
from netdeploy.attributes.containers.mounts import bound_paths
from netdeploy.attributes.containers.network import port_bindings
from netdeploy.attributes.network import bridge_wanted, declared_subnets
from netdeploy.attributes.wish import ContainerWish, NetworkWish, Wishes
from netdeploy.engine.observed import PortBinding, Snapshot
from netdeploy.engine.surroundings import HeldPort, Route, Subnet, Surroundings
from netdeploy.paths import is_gone
from netdeploy.plan.changes import Changes, NetworkChange
from netdeploy.plan.ownership import our_containers


def obstacles(wishes: Wishes, seen: Snapshot, changes: Changes, around: Surroundings) -> list[Obstacle]:
    """All that is known to stand in the way of a plan."""
    found = [
        *_Preflight(wishes, seen, changes, around).obstacles(),
        *network_obstacles(seen, changes),
        *engine_obstacles(seen, changes, around),
        *(host_obstacles(wishes, seen, changes) if around.local else ()),
        *pool_obstacles(seen, changes, around),
    ]
    return list(dict.fromkeys(found))


def warnings(seen: Snapshot, changes: Changes, around: Surroundings) -> list[str]:
    """What a plan can do, and somebody may regret."""
    covered = [
        f"networks.{wish.key}: its subnet {subnet} lies inside {route.subnet}, which this host reaches by"
        f" {route.interface}: hosts there that have these addresses can't be reached meanwhile"
        for wish, subnet, route in _overlapping(changes, around)
        if not _covers(subnet, route.subnet)
    ]
    return [*covered, *network_warnings(seen, changes, around)]


class _Preflight:
    def __init__(self, wishes: Wishes, seen: Snapshot, changes: Changes, around: Surroundings) -> None:
        self._wishes = wishes
        self._seen = seen
        self._changes = changes
        self._around = around
        self._ours = {container.id for container in our_containers(seen, wishes.origin.id)}

    def obstacles(self) -> Iterator[Obstacle]:
        for wish in starting(self._changes):
            if is_published(wish, self._wishes, self._seen):
                yield from self._ports(wish)
            yield from self._bind_sources(wish)
        for network, subnet, route in _overlapping(self._changes, self._around):
            if _covers(subnet, route.subnet):
                message = f"its subnet {subnet} covers {route.subnet}, which this host reaches by {route.interface}"
                yield Obstacle(f"networks.{network.key}", message, "choose another subnet in the file")
        yield from address_obstacles(self._wishes, self._seen, self._changes)
        yield from self._interfaces()

    def _ports(self, wish: ContainerWish) -> Iterator[Obstacle]:
        for binding in sorted(port_bindings(wish), key=lambda b: (b.host_port, b.protocol)):
            held = None if binding.host_number is None else self._holder(binding)
            if held is None:
                continue
            if held.container_id:
                holder, way_out = f"the container `{held.holder}`", f"stop it (docker stop {held.holder})"
            else:
                holder, way_out = held.holder or "a process of this host", "end it"
            message = f"the host's port {binding.host_port}/{binding.protocol} is held by {holder}"
            yield Obstacle(f"containers.{wish.key}.ports", message, f"{way_out}, or publish another port in the file")

    def _holder(self, binding: PortBinding) -> HeldPort | None:
        """Of the containers, those of others: the plan stops ours in time. A container's port has a process, too."""
        same = [held for held in self._around.containers if _same_port(binding, held)]
        if same:
            return next((held for held in same if held.container_id not in self._ours), None)
        return next((held for held in self._around.processes if _same_port(binding, held)), None)

    def _bind_sources(self, wish: ContainerWish) -> Iterator[Obstacle]:
        for path in bound_paths(wish) if self._around.local else ():
            if is_gone(Path(path)):
                hint = "make it; for a folder, the short form of `volumes` does"
                yield Obstacle(f"containers.{wish.key}.volumes", f"the host has no folder or file {path}", hint)

    def _interfaces(self) -> Iterator[Obstacle]:
        """Interfaces of the host that are no bridges."""
        for wish in made_networks(self._changes):
            bridge = bridge_wanted(wish)
            if bridge in self._around.interfaces:
                message = f"the host has an interface `{bridge}` already, and it is not a bridge"
                yield Obstacle(f"networks.{wish.key}.driver_opts", message, "give the bridge another name")


def _overlapping(changes: Changes, around: Surroundings) -> Iterator[tuple[NetworkWish, Subnet, Route]]:
    """Subnets to be made a bridge of, and the host's routes they meet; the engine itself does not mind."""
    for wish in made_networks(changes):
        if wish.spec.driver != "bridge":  # on the others the host's own subnet is what one wants
            continue
        for subnet in declared_subnets(wish):
            for route in around.routes:
                docker = route.interface.startswith(("br-", "docker", "veth")) or _is_replaced(changes, route.subnet)
                if not docker and subnet.version == route.subnet.version and subnet.overlaps(route.subnet):
                    yield wish, subnet, route


def _is_replaced(changes: Changes, subnet: Subnet) -> bool:
    lives = [change.live for change in changes.changes if isinstance(change, NetworkChange) and change.live]
    return any(pool.subnet == str(subnet) for live in lives for pool in live.pools)


def _covers(subnet: Subnet, route: Subnet) -> bool:
    return subnet.prefixlen <= route.prefixlen


def _same_port(binding: PortBinding, held: HeldPort) -> bool:
    if (binding.protocol, int(binding.host_port)) != (held.protocol, held.port):
        return False
    return any(_meet(address, held.ip) for address in ([binding.host_ip] if binding.host_ip else ANY_ADDRESS))


def _meet(wanted: str, held: str) -> bool:
    """Each kind of address has ports of its own; a wildcard takes them on all addresses of its kind."""
    held = held or ANY_ADDRESS[0]
    if _version(wanted) != _version(held):
        return False
    wildcard = bool({wanted, held} & set(ANY_ADDRESS))
    return wildcard or ipaddress.ip_address(wanted) == ipaddress.ip_address(held)


def _version(address: str) -> int:
    return 6 if ":" in address else 4
