"""Addresses that a plan wants and can't have: fixed ones that a stranger has, and networks that are too small."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from netdeploy.apply.obstacle import Obstacle, path_of, starting
from netdeploy.attributes.network import declared_pools, room
from netdeploy.attributes.wish import AttachmentWish, NetworkWish, Wishes
from netdeploy.engine.observed import Endpoint, ObservedNetwork, ObservedPool, Snapshot
from netdeploy.plan.changes import Action, AttachmentChange, Changes, NetworkChange
from netdeploy.plan.ownership import our_containers
from netdeploy.plan.reasons import listed

_CERTAINLY_ENOUGH = 1 << 16


def address_obstacles(wishes: Wishes, seen: Snapshot, changes: Changes) -> Iterator[Obstacle]:
    """Fixed addresses that somebody else has at this moment, and networks with more containers than addresses."""
    look = _Look(wishes, seen, changes)
    for place in look.taking():
        yield from look.taken(place)
    for wish in wishes.networks:
        yield from look.full(wish)


class _Look:
    def __init__(self, wishes: Wishes, seen: Snapshot, changes: Changes) -> None:
        self._wishes = wishes
        self._changes = changes
        self._ours = {container.id for container in our_containers(seen, wishes.origin.id)}
        going = {c.live.id for c in changes.changes if isinstance(c, NetworkChange) and c.live}
        self._standing = {network.name: network for network in seen.networks if network.id not in going}
        self._forced_off = {
            (c.live.id, c.network)
            for c in changes.changes
            if isinstance(c, AttachmentChange) and c.action is Action.DISCONNECT
        }

    def taking(self) -> Iterator[AttachmentWish]:
        """The places that are taken: by a start all of a container, by a connect one."""
        for wish in starting(self._changes):
            yield from wish.attachments
        for change in self._changes.changes:
            if isinstance(change, AttachmentChange) and change.wish and change.live.state.running:
                yield change.wish

    def _strangers(self, network: ObservedNetwork) -> list[Endpoint]:
        return [
            endpoint
            for endpoint in network.endpoints
            if endpoint.container_id not in self._ours and (endpoint.container_id, network.name) not in self._forced_off
        ]

    def taken(self, place: AttachmentWish) -> Iterator[Obstacle]:
        network = self._standing.get(place.network)
        for endpoint in self._strangers(network) if network else ():
            for address in {place.ipv4_address, place.ipv6_address} & set(endpoint.addresses):
                yield Obstacle(
                    path_of(place),
                    f"{address} is in use by container `{endpoint.container}`",
                    "choose another address in the file, or:"
                    f" docker network disconnect {place.network} {endpoint.container}",
                )

    def full(self, wish: NetworkWish) -> Iterator[Obstacle]:
        """Nobody is told to come to a network that is not joined by anybody new."""
        standing = self._standing.get(wish.name)
        joins = any(place.network == wish.name for place in self.taking())
        if (standing.driver if standing else wish.spec.driver) != "bridge" or (standing and not joins):
            return
        for pool in standing.pools if standing else declared_pools(wish):
            has = room(pool, standing.driver_opts if standing else wish.spec.driver_opts)
            if has > _CERTAINLY_ENOUGH:
                continue
            names = sorted(self._needing(pool, wish.name, standing))
            if len(names) > has:
                addresses = "1 address" if has == 1 else f"{has or 'no'} addresses"
                need = "1 container needs one" if len(names) == 1 else f"{len(names)} need one"
                yield Obstacle(
                    f"networks.{wish.key}",
                    f"{pool.ip_range or pool.subnet} has {addresses} for containers, and {need}: {listed(names)}",
                    "give it a larger subnet" + (", or take containers off it" if standing else ""),
                )

    def _needing(self, pool: ObservedPool, network: str, standing: ObservedNetwork | None) -> Iterator[str]:
        """Who needs an address of a pool in the end. One that is meant to end may be gone by then."""
        addresses = ipaddress.ip_network(pool.ip_range or pool.subnet)
        for wish in self._wishes.containers:
            for place in wish.attachments if not self._wishes.may_end(wish) else ():
                fixed = place.ipv4_address if addresses.version == 4 else place.ipv6_address
                if place.network == network and (not fixed or ipaddress.ip_address(fixed) in addresses):
                    yield wish.name
        for endpoint in self._strangers(standing) if standing else ():
            if any(ipaddress.ip_address(address) in addresses for address in endpoint.addresses):
                yield endpoint.container
