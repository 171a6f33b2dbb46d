"""How containers are at this moment. It stands beside what differs from the file, and is never mixed with it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from netdeploy.engine.observed import ObservedContainer, PortBinding, State
from netdeploy.plan.reasons import spans, waits_for_it

Ailing = Literal[
    "exited", "never started", "restarting", "paused", "unhealthy", "not ended", "cut off", "port not bound"
]
_DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Ailment:
    """Something that is not well with a container: `message` says what, without its name."""

    container: str
    status: Ailing
    message: str
    exit_code: int | None = None


def ailments(
    container: ObservedContainer,
    name: str,
    *,
    may_have_ended: bool,
    internal: frozenset[str],
    awaited_by: Sequence[str] = (),
    left_alone: str = "",
) -> list[Ailment]:
    """What is not well with a container.

    Args:
        container: as seen.
        name: what to call it.
        may_have_ended: whether it is meant to end; then an end with exit code 0 is well.
        internal: the ids of networks without a way out, on which no port is published.
        awaited_by: who waits for its end, as far as it is known.
        left_alone: that one whose namespace it shares, or that it links to, has ended as meant; empty otherwise.
    """
    state = container.state
    if state.status == "restarting":
        times = f", {state.restarts} times so far" if state.restarts > 1 else ""
        message = f"keeps restarting (exit code {state.exit_code}{times}){_error(state)}"
        return [Ailment(name, "restarting", message, state.exit_code)]
    if state.paused:
        return [Ailment(name, "paused", "is paused")]
    if state.status == "created":
        return [Ailment(name, "never started", f"was made and never started{_error(state)}")]
    if not state.running:
        return [] if may_have_ended and state.exit_code == 0 else [_ended(state, name, left_alone)]
    if awaited_by:
        return [Ailment(name, "not ended", f"still runs, and {waits_for_it(awaited_by)} to end")]
    found = [Ailment(name, "unhealthy", _unhealthy(state))] if state.health == "unhealthy" else []
    found += [Ailment(name, "cut off", left_alone.removeprefix("it "))] if left_alone else []
    return found + [Ailment(name, "port not bound", text) for text in _unbound(container, internal)]


def _ended(state: State, name: str, left_alone: str) -> Ailment:
    why = "; it ran out of memory" if state.oom_killed else f"; {left_alone}" if left_alone else ""
    return Ailment(name, "exited", f"exited with code {state.exit_code}{why}{_error(state)}", state.exit_code)


def _error(state: State) -> str:
    return f"; the engine said: {state.error}" if state.error else ""


def _unhealthy(state: State) -> str:
    return "is unhealthy" + (f"; its last check said: {state.health_output}" if state.health_output else "")


def _unbound(container: ObservedContainer, internal: frozenset[str]) -> list[str]:
    """Ports that were asked for and are not published, which the engine does not tell anybody: a text a protocol."""
    if not container.attachments or container.network_mode == "host":
        return []
    missing = [port for port in container.ports if not any(is_bound(port, bound) for bound in container.bound_ports)]
    ids = {attachment.network_id for attachment in container.attachments.values()}
    why = "it is on internal networks only" if ids <= internal else "the host does not listen"
    return [
        f"does not publish {ports_text(port.target for port in missing if port.protocol == protocol)}/{protocol}: {why}"
        for protocol in sorted({port.protocol for port in missing})
    ]


def is_bound(wanted: PortBinding, bound: PortBinding) -> bool:
    """Whether a published port is one that was asked for.

    A range of host ports is bound by any one in it. Where no port was asked for, or no address, any will do.
    """
    return (
        (wanted.target, wanted.protocol) == (bound.target, bound.protocol)
        and (wanted.host_port in ("", bound.host_port) or bound.host_number in wanted.host_range)
        and (not wanted.host_ip or _same_address(wanted.host_ip, bound.host_ip))
    )


def _same_address(one: str, other: str) -> bool:
    """An engine may write an IPv6 address in another way than it was asked for."""
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return one == other


def ports_text(ports: Iterable[int]) -> str:
    """`port 80`, `ports 80, 443`, `ports 8000-8119`."""
    shown = spans(ports)
    return f"port {shown}" if shown.isdigit() else f"ports {shown}"
