"""What an apply says at its end: where published ports answer, in as few lines as they need."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from unit.builders import compared, standing, wishes_of

from netdeploy.engine.connect import Endpoint
from netdeploy.engine.observed import PortBinding
from netdeploy.plan.health import ailments
from netdeploy.render.result_text import applied_text
from netdeploy.render.urls import url_lines
from netdeploy.workflow.views import View


def applied(text: str, host_name: str = "localhost", width: int | None = None, unpublished: str = "") -> str:
    engine, wanted = standing(text), wishes_of(text)
    if unpublished:
        engine.container(unpublished)["NetworkSettings"]["Ports"] = {}
    changes, _ = compared(wanted, engine)
    return applied_text(
        View(wanted, engine.snapshot(), changes), "lab.yaml", host_name, changed=False, width=width
    ).plain


def containers(*ports: str) -> str:
    lines = [f"  c{number:02}: {{image: busybox, networks: [net], ports: [{p}]}}\n" for number, p in enumerate(ports)]
    return f"name: lab\ncontainers:\n{''.join(lines)}networks: {{net: }}\n"


# -- one URL -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "local", "remote"),
    [
        ("", "http://localhost:80", "http://lab-7:80"),
        ("0.0.0.0", "http://localhost:80", "http://lab-7:80"),
        ("::", "http://localhost:80", "http://lab-7:80"),
        ("127.0.0.1", "http://localhost:80", None),
        ("127.0.0.2", "http://127.0.0.2:80", None),
        ("::1", "http://[::1]:80", None),
        ("192.0.2.4", "http://192.0.2.4:80", "http://192.0.2.4:80"),
        ("2001:db8::4", "http://[2001:db8::4]:80", "http://[2001:db8::4]:80"),
    ],
)
def test_a_port_is_found_where_the_engines_host_is(address: str, local: str, remote: str | None) -> None:
    binding = PortBinding(8080, "tcp", address, "80")
    assert binding.url("localhost") == local
    assert binding.url("lab-7") == remote


def test_what_a_browser_can_not_open_has_no_url() -> None:
    assert PortBinding(53, "udp", "", "53").url("localhost") is None
    assert PortBinding(53, "sctp", "", "53").url("localhost") is None
    assert PortBinding(80, "tcp", "", "").url("localhost") is None
    assert PortBinding(80, "tcp", "", "8080").url("2001:db8::7") == "http://[2001:db8::7]:8080"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("unix:///run/docker.sock", "localhost"),
        ("tcp://127.0.0.1:2375", "localhost"),
        ("tcp://localhost:2375", "localhost"),
        ("tcp://[::1]:2375", "localhost"),
        ("tcp://0.0.0.0:2375", "localhost"),
        ("tcp://:2375", "localhost"),
        ("tcp://10.0.0.7:2376", "10.0.0.7"),
        ("https://lab.example", "lab.example"),
        ("tcp://[2001:db8::7]:2376", "2001:db8::7"),
    ],
)
def test_the_engines_host_is_this_one_or_has_a_name(url: str, name: str) -> None:
    assert Endpoint(url, "--host").host_name == name


# -- the end of an apply -----------------------------------------------------------------------------------------------


def test_a_line_for_each_container_with_what_is_really_published() -> None:
    text = applied(containers('"8080:80"', '"8443:443", "9000:90", "53:53/udp"', '"70:70/udp"', ""))
    assert text == (
        "No changes. `lab` is up to date with lab.yaml: 4 containers on 1 network.\n"
        "  c00: http://localhost:8080\n"
        "  c01: http://localhost:8443, http://localhost:9000\n"
    )


def test_a_port_that_is_not_published_has_no_url_and_one_cause_is_told_once() -> None:
    text = containers('"8000-8029:8000-8029"').replace("{net: }", "{net: {internal: true}}")
    assert applied(text, unpublished="c00").splitlines()[1:] == [
        "  ✗ c00 does not publish ports 8000-8029/tcp: it is on internal networks only"
    ]


def test_the_host_of_a_remote_engine_is_named() -> None:
    text = applied(containers('"8080:80"', '"127.0.0.1:8081:80"'), host_name="10.0.0.7")
    assert text.splitlines()[1:] == ["  c00: http://10.0.0.7:8080"]


def test_many_ports_are_told_in_short() -> None:
    many = '"8000-8028:8000-8028", "9000:90", "127.0.0.1:9100-9101:91-92"'
    assert applied(containers(many)).splitlines()[1:] == [
        "  c00: http://localhost:8000-8028, 9000, 9100-9101 (32 ports)"
    ]


def test_many_containers_are_told_in_short() -> None:
    lines = applied(containers(*(f'"{8000 + number}:80"' for number in range(40)))).splitlines()
    assert len(lines) <= 15
    assert lines[1] == "  c00: http://localhost:8000"
    assert lines[-1] == "  … and 28 more containers: netdeploy status lab"


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    several = ", ".join(f'"{8000 + 7 * number}:{number + 1}"' for number in range(60))
    for line in applied(containers(several, '"70:70", "71:71", "72:72"'), width=width).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_hosts_of_their_own_are_kept_apart() -> None:
    urls = [("c", f"http://{host}:{port}") for host in ("localhost", "[::1]") for port in (80, 81, 90)]
    assert url_lines([*urls, ("d", "http://x:1")]) == [
        ("c", "http://localhost:80-81, 90, http://[::1]:80-81, 90 (6 ports)"),
        ("d", "http://x:1"),
    ]


def test_health_says_what_is_not_published() -> None:
    live = standing(containers('"8080:80", "8081:81", "53:53/udp"')).snapshot().containers[0]
    live = replace(live, bound_ports=frozenset())
    told = [a.message for a in ailments(live, "c", may_have_ended=False, internal=frozenset())]
    assert told == [
        "does not publish ports 80-81/tcp: the host does not listen",
        "does not publish port 53/udp: the host does not listen",
    ]
