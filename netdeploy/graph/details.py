"""What is told of a container or network when somebody points at it. Values that look secret are masked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from netdeploy.attributes.containers.network import binding_text
from netdeploy.masking import MASK, looks_secret, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netdeploy.attributes.wish import AttachmentWish, ContainerWish, NetworkWish
    from netdeploy.engine.observed import ObservedContainer, ObservedNetwork
    from netdeploy.graph.drawing import Details
    from netdeploy.topology.model import Container, Mount

_MOST_PORTS = 12


def container_details(wish: ContainerWish, ports: list[str]) -> Details:
    """A container as the file wants it; `ports` are its published ones in words."""
    spec = wish.spec
    return _told(
        ("Image", [wish.stand_in_for or spec.image]),
        ("Stand-in", [spec.image] if wish.stand_in_for else []),
        ("Networks", [_attachment(a) for a in wish.attachments] or [spec.network_mode or "none"]),
        ("Published ports", _few(ports)),
        ("Listens on", spec.expose),
        ("Environment", environment(spec.environment)),
        ("Mounts", [_mount(mount, wish.volume_names) for mount in spec.volumes]),
        ("Command", [] if wish.stand_in_for else _command(spec)),
        ("Starts after", [f"{name} ({d.condition.removeprefix('service_')})" for name, d in spec.depends_on.items()]),
        ("Restart", [spec.restart] if spec.restart else []),
    )


def network_details(wish: NetworkWish) -> Details:
    """A network as the file wants it."""
    spec = wish.spec
    pools = [
        ", ".join(f"{word} {value}" for word, value in (("", pool.subnet), ("gateway", pool.gateway)) if value).strip()
        for pool in spec.ipam.config
    ]
    options = [f"{name}={MASK if looks_secret(name) else value}" for name, value in spec.driver_opts.items()]
    kinds = (
        ("internal: no way out", spec.internal),
        ("external: only used", spec.external),
        ("IPv6", spec.enable_ipv6),
    )
    return _told(
        ("Driver", [spec.driver]),
        ("Is", [text for text, holds in kinds if holds]),
        ("Addresses", pools),
        ("Driver's options", options),
    )


def live_container_details(live: ObservedContainer) -> Details:
    """What only the engine knows of a container."""
    state = live.state
    health = f", {state.health}" if state.health else ""
    ended = f", exit code {state.exit_code}" if not state.running and state.status == "exited" else ""
    addresses = [f"{name}: {a.address}" for name, a in sorted(live.attachments.items()) if a.address]
    bound = sorted({binding_text(binding) for binding in live.bound_ports})
    return _told(
        ("State", [f"{'paused' if state.paused else state.status}{health}{ended}"]),
        ("Id", [live.short_id]),
        ("Addresses now", addresses),
        ("Ports now", _few(bound)),
    )


def stranger_details(live: ObservedContainer) -> Details:
    """A container that the file does not have."""
    return _told(
        ("Image", [live.image]),
        *live_container_details(live),
        ("Environment", environment(live.environment)),
    )


def live_network_details(live: ObservedNetwork) -> Details:
    """What only the engine knows of a network."""
    pools = [f"{pool.subnet}, gateway {pool.gateway}" if pool.gateway else pool.subnet for pool in live.pools]
    return _told(("Id", [live.id[:12]]), ("Addresses now", [pool for pool in pools if pool]))


def environment(variables: Mapping[str, str]) -> list[str]:
    """As `NAME=value`; what looks secret is masked."""
    return [f"{name}={MASK if looks_secret(name) else value}" for name, value in variables.items()]


def _told(*rows: tuple[str, Iterable[str]]) -> Details:
    """Those rows that say something, without passwords."""
    filled = ((title, tuple(without_secrets(line) for line in lines)) for title, lines in rows)
    return tuple((title, lines) for title, lines in filled if lines)


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST_PORTS else [*lines[:_MOST_PORTS], f"and {len(lines) - _MOST_PORTS} more"]


def _attachment(wish: AttachmentWish) -> str:
    more = [f"alias {alias}" for alias in sorted(wish.aliases)]
    more += [text for text in (wish.ipv4_address, wish.ipv6_address, wish.mac_address) if text]
    return f"{wish.network} ({', '.join(more)})" if more else wish.network


def _mount(mount: Mount, volumes: Mapping[str, str]) -> str:
    source = mount.source or ""
    source = volumes.get(source, source) if mount.type == "volume" else source
    mode = " (read only)" if mount.read_only else ""
    return f"{source or mount.type} at {mount.target}{mode}"


def _command(spec: Container) -> list[str]:
    words = (*(spec.entrypoint or ()), *(spec.command or ()))
    return [shlex.join(words)] if words else []
