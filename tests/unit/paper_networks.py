"""The networks of the engine on paper: pools, addresses, and the places of containers on them."""

from __future__ import annotations

import copy
import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from netdeploy.engine import answers
from netdeploy.engine.observed import ObservedNetwork

Json = dict[str, Any]
_SEVERAL_ENDPOINTS = (1, 44)
_EXACT_ALIASES = (1, 45)
NO_ENDPOINT = {"IPAddress": "", "GlobalIPv6Address": "", "EndpointID": "", "MacAddress": ""}
"""What an engine forgets of a place on a network when the container stops."""


class Refused(AssertionError):
    """What a real engine would have answered with an error, or what a plan must not do."""


def refuse(reason: object, text: str) -> None:
    if reason:
        raise Refused(text)


class PaperNetworks:
    def __init__(self, api_version: tuple[int, int]) -> None:
        self.api_version = api_version
        self.containers: dict[str, Json] = {}
        self.networks: dict[str, Json] = {}
        self._count = 0
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            self.networks[self._new_id(name)] = {"Name": name, "Driver": driver}
        self.network("bridge")["IPAM"] = {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}

    def _new_id(self, name: str) -> str:
        self._count += 1
        return hashlib.sha256(f"{name} {self._count}".encode()).hexdigest()

    def network(self, name: str) -> Json:
        return next(n for n in self.networks.values() if n["Name"] == name)

    def network_id(self, name: str) -> str:
        return next(id_ for id_, n in self.networks.items() if n["Name"] == name)

    def _find_network(self, name_or_id: str) -> tuple[str, Json]:
        if name_or_id in self.networks:
            return name_or_id, self.networks[name_or_id]
        return self.network_id(name_or_id), self.network(name_or_id)

    def observed_network(self, id_: str) -> ObservedNetwork:
        """As a look at it gives it, with who is on it."""
        on_it = {
            container["Id"]: {
                "Name": container["Name"].removeprefix("/"),
                "EndpointID": place["EndpointID"],
                "MacAddress": place["MacAddress"],
                "IPv4Address": place["IPAddress"] and f"{place['IPAddress']}/24",
                "IPv6Address": place["GlobalIPv6Address"] and f"{place['GlobalIPv6Address']}/64",
            }
            for container in self.containers.values()
            for place in container["NetworkSettings"]["Networks"].values()
            if place["NetworkID"] == id_ and place["EndpointID"]
        }
        network = answers.network({"Id": id_, **self.networks[id_]})
        return replace(network, endpoints=answers.endpoints({"Containers": on_it}))

    # -- networks --

    def _create_network(self, name: str, body: Json) -> str:
        refuse(any(n["Name"] == name for n in self.networks.values()), f"network {name} exists")
        made = {"Name": name, **{key: body.get(key) for key in ("Driver", "Options", "Internal", "Attachable")}}
        made |= {"EnableIPv6": body.get("EnableIPv6"), "Labels": body.get("Labels")}
        pools = copy.deepcopy((body.get("IPAM") or {}).get("Config") or [])
        if not any(_version(pool) == 4 for pool in pools):
            # the older engine (seen on 20.10) tells the pool that it adds first, the newer one (28.5) last
            pools.insert(0 if self.api_version < _SEVERAL_ENDPOINTS else len(pools), self._free_pool())
        if body.get("EnableIPv6") and not any(_version(pool) == 6 for pool in pools):
            old = self.api_version < _SEVERAL_ENDPOINTS
            refuse(old, "could not find an available, non-overlapping IPv6 address pool")
            pools.append({"Subnet": f"fd63:83:bb65:{len(self.networks)}::/64"})
        versions = [_version(pool) for pool in pools]
        refuse(len(set(versions)) < len(versions), "bridge driver doesn't support multiple subnets")
        taken = [ipaddress.ip_network(p["Subnet"]) for n in self.networks.values() for p in _pools(n)]
        for pool in pools:
            subnet = ipaddress.ip_network(pool["Subnet"])
            overlap = [t for t in taken if t.version == subnet.version and t.overlaps(subnet)]
            refuse(overlap, f"Pool overlaps with other one on this address space: {subnet}")
        id_ = self._new_id(name)
        self.networks[id_] = made | {"IPAM": {"Driver": "default", "Options": None, "Config": pools}}
        return id_

    def _free_pool(self) -> Json:
        taken = {pool["Subnet"] for network in self.networks.values() for pool in _pools(network)}
        number = next(n for n in range(18, 250) if f"172.{n}.0.0/16" not in taken)
        return {"Subnet": f"172.{number}.0.0/16", "Gateway": f"172.{number}.0.1"}

    def _remove_network(self, id_: str) -> None:
        users = [
            c["Name"]
            for c in self.containers.values()
            for name, endpoint in c["NetworkSettings"]["Networks"].items()
            if endpoint["NetworkID"] == id_ or (not endpoint["NetworkID"] and name == self.networks[id_]["Name"])
        ]
        refuse(users, f"network {self.networks[id_]['Name']} has active endpoints: {users}")
        del self.networks[id_]

    # -- places of containers --

    def _join(self, answer: Json, network: str, wanted: Json) -> None:
        """Engines ignore a MAC address at a connect; a newer one needs the network that a container was made with."""
        id_, found = self._find_network(network)
        networks = answer["NetworkSettings"]["Networks"]
        refuse(found["Name"] in networks, "already exists in network")
        first = answer["HostConfig"].get("NetworkMode") or "bridge"
        known = any(other["Name"] == first for other in self.networks.values())
        by_mode = self.api_version >= _SEVERAL_ENDPOINTS and not networks
        refuse(by_mode and not known, f"network {first} not found")
        networks[found["Name"]] = new_place(wanted)
        if answer["State"]["Running"]:
            networks[found["Name"]]["NetworkID"] = id_
            self._claim_place(answer, found["Name"])

    def _leave(self, answer: Json, network: str) -> None:
        networks = answer["NetworkSettings"]["Networks"]
        name = self.networks[network]["Name"] if network in self.networks else network
        refuse(name not in networks, f"is not connected to {name}")
        stale = networks[name]["NetworkID"] not in ("", *self.networks)
        other = any(n["Name"] == name for n in self.networks.values())
        refuse(answer["State"]["Running"] and stale and other, "a running container is not on that network")
        del networks[name]

    def _claim_places(self, answer: Json) -> None:
        for network, place in answer["NetworkSettings"]["Networks"].items():
            place["NetworkID"] = place["NetworkID"] or self.network_id(network)
            refuse(place["NetworkID"] not in self.networks, f"network {place['NetworkID']} not found")
            if network not in ("host", "none"):
                self._claim_place(answer, network)

    def _claim_place(self, answer: Json, name: str) -> None:
        """Fixed addresses must be free; a dynamic one is the lowest that is."""
        place = answer["NetworkSettings"]["Networks"][name]
        network = self.networks[place["NetworkID"]]
        if name != "bridge" and self.api_version < _EXACT_ALIASES:
            added = (*(place["Aliases"] or ()), answer["Id"][:12], answer["Config"]["Hostname"])
            place["Aliases"] = list(dict.fromkeys(added))
        held = set(self._held(place["NetworkID"], answer))
        kinds = ((4, "IPv4Address", "IPAddress"), (6, "IPv6Address", "GlobalIPv6Address"))
        for version, asked, given in kinds if network.get("EnableIPv6") else kinds[:1]:
            pool = next(pool for pool in _pools(network) if _version(pool) == version)
            place[given] = _address(pool, (place["IPAMConfig"] or {}).get(asked) or "", held)
        self._count += 1
        place["EndpointID"] = self._new_id(name)
        first = answer["HostConfig"].get("NetworkMode") == name
        wanted = place.get("asked for MacAddress") or (first and answer["Config"].get("MacAddress"))
        place["MacAddress"] = wanted or "02:42:" + ":".join(place["EndpointID"][n : n + 2] for n in (0, 2, 4, 6))

    def _held(self, network_id: str, but: Json) -> Iterator[str]:
        for other in self.containers.values():
            for place in other["NetworkSettings"]["Networks"].values():
                if other["State"]["Running"] and other is not but and place["NetworkID"] == network_id:
                    yield from (place["IPAddress"], place["GlobalIPv6Address"])


def new_place(wanted: Json) -> Json:
    """A place on a network before the container runs there."""
    configured = {key: value for key, value in wanted.items() if key != "MacAddress"}
    return {"NetworkID": "", **NO_ENDPOINT, "Aliases": None, "IPAMConfig": None, **configured}


def _address(pool: Json, fixed: str, held: set[str]) -> str:
    subnet = ipaddress.ip_network(pool["Subnet"])
    hosts = (str(host) for host in subnet.hosts())
    gateway = pool.get("Gateway") or next(hosts)
    if not fixed:
        return next(host for host in hosts if host not in held and host != gateway)
    refuse(ipaddress.ip_address(fixed) not in subnet, f"no configured subnet contains {fixed}")
    refuse(fixed in held or fixed == gateway, f"Address already in use: {fixed}")
    return fixed


def _pools(network: Json) -> list[Json]:
    return (network.get("IPAM") or {}).get("Config") or []


def _version(pool: Json) -> int:
    return ipaddress.ip_network(pool["Subnet"]).version
