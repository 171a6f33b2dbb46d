from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.builders import compared, standing, wishes_of

from netdeploy.engine.observed import ObservedContainer, PortBinding, State
from netdeploy.plan.health import ailments, is_bound

TEXT = "containers: {web: {image: nginx, ports: ['8080:80'], networks: [net]}}\nnetworks: {net: }\n"
RUNNING = State("running", running=True, paused=False, exit_code=0, error="", health="", health_output="",
                started_at="", pid=1)  # fmt: skip


def container(**state: Any) -> ObservedContainer:
    seen = standing(TEXT).snapshot().containers[0]
    return replace(seen, state=replace(RUNNING, **state))


def told(seen: ObservedContainer, *, may_have_ended: bool = False, internal: frozenset[str] = frozenset()) -> list[str]:
    found = ailments(seen, "web", may_have_ended=may_have_ended, internal=internal)
    return [f"{ailment.status}: {ailment.message}" for ailment in found]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, []),
        ({"health": "starting"}, []),
        ({"health": "healthy"}, []),
        ({"paused": True}, ["paused: is paused"]),
        ({"status": "exited", "running": False, "exit_code": 3}, ["exited: exited with code 3"]),
        (
            {"status": "exited", "running": False, "exit_code": 137, "oom_killed": True},
            ["exited: exited with code 137; it ran out of memory"],
        ),
        (
            {"status": "exited", "running": False, "exit_code": 128, "error": "no such device"},
            ["exited: exited with code 128; the engine said: no such device"],
        ),
        (
            {"status": "created", "running": False, "error": "port is already allocated"},
            ["never started: was made and never started; the engine said: port is already allocated"],
        ),
        (
            {"status": "restarting", "exit_code": 1, "restarts": 4},
            ["restarting: keeps restarting (exit code 1, 4 times so far)"],
        ),
        (
            {"health": "unhealthy", "health_output": "refused"},
            ["unhealthy: is unhealthy; its last check said: refused"],
        ),
    ],
)
def test_each_state_in_words(state: dict[str, Any], expected: list[str]) -> None:
    assert told(container(**state)) == expected


def test_one_that_is_to_end_has_ended_well() -> None:
    ended = container(status="exited", running=False)
    assert told(ended, may_have_ended=True) == []
    assert told(container(status="exited", running=False, exit_code=1), may_have_ended=True)


def test_a_port_is_bound_by_any_host_port_of_its_range() -> None:
    seen = container()
    bound = frozenset({PortBinding(80, "tcp", "0.0.0.0", "8081"), PortBinding(80, "tcp", "::", "8081")})
    assert told(replace(seen, bound_ports=bound)) == [f"port not bound: {VAIN}the host does not listen"]
    for host_port in ("8080-8090", ""):
        ports = frozenset({PortBinding(80, "tcp", "", host_port)})
        assert told(replace(seen, ports=ports, bound_ports=bound)) == []


@pytest.mark.parametrize(
    ("wanted", "bound", "expected"),
    [
        (("", "8080"), ("0.0.0.0", "8080"), True),
        (("", "8080"), ("::", "8080"), True),
        (("", "8080"), ("127.0.0.1", "8080"), True),
        (("127.0.0.1", "8080"), ("0.0.0.0", "8080"), False),
        (("0.0.0.0", "8080"), ("127.0.0.1", "8080"), False),
        (("127.0.0.1", "8080"), ("127.0.0.2", "8080"), False),
        (("::1", "8080"), ("::", "8080"), False),
        (("::1", "8080"), ("0:0:0:0:0:0:0:1", "8080"), True),
        (("127.0.0.1", ""), ("127.0.0.1", "49153"), True),
        (("127.0.0.1", ""), ("0.0.0.0", "49153"), False),
        (("", "8100-8110"), ("0.0.0.0", "8110"), True),
        (("", "8100-8110"), ("0.0.0.0", "8111"), False),
    ],
)
def test_the_address_and_the_range_are_part_of_what_is_published(
    wanted: tuple[str, str], bound: tuple[str, str], expected: bool
) -> None:
    assert is_bound(PortBinding(80, "tcp", *wanted), PortBinding(80, "tcp", *bound)) is expected
    assert not is_bound(PortBinding(80, "tcp", *wanted), PortBinding(80, "udp", *bound))
    assert not is_bound(PortBinding(80, "tcp", *wanted), PortBinding(81, "tcp", *bound))


def test_many_ports_are_told_in_one_line() -> None:
    ports = frozenset(PortBinding(port, "tcp", "", str(port)) for port in (80, *range(8000, 8120)))
    ports |= {PortBinding(53, "udp", "", "53")}
    assert told(replace(container(), ports=ports, bound_ports=frozenset())) == [
        "port not bound: does not publish ports 80, 8000-8119/tcp: the host does not listen",
        "port not bound: does not publish port 53/udp: the host does not listen",
    ]


VAIN = "does not publish port 80/tcp: "


def test_on_internal_networks_only_is_why() -> None:
    seen = replace(container(), bound_ports=frozenset())
    ids = frozenset(attachment.network_id for attachment in seen.attachments.values())
    assert told(seen, internal=ids) == [f"port not bound: {VAIN}it is on internal networks only"]
    assert told(replace(seen, network_mode="host")) == []


def test_a_diff_carries_health_beside_its_changes() -> None:
    engine = standing(TEXT)
    engine.container("web")["State"] |= {"Health": {"Status": "unhealthy", "Log": [{"Output": "no\n"}]}}
    changes, _ = compared(wishes_of(TEXT), engine)
    assert changes.in_sync
    assert [(a.container, a.status, a.message) for a in changes.health] == [
        ("web", "unhealthy", "is unhealthy; its last check said: no")
    ]
