"""Which rule of a firewall stops a packet, told from what `iptables-save` prints.

Only what is sure is told: a rule with a match that is not known here counts as one that does not match.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_VERBS = {"DROP": "drops", "REJECT": "rejects", "DNAT": "leads elsewhere", "REDIRECT": "leads elsewhere"}
_DEEPEST = 20  # chains within chains; iptables itself refuses circles


@dataclass(frozen=True, slots=True)
class Packet:
    """What is sent; interfaces are "" where a hook knows none. An `answer` belongs to a connection that is known."""

    source: str
    target: str
    protocol: str
    port: int
    inward: str = ""
    outward: str = ""
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The rule that stops a packet; `number` counts from 1 in its chain, and is 0 for the chain's policy.

    `verb` is what it does with packets.
    """

    table: str
    chain: str
    number: int
    rule: str
    verb: str = "drops"

    @property
    def text(self) -> str:
        """As people are told."""
        if not self.number:
            return f"the policy of the chain {self.chain} ({self.rule})"
        return f"rule {self.number} of the chain {self.chain} ({self.rule})"


@dataclass(slots=True)
class _Chain:
    policy: str = "-"
    rules: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """Tables with their chains, as `iptables-save` and `ip6tables-save` print them."""

    tables: Mapping[str, Mapping[str, _Chain]]

    def stops(self, packet: Packet, hooks: Iterable[tuple[str, str]]) -> Stopped | None:
        """The first rule on a packet's way through `hooks` (tables and their chains) that does not let it pass."""
        for table, chain in hooks:
            chains = self.tables.get(table, {})
            if chain in chains:
                found = _walk(table, chains, chain, packet, 0)
                if isinstance(found, Stopped):
                    return found
                if found is None and chains[chain].policy == "DROP":
                    return Stopped(table, chain, 0, "DROP")
        return None

    def mentions(self, table: str, text: str) -> bool:
        """Whether a table has a rule with a text in it."""
        rules = (rule for chain in self.tables.get(table, {}).values() for rule in chain.rules)
        return any(text in word for rule in rules for word in rule)


def read(saved: str) -> Rules:
    """The rules in what `iptables-save` printed; lines that are none are passed over."""
    tables: dict[str, dict[str, _Chain]] = {}
    chains: dict[str, _Chain] = {}
    for line in saved.splitlines():
        if line.startswith("*"):
            chains = tables.setdefault(line[1:].strip(), {})
        elif line.startswith(":"):
            name, policy, *_ = [*line[1:].split(), "-", "-"]
            chains[name] = _Chain(policy)
        elif line.startswith("-A "):
            try:
                _, chain, *rule = shlex.split(line)
            except ValueError:
                continue
            chains.setdefault(chain, _Chain()).rules.append(rule)
    return Rules(tables)


def _walk(table: str, chains: Mapping[str, _Chain], name: str, packet: Packet, depth: int) -> Stopped | bool | None:
    """The rule that stops it, True where one lets it pass for good, None where none decides."""
    for number, rule in enumerate(chains[name].rules, start=1):
        target = _matches(rule, packet)
        if target in _VERBS:
            return Stopped(table, name, number, shlex.join(rule), _VERBS[target])
        if target == "ACCEPT":
            return True
        if target == "RETURN":
            return None
        if target in chains and depth < _DEEPEST:
            found = _walk(table, chains, target, packet, depth + 1)
            if found is not None or "-g" in rule:
                return found
    return None


def _matches(rule: Sequence[str], packet: Packet) -> str:
    """The target of a rule if it matches a packet, else ""."""
    rest, negated, target = list(rule), False, ""
    while rest:
        word = rest.pop(0)
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            return rest[0] if rest else ""
        if word in ("-m", "--comment", "--reject-with"):
            rest[:1] = []
            continue
        known = _KNOWN.get(word)
        if known is None or not rest or known(rest.pop(0), packet) == negated:
            return ""
        negated = False
    return target


def _within(address: str, subnets: str) -> bool:
    try:
        return any(
            ipaddress.ip_address(address) in ipaddress.ip_network(one, strict=False) for one in subnets.split(",")
        )
    except ValueError:
        return False


def _is_interface(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


def _has_port(packet: Packet, ports: str) -> bool:
    for one in ports.split(","):
        first, colon, last = one.partition(":")
        if first.isdecimal() and (not colon or last.isdecimal()) and int(first) <= packet.port <= int(last or first):
            return True
    return False


_KNOWN: dict[str, Callable[[str, Packet], bool]] = {
    "-s": lambda value, packet: _within(packet.source, value),
    "-d": lambda value, packet: _within(packet.target, value),
    "-i": lambda value, packet: _is_interface(packet.inward, value),
    "-o": lambda value, packet: _is_interface(packet.outward, value),
    "-p": lambda value, packet: value in (packet.protocol, "all"),
    # the port that is asked for is the one that an answer comes from
    "--dport": lambda value, packet: not packet.answer and _has_port(packet, value),
    "--dports": lambda value, packet: not packet.answer and _has_port(packet, value),
    "--sport": lambda value, packet: packet.answer and _has_port(packet, value),
    "--sports": lambda value, packet: packet.answer and _has_port(packet, value),
    "--ctstate": lambda value, packet: ("ESTABLISHED" if packet.answer else "NEW") in value.split(","),
    "--state": lambda value, packet: ("ESTABLISHED" if packet.answer else "NEW") in value.split(","),
    "--icmp-type": lambda value, packet: value in ("any", "8", "echo-request") and not packet.answer,
}
"""Matches by their option: whether one is met."""
