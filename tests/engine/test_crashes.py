"""The crash matrix: at each call that changes something, the connection, the process or the answer is spoilt.

Whatever happened, one plain apply afterwards finishes the job: the diff is empty, nothing is left over, the named
volume has its content, and what is not ours is bit for bit what it was.

A process killed before its k-th call has left what one killed after the call before it has; so the kills are all
"before". What one case leaves standing is what the next one starts from. With --whole each call is spoilt in each way;
without, each call in one of them.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import subprocess
import sys
import tarfile
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.lab import Lab
from engine.proxy import Fault, Kind, Proxy
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine
from netdeploy.engine.lock import locks
from netdeploy.errors import NetdeployError
from netdeploy.identity import TopologyId
from netdeploy.topology.read import read
from netdeploy.workflow import changing, views
from netdeploy.workflow.listener import Listener

KINDS = ("cut before", "cut after", "killed", "500", "truncated", "slow")
SCENARIOS = ("first apply", "change", "teardown")
GIVE_UP = 5  # failures after which a row of the matrix has told enough
BODY = """
name: {name}
prefix: {name}-
containers:
  web:
    image: {busybox}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    environment: {{V: "{version}"}}
    volumes: ["data:/data", /anonymous]
    networks: {{front: {{aliases: [shop], ipv4_address: {subnet}.10}}, back: {{}}}}
  db:
    image: {busybox}
    command: [sleep, "100000"]
    stop_signal: SIGKILL
    networks: {{front: {{aliases: [store-{version}]}}}}
networks:
  front: {{labels: {{version: "{version}"}}, ipam: {{config: [{{subnet: {subnet}.0/24}}]}}}}
  back: {{ipam: {{config: [{{subnet: {subnet2}.0/24}}]}}}}
volumes: {{data: {{}}}}
"""
CONTENT = "what nobody may lose"


@dataclass
class Bench:
    """The topology, and what can be done with it."""

    lab: Lab
    name: str = "ndt-crash"

    @property
    def id(self) -> TopologyId:
        return TopologyId(self.name, f"{self.name}-")

    def file(self, version: int) -> Path:
        text = BODY.format(
            name=self.name,
            busybox=self.lab.busybox,
            version=version,
            subnet="10.84.1",
            subnet2="10.85.1",
        )
        path = self.lab.folder / f"{self.name}.yaml"
        path.write_text(text)
        return path

    # -- what a user does, in this process; as the command line does, without its output --

    def apply(self, version: int, engine: Engine | None = None) -> None:
        reading = read(str(self.file(version)))
        target = views.Target(reading.wanted(), reading.source)
        changing.apply(engine or self.lab.engine, target, Listener(), changing.Options(lock_timeout=20))

    def teardown(self, engine: Engine | None = None, *, volumes: bool = False) -> None:
        options = changing.Options(lock_timeout=20)
        changing.teardown(engine or self.lab.engine, self.id, Listener(), options, remove_volumes=volumes)

    def differences(self, version: int) -> list[str]:
        reading = read(str(self.file(version)))
        view = views.look(self.lab.engine, views.Target(reading.wanted(), reading.source))
        return [f"{change.action} {change.name}: {change.reason}" for change in view.changes.changes]

    def fill(self) -> None:
        assert self.lab.in_container(f"{self.name}-web", f"echo -n '{CONTENT}' > /data/file")[0] == 0

    def written(self) -> str:
        """Read from outside: what a busy engine passes on of a command's output may lack its end."""
        chunks, _ = self.lab.container(f"{self.name}-web").get_archive("/data/file")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.extractfile("file")
            assert member is not None
            return member.read().decode()

    def left(self) -> set[str]:
        """All that bears the topology's name."""
        api = self.lab.client.api
        names = {item["Names"][0].removeprefix("/") for item in api.containers(all=True)}
        names |= {item["Name"] for item in (*api.networks(), *(api.volumes()["Volumes"] or ()))}
        return {name for name in names if f"{self.name}-" in f"{name}-"}


@dataclass
class Scenario:
    """A command that is spoilt, again and again, on one bench."""

    name: str
    bench: Bench
    version: int = 1
    standing: bool = False

    def prepare(self) -> None:
        """What stood before: nothing, or all of it with something in the volume that nobody may lose."""
        if self.name == "first apply":
            self.bench.teardown(volumes=True)
            return
        if self.name == "change":
            self.version += 1
        if not self.standing:
            self.bench.apply(self.version - (self.name == "change"))
            self.bench.fill()
            self.standing = True

    def run(self, engine: Engine) -> None:
        if self.name == "teardown":
            self.bench.teardown(engine)
        else:
            self.bench.apply(self.version, engine)

    def arguments(self) -> list[str]:
        if self.name == "teardown":
            return ["teardown", self.bench.name]
        return ["apply", str(self.bench.file(self.version))]

    def case(self, fault: Fault) -> bool:
        """Spoil one call and finish the job; whether there was a call to spoil."""
        self.prepare()
        struck = self.spoil(fault)
        self.bench.apply(self.version)
        assert self.bench.differences(self.version) == []
        assert self.bench.left() == {f"{self.bench.name}-{key}" for key in ("web", "db", "front", "back", "data")}
        assert locks(self.bench.lab.engine.reader, self.bench.id) == {}
        assert self.name == "first apply" or self.bench.written() == CONTENT
        return struck

    def spoil(self, fault: Fault) -> bool:
        """Run the command into the fault; whether the fault happened."""
        socket = self.bench.lab.folder / f"{self.bench.name}.sock"
        with Proxy(self.bench.lab.engine.endpoint.url, socket, fault) as proxy:
            if fault.kind == "call before":
                self.killed(proxy)
            else:
                # any other error than netdeploy's own would fail the case
                with Engine(find_endpoint(proxy.url, None, {})) as engine, contextlib.suppress(NetdeployError):
                    self.run(engine)
            return proxy.struck

    def killed(self, proxy: Proxy) -> None:
        """Run the command in a process of its own, which is killed at the fault."""
        command = [sys.executable, "-m", "netdeploy", "--host", proxy.url, *self.arguments()]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert proxy.fault is not None
        proxy.fault = Fault(proxy.fault.kind, proxy.fault.number, call=process.kill)
        _, err = process.communicate(timeout=60)
        assert b"Traceback" not in err

    def after_a_failure(self) -> None:
        """Room for the next case."""
        self.bench.teardown(volumes=True)
        self.standing = False


def kind_of(kind: str) -> Kind:
    return "call before" if kind == "killed" else kind  # type: ignore[return-value]


def foreign_objects(lab: Lab) -> str:
    api = lab.client.api
    found = [api.inspect_container("ndt-guest"), api.inspect_network("ndt-guests"), api.inspect_volume("ndt-kept")]
    return json.dumps(found, sort_keys=True)


@pytest.fixture
def guest(lab: Lab) -> Iterator[None]:
    """Somebody else's objects, which must be at the end what they were."""
    lab.client.networks.create("ndt-guests")
    lab.client.volumes.create("ndt-kept")
    lab.foreign("ndt-guest", network="ndt-guests", volumes={"ndt-kept": {"bind": "/d"}})
    before = foreign_objects(lab)
    yield
    assert foreign_objects(lab) == before


def spoil_every(lab: Lab, scenario: Scenario, kind: str, numbers: Iterable[int]) -> None:
    """Spoil the calls with these numbers, until there are no more; a case is tried whatever became of the others."""
    failures, struck = [], 0
    for number in numbers:
        try:
            if not scenario.case(Fault(kind_of(kind), number)):
                break
            struck += 1
        except (AssertionError, NetdeployError) as error:
            failures.append(f"call {number}: " + "".join(traceback.format_exception(error)))
            scenario.after_a_failure()
        if len(failures) == GIVE_UP:
            break
    assert not failures, f"{len(failures)}:\n" + "\n".join(failures)
    assert struck, "a fault that never happened proves nothing"
    scenario.bench.teardown(volumes=True)
    assert scenario.bench.left() == set()


@pytest.mark.part(3)
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_one_plain_apply_finishes_the_job(lab: Lab, name: str, kind: str, pytestconfig: pytest.Config) -> None:
    whole = pytestconfig.getoption("whole")
    first, step = (1, 1) if whole else (1 + KINDS.index(kind), len(KINDS))
    spoil_every(lab, Scenario(name, Bench(lab)), kind, itertools.count(first, step))
