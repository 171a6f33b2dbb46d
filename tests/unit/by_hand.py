"""Random changes by hand on the engine on paper, and random things on it that are somebody else's."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st
from unit.paper_engine import PaperEngine
from unit.topologies import ADDRESSES, CONTAINERS, PAPER

from netdeploy.identity import TopologyId
from netdeploy.plan.ownership import our_networks

Json = dict[str, Any]
VERBS = ("stop", "pause", "rename", "swap", "remove", "disconnect", "alias", "lose", "connect", "reboot")


def strangers(engine: PaperEngine, topology: Json, draw: st.DrawFn) -> list[str]:
    """Put things on the engine that are not ours: under names that a topology wants, on subnets, as guests.

    Returns the names of wanted objects that are theirs.
    """
    prefix = topology.get("prefix", "")
    compose = {"com.docker.compose.project": "shop"}
    labels = draw(st.sampled_from(({}, compose, _others("other", ""), _others("lab", "another-"))))
    taken = []
    standing = {answer["Name"].removeprefix("/") for answer in engine.containers.values()}
    for name in draw(st.lists(st.sampled_from(sorted(topology["containers"])), unique=True, max_size=2)):
        if prefix + name not in standing:
            engine.foreign_container(prefix + name, labels=labels)
            taken.append(prefix + name)
    known = {network["Name"] for network in engine.networks.values()}
    for key, network in topology["networks"].items():
        name = prefix + network.get("name", key)
        if name not in known and draw(st.integers(0, 3)) == 0:
            engine.foreign_network(name, labels)
            taken.append(name)
    for key in topology["volumes"]:
        if prefix + key not in engine.volumes and draw(st.integers(0, 3)) == 0:
            engine.volumes[prefix + key] = {"Name": prefix + key, "Driver": "local", "Labels": labels, "Options": None}
            taken.append(prefix + key)
    if draw(st.integers(0, 3)) == 0 and _is_free(engine, f"{PAPER.subnets[0]}.0/24"):
        engine.foreign_network("office", labels, IPAM={"Config": [{"Subnet": f"{PAPER.subnets[0]}.0/24"}]})
    fixed = {prefix + name for name in _networks_with_fixed_addresses(topology)}  # those are told by the look before
    ours = sorted({network.name for network in our_networks(engine.snapshot(), TopologyId("lab", prefix))} - fixed)
    if ours and draw(st.integers(0, 3)) == 0:
        engine.foreign_container("guest", [draw(st.sampled_from(ours))], labels)
    return taken


def _networks_with_fixed_addresses(topology: Json) -> set[str]:
    keys = {
        key
        for container in topology["containers"].values()
        for key, place in container.get("networks", {}).items()
        if set(ADDRESSES.values()) & place.keys()
    }
    return {topology["networks"][key].get("name", key) for key in keys}


def _others(topology: str, prefix: str) -> Json:
    """The labels of another topology: one of the same name and another prefix is another one."""
    return {
        "netdeploy.topology": topology,
        "netdeploy.prefix": prefix,
        "netdeploy.kind": "container",
        "netdeploy.name": "alpha",
    }


def _is_free(engine: PaperEngine, subnet: str) -> bool:
    free = copy.deepcopy(engine)
    try:
        free.foreign_network("trial", IPAM={"Config": [{"Subnet": subnet}]})
    except AssertionError:
        return False
    return True


def tamper(engine: PaperEngine, draw: st.DrawFn) -> str:  # noqa: C901 - one branch for each verb
    """One change by hand, of those that a real engine allows; returns what was done."""
    names = sorted(answer["Name"].removeprefix("/") for answer in engine.containers.values())
    if not names:
        return "nothing"
    name = draw(st.sampled_from(names))
    answer = engine.container(name)
    networks = sorted(set(answer["NetworkSettings"]["Networks"]) - {"bridge", "none", "host"})
    verb = draw(st.sampled_from(VERBS))
    running = answer["State"]["Running"] and not answer["State"]["Paused"]
    if verb == "stop" and running:
        engine.stop(name, exit_code=1)
    elif verb == "reboot":
        _reboot(engine, draw(st.permutations(names)))
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


def _reboot(engine: PaperEngine, order: list[str]) -> None:
    """All containers end, and start again one by one; what an engine refuses to start stays as it is."""
    for name in order:
        if engine.container(name)["State"]["Running"]:
            engine.stop(name)
    for name in order:
        try:
            engine.start(name)
        except AssertionError:
            engine.stop(name)


def _lose(engine: PaperEngine, network: str) -> None:
    """A network goes under stopped containers; running ones were disconnected first, as an engine demands."""
    id_ = engine.network_id(network)
    for answer in engine.containers.values():
        endpoint = answer["NetworkSettings"]["Networks"].get(network)
        if endpoint and endpoint["NetworkID"] == id_ and answer["State"]["Running"]:
            del answer["NetworkSettings"]["Networks"][network]
    engine.lose_network(network)
