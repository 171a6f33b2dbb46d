"""From wishes to a drawing. Needs no engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.graph.details import container_details, network_details
from netdeploy.graph.drawing import HOST, NOWHERE, Bus, Drawing, Node, Published, Tap
from netdeploy.masking import without_secrets
from netdeploy.topology.draft import DEFAULT_BRIDGE

if TYPE_CHECKING:
    from netdeploy.attributes.wish import AttachmentWish, ContainerWish, NetworkWish, Wishes
    from netdeploy.topology.model import Network, Port

_HOST_BUS = Bus(name=HOST, kind="host", facts=("the host's own network",))
_NOWHERE_BUS = Bus(name=NOWHERE, kind="none")
DEFAULT_BRIDGE_BUS = Bus(name=DEFAULT_BRIDGE, facts=("Docker's default", "no names"))
"""Docker's own network, on which containers find each other by address only."""


def drawing(wishes: Wishes, description: str = "") -> Drawing:
    """What a topology wants, to be drawn."""
    buses = {wish.name: _bus(wish) for wish in wishes.networks}
    known = {wish.name for wish in wishes.containers}
    cut_off = {wish.name for wish in wishes.networks if wish.spec.internal or wish.spec.driver != "bridge"}
    nodes = tuple(_node(wish, known, cut_off) for wish in wishes.containers)
    for tap in (tap for node in nodes for tap in node.taps):
        buses.setdefault(tap.bus, built_in(tap.bus))
    return Drawing(wishes.origin.topology, " ".join(description.split()), tuple(buses.values()), nodes)


def built_in(name: str) -> Bus:
    """A network that no file declares."""
    return {HOST: _HOST_BUS, NOWHERE: _NOWHERE_BUS, DEFAULT_BRIDGE: DEFAULT_BRIDGE_BUS}.get(name, Bus(name=name))


def _bus(wish: NetworkWish) -> Bus:
    if wish.spec.external and wish.name == DEFAULT_BRIDGE:
        return DEFAULT_BRIDGE_BUS
    return Bus(name=wish.name, facts=_facts(wish.spec), details=network_details(wish))


def _facts(spec: Network) -> tuple[str, ...]:
    facts: list[str] = [] if spec.driver == "bridge" else [spec.driver]
    facts += [word for word, holds in (("internal", spec.internal), ("external", spec.external)) if holds]
    subnets = [pool.subnet for pool in spec.ipam.config if pool.subnet]
    if spec.enable_ipv6 and not any(":" in subnet for subnet in subnets):
        facts.append("IPv6")
    return (*facts, *subnets)


def _node(wish: ContainerWish, known: set[str], cut_off: set[str]) -> Node:
    """A container.

    Args:
        wish: what is wanted.
        known: all containers of the drawing.
        cut_off: networks on which an engine publishes no ports.
    """
    mode = wish.spec.network_mode or ""
    shares = wish.shares.get("network", "")
    shares = shares if shares in known else ""
    taps = tuple(_tap(attachment) for attachment in wish.attachments)
    in_vain = bool(taps) and {tap.bus for tap in taps} <= cut_off
    if not taps and not shares:
        taps = (Tap(bus=HOST if mode == "host" else NOWHERE),)
    # without a network of its own nothing is published: an engine ignores the ports then
    ports = () if mode in (HOST, NOWHERE) else tuple(_published(port, in_vain=in_vain) for port in wish.spec.ports)
    return Node(
        name=wish.name,
        image=without_secrets(wish.stand_in_for or wish.spec.image),
        listens=wish.spec.expose,
        taps=taps,
        ports=ports,
        shares=shares,
        details=container_details(wish, [port.label for port in ports]),
    )


def _tap(wish: AttachmentWish) -> Tap:
    fixed = (wish.ipv4_address, wish.ipv6_address, *sorted(wish.link_local_ips))
    return Tap(
        bus=wish.network,
        aliases=tuple(sorted(wish.aliases)),
        addresses=tuple(address for address in fixed if address),
    )


def _published(port: Port, *, in_vain: bool) -> Published:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    listen = listen_text(port.host_ip or "", port.published or "")
    return Published(listen=listen, target=f"{port.target}{protocol}", in_vain=in_vain)


def listen_text(host_ip: str, port: str) -> str:
    """The host's side of a published port; the engine picks one where the file names none."""
    address = f"[{host_ip}]" if ":" in host_ip else host_ip
    address = "" if address in ("0.0.0.0", "[::]") else address  # noqa: S104 - read, not bound
    if not port:
        return f"{address} any port".strip()
    return f"{address}:{port}"
