"""What must hold on the running network, worked out from a topology: claims, and the probe that tests each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations

from netdeploy.engine.observed import PortBinding
from netdeploy.plan.health import is_bound
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.model import Check
from netdeploy.topology.rules_checks import HOST as HOST_IN_CHECKS
from netdeploy.topology.rules_checks import is_address
from netdeploy.topology.text_types import place_parts
from netdeploy.verify.claim import ANSWER_BYTES, PATH_BYTES, SETTLING, Claim, Probe, Want
from netdeploy.verify.world import HOST, Member, World

_LOCAL = "127.0.0.1"
_MOST_TRIED = 60
"""Of ports that are not published."""
_ON_THE_HOST_ITSELF = {"0.0.0.0": _LOCAL, "::": "::1"}  # noqa: S104 - where to try what is published at all addresses


def claims(world: World) -> list[Claim]:
    """All that must hold, by source and target in the file's order."""
    found = [claim for member in world.members.values() for claim in _well(world, member)]
    for source, target in permutations(world.members.values(), 2):
        found += _between(world, source, target)
    for member in world.members.values():
        found += _own_hosts(member)
    for member in world.members.values():
        found += _on_the_host(world, member)
    for guest in world.guests:
        bound = tuple(sorted(guest.bound_ports, key=_by_port))
        if bound:
            text = f"{guest.name}, which is not of this topology, publishes nothing on its networks"
            found.append(Claim("not published", HOST, "", text, holds=False, bindings=bound))
    found += _no_relays(world)
    found += [_declared(world, check) for check in world.wishes.checks]
    return [_unless_ended(world, claim) for claim in found]


def _no_relays(world: World) -> Iterator[Claim]:
    """A stranger on two networks can hand on what passes between containers that are to be apart."""
    for guest in world.guests:
        for one, other in combinations(sorted(set(guest.attachments)), 2):
            here, there = ([m for m in world.members.values() if network in m.places] for network in (one, other))
            if any(not set(a.places) & set(b.places) for a in here for b in there):
                yield Claim("apart", guest.name, "", f"no stranger joins {one} and {other}", holds=False, network=other)


def _well(world: World, member: Member) -> Iterator[Claim]:
    if member.ended and not member.runs:
        yield Claim("runs", member.key, member.key, member.ended, holds=True)
        return
    yield Claim("runs", member.key, member.key, f"{member.key} runs", holds=member.runs)
    if world.waited and member.live and member.runs and member.live.state.health:
        well = member.live.state.health == "healthy"
        yield Claim("healthy", member.key, member.key, f"{member.key} is healthy", holds=well)


def _unless_ended(world: World, claim: Claim) -> Claim:
    """Of one that ended as it is meant to nothing else can be told, and nothing is amiss."""
    members = (world.members.get(key) for key in (claim.source, claim.target))
    ended = next((member.ended for member in members if member and member.ended), "")
    told_without = claim.untested or claim.holds
    return claim if not ended or told_without else replace(claim, untested=ended, probe=None)


def _by_port(binding: PortBinding) -> tuple[str, str]:
    return binding.host_port, binding.host_ip


# -- between containers ------------------------------------------------------------------------------------------------


def _between(world: World, source: Member, target: Member) -> Iterator[Claim]:
    modes = (source.mode, target.mode)
    if source.owner is target.owner or modes == ("host", "host"):
        well = source.runs and target.runs and not (source.is_cut_off or target.is_cut_off)
        text = f"{source.key} and {target.key} share one network, where each is the other's localhost"
        yield Claim("shared", source.key, target.key, text, holds=well)
    elif "host" in modes:
        name = source.key if source.mode == "host" else target.key
        text = f"{source.key} and {target.key}"
        yield Claim("apart", source.key, target.key, text, untested=f"{name} is on the host's own network")
    else:
        yield from _over_networks(world, source, target)


def _over_networks(world: World, source: Member, target: Member) -> Iterator[Claim]:
    shared = [network for network in source.places if network in target.places]
    if not shared:
        yield from _apart(source, target, target.names)
        yield from _unreached(source, target)
        return
    yield from _names(world, source, target, shared)
    if shared == [DEFAULT_BRIDGE] and target.wish.name not in source.links_on(DEFAULT_BRIDGE):
        yield from _apart(source, target, frozenset({target.wish.name}))
    closed = [network for network in shared if network in world.keeping_apart]
    if target.wish.name in source.links_on(DEFAULT_BRIDGE) and target.ports("tcp"):
        # there a link opens what the other one exposes (seen on 20.10 and 28.5 with --icc=false)
        closed = [network for network in closed if network != DEFAULT_BRIDGE]
    yield from _accepts(source, target, [network for network in shared if network not in closed])
    for network in closed:
        yield from _kept_apart(source, target, network)


def _names(world: World, source: Member, target: Member, shared: Sequence[str]) -> Iterator[Claim]:
    names: dict[str, str] = {}
    for network in shared:
        linked = (name for name, to in source.links_on(network).items() if to == target.wish.name)
        for name in (*sorted(target.names_on(network)), *sorted(linked)):
            names.setdefault(name, network)
    for name, network in names.items():
        if name.lower() in source.own_hosts:
            continue  # its /etc/hosts says otherwise, and comes first
        expected = world.addresses_of(source, name)
        text = f"{source.key} finds {target.key} by the name {name}"
        yield Claim("name", source.key, target.key, text, Probe("lookup", name), expected=expected, network=network)


def _accepts(source: Member, target: Member, networks: Sequence[str]) -> Iterator[Claim]:
    for network in networks:
        addresses = target.addresses_on(network) or ("",)
        for address in addresses:
            for port in target.ports("tcp"):
                text = f"{source.key} reaches {target.key} on port {port} over {network}"
                yield Claim("port", source.key, target.key, text, Probe("tcp", address, port), network=network)
            if not target.ports("tcp"):
                text = f"{source.key} reaches {target.key} over {network}"
                yield Claim("address", source.key, target.key, text, Probe("ping", address), network=network)
    for protocol in ("udp", "sctp") if networks else ():
        for port in target.ports(protocol):
            text = f"{source.key} reaches {target.key} on port {port}/{protocol}"
            yield Claim("port", source.key, target.key, text, untested=_silent(protocol))


def _silent(protocol: str) -> str:
    return f"{protocol} can't be told apart from silence"


def _apart(source: Member, target: Member, names: frozenset[str]) -> Iterator[Claim]:
    for name in sorted(names):
        if name.lower() not in source.own_hosts:
            text = f"{source.key} does not find {target.key} by the name {name}"
            probe = Probe("lookup", name, want="no", within=0)
            yield Claim("apart", source.key, target.key, text, probe, forbidden=frozenset(target.addresses))


def _unreached(source: Member, target: Member) -> Iterator[Claim]:
    for address in target.addresses:
        yield from _not_reached(source, target, address, f" at {address}", "")
    if not target.addresses:
        why = "" if target.runs else f"{target.key} does not run"
        text = f"{source.key} does not reach {target.key}, which has no address"
        yield Claim("apart", source.key, target.key, text, holds=True, untested=why)


def _kept_apart(source: Member, target: Member, network: str) -> Iterator[Claim]:
    """Both are on a network that keeps its containers from each other."""
    over = f" over {network}, which keeps its containers apart"
    for address in target.addresses_on(network) or ("",):
        yield from _not_reached(source, target, address, over, network)


def _not_reached(source: Member, target: Member, address: str, where: str, network: str) -> Iterator[Claim]:
    for port in target.ports("tcp"):
        text = f"{source.key} does not reach {target.key}{where}, port {port}"
        probe = Probe("tcp", address, port, "apart", 0)
        yield Claim("apart", source.key, target.key, text, probe, network=network)
    if not target.ports("tcp"):  # whoever does not answer a connect, be it with a refusal, can't be reached at all
        text = f"{source.key} does not reach {target.key}{where}"
        probe = Probe("ping", address, want="apart", within=0)
        yield Claim("apart", source.key, target.key, text, probe, network=network)


def _own_hosts(member: Member) -> Iterator[Claim]:
    for name, addresses in member.own_hosts.items() if member.owner is member.wish else ():
        shown = " and ".join(sorted(addresses)) if addresses else "the host"
        text = f"{member.key} finds {shown} by the name {name}, as its extra_hosts say"
        yield Claim("name", member.key, "", text, Probe("lookup", name), expected=addresses)


# -- from the host -----------------------------------------------------------------------------------------------------


def _on_the_host(world: World, member: Member) -> Iterator[Claim]:
    if member.mode == "host":
        for port in member.ports("tcp"):
            text = f"the host reaches {member.key} on localhost:{port}"
            bindings = (PortBinding(port, "tcp", "", str(port)),)
            yield Claim("published", HOST, member.key, text, Probe("served", _LOCAL, port), bindings=bindings)
        if not member.ports("tcp"):
            text = f"the host reaches {member.key}"
            yield Claim("published", HOST, member.key, text, untested=f"{member.key} names no TCP port it listens on")
        return
    for binding in member.bindings:
        yield _published(world, member, binding)
    extra = _extra_bindings(world, member)
    text = f"{member.key} publishes nothing else" if member.bindings else f"{member.key} publishes nothing"
    yield Claim("not published", HOST, member.key, text, holds=not extra, bindings=extra)


def unpublished(world: World) -> list[Claim]:
    """What the host may reach without a published port, since it is a neighbour on each bridge: tried, and no claim."""
    found = []
    for member in world.members.values():
        published = {binding.target for binding in _bound(member)}
        for address in member.addresses if member.runs and member.mode != "host" else ():
            for port in member.ports("tcp"):
                if port not in published:
                    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
                    found.append(Claim("port", HOST, member.key, place, Probe("tcp", address, port, within=0)))
    return found[:_MOST_TRIED]


def _published(world: World, member: Member, binding: PortBinding) -> Claim:
    """A published port answers, where it really is published."""
    bound = [
        found for wanted in world.spelt_out(member, binding) for found in _bound(member) if is_bound(wanted, found)
    ]
    found = min(bound, key=lambda one: (":" in one.host_ip, _by_port(one)), default=binding)
    address = _ON_THE_HOST_ITSELF.get(found.host_ip or "0.0.0.0", found.host_ip)  # noqa: S104 - as the engine means it
    where = "localhost" if address == _LOCAL else f"[{address}]" if ":" in address else address
    known = "the port the engine chose" if found.host_number is None else found.host_port
    text = f"the host reaches {member.key} on {where}:{known}"
    if binding.protocol != "tcp":
        text = f"{text}/{binding.protocol}"
    if not bound:
        return Claim("published", HOST, member.key, text, holds=False, bindings=(binding,))
    if binding.protocol != "tcp":
        return Claim("published", HOST, member.key, text, untested=_silent(binding.protocol), bindings=(binding,))
    probe = Probe("served", address, int(found.host_port), behind=member.addresses, target=binding.target)
    return Claim("published", HOST, member.key, text, probe, bindings=(binding,))


def _bound(member: Member) -> frozenset[PortBinding]:
    return member.live.bound_ports if member.live else frozenset()


def _extra_bindings(world: World, member: Member) -> tuple[PortBinding, ...]:
    """What is really published, and not by the file."""
    wanted = [one for binding in member.bindings for one in world.spelt_out(member, binding)]
    extra = (found for found in _bound(member) if not any(is_bound(one, found) for one in wanted))
    return tuple(sorted(extra, key=_by_port))


# -- declared ----------------------------------------------------------------------------------------------------------


def _declared(world: World, check: Check) -> Claim:
    name, port = place_parts(check.to)
    from_host = check.source == HOST_IN_CHECKS
    wanted: Want = "no" if check.expect in ("unreachable", "does-not-resolve") else "yes"
    within = SETTLING if check.within is None else check.within / 1e9
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
    if probe.kind == "served" and target:
        member = world.members[target]
        leads = (binding.target for binding in member.bindings if binding.host_port == str(port))
        probe = replace(probe, behind=member.addresses, target=next(leads, port or 0))
    source = HOST if from_host else check.source
    return Claim("check", source, target, check.name or text, probe, untested=_too_long(check), check=check)


def _too_long(check: Check) -> str:
    """Why an answer can't be looked at for what a check wants; "" if it can."""
    if check.http and len((check.http.contains or "").encode()) > ANSWER_BYTES:
        return f"only the first {ANSWER_BYTES // 1024} KiB of an answer are looked at, and its `contains` is longer"
    if check.http and len(check.http.path) > PATH_BYTES:
        return f"its path is longer than {PATH_BYTES // 1024} KiB"
    return ""


_EXPECTED = {
    "reachable": "is reachable",
    "unreachable": "is not reachable",
    "resolves": "resolves",
    "does-not-resolve": "does not resolve",
}


def _meant(world: World, check: Check, name: str, port: int | None) -> str:
    """The container that a check is about, "" if none can be told."""
    if check.source == HOST_IN_CHECKS and name in ("localhost", _LOCAL):
        published = (m for m in world.members.values() if any(b.host_port == str(port) for b in m.bindings))
        return next((member.key for member in published), "")
    if is_address(name):
        live = world.at(name)
        return next((m.key for m in world.members.values() if m.live and live and m.live.id == live.id), "")
    return next((member.key for member in world.named(name)), "")
