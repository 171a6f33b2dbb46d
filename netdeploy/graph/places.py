"""Where a container really hangs and what it really publishes, beside what the file wants."""

from __future__ import annotations

from dataclasses import replace

from netdeploy.engine.observed import ObservedAttachment, ObservedContainer, PortBinding
from netdeploy.graph.build import listen_text
from netdeploy.graph.drawing import HOST, NOWHERE, Mark, Node, Note, Published, Tap
from netdeploy.plan.reasons import aliases_text


def live_tap(live: ObservedContainer, network: str, *notes: Note) -> Tap:
    """A container's place on a network, as the engine has it."""
    place = live.attachments[network]
    aliases = tuple(sorted(place.aliases - place.added_by_engine))
    return Tap(bus=network, aliases=aliases, addresses=_addresses(place), notes=notes)


def tap_as_it_is(tap: Tap, live: ObservedContainer, note: Note | None) -> Tap:
    """A place that the file wants, as the engine has it: missing, or with the names and addresses it has there.

    Args:
        tap: as the file wants it.
        live: the container.
        note: what the diff says of it, if anything.
    """
    if tap.bus == NOWHERE:
        return tap
    place = live.attachments.get(tap.bus)
    if place is None:
        return replace(tap, aliases=(), addresses=(), notes=(Note(Mark.MISSING, "it is not connected"),))
    if tap.bus == HOST:
        return tap
    missing = sorted(set(tap.aliases) - place.aliases)
    extra = sorted(place.aliases - place.added_by_engine - set(tap.aliases))
    told = [aliases_text(missing, "missing")] if missing else []
    told += [aliases_text(extra, "not in the file")] if extra else []
    addresses = _addresses(place)
    told += [f"the file says {fixed}" for fixed in tap.addresses if addresses and fixed not in addresses]
    note = note or (Note(Mark.DIFFERENT, ", ".join(told)) if told else None)
    return replace(
        tap,
        aliases=tuple(alias for alias in tap.aliases if alias in place.aliases) + tuple(extra),
        addresses=addresses or tap.addresses,
        notes=(note,) if note else (),
    )


def ports(node: Node, live: ObservedContainer) -> tuple[Published, ...]:
    """The ports that a file wants published, and those that are published besides, each marked."""
    standing = live_ports(live)
    wanted = tuple(_as_it_is(port, live, standing) for port in node.ports)
    known = {(port.listen, port.target) for port in node.ports}
    note = Note(Mark.EXTRA, "the file does not publish it")
    return (*wanted, *(replace(p, notes=(note,)) for p in standing if (p.listen, p.target) not in known))


def live_ports(live: ObservedContainer) -> tuple[Published, ...]:
    """The ports that a container was made to publish."""
    bindings = sorted(live.ports, key=lambda b: (b.target, b.protocol, b.host_port, b.host_ip))
    return tuple(Published(listen=listen_text(b.host_ip, b.host_port), target=_target(b)) for b in bindings)


def _as_it_is(port: Published, live: ObservedContainer, standing: tuple[Published, ...]) -> Published:
    """With the port that the engine has picked, where the file leaves it to the engine."""
    if (port.listen, port.target) not in {(p.listen, p.target) for p in standing}:
        return replace(port, notes=(Note(Mark.MISSING, "it is not published"),))
    if not port.listen.endswith("any port"):
        return port
    bound = [b for b in live.bound_ports if _target(b) == port.target and b.host_port]
    if not bound:
        return port
    # one for IPv4 and one for IPv6, mostly with one number
    first = min(bound, key=lambda b: (":" in b.host_ip, b.host_port))
    return replace(port, listen=listen_text(first.host_ip, first.host_port))


def _addresses(place: ObservedAttachment) -> tuple[str, ...]:
    found = (place.address, place.address6, *sorted(place.link_local_ips))
    return tuple(dict.fromkeys(address for address in found if address))


def _target(binding: PortBinding) -> str:
    return f"{binding.target}" if binding.protocol == "tcp" else f"{binding.target}/{binding.protocol}"
