"""Any topology becomes any other, on a real engine, and what the two share is not touched."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st
from unit.topologies import Bench, Json, edits, is_right, shared, some, topologies

from engine.lab import Identity, Lab, sweep

KEEPS: Json = {"image": "BUSYBOX", "command": ["sleep", "100000"], "stop_signal": "SIGKILL"}
BENCH = Bench(
    name="ndt-lab",
    prefixes=("ndt-",),
    images=(KEEPS,),
    plain=KEEPS,
    subnets=("10.83.41", "10.83.42", "10.83.43"),
    six=("fd83:41::", "fd83:42::", "fd83:43::"),
    address="127.0.0.1:",
    first_port=18931,
    conditions=("service_started",),
)
pytestmark = pytest.mark.timeout(900)
# each example makes containers, so there are few, and none is tried again to make it smaller
some_examples = settings(
    max_examples=int(os.environ.get("RANDOM_TOPOLOGIES", "6")),
    deadline=timedelta(minutes=3),
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def with_image(topology: Json) -> Json:
    named: Json = json.loads(json.dumps(topology).replace("BUSYBOX", "busybox"))
    return named


def network_name(topology: Json, key: str) -> str:
    return f"ndt-{topology['networks'][key].get('name', key)}"


def standing(lab: Lab) -> dict[str, str]:
    return {network.name: network.id for network in lab.client.networks.list() if network.name.startswith("ndt-")}


@some_examples
@given(topologies(BENCH), st.data())
def test_any_topology_becomes_any_other_and_what_they_share_is_not_touched(
    lab: Lab, one: Json, data: st.DataObject
) -> None:
    two = data.draw(edits(one, BENCH))
    assume(is_right(with_image(two)))
    sweep(lab.client)
    volumes = {volume.name for volume in lab.client.volumes.list()}
    lab.apply(lab.write(json.dumps(one)))
    same, networks = shared(one, two), standing(lab)
    event(f"{len(same)} containers shared")
    before: dict[str, Identity] = lab.identities(*same)
    file = lab.write(json.dumps(two))
    changed = {change["name"] for change in lab.diff(file) if change["kind"] != "network"}
    lab.apply(file)
    untouched = [name for name in same if name not in changed]
    assert sorted(untouched) == sorted(same), f"shared, and yet to be changed: {changed & set(same)}"
    assert lab.identities(*same) == before
    alike = [key for key, network in one["networks"].items() if two["networks"].get(key) == network]
    kept = {network_name(one, key) for key in alike}
    assert {name: id_ for name, id_ in standing(lab).items() if name in kept} == {
        name: id_ for name, id_ in networks.items() if name in kept
    }
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert not lab.names()
    assert {volume.name for volume in lab.client.volumes.list()} == volumes


@pytest.mark.whole
@some_examples
@given(topologies(BENCH), st.data())
def test_what_is_not_ours_is_a_conflict_and_left_alone(lab: Lab, topology: Json, data: st.DataObject) -> None:
    sweep(lab.client)
    containers = [f"ndt-{name}" for name in data.draw(some(sorted(topology["containers"])))]
    networks = [network_name(topology, key) for key in data.draw(some(sorted(topology["networks"])))]
    volumes = [f"ndt-{key}" for key in data.draw(some(sorted(topology["volumes"])))]
    assume(containers or networks or volumes)
    ids = {lab.client.api.create_container(lab.busybox, "true", name=name)["Id"] for name in containers}
    ids |= {str(lab.client.networks.create(name).id) for name in networks}
    for name in volumes:
        lab.client.volumes.create(name, labels={"whose": "theirs"})
    file = lab.write(json.dumps(topology))
    assert {change["name"] for change in lab.diff(file) if change["action"] == "conflict"} == {
        *containers,
        *networks,
        *volumes,
    }
    assert lab.run("apply", file).code != 0
    assert lab.names() == {*containers, *networks}
    assert {c.id for c in lab.client.containers.list(all=True) if c.name in containers} | {
        id_ for name, id_ in standing(lab).items() if name in networks
    } == ids
    assert lab.volumes() == set(volumes)
    sweep(lab.client)
    lab.apply(file)
