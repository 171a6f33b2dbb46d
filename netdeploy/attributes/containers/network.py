"""How a container is reached, and what it knows of names: ports, hosts, resolver."""

from __future__ import annotations

from typing import Any

from netdeploy.attributes.table import ANY, ENGINE_DEFAULT, Attribute, Effect, Json, JsonValue, or_none
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.normal_form import exposed, port_range
from netdeploy.engine.observed import ObservedContainer, PortBinding
from netdeploy.topology.text_types import numbers

Row = Attribute[ContainerWish, ObservedContainer]
_SHARED_MODES = ("host", "none", "container:")
_WITHOUT_PORTS = ("host", "none")


def port_bindings(wish: ContainerWish) -> frozenset[PortBinding]:
    """The published ports, one by one: ranges of equal length go port by port.

    Without a network of its own a container publishes nothing, whatever is asked for.
    """
    found: set[PortBinding] = set()
    if wish.spec.network_mode in _WITHOUT_PORTS:
        return frozenset()
    for port in wish.spec.ports:
        targets = numbers(port.target)
        published = port.published or ""
        for index, target in enumerate(targets):
            host_port = str(numbers(published)[index]) if published and len(targets) > 1 else port_range(published)
            found.add(PortBinding(target, port.protocol, port.host_ip or "", host_port))
    return frozenset(found)


def exposed_ports(wish: ContainerWish) -> frozenset[str]:
    """Every port the container says it listens on, as `8080/tcp`: the image's, the file's, the published ones."""
    return frozenset((wish.image.exposed if wish.image else frozenset()) | _own_exposed(wish))


def _own_exposed(wish: ContainerWish) -> set[str]:
    own = {f"{binding.target}/{binding.protocol}" for binding in port_bindings(wish)}
    return own | {port for text in wish.spec.expose for port in exposed(text)}


def _exposed_argument(wish: ContainerWish) -> Json | None:
    # bindings of ports that are not exposed too are silently not published
    return {port: {} for port in sorted(_own_exposed(wish))} or None


def _bindings_argument(wish: ContainerWish) -> Json | None:
    bindings: dict[str, list[Json]] = {}
    for binding in sorted(port_bindings(wish), key=lambda b: (b.target, b.protocol, b.host_ip, b.host_port)):
        listen = {"HostIp": binding.host_ip, "HostPort": binding.host_port}
        bindings.setdefault(f"{binding.target}/{binding.protocol}", []).append(listen)
    return bindings or None


def binding_text(binding: PortBinding) -> str:
    """As the file writes it: `127.0.0.1:8080:80/udp`."""
    protocol = "" if binding.protocol == "tcp" else f"/{binding.protocol}"
    address = f"[{binding.host_ip}]" if ":" in binding.host_ip else binding.host_ip
    host = f"{address}:{binding.host_port}:" if address else f"{binding.host_port}:" if binding.host_port else ""
    return f"{host}{binding.target}{protocol}"


def _ports_read(live: ObservedContainer) -> frozenset[PortBinding]:
    return frozenset() if live.network_mode in _WITHOUT_PORTS else live.ports


def _show_ports(bindings: frozenset[PortBinding]) -> JsonValue:
    in_order = sorted(bindings, key=lambda b: (b.target, b.protocol, b.host_port, b.host_ip))
    return [binding_text(binding) for binding in in_order for _ in range(binding.times)]


# -- names -----------------------------------------------------------------------------------------------------------


def _hostname_wish(wish: ContainerWish) -> Any:
    shared = (wish.spec.network_mode or "").startswith(_SHARED_MODES) or wish.spec.uts == "host"
    if wish.spec.hostname is None and shared:
        return ANY  # the host's name, or that of the container whose network it shares
    return wish.spec.hostname or ""


def _hostname_read(live: ObservedContainer) -> str:
    return "" if live.hostname == live.short_id else live.hostname


def _extra_hosts(wish: ContainerWish) -> tuple[str, ...]:
    return _by_name(tuple(f"{name}:{ip}" for name, ips in wish.spec.extra_hosts.items() for ip in ips))


def _by_name(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Names have no order; the addresses of one do: a resolver gives the first one first."""
    return tuple(sorted(hosts, key=lambda text: text.partition(":")[0]))


def _domainname_wish(wish: ContainerWish) -> Any:
    return ANY if wish.spec.domainname is None and _hostname_wish(wish) is ANY else wish.spec.domainname or ""


def _network_mode_wish(wish: ContainerWish) -> str:
    """Empty for a container with networks of its own: which ones is the attachments' matter."""
    if "network" in wish.shares:
        return f"container:{wish.shares['network']}"
    mode = wish.spec.network_mode or ""
    return mode if mode in ("host", "none") else ""


def _network_mode_read(live: ObservedContainer) -> str:
    # it keeps the first network's name after a disconnect, so only the modes without networks mean something
    return live.network_mode if live.network_mode.startswith(_SHARED_MODES) else ""


def _network_mode_argument(wish: ContainerWish) -> str:
    return _network_mode_wish(wish) or (wish.attachments[0].network if wish.attachments else "none")


def _links(wish: ContainerWish) -> list[str]:
    """On a network of its own, links are the attachment's matter."""
    return sorted(wish.file_links)


ROWS: tuple[Row, ...] = (
    Row(
        "network_mode", "HostConfig.NetworkMode", _network_mode_wish, _network_mode_argument, _network_mode_read,
        Effect.REPLACE, default="the container's own networks", show=or_none,
    ),
    Row(
        "hostname", "Hostname", _hostname_wish, lambda w: w.spec.hostname, _hostname_read, Effect.REPLACE,
        default="the container's short id", show=or_none,
    ),
    Row(
        "domainname", "Domainname", _domainname_wish, lambda w: w.spec.domainname, lambda c: c.domainname,
        Effect.REPLACE, default="none", show=or_none,
    ),
    Row(
        "mac_address", "MacAddress", lambda w: w.spec.mac_address or ENGINE_DEFAULT, lambda w: w.spec.mac_address,
        lambda c: c.mac_address, Effect.REPLACE, default="the engine's choice", show=or_none, by_label=True,
    ),
    Row(
        "ports", "HostConfig.PortBindings", port_bindings, _bindings_argument, _ports_read, Effect.REPLACE,
        default="nothing is published", show=_show_ports,
    ),
    Row(
        "expose", "ExposedPorts", exposed_ports, _exposed_argument, lambda c: c.exposed, Effect.REPLACE,
        default="the image's, and the published ones",
    ),
    Row(
        "extra_hosts", "HostConfig.ExtraHosts", _extra_hosts, lambda w: list(_extra_hosts(w)) or None,
        lambda c: _by_name(c.extra_hosts), Effect.REPLACE, default="none",
    ),
    Row(
        "links", "HostConfig.Links", lambda w: frozenset(_links(w)), lambda w: _links(w) or None,
        lambda c: c.links, Effect.REPLACE, default="none",
    ),
    Row(
        "dns", "HostConfig.Dns", lambda w: w.spec.dns, lambda w: list(w.spec.dns) or None, lambda c: c.dns,
        Effect.REPLACE, default="the engine's",
    ),
    Row(
        "dns_opt", "HostConfig.DnsOptions", lambda w: w.spec.dns_opt, lambda w: list(w.spec.dns_opt) or None,
        lambda c: c.dns_opt, Effect.REPLACE, default="the engine's",
    ),
    Row(
        "dns_search", "HostConfig.DnsSearch", lambda w: w.spec.dns_search, lambda w: list(w.spec.dns_search) or None,
        lambda c: c.dns_search, Effect.REPLACE, default="the engine's",
    ),
)  # fmt: skip
