"""From what was seen to the report: interfaces, routes and ports find their networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.inspect.seen import GENERATIONS, Json, recorded

from netdeploy.engine.connect import Endpoint
from netdeploy.inspect.look import Inspection, Seen
from netdeploy.inspect.report import InspectReport, NetworkReport
from netdeploy.inspect.space import Space
from netdeploy.inspect.tell import tell
from netdeploy.render.inspect_text import inspect_text

OLD = GENERATIONS[0]


def on(report: InspectReport, network: str) -> NetworkReport:
    return next(item for item in report.networks if item.name == network)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_network_has_its_interface_inside_and_on_the_host(generation: str) -> None:
    report = tell(recorded(generation))
    assert [network.name for network in report.networks] == ["bridge", "ndt-back", "ndt-front", "ndt-six"]
    for network in report.networks:
        assert network.interface is not None
        assert network.host_interface is not None
        assert network.bridge is not None
        assert network.interface.link == network.host_interface.index
        assert network.host_interface.bridge == network.bridge.name
        assert network.evidence is not None
        assert network.evidence.interface
        assert network.evidence.route
        assert all(ping.answers for ping in network.pings)
    assert on(report, "bridge").bridge == on(report, "bridge").bridge
    assert len({network.host_interface for network in report.networks}) == 4
    assert report.unknown == ()
    assert report.commands is None


@pytest.mark.parametrize("generation", GENERATIONS)
def test_one_default_route_of_a_family_is_used(generation: str) -> None:
    report = tell(recorded(generation))
    defaults = [route for route in report.routes or () if route.default and route.gateway and ":" not in route.gateway]
    assert len(defaults) == 1
    (leading,) = {network.name for network in report.networks if network.default_route} & {
        route.network for route in defaults
    }
    assert leading != "ndt-back"
    assert defaults[0].gateway in on(report, str(leading)).gateways
    assert on(report, "ndt-back").default_route is False


@pytest.mark.parametrize("generation", GENERATIONS)
def test_names_are_those_of_each_network(generation: str) -> None:
    report = tell(recorded(generation))
    short_id = report.id[:12]
    assert on(report, "bridge").names == ()
    assert "no names" in on(report, "bridge").notes[0]
    back = on(report, "ndt-back").names
    assert (back[0], back[-1], set(back[1:-1])) == ("ndt-web", short_id, {"shop", "store", "web.lab"})


@pytest.mark.parametrize("generation", GENERATIONS)
def test_ports_lead_to_the_network_of_the_default_route(generation: str) -> None:
    report = tell(recorded(generation), host_name="192.0.2.7")
    ports = {port.port: port for port in report.ports}
    leading = next(network for network in report.networks if network.default_route)
    assert ports[80].leads_to == f"{leading.addresses[0].partition('/')[0]}:80"
    assert {item.url for item in ports[80].published} == {"http://192.0.2.7:8080"}
    assert [item.url for item in ports[443].published] == [None]  # another machine's loopback
    here = {port.port: port for port in tell(recorded(generation)).ports}
    assert [item.url for item in here[443].published] == ["http://localhost:8443"]
    assert "127.0.0.1 inside only" in (ports[443].note or "")
    assert "nothing listens" in (ports[81].note or "")
    assert ports[80].note is None


def test_a_veth_is_found_by_its_number_never_the_other_way_round() -> None:
    """On newer engines the first interface of every container has the same number."""
    inspection = recorded(OLD)
    space, host = inspection.inside.space, inspection.host.space
    assert space is not None
    assert host is not None
    same = [replace(i, link=2) if i.name.startswith("veth") else i for i in host.interfaces]
    eth0 = space.by_name("eth0")
    assert eth0 is not None
    inside = Space(tuple(replace(i, index=2) if i == eth0 else i for i in space.interfaces), space.routes)
    found = tell(replace(inspection, inside=Seen(inside), host=Seen(Space(tuple(same)))))
    network = next(n for n in found.networks if n.interface and n.interface.name == "eth0")
    assert network.host_interface is not None
    assert network.host_interface.index == eth0.link


def without_link(inspection: Inspection) -> Inspection:
    """As /proc tells it: without the number of the other end, and without MAC addresses."""
    space = inspection.inside.space
    assert space is not None
    interfaces = tuple(replace(i, link=0, mac_address="") for i in space.interfaces)
    return replace(inspection, inside=Seen(replace(space, interfaces=interfaces)))


def test_without_the_other_ends_number_only_a_single_candidate_is_told() -> None:
    whole, part = tell(recorded(OLD)), tell(without_link(recorded(OLD)))
    for network in part.networks:
        assert network.host_interface == on(whole, network.name).host_interface
        assert network.mac_address == on(whole, network.name).mac_address
    inspection = without_link(recorded(OLD))
    host = inspection.host.space
    assert host is not None
    twins = tuple(replace(i, name=f"{i.name}x", index=i.index + 100) for i in host.interfaces if i.bridge)
    doubled = replace(inspection, host=Seen(replace(host, interfaces=(*host.interfaces, *twins))))
    assert {network.host_interface for network in tell(doubled).networks} == {None}


def test_what_is_not_known_is_said() -> None:
    def spoil(document: Json) -> None:
        document.update(inside=None, host=None, resolv_conf=None, no_resolv_conf="it is a directory")

    report = tell(recorded(OLD, spoil), explain=True)
    assert [(item.what, item.why) for item in report.unknown] == [
        ("interfaces, routes and listeners inside, and the host's side", "there is no helper"),
        ("/etc/resolv.conf", "it is a directory"),
    ]
    network = on(report, "ndt-front")
    assert network.addresses
    assert network.mac_address
    assert network.names
    assert (network.interface, network.evidence, network.default_route) == (None, None, None)
    assert {port.listening for port in report.ports} == {None}
    assert {port.leads_to for port in report.ports} == {None}


def test_the_host_alone_may_be_unknown() -> None:
    report = tell(recorded(OLD, lambda document: document.update(host=None)))
    assert [item.what for item in report.unknown] == ["the host's side"]
    bridge = on(report, "ndt-front").bridge
    assert bridge is not None
    assert (bridge.exists, bridge.addresses) == (None, ())


def test_a_machine_without_ping_says_so() -> None:
    def spoil(document: Json) -> None:
        document["host"] = "\n".join(line for line in document["host"].splitlines() if not line.startswith("ping "))

    (unknown,) = tell(recorded(OLD, spoil)).unknown
    assert "no `ping`" in unknown.why


def network_of(document: Json, name: str) -> Any:
    return next(item for item in document["networks"] if item["Name"] == name)


def test_a_bridge_may_have_a_name_of_its_own() -> None:
    def change(document: Json) -> None:
        network_of(document, "ndt-front")["Options"] = {"com.docker.network.bridge.name": "br-own"}

    bridge = on(tell(recorded(OLD, change)), "ndt-front").bridge
    assert bridge is not None
    assert (bridge.name, bridge.exists) == ("br-own", False)


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan", "overlay", "weave"])
def test_drivers_without_a_bridge(driver: str) -> None:
    network = on(tell(recorded(OLD, lambda d: network_of(d, "ndt-front").update(Driver=driver))), "ndt-front")
    assert network.bridge is None
    assert "bridge" in network.notes[0]


def test_an_interface_that_stands_on_another_names_it() -> None:
    """macvlan: the number is that of the parent, which names itself."""

    def change(document: Json) -> None:
        network_of(document, "ndt-front").update(Driver="macvlan")
        mac = document["container"]["NetworkSettings"]["Networks"]["ndt-front"]["MacAddress"]
        document["inside"] = "\n".join(
            f"link eth0 5 2 - up {mac}" if mac in line.split() else line for line in document["inside"].splitlines()
        )

    network = on(tell(recorded(OLD, change)), "ndt-front")
    assert network.host_interface is None
    assert any("stands on `docker0`" in note for note in network.notes)


def test_a_network_that_is_gone() -> None:
    def change(document: Json) -> None:
        document["networks"] = [item for item in document["networks"] if item["Name"] != "ndt-front"]

    network = on(tell(recorded(OLD, change)), "ndt-front")
    assert network.driver is None
    assert "docker network disconnect ndt-front ndt-web" in network.notes[0]


def test_the_engines_host_has_a_name() -> None:
    assert Endpoint("unix:///var/run/docker.sock", "").host_name == "localhost"
    assert Endpoint("tcp://lab-7.example:2375", "").host_name == "lab-7.example"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_question_of_the_exercise_has_its_commands(generation: str) -> None:
    report = tell(recorded(generation), explain=True)
    assert report.commands is not None
    assert {item.question for item in report.commands} >= set(range(1, 9))
    assert all(item.commands for item in report.commands)
    about = [item.about for item in report.commands]
    assert len(about) == len(set(about))


def test_a_paused_containers_commands_need_no_exec() -> None:
    report = tell(recorded(OLD, lambda d: d["container"]["State"].update(Status="paused", Paused=True)), explain=True)
    lines = [line for item in report.commands or () for line in item.commands]
    assert not any("docker exec" in line for line in lines)
    assert any(line.startswith("docker run --rm --network container:ndt-web busybox:latest ip addr") for line in lines)


def test_an_interface_of_no_network_may_be_the_way_out() -> None:
    """As with overlay networks: docker_gwbridge is not among the container's networks."""

    def change(document: Json) -> None:
        document["container"]["NetworkSettings"]["Networks"].pop("ndt-six")

    inspection = recorded(OLD, change)
    report = tell(inspection)
    assert not any(network.default_route for network in report.networks)
    way_out = next(route for route in report.routes or () if route.default)
    assert way_out.network is None
    interface = next(i for i in report.interfaces or () if i.name == way_out.interface)
    ports = {port.port: port for port in report.ports}
    assert ports[80].leads_to == f"{interface.addresses[0].partition('/')[0]}:80"
    text = inspect_text(report).plain
    assert "Other interfaces inside" in text
    assert f"the default route leads out of {way_out.interface}" in text
