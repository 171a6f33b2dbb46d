"""status: each topology with its file, its containers and ports, in sync or not; and what was left behind."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from docker.errors import NotFound

from engine.lab import Lab, Result, free_port, http_get
from engine.proxy import Proxy
from netdeploy.engine import lock
from netdeploy.engine.helpers import LABEL_HELPER
from netdeploy.engine.holder import Holder
from netdeploy.identity import TopologyId

Json = dict[str, Any]
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "status.schema.json").read_text())
BODY = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web:
        image: BUSYBOX
        command: [sh, -c, "echo hello > /tmp/index.html; exec httpd -f -h /tmp -p 80"]
        networks: [front]
        ports: ["127.0.0.1:{port}:80", "81"]
        healthcheck: {{test: "true", interval: 1s}}
      job: {{image: BUSYBOX, command: KEEP, networks: [front], volumes: ["data:/data"]}}
    networks: {{front: {{ipam: {{config: [{{subnet: 10.96.0.0/24}}]}}}}}}
    volumes: {{data: }}
"""
DEAD = replace(Holder.this_process(), pid=2**22 - 1, started=1.0, token="0123456789abcdef")


@pytest.fixture
def strays(lab: Lab) -> Iterator[list[str]]:
    """Names of volumes and containers that do not start with ndt-, to be removed."""
    names: list[str] = []
    yield names
    for name in names:
        with contextlib.suppress(NotFound):
            lab.client.containers.get(name).remove(force=True)
        with contextlib.suppress(NotFound):
            lab.client.volumes.get(name).remove(force=True)


def applied(lab: Lab) -> tuple[Path, int]:
    port = free_port()
    file = lab.write(BODY.format(port=port))
    lab.apply(file)
    return file, port


def told(lab: Lab, *names: str, code: int = 0) -> Json:
    result = lab.run("status", *names, "-o", "json")
    assert result.code == code, result.both
    jsonschema.validate(result.json, SCHEMA)
    report: Json = result.json
    return report


def lab_of(report: Json) -> Json:
    found: Json = next(item for item in report["topologies"] if item["name"] == "ndt-lab")
    return found


def left(report: Json) -> dict[str, tuple[str, str | None]]:
    """Kind and topology by name."""
    return {item["name"]: (item["kind"], item["topology"]) for item in report["leftovers"]}


def text(lab: Lab, *names: str) -> Result:
    result = lab.run("status", *names)
    assert result.code == 0, result.both
    return result


def test_one_that_stands_as_its_file_says(lab: Lab) -> None:
    file, port = applied(lab)
    report = told(lab)
    found = lab_of(report)
    assert found["source"] == str(file)
    assert (found["in_sync"], found["unknown"], found["summary"], found["health"]) == (True, None, {}, [])
    assert (found["running"], found["total"], found["checked"]) == (2, 2, 1)
    assert [(c["name"], c["status"]) for c in found["containers"]] == [("ndt-job", "running"), ("ndt-web", "running")]
    assert found["networks"] == [{"name": "ndt-front", "subnets": ["10.96.0.0/24"]}]
    assert found["volumes"] == ["ndt-data"]
    chosen = lab.container("ndt-web").ports["81/tcp"][0]["HostPort"]
    urls = [item["url"] for item in found["urls"]]
    assert set(urls) == {f"http://localhost:{port}", f"http://localhost:{chosen}"}
    assert http_get(f"http://localhost:{port}") == "hello\n"
    assert found["changed_by"] is None
    assert not any(topology == "ndt-lab" for _, topology in left(report).values())
    shown = text(lab, "ndt-lab").out
    assert "ndt-lab  in sync" in shown
    assert "ndt-front 10.96.0.0/24" in shown
    assert f"http://localhost:{port}" in shown


def test_one_that_drifted_says_what_apply_would_do(lab: Lab) -> None:
    file, _ = applied(lab)
    lab.client.networks.get("ndt-front").disconnect("ndt-job")
    lab.container("ndt-web").kill()
    found = lab_of(told(lab))
    assert found["in_sync"] is False
    assert found["summary"] == {"start": 1, "connect": 1}
    assert (found["running"], found["total"]) == (1, 2)
    assert [(item["container"], item["exit_code"]) for item in found["health"]] == [("ndt-web", 137)]
    shown = text(lab, "ndt-lab").out
    assert "differs: " in shown
    assert f"netdeploy diff {file}" in shown


def test_a_file_that_is_gone_broken_or_another_topologys_is_told(lab: Lab) -> None:
    file, _ = applied(lab)
    content = file.read_text()
    file.write_text(content.replace("networks: [front]", "netwroks: [front]"))
    assert "problem" in lab_of(told(lab))["unknown"]
    file.write_text(content.replace("name: ndt-lab", "name: ndt-other"))
    assert "`ndt-other` now" in lab_of(told(lab))["unknown"]
    file.unlink()
    found = lab_of(told(lab))
    assert (found["in_sync"], found["summary"]) == (None, {})
    assert "not on this machine" in found["unknown"]
    assert (found["running"], found["total"]) == (2, 2)
    shown = text(lab, "ndt-lab").out
    assert "can't be compared with its file" in shown
    assert "netdeploy teardown ndt-lab" in shown


def test_a_name_of_nothing_is_the_honest_no(lab: Lab) -> None:
    applied(lab)
    result = lab.run("status", "ndt-lap")
    assert result.code == 1
    assert "Nothing of `ndt-lap`" in result.out
    assert "did you mean `ndt-lab`?" in result.out
    assert told(lab, "ndt-lap", code=1)["topologies"] == []
    both = lab.run("status", "ndt-lab", "ndt-lap")
    assert both.code == 1
    assert "ndt-lab  in sync" in both.out


def test_volumes_of_a_topology_that_has_nothing_else(lab: Lab) -> None:
    applied(lab)
    assert lab.run("teardown", "ndt-lab").code == 0
    report = told(lab, "ndt-lab")
    assert report["topologies"] == []
    assert left(report) == {"ndt-data": ("volume", "ndt-lab")}
    assert "netdeploy teardown ndt-lab --prefix ndt- --volumes" in text(lab, "ndt-lab").out
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert told(lab, "ndt-lab", code=1)["leftovers"] == []


def test_helpers_and_locks_of_dead_processes(lab: Lab, strays: list[str]) -> None:
    applied(lab)
    strays += ["netdeploy-helper-ndt", "netdeploy.lock.ndt-lab"]
    lab.foreign(strays[0], labels={LABEL_HELPER: "verify", **DEAD.labels(LABEL_HELPER)})
    labels = {lock.LABEL_LOCK: "ndt-lab", **DEAD.labels(lock.LABEL_LOCK)}
    lab.client.volumes.create(strays[1], labels=labels)
    report = told(lab)
    assert left(report)[strays[0]] == ("helper", None)
    assert left(report)[strays[1]] == ("lock", "ndt-lab")
    assert lab_of(report)["changed_by"] is None
    assert DEAD.user in json.dumps(report["leftovers"])
    assert lab.run("unlock", "ndt-lab").code == 0
    assert strays[1] not in left(told(lab))


def test_what_living_processes_hold_is_not_left_behind(lab: Lab, strays: list[str]) -> None:
    applied(lab)
    strays.append("netdeploy-helper-ndt")
    mine = Holder.this_process()
    lab.foreign(strays[0], labels={LABEL_HELPER: "verify", **mine.labels(LABEL_HELPER)})
    lab.container("ndt-job").rename("ndt-job.netdeploy-old")
    with lock.locked(lab.engine, TopologyId("ndt-lab", "ndt-"), lock.Patience(stop=threading.Event())):
        report = told(lab)
        assert f"process {mine.pid}" in lab_of(report)["changed_by"]
        assert left(report) == {}
        assert "It is being changed by" in text(lab, "ndt-lab").out
    after = told(lab)
    assert left(after) == {"ndt-job.netdeploy-old": ("interim", "ndt-lab")}
    assert lab_of(after)["total"] == 1


def test_a_container_run_from_an_image_made_of_ours(lab: Lab) -> None:
    applied(lab)
    lab.container("ndt-job").commit("ndt-image", "latest")
    try:
        lab.client.containers.run("ndt-image:latest", name="ndt-copy", detach=True)
        report = told(lab, "ndt-lab")
        assert left(report) == {"ndt-copy": ("inheritor", "ndt-lab")}
        assert lab_of(report)["total"] == 2
        lab.container("ndt-copy").remove(force=True)
    finally:
        lab.remove_image("ndt-image:latest")


def test_it_only_looks(lab: Lab, proxy: Proxy, strays: list[str]) -> None:
    applied(lab)
    strays.append("netdeploy-helper-ndt")
    lab.foreign(strays[0], labels={LABEL_HELPER: "verify", **DEAD.labels(LABEL_HELPER)})
    before = lab.identities("ndt-web", "ndt-job")
    result = lab.run("status", url=proxy.url)
    assert result.code == 0, result.both
    assert {method for method, _ in proxy.calls} == {"GET"}
    assert lab.identities("ndt-web", "ndt-job") == before
    assert lab.container(strays[0]).status == "running"


def test_an_engine_that_does_not_answer_is_no_answer(lab: Lab, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
    assert lab.run("status", url=f"unix://{tmp_path}/deaf.sock").code == 2
