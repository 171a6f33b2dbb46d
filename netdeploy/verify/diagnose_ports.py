"""Why a port does not answer, and why more is published than should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from netdeploy.attributes.containers.network import binding_text
from netdeploy.engine.observed import ObservedContainer, PortBinding
from netdeploy.plan.health import is_bound, ports_text
from netdeploy.verify.cause import Cause, listed
from netdeploy.verify.claim import Claim
from netdeploy.verify.diagnose_kernel import RESOLVER
from netdeploy.verify.diagnose_path import Way, by_outcome, full_backlog, only_udp
from netdeploy.verify.probing import Evidence, Listener, Outcome
from netdeploy.verify.remedies import beside, made_anew
from netdeploy.verify.world import HOST, Member, World


def no_port(evidence: Evidence, target: Member, port: int, outcome: Outcome | None) -> Iterator[Cause]:
    """Why a port of a container does not answer another one; port 0 is a ping."""
    word = outcome.word if outcome else ""
    name = f"`{target.wish.name}`"
    if word in ("refused", "empty"):
        yield from not_listening(evidence, target, port, outcome)
    if word == "unreachable":
        yield Cause(f"no route leads to {name}", f"netdeploy inspect {target.wish.name}")
    if word in ("timeout", "nothing"):
        yield from full_backlog(evidence, target, port)
        what = "on {}" if port else "at all"
        yield Cause(
            f"{name} does not answer {what}, and does not refuse either: something drops the packets",
            "look for firewall rules of the host (iptables -L DOCKER-USER) or inside the container",
            port or "",
        )


def not_listening(evidence: Evidence, target: Member, port: int, outcome: Outcome | None = None) -> Iterator[Cause]:
    """What a look inside a container tells about a port that refuses."""
    name = f"`{target.wish.name}`"
    listeners = [item for item in evidence.listeners.get(target.key, ()) if item.address != RESOLVER]
    here = [listener for listener in listeners if listener.port == port]
    real = target.owner_live.name if target.owner_live else target.wish.name
    shows = beside(real, "netstat -tlnu")
    if here and all(listener.is_local for listener in here):
        text = f"{name} listens on {{}} only at {here[0].address}, inside itself"
        yield Cause(text, "let its program listen on 0.0.0.0", port, shows)
    asked = next(iter(outcome.addresses), "") if outcome else ""
    if here and asked and not any(_takes(listener.address, asked) for listener in here):
        only = "over IPv6" if here[0].address == "::" else "over IPv4" if ":" in asked else f"at {here[0].address}"
        text = f"{name} listens on {{}} only {only}, and it is asked at {asked}"
        yield Cause(text, "let its program listen on all addresses (0.0.0.0, and :: for IPv6)", port, shows)
    if not here:
        others = _numbers(listener for listener in listeners if not listener.is_local)
        also = f"; it listens on {others}" if others else ""
        if only_udp(evidence, target, port):
            yield Cause(f"{name} listens on {{}} over UDP, not over TCP", "publish and ask it as UDP", port, shows)
        hint = f"docker logs {target.wish.name} shows whether its program is up"
        yield Cause(f"nothing listens on {{}} in {name}{also}", hint, port, shows)


def _takes(listens: str, asked: str) -> bool:
    """Whether a socket at one address takes a connection to another; IPv6's wildcard mostly takes IPv4 as well."""
    if listens == "::":
        return ":" in asked
    return listens in (asked, "0.0.0.0") if ":" not in asked else listens == asked  # noqa: S104 - compared


def not_answering(
    world: World, evidence: Evidence, target: Member, binding: PortBinding | None, outcome: Outcome | None
) -> Iterator[Cause]:
    """Why a published port does not answer on the host."""
    name = f"`{target.wish.name}`"
    live = target.live
    if binding is None or live is None:
        return
    if target.mode == "host":
        yield from not_listening(evidence, target, binding.target)
    # of a port that the engine chooses, the container's own number tells it from others
    port = ports_text((binding.target,)) if binding.host_number is None else binding.host_number
    if not any(_asks_for(world, target, binding, made) for made in live.ports):
        yield from _wrongly_published(target, binding)
        hint = made_anew(target, f"with -p {binding_text(binding)}")
        yield Cause(f"{name} was made without publishing {{}}{_at(binding)}", hint, port)
    wanted = world.spelt_out(target, binding)
    if not any(is_bound(one, bound) for one in wanted for bound in live.bound_ports):
        internal = {network.name for network in world.seen.networks if network.internal}
        if target.live_networks and target.live_networks <= internal:
            where = listed(target.live_networks)
            yield Cause(
                f"{name} does not publish {{}}: it is on internal networks only ({where})",
                "put it on a network that is not internal, too",
                port,
            )
        yield Cause(f"{name} does not publish {{}}: the host does not listen", f"docker restart {live.name}", port)
    if outcome and outcome.word in ("empty", "refused"):
        yield from not_listening(evidence, target, binding.target)
        yield from _no_proxy(evidence, live, name, binding, port, outcome)
    if by_outcome(outcome):
        for network in sorted(target.live_networks):
            yield from Way(world, evidence, None, target, network, binding.target).causes()
    if outcome and outcome.word == "silent":
        yield from no_port(evidence, target, binding.target, Outcome("timeout"))
    saw = outcome.word if outcome else "nothing came back"
    yield Cause(f"{name} does not answer on the host's {{}} ({saw})", varying=port)


def _no_proxy(
    evidence: Evidence, live: ObservedContainer, name: str, binding: PortBinding, port: int | str, outcome: Outcome
) -> Iterator[Cause]:
    """The engine says that it publishes the port, and on its host nobody listens there."""
    host = evidence.places.get(HOST)
    heard = {item.port for item in host.space.listeners if item.protocol == "tcp"} if host else set()
    if host and outcome.word == "refused" and binding.host_number is not None and binding.host_number not in heard:
        text = f"nothing listens on the host's {{}}: the engine's port proxy (docker-proxy) for {name} is gone"
        yield Cause(text, f"docker restart {live.name}", port, "ss -tln")


def _wrongly_published(target: Member, binding: PortBinding) -> Iterator[Cause]:
    """The host's port leads to another one inside: one cause, for this and for what is published besides."""
    for made in target.live.ports if target.live else ():
        if (made.host_port, made.protocol) == (binding.host_port, binding.protocol) and made.target != binding.target:
            yield _leads_elsewhere(target, binding, made)


def _leads_elsewhere(target: Member, wanted: PortBinding, made: PortBinding) -> Cause:
    leads = f"the host's {wanted.host_port} leads to {made.target} inside `{target.wish.name}`"
    text = f"{leads}; it should lead to {wanted.target}"
    return Cause(text, made_anew(target, f"with -p {binding_text(wanted)}"))


def published_besides(world: World, claim: Claim, target: Member | None) -> Cause:
    """What is published that should not be."""
    first = claim.bindings[0] if claim.bindings else PortBinding(0, "tcp", "", "")
    shown = f"port {first.target} on the host's {first.host_port}"
    more = len({(b.target, b.protocol, b.host_port) for b in claim.bindings}) - 1
    also = f" and {more} more" if more > 0 else ""
    if target is not None:
        wanted = next((b for b in target.bindings if is_bound(replace(b, host_ip=""), first)), None)
        if wanted:
            text = f"publishes `{binding_text(first)}`{also}, and the file says `{binding_text(wanted)}`"
            return Cause(f"`{target.wish.name}` {text}", made_anew(target, f"with -p {binding_text(wanted)}"))
        for binding in target.bindings:
            if (binding.host_port, binding.protocol) == (first.host_port, first.protocol):
                return _leads_elsewhere(target, binding, first)
        hint = made_anew(target, f"without -p {binding_text(first)}")
        return Cause(f"`{target.wish.name}` publishes {shown}{also}, which the file does not say", hint)
    guest = next((guest for guest in world.guests if first in guest.bound_ports), None)
    name = guest.name if guest else "a container"
    networks = {network.name for network in world.wishes.networks}
    where = listed(networks & set(guest.attachments)) if guest else "a network of the topology"
    return Cause(
        f"`{name}`, which is not of this topology, is on {where} and publishes {shown}{also}",
        f"docker rm -f {name}, or take it off that network: it opens a way in",
    )


def publisher(world: World, port: int) -> ObservedContainer | None:
    """Who publishes a TCP port of the host."""
    everybody = (*world.seen.containers, *world.seen.neighbours)
    wanted = ("tcp", str(port))
    return next((c for c in everybody if any((b.protocol, b.host_port) == wanted for b in c.bound_ports)), None)


def _asks_for(world: World, target: Member, wanted: PortBinding, made: PortBinding) -> bool:
    """Whether a container was made to publish a port as the file says."""
    same_port = (wanted.target, wanted.protocol, wanted.host_port) == (made.target, made.protocol, made.host_port)
    addresses = {one.host_ip for one in world.spelt_out(target, wanted)}
    return same_port and {one.host_ip for one in world.spelt_out(target, made)} == addresses


def _at(binding: PortBinding) -> str:
    return f" at {binding.host_ip}" if binding.host_ip else ""


def _numbers(listeners: Iterable[Listener]) -> str:
    return ", ".join(map(str, sorted({listener.port for listener in listeners})))
