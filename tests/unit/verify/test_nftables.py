"""Which rule of nftables stops a packet: the rules as `nft -j list ruleset` prints them, without a kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdeploy.verify.firewall import Packet
from netdeploy.verify.nftables import read

PACKET = Packet("10.0.0.2", "10.0.0.3", "tcp", 5432, "br-1", "br-1")
ANSWER = Packet("10.0.0.3", "10.0.0.2", "tcp", 5432, "br-1", "br-1", answer=True)
PACKET6 = Packet("fd00::2", "fd00::3", "tcp", 5432, "br-1", "br-1")
PING = Packet("10.0.0.2", "10.0.0.3", "icmp", 0, "br-1", "br-1")

DROP = {"drop": None}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


TO = payload("ip", "daddr")
PORT = payload("tcp", "dport")
STATE = {"ct": {"key": "state"}}


def ruleset(*rules: list[dict[str, Any]], family: str = "inet", policy: str = "accept", more: Any = ()) -> str:
    place = {"family": family, "table": "t"}
    return json.dumps(
        {
            "nftables": [
                {"metainfo": {"version": "1.0.6"}},
                {"table": {"family": family, "name": "t", "handle": 1}},
                {"chain": {**place, "name": "f", "hook": "forward", "type": "filter", "prio": 0, "policy": policy}},
                {"chain": {**place, "name": "own", "handle": 9}},
                {"set": {**place, "name": "bad", "elem": ["10.0.0.9", {"prefix": {"addr": "10.0.0.0", "len": 30}}]}},
                *({"rule": {**place, "chain": "f", "handle": n, "expr": rule}} for n, rule in enumerate(rules, 2)),
                *more,
            ]
        }
    )


def stopped(text: str, packet: Packet = PACKET, hook: str = "forward", **how: Any) -> tuple[str, int] | None:
    rules = read(text)
    assert rules is not None
    found = rules.stops(packet, hook, **{"skip_iptables": True, **how})
    return (found.verb, found.handle) if found else None


@pytest.mark.parametrize(
    "rule",
    [
        [DROP],
        [match(TO, "10.0.0.3"), {"counter": {"packets": 0, "bytes": 0}}, DROP],
        [match(TO, {"prefix": {"addr": "10.0.0.0", "len": 24}}), DROP],
        [match(TO, {"range": ["10.0.0.1", "10.0.0.8"]}), DROP],
        [match(TO, "@bad"), DROP],
        [match(TO, "10.0.0.7", "!="), DROP],
        [match(PORT, {"set": [80, {"range": [5000, 6000]}]}), DROP],
        [match(payload("th", "dport"), 5432), match(meta("l4proto"), {"set": ["udp", "tcp"]}), DROP],
        [match(payload("ip", "protocol"), "tcp"), DROP],
        [match(payload("ip", "protocol"), 6), DROP],
        [match(meta("iifname"), "br-*"), match(meta("oifname"), "br-1"), DROP],
        [match(meta("nfproto"), "ipv4"), DROP],
        [match(STATE, ["new", "invalid"], "in"), DROP],
        [{"vmap": {"key": PORT, "data": {"set": [[80, {"accept": None}], [5432, DROP]]}}}],
    ],
)
def test_a_rule_that_matches_stops_it(rule: list[dict[str, Any]]) -> None:
    assert stopped(ruleset(rule)) == ("drops", 2)


@pytest.mark.parametrize(
    "rule",
    [
        [match(TO, "10.0.0.4"), DROP],
        [match(TO, "10.0.0.3", "!="), DROP],
        [match(PORT, 80), DROP],
        [match(payload("udp", "dport"), 5432), DROP],
        [match(payload("tcp", "sport"), 5432), DROP],
        [match(payload("ip6", "daddr"), "fd00::3"), DROP],
        [match(meta("iifname"), "eth0"), DROP],
        [match(STATE, ["established", "related"], "in"), DROP],
        [match(payload("tcp", "flags"), "syn", "in"), DROP],  # not known here
        [{"xt": None}, DROP],
        [{"limit": {"rate": 1, "per": "second"}}, DROP],
        [{"vmap": {"key": STATE, "data": {"set": [["invalid", DROP]]}}}],
        [{"accept": None}],
        [{"return": None}],
    ],
)
def test_what_does_not_match_or_is_not_known_stops_nothing(rule: list[dict[str, Any]]) -> None:
    assert stopped(ruleset(rule)) is None


def test_verdicts_and_policies() -> None:
    reject = [match(TO, "10.0.0.3"), {"reject": {"type": "tcp reset"}}]
    assert stopped(ruleset(reject)) == ("rejects", 2)
    assert stopped(ruleset([match(PORT, 5432), {"redirect": {"port": 1}}])) == ("leads elsewhere", 2)
    assert stopped(ruleset(policy="drop")) == ("drops", 0)
    assert stopped(ruleset([{"accept": None}], [DROP], policy="drop")) is None
    assert stopped(ruleset([match(STATE, ["established"], "in"), {"accept": None}], policy="drop"), ANSWER) is None
    assert stopped(ruleset([match(payload("tcp", "sport"), 5432), DROP]), ANSWER) == ("drops", 2)
    assert stopped(ruleset([match(payload("icmp", "type"), "echo-request"), DROP]), PING) == ("drops", 2)
    assert stopped(ruleset([match(payload("ip6", "daddr"), "fd00::3"), DROP]), PACKET6) == ("drops", 2)


def test_a_chain_of_its_own_is_walked_and_comes_back() -> None:
    into = [{"jump": {"target": "own"}}]
    inner = {"rule": {"family": "inet", "table": "t", "chain": "own", "handle": 20, "expr": [match(PORT, 5432), DROP]}}
    back = {"rule": {"family": "inet", "table": "t", "chain": "own", "handle": 20, "expr": [{"return": None}]}}
    assert stopped(ruleset(into, more=[inner])) == ("drops", 20)
    assert stopped(ruleset(into, [DROP], more=[back])) == ("drops", 3)
    assert stopped(ruleset([{"goto": {"target": "own"}}], [DROP], more=[back])) is None
    assert stopped(ruleset([{"jump": {"target": "nowhere"}}], [DROP])) == ("drops", 3)
    circle = {"rule": {"family": "inet", "table": "t", "chain": "own", "handle": 20, "expr": into}}
    assert stopped(ruleset(into, more=[circle])) is None


def test_each_family_has_its_packets() -> None:
    assert stopped(ruleset([DROP], family="ip6")) is None
    assert stopped(ruleset([DROP], family="ip6"), PACKET6) == ("drops", 2)
    assert stopped(ruleset([DROP], family="bridge")) is None
    assert stopped(ruleset([DROP], family="bridge"), families=("bridge",)) == ("drops", 2)
    assert stopped(ruleset([DROP]), hook="input") is None


def test_tables_that_iptables_shows_are_told_by_it() -> None:
    text = ruleset([DROP], family="ip").replace('"t"', '"filter"')
    assert stopped(text) is None
    assert stopped(text, skip_iptables=False) == ("drops", 2)


WORDS = [
    "nftables",
    "rule",
    "chain",
    "set",
    "expr",
    "family",
    "table",
    "name",
    "hook",
    "match",
    "left",
    "right",
    "vmap",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["match", "10.0.0.3", "drop"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "nftables",
                    "rule",
                    "chain",
                    "set",
                    "expr",
                    "family",
                    "table",
                    "name",
                    "hook",
                    "prio",
                    "match",
                    "left",
                    "right",
                    "op",
                    "vmap",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_any_json_is_a_ruleset_or_none(document: Any) -> None:
    rules = read(json.dumps({"nftables": document}))
    if rules is not None:
        rules.stops(PACKET, "forward", skip_iptables=False)


@given(st.lists(JSON, max_size=3))
def test_any_expression_stops_or_does_not(expressions: list[Any]) -> None:
    rules = read(ruleset(expressions))
    if rules is not None:
        rules.stops(PACKET, "forward", skip_iptables=False)
