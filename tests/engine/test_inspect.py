"""inspect against what a person finds by hand: `ip`, `route` and resolv.conf inside, `ip link` and /sys on the host."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.lab import Lab, free_port, http_get
from netdeploy.engine.busybox import static_busybox
from netdeploy.engine.helpers import LABEL_HELPER
from netdeploy.errors import Interrupted, OperationFailed
from netdeploy.inspect import look

Json = dict[str, Any]
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "inspect.schema.json").read_text())
_HOST_LINK = re.compile(r"^(\d+): ([^\s@]+)@\S+ .* master (\S+)", re.MULTILINE)
_NUMBER = re.compile(r"^/sys/class/net/([^/]+)/(ifindex|iflink):(\d+)", re.MULTILINE)


@pytest.fixture(autouse=True)
def no_helper_stays(lab: Lab) -> Iterator[None]:
    yield
    assert helpers(lab) == []


def helpers(lab: Lab) -> list[str]:
    return [c.name for c in lab.client.containers.list(all=True, filters={"label": LABEL_HELPER})]


def inspected(lab: Lab, name: str, *options: str) -> Json:
    result = lab.run("inspect", name, "-o", "json", *options)
    assert result.code == 0, result.both
    jsonschema.validate(result.json, SCHEMA)
    report: Json = result.json
    return report


def on(report: Json, network: str) -> Json:
    found: Json = next(item for item in report["networks"] if item["name"] == network)
    return found


@dataclass(frozen=True)
class HostLink:
    """A port of a bridge, as `ip link` and /sys tell it."""

    name: str
    index: int
    other_end: int
    bridge: str


def host_links(lab: Lab) -> dict[int, HostLink]:
    """By number, as `ip link` tells them; /sys must agree, and tells the other end's number.

    busybox's `ip link` gives the other end a name of the host's (`veth1a@docker0`) where the number means one there.
    """
    script = "ip link; grep -H . /sys/class/net/*/ifindex /sys/class/net/*/iflink"
    raw = lab.client.containers.run(lab.busybox, ["sh", "-c", script], network_mode="host", remove=True)
    text = raw.decode()
    in_sys = {(name, what): int(number) for name, what, number in _NUMBER.findall(text)}
    found = {}
    for index, name, bridge in _HOST_LINK.findall(text):
        assert in_sys[name, "ifindex"] == int(index)
        found[int(index)] = HostLink(name, int(index), in_sys[name, "iflink"], bridge)
    return found


def assert_as_by_hand(lab: Lab, name: str, network: str, seen: Json) -> None:
    """One network's facts, each compared with what a person finds."""
    settings = lab.container(name).attrs["NetworkSettings"]["Networks"][network]
    interface, address = seen["interface"]["name"], f"{settings['IPAddress']}/{settings['IPPrefixLen']}"
    assert address in seen["addresses"]
    _, shown = lab.in_container(name, f"ip addr show {interface}")
    assert f"inet {address}" in shown
    assert f"link/ether {seen['mac_address']}" in shown
    assert shown.startswith(f"{seen['interface']['index']}: {interface}@")
    _, link = lab.in_container(name, f"cat /sys/class/net/{interface}/iflink")
    assert seen["interface"]["link"] == int(link)
    host = host_links(lab)[int(link)]
    assert seen["host_interface"] == {"name": host.name, "index": host.index, "bridge": host.bridge}
    assert host.other_end == seen["interface"]["index"]
    assert seen["bridge"]["name"] == host.bridge
    assert seen["bridge"]["exists"] is True
    assert f"{settings['Gateway']}/{settings['IPPrefixLen']}" in seen["bridge"]["addresses"]
    assert settings["Gateway"] in seen["gateways"]


def assert_routes_as_by_hand(lab: Lab, name: str, report: Json) -> None:
    """IPv4 routes: the tool `route` shows masks, `ip route` prefixes."""
    _, text = lab.in_container(name, "ip route")
    by_hand = set()
    for line in text.splitlines():
        words = line.split()
        gateway = words[words.index("via") + 1] if "via" in words else None
        by_hand.add((words[0].replace("default", "0.0.0.0/0"), gateway, words[words.index("dev") + 1]))
    told = {(r["destination"], r["gateway"], r["interface"]) for r in report["routes"] if ":" not in r["destination"]}
    assert told == by_hand
    _, table = lab.in_container(name, "route -n")
    default = next((line.split() for line in table.splitlines() if line.startswith("0.0.0.0")), None)
    marked = [(r["gateway"], r["interface"]) for r in report["routes"] if r["default"] and ":" not in r["destination"]]
    by_route = [(None if default[1] == "0.0.0.0" else default[1], default[7])] if default else []
    assert marked == by_route
    for network in report["networks"]:
        if default and network["interface"]:
            assert network["default_route"] == (network["interface"]["name"] == default[7])


def test_the_exercise_by_hand_gives_all_eight_answers(lab: Lab) -> None:
    """A busybox on the default bridge, then connected to a network of its own, as a student does it."""
    lab.foreign("ndt-box")
    before = inspected(lab, "ndt-box", "--explain")
    assert [network["name"] for network in before["networks"]] == ["bridge"]  # 1
    bridge = on(before, "bridge")
    assert_as_by_hand(lab, "ndt-box", "bridge", bridge)  # 2, 3, 4
    assert bridge["bridge"]["name"] == "docker0"
    assert_routes_as_by_hand(lab, "ndt-box", before)  # 5
    assert bridge["default_route"] is True
    assert bridge["names"] == []
    assert bridge["evidence"] == {"interface": True, "route": True, "resolver": False}
    network = lab.client.networks.create("ndt-net", driver="bridge")  # 6, as the commands say
    steps = {item["about"]: item["commands"] for item in before["commands"]}
    assert steps["exercise.6"] == [
        "docker network create --driver bridge my-net",
        "docker network connect my-net ndt-box",
    ]
    network.connect("ndt-box")
    after = inspected(lab, "ndt-box")
    assert [item["name"] for item in after["networks"]] == ["bridge", "ndt-net"]
    joined = on(after, "ndt-net")
    assert_as_by_hand(lab, "ndt-box", "ndt-net", joined)
    assert_routes_as_by_hand(lab, "ndt-box", after)
    assert joined["evidence"] == {"interface": True, "route": True, "resolver": True}  # 7
    assert joined["interface"]["name"] not in {item["name"] for item in before["interfaces"]}
    assert not before["resolver"]["docker"]
    assert after["resolver"]["nameservers"] == ["127.0.0.11"]
    _, resolv_conf = lab.in_container("ndt-box", "cat /etc/resolv.conf")
    assert after["resolver"]["text"].strip() == resolv_conf.strip()
    assert joined["names"] == ["ndt-box", lab.container("ndt-box").short_id]
    pings = [ping for item in after["networks"] for ping in item["pings"]]  # 8
    assert [ping["address"] for ping in pings] == [
        address.partition("/")[0] for item in after["networks"] for address in item["addresses"]
    ]
    assert all(ping["answers"] for ping in pings)
    assert after["unknown"] == []
    questions = {item["question"] for item in before["commands"]}
    assert questions >= {1, 2, 3, 4, 5, 6, 7, 8}


def test_an_address_that_does_not_answer_is_told(lab: Lab) -> None:
    lab.foreign("ndt-box", cap_add=["NET_ADMIN"])
    lab.in_container("ndt-box", "ip addr flush dev eth0")
    bridge = on(inspected(lab, "ndt-box"), "bridge")
    assert [ping["answers"] for ping in bridge["pings"]] == [False]
    assert bridge["evidence"]["route"] is False
    assert "does not answer" in lab.run("inspect", "ndt-box").out


def test_names_internal_networks_and_ipv6(lab: Lab) -> None:
    lab.client.networks.create("ndt-back", internal=True)
    six = lab.client.api.create_network(
        "ndt-six", enable_ipv6=True, ipam={"Config": [{"Subnet": "10.97.0.0/24"}, {"Subnet": "fd00:97::/64"}]}
    )
    lab.foreign("ndt-box", network="ndt-back")
    lab.client.networks.get(six["Id"]).connect("ndt-box", aliases=["shop", "www"])
    report = inspected(lab, "ndt-box")
    back, both = on(report, "ndt-back"), on(report, "ndt-six")
    assert_as_by_hand(lab, "ndt-box", "ndt-six", both)
    assert back["internal"]
    assert back["default_route"] is False
    assert both["names"] == ["ndt-box", "shop", "www", lab.container("ndt-box").short_id]
    for name in both["names"]:
        assert lab.resolves("ndt-box", name)
    assert len(both["addresses"]) == 2
    _, addresses = lab.in_container("ndt-box", f"ip addr show {both['interface']['name']}")
    assert all(address in addresses for address in both["addresses"])
    assert [ping["answers"] for ping in both["pings"]] == [True, True]
    assert_routes_as_by_hand(lab, "ndt-box", report)
    _, table = lab.in_container("ndt-box", "ip -6 route")
    default = re.search(r"^default via (\S+) dev (\S+)", table, re.MULTILINE)
    assert default is not None
    marked = [r for r in report["routes"] if r["default"] and ":" in r["destination"]]
    assert [(r["gateway"], r["interface"]) for r in marked] == [default.groups()]


def test_a_published_port_leads_where_it_says(lab: Lab) -> None:
    port = free_port()
    lab.client.containers.run(
        lab.busybox,
        ["sh", "-c", "echo hello > /tmp/index.html; httpd -h /tmp -p 127.0.0.1:82; httpd -f -h /tmp -p 80"],
        name="ndt-box",
        detach=True,
        ports={"80/tcp": ("127.0.0.1", port), "81/tcp": None, "82/tcp": ("127.0.0.1", free_port())},
    )
    lab.in_container("ndt-box", "for try in 1 2 3 4 5; do netstat -ltn | grep -q ':80 ' && break; sleep 0.5; done")
    report = inspected(lab, "ndt-box")
    ports = {item["port"]: item for item in report["ports"]}
    (binding,) = ports[80]["published"]
    assert binding == {"address": "127.0.0.1", "port": str(port), "url": f"http://localhost:{port}"}
    address = lab.container("ndt-box").attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    assert ports[80]["leads_to"] == f"{address}:80"
    assert ports[80]["listening"]
    assert ports[80]["note"] is None
    with urllib.request.urlopen(binding["url"], timeout=5) as answer:
        assert answer.read() == b"hello\n"
    assert ports[81]["published"][0]["port"].isdigit()
    assert "nothing listens" in ports[81]["note"]
    assert ports[82]["listening"] == ["127.0.0.1"]
    assert "127.0.0.1 inside only" in ports[82]["note"]


def test_ports_on_internal_networks_only_are_published_in_vain(lab: Lab) -> None:
    lab.client.networks.create("ndt-back", internal=True)
    lab.foreign("ndt-box", network="ndt-back", ports={"80/tcp": ("127.0.0.1", free_port())})
    (port,) = inspected(lab, "ndt-box")["ports"]
    assert port["published"] == []
    assert "internal networks only" in port["note"]


def test_the_hosts_network(lab: Lab) -> None:
    lab.foreign("ndt-box", network_mode="host")
    report = inspected(lab, "ndt-box", "--explain")
    assert (report["mode"], report["networks"]) == ("host", [])
    names = {item["name"] for item in report["interfaces"]}
    assert {"lo", "docker0"} <= names
    assert_routes_as_by_hand(lab, "ndt-box", report)
    assert report["unknown"] == []
    assert "Its network is the host's" in lab.run("inspect", "ndt-box").out


def test_no_network_at_all(lab: Lab) -> None:
    lab.foreign("ndt-box", network_mode="none")
    report = inspected(lab, "ndt-box")
    assert (report["mode"], report["networks"], report["routes"]) == ("none", [], [])
    assert [item["name"] for item in report["interfaces"]] == ["lo"]
    assert "unreachable" in lab.run("inspect", "ndt-box").out


def test_a_shared_network_is_the_owners(lab: Lab) -> None:
    lab.client.networks.create("ndt-net")
    lab.foreign("ndt-owner", network="ndt-net", ports={"80/tcp": ("127.0.0.1", free_port())})
    lab.foreign("ndt-guest", network_mode="container:ndt-owner")
    owner, guest = inspected(lab, "ndt-owner"), inspected(lab, "ndt-guest")
    assert (guest["mode"], guest["shares_with"]) == ("container", "ndt-owner")
    for report in (owner, guest):
        on(report, "ndt-net")["pings"] = []
    assert guest["networks"] == owner["networks"]
    assert (guest["routes"], guest["ports"]) == (owner["routes"], owner["ports"])
    assert_as_by_hand(lab, "ndt-owner", "ndt-net", on(guest, "ndt-net"))
    lab.container("ndt-owner").remove(force=True)
    orphan = inspected(lab, "ndt-guest")
    assert "gone" in json.dumps(orphan["unknown"])


def test_a_stopped_one_tells_what_is_configured_and_why_not_more(lab: Lab) -> None:
    lab.client.networks.create("ndt-net")
    lab.foreign("ndt-box", network="ndt-net", ports={"80/tcp": ("127.0.0.1", 8099)})
    lab.container("ndt-box").stop(timeout=0)
    report = inspected(lab, "ndt-box", "--explain")
    net = on(report, "ndt-net")
    assert (net["interface"], net["host_interface"], net["evidence"], net["pings"]) == (None, None, None, [])
    assert net["bridge"]["name"] == f"br-{net['id'][:12]}"
    assert (report["routes"], report["interfaces"]) == (None, None)
    assert report["resolver"]["nameservers"] == ["127.0.0.11"]
    assert "does not run" in json.dumps(report["unknown"])
    assert report["ports"][0]["published"] == [{"address": "127.0.0.1", "port": "8099", "url": None}]
    lab.client.networks.get("ndt-net").remove()
    without = on(inspected(lab, "ndt-box"), "ndt-net")
    assert "network is gone" in without["notes"][0]


def test_one_that_was_never_started(lab: Lab) -> None:
    lab.client.containers.create(lab.busybox, ["sleep", "1"], name="ndt-box")
    report = inspected(lab, "ndt-box")
    assert report["status"] == "created"
    assert [network["name"] for network in report["networks"]] == ["bridge"]
    assert report["unknown"]
    assert lab.run("inspect", "ndt-box", "--explain").code == 0


def test_a_paused_one_has_its_network_still(lab: Lab) -> None:
    lab.client.networks.create("ndt-net")
    lab.foreign("ndt-box", network="ndt-net")
    before = inspected(lab, "ndt-box")
    lab.container("ndt-box").pause()
    after = inspected(lab, "ndt-box", "--explain")
    assert after["status"] == "paused"
    assert on(after, "ndt-net")["interface"] == on(before, "ndt-net")["interface"]
    assert after["routes"] == before["routes"]
    assert not any("docker exec" in line for item in after["commands"] for line in item["commands"])


def test_an_image_without_a_shell(lab: Lab) -> None:
    """Nothing is needed in the container."""
    binary = static_busybox()
    assert binary is not None
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(binary, "sleep")
    lab.client.api.import_image_from_data(archive.getvalue(), repository="ndt-bare", tag="latest")
    try:
        lab.client.containers.run("ndt-bare:latest", ["/sleep", "100000"], name="ndt-box", detach=True)
        report = inspected(lab, "ndt-box")
        assert on(report, "bridge")["evidence"]["interface"]
        assert report["resolver"] is not None
        assert report["unknown"] == []
        lab.container("ndt-box").remove(force=True)
    finally:
        lab.remove_image("ndt-bare:latest")


@pytest.mark.whole
def test_the_commands_do_what_they_say(lab: Lab) -> None:
    """Those that look are run, and their output holds what the report tells."""
    lab.client.networks.create("ndt-net")
    lab.foreign("ndt-box", network="ndt-net", ports={"80/tcp": ("127.0.0.1", free_port())})
    report = inspected(lab, "ndt-box", "--explain")
    net = on(report, "ndt-net")
    told = {
        "networks": "ndt-net",
        "networks.ndt-net.bridge": net["bridge"]["name"],
        "networks.ndt-net.host_interface": str(net["host_interface"]["index"]),
        "networks.ndt-net.interface": net["mac_address"],
        "networks.ndt-net.addresses": net["addresses"][0],
        "networks.ndt-net.gateways": net["gateways"][0],
        "networks.ndt-net.names": net["addresses"][0].partition("/")[0],
        "networks.ndt-net.evidence": "127.0.0.11",
        "interfaces": net["interface"]["name"],
        "routes": net["gateways"][0],
        "resolver": "127.0.0.11",
        "resolver.upstream": report["resolver"]["upstream"]["servers"][0],
        "hostname": report["hostname"]["name"],
        "hosts": net["addresses"][0].partition("/")[0],
        "ports": report["ports"][0]["published"][0]["port"],
        "helper": net["addresses"][0],
    }
    environment = {"DOCKER_HOST": lab.engine.endpoint.url, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    for item in report["commands"]:
        lines = [line for line in item["commands"] if line.startswith("docker") and item["about"] != "exercise.6"]
        outputs = [
            subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, check=True).stdout
            for line in lines
        ]
        if lines:
            assert told[item["about"]] in "".join(outputs), item
    assert set(told) <= {item["about"] for item in report["commands"]}


@pytest.mark.whole
def test_several_are_told_in_their_order(lab: Lab) -> None:
    for name in ("ndt-b", "ndt-a", "ndt-c"):
        lab.foreign(name)
    result = lab.run("inspect", "ndt-b", lab.container("ndt-a").short_id, "ndt-c", "-o", "json")
    jsonschema.validate(result.json, SCHEMA)
    assert [report["name"] for report in result.json] == ["ndt-b", "ndt-a", "ndt-c"]
    links = [on(report, "bridge")["host_interface"]["name"] for report in result.json]
    assert len(set(links)) == 3
    for report in result.json:
        assert_as_by_hand(lab, report["name"], "bridge", on(report, "bridge"))


def test_unknown_names_are_all_told_with_the_nearest(lab: Lab) -> None:
    lab.foreign("ndt-box")
    result = lab.run("inspect", "ndt-box", "ndt-bex", "elsewhere/what")
    assert result.code == 2
    assert result.out == ""
    assert "`ndt-bex` on this engine (did you mean `ndt-box`?)" in result.err
    assert "no container `elsewhere/what`" in result.err
    for odd in ("", "../../info", "a b", "/"):
        assert f"no container `{odd}`" in lab.run("inspect", odd).err
    assert lab.run("inspect").code == 2


def test_digits_that_begin_several_ids_are_refused(lab: Lab) -> None:
    by_digit: dict[str, int] = {}
    for number in range(17):  # there are sixteen digits
        digit = lab.client.containers.create(lab.busybox, ["true"], name=f"ndt-{number}").id[0]
        by_digit[digit] = by_digit.get(digit, 0) + 1
        if by_digit[digit] > 1:
            result = lab.run("inspect", digit)
            assert result.code == 2
            assert f"the ids of several containers begin with `{digit}`" in result.err
            return


def test_our_own_are_told_by_their_topology(lab: Lab) -> None:
    lab.apply(
        lab.write("""
        name: ndt-lab
        containers: {ndt-box: {image: BUSYBOX, command: KEEP, networks: {ndt-net: {aliases: [shop]}}}}
        networks: {ndt-net: }
        """)
    )
    assert inspected(lab, "ndt-box")["topology"] == "ndt-lab"
    assert "ndt-box, shop" in lab.run("inspect", "ndt-box").out


def test_an_interrupt_leaves_no_helper(lab: Lab) -> None:
    lab.foreign("ndt-box")
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        look.inspect(lab.engine, ["ndt-box"], lambda _text: None, stop)
    assert helpers(lab) == []


def test_without_a_helper_this_machine_tells_what_it_can(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.client.networks.create("ndt-net")
    lab.foreign("ndt-box", network="ndt-net")
    whole = inspected(lab, "ndt-box")

    def none_to_be_had(*_: object) -> str:
        raise OperationFailed("there is no busybox")

    monkeypatch.setattr(look, "provide_busybox", none_to_be_had)
    part = inspected(lab, "ndt-box")
    for key in ("addresses", "gateways", "default_route", "mac_address", "evidence", "names"):
        assert on(part, "ndt-net")[key] == on(whole, "ndt-net")[key]
    assert part["routes"] == whole["routes"]
    seen, known = on(part, "ndt-net")["interface"], on(whole, "ndt-net")["interface"]
    assert (seen["name"], seen["index"], seen["link"]) == (known["name"], known["index"], None)
    assert on(part, "ndt-net")["host_interface"] in (None, on(whole, "ndt-net")["host_interface"])
    monkeypatch.setattr(look, "is_on_this_host", lambda _engine: False)
    remote = inspected(lab, "ndt-box")
    assert "there is no busybox), and the engine is not on this machine" in json.dumps(remote["unknown"])
    assert on(remote, "ndt-net")["addresses"] == on(whole, "ndt-net")["addresses"]


# -- what the host reaches, and links that are broken ------------------------------------------------------------------


SERVED = """
name: ndt-lab
prefix: ndt-
containers:
  web:
    image: BUSYBOX
    command: [httpd, -f, -p, '80']
    expose: ['80', '81']
    stop_signal: SIGKILL
    networks: [net]
networks: {net: {}}
"""


def notes(report: Any) -> dict[int, str]:
    return {port["port"]: port["note"] for port in report["ports"]}


def test_an_exposed_port_is_told_as_the_host_finds_it(lab: Lab) -> None:
    lab.apply(lab.write(SERVED))
    report = inspected(lab, "ndt-web")
    address = on(report, "ndt-net")["addresses"][0].partition("/")[0]
    found = notes(report)
    with pytest.raises(urllib.error.HTTPError):  # it answers: there is no such page
        http_get(f"http://{address}:80/nothing")
    assert found[80].endswith(f"this host still does at {address}:80")
    assert found[81].endswith("this host does not")  # nothing listens there
    shell("iptables", "-I", "OUTPUT", "-d", address, "-p", "tcp", "--dport", "80", "-j", "DROP")
    try:
        assert notes(inspected(lab, "ndt-web"))[80].endswith("this host does not")
    finally:
        shell("iptables", "-D", "OUTPUT", "1")


def test_a_link_that_is_broken_is_told_and_is_no_evidence(lab: Lab) -> None:
    lab.apply(lab.write(SERVED))
    pid = lab.container("ndt-web").attrs["State"]["Pid"]
    before = on(inspected(lab, "ndt-web"), "ndt-net")
    assert before["evidence"]["interface"]
    assert before["interface"]["mtu"] == 1500
    peer = before["host_interface"]["name"]
    shell("ip", "link", "set", peer, "nomaster")
    assert (
        f"its end on the host, {peer}, is a port of no bridge" in on(inspected(lab, "ndt-web"), "ndt-net")["notes"][0]
    )
    shell("ip", "link", "set", peer, "down")
    assert f"its end on the host, {peer}, is down" in on(inspected(lab, "ndt-web"), "ndt-net")["notes"]
    shell("nsenter", f"--net=/proc/{pid}/ns/net", "ip", "link", "set", "eth0", "down")
    after = on(inspected(lab, "ndt-web"), "ndt-net")
    assert "`eth0` is down inside" in after["notes"]
    assert not after["evidence"]["interface"]


def shell(*command: str) -> None:
    subprocess.run(command, check=True, timeout=30)
