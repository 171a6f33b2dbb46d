"""What must hold on the running network, worked out from a topology: claims, and the probe that tests each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

from netdeploy.engine.observed import PortBinding
from netdeploy.plan.health import is_bound
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.model import Check, HttpCheck
from netdeploy.topology.rules_checks import is_address
from netdeploy.topology.text_types import place_parts
from netdeploy.verify.world import HOST, Member, World

ProbeKind = Literal["lookup", "tcp", "ping", "served", "http"]
Want = Literal["yes", "no", "apart"]
"""Until what comes of it a probe is repeated: `no` is anything but success, `apart` that nothing was reached at all."""
Kind = Literal["runs", "name", "port", "address", "apart", "published", "not published", "check"]
_SETTLING = 3.0
"""Seconds for which a probe is repeated while it does not come out as claimed."""
_PATIENCE = 5.0
"""Seconds for a declared check that does not say."""
_LOCAL = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Probe:
    """Something to try: to look a name up, to connect, to ping, to see whether a published port really answers.

    `host` is a name or an address; `within` is seconds.
    """

    kind: ProbeKind
    host: str
    port: int = 0
    want: Want = "yes"
    within: float = _SETTLING
    http: HttpCheck | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that must hold.

    `source` and `target` are containers by their names in the file; the source may be HOST, the target "" where it is
    no container of the file. Without a probe, either `holds` says what a look told, or `untested` why nobody can tell.
    """

    kind: Kind
    source: str
    target: str
    text: str
    probe: Probe | None = None
    holds: bool | None = None
    untested: str = ""
    expected: frozenset[str] = frozenset()
    """Of a lookup: the addresses that it may answer with; if empty, any."""
    forbidden: frozenset[str] = frozenset()
    """Of a lookup that must not find the target: the target's addresses."""
    network: str = ""
    binding: PortBinding | None = None
    check: Check | None = None


def claims(world: World) -> list[Claim]:
    """All that must hold, by source and target in the file's order."""
    found = [_runs(world, member) for member in world.members.values()]
    for source, target in permutations(world.members.values(), 2):
        found += _between(world, source, target)
    for member in world.members.values():
        found += _on_the_host(member)
    for guest in world.guests:
        found += [
            Claim(
                "not published",
                HOST,
                "",
                f"{guest.name}, which is not of this topology, publishes nothing on its networks",
                holds=False,
                binding=binding,
            )
            for binding in sorted(guest.bound_ports, key=lambda b: (b.host_port, b.host_ip))[:1]
        ]
    found += [_declared(world, check) for check in world.wishes.checks]
    return found


def _runs(world: World, member: Member) -> Claim:
    ended = member.live is not None and not member.live.state.running and member.live.state.exit_code == 0
    untested = "it has ended, as it is meant to" if ended and world.wishes.may_end(member.wish) else ""
    return Claim("runs", member.key, member.key, f"{member.key} runs", holds=member.runs, untested=untested)


# -- between containers ------------------------------------------------------------------------------------------------


def _between(world: World, source: Member, target: Member) -> Iterator[Claim]:
    if source.owner is target.owner:
        return  # they share one network, where each is the other's localhost
    if source.mode == "host" or target.mode == "host":
        name = source.key if source.mode == "host" else target.key
        text = f"{source.key} and {target.key}"
        yield Claim("apart", source.key, target.key, text, untested=f"{name} is on the host's own network")
        return
    shared = [network for network in source.places if network in target.places]
    if shared:
        yield from _names(world, source, target, shared)
        yield from _accepts(source, target, shared)
    else:
        yield from _apart(source, target, target.names)
        yield from _unreached(source, target)


def _names(world: World, source: Member, target: Member, shared: list[str]) -> Iterator[Claim]:
    names = dict.fromkeys(name for network in shared for name in sorted(target.names_on(network)))
    for name in names:
        expected = {
            address
            for network in source.places
            for other in world.members.values()
            if name in other.names_on(network)
            for address in other.addresses_on(network)
        }
        text = f"{source.key} finds {target.key} by the name {name}"
        network = next(network for network in shared if name in target.names_on(network))
        probe = Probe("lookup", name)
        yield Claim("name", source.key, target.key, text, probe, expected=frozenset(expected), network=network)
    if shared == [DEFAULT_BRIDGE] and not source.wish.links:
        yield from _apart(source, target, frozenset({target.wish.name}))


def _accepts(source: Member, target: Member, shared: list[str]) -> Iterator[Claim]:
    for network in shared:
        addresses = target.addresses_on(network) or ("",)
        for address in addresses:
            for port in target.ports("tcp"):
                text = f"{source.key} reaches {target.key} on port {port} over {network}"
                yield Claim("port", source.key, target.key, text, Probe("tcp", address, port), network=network)
            if not target.ports("tcp"):
                text = f"{source.key} reaches {target.key} over {network}"
                yield Claim("address", source.key, target.key, text, Probe("ping", address), network=network)
    for protocol in ("udp", "sctp"):
        for port in target.ports(protocol):
            text = f"{source.key} reaches {target.key} on port {port}/{protocol}"
            yield Claim("port", source.key, target.key, text, untested=_silent(protocol))


def _silent(protocol: str) -> str:
    return f"{protocol} can't be told apart from silence"


def _apart(source: Member, target: Member, names: frozenset[str]) -> Iterator[Claim]:
    for name in sorted(names):
        text = f"{source.key} does not find {target.key} by the name {name}"
        probe = Probe("lookup", name, want="no", within=0)
        yield Claim("apart", source.key, target.key, text, probe, forbidden=frozenset(target.addresses))


def _unreached(source: Member, target: Member) -> Iterator[Claim]:
    for address in target.addresses:
        for port in target.ports("tcp"):
            text = f"{source.key} does not reach {target.key} at {address}, port {port}"
            yield Claim("apart", source.key, target.key, text, Probe("tcp", address, port, "apart", 0))
        if not target.ports("tcp"):  # whoever does not answer a connect, be it with a refusal, can't be reached at all
            text = f"{source.key} does not reach {target.key} at {address}"
            yield Claim("apart", source.key, target.key, text, Probe("ping", address, want="apart", within=0))


# -- from the host -----------------------------------------------------------------------------------------------------


def _on_the_host(member: Member) -> Iterator[Claim]:
    if member.mode == "host":
        for port in member.ports("tcp"):
            text = f"the host reaches {member.key} on localhost:{port}"
            binding = PortBinding(port, "tcp", "", str(port))
            yield Claim("published", HOST, member.key, text, Probe("served", _LOCAL, port), binding=binding)
        return
    for binding in member.bindings:
        yield _published(member, binding)
    extra = _extra_bindings(member)
    text = f"{member.key} publishes nothing else" if member.bindings else f"{member.key} publishes nothing"
    yield Claim("not published", HOST, member.key, text, holds=not extra, binding=next(iter(extra), None))


def _published(member: Member, binding: PortBinding) -> Claim:
    port = binding.host_port if binding.host_port.isdigit() else _port_found(member, binding)
    address = _LOCAL if binding.host_ip in ("", "0.0.0.0", "::") else binding.host_ip  # noqa: S104 - not bound here
    where = "localhost" if address == _LOCAL else address
    text = f"the host reaches {member.key} on {where}:{port or 'the port the engine chose'}"
    if binding.protocol != "tcp":
        untested = _silent(binding.protocol)
        return Claim("published", HOST, member.key, f"{text}/{binding.protocol}", untested=untested, binding=binding)
    if not port:
        return Claim("published", HOST, member.key, text, holds=False, binding=binding)
    return Claim("published", HOST, member.key, text, Probe("served", address, int(port)), binding=binding)


def _port_found(member: Member, binding: PortBinding) -> str:
    """The one the engine chose, "" if there is none."""
    bound = member.live.bound_ports if member.live else frozenset()
    return next((b.host_port for b in bound if (b.target, b.protocol) == (binding.target, binding.protocol)), "")


def _extra_bindings(member: Member) -> list[PortBinding]:
    """What is really published, and not by the file."""
    bound = member.live.bound_ports if member.live else frozenset()
    extra = [found for found in bound if not any(is_bound(wanted, found) for wanted in member.bindings)]
    return sorted(extra, key=lambda b: (b.host_port, b.host_ip))


# -- declared ----------------------------------------------------------------------------------------------------------


def _declared(world: World, check: Check) -> Claim:
    name, port = place_parts(check.to)
    from_host = check.source == HOST
    wanted: Want = "no" if check.expect in ("unreachable", "does-not-resolve") else "yes"
    within = _PATIENCE if check.within is None else check.within / 1e9
    if check.expect in ("resolves", "does-not-resolve"):
        probe = Probe("lookup", name, want=wanted, within=within)
    elif check.http:
        probe = Probe("http", name, port or 80, wanted, within, check.http)
    elif port is None:
        probe = Probe("ping", name, want=wanted, within=within)
    else:
        probe = Probe("served" if from_host else "tcp", name, port, wanted, within)
    who = "the host" if from_host else check.source
    text = f"{who}: {check.to} {_EXPECTED[check.expect]}"
    target = _meant(world, check, name, port)
    return Claim("check", check.source, target, check.name or text, probe, check=check)


_EXPECTED = {
    "reachable": "is reachable",
    "unreachable": "is not reachable",
    "resolves": "resolves",
    "does-not-resolve": "does not resolve",
}


def _meant(world: World, check: Check, name: str, port: int | None) -> str:
    """The container that a check is about, "" if none can be told."""
    if check.source == HOST and name in ("localhost", _LOCAL):
        published = (m for m in world.members.values() if any(b.host_port == str(port) for b in m.bindings))
        return next((member.key for member in published), "")
    if is_address(name):
        live = world.at(name)
        return next((m.key for m in world.members.values() if m.live and live and m.live.id == live.id), "")
    return next((member.key for member in world.named(name)), "")
