"""What a plan would stumble over, found before the first change, all of it together."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from netdeploy.apply.addresses import address_obstacles
from netdeploy.apply.obstacle import Obstacle
from netdeploy.apply.who import subnet_hint
from netdeploy.attributes.containers.mounts import bound_paths
from netdeploy.attributes.containers.network import port_bindings
from netdeploy.attributes.network import bridge_wanted, declared_subnets, same_parent
from netdeploy.attributes.wish import ContainerWish, NetworkWish, Wishes
from netdeploy.engine.observed import ObservedNetwork, PortBinding, Snapshot
from netdeploy.engine.surroundings import HeldPort, Route, Subnet, Surroundings, free_subnets
from netdeploy.plan.changes import PAUSED, Action, Changes, ContainerChange, NetworkChange
from netdeploy.plan.ownership import our_containers

_PARENTS_ARE_SHARED = (1, 44)  # seen with API 1.51, and refused with 1.41
_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104


def obstacles(wishes: Wishes, seen: Snapshot, changes: Changes, around: Surroundings) -> list[Obstacle]:
    """All that is known to stand in the way of a plan."""
    return list(_Preflight(wishes, seen, changes, around).obstacles())


def warnings(changes: Changes, around: Surroundings) -> list[str]:
    """What a plan can do, and somebody may regret."""
    return [
        f"networks.{wish.key}: its subnet {subnet} lies inside {route.subnet}, which this host reaches by"
        f" {route.interface}: hosts there that have these addresses can't be reached meanwhile"
        for wish, subnet, route in _overlapping(changes, around)
        if not _covers(subnet, route.subnet)
    ]


class _Preflight:
    def __init__(self, wishes: Wishes, seen: Snapshot, changes: Changes, around: Surroundings) -> None:
        self._wishes = wishes
        self._seen = seen
        self._changes = changes
        self._around = around
        self._ours = {container.id for container in our_containers(seen, wishes.origin.topology)}

    def obstacles(self) -> Iterator[Obstacle]:
        for wish in self._starting():
            yield from self._ports(wish)
            yield from self._bind_sources(wish)
        for network, subnet, route in _overlapping(self._changes, self._around):
            if _covers(subnet, route.subnet):
                message = f"its subnet {subnet} covers {route.subnet}, which this host reaches by {route.interface}"
                yield Obstacle(f"networks.{network.key}", message, "choose another subnet in the file")
        yield from address_obstacles(self._wishes, self._seen, self._changes)
        yield from self._interfaces()
        yield from self._pools()

    def _starting(self) -> list[ContainerWish]:
        """Those that claim ports and addresses: a start does, and so does a new container."""
        return [
            change.wish
            for change in self._changes.changes
            if isinstance(change, ContainerChange)
            and change.wish
            and change.action in (Action.CREATE, Action.REPLACE, Action.START)
            and change.reason != PAUSED
        ]

    def _ports(self, wish: ContainerWish) -> Iterator[Obstacle]:
        for binding in sorted(port_bindings(wish), key=lambda b: (b.host_port, b.protocol)):
            held = self._holder(binding) if binding.host_port.isdigit() else None
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
            if not Path(path).exists():
                hint = "make it; for a folder, the short form of `volumes` does"
                yield Obstacle(f"containers.{wish.key}.volumes", f"the host has no folder or file {path}", hint)

    def _interfaces(self) -> Iterator[Obstacle]:
        """Interfaces of the host that are no bridges, and those that an engine lets one network have."""
        going = self._going()
        others: list[NetworkWish | ObservedNetwork] = [n for n in self._seen.networks if n.id not in going]
        for wish in _made(self._changes):
            bridge = bridge_wanted(wish)
            if bridge in self._around.interfaces:
                message = f"the host has an interface `{bridge}` already, and it is not a bridge"
                yield Obstacle(f"networks.{wish.key}.driver_opts", message, "give the bridge another name")
            for other in others if self._seen.api_version < _PARENTS_ARE_SHARED else ():
                parent = same_parent(wish, other)
                if parent:
                    message = f"the interface `{parent}` is in use by network `{other.name}`"
                    hint = "give each network a parent of its own: this engine lets one network have it"
                    yield Obstacle(f"networks.{wish.key}.driver_opts", message, hint)
            others.append(wish)

    def _going(self) -> set[str]:
        """The ids of networks that are removed."""
        return {
            change.live.id
            for change in self._changes.changes
            if isinstance(change, NetworkChange) and change.live and change.action in (Action.REMOVE, Action.REPLACE)
        }

    def _pools(self) -> Iterator[Obstacle]:
        making = _made(self._changes)
        unsettled = [wish for wish in making if not any(s.version == 4 for s in declared_subnets(wish))]
        unsettled = [w for w in unsettled if w.spec.driver == "bridge" and w.spec.enable_ipv4 is not False]
        if not unsettled:
            return
        going = self._going()
        taken: list[Subnet] = [
            ipaddress.ip_network(pool.subnet)
            for network in self._seen.networks
            if network.id not in going
            for pool in network.pools
            if pool.subnet
        ]
        taken += [subnet for wish in making for subnet in declared_subnets(wish)]
        taken += [route.subnet for route in self._around.routes if not self._is_leaving(route.subnet, going)]
        free = free_subnets(self._around.pools, taken, len(unsettled))
        if free < len(unsettled):
            names = ", ".join(f"`{wish.key}`" for wish in unsettled)
            yield Obstacle(
                "networks",
                f"the engine has {free} free subnets left, and {names} need {len(unsettled)}",
                subnet_hint(list(self._around.unused_networks), [str(subnet) for subnet in taken]),
            )

    def _is_leaving(self, subnet: Subnet, going: set[str]) -> bool:
        """Whether a route is there for a network that goes."""
        networks = [network for network in self._seen.networks if network.id in going]
        return any(pool.subnet == str(subnet) for network in networks for pool in network.pools)


def _made(changes: Changes) -> list[NetworkWish]:
    return [
        change.wish
        for change in changes.changes
        if isinstance(change, NetworkChange) and change.wish and change.action in (Action.CREATE, Action.REPLACE)
    ]


def _overlapping(changes: Changes, around: Surroundings) -> Iterator[tuple[NetworkWish, Subnet, Route]]:
    """Subnets to be made a bridge of, and the host's routes they meet; the engine itself does not mind."""
    for wish in _made(changes):
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
    if binding.host_ip in _WILDCARDS or held.ip in _WILDCARDS:
        # an IPv6 wildcard takes IPv4 along, an IPv4 one does not take IPv6
        pair = {_version(binding.host_ip), _version(held.ip)}
        return pair != {4, 6} or "::" in (binding.host_ip, held.ip)
    return ipaddress.ip_address(binding.host_ip) == ipaddress.ip_address(held.ip)


def _version(address: str) -> int:
    return 6 if ":" in address else 4
