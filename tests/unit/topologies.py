"""Random topologies that are right, and random changes by hand, for the property tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from unit.paper_engine import PaperEngine

CONTAINERS = ("alpha", "beta", "gamma", "delta")
NETWORKS = ("front", "back", "side")
SUBNETS = ("10.9.1.0/24", "10.9.2.0/24", "10.9.3.0/24", "10.9.0.0/16")
Json = dict[str, Any]


@st.composite
def topologies(draw: st.DrawFn) -> str:
    """A topology as text; JSON is YAML."""
    networks = draw(_networks())
    volumes = draw(st.sets(st.sampled_from(("data", "logs"))))
    names = draw(st.lists(st.sampled_from(CONTAINERS), unique=True, min_size=1))
    addresses = {name: draw(st.permutations(range(100, 100 + len(CONTAINERS)))) for name in networks}
    ports = draw(st.permutations(range(8000, 8000 + len(CONTAINERS))))
    containers: dict[str, Json] = {}
    for index, name in enumerate(names):
        before = list(containers)
        containers[name] = draw(_container(before, sorted(volumes)))
        if "network_mode" not in containers[name]:
            here = {
                net: draw(_attachment(networks[net], addresses[net][index])) for net in draw(_some(sorted(networks)))
            }
            containers[name] |= {"networks": here} if here else {}
            containers[name] |= {"ports": [f"{ports[index]}:80"]} if draw(st.booleans()) else {}
    prefix = draw(st.sampled_from(("", "", "", "copy-")))
    return json.dumps(
        {
            "name": "lab",
            **({"prefix": prefix} if prefix else {}),
            "containers": containers,
            "networks": networks,
            "volumes": {name: {} for name in sorted(volumes)},
        }
    )


def _some(names: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True) if names else st.just([])


@st.composite
def _networks(draw: st.DrawFn) -> dict[str, Json]:
    keys = draw(st.lists(st.sampled_from(NETWORKS), unique=True))
    free = list(draw(st.sampled_from((SUBNETS[:3], SUBNETS[3:]))))
    made: dict[str, Json] = {}
    for key in keys:
        made[key] = {"internal": True} if draw(st.integers(0, 4)) == 0 else {}
        if free and draw(st.booleans()):
            made[key]["ipam"] = {"config": [{"subnet": free.pop(draw(st.integers(0, len(free) - 1)))}]}
        if draw(st.integers(0, 5)) == 0:
            made[key]["name"] = f"{draw(st.sampled_from(NETWORKS))}-net"
    names = [network.get("name", key) for key, network in made.items()]
    return made if len(set(names)) == len(names) else {key: {**made[key], "name": key} for key in keys}


@st.composite
def _attachment(draw: st.DrawFn, network: Json, host: int) -> Json:
    aliases = draw(st.lists(st.sampled_from(("api", "db", "cache")), unique=True, max_size=2))
    made: Json = {"aliases": aliases} if aliases else {}
    subnet = network.get("ipam", {}).get("config", [{}])[0].get("subnet")
    if subnet and draw(st.booleans()):
        made["ipv4_address"] = f"{subnet.rpartition('.')[0]}.{host}"
    return made


@st.composite
def _container(draw: st.DrawFn, before: list[str], volumes: list[str]) -> Json:
    made: Json = {"image": draw(st.sampled_from(("busybox", "nginx", "redis")))}
    if draw(st.booleans()):
        made["environment"] = {"MODE": draw(st.sampled_from(("a", "b")))}
    if draw(st.booleans()):
        made["restart"] = draw(st.sampled_from(("always", "on-failure:3")))
    if volumes and draw(st.booleans()):
        made["volumes"] = [f"{draw(st.sampled_from(volumes))}:/data"]
    dependencies = draw(_some(before))
    if dependencies:
        conditions = st.sampled_from(("service_started", "service_healthy"))
        made["depends_on"] = {name: {"condition": draw(conditions)} for name in dependencies}
    mode = draw(st.sampled_from((None, None, None, "none", "shared")))
    if mode == "shared" and before:
        made["network_mode"] = f"container:{draw(st.sampled_from(before))}"
    elif mode == "none":
        made["network_mode"] = "none"
    return made


def tamper(engine: PaperEngine, draw: st.DrawFn) -> str:  # noqa: C901 - one branch for each verb
    """One change by hand, of those that a real engine allows; returns what was done."""
    names = sorted(answer["Name"].removeprefix("/") for answer in engine.containers.values())
    if not names:
        return "nothing"
    name = draw(st.sampled_from(names))
    answer = engine.container(name)
    networks = sorted(set(answer["NetworkSettings"]["Networks"]) - {"bridge", "none", "host"})
    verb = draw(
        st.sampled_from(("stop", "pause", "rename", "swap", "remove", "disconnect", "alias", "lose", "connect"))
    )
    running = answer["State"]["Running"] and not answer["State"]["Paused"]
    if verb == "stop" and running:
        engine.stop(name, exit_code=1)
    elif verb == "pause" and running:
        engine.pause(name)
    elif verb == "rename":
        free = sorted({*CONTAINERS, "elsewhere"} - set(names))
        engine.rename(name, draw(st.sampled_from(free)))
    elif verb == "swap" and len(names) > 1:
        other = draw(st.sampled_from([n for n in names if n != name]))
        mine, theirs = engine.container(name), engine.container(other)
        mine["Name"], theirs["Name"] = theirs["Name"], mine["Name"]
    elif verb == "remove":
        engine.remove(name)
    elif verb == "disconnect" and networks:
        engine.disconnect(name, networks[0])
    elif verb == "alias" and networks:
        engine.endpoint(name, networks[0])["Aliases"] = ["stranger"]
    elif verb == "lose" and networks:
        _lose(engine, networks[0])
    elif verb == "connect" and networks and "other" not in networks:
        if not any(network["Name"] == "other" for network in engine.networks.values()):
            engine.foreign_network("other")
        engine.connect(name, "other")
    return f"{verb} {name}"


def _lose(engine: PaperEngine, network: str) -> None:
    """A network goes under stopped containers; running ones were disconnected first, as an engine demands."""
    id_ = engine.network_id(network)
    for answer in engine.containers.values():
        endpoint = answer["NetworkSettings"]["Networks"].get(network)
        if endpoint and endpoint["NetworkID"] == id_ and answer["State"]["Running"]:
            del answer["NetworkSettings"]["Networks"][network]
    engine.lose_network(network)
