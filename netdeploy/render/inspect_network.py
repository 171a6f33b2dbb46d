"""A container's place on one network, line by line: the text of each, and its style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.render.layout import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.inspect.report import (
        BridgeReport,
        HostInterfaceReport,
        InspectReport,
        InterfaceReport,
        NetworkReport,
    )

_DEFAULT_BRIDGE = "bridge"
_WRONG, _USED = "red", "bold green"


def bridge_text(bridge: BridgeReport) -> str:
    """The bridge's name and addresses."""
    there = "  ✗ the host has no such bridge" if bridge.exists is False else ""
    return "  ".join((bridge.name, *bridge.addresses)) + there


def host_interface_text(host: HostInterfaceReport) -> str:
    """The host's end of the container's interface."""
    port = f", a port of {host.bridge}" if host.bridge else ""
    return f"{host.name}  number {host.index}{port}"


def interface_text(inside: InterfaceReport) -> str:
    """The container's interface as it sees it."""
    number = f"  number {inside.index}" if inside.index else ""
    text = f"{inside.name}{number}" + (f", its other end is number {inside.link}" if inside.link else "")
    return text + "".join(f", {word}" for word in (inside.state, f"MTU {inside.mtu}" if inside.mtu else None) if word)


def addresses_text(network: NetworkReport) -> tuple[str, str]:
    """The addresses inside, and those that the engine gave where they are others."""
    there = listed(network.addresses, "none inside")
    if set(network.assigned) <= set(network.addresses):
        return there, ""
    return f"{there}  ✗ the engine gave it {listed(network.assigned)}", _WRONG


def gateway_text(network: NetworkReport, report: InspectReport) -> tuple[str, str]:
    """The network's gateways, and whether the default route goes over one of them."""
    own = listed(network.gateways, "none")
    if network.default_route is None:
        return own, ""
    defaults = [route for route in report.routes or () if route.default]
    if network.default_route:
        used = {route.gateway for route in defaults if route.network == network.name}
        if used <= set(network.gateways):
            return f"{own}  → the default route", _USED
        over = listed(sorted(gateway or "no gateway" for gateway in used))
        return f"{over}  → the default route  ✗ the network's gateway is {own}", _WRONG
    if not network.gateways:
        return own, ""
    leading = [f"through `{other.name}`" for other in report.networks if other.default_route]
    leading += [f"out of {route.interface}" for route in defaults]
    return f"{own}  not used: " + (f"the default route leads {leading[0]}" if leading else "no default route"), ""


def evidence_text(network: NetworkReport) -> tuple[str, str] | None:
    """What shows that the container is on the network; None where the inside could not be looked at."""
    evidence = network.evidence
    if evidence is None:
        return None
    parts = [
        f"{'✓' if evidence.interface else '✗'} interface",
        f"{'✓' if evidence.route else '✗'} route to its subnet",
    ]
    if network.name != _DEFAULT_BRIDGE:
        parts.append(f"{'✓' if evidence.resolver else '✗'} resolver 127.0.0.11")
    well = all(part.startswith("✓") for part in parts)
    return "  ".join(parts), "" if well else _WRONG


def ping_texts(network: NetworkReport) -> Iterator[str]:
    """Each address with whether it answers the host."""
    for ping in network.pings:
        time = f" in {ping.milliseconds:g} ms" if ping.milliseconds is not None else ""
        yield f"{ping.address} {'✓ answers' + time if ping.answers else '✗ does not answer'}"
