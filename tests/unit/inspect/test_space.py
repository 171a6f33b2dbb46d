"""The helper's script and what its output means."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from netdeploy.inspect import local
from netdeploy.inspect.space import SCRIPT, Interface, Listener, Ping, Route, parse, ping_script, routes4, routes6

_NONE = "0" * 32
OUTPUT = f"""\
link eth0 5 6 - up 02:42:ac:12:00:02
link docker0 2 2 bridge up 02:42:cf:ca:94:42
link veth1a 6 5 - up 1a:bd:7d:82:e8:28
link tun0 9 9 - - -
port docker0 veth1a
addr 5: eth0    inet 172.18.0.2/16 brd 172.18.255.255 scope global eth0\\       valid_lft forever
addr 5: eth0@if6    inet6 fd00:77::2/64 scope global nodad \\       valid_lft forever
addr 9: tun0    inet 10.0.0.1 peer 10.0.0.2/32 scope global tun0
route4 Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
route4 eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
route4 eth0\t00000000\t010012AC\t0003\t0\t0\t100\t00000000\t0\t0\t0
route6 fd000077{"0" * 24} 40 {_NONE} 00 {_NONE} 00000100 00000001 00000000 00000001     eth0
listen tcp 0B00007F:8CFB
listen tcp6 00000000000000000000000000000000:0050
listen udp6 00000000000000000000000001000000:0035
ping 172.18.0.2 0 0.081
ping fd00:77::2 1{" "}
a line of another kind
"""


def test_each_kind_of_line_is_read() -> None:
    space = parse(OUTPUT)
    assert space.interfaces == (
        Interface("docker0", 2, 2, "02:42:cf:ca:94:42", "up", is_bridge=True),
        Interface("eth0", 5, 6, "02:42:ac:12:00:02", "up", addresses=("172.18.0.2/16", "fd00:77::2/64")),
        Interface("veth1a", 6, 5, "1a:bd:7d:82:e8:28", "up", bridge="docker0"),
        Interface("tun0", 9, 9, "", addresses=("10.0.0.1",)),
    )
    assert space.routes == (
        Route("0.0.0.0/0", "172.18.0.1", "eth0", 100),
        Route("172.18.0.0/16", "", "eth0"),
        Route("fd00:77::/64", "", "eth0", 256),
    )
    assert [route.is_default for route in space.routes] == [True, False, False]
    assert space.listeners == (
        Listener("tcp", "127.0.0.11", 36091),
        Listener("tcp", "::", 80),
        Listener("udp", "::1", 53),
    )
    assert space.pings == (Ping("172.18.0.2", answers=True, milliseconds=0.081), Ping("fd00:77::2", answers=False))


def test_an_empty_output_is_an_empty_space() -> None:
    assert parse("") == parse("\n\n")
    assert parse("").interfaces == ()


def test_routes_that_refuse_or_are_down_are_none() -> None:
    line = "eth0 000012AC 00000000 {flags} 0 0 0 0000FFFF 0 0 0"
    assert routes4([line.format(flags="0200"), line.format(flags="0201"), line.format(flags="0000")]) == []
    assert len(routes4([line.format(flags="0001")])) == 1


@pytest.mark.parametrize(
    ("destination", "length", "flags", "interface"),
    [
        ("0" * 32, "00", "00200200", "lo"),
        ("fd00" + "0" * 28, "80", "00000001", "eth0"),
        ("ff00" + "0" * 28, "08", "00000001", "eth0"),
    ],
)
def test_ipv6_routes_that_tell_nothing_are_left_out(destination: str, length: str, flags: str, interface: str) -> None:
    none = "0" * 32
    assert routes6([f"{destination} {length} {none} 00 {none} 00000100 00000001 00000000 {flags} {interface}"]) == []


def test_the_ipv6_default_route_is_one() -> None:
    gateway, none = "fd000077000000000000000000000001", "0" * 32
    (route,) = routes6([f"{none} 00 {none} 00 {gateway} 00000400 00000001 00000000 00000003     eth3"])
    assert route == Route("::/0", "fd00:77::1", "eth3", 1024)
    assert route.is_default


def test_the_script_runs_in_this_machines_own_shell() -> None:
    """It is busybox's, and simple enough for any sh."""
    done = subprocess.run(["sh", "-c", SCRIPT], capture_output=True, text=True, check=True)
    names = {interface.name for interface in parse(done.stdout).interfaces}
    assert names == {entry.name for entry in Path("/sys/class/net").iterdir() if (entry / "ifindex").exists()}


def test_pings_are_sent_at_once_and_none_for_nothing() -> None:
    assert ping_script([]) == ""
    script = ping_script(["192.0.2.1", "192.0.2.2"])
    assert script.endswith("wait")
    assert [line.endswith("&") for line in script.splitlines() if "192.0.2." in line] == [True, True]


def test_this_process_sees_itself_without_a_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc alone, as any user reads it."""
    space = local.host([])
    if isinstance(space, str):  # the tests run in a network namespace of their own, and /sys is another's
        assert "another network namespace" in space
        return
    loopback = space.by_name("lo")
    assert loopback is not None
    assert "127.0.0.1/8" in loopback.addresses
    assert space.pings == ()


def test_another_process_is_not_taken_for_the_containers() -> None:
    assert "is not the container's" in str(local.inside(1, "0123456789abcdef"))
    assert "/proc/" in str(local.inside(2**22 + 1, "0123456789abcdef"))


def test_ipv6_routes_that_refuse_are_told_and_the_kernels_own_is_not() -> None:
    def line(destination: str, length: str, metric: str, flags: str) -> str:
        zero = "0" * 32
        return f"route6 {destination} {length} {zero} 00 {zero} {metric} 00000002 00000000 {flags} lo"

    output = "\n".join(
        [
            line("fd000001" + "0" * 24, "40", "00000400", "00200200"),
            line("fd000002" + "0" * 23 + "5", "80", "00000400", "00200200"),
            line("0" * 32, "00", "ffffffff", "00200200"),
        ]
    )
    assert parse(output).refused == ("fd00:1::/64", "fd00:2::5/128")


def test_ipv6_neighbours_are_read_as_ip_writes_them() -> None:
    lines = """
neighbour6 fd00::7 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT
neighbour6 fd00::8 dev eth0 lladdr 02:00:00:00:00:02 router STALE
neighbour6 fd00::9 dev eth0  FAILED
"""
    found = parse(lines).neighbours
    assert [(n.address, n.mac_address, n.is_fixed) for n in found] == [
        ("fd00::7", "02:00:00:00:00:01", True),
        ("fd00::8", "02:00:00:00:00:02", False),
    ]


def test_what_a_bridge_does_with_its_ports_is_read() -> None:
    links = "\n".join(f"link v{n} {n} 9 - up 02:00:00:00:00:0{n} 0x1003 1500" for n in (1, 2, 3))
    space = parse(f"{links}\nport br-1 v1 3 0\nport br-1 v2 4 1\nport br-1 v3 - -")
    found = {i.name: (i.bridge, i.forwards, i.is_isolated) for i in space.interfaces}
    assert found == {"v1": ("br-1", True, False), "v2": ("br-1", False, True), "v3": ("br-1", True, False)}
