"""What inspect says, held against `ip`, `cat` and `hostname` inside and on the engine's host, whole and broken.

Nothing of it may be the engine's word where the inside is otherwise.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab
from engine.test_inspect import assert_routes_as_by_hand, inspected, on
from netdeploy.errors import OperationFailed
from netdeploy.inspect import look
from netdeploy.inspect.report import InspectReport
from netdeploy.render.inspect_text import inspect_text

Json = dict[str, Any]
BOX, NET = "ndt-box", "ndt-net"
WHOLE = "-- whole --"
LIMIT = 30  # seconds for one command
SUBNET = "10.85.9.0/24"
RESOLVER = "10.85.9.200"  # nobody has it


@dataclass(frozen=True)
class Box:
    """A container, and the ways into its namespaces."""

    lab: Lab
    name: str = BOX

    @property
    def pid(self) -> int:
        pid: int = self.lab.container(self.name).attrs["State"]["Pid"]
        return pid

    def inside(self, command: str) -> str:
        """A command of this machine in the container's network and under its hostname."""
        return run(f"nsenter --net=/proc/{self.pid}/ns/net --uts=/proc/{self.pid}/ns/uts {command}")

    def says(self, command: str) -> str:
        """What a command of the image tells in the container.

        It is written at once with a mark behind it: a busy engine may lose the first of two writes.
        """
        whole = f"said=$({command}) || exit 1; printf '%s\\n%s' \"$said\" '{WHOLE}'"
        for _ in range(5):
            code, output = self.lab.in_container(self.name, whole)
            assert code == 0, output
            said, mark, _ = output.partition(WHOLE)
            if mark:
                return said
        raise AssertionError(f"the engine loses the output of `{command}`")

    @property
    def bridge(self) -> str:
        return f"br-{self.lab.client.networks.get(NET).id[:12]}"

    @property
    def outer(self) -> str:
        """The host's end of its interface."""
        index = self.says("cat /sys/class/net/eth0/iflink")
        found = re.search(rf"^{index.strip()}: ([^@:]+)", run("ip -o link"), re.MULTILINE)
        assert found is not None
        return found[1]


def run(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def addresses(text: str) -> dict[str, set[str]]:
    """Of `ip -o addr`, by interface."""
    found: dict[str, set[str]] = {}
    for name, address in re.findall(r"^\d+: (\S+?)(?:@\S+)?\s+inet6? (\S+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(address)
    return found


def links(text: str) -> dict[str, tuple[int, set[str]]]:
    """Of `ip -o link`: each interface's number and flags."""
    found = re.findall(r"^(\d+): ([^\s@:]+)(?:@\S+)?: <([^>]*)>", text, re.MULTILINE)
    return {name: (int(number), set(flags.split(","))) for number, name, flags in found}


def words(text: str) -> list[list[str]]:
    return [line.partition("#")[0].split() for line in text.splitlines() if line.partition("#")[0].split()]


def assert_true(box: Box, report: Json) -> None:
    """All that is told of the inside and the host is found there by hand."""
    there, ends = addresses(box.says("ip -o addr")), links(box.says("ip -o link"))
    assert {i["name"]: set(i["addresses"]) for i in report["interfaces"] if i["addresses"]} == there
    assert {i["name"]: i["index"] for i in report["interfaces"]} == {name: ends[name][0] for name in ends}
    assert_routes_as_by_hand(box.lab, box.name, report)
    assert report["hosts"]["text"].rstrip("\n") == box.says("cat /etc/hosts").rstrip("\n")
    lines = words(box.says("cat /etc/hosts"))
    assert [[line["address"], *line["names"]] for line in report["hosts"]["lines"]] == lines
    assert report["resolver"]["text"].rstrip("\n") == box.says("cat /etc/resolv.conf").rstrip("\n")
    servers = [line[1] for line in words(report["resolver"]["text"]) if line[0] == "nameserver"]
    assert report["resolver"]["nameservers"] == servers
    assert report["hostname"]["name"] == box.says("hostname").strip()
    assert report["hostname"]["seen"]
    for network in report["networks"]:
        assert_network_true(box, network, there, ends)


def assert_network_true(
    box: Box, network: Json, there: dict[str, set[str]], ends: dict[str, tuple[int, set[str]]]
) -> None:
    host, on_host = links(run("ip -o link")), addresses(run("ip -o addr"))
    bridge, outer, inside, evidence = (network[k] for k in ("bridge", "host_interface", "interface", "evidence"))
    assert bridge["exists"] == (bridge["name"] in host)
    assert set(bridge["addresses"]) == {a for a in on_host.get(bridge["name"], set()) if not a.startswith("fe80:")}
    if outer:
        assert host[outer["name"]][0] == outer["index"]
        assert (f"master {bridge['name']} " in run(f"ip -o link show {outer['name']}")) == (
            outer["bridge"] == bridge["name"]
        )
    if inside is None:
        assert (network["addresses"], network["mac_address"]) == ([], None)
        assert not any((network["default_route"], evidence["interface"], evidence["route"]))
        return
    shown, flags = there.get(inside["name"], set()), ends[inside["name"]][1]
    assert set(network["addresses"]) == {a for a in shown if not a.startswith("fe80:")}
    assert network["mac_address"] in box.says(f"ip link show {inside['name']}")
    assert evidence["interface"] == ("LOWER_UP" in flags and set(network["assigned"]) <= shown)
    routes = box.says("ip route") + box.says("ip -6 route")
    assert evidence["route"] == all(f"{subnet} dev {inside['name']}" in routes for subnet in network["subnets"])
    assert evidence["resolver"] == ("nameserver 127.0.0.11" in box.says("cat /etc/resolv.conf"))


def kinds(report: Json) -> dict[str, str]:
    """By the first name of each line of the hosts file, what it is."""
    return {line["names"][0]: line["kind"] for line in report["hosts"]["lines"]}


# -- as it should be ---------------------------------------------------------------------------------------------------


def settings(**more: Any) -> Json:
    return {"network": NET, "hostname": "web.lab", "dns": [RESOLVER], "extra_hosts": {"printer": "192.0.2.9"}, **more}


Check = Callable[[Json], object]
SETUPS: dict[str, tuple[Json, Check]] = {
    "default bridge": (
        {},
        lambda r: (
            (r["hostname"]["origin"], r["resolver"]["origin"], r["resolver"]["upstream"])
            == ("id", r["resolver"]["origin"], None)
            and r["resolver"]["origin"] in ("engine", "engine_or_host")
        ),
    ),
    "default bridge with dns": (
        {"dns": [RESOLVER], "domainname": "lab.example"},
        lambda r: (
            (r["resolver"]["origin"], r["hostname"]["domain"], kinds(r)[f"{r['id'][:12]}.lab.example"])
            == ("container", "lab.example", "own")
        ),
    ),
    "network of its own": (
        {"network": NET},
        lambda r: (
            r["resolver"]["upstream"]["servers"] == ["127.0.0.1"]  # the test engines' own --dns
            and r["resolver"]["upstream"]["origin"] in ("engine", "engine_or_host")
        ),
    ),
    "everything set": (
        settings(),
        lambda r: (
            (r["hostname"]["origin"], r["resolver"]["upstream"]["servers"], kinds(r)["web.lab"])
            == ("set", [RESOLVER], "own")
            and kinds(r)["printer"] == "extra_hosts"
        ),
    ),
    "host gateway": (
        {"network": NET, "extra_hosts": {"engine": "host-gateway"}},
        lambda r: kinds(r)["engine"] == "extra_hosts" and "host-gateway" in str(r["hosts"]["lines"]),
    ),
    "network of the host": (
        {"network_mode": "host"},
        lambda r: (
            r["hostname"]["origin"] == "host"
            and {line["kind"] for line in r["hosts"]["lines"]} == {"host"}
            and r["shares"] == [{"what": "network", "container": None, "read_only": False, "gone": False}]
        ),
    ),
    "network of the host, named": (
        {"network_mode": "host", "hostname": "web.lab", "extra_hosts": {"printer": "192.0.2.9"}},
        lambda r: r["hostname"]["origin"] == "set" and kinds(r)["printer"] == "extra_hosts",
    ),
    "hostname of the host": (
        {"network": NET, "uts_mode": "host"},
        lambda r: r["hostname"]["origin"] == "host" and {share["what"] for share in r["shares"]} == {"uts"},
    ),
    "no network": ({"network_mode": "none"}, lambda r: r["hosts"]["missing"] == []),
    "processes and memory of the host": (
        {"pid_mode": "host", "ipc_mode": "host"},
        lambda r: {share["what"] for share in r["shares"]} == {"pid", "ipc"},
    ),
}


@pytest.mark.part(4)
@pytest.mark.parametrize("setup", SETUPS)
def test_what_is_told_is_what_is_there(lab: Lab, setup: str) -> None:
    network(lab)
    given, is_right = SETUPS[setup]
    lab.foreign(BOX, **given)
    report = inspected(lab, BOX)
    assert_true(Box(lab), report)
    assert is_right(report), report
    assert report["hosts"]["missing"] == []
    assert not {line["kind"] for line in report["hosts"]["lines"]} & {"other", "unknown"}
    assert report["unknown"] == []
    assert "✗" not in lab.run("inspect", BOX).out


def network(lab: Lab) -> None:
    lab.client.api.create_network(NET, ipam={"Config": [{"Subnet": SUBNET}]})


def test_what_containers_share_is_told_of_both(lab: Lab) -> None:
    network(lab)
    lab.foreign(
        "ndt-owner", network=NET, hostname="web.lab", ipc_mode="shareable", volumes={"ndt-data": {"bind": "/d"}}
    )
    lab.foreign(
        BOX,
        network_mode="container:ndt-owner",
        pid_mode="container:ndt-owner",
        ipc_mode="container:ndt-owner",
        volumes_from=["ndt-owner:ro"],
    )
    lab.client.containers.create(lab.busybox, ["true"], name="ndt-third", network_mode="container:ndt-owner")
    guest, owner = inspected(lab, BOX, "--explain"), inspected(lab, "ndt-owner", "--explain")
    assert_true(Box(lab), guest)
    assert_true(Box(lab, "ndt-owner"), owner)
    assert (guest["hostname"]["origin"], guest["hostname"]["name"]) == ("container", "web.lab")
    assert kinds(guest)["web.lab"] == "own"
    assert {(s["what"], s["container"], s["read_only"]) for s in guest["shares"]} == {
        ("network", "ndt-owner", False),
        ("pid", "ndt-owner", False),
        ("ipc", "ndt-owner", False),
        ("volumes", "ndt-owner", True),
    }
    assert (owner["shared_by"], owner["shares"]) == ([BOX, "ndt-third"], [])
    assert guest["shared_by"] == ["ndt-third"]
    for report in (guest, owner):
        shown = told_by(lab, report, "shared_by")
        assert "/ndt-third" in shown
        assert "/ndt-box" in shown
    assert lab.container("ndt-owner").id in told_by(lab, guest, "shares")
    lab.container("ndt-owner").remove(force=True)
    assert all(share["gone"] for share in inspected(lab, BOX)["shares"])


def told_by(lab: Lab, report: Json, about: str) -> str:
    """What the commands that --explain gives print."""
    environment = {"DOCKER_HOST": lab.engine.endpoint.url, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin"}
    lines = next(item["commands"] for item in report["commands"] if item["about"] == about)
    return "".join(
        subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=True).stdout
        for line in lines
    )


def test_each_name_is_found_by_its_command_and_each_fact_by_its_own(lab: Lab) -> None:
    network(lab)
    lab.foreign(BOX, **settings())
    lab.client.networks.get(NET).disconnect(BOX)
    lab.client.networks.get(NET).connect(BOX, aliases=["shop", "www"])
    report = inspected(lab, BOX, "--explain")
    net = on(report, NET)
    assert set(net["names"]) >= {BOX, "shop", "www", report["id"][:12]}
    lookups = next(item["commands"] for item in report["commands"] if item["about"] == f"networks.{NET}.names")
    assert [line.split()[-1] for line in lookups] == net["names"]
    address = net["addresses"][0].partition("/")[0]
    assert told_by(lab, report, f"networks.{NET}.names").count(f"Address: {address}") >= len(net["names"])
    assert told_by(lab, report, "hostname").strip() == "web.lab"
    assert "printer" in told_by(lab, report, "hosts")
    assert RESOLVER in told_by(lab, report, "resolver.upstream")
    lab.container(BOX).stop(timeout=0)
    stopped = inspected(lab, BOX, "--explain")
    assert (stopped["hostname"]["name"], stopped["hostname"]["seen"]) == ("web.lab", False)
    assert kinds(stopped)["printer"] == "extra_hosts"
    assert stopped["hosts"]["missing"] == []
    assert "printer" in told_by(lab, stopped, "hosts")
    assert told_by(lab, stopped, "hostname").strip() == "web.lab"
    assert RESOLVER in told_by(lab, stopped, "resolver.upstream")


def test_resolvers_of_the_engine_are_shown_by_a_command(lab: Lab) -> None:
    network(lab)
    lab.foreign(BOX, network=NET)
    report = inspected(lab, BOX, "--explain")
    assert report["resolver"]["upstream"]["servers"][0] in told_by(lab, report, "resolver.upstream")


def test_a_link_is_told_and_one_that_leads_astray_too(lab: Lab) -> None:
    lab.foreign("ndt-db")
    lab.foreign(BOX, links={"ndt-db": "store"})
    report = inspected(lab, BOX)
    assert_true(Box(lab), report)
    (line,) = [line for line in report["hosts"]["lines"] if "store" in line["names"]]
    assert (line["kind"], line["note"]) == ("link", None)
    lab.in_container(BOX, "sed 's/.*store/192.0.2.7 store/' /etc/hosts > /tmp/hosts; cat /tmp/hosts > /etc/hosts")
    (line,) = [line for line in inspected(lab, BOX)["hosts"]["lines"] if "store" in line["names"]]
    assert (line["address"], line["kind"]) == ("192.0.2.7", "link")
    assert line["note"] is not None


def test_a_mounted_hosts_file_is_nobodys_mistake(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n192.0.2.7 elsewhere\n")
    tmp_path.chmod(0o755)
    lab.foreign(BOX, network_mode="none", volumes={str(file): {"bind": "/etc/hosts", "mode": "ro"}})
    report = inspected(lab, BOX)
    assert_true(Box(lab), report)
    assert (report["hosts"]["mounted"], kinds(report)["elsewhere"]) == (True, "other")
    assert "✗" not in lab.run("inspect", BOX).out


def test_one_that_may_rename_itself_is_not_taken_at_its_word(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.foreign(BOX, cap_add=["SYS_ADMIN"])
    lab.in_container(BOX, "hostname elsewhere")
    assert inspected(lab, BOX)["hostname"]["name"] == "elsewhere"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    report = inspected(lab, BOX)
    assert (report["hostname"]["name"], report["hostname"]["seen"]) == (None, False)
    assert "its hostname now" in str(report["unknown"])


# -- broken ------------------------------------------------------------------------------------------------------------

Way = Callable[[Box], object]
WAYS: dict[str, tuple[Way, str]] = {
    "interface down": (lambda b: b.inside("ip link set eth0 down"), r"Note: `eth0` is down inside"),
    "interface gone": (lambda b: b.inside("ip link del eth0"), r"address +none inside +✗ the engine gave it 10.85.9"),
    "another address": (
        lambda b: b.inside("sh -c 'ip addr flush dev eth0; ip addr add 10.85.9.77/24 dev eth0'"),
        r"address +10.85.9.77/24 +✗ the engine gave it 10.85.9.\d+/24",
    ),
    "another address and network": (
        lambda b: b.inside("sh -c 'ip addr flush dev eth0; ip addr add 192.0.2.7/28 dev eth0'"),
        r"address +192.0.2.7/28 +✗ the engine gave it 10.85.9.\d+/24",
    ),
    "one address more": (
        lambda b: b.inside("ip addr add 10.85.9.78/24 dev eth0"),
        r"addresses +10.85.9.\d+/24, 10.85.9.78/24\n",
    ),
    "no address": (lambda b: b.inside("ip addr flush dev eth0"), r"address +none inside"),
    "another MAC address": (
        lambda b: b.inside("ip link set eth0 address 02:00:00:00:00:77"),
        r"MAC address +02:00:00:00:00:77",
    ),
    "route deleted": (lambda b: b.inside(f"ip route del {SUBNET}"), r"✗ route to its subnet"),
    "default route deleted": (lambda b: b.inside("ip route del default"), r"not used: no default route"),
    "another gateway": (
        lambda b: b.inside("ip route replace default via 10.85.9.66"),
        r"gateway +10.85.9.66 +→ the default route +✗ the network's\s+gateway is 10.85.9.1",
    ),
    "a default route without a gateway": (
        lambda b: b.inside("ip route replace default dev eth0"),
        r"gateway +no gateway +→ the default route",
    ),
    "veth down": (
        lambda b: run(f"ip link set {b.outer} down"),
        r"✗ interface(?s:.*)Note: its end on the host, veth\w+,",
    ),
    "veth off its bridge": (lambda b: run(f"ip link set {b.outer} nomaster"), r"is a port of no\s+bridge"),
    "bridge down": (lambda b: run(f"ip link set {b.bridge} down"), r"Note: its bridge br-\w+ is down on the host"),
    "bridge without its address": (lambda b: run(f"ip addr flush dev {b.bridge}"), r"bridge on the host +br-\w+\n"),
    "resolv.conf overwritten": (
        lambda b: b.says("echo nameserver 192.0.2.53 > /etc/resolv.conf"),
        r"✗ resolver 127.0.0.11(?s:.*)nameserver 192.0.2.53\n +✗ Docker's own resolver 127.0.0.11 is not asked",
    ),
    "resolv.conf emptied": (lambda b: b.says(": > /etc/resolv.conf"), r"✗ Docker's own resolver"),
    "hosts overwritten": (
        lambda b: b.says("echo 127.0.0.1 localhost > /etc/hosts"),
        r"✗ not there any more: 192.0.2.9 printer(?s:.*)✗ not there any more: 10.85.9.\d+ web.lab",
    ),
    "hosts emptied": (lambda b: b.says(": > /etc/hosts"), r"It is empty"),
    "a line in hosts": (
        lambda b: b.says("echo 192.0.2.7 shop >> /etc/hosts"),
        r"192.0.2.7 +shop +– ✗ by hand: neither the engine nor extra_hosts",
    ),
    "another printer": (
        lambda b: b.says("sed 's/192.0.2.9/192.0.2.8/' /etc/hosts > /tmp/h; cat /tmp/h > /etc/hosts"),
        r"192.0.2.8 +printer +– ✗ by hand(?s:.*)✗ not there any more: 192.0.2.9 printer",
    ),
    "another name for the loopback": (
        lambda b: b.says("echo 127.0.0.1 shop >> /etc/hosts"),
        r"127.0.0.1 +shop +– ✗ by hand",
    ),
    "its own name elsewhere": (
        lambda b: b.says("echo 192.0.2.7 web.lab >> /etc/hosts"),
        r"192.0.2.7 +web.lab +– its own name, ✗ no interface inside has\s+this address",
    ),
    "hostname changed": (
        lambda b: b.inside("hostname elsewhere"),
        r"hostname +elsewhere +✗ changed inside: the engine set web.lab",
    ),
}


@pytest.mark.part(6)
@pytest.mark.parametrize("way", WAYS)
def test_what_is_broken_is_told_as_it_is(lab: Lab, way: str) -> None:
    network(lab)
    lab.foreign(BOX, **settings())
    do, expected = WAYS[way]
    do(Box(lab))
    report = inspected(lab, BOX)
    assert_true(Box(lab), report)
    text = inspect_text(InspectReport.model_validate_json(json.dumps(report))).plain
    assert re.search(expected, text), text


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo nameserver 192.0.2.53 > /etc/resolv.conf", "✗ These are neither set with `dns`"),
        (": > /etc/resolv.conf", "✗ It names no resolver."),
    ],
)
def test_resolvers_by_hand_on_the_default_bridge(lab: Lab, command: str, said: str) -> None:
    lab.foreign(BOX)
    assert lab.in_container(BOX, command)[0] == 0
    report = inspected(lab, BOX)
    assert_true(Box(lab), report)
    assert report["resolver"]["origin"] == "other"
    assert said in lab.run("inspect", BOX).out


def test_the_hosts_own_file_with_a_line_by_hand(lab: Lab) -> None:
    lab.foreign(BOX, network_mode="host")
    assert lab.in_container(BOX, "echo 192.0.2.7 shop >> /etc/hosts")[0] == 0
    report = inspected(lab, BOX)
    assert_true(Box(lab), report)
    assert kinds(report)["shop"] == "other"
    assert kinds(report)["localhost"] == "host"


@pytest.mark.parametrize("way", ["route deleted", "another address", "default route deleted"])
def test_without_a_helper_nothing_false_is_told(lab: Lab, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network(lab)
    lab.foreign(BOX, **settings())
    WAYS[way][0](Box(lab))
    whole = on(inspected(lab, BOX), NET)

    def none_to_be_had(*_: object) -> str:
        raise OperationFailed("there is no busybox")

    monkeypatch.setattr(look, "provide_busybox", none_to_be_had)
    part = on(inspected(lab, BOX), NET)
    assert part["evidence"] == whole["evidence"]
    assert part["default_route"] == whole["default_route"]
    assert [a.partition("/")[0] for a in part["addresses"]] == [a.partition("/")[0] for a in whole["addresses"]]
