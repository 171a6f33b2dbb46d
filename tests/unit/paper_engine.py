"""An engine on paper: it echoes create bodies as inspect answers do, and keeps the rules that a plan must obey.

It refuses what a real one refuses (a name, a port, a fixed address or a subnet that is taken, a network in use) and
also what a real one lets pass and a plan must never do: take a network away under a stopped container, start before
a dependency. What it answers goes through answers.py, as a real engine's answers do.
"""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from unit.paper_networks import NO_ENDPOINT, PaperNetworks, Refused, new_place, refuse

from netdeploy.engine import answers
from netdeploy.engine.instance import with_own_labels
from netdeploy.engine.observed import LABEL_NAME, Snapshot, with_named_modes
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
_SHARED = ("NetworkMode", "PidMode", "IpcMode")
ENDS = ["true"]
"""The command of a container that ends well at once; all others run until they are stopped."""


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


class PaperEngine(PaperNetworks):
    def __init__(self, images: Mapping[str, Json] | None = None, *, api_version: tuple[int, int] = (1, 41)) -> None:
        super().__init__(api_version)
        self.images = dict(images or {})
        self.volumes: dict[str, Json] = {}
        self.calls: list[str] = []
        self._made: dict[tuple[str, str], str] = {}

    # -- what it answers --

    def snapshot(self) -> Snapshot:
        told = [answers.container(self._answer(answer)) for answer in self.containers.values()]
        names = {container.id: container.name for container in told}
        images = {name: answers.image(image) for name, image in self.images.items()}
        by_id = {image.id: image for image in images.values()}
        named = [with_named_modes(container, names) for container in told]
        containers = [with_own_labels(container, by_id.get(container.image_id)) for container in named]
        return Snapshot(
            self.api_version,
            tuple(containers),
            tuple(self.observed_network(id_) for id_ in self.networks),
            tuple(answers.volume(volume) for volume in self.volumes.values()),
            images | by_id,
        )

    @staticmethod
    def _answer(answer: Json) -> Json:
        """With the links by the names of now: the engine keeps which containers they lead to."""
        told = copy.deepcopy({key: value for key, value in answer.items() if key != "linked"})
        own = answer["Name"]
        links = [f"{other['Name']}:{own}/{alias}" for other, alias in answer["linked"]]
        told["HostConfig"]["Links"] = links or None
        return told

    # -- what a user does by hand --

    def container(self, name: str) -> Json:
        return next(c for c in self.containers.values() if c["Name"] == f"/{name}")

    def stop(self, name: str, exit_code: int = 0) -> None:
        answer = self.container(name)
        answer["State"] = {**_EXITED, "ExitCode": exit_code}
        answer["NetworkSettings"]["Ports"] = {}
        for place in answer["NetworkSettings"]["Networks"].values():
            place.update(NO_ENDPOINT)
        for other in self.containers.values():  # they die with the first process of the namespace
            if other["State"]["Running"] and other["HostConfig"].get("PidMode") == f"container:{answer['Id']}":
                self.stop(other["Name"].removeprefix("/"), exit_code=137)

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
                refuse(name in self.volumes, f"volume {name} exists")
                self.volumes[name] = {"Name": name, "Driver": body["Driver"], "Labels": body["Labels"]}
                self.volumes[name]["Options"] = body.get("DriverOpts")
            case RemoveVolume(name):
                users = [c["Name"] for c in self.containers.values() if name in _mounted(c)]
                refuse(users, f"volume {name} is used by {users}")
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
                refuse(not answer["State"]["Paused"], "it is not paused")
                answer["State"] |= {"Status": "running", "Paused": False}
            case Stop(container, _grace):
                answer = self._of(container)
                died_along = str(answer["HostConfig"].get("PidMode")).startswith("container:")
                refuse(not answer["State"]["Running"] and not died_along, "it is not running")
                if answer["State"]["Running"]:
                    self.stop(answer["Name"].removeprefix("/"))
            case Rename(container, new):
                refuse(any(c["Name"] == f"/{new}" for c in self.containers.values()), f"name {new} is taken")
                self._of(container)["Name"] = f"/{new}"
            case Update(container, body):
                self._of(container)["HostConfig"] |= body
            case RemoveContainer(container, volumes):
                answer = self._of(container)
                refuse(answer["State"]["Running"], "it still runs")
                del self.containers[answer["Id"]]
                if volumes:
                    self._remove_own_volumes(answer)
            case Wait(container, condition):
                self._wait(self._of(container), condition)

    # -- containers --

    def _create_container(self, name: str, body: Json) -> str:
        refuse(any(c["Name"] == f"/{name}" for c in self.containers.values()), f"name {name} is taken")
        id_ = self._new_id(name)
        host = copy.deepcopy(body.get("HostConfig") or {})
        for mode in _SHARED:
            _, _, other = str(host.get(mode) or "").partition("container:")
            host |= {mode: f"container:{self.container(other)['Id']}"} if other else {}
        if host.get("Memory") and not host.get("MemorySwap"):
            host["MemorySwap"] = 2 * host["Memory"]
        image = self.images.get(body["Image"], {"Id": "sha256:0", "Config": {}})
        config = merged(body, image.get("Config") or {})
        config["Hostname"] = body.get("Hostname") or id_[:12]
        config["MacAddress"] = body.get("MacAddress")
        answer = {"Id": id_, "Name": f"/{name}", "Image": image["Id"], "Config": config, "HostConfig": host}
        answer["State"] = {"Status": "created", "Running": False, "Paused": False, "ExitCode": 0}
        links = [link.partition(":") for link in host.pop("Links", None) or ()]
        answer["linked"] = [(self.container(other), alias) for other, _, alias in links]
        unknown = _named(answer) - set(self.volumes)
        refuse(unknown, f"volumes {unknown} do not exist")
        answer["Mounts"] = self._mounts(host, config["Volumes"])
        self._first_places(answer, (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {})
        self.containers[id_] = answer
        return id_

    def _first_places(self, answer: Json, endpoints: Json) -> None:
        several = self.api_version >= (1, 44)
        refuse(len(endpoints) > 1 and not several, "below API 1.44 one endpoint at create")
        mode = answer["HostConfig"].get("NetworkMode")
        places = answer["NetworkSettings"] = {"Networks": {mode: new_place({})} if mode in ("host", "none") else {}}
        for network, wanted in endpoints.items():
            self._find_network(network)
            places["Networks"][network] = new_place(wanted)
            if several and wanted.get("MacAddress"):
                places["Networks"][network] |= dict.fromkeys(
                    ("asked for MacAddress", "MacAddress"), wanted["MacAddress"]
                )
                answer["Config"] |= {"MacAddress": wanted["MacAddress"]} if network == mode else {}

    def _mounts(self, host: Json, without_name: Iterable[str]) -> list[Json]:
        """The volumes of a new container; those without a name are made for it, asked for as mounts or by targets."""
        borrowed = {mount["Destination"]: mount for mount in self._borrowed(host)}
        asked = [mount for mount in host.get("Mounts") or () if mount["Type"] == "volume"]
        taken = {mount["Target"] for mount in host.get("Mounts") or ()}
        asked += [{"Target": target} for target in without_name if target not in {*taken, *borrowed}]
        found = []
        for mount in asked:
            name = mount.get("Source") or self._new_id(mount["Target"])
            labels = (mount.get("VolumeOptions") or {}).get("Labels")
            self.volumes.setdefault(name, {"Name": name, "Driver": "local", "Labels": labels, "Options": None})
            place = posixpath.normpath(mount["Target"])
            found.append({"Type": "volume", "Name": name, "Destination": place, "given": "Source" in mount})
        return found + [mount for target, mount in borrowed.items() if target not in taken]

    def _borrowed(self, host: Json) -> list[Json]:
        """They count as used by the borrower once it was started (seen on 20.10 and 28.5)."""
        sources = (text.partition(":")[0] for text in host.get("VolumesFrom") or ())
        return [{**mount, "idle": True} for source in sources for mount in self.container(source)["Mounts"]]

    def _remove_own_volumes(self, answer: Json) -> None:
        """Those without a name that nobody else uses; what was given by name is taken for named."""
        used = {name for other in self.containers.values() for name in _mounted(other)}
        given = {mount["Name"] for mount in answer["Mounts"] if mount["given"]}
        for name in _mounted(answer) - given - used:
            del self.volumes[name]

    def _start(self, answer: Json, depends_on: Mapping[str, Iterable[str]]) -> None:
        name = answer["Name"].removeprefix("/")
        refuse(answer["State"]["Running"], "it runs already")
        for other in depends_on.get(name, ()):
            state = self._dependency(other)["State"]
            ended_well = state["Status"] == "exited" and state["ExitCode"] == 0
            refuse(not state["Running"] and not ended_well, f"{name} depends on {other}, which does not run")
        for mode in _SHARED:
            _, _, other = str(answer["HostConfig"].get(mode) or "").partition("container:")
            alive = other in self.containers and self.containers[other]["State"]["Running"]
            refuse(other and not alive, f"{mode}: the container it shares with is not running")
        for other, _ in answer["linked"]:
            refuse(not other["State"]["Running"], f"Cannot link to a non running container: {other['Name']}")
        self._claim_ports(answer)
        self._claim_places(answer)
        for mount in answer["Mounts"]:
            mount["idle"] = False
        self._count += 1
        answer["NetworkSettings"]["Ports"] = _bound(answer["HostConfig"].get("PortBindings") or {})
        answer["State"] = {**_RUNNING, "StartedAt": f"2026-01-01T00:00:{self._count / 1000:012.9f}".rstrip("0") + "Z"}
        if answer["Config"].get("Healthcheck"):
            answer["State"]["Health"] = {"Status": "starting", "Log": []}
        if answer["Config"]["Cmd"] == ENDS:
            self.stop(name)

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
            refuse(clash, f"Bind for {address}:{port} failed: port is already allocated")

    def _wait(self, answer: Json, condition: str) -> None:
        state = answer["State"]
        refuse(state["Status"] == "created", "it was never started")
        if condition == "ended well":
            if state["Running"]:
                self.stop(answer["Name"].removeprefix("/"))
        else:
            refuse(not state["Running"], "it does not run")
            if condition == "is healthy":
                state["Health"] = {"Status": "healthy", "Log": []}


def _mounted(answer: Json) -> set[str]:
    return {mount["Name"] for mount in answer["Mounts"] if not mount.get("idle")}


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
    config: Json = {key: value for key, value in wanted.items() if key not in ("HostConfig", "NetworkingConfig")}
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
