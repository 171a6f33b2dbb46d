"""Any topology becomes any other, on a real engine, and what the two share is not touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st

from engine.lab import Identity, Lab, sweep
from netdeploy.topology.read import read_bytes

Json = dict[str, Any]
CONTAINERS = ("alpha", "beta", "gamma", "delta")
NETWORKS = ("front", "back", "side")
VOLUMES = ("data", "logs")
PORTS = (18931, 18932, 18933, 18934)


@st.composite
def topologies(draw: st.DrawFn) -> Json:
    """A topology with networks, aliases, addresses, ports and volumes."""
    networks = {key: draw(networks_of(index)) for index, key in enumerate(draw(some(NETWORKS)))}
    volumes = draw(some(VOLUMES))
    names = draw(st.lists(st.sampled_from(CONTAINERS), unique=True, min_size=1))
    ports = draw(st.permutations(PORTS))
    hosts = draw(st.permutations(range(100, 104)))
    containers: Json = {}
    for index, name in enumerate(names):
        containers[name] = draw(containers_of(networks, volumes, hosts[index], ports[index], list(containers)))
    return {
        "name": "ndt-lab",
        "prefix": "ndt-",
        "containers": containers,
        "networks": networks,
        "volumes": {key: {} for key in volumes},
    }


@st.composite
def edits(draw: st.DrawFn, one: Json) -> Json:
    """Another topology that keeps some of `one`."""
    two = draw(topologies())
    for section in ("volumes", "networks", "containers"):
        for key in draw(some(sorted(one[section]))):
            two[section][key] = one[section][key]
    return two


def is_right(topology: Json) -> bool:
    """Whether it can be: what it keeps may want a port or address of what is new, or lack its network."""
    file = Path("/topology.yaml")
    text = json.dumps(topology).replace("BUSYBOX", "busybox")
    return read_bytes(text.encode(), file, str(file), {}).topology is not None


def some(names: tuple[str, ...] | list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True) if names else st.just([])


@st.composite
def networks_of(draw: st.DrawFn, index: int) -> Json:
    made: Json = draw(st.sampled_from(({}, {}, {"internal": True}, {"labels": {"team": "a"}})))
    subnets = (f"10.83.{40 + index}.0/24", f"10.83.{40 + (index + 1) % 3}.0/25", None)
    subnet = subnets[draw(st.sampled_from((0, 0, 2)))]
    return made | ({"ipam": {"config": [{"subnet": subnet}]}} if subnet else {})


@st.composite
def containers_of(draw: st.DrawFn, networks: Json, volumes: list[str], host: int, port: int, before: list[str]) -> Json:
    made: Json = {"image": "BUSYBOX", "command": ["sleep", "100000"], "init": True}
    extras: tuple[Json, ...] = ({"mem_limit": "64m"}, {"cpus": 0.5}, {"restart": "always"}, {"pids_limit": 50})
    for extra in ({"environment": {"MODE": "a"}}, draw(st.sampled_from(extras))):
        made |= extra if draw(st.booleans()) else {}
    if volumes and draw(st.booleans()):
        made["volumes"] = [f"{draw(st.sampled_from(volumes))}:/data"]
    if before and draw(st.integers(0, 4)) == 0:
        return made | {"network_mode": f"container:{draw(st.sampled_from(before))}"}
    joined = draw(some(sorted(networks)))
    if joined:
        made["networks"] = {key: draw(attachments(networks[key], host)) for key in joined}
    return made | ({"ports": [f"127.0.0.1:{port}:80"]} if draw(st.booleans()) else {})


@st.composite
def attachments(draw: st.DrawFn, network: Json, host: int) -> Json:
    aliases = draw(some(["api", "db"]))
    made: Json = {"aliases": aliases} if aliases else {}
    subnet = network.get("ipam", {}).get("config", [{}])[0].get("subnet", "")
    if subnet and draw(st.booleans()):
        made["ipv4_address"] = f"{subnet.rpartition('.')[0]}.{host}"
    return made


def shared(before: Json, after: Json) -> list[str]:
    """Containers that both topologies have alike, with all they stand on."""
    found = []
    for name, container in before["containers"].items():
        if after["containers"].get(name) != container:
            continue
        networks = container.get("networks", {})
        owner = container.get("network_mode", "").removeprefix("container:")
        alike = all(before["networks"][key] == after["networks"].get(key) for key in networks)
        if alike and (not owner or owner in found):
            found.append(name)
    return [f"ndt-{name}" for name in found]


def standing(lab: Lab) -> dict[str, str]:
    return {network.name: network.id for network in lab.client.networks.list() if network.name.startswith("ndt-")}


@settings(
    max_examples=int(os.environ.get("RANDOM_TOPOLOGIES", "12")),
    deadline=None,
    derandomize="RANDOM_TOPOLOGIES" not in os.environ,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(topologies(), st.data())
def test_any_topology_becomes_any_other_and_what_they_share_is_not_touched(
    lab: Lab, one: Json, data: st.DataObject
) -> None:
    two = data.draw(edits(one))
    assume(is_right(two))
    sweep(lab.client)
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
    kept = {f"ndt-{key}" for key, network in one["networks"].items() if two["networks"].get(key) == network}
    assert {name: id_ for name, id_ in standing(lab).items() if name in kept} == {
        name: id_ for name, id_ in networks.items() if name in kept
    }
