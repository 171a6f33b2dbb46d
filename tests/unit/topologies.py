"""Random topologies that are right: for the engine on paper, and for real ones.

A `not yet` below leaves out what is known to fail, so that everything else is tried all the time. Whoever mends such a
behaviour takes the line out.
"""

from __future__ import annotations

import copy
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from netdeploy.topology.read import read_bytes

Json = dict[str, Any]
CONTAINERS = ("alpha", "beta", "gamma", "delta", "omega")
NETWORKS = ("front", "back", "side")
VOLUMES = ("data", "logs")
ENDS = ["true"]
"""The command of a container that ends well at once."""


@dataclass(frozen=True)
class Bench:
    """What differs between engines: names, images, addresses and ports that are free there."""

    name: str = "lab"
    prefixes: tuple[str, ...] = ("", "copy-")
    images: tuple[Json, ...] = ({"image": "busybox"}, {"image": "nginx"}, {"image": "redis"})
    plain: Json = field(default_factory=lambda: {"image": "busybox"})
    """A container that runs until it is stopped, from an image without volumes of its own."""
    subnets: tuple[str, ...] = ("10.9.1", "10.9.2", "10.9.3")
    six: tuple[str, ...] = ("fd09:1::", "fd09:2::", "fd09:3::")
    address: str = ""
    """Of the host, for published ports."""
    first_port: int = 8000
    conditions: tuple[str, ...] = ("service_started", "service_healthy")


PAPER = Bench()
ADDRESSES = {4: "ipv4_address", 6: "ipv6_address"}
HOSTS = range(2, 2 + len(CONTAINERS))
"""Fixed addresses, which containers without one may have by chance."""


@st.composite
def topologies(draw: st.DrawFn, bench: Bench = PAPER) -> Json:
    """A topology; all that one test draws for one bench have the same prefix: another one is another topology."""
    networks = draw(_networks(bench))
    volumes = sorted(draw(st.sets(st.sampled_from(VOLUMES))))
    names = draw(st.lists(st.sampled_from(CONTAINERS), unique=True, min_size=1))
    made: dict[str, Json] = {}
    for index, name in enumerate(names):
        made[name] = draw(_container(bench, index, made, networks, volumes))
    prefix = draw(st.shared(st.sampled_from(bench.prefixes), key=f"prefix of {bench.name}"))
    return _settled(
        bench,
        {
            "name": bench.name,
            **({"prefix": prefix} if prefix else {}),
            "containers": made,
            "networks": networks,
            "volumes": {name: {} for name in volumes},
        },
    )


@st.composite
def edits(draw: st.DrawFn, one: Json, bench: Bench = PAPER) -> Json:
    """Another topology that keeps some of `one`; it need not be right, see `is_right`."""
    two = draw(topologies(bench))
    for section in ("volumes", "networks", "containers"):
        for key in draw(some(sorted(one[section]))):
            two[section][key] = copy.deepcopy(one[section][key])
    return _settled(bench, two)


@st.composite
def pairs(draw: st.DrawFn, bench: Bench = PAPER) -> tuple[Json, Json]:
    """Two topologies that may have much in common, as a file before and after an edit has."""
    one = draw(topologies(bench))
    two = draw(st.one_of(topologies(bench), edits(one, bench)))
    assume(is_right(two))
    return one, two


def is_right(topology: Json) -> bool:
    """Whether it can be: what it keeps may want a port or address of what is new, or lack its network."""
    file = Path("/topology.yaml")
    return read_bytes(json.dumps(topology).encode(), file, str(file), {}).topology is not None


def shared(before: Json, after: Json) -> list[str]:
    """Containers that both topologies have alike, with all that they stand on: their engine names."""
    return [before.get("prefix", "") + name for name in before["containers"] if _is_alike(name, before, after)]


def _is_alike(name: str, before: Json, after: Json) -> bool:
    container = before["containers"].get(name)
    if container is None or after["containers"].get(name) != container:
        return False
    networks = all(before["networks"].get(key) == after["networks"].get(key) for key in container.get("networks", {}))
    return networks and all(_is_alike(other, before, after) for other in relies_on(container))


def relies_on(container: Json) -> set[str]:
    """The containers whose namespaces or mounts it has, or to which it has links."""
    return _needs_running(container) | {text.partition(":")[0] for text in container.get("volumes_from", ())}


def _needs_running(container: Json) -> set[str]:
    """Those that an engine must find running when it starts: to borrow mounts from what has ended is fine."""
    modes = (str(container.get(mode, "")) for mode in ("network_mode", "pid", "ipc"))
    shared_with = {mode.removeprefix("container:") for mode in modes if mode.startswith("container:")}
    return shared_with | {text.partition(":")[0] for text in container.get("links", ())}


def some(names: Iterable[str]) -> st.SearchStrategy[list[str]]:
    known = list(names)
    return st.lists(st.sampled_from(known), unique=True) if known else st.just([])


# -- networks --


@st.composite
def _networks(draw: st.DrawFn, bench: Bench) -> dict[str, Json]:
    keys = draw(st.lists(st.sampled_from(NETWORKS), unique=True))
    wide = f"{bench.subnets[0].rpartition('.')[0]}.0.0/16"  # it overlaps all the others
    apart = draw(st.permutations([f"{start}.0/24" for start in bench.subnets]))
    four, six = draw(st.sampled_from(([*apart], [wide]))), draw(st.permutations(bench.six))
    made: dict[str, Json] = {}
    for key in keys:
        made[key] = draw(st.sampled_from(({}, {}, {}, {"internal": True}, {"labels": {"team": "a"}})))
        kinds = draw(st.sampled_from(("", "", "4", "4", "46", "6")))
        pools = [{"subnet": four.pop()}] if "4" in kinds and four else []
        if "6" in kinds:
            pools.append({"subnet": f"{six.pop()}/64"})
            made[key] = made[key] | {"enable_ipv6": True}
        made[key] = made[key] | ({"ipam": {"config": pools}} if pools else {})
    if draw(st.integers(0, 5)) == 0:
        _rename(made, draw(st.permutations(NETWORKS)))
    return made


def _rename(networks: dict[str, Json], names: Iterable[str]) -> None:
    """Other names than the keys; some are the keys of others."""
    for (key, network), name in zip(networks.items(), names, strict=False):
        networks[key] = network | {"name": name}


@st.composite
def _attachment(draw: st.DrawFn, network: Json, host: int) -> Json:
    aliases = draw(st.lists(st.sampled_from(("api", "db", "cache")), unique=True, max_size=2))
    made: Json = {"aliases": aliases} if aliases else {}
    for pool in network.get("ipam", {}).get("config", ()):
        subnet, _, _ = pool["subnet"].partition("/")
        field, start = ("ipv6_address", subnet) if ":" in subnet else ("ipv4_address", subnet.rpartition(".")[0] + ".")
        if draw(st.booleans()):
            made[field] = f"{start}{host}"
    return made


# -- containers --


@st.composite
def _container(
    draw: st.DrawFn, bench: Bench, index: int, before: dict[str, Json], networks: dict[str, Json], volumes: list[str]
) -> Json:
    made: Json = dict(draw(st.sampled_from(bench.images)))
    if draw(st.integers(0, 5)) == 0:
        return {**bench.plain, "command": ENDS}
    extras: tuple[Json, ...] = ({"restart": "always"}, {"restart": "on-failure:3"}, {"mem_limit": "64m"}, {"cpus": 0.5})
    for extra in ({"environment": {"MODE": draw(st.sampled_from(("a", "b")))}}, draw(st.sampled_from(extras))):
        made |= extra if draw(st.booleans()) else {}
    made |= draw(_mounts(volumes))
    dependencies = draw(some(before))
    if dependencies:
        made["depends_on"] = {other: draw(_dependency(bench, before[other])) for other in dependencies}
    made |= draw(_shared_modes(bench, before)) if before else {}
    if "network_mode" in made:
        return made
    host = HOSTS[index]
    here = {key: draw(_attachment(networks[key], host)) for key in draw(some(sorted(networks)))}
    made |= {"networks": here} if here else draw(st.sampled_from(({}, {}, {"network_mode": "none"})))
    if "network_mode" in made:
        return made
    made |= {"ports": [f"{bench.address}{bench.first_port + index}:80"]} if draw(st.booleans()) else {}
    made |= {"mac_address": f"02:42:ac:11:00:{index + 16:02x}"} if draw(st.integers(0, 4)) == 0 else {}
    reached = [name for name, other in before.items() if _meet(made, other)]
    links = draw(some(reached)) if draw(st.integers(0, 3)) == 0 else []
    return made | ({"links": [f"{name}:peer-{name}" for name in links]} if links else {})


@st.composite
def _mounts(draw: st.DrawFn, volumes: list[str]) -> Json:
    kinds: list[list[str]] = [[], [], ["/anonymous"]]
    kinds += [[f"{draw(st.sampled_from(volumes))}:/data"]] * 2 if volumes else []
    chosen = draw(st.sampled_from(kinds))
    return {"volumes": chosen} if chosen else {}


@st.composite
def _dependency(draw: st.DrawFn, bench: Bench, other: Json) -> Json:
    if other.get("command") == ENDS:
        return {"condition": "service_completed_successfully"}
    return {"condition": draw(st.sampled_from(bench.conditions))}


@st.composite
def _shared_modes(draw: st.DrawFn, bench: Bench, before: dict[str, Json]) -> Json:
    """Nothing, most of the time; or what it has from another container."""
    kind = draw(st.sampled_from(("", "", "", "", "network_mode", "pid", "ipc", "volumes_from")))
    other = draw(st.sampled_from(sorted(before)))
    if kind == "volumes_from":
        mode = draw(st.sampled_from(("", ":ro")))
        return {**bench.plain, "volumes": [], "volumes_from": [f"{other}{mode}"]}
    if kind == "ipc":
        if before[other].get("ipc", "shareable") != "shareable":
            return {}  # it shares another's itself
        before[other]["ipc"] = "shareable"
    return {kind: f"container:{other}"} if kind else {}


def _meet(one: Json, two: Json) -> bool:
    """Whether two containers have a network in common; the default bridge is one."""
    mine, theirs = one.get("networks"), two.get("networks")
    if "network_mode" in two:
        return False
    return bool(set(mine) & set(theirs)) if mine and theirs else not mine and not theirs


def _settled(bench: Bench, topology: Json) -> Json:
    """Whoever ends is awaited, since an end that nobody waits for is a failure; who must run does not end."""
    containers: dict[str, Json] = topology["containers"]
    ends = "service_completed_successfully"
    needed = {other for container in containers.values() for other in _needs_running(container)}
    awaited = {
        name
        for container in containers.values()
        for name, dependency in container.get("depends_on", {}).items()
        if dependency["condition"] == ends
    }
    for name, container in containers.items():
        if container.get("command") == ENDS and name not in awaited - needed:
            containers[name] = bench.plain | {key: value for key, value in container.items() if key != "command"}
    for container in containers.values():
        for name, dependency in container.get("depends_on", {}).items():
            is_to_end = containers.get(name, {}).get("command") == ENDS
            if dependency["condition"] == ends and not is_to_end:
                dependency["condition"] = "service_started"
            if dependency["condition"] == "service_healthy" and is_to_end:  # what has ended never becomes healthy
                dependency["condition"] = ends
    if _waits_in_a_circle(topology):
        for container in containers.values():
            for place in container.get("networks", {}).values():
                place.update({field: _higher(place[field]) for field in ADDRESSES.values() if field in place})
    return topology


def _waits_in_a_circle(topology: Json) -> bool:
    """Whether containers start before each other: who has a fixed address before those that have one there by chance.

    Not yet: to let nobody take another's address then; an apply gets there when it looks again. One has a fixed address
    where the other has not, and the other somewhere else; or it has one and waits for, or relies on, the other.
    """
    containers, networks = topology["containers"], topology["networks"]
    before = {name: relies_on(container) | {*container.get("depends_on", ())} for name, container in containers.items()}
    for key, network in networks.items():
        on = {
            name: container["networks"][key]
            for name, container in containers.items()
            if key in container.get("networks", {})
        }
        for kind in _kinds(network):
            fixed = {name for name, place in on.items() if ADDRESSES[kind] in place}
            for name in on.keys() - fixed:
                before[name] |= fixed
    try:
        tuple(TopologicalSorter(before).static_order())
    except CycleError:
        return True
    return False


def _kinds(network: Json) -> set[int]:
    return {6 if ":" in pool["subnet"] else 4 for pool in network.get("ipam", {}).get("config", ())}


def _higher(address: str) -> str:
    """One that nobody has by chance."""
    return str(ipaddress.ip_address(address) + 100)
