"""The attributes of an attachment: a container's place on one network."""

from __future__ import annotations

from typing import Any

from netdeploy.attributes.table import ENGINE_DEFAULT, Attribute, Effect, Json, JsonValue, body, or_none, plain
from netdeploy.attributes.wish import AttachmentWish
from netdeploy.engine.observed import ObservedAttachment

Row = Attribute[AttachmentWish, ObservedAttachment]
INTERFACE_NAME = "com.docker.network.endpoint.ifname"
"""The driver option that names an interface (since Docker 28.1)."""


def _asked_for(live: ObservedAttachment, wish: frozenset[str]) -> frozenset[str]:
    """Without what the engine added on its own; an alias of that name that was asked for counts."""
    return live.aliases - (live.added_by_engine - wish)


def _same_aliases(wish: frozenset[str], live: ObservedAttachment) -> bool:
    return _asked_for(live, wish) == wish


def _contrast_aliases(live: ObservedAttachment, wish: frozenset[str]) -> tuple[JsonValue, JsonValue]:
    return plain(_asked_for(live, wish)), plain(wish)


def _interface_name(wish: AttachmentWish) -> str:
    """The file may give it as the driver's option, too."""
    return wish.interface_name or wish.driver_opts.get(INTERFACE_NAME, "")


def _driver_opts_argument(wish: AttachmentWish) -> dict[str, str] | None:
    name = {INTERFACE_NAME: _interface_name(wish)} if _interface_name(wish) else {}
    return {**_other_options(wish), **name} or None


def _other_options(of: AttachmentWish | ObservedAttachment) -> dict[str, str]:
    return {key: value for key, value in of.driver_opts.items() if key != INTERFACE_NAME}


def _same_mac(wish: Any, live: str) -> bool:
    """It is an interface's: while the container is stopped there is none to compare."""
    return not live or live == wish


ROWS: tuple[Row, ...] = (
    Row(
        "aliases", "Aliases", lambda w: w.aliases, lambda w: sorted(w.aliases) or None, lambda a: a,
        Effect.RECONNECT, default="none: only the container's name", same=_same_aliases, contrast=_contrast_aliases,
    ),
    Row(
        "ipv4_address", "IPAMConfig.IPv4Address", lambda w: w.ipv4_address, lambda w: w.ipv4_address or None,
        lambda a: a.ipv4_address, Effect.RECONNECT, default="the next free one", show=or_none,
    ),
    Row(
        "ipv6_address", "IPAMConfig.IPv6Address", lambda w: w.ipv6_address, lambda w: w.ipv6_address or None,
        lambda a: a.ipv6_address, Effect.RECONNECT, default="the next free one", show=or_none,
    ),
    Row(
        "link_local_ips", "IPAMConfig.LinkLocalIPs", lambda w: frozenset(w.link_local_ips),
        lambda w: sorted(w.link_local_ips) or None, lambda a: a.link_local_ips, Effect.RECONNECT, default="none",
    ),
    Row(
        "mac_address", "MacAddress", lambda w: w.mac_address or ENGINE_DEFAULT, lambda w: w.mac_address or None,
        lambda a: a.mac_address, Effect.REPLACE, default="the engine's choice", same=_same_mac, by_label=True,
        since=(1, 44), given=lambda w: w.own_mac_address,
    ),
    Row(
        "driver_opts", "DriverOpts", _other_options, _driver_opts_argument, _other_options,
        Effect.RECONNECT, default="none", by_key=True,
    ),
    Row(
        "interface_name", "", _interface_name, lambda _w: {},
        lambda a: a.driver_opts.get(INTERFACE_NAME, ""), Effect.RECONNECT, default="eth0, eth1 …", show=or_none,
        since=(1, 49), given=lambda w: bool(_interface_name(w)),
    ),
    Row(
        "gw_priority", "GwPriority", lambda w: w.gw_priority, lambda w: w.gw_priority or None,
        lambda a: a.gw_priority, Effect.RECONNECT, default="0", since=(1, 48),
    ),
    Row(
        "links", "Links", lambda w: w.links, lambda w: sorted(w.links) or None, lambda a: a.links,
        Effect.RECONNECT, default="none",
    ),
)  # fmt: skip


def endpoint_as_it_is(live: ObservedAttachment, *, addresses: bool) -> Json:
    """The settings by which a container is put back on a network of that name; `addresses`: with its fixed ones."""
    fixed = {"IPv4Address": live.ipv4_address, "IPv6Address": live.ipv6_address} if addresses else {}
    settings: Json = {
        "Aliases": sorted(live.aliases - live.added_by_engine),
        "DriverOpts": dict(live.driver_opts),
        "IPAMConfig": {name: value for name, value in fixed.items() if value},
        "Links": sorted(live.links),
    }
    return {name: value for name, value in settings.items() if value}


def endpoint_body(wish: AttachmentWish) -> Json:
    """The endpoint's settings, as create and connect take them."""
    return body(ROWS, wish)
