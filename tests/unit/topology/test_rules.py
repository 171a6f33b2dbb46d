"""Rules across fields: what the corpus does not show, above all what must not be reported."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from unit.topology.reading import messages, reading


def errors(text: str) -> list[str]:
    return [problem.message for problem in reading(text).problems if problem.severity == "error"]


# -- no follow-ups ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        "{ipam: 5}",
        "{ipam: {config: 5}}",
        "{ipam: {config: [5]}}",
        "{ipam: {config: [{subnet: 10.0.0.0}]}}",
        "{ipam: {config: [{subnt: 10.0.0.0/16, gateway: 10.0.0.1}]}}",
        "{ipm: {config: [{subnet: 10.0.0.0/16}]}}",
        "{external: yes}",
        "{externl: true}",
        "{enable_ipv6: on, ipam: {config: [{subnet: 'fd00::/64'}]}}",
        "5",
    ],
)
def test_of_a_broken_network_nothing_is_concluded_for_fixed_addresses(broken):
    text = f"""
        containers:
          web: {{image: nginx, networks: {{front: {{ipv4_address: 10.0.0.5, ipv6_address: "fd00::5"}}}}}}
        networks:
          front: {broken}
        """
    assert len(messages(text)) == 1


def test_a_network_whose_external_is_broken_may_have_the_engines_name():
    assert len(messages("networks: {bridge: {external: yes}}")) == 1


@pytest.mark.parametrize("section", ["network: {front: }", "networks: [front]", "networks: 5"])
def test_without_readable_networks_no_reference_is_called_unknown(section):
    assert len(messages(f"containers: {{web: {{image: nginx, networks: [front]}}}}\n{section}\n")) == 1


@pytest.mark.parametrize(
    "section", ["services: {web: {image: x}}", "container: {}", "containers:", "containers: [web]"]
)
def test_unreadable_containers_are_not_called_nothing_to_make(section):
    assert len(messages(f"{section}\n")) == 1


def test_a_network_that_is_unknown_makes_no_claim_that_all_are_internal():
    text = "containers: {web: {image: nginx, ports: [80], networks: [back, gone]}}\nnetworks: {back: {internal: true}}"
    assert errors(text) == ["there is no network `gone` in this file"]
    assert len(messages(text)) == 1


# -- every problem in one go -----------------------------------------------------------------------------------------


def test_a_broken_item_does_not_hide_the_problems_of_its_neighbours():
    text = """
        containers:
          one:
            image: nginx
            ports: [http, 8080:80, {target: 81, published: 8081, protocl: tcp}]
            volumes: [nothing, gone:/a, {type: bnd, target: /b}]
            networks: {front: {aliases: [db, -x], ipv4_address: x}, gone: }
            depends_on: {two: {condition: now}, gone: }
            environment: {A: [1], "": x}
          two: {image: nginx, ports: [8080:80], networks: {front: {aliases: [db]}}}
        networks: {front: }
        """
    alias = "an alias is a host name: letters, digits, `_`, `.`, `-`; it starts and ends with a letter, digit or `_`"
    condition = "expected `service_started`, `service_healthy` or `service_completed_successfully`"
    told = [problem.split(": ", 1)[1] for problem in messages(text)]
    assert told == [
        "containers.one.ports[0]: `http` is not a port to publish",
        "containers.one.ports[2].protocl: unknown key `protocl`",
        "containers.one.volumes[0]: `nothing` is not a mount",
        "containers.one.volumes[1]: there is no volume `gone` in this file",
        "containers.one.volumes[2].type: expected `volume`, `bind` or `tmpfs`",
        f"containers.one.networks.front.aliases[1]: {alias}",
        "containers.one.networks.front.ipv4_address: `x` is not an IPv4 address",
        "containers.one.networks.gone: there is no network `gone` in this file",
        f"containers.one.depends_on.two.condition: {condition}",
        "containers.one.depends_on.gone: there is no container `gone` in this file",
        "containers.one.environment.A: expected text",
        'containers.one.environment."": a variable\'s name is not empty and has no `=`',
        "containers.two.ports[0]: the host's port 8080/tcp is published by `one` already",
        "warning: containers.two.networks.front.aliases[0]: the alias `db` on `front` is shared with `one`",
    ]


def test_a_duplicate_key_does_not_hide_what_is_wrong_with_the_first():
    text = "containers: {web: {image: nginx, init: maybe, init: true}}"
    assert errors(text) == ["expected `true` or `false`", "the key `init` is written twice"]


# -- each rule's other side ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ports",
    [
        "['127.0.0.1:80:80', '127.0.0.2:80:80']",
        "['127.0.0.1:80:80', '[::1]:80:80']",
        "['0.0.0.0:80:80', '[::]:80:80']",
        "[80:80/tcp, 80:80/udp, 80:80/sctp]",
        "[8000-8009:80, 8000-8009:81]",
        "[80, 80, 81]",
        "[8000-8009:8000-8009, 8010-8019:8000-8009]",
    ],
)
def test_ports_that_do_not_meet_are_right(ports):
    assert messages(f"containers: {{web: {{image: nginx, ports: {ports}}}}}") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("80:80", "127.0.0.1:80:81"),
        ("127.0.0.1:80:81", "80:80"),
        ("0.0.0.0:80:80", "127.0.0.1:80:81"),
        ("[::1]:80:80", "[::]:80:81"),
        ("[::]:80:80", "80:81"),
        ("70-90:70-90", "80:80"),
        ("80:80", "70-90:70-90"),
        ("127.0.0.1:80:80", "127.0.0.1:80:80"),
    ],
)
def test_ports_that_meet_are_told_at_the_second_with_the_first(first, second):
    done = reading(
        f"containers:\n  web: {{image: nginx, ports: ['{first}']}}\n  db: {{image: nginx, ports: ['{second}']}}"
    )
    (problem,) = done.problems
    assert "is published by `web` already" in problem.message
    assert (problem.mark.line, problem.elsewhere[0][1].line) == (3, 2)


def test_ranges_without_end_stop_at_a_limit():
    many = [f"'10.0.{n // 250}.{n % 250 + 1}:1-65535:1-65535'" for n in range(500)]
    done = reading(f"containers: {{web: {{image: nginx, ports: [{', '.join(many)}]}}}}")
    assert [problem.message for problem in done.problems] == ["the file publishes more than 131,072 ports of the host"]


def test_each_pair_of_nested_subnets_is_told_once():
    pools = ["10.0.0.0/8", "10.5.0.0/16", "10.5.5.0/24", "10.6.0.0/16", "11.0.0.0/8"]
    networks = ", ".join(f"n{i}: {{ipam: {{config: [{{subnet: {pool}}}]}}}}" for i, pool in enumerate(pools))
    assert errors(f"networks: {{{networks}}}") == [
        "the subnet 10.5.0.0/16 overlaps 10.0.0.0/8",
        "the subnet 10.5.5.0/24 overlaps 10.0.0.0/8",
        "the subnet 10.5.5.0/24 overlaps 10.5.0.0/16",
        "the subnet 10.6.0.0/16 overlaps 10.0.0.0/8",
    ]


def test_one_address_on_two_networks_is_right():
    text = """
        containers:
          one: {image: nginx, networks: {front: {ipv4_address: 10.0.0.5}}}
          two: {image: nginx, networks: {there: {ipv4_address: 10.0.0.5}}}
        networks:
          front: {ipam: {config: [{subnet: 10.0.0.0/24}]}}
          there: {external: true}
        """
    assert messages(text) == []


def test_the_first_address_of_an_ip_range_is_the_gateway_where_none_is_declared():
    text = """
        containers: {one: {image: nginx, networks: {front: {ipv4_address: 10.0.5.0}}}}
        networks: {front: {ipam: {config: [{subnet: 10.0.0.0/16, ip_range: 10.0.5.0/24}]}}}
        """
    assert errors(text) == ["10.0.5.0 is the gateway of `front`"]


def test_a_long_chain_of_dependencies_is_right_and_its_closing_is_told():
    names = [f"c{n:04}" for n in range(1500)]
    text = "containers:\n" + "".join(f"  {a}: {{image: nginx, depends_on: [{b}]}}\n" for a, b in pairwise(names))
    assert messages(f"{text}  {names[-1]}: {{image: nginx}}\n") == []
    (told,) = errors(f"{text}  {names[-1]}: {{image: nginx, depends_on: [c0000]}}\n")
    assert told.startswith("these containers wait for each other: c0000 → c0001 → ")
    assert told.endswith(" → … → c1499 → c0000")


def test_cycles_apart_are_told_each_and_what_leads_into_one_is_not():
    text = """
        containers:
          into: {image: nginx, depends_on: [a1]}
          a1: {image: nginx, depends_on: [a2]}
          a2: {image: nginx, depends_on: [a1]}
          b1: {image: nginx, depends_on: [b2]}
          b2: {image: nginx, depends_on: [b1]}
        """
    assert errors(text) == [
        "these containers wait for each other: a1 → a2 → a1",
        "these containers wait for each other: b1 → b2 → b1",
    ]


def test_an_alias_that_is_the_containers_own_name_or_stands_on_another_network_is_right():
    text = """
        containers:
          web: {image: nginx, networks: {front: {aliases: [web, api]}, back: {aliases: [db]}}}
          db: {image: nginx, networks: {front: {aliases: [store]}}}
          old: {image: nginx, networks: {back: {aliases: [api]}}}
        networks: {front: , back: }
        """
    assert messages(text) == []


@pytest.mark.parametrize(("a", "b"), [("/data", "/data/"), ("/a/b", "//a/./b"), ("/a", "/c/../a")])
def test_two_spellings_of_one_target_are_two_mounts_at_it(a, b):
    assert len(errors(f"containers: {{web: {{image: nginx, volumes: ['{a}', '{b}']}}}}")) == 1


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("fornt", "did you mean `front`?"),
        ("FRONT", "did you mean `front`?"),
        ("zzz", "declare `zzz:` under `networks`"),
    ],
)
def test_an_unknown_network_comes_with_the_nearest_or_with_what_to_write(word, hint):
    done = reading(f"containers: {{web: {{image: nginx, networks: [{word}]}}}}\nnetworks: {{front: , back: }}")
    assert [problem.hint for problem in done.problems] == [hint]


@pytest.mark.parametrize("signal", ["SIGTERM", "TERM", "term", "SigInt", "RTMIN", "SIGRTMIN+15", "RTMAX-14", "'9'"])
def test_signals_of_linux_are_right(signal):
    assert messages(f"containers: {{web: {{image: nginx, stop_signal: {signal}}}}}") == []


@pytest.mark.parametrize("signal", ["SIGFOO", "terms", "RTMIN+16", "'0'", "SIG", "'100'"])
def test_other_signals_are_refused(signal):
    assert len(errors(f"containers: {{web: {{image: nginx, stop_signal: {signal}}}}}")) == 1


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("ipv4_address", "10.0.0.256"),
        ("ipv4_address", "10.0.0.05"),
        ("ipv6_address", "fe80::1%eth0"),
    ],
)
def test_addresses_that_no_engine_takes_are_refused(attribute, value):
    text = (
        f"containers: {{web: {{image: nginx, networks: {{front: {{{attribute}: '{value}'}}}}}}}}\nnetworks: {{front: }}"
    )
    assert len(errors(text)) == 1


# -- files beside the topology -----------------------------------------------------------------------------------------


def test_a_file_that_can_not_be_opened_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    text = "containers: {web: {image: nginx, configs: [one, two]}}\nconfigs: {one: {file: LOOP}, two: {file: LONG}}\n"
    text = text.replace("LOOP", str(tmp_path / "loop")).replace("LONG", str(tmp_path / ("x" * 300)))
    first, second = messages(text)
    assert first.endswith("configs.one.file: the file can't be read: its links lead in a circle")
    assert second.endswith("configs.two.file: the file can't be read: File name too long")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_file_that_only_the_engine_may_see_is_a_warning(tmp_path: Path) -> None:
    """The engine mounts as root what its user may not read."""
    tmp_path.chmod(0o755)
    (tmp_path / "key").write_text("hush")
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "closed").mkdir(mode=0o700)
    text = (
        "containers: {web: {image: nginx, secrets: [a1, b2]}}\nsecrets: {a1: {file: X/key}, b2: {file: X/closed/x}}\n"
    )
    text = text.replace("X", str(tmp_path))
    os.seteuid(65534)
    try:
        done = reading(text)
    finally:
        os.seteuid(0)
    assert [problem.severity for problem in done.problems] == ["warning", "warning"]
    assert all(problem.message.startswith("you may not") for problem in done.problems)
    assert done.topology is not None
