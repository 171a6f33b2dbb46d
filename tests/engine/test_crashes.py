"""The crash matrix: at each call that changes something, the connection, the process or the answer is spoilt.

Whatever happened, one plain apply afterwards finishes the job: the diff is empty, nothing is left over, the named
volume has its content, and what is not ours is bit for bit what it was.

A process killed before its k-th call has left what one killed after the call before it has; so the kills are all
"before", and one more after the last.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tarfile
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from docker.errors import NotFound

from engine.lab import Lab, sweep
from engine.proxy import Fault, Kind, Proxy
from netdeploy.apply import calls
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine
from netdeploy.engine.lock import locks
from netdeploy.errors import NetdeployError
from netdeploy.topology.read import read
from netdeploy.workflow import changing, views
from netdeploy.workflow.listener import Listener

Json = dict[str, Any]
KINDS = ("cut before", "cut after", "killed", "500", "truncated", "slow")
AT_ONCE = 8
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
    """One topology of its own, so that several cases can run at once."""

    number: int
    lab: Lab

    @property
    def name(self) -> str:
        return f"ndt-c{self.number}"

    def file(self, version: int) -> Path:
        text = BODY.format(
            name=self.name,
            busybox=self.lab.busybox,
            version=version,
            subnet=f"10.84.{self.number}",
            subnet2=f"10.85.{self.number}",
        )
        path = self.lab.folder / f"{self.name}-{version}.yaml"
        path.write_text(text)
        return path

    # -- what a user does, in this process; as the command line does, without its output --

    def apply(self, version: int, engine: Engine | None = None) -> None:
        reading = read(str(self.file(version)))
        target = views.Target(reading.wanted(), reading.source)
        changing.apply(engine or self.lab.engine, target, Listener(), changing.Options(lock_timeout=20))

    def teardown(self, engine: Engine | None = None, *, volumes: bool = False) -> None:
        options = changing.Options(lock_timeout=20)
        changing.teardown(engine or self.lab.engine, self.name, Listener(), options, remove_volumes=volumes)

    def differences(self) -> list[str]:
        reading = read(str(self.file(2)))
        view = views.look(self.lab.engine, views.Target(reading.wanted(), reading.source))
        return [f"{change.action} {change.name}: {change.reason}" for change in view.changes.changes]

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


class Scenario:
    """What stood before, and the command that is spoilt."""

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, bench: Bench) -> None:
        if self.name == "first apply":
            return
        bench.apply(1 if self.name == "change" else 2)
        assert bench.lab.in_container(f"{bench.name}-web", f"echo -n '{CONTENT}' > /data/file")[0] == 0

    def run(self, bench: Bench, engine: Engine) -> None:
        if self.name == "teardown":
            bench.teardown(engine)
        else:
            bench.apply(2, engine)

    def arguments(self, bench: Bench) -> list[str]:
        return ["teardown", bench.name] if self.name == "teardown" else ["apply", str(bench.file(2))]


SCENARIOS = {name: Scenario(name) for name in ("first apply", "change", "teardown")}


def spoil(scenario: Scenario, bench: Bench, fault: Fault) -> bool:
    """Run the command into the fault; whether the fault happened."""
    socket = bench.lab.folder / f"{bench.name}.sock"
    with Proxy(bench.lab.engine.endpoint.url, socket, fault) as proxy:
        if fault.kind == "call before":
            killed(scenario, bench, proxy)
        else:
            # any other error than netdeploy's own would fail the case
            with Engine(find_endpoint(proxy.url, None, {})) as engine, contextlib.suppress(NetdeployError):
                scenario.run(bench, engine)
        return proxy.struck


def killed(scenario: Scenario, bench: Bench, proxy: Proxy) -> None:
    """Run the command in a process of its own, which is killed at the fault."""
    command = [sys.executable, "-m", "netdeploy", "--host", proxy.url, *scenario.arguments(bench)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert proxy.fault is not None
    proxy.fault = Fault(proxy.fault.kind, proxy.fault.number, call=process.kill)
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err


def check(scenario: Scenario, bench: Bench, fault: Fault) -> bool:
    """One case of the matrix; whether there was a call to spoil."""
    try:
        scenario.prepare(bench)
        struck = spoil(scenario, bench, fault)
        bench.apply(2)
        assert bench.differences() == []
        expected = {f"{bench.name}-{key}" for key in ("web", "db", "front", "back", "data")}
        assert bench.left() == expected
        assert locks(bench.lab.engine.reader, bench.name) == {}
        assert scenario.name == "first apply" or bench.written() == CONTENT
        bench.teardown(volumes=True)
        assert bench.left() == set()
    finally:
        bench.teardown(volumes=True)
    return struck


def kind_of(kind: str) -> Kind:
    return "call before" if kind == "killed" else kind  # type: ignore[return-value]


@dataclass
class Case:
    scenario: str
    kind: str
    number: int
    result: Future[bool]

    @property
    def failure(self) -> str:
        """Why it failed; empty if it did not."""
        error = self.result.exception()
        return f"call {self.number}: " + "".join(traceback.format_exception(error)) if error else ""


@pytest.fixture(scope="module")
def lab_of_module(
    engine: Engine, by_hand: DockerClient, busybox: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    sweep(by_hand)
    yield Lab(engine, by_hand, busybox, tmp_path_factory.mktemp("crashes"))
    sweep(by_hand)


def foreign_objects(lab: Lab) -> str:
    api = lab.client.api
    try:
        found = [api.inspect_container("ndt-guest"), api.inspect_network("ndt-guests"), api.inspect_volume("ndt-kept")]
    except NotFound as error:
        return str(error)
    return json.dumps(found, sort_keys=True)


@pytest.fixture(scope="module")
def matrix(lab_of_module: Lab) -> Iterator[list[Case]]:
    """All cases, run a few at once."""
    lab = lab_of_module
    lab.client.networks.create("ndt-guests")
    lab.client.volumes.create("ndt-kept")
    lab.foreign("ndt-guest", network="ndt-guests", volumes={"ndt-kept": {"bind": "/d"}})
    before = foreign_objects(lab)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.setattr(calls, "SETTLED", 0.1)
        calls_of = {name: count_calls(lab, SCENARIOS[name]) for name in SCENARIOS}
        cases: list[Case] = []
        for name, count in calls_of.items():
            for kind in KINDS:
                for number in range(1, count + 1 + (kind == "killed")):
                    bench = Bench(len(cases) % 250 + 1, lab)
                    result = pool.submit(check, SCENARIOS[name], bench, Fault(kind_of(kind), number))
                    cases.append(Case(name, kind, number, result))
        yield cases
        for case in cases:
            case.result.exception()
    assert foreign_objects(lab) == before


def count_calls(lab: Lab, scenario: Scenario) -> int:
    """How many calls that change something it makes when nothing goes wrong."""
    bench = Bench(255, lab)
    scenario.prepare(bench)
    with Proxy(lab.engine.endpoint.url, lab.folder / f"{scenario.name}.sock") as proxy:
        with Engine(find_endpoint(proxy.url, None, {})) as engine:
            scenario.run(bench, engine)
        bench.teardown(volumes=True)
        return len(proxy.changing)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_one_plain_apply_finishes_the_job(matrix: list[Case], scenario: str, kind: str) -> None:
    cases = [case for case in matrix if (case.scenario, case.kind) == (scenario, kind)]
    failures = [case.failure for case in cases if case.failure]
    assert not failures, f"{len(failures)} of {len(cases)}:\n" + "\n".join(failures)
    struck = [case.number for case in cases if case.result.result()]
    assert len(struck) >= len(cases) - 1, "a fault that never happened proves nothing"
