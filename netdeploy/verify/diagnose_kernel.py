"""Causes in a kernel's tables: firewalls, traffic control and rules for routes.

Only root on the engine's own machine can read them. And what keeps a container from Docker's resolver, which is reached
by such rules.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netdeploy.engine.observed import ObservedNetwork
from netdeploy.inspect.space import bare
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.verify.cause import Cause
from netdeploy.verify.end import End
from netdeploy.verify.firewall import Packet, Stopped
from netdeploy.verify.nftables import NftRule
from netdeploy.verify.places import Kernel, Place, Policy
from netdeploy.verify.probing import Evidence
from netdeploy.verify.world import HOST, Member

RESOLVER = "127.0.0.11"


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where in a kernel a packet passes: tables of iptables with their chains, and hooks of nftables."""

    chains: tuple[tuple[str, str], ...]
    hooks: tuple[str, ...]


_BETWEEN = _Stage(
    (
        ("raw", "PREROUTING"),
        ("mangle", "PREROUTING"),
        ("nat", "PREROUTING"),
        ("mangle", "FORWARD"),
        ("filter", "FORWARD"),
        ("mangle", "POSTROUTING"),
    ),
    ("prerouting", "forward", "postrouting"),
)
_OUT = _Stage(
    (
        ("raw", "OUTPUT"),
        ("mangle", "OUTPUT"),
        ("nat", "OUTPUT"),
        ("filter", "OUTPUT"),
        ("mangle", "POSTROUTING"),
    ),
    ("output", "postrouting"),
)
_IN = _Stage(
    (
        ("raw", "PREROUTING"),
        ("mangle", "PREROUTING"),
        ("nat", "PREROUTING"),
        ("mangle", "INPUT"),
        ("filter", "INPUT"),
    ),
    ("prerouting", "input"),
)
_BRIDGING = ("bridge",)
_ASKING = ("arp",)


def stopped_on_the_way(
    evidence: Evidence, network: ObservedNetwork, source: End | None, target: End, port: int
) -> Iterator[Cause]:
    """The rule that stops a packet to a port (0: a ping), or its answer; `source` is None for the host."""
    host = evidence.places.get(HOST)
    start = source.address if source else _address_of_bridge(host, network, target.address)
    if not (start and target.address):
        return
    asked = Packet(start, target.address, "tcp" if port else "icmp", port)
    back = replace(asked, source=target.address, target=start, answer=True)
    steps: list[tuple[End | None, _Stage, Packet]] = [
        (target, _IN, replace(asked, inward=target.link_name)),
        (target, _OUT, replace(back, outward=target.link_name)),
    ]
    if source is not None:
        first = (source, _OUT, replace(asked, outward=source.link_name))
        steps = [first, *steps, (source, _IN, replace(back, inward=source.link_name))]
    bridge = network.bridge
    there, back_there = (
        [(None, _BETWEEN, replace(packet, inward=bridge, outward=bridge))] if source else [(None, stage, packet)]
        for packet, stage in ((replace(asked, outward=bridge), _OUT), (replace(back, inward=bridge), _IN))
    )
    steps[1:1] = there
    steps[-1:-1] = back_there
    for end, stage, packet in steps:
        yield from _stopped(end.place if end else host, stage, packet, end)
    yield from _stopped_by_bridge(host, source, target, asked, back)


def _address_of_bridge(host: Place | None, network: ObservedNetwork, like: str) -> str:
    bridge = host.space.by_name(network.bridge) if host else None
    return next((a for a in bare(bridge.addresses) if (":" in a) == (":" in like)), "") if bridge else ""


def _stopped(place: Place | None, stage: _Stage, packet: Packet, end: End | None) -> Iterator[Cause]:
    """The rule of a container's firewall (`end` is None: of the host's) that stops a packet."""
    kernel = place.kernel if place else Kernel()
    rules = kernel.rules6 if ":" in packet.target else kernel.rules
    chains = [(table, chain) for table, chain in stage.chains if not (table == "nat" and packet.answer)]
    found = rules.stops(packet, chains) if rules else None
    if found is not None:
        yield _by_rule(found, packet, end)
    if kernel.nft is None:
        return
    for hook in stage.hooks:
        rule = kernel.nft.stops(packet, hook, skip_iptables=rules is not None)
        if rule is None and end is not None:  # who has an address must be asked, too; a bridge hands that on unseen
            rule = kernel.nft.stops(packet, hook, families=_ASKING, skip_iptables=False)
        if rule is not None:
            yield _by_nft(rule, end)


def _stopped_by_bridge(
    host: Place | None, source: End | None, target: End, asked: Packet, back: Packet
) -> Iterator[Cause]:
    """Bridges have rules of their own, in which a packet comes and goes by their ports."""
    nft = host.kernel.nft if host else None
    if host is None or nft is None:
        return
    one, other = (end.outer(host.space) if end else None for end in (source, target))
    names = (one.name if one else "", other.name if other else "")
    stage, stage_back = (_BETWEEN, _BETWEEN) if source else (_OUT, _IN)
    for packet, (inward, outward), hooks in (
        (asked, names, stage.hooks),
        (back, names[::-1], stage_back.hooks),
    ):
        for hook in hooks:
            through = replace(packet, inward=inward, outward=outward)
            rule = nft.stops(through, hook, families=_BRIDGING, skip_iptables=False)
            if rule is not None:
                yield _by_nft(rule, None)


def _where(end: End | None) -> tuple[str, str]:
    """In words, and what to type before a command there."""
    return (f"inside {end.name}", end.enter) if end else ("on the host", "")


def _does(verb: str) -> str:
    return "leads packets elsewhere" if verb == "leads elsewhere" else f"{verb} packets"


def _by_rule(found: Stopped, packet: Packet, end: End | None) -> Cause:
    where, enter = _where(end)
    program = "ip6tables" if ":" in packet.target else "iptables"
    number = f"-D {found.chain} {found.number}" if found.number else f"-P {found.chain} ACCEPT"
    table = f" of the table {found.table}" if found.table != "filter" else ""
    return Cause(
        f"a firewall {where} {_does(found.verb)}: {found.text}{table}",
        f"{enter}{program} -t {found.table} {number}",
        shown_by=f"{enter}{program} -t {found.table} -L {found.chain} -n --line-numbers",
    )


def _by_nft(found: NftRule, end: End | None) -> Cause:
    where, enter = _where(end)
    what = f"the rule with handle {found.handle} of" if found.handle else "the policy of"
    mends = f"delete rule {found.place} handle {found.handle}"
    return Cause(
        f"a firewall {where} {_does(found.verb)}: {what} nftables' chain {found.place}",
        f"{enter}nft {mends if found.handle else f'chain {found.place} {_POLICY_ACCEPT}'}",
        shown_by=f"{enter}nft -a list chain {found.place}",
    )


_POLICY_ACCEPT = "'{ policy accept ; }'"


# -- traffic control, and rules for routes -----------------------------------------------------------------------------


def shaped(host: Place | None, ends: tuple[End, ...]) -> Iterator[Cause]:
    """Traffic control on a link of the way that may hold packets back, or drop them."""
    for end in ends:
        outer = end.outer(host.space) if host else None
        for place, interface, whose, enter in (
            (end.place, end.interface, f"`{end.link_name}` inside {end.name}", end.enter),
            (host, outer, f"the host's end of `{end.link_name}` in {end.name}", ""),
        ):
            for shaping in place.kernel.shaping if place and interface else ():
                if interface is not None and shaping.interface == interface.name:
                    named = "" if enter else f"{interface.name}, "
                    yield Cause(
                        f"traffic control on {named}{whose} holds packets back or drops them ({shaping.text})",
                        f"{enter}tc qdisc del dev {interface.name} root",
                        shown_by=f"{enter}tc qdisc show dev {interface.name}",
                    )


def by_policy(one: End, other: End, *, sure: bool) -> Iterator[Cause]:
    """A rule for routes inside one that takes what is for the other.

    `sure` are those that throw it away; the rest names another table of routes, which may have a way.
    """
    kernel = one.place.kernel if one.place else Kernel()
    for policy in kernel.policies6 if ":" in other.address else kernel.policies:
        action = _action(policy, one.address, other.address)
        if action and (action != "lookup") == sure:
            what = "throws away" if sure else "looks up in another table of routes"
            yield Cause(
                f"a routing rule inside {one.name} {what} what is for {other.name} ({policy.number}: {policy.text})",
                f"{one.enter}ip {'-6 ' if ':' in other.address else ''}rule del pref {policy.number}",
                shown_by=f"{one.enter}ip {'-6 ' if ':' in other.address else ''}rule",
            )


def _action(policy: Policy, source: str, target: str) -> str:
    """What a rule does with a packet; "" where it does not concern it, or has a condition that is not known here."""
    words = policy.text.split()
    while len(words) >= 2 and words[0] in ("from", "to"):
        address = source if words[0] == "from" else target
        if words[1] != "all" and not _within(address, words[1]):
            return ""
        words = words[2:]
    return words[0] if words and words[0] in ("lookup", "blackhole", "unreachable", "prohibit") else ""


def _within(address: str, subnet: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        return False


# -- Docker's resolver -------------------------------------------------------------------------------------------------


def no_resolver(evidence: Evidence, member: Member, network: str) -> Iterator[Cause]:
    """Why a container can't ask Docker's resolver for a name."""
    place = evidence.places.get(member.key)
    if place is None or network == DEFAULT_BRIDGE:
        return
    end = End(member, place, None)
    shows = f"docker exec {end.real} cat /etc/resolv.conf"
    if not place.nameservers:
        text = f"/etc/resolv.conf in {end.name} names no resolver; Docker's is {RESOLVER}"
        yield Cause(text, _RESOLV_HINT.format(end.real), shown_by=shows)
    elif place.nameservers[0] != RESOLVER:
        text = f"{end.name} asks {place.nameservers[0]} for names, by its /etc/resolv.conf, and not Docker's resolver"
        yield Cause(f"{text} ({RESOLVER})", _RESOLV_HINT.format(end.real), shown_by=shows)
    loopback = place.space.by_name("lo")
    if loopback is not None and not loopback.is_up:
        text = f"the loopback interface inside {end.name} is down, and Docker's resolver ({RESOLVER}) answers there"
        yield Cause(text, end.anew, shown_by=end.shown_by("ip link show lo"))
    # nat is left out: its rules are what leads to the resolver
    for stage, packet in (
        (_OUT, Packet(RESOLVER, RESOLVER, "udp", 53, outward="lo")),
        (_IN, Packet(RESOLVER, RESOLVER, "udp", 53, inward="lo")),
    ):
        without_nat = replace(stage, chains=tuple(one for one in stage.chains if one[0] != "nat"))
        yield from _stopped(place, without_nat, packet, end)
    if _leads_nowhere(place):
        text = f"the rules inside {end.name} that lead to Docker's resolver ({RESOLVER}) are gone"
        yield Cause(text, end.anew, shown_by=f"{end.enter}iptables -t nat -S")


def _leads_nowhere(place: Place) -> bool:
    """Whether the rules are missing by which the engine leads questions to its resolver's real port."""
    rules, nft = place.kernel.rules, place.kernel.nft
    if rules is None:
        return False
    return not rules.mentions("nat", RESOLVER) and not (nft and nft.mentions(RESOLVER))


_RESOLV_HINT = "docker exec {} sh -c 'echo nameserver 127.0.0.11 > /etc/resolv.conf'"
