"""Which rule stops a packet: the rules as iptables-save prints them, without a kernel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdeploy.verify.firewall import Packet, read

HOOKS = (("raw", "PREROUTING"), ("filter", "FORWARD"))
PACKET = Packet("10.0.0.2", "10.0.0.3", "tcp", 5432, "br-1", "br-1")
ANSWER = Packet("10.0.0.3", "10.0.0.2", "tcp", 5432, "br-1", "br-1", answer=True)

DOCKERS = """
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o br-1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br-1 -j DOCKER
-A FORWARD -i br-1 ! -o br-1 -j ACCEPT
-A FORWARD -i br-1 -o br-1 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i br-1 ! -o br-1 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o br-1 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
USER-A DOCKER-USER -j RETURN
COMMIT
"""


def with_rule(rule: str) -> str:
    """Docker's rules, with one of a user in front."""
    return DOCKERS.replace("USER-A", f"{rule}\n-A" if rule else "-A")


def test_dockers_own_rules_stop_nothing_within_a_network() -> None:
    rules = read(with_rule(""))
    assert rules.stops(PACKET, HOOKS) is None
    assert rules.stops(ANSWER, HOOKS) is None


def test_another_network_is_kept_out() -> None:
    packet = Packet("10.0.9.2", "10.0.0.3", "tcp", 5432, "br-2", "br-1")
    found = read(with_rule("")).stops(packet, HOOKS)
    assert found is not None
    assert found.text == "the policy of the chain FORWARD (DROP)"


@pytest.mark.parametrize(
    "rule",
    [
        "-A DOCKER-USER -j DROP",
        "-A DOCKER-USER -d 10.0.0.3/32 -j DROP",
        "-A DOCKER-USER -s 10.0.0.0/24 -p tcp -m tcp --dport 5000:6000 -j REJECT --reject-with tcp-reset",
        "-A DOCKER-USER ! -s 10.0.0.9/32 -i br-+ -m multiport --dports 80,5432 -j DROP",
        '-A DOCKER-USER -m comment --comment "no -j ACCEPT here" -m conntrack --ctstate NEW -j DROP',
    ],
)
def test_a_rule_that_stops_it_is_named(rule: str) -> None:
    found = read(with_rule(rule)).stops(PACKET, HOOKS)
    assert found is not None
    assert (found.chain, found.number) == ("DOCKER-USER", 1)


@pytest.mark.parametrize(
    "rule",
    [
        "-A DOCKER-USER -d 10.0.0.4/32 -j DROP",
        "-A DOCKER-USER -p udp -j DROP",
        "-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP",
        "-A DOCKER-USER ! -d 10.0.0.3/32 -j DROP",
        "-A DOCKER-USER -i eth0 -j DROP",
        "-A DOCKER-USER -m conntrack --ctstate INVALID -j DROP",
        "-A DOCKER-USER -m set --match-set nobody src -j DROP",
        "-A DOCKER-USER -j ACCEPT",
        "-A DOCKER-USER -j LOG",
        "-A DOCKER-USER 'unbalanced",
    ],
)
def test_a_rule_for_others_or_with_an_unknown_match_is_not_blamed(rule: str) -> None:
    assert read(with_rule(rule)).stops(PACKET, HOOKS) is None


def test_an_answer_comes_from_the_port_that_was_asked() -> None:
    rules = read(with_rule("-A DOCKER-USER -p tcp -m tcp --sport 5432 -j DROP"))
    assert rules.stops(PACKET, HOOKS) is None
    assert rules.stops(ANSWER, HOOKS) is not None


def test_circles_end() -> None:
    rules = read("*filter\n:FORWARD ACCEPT\n:A -\n-A FORWARD -j A\n-A A -j A\n")
    assert rules.stops(PACKET, HOOKS) is None


@given(st.text(alphabet="*:-ADOCKER-USER FORWARD\n filterjspd!0123456789./,'\"", max_size=300))
def test_whatever_is_printed_is_read(text: str) -> None:
    read(with_rule(text)).stops(PACKET, HOOKS)


def test_a_packet_that_is_led_elsewhere_does_not_arrive() -> None:
    rules = read("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 5432 -j REDIRECT --to-ports 5433\n")
    found = rules.stops(PACKET, (("nat", "PREROUTING"),))
    assert found is not None
    assert (found.verb, found.number) == ("leads elsewhere", 1)
    assert rules.mentions("nat", "5433")
    assert not rules.mentions("filter", "5433")
