"""Where published ports lead, and whether somebody waits there. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netdeploy.engine.helpers import HOST
from netdeploy.engine.normal_form import port_number
from netdeploy.inspect.report import BindingReport, NetworkReport, PortReport
from netdeploy.inspect.space import bare

if TYPE_CHECKING:
    from netdeploy.engine.networking import Networking
    from netdeploy.engine.observed import ObservedContainer, PortBinding
    from netdeploy.inspect.space import Space


def _exposed_ports(container: ObservedContainer) -> Iterator[tuple[int, str]]:
    """Number and protocol of each."""
    for text in sorted(container.exposed):
        number, _, protocol = text.partition("/")
        port = port_number(number)
        if port is not None:
            yield port, protocol or "tcp"


def exposed_places(connection: Networking) -> Iterator[tuple[str, int]]:
    """The addresses of a container, each with the TCP ports that it exposes and does not publish."""
    container = connection.connected
    published = {binding.target for binding in container.bound_ports if binding.protocol == "tcp"}
    for port, protocol in _exposed_ports(container):
        if protocol == "tcp" and port not in published:
            yield from ((address, port) for endpoint in connection.endpoints for address in bare(endpoint.addresses))


def ports(
    connection: Networking,
    networks: Sequence[NetworkReport],
    inside: Space | None,
    host: Space | None,
    host_name: str,
) -> Iterator[PortReport]:
    """Published ports, then those that are only exposed; with a shared network, the owner's."""
    container = connection.connected
    asked = sorted({(binding.target, binding.protocol) for binding in (*container.ports, *container.bound_ports)})
    for target, protocol in asked:
        yield _published(container, (target, protocol), networks, inside, host_name)
    for port, protocol in _exposed_ports(container):
        if (port, protocol) not in asked:
            listening = _listening(inside, port, protocol)
            yield PortReport(
                port=port,
                protocol=protocol,
                published=(),
                leads_to=None,
                listening=listening,
                note=_exposed(connection, port, host, listening),
            )


def _exposed(connection: Networking, port: int, host: Space | None, listening: Sequence[str] | None) -> str:
    """Who reaches a port that is exposed and not published; the host's way to it was tried, not assumed."""
    if connection.connected.network_mode == HOST:
        heard = "" if listening is None or listening else ", and nothing listens there"
        return f"the host's network is its own: this is the host's port {port}{heard}"
    reached = host.reached if host else {}
    own = [address for endpoint in connection.endpoints for address in bare(endpoint.addresses)]
    tried = [address for address in own if (address, port) in reached]
    at = [f"{_bracketed(address)}:{port}" for address in tried if reached[address, port]]
    text = "exposed, not published: no port on localhost"
    if at:
        return f"{text}; containers on its networks reach it, and this host still does at {' and '.join(at)}"
    if tried:
        return f"{text}; containers on its networks may reach it, this host does not"
    return f"{text}; containers on its networks may reach it"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _published(
    container: ObservedContainer,
    port: tuple[int, str],
    networks: Sequence[NetworkReport],
    inside: Space | None,
    host_name: str,
) -> PortReport:
    running = container.state.running
    bindings = container.bound_ports if running else container.ports
    own = sorted((b for b in bindings if (b.target, b.protocol) == port), key=lambda b: (b.host_port, b.host_ip))
    address = _arrival(networks, inside) if running and own else None
    listening = _listening(inside, *port)
    return PortReport(
        port=port[0],
        protocol=port[1],
        published=tuple(_binding(binding, host_name, running=running) for binding in own),
        leads_to=f"{address}:{port[0]}" if address else None,
        listening=listening,
        note=_note(container, own, networks, listening),
    )


def _binding(binding: PortBinding, host_name: str, *, running: bool) -> BindingReport:
    address = binding.host_ip or "0.0.0.0"  # noqa: S104 - as the engine means it
    url = binding.url(host_name) if running else None
    return BindingReport(address=address, port=binding.host_port, url=url)


def _arrival(networks: Sequence[NetworkReport], inside: Space | None) -> str | None:
    """The engine sends traffic to where the default route is; where no routes are known, to the only network."""
    if inside:
        leading = next((route for route in inside.routes if route.destination == "0.0.0.0/0"), None)
        interface = inside.by_name(leading.interface) if leading else None
        addresses = list(bare(interface.addresses)) if interface else []
    else:
        addresses = list(bare(networks[0].addresses)) if len(networks) == 1 else []
    return next((address for address in addresses if ":" not in address), None)


def _listening(inside: Space | None, port: int, protocol: str) -> tuple[str, ...] | None:
    if inside is None or protocol not in ("tcp", "udp"):
        return None
    return tuple(
        dict.fromkeys(item.address for item in inside.listeners if (item.port, item.protocol) == (port, protocol))
    )


def _note(
    container: ObservedContainer,
    bound: Sequence[PortBinding],
    networks: Sequence[NetworkReport],
    listening: tuple[str, ...] | None,
) -> str | None:
    if container.network_mode == "host":
        return "not published: with the host's network a port is the host's own"
    if not container.state.running:
        return "published once it runs"
    if not bound:
        internal = bool(networks) and all(network.internal for network in networks)
        why = "the container is on internal networks only" if internal else "the host does not listen"
        return f"not published: {why}"
    if listening is None:
        return None
    if not listening:
        return "nothing listens there inside: a caller is refused, or gets an empty answer"
    if all(ipaddress.ip_address(address).is_loopback for address in listening):
        return f"listens on {', '.join(listening)} inside only, which nobody outside reaches: bind it to 0.0.0.0"
    return None
