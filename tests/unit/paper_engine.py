"""An engine on paper: it echoes create bodies as inspect answers do, and keeps the rules that a plan must obey.

It refuses what a real one refuses (a name, a port, a fixed address or a subnet that is taken, a network in use) and
also what a real one lets pass and a plan must never do: take a network away under a stopped container, start before
a dependency. What it answers goes through answers.py, as a real engine's answers do.
"""

from __future__ import annotations

import copy
import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from netdeploy.engine import answers
from netdeploy.engine.observed import LABEL_NAME, Snapshot
from netdeploy.plan.operations import (
    Call,
    Connect,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Disconnect,
    Handle,
    Operation,
    Plan,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    Rename,
    Start,
    Stop,
    Unpause,
    Update,
    Wait,
)

Json = dict[str, Any]
_EXITED = {"Status": "exited", "Running": False, "Paused": False, "ExitCode": 0, "Pid": 0}
_RUNNING = {"Status": "running", "Running": True, "Paused": False, "ExitCode": 0, "Pid": 4711}


def _bound(bindings: Json) -> Json:
    """What is published while a container runs: at all addresses of both kinds where none was asked for."""
    return {
        target: [
            {"HostIp": address, "HostPort": listen.get("HostPort", "").partition("-")[0] or "32768"}
            for listen in listens
            for address in ([listen["HostIp"]] if listen.get("HostIp") else ["0.0.0.0", "::"])
        ]
        for target, listens in bindings.items()
    }


class Refused(AssertionError):
    """What a real engine would have answered with an error, or what a plan must not do."""


class PaperEngine:
    def __init__(self, images: Mapping[str, Json] | None = None, *, api_version: tuple[int, int] = (1, 41)) -> None:
        self.api_version = api_version
        self.images = dict(images or {})
        self.containers: dict[str, Json] = {}
        self.networks: dict[str, Json] = {}
        self.volumes: dict[str, Json] = {}
        self.calls: list[str] = []
        self._made: dict[tuple[str, str], str] = {}
        self._count = 0
        for name, driver in (("bridge", "bridge"), ("host", "host"), ("none", "null")):
            self.networks[self._new_id(name)] = {"Name": name, "Driver": driver}
        self._network("bridge")["IPAM"] = {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}

    # -- what it answers --

    def snapshot(self) -> Snapshot:
        containers = [answers.container(copy.deepcopy(answer)) for answer in self.containers.values()]
        names = {container.id: container.name for container in containers}
        for index, container in enumerate(containers):
            kind, _, id_ = container.network_mode.partition(":")
            if kind == "container" and id_ in names:
                containers[index] = replace(container, network_mode=f"container:{names[id_]}")
        images = {name: answers.image(image) for name, image in self.images.items()}
        by_id = {image.id: image for image in images.values()}
        return Snapshot(
            self.api_version,
            tuple(containers),
            tuple(answers.network({"Id": id_, **network}) for id_, network in self.networks.items()),
            tuple(answers.volume(volume) for volume in self.volumes.values()),
            images | by_id,
        )

    # -- what a user does by hand --

    def container(self, name: str) -> Json:
        return next(c for c in self.containers.values() if c["Name"] == f"/{name}")

    def _network(self, name: str) -> Json:
        return next(n for n in self.networks.values() if n["Name"] == name)

    def network_id(self, name: str) -> str:
        return next(id_ for id_, n in self.networks.items() if n["Name"] == name)

    def stop(self, name: str, exit_code: int = 0) -> None:
        answer = self.container(name)
        answer["State"] = {**_EXITED, "ExitCode": exit_code}
        answer["NetworkSettings"]["Ports"] = {}
        for endpoint in answer["NetworkSettings"]["Networks"].values():
            endpoint["IPAddress"] = ""

    def start(self, name: str) -> None:
        self._start(self.container(name), {})

    def pause(self, name: str) -> None:
        self.container(name)["State"] |= {"Status": "paused", "Paused": True}

    def health(self, name: str, status: str) -> None:
        self.container(name)["State"]["Health"] = {"Status": status, "Log": []}

    def rename(self, name: str, new: str) -> None:
        self.container(name)["Name"] = f"/{new}"

    def remove(self, name: str) -> None:
        del self.containers[self.container(name)["Id"]]

    def endpoint(self, container: str, network: str) -> Json:
        found: Json = self.container(container)["NetworkSettings"]["Networks"][network]
        return found

    def disconnect(self, container: str, network: str) -> None:
        del self.container(container)["NetworkSettings"]["Networks"][network]

    def connect(self, container: str, network: str, **endpoint: Any) -> None:
        self._join(self.container(container), network, endpoint)

    def lose_network(self, name: str) -> None:
        """As `docker network rm` does under stopped containers: they keep the id of what is gone."""
        del self.networks[self.network_id(name)]

    def foreign_network(self, name: str, labels: Mapping[str, str] | None = None, **body: Any) -> None:
        self._create_network(name, {"Driver": "bridge", "Labels": dict(labels or {}), **body})

    def foreign_container(
        self, name: str, networks: Iterable[str] = (), labels: Mapping[str, str] | None = None
    ) -> None:
        first, *others = [*networks, "bridge"][: max(1, len(list(networks)))]
        body = {"Image": "busybox", "Cmd": ["sh"], "Labels": dict(labels or {}), "HostConfig": {"NetworkMode": first}}
        id_ = self._create_container(name, {**body, "NetworkingConfig": {"EndpointsConfig": {first: {}}}})
        for network in others:
            self._join(self.containers[id_], network, {})
        self._start(self.containers[id_], {})

    # -- what a plan does --

    def run(
        self,
        plan: Plan,
        choose: Callable[[list[Operation]], Operation] = lambda ready: ready[0],
        depends_on: Mapping[str, Iterable[str]] | None = None,
        *,
        until: int | None = None,
    ) -> None:
        """Carry out a plan one by one, in any order that its waits allow: `choose` picks among those that may run.

        After `until` steps it is left as it is, as by a process that is killed.

        `depends_on`: by engine name, the containers that must run (or have ended well) before it starts.
        """
        pending = {operation.id: operation for operation in plan.operations}
        while pending and (until is None or len(plan.operations) - len(pending) < until):
            ready = [op for op in pending.values() if not any(other in pending for other in op.after)]
            operation = choose(ready)
            del pending[operation.id]
            self.calls.append(operation.id)
            try:
                self.perform(operation.call, dict(depends_on or {}))
            except (Refused, KeyError, StopIteration) as error:
                order = "\n  ".join(self.calls)
                raise AssertionError(f"{operation.id}: {error!r}, after\n  {order}\nof the plan\n{plan.text}") from None

    def _id(self, kind: str, handle: Handle) -> str:
        return handle.id or self._made.get((kind, handle.made_as or handle.name)) or handle.name

    def _of(self, handle: Handle) -> Json:
        return self.containers[self._id("container", handle)]

    def perform(self, call: Call, depends_on: Mapping[str, Iterable[str]]) -> None:  # noqa: C901, PLR0912 - one case for each
        match call:
            case CreateNetwork(name, body):
                self._made["network", name] = self._create_network(name, body)
            case RemoveNetwork(network):
                self._remove_network(self._id("network", network))
            case CreateVolume(name, body):
                self._refuse(name in self.volumes, f"volume {name} exists")
                self.volumes[name] = {"Name": name, "Driver": body["Driver"], "Labels": body["Labels"]}
                self.volumes[name]["Options"] = body.get("DriverOpts")
            case RemoveVolume(name):
                users = [c["Name"] for c in self.containers.values() if name in _mounted(c)]
                self._refuse(users, f"volume {name} is used by {users}")
                del self.volumes[name]
            case CreateContainer(name, body):
                self._made["container", name] = self._create_container(name, body)
            case Connect(container, network, endpoint):
                self._join(self._of(container), self._id("network", network), endpoint)
            case Disconnect(container, network):
                self._leave(self._of(container), self._id("network", network))
            case Start(container):
                self._start(self._of(container), depends_on)
            case Unpause(container):
                answer = self._of(container)
                self._refuse(not answer["State"]["Paused"], "it is not paused")
                answer["State"] |= {"Status": "running", "Paused": False}
            case Stop(container, _grace):
                answer = self._of(container)
                self._refuse(not answer["State"]["Running"], "it is not running")
                self.stop(answer["Name"].removeprefix("/"))
            case Rename(container, new):
                self._refuse(any(c["Name"] == f"/{new}" for c in self.containers.values()), f"name {new} is taken")
                self._of(container)["Name"] = f"/{new}"
            case Update(container, body):
                self._of(container)["HostConfig"] |= body
            case RemoveContainer(container, volumes):
                answer = self._of(container)
                self._refuse(answer["State"]["Running"], "it still runs")
                del self.containers[answer["Id"]]
                if volumes:  # what was given by name is taken for named, and what others use stays
                    used = {name for other in self.containers.values() for name in _mounted(other)}
                    for name in _mounted(answer) - _named(answer) - used:
                        del self.volumes[name]
            case Wait(container, condition):
                self._wait(self._of(container), condition)

    @staticmethod
    def _refuse(reason: object, text: str) -> None:
        if reason:
            raise Refused(text)

    def _new_id(self, name: str) -> str:
        self._count += 1
        return hashlib.sha256(f"{name} {self._count}".encode()).hexdigest()

    # -- networks --

    def _create_network(self, name: str, body: Json) -> str:
        self._refuse(any(n["Name"] == name for n in self.networks.values()), f"network {name} exists")
        made = {"Name": name, **{key: body.get(key) for key in ("Driver", "Options", "Internal", "Attachable")}}
        made |= {"EnableIPv6": body.get("EnableIPv6"), "Labels": body.get("Labels")}
        pools = copy.deepcopy((body.get("IPAM") or {}).get("Config") or [])
        if not any("." in pool["Subnet"] for pool in pools):
            pools.insert(0, self._free_pool())
        taken = [ipaddress.ip_network(p["Subnet"]) for n in self.networks.values() for p in _pools(n)]
        for pool in pools:
            subnet = ipaddress.ip_network(pool["Subnet"])
            overlap = [t for t in taken if t.version == subnet.version and t.overlaps(subnet)]
            self._refuse(overlap, f"Pool overlaps with other one on this address space: {subnet}")
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
        self._refuse(users, f"network {self.networks[id_]['Name']} has active endpoints: {users}")
        del self.networks[id_]

    def _find_network(self, name_or_id: str) -> tuple[str, Json]:
        if name_or_id in self.networks:
            return name_or_id, self.networks[name_or_id]
        return self.network_id(name_or_id), self._network(name_or_id)

    def _join(self, answer: Json, network: str, wanted: Json) -> None:
        id_, found = self._find_network(network)
        networks = answer["NetworkSettings"]["Networks"]
        self._refuse(found["Name"] in networks, "already exists in network")
        configured = {key: value for key, value in wanted.items() if key != "MacAddress"}
        networks[found["Name"]] = {"NetworkID": "", "IPAddress": "", "Aliases": None, "IPAMConfig": None, **configured}
        if answer["State"]["Running"]:
            networks[found["Name"]]["NetworkID"] = id_
            self._claim_address(answer, found["Name"])

    def _leave(self, answer: Json, network: str) -> None:
        networks = answer["NetworkSettings"]["Networks"]
        name = self.networks[network]["Name"] if network in self.networks else network
        self._refuse(name not in networks, f"is not connected to {name}")
        stale = networks[name]["NetworkID"] not in ("", *self.networks)
        other = any(n["Name"] == name for n in self.networks.values())
        self._refuse(answer["State"]["Running"] and stale and other, "a running container is not on that network")
        del networks[name]

    def _claim_address(self, answer: Json, name: str) -> None:
        """Fixed addresses must be free; a dynamic one is the lowest that is."""
        endpoint = answer["NetworkSettings"]["Networks"][name]
        pool = next(p for p in _pools(self.networks[endpoint["NetworkID"]]) if "." in p["Subnet"])
        held = {
            address
            for other in self.containers.values()
            if other["State"]["Running"] and other is not answer
            for e in other["NetworkSettings"]["Networks"].values()
            if e["NetworkID"] == endpoint["NetworkID"]
            for address in (e["IPAddress"], (e["IPAMConfig"] or {}).get("IPv6Address"))
        }
        fixed = endpoint["IPAMConfig"] or {}
        for address in (fixed.get("IPv4Address"), fixed.get("IPv6Address")):
            self._refuse(address and address in held, f"Address already in use: {address} on {name}")
        hosts = (str(host) for host in ipaddress.ip_network(pool["Subnet"]).hosts())
        next(hosts)  # the gateway
        endpoint["IPAddress"] = fixed.get("IPv4Address") or next(host for host in hosts if host not in held)

    # -- containers --

    def _create_container(self, name: str, body: Json) -> str:
        self._refuse(any(c["Name"] == f"/{name}" for c in self.containers.values()), f"name {name} is taken")
        id_ = self._new_id(name)
        host = copy.deepcopy(body.get("HostConfig") or {})
        mode, _, shared = str(host.get("NetworkMode") or "").partition(":")
        if shared:
            target = self.container(shared)
            self._refuse(not target["State"]["Running"], f"{shared}, whose network it shares, does not run")
            host["NetworkMode"] = f"container:{target['Id']}"
        image = self.images.get(body["Image"], {"Id": "sha256:0", "Config": {}})
        config = merged(body, image.get("Config") or {})
        config["Hostname"] = body.get("Hostname") or id_[:12]
        answer = {"Id": id_, "Name": f"/{name}", "Image": image["Id"], "Config": config, "HostConfig": host}
        answer["State"] = {"Status": "created", "Running": False, "Paused": False, "ExitCode": 0}
        unknown = _named(answer) - set(self.volumes)
        self._refuse(unknown, f"volumes {unknown} do not exist")
        answer["Mounts"] = self._mounts(host, config["Volumes"])
        endpoints = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        self._refuse(len(endpoints) > 1 and self.api_version < (1, 44), "below API 1.44 one endpoint at create")
        answer["NetworkSettings"] = {"Networks": {}}
        for network, wanted in endpoints.items():
            self._find_network(network)
            endpoint = {"NetworkID": "", "IPAddress": "", "Aliases": None, "IPAMConfig": None}
            answer["NetworkSettings"]["Networks"][network] = endpoint | wanted
        if mode in ("host", "none"):
            endpoint = {"NetworkID": self.network_id(mode), "IPAddress": "", "Aliases": None, "IPAMConfig": None}
            answer["NetworkSettings"]["Networks"][mode] = endpoint
        self.containers[id_] = answer
        return id_

    def _mounts(self, host: Json, without_name: Iterable[str]) -> list[Json]:
        """The volumes of a new container; those without a name are made for it, asked for as mounts or by targets."""
        asked = [mount for mount in host.get("Mounts") or () if mount["Type"] == "volume"]
        taken = {mount["Target"] for mount in host.get("Mounts") or ()}
        asked += [{"Target": target} for target in without_name if target not in taken]
        found = []
        for mount in asked:
            name = mount.get("Source") or self._new_id(mount["Target"])
            labels = (mount.get("VolumeOptions") or {}).get("Labels")
            self.volumes.setdefault(name, {"Name": name, "Driver": "local", "Labels": labels, "Options": None})
            found.append({"Type": "volume", "Name": name, "Destination": mount["Target"]})
        return found

    def _start(self, answer: Json, depends_on: Mapping[str, Iterable[str]]) -> None:
        name = answer["Name"].removeprefix("/")
        self._refuse(answer["State"]["Running"], "it runs already")
        for other in depends_on.get(name, ()):
            state = self._dependency(other)["State"]
            ended_well = state["Status"] == "exited" and state["ExitCode"] == 0
            self._refuse(not state["Running"] and not ended_well, f"{name} depends on {other}, which does not run")
        shared = str(answer["HostConfig"].get("NetworkMode")).removeprefix("container:")
        if shared in self.containers:
            self._refuse(not self.containers[shared]["State"]["Running"], "the container it shares with is not running")
        self._claim_ports(answer)
        for network, endpoint in answer["NetworkSettings"]["Networks"].items():
            endpoint["NetworkID"] = endpoint["NetworkID"] or self.network_id(network)
            self._refuse(endpoint["NetworkID"] not in self.networks, f"network {endpoint['NetworkID']} not found")
            if network not in ("host", "none"):
                if network != "bridge":
                    added = dict.fromkeys(
                        (*(endpoint["Aliases"] or ()), answer["Id"][:12], answer["Config"]["Hostname"])
                    )
                    endpoint["Aliases"] = list(added)
                self._claim_address(answer, network)
        self._count += 1
        answer["NetworkSettings"]["Ports"] = _bound(answer["HostConfig"].get("PortBindings") or {})
        answer["State"] = {**_RUNNING, "StartedAt": f"2026-01-01T00:00:{self._count / 1000:012.9f}".rstrip("0") + "Z"}
        if answer["Config"].get("Healthcheck"):
            answer["State"]["Health"] = {"Status": "starting", "Log": []}

    def _dependency(self, name: str) -> Json:
        """By label, since names may be exchanged just now; the new one of a replacement, where both stand."""
        key = name.removeprefix("copy-")
        found = [c for c in self.containers.values() if c["Config"]["Labels"].get(LABEL_NAME) == key]
        return next((c for c in found if "netdeploy" not in c["Name"]), found[0])

    def _claim_ports(self, answer: Json) -> None:
        held = {
            listen
            for other in self.containers.values()
            if other["State"]["Running"] and other is not answer
            for listen in _listens(other)
        }
        for protocol, address, port in _listens(answer):
            clash = [h for h in held if (h[0], h[2]) == (protocol, port) and (h[1] == address or "" in (h[1], address))]
            self._refuse(clash, f"Bind for {address}:{port} failed: port is already allocated")

    def _wait(self, answer: Json, condition: str) -> None:
        state = answer["State"]
        self._refuse(state["Status"] == "created", "it was never started")
        if condition == "ended well":
            self.stop(answer["Name"].removeprefix("/"))
        else:
            self._refuse(not state["Running"], "it does not run")
            if condition == "is healthy":
                state["Health"] = {"Status": "healthy", "Log": []}


def _pools(network: Json) -> list[Json]:
    return (network.get("IPAM") or {}).get("Config") or []


def _mounted(answer: Json) -> set[str]:
    return {mount["Name"] for mount in answer["Mounts"] if mount["Type"] == "volume"}


def _named(answer: Json) -> set[str]:
    mounts = answer["HostConfig"].get("Mounts") or ()
    return {mount["Source"] for mount in mounts if mount["Type"] == "volume" and mount.get("Source")}


def _listens(answer: Json) -> list[tuple[str, str, str]]:
    bindings = answer["HostConfig"].get("PortBindings") or {}
    return [
        (target.partition("/")[2], listen["HostIp"], listen["HostPort"])
        for target, listens in bindings.items()
        for listen in listens
        if listen["HostPort"].isdigit()
    ]


def merged(wanted: Json, image: Json) -> Json:
    """Request and image as the engine merges them (moby: daemon/commit.go, `merge`)."""
    config: Json = {"Image": wanted["Image"], "StopTimeout": wanted.get("StopTimeout")}
    for key in ("User", "WorkingDir", "StopSignal"):
        config[key] = wanted.get(key) or image.get(key) or ""
    for key in ("ExposedPorts", "Volumes", "Labels"):
        config[key] = {**(image.get(key) or {}), **(wanted.get(key) or {})}
    names = {line.partition("=")[0] for line in wanted.get("Env") or ()}
    inherited = [line for line in image.get("Env") or () if line.partition("=")[0] not in names]
    config["Env"] = [*(wanted.get("Env") or ()), *inherited]
    config["Entrypoint"], config["Cmd"] = wanted.get("Entrypoint"), wanted.get("Cmd")
    if not config["Entrypoint"]:
        config["Cmd"] = config["Cmd"] or image.get("Cmd")
        if config["Entrypoint"] is None:
            config["Entrypoint"] = image.get("Entrypoint")
    if config["Entrypoint"] == [""]:
        config["Entrypoint"] = None
    health, own = image.get("Healthcheck") or {}, wanted.get("Healthcheck") or {}
    config["Healthcheck"] = {key: own.get(key) or health[key] for key in health} | {
        key: value for key, value in own.items() if value or key not in health
    }
    return config
