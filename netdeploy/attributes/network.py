"""The attributes of a network. The engine has no update call for networks, so each change replaces it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace

from netdeploy.attributes.labels import ADDED_BY_OTHERS, own_labels, users_labels
from netdeploy.attributes.table import Attribute, Effect, Json, JsonValue, body, declared
from netdeploy.attributes.wish import NetworkWish
from netdeploy.engine.observed import LABEL_DECLARED, ObservedNetwork, ObservedPool
from netdeploy.topology.rules_drivers import BRIDGE_NAME

Row = Attribute[NetworkWish, ObservedNetwork]
Pools = tuple[ObservedPool, ...]


def declared_pools(wish: NetworkWish) -> Pools:
    """The ranges of addresses that the file gives a network."""
    return tuple(
        ObservedPool(
            pool.subnet or "",
            pool.ip_range or "",
            pool.gateway or "",
            frozenset(pool.aux_addresses.items()),
        )
        for pool in wish.spec.ipam.config
        if pool.subnet
    )


def _pool_fits(wish: ObservedPool, live: ObservedPool) -> bool:
    """An undeclared gateway is the engine's choice: 28 and earlier do not tell it, 29 does."""
    return _with_gateway(wish) == _with_gateway(live)


def _with_gateway(pool: ObservedPool) -> ObservedPool:
    return pool if pool.gateway or not pool.subnet else replace(pool, gateway=str(_first_address(pool)))


def _default_gateway(pool: ObservedPool) -> bool:
    return _with_gateway(pool) == _with_gateway(replace(pool, gateway=""))


def _first_address(pool: ObservedPool) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Of its range, what the engine takes as gateway (seen on 20.10 and 28.5); two addresses leave none to spare."""
    subnet = ipaddress.ip_network(pool.subnet)
    first = ipaddress.ip_network(pool.ip_range or pool.subnet).network_address
    spared = first == subnet.network_address and subnet.num_addresses > 2
    return first + 1 if spared else first


def _same_pools(wish: Pools, live: Pools) -> bool:
    """Each declared pool is there, and what else there is looks like the engine's own choice.

    The engine adds an IPv4 pool where only an IPv6 one is declared.
    """
    rest = list(live)
    for pool in wish:
        match = next((other for other in rest if _pool_fits(pool, other)), None)
        if match is None:
            return False
        rest.remove(match)
    declared = {_version(pool) for pool in wish}
    return all(
        _version(pool) not in declared and not pool.ip_range and not pool.aux_addresses and _default_gateway(pool)
        for pool in rest
    )


def overlap(wish: NetworkWish, live: ObservedNetwork) -> str:
    """The subnet of `live` that overlaps one which `wish` declares; "" if none does, or the network is external.

    Overlay networks have an address space of their own.
    """
    if wish.spec.external or live.driver == "overlay":
        return ""
    declared = [ipaddress.ip_network(pool.subnet) for pool in declared_pools(wish)]
    for pool in live.pools:
        subnet = ipaddress.ip_network(pool.subnet) if pool.subnet else None
        if subnet and any(subnet.version == other.version and subnet.overlaps(other) for other in declared):
            return pool.subnet
    return ""


def bridge_wanted(wish: NetworkWish) -> str:
    """The name that the file gives a network's bridge on the host; "" where it leaves that to the engine."""
    ours = wish.spec.driver == "bridge" and not wish.spec.external
    return wish.spec.driver_opts.get(BRIDGE_NAME, "") if ours else ""


def same_bridge(wish: NetworkWish, live: ObservedNetwork) -> str:
    """The bridge that `live` has and `wish` is to have; "" if there is none. Without a name it is called by the id."""
    bridge = live.driver_opts.get(BRIDGE_NAME) or f"br-{live.id[:12]}"
    return bridge if live.driver == "bridge" and bridge == bridge_wanted(wish) else ""


def contested(wish: NetworkWish, live: ObservedNetwork) -> str:
    """What `live` has and `wish` is to have, in words, and the engine gives to one network only; "" for nothing."""
    subnet, bridge = overlap(wish, live), same_bridge(wish, live)
    return f"subnet {subnet}" if subnet else f"bridge `{bridge}`" if bridge else ""


def room(pool: ObservedPool, driver_opts: Mapping[str, str]) -> int:
    """How many addresses of a pool a bridge network has for containers (seen on 20.10 and 28.5).

    The engine keeps the subnet's first, the last of an IPv4 one, and the gateway's, by default the first of the range.
    """
    subnet = ipaddress.ip_network(pool.subnet)
    of = ipaddress.ip_network(pool.ip_range) if pool.ip_range else subnet
    kept = {ipaddress.ip_address(text) for _, text in pool.aux_addresses}
    if subnet.num_addresses > 2:
        kept |= {subnet.network_address} | ({subnet.broadcast_address} if subnet.version == 4 else set())
    first = of.network_address
    if driver_opts.get(f"com.docker.network.bridge.gateway_mode_ipv{subnet.version}") != "isolated":
        kept.add(ipaddress.ip_address(pool.gateway) if pool.gateway else first + 1 if first in kept else first)
    return of.num_addresses - sum(address in of for address in kept)


def _version(pool: ObservedPool) -> int:
    return 6 if ":" in pool.subnet else 4


def _show_pools(pools: Pools) -> JsonValue:
    return [_show_pool(pool) for pool in sorted(pools, key=lambda pool: pool.subnet)] or "chosen by the engine"


def _show_pool(pool: ObservedPool) -> JsonValue:
    shown: dict[str, JsonValue] = {"subnet": pool.subnet}
    shown |= {name: value for name, value in (("ip_range", pool.ip_range), ("gateway", pool.gateway)) if value}
    return shown | ({"aux_addresses": dict(sorted(pool.aux_addresses))} if pool.aux_addresses else {})


def _pools_argument(wish: NetworkWish) -> list[Json] | None:
    return [_pool_argument(pool) for pool in declared_pools(wish)] or None


def _pool_argument(pool: ObservedPool) -> Json:
    settings = {
        "Subnet": pool.subnet,
        "IPRange": pool.ip_range,
        "Gateway": pool.gateway,
        "AuxiliaryAddresses": dict(pool.aux_addresses),
    }
    return {key: value for key, value in settings.items() if value}


def _ipam_driver_argument(wish: NetworkWish) -> str | None:
    """Pools without a driver are refused by some engines."""
    ipam = wish.spec.ipam
    return ipam.driver if declared_pools(wish) or ipam.options or ipam.driver != "default" else None


def _labels(wish: NetworkWish) -> dict[str, str]:
    return {**wish.spec.labels, **own_labels(wish.origin, "network", wish.key)}


def holds(wish: NetworkWish, *addresses: str) -> bool:
    """Whether fixed addresses (or "") lie in the subnets that the file declares for a network."""
    subnets = declared_subnets(wish)
    return all(any(ipaddress.ip_address(address) in subnet for subnet in subnets) for address in addresses if address)


def declared_subnets(wish: NetworkWish) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The subnets that the file gives a network."""
    return [ipaddress.ip_network(pool.subnet) for pool in wish.spec.ipam.config if pool.subnet]


ROWS: tuple[Row, ...] = (
    Row(
        "driver", "Driver", lambda w: w.spec.driver, lambda w: w.spec.driver, lambda n: n.driver, Effect.REPLACE,
        default="bridge", untested="`macvlan` and `ipvlan` need a kernel with those modules; `bridge` is tested by all",
    ),
    Row(
        "driver_opts", "Options", lambda w: dict(w.spec.driver_opts), lambda w: dict(w.spec.driver_opts) or None,
        lambda n: dict(n.driver_opts), Effect.REPLACE, default="the engine's default", by_key=True, by_label=True,
    ),
    Row(
        "internal", "Internal", lambda w: w.spec.internal, lambda w: w.spec.internal, lambda n: n.internal,
        Effect.REPLACE, default="false",
    ),
    Row(
        "attachable", "Attachable", lambda w: w.spec.attachable, lambda w: w.spec.attachable, lambda n: n.attachable,
        Effect.REPLACE, default="false",
    ),
    Row(
        "enable_ipv4", "EnableIPv4", lambda w: w.spec.enable_ipv4 is not False, lambda w: w.spec.enable_ipv4,
        lambda n: n.enable_ipv4, Effect.REPLACE, default="true", since=(1, 48),
        given=lambda w: w.spec.enable_ipv4 is False,
    ),
    Row(
        "enable_ipv6", "EnableIPv6", lambda w: w.spec.enable_ipv6, lambda w: w.spec.enable_ipv6,
        lambda n: n.enable_ipv6, Effect.REPLACE, default="false",
    ),
    Row(
        "ipam.config", "IPAM.Config", declared_pools, _pools_argument, lambda n: n.pools, Effect.REPLACE,
        default="a free range of the engine's choice", same=_same_pools, show=_show_pools,
    ),
    Row(
        "ipam.driver", "IPAM.Driver", lambda w: w.spec.ipam.driver, _ipam_driver_argument, lambda n: n.ipam_driver,
        Effect.REPLACE, default="default", untested="needs a plugin that gives addresses",
    ),
    Row(
        "ipam.options", "IPAM.Options", lambda w: dict(w.spec.ipam.options),
        lambda w: dict(w.spec.ipam.options) or None, lambda n: dict(n.ipam_options), Effect.REPLACE, default="none",
        by_key=True,
    ),
    Row(
        "labels", "Labels", lambda w: dict(w.spec.labels), _labels,
        lambda n: users_labels(n.labels), Effect.REPLACE, default="none", by_key=True, by_others=ADDED_BY_OTHERS,
    ),
    Row(
        "name", "Name", lambda w: w.name, lambda w: w.name, lambda n: n.name, Effect.REPLACE, default="its key",
    ),
)  # fmt: skip


def create_body(wish: NetworkWish) -> Json:
    """The body of `POST /networks/create`."""
    made = body(ROWS, wish)
    given = declared(ROWS, wish)
    if given:
        made["Labels"][LABEL_DECLARED] = " ".join(sorted(given))
    return made


def body_as_it_is(live: ObservedNetwork) -> Json:
    """The body by which a network that was removed is made again as it was."""
    pools = [_pool_argument(pool) for pool in live.pools]
    made: Json = {
        "Driver": live.driver,
        "Options": dict(live.driver_opts),
        "Internal": live.internal,
        "Attachable": live.attachable,
        "EnableIPv6": live.enable_ipv6,
        "IPAM": {"Driver": live.ipam_driver, "Options": dict(live.ipam_options), "Config": pools},
        "Labels": dict(live.labels),
    }
    return made if live.enable_ipv4 else {**made, "EnableIPv4": False}
