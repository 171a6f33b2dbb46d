"""Which rule of nftables stops a packet, told from what `nft -j list ruleset` prints (libnftables-json(5)).

Only what is sure is told: a rule with an expression that is not known here counts as one that does not match.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netdeploy.verify.firewall import Packet

_DEEPEST = 16  # chains within chains, as in the kernel
_ICMP = {"icmp": (1, "icmp"), "tcp": (6, "tcp"), "udp": (17, "udp")}
_GOES_ON = ("counter", "log", "comment")
_ANOTHER_SHAPE = (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError)
"""What comes of JSON that is not as its manual says."""
_OF_IPTABLES = frozenset(["filter", "nat", "mangle", "raw", "security"])


@dataclass(frozen=True, slots=True)
class NftRule:
    """The rule that stops a packet; `handle` is 0 for the policy of its chain. `verb` is what it does with packets."""

    family: str
    table: str
    chain: str
    handle: int
    verb: str

    @property
    def place(self) -> str:
        """As nft's commands name it."""
        return f"{self.family} {self.table} {self.chain}"


@dataclass(frozen=True, slots=True)
class _Chain:
    hook: str
    priority: int
    policy: str
    device: str
    rules: tuple[tuple[int, list[dict[str, Any]]], ...]


Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Chains by family, table and name, and the elements of named sets by family, table and name."""

    chains: Mapping[Key, _Chain]
    sets: Mapping[Key, list[Any]]

    def stops(self, packet: Packet, hook: str, *, families: Iterable[str] = (), skip_iptables: bool) -> NftRule | None:
        """The first rule at a hook (`forward` …) that does not let a packet pass.

        Args:
            packet: what is sent.
            hook: of the families for addresses, unless `families` says which.
            families: such as `bridge`.
            skip_iptables: leave out the tables that `iptables-save` shows as well.
        """
        wanted = tuple(families) or ("inet", "ip6" if ":" in packet.target else "ip")
        chains = sorted(self.chains.items(), key=lambda item: item[1].priority)
        for (family, table, name), chain in chains:
            shown_there = skip_iptables and family in ("ip", "ip6") and table in _OF_IPTABLES
            if chain.hook != hook or family not in wanted or shown_there:
                continue
            found = self._walk((family, table, name), packet, 0)
            if isinstance(found, NftRule):
                return found
            if found is None and chain.policy == "drop":
                return NftRule(family, table, name, 0, "drops")
        return None

    def mentions(self, text: str) -> bool:
        """Whether any rule has a text in it."""
        return any(text in json.dumps(rule) for chain in self.chains.values() for _, rule in chain.rules)

    def _walk(self, key: Key, packet: Packet, depth: int) -> NftRule | bool | None:
        """The rule that stops it, True where one accepts it, None where none decides."""
        for handle, rule in self.chains[key].rules:
            try:
                verdict, value = self._verdict(key, rule, packet)
            except _ANOTHER_SHAPE:
                continue
            if verdict in _VERBS:
                return NftRule(*key, handle, _VERBS[verdict])
            if verdict == "accept":
                return True
            if verdict == "return":
                return None
            if verdict in ("jump", "goto") and depth < _DEEPEST:
                target = (key[0], key[1], str(value.get("target") if isinstance(value, dict) else ""))
                found = self._walk(target, packet, depth + 1) if target in self.chains else None
                if found is not None or verdict == "goto":
                    return found
        return None

    def _verdict(self, key: Key, rule: list[dict[str, Any]], packet: Packet) -> tuple[str, Any]:
        """What a rule decides, "" where it does not match or decides nothing."""
        for expression in rule:
            for name, value in expression.items():
                if name == "match":
                    if not self._matches(key, value, packet):
                        return "", None
                elif name == "vmap":
                    return self._mapped(key, value, packet)
                elif name not in _GOES_ON:
                    return name, value
        return "", None

    def _mapped(self, key: Key, vmap: dict[str, Any], packet: Packet) -> tuple[str, Any]:
        """The verdict that a map has for a packet."""
        left = _left(vmap.get("key"), packet) or ()
        data = vmap.get("data")
        pairs = data.get("set", ()) if isinstance(data, dict) else ()
        for value, verdict in pairs:
            if any(_is(one, other) for one in left for other in self._values(key, value)):
                name, target = next(iter(verdict.items()))
                return str(name), target
        return "", None

    def _matches(self, key: Key, match: dict[str, Any], packet: Packet) -> bool:
        left = _left(match.get("left"), packet)
        operator = match.get("op")
        if left is None or operator not in ("==", "!=", "in"):
            return False
        right = list(self._values(key, match.get("right")))
        meets = any(_is(one, other) for one in left for other in right)
        return meets != bool(operator == "!=")

    def _values(self, key: Key, right: Any) -> Iterator[Any]:
        """A single value, or all of a set."""
        if isinstance(right, str) and right.startswith("@"):
            right = self.sets.get((key[0], key[1], right[1:]), [])
        if isinstance(right, dict) and "set" in right:
            right = right["set"]
        if isinstance(right, dict) and "elem" in right:
            right = right["elem"].get("val")
        if isinstance(right, list):
            for item in right:
                yield from self._values(key, item)
        else:
            yield right


_VERBS = {"drop": "drops", "reject": "rejects", "dnat": "leads elsewhere", "redirect": "leads elsewhere"}


def read(listed: str) -> Ruleset | None:
    """The rules in what `nft -j list ruleset` printed; None where that is something else."""
    try:
        items = [(kind, item) for entry in json.loads(listed)["nftables"] for kind, item in entry.items()]
        rules: dict[Key, list[tuple[int, list[dict[str, Any]]]]] = {}
        for kind, item in items:
            if kind == "rule":
                key = (item["family"], item["table"], item["chain"])
                rules.setdefault(key, []).append((int(item["handle"]), list(item.get("expr", ()))))
        chains = {
            (item["family"], item["table"], item["name"]): _Chain(
                str(item.get("hook", "")),
                int(item.get("prio", 0)),
                str(item.get("policy", "accept")),
                str(item.get("dev", "")),
                tuple(rules.get((item["family"], item["table"], item["name"]), ())),
            )
            for kind, item in items
            if kind == "chain"
        }
        sets = {
            (item["family"], item["table"], item["name"]): list(item.get("elem", ()))
            for kind, item in items
            if kind == "set"
        }
    except _ANOTHER_SHAPE:
        return None
    return Ruleset(chains, sets)


def _left(left: Any, packet: Packet) -> tuple[Any, ...] | None:
    """What a packet has in the place that a match looks at, in all its spellings; None where that is not known."""
    if not isinstance(left, dict) or len(left) != 1:
        return None
    kind, about = next(iter(left.items()))
    if not isinstance(about, dict):
        return None
    if kind == "payload":
        known = _PAYLOADS.get((str(about.get("protocol")), str(about.get("field"))))
    else:
        known = _METAS.get((kind, str(about.get("key"))))
    return known(packet) if known else None


def _protocol(packet: Packet) -> tuple[Any, ...]:
    return _ICMP.get(packet.protocol, (packet.protocol,))


def _version(packet: Packet, version: int, value: str) -> tuple[Any, ...] | None:
    return (value,) if (":" in packet.target) == (version == 6) else ()


def _port(packet: Packet, protocol: str, *, asked: bool) -> tuple[Any, ...] | None:
    """The port that is asked for is the one that an answer comes from; the other one is any."""
    if protocol not in ("th", packet.protocol):
        return ()
    return (packet.port,) if asked != packet.answer else None


def _icmp(packet: Packet) -> tuple[Any, ...]:
    if packet.protocol != "icmp":
        return ()
    return ("echo-reply", 0) if packet.answer else ("echo-request", 8)


_PAYLOADS: dict[tuple[str, str], Callable[[Packet], tuple[Any, ...] | None]] = {
    ("ip", "saddr"): lambda packet: _version(packet, 4, packet.source),
    ("ip", "daddr"): lambda packet: _version(packet, 4, packet.target),
    ("ip6", "saddr"): lambda packet: _version(packet, 6, packet.source),
    ("ip6", "daddr"): lambda packet: _version(packet, 6, packet.target),
    ("arp", "saddr ip"): lambda packet: _version(packet, 4, packet.source),
    ("arp", "daddr ip"): lambda packet: _version(packet, 4, packet.target),
    ("arp", "operation"): lambda packet: ("reply",) if packet.answer else ("request",),
    ("ip", "protocol"): _protocol,
    ("ip6", "nexthdr"): _protocol,
    ("tcp", "dport"): lambda packet: _port(packet, "tcp", asked=True),
    ("udp", "dport"): lambda packet: _port(packet, "udp", asked=True),
    ("th", "dport"): lambda packet: _port(packet, "th", asked=True),
    ("tcp", "sport"): lambda packet: _port(packet, "tcp", asked=False),
    ("udp", "sport"): lambda packet: _port(packet, "udp", asked=False),
    ("th", "sport"): lambda packet: _port(packet, "th", asked=False),
    ("icmp", "type"): _icmp,
    ("ether", "type"): lambda packet: ("ip6",) if ":" in packet.target else ("ip",),
}
_METAS: dict[tuple[str, str], Callable[[Packet], tuple[Any, ...] | None]] = {
    ("meta", "iifname"): lambda packet: (packet.inward,),
    ("meta", "iif"): lambda packet: (packet.inward,),
    ("meta", "oifname"): lambda packet: (packet.outward,),
    ("meta", "oif"): lambda packet: (packet.outward,),
    ("meta", "l4proto"): _protocol,
    ("meta", "nfproto"): lambda packet: ("ipv6",) if ":" in packet.target else ("ipv4",),
    ("meta", "protocol"): lambda packet: ("ip6",) if ":" in packet.target else ("ip",),
    ("ct", "state"): lambda packet: ("established",) if packet.answer else ("new",),
}


def _is(one: Any, other: Any) -> bool:
    """Whether a packet's value is a rule's, or within its prefix or range."""
    if isinstance(other, dict) and "prefix" in other:
        prefix = other["prefix"]
        return _within(str(one), f"{prefix.get('addr')}/{prefix.get('len')}")
    if isinstance(other, dict) and "range" in other:
        first, last = (*other["range"], None, None)[:2]
        if isinstance(one, int):
            return isinstance(first, int) and isinstance(last, int) and first <= one <= last
        return _between(str(one), str(first), str(last))
    if isinstance(one, str) and isinstance(other, str) and other.endswith("*"):
        return one.startswith(other[:-1])
    return bool(one == other)


def _within(address: str, subnet: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        return False


def _between(address: str, first: str, last: str) -> bool:
    try:
        one, low, high = (ipaddress.ip_address(text) for text in (address, first, last))
        return low.version == one.version == high.version and int(low) <= int(one) <= int(high)
    except ValueError:
        return False
