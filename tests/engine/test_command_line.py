"""Exit codes, messages and documents of the commands, on a real engine."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from engine.lab import Lab

ROOT = Path(__file__).parents[2]
PLAN_SCHEMA = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())
TOPOLOGY = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web:
        image: BUSYBOX
        command: KEEP
        init: true
        networks: {net: {aliases: [shop]}}
        environment: {API_KEY: hunter2}
    networks: {net: }
    volumes: {data: }
"""


def check_document(text: str) -> None:
    jsonschema.Draft202012Validator(PLAN_SCHEMA).validate(json.loads(text))


def test_documents_follow_the_published_schema(lab: Lab) -> None:
    file = lab.write(TOPOLOGY)
    check_document(lab.run("diff", file, "-o", "json").out)
    lab.apply(file)
    check_document(lab.run("diff", file, "-o", "json").out)
    lab.container("ndt-web").stop(timeout=0)
    lab.client.networks.get("ndt-net").disconnect("ndt-web")
    lab.client.networks.get("ndt-net").connect("ndt-web")
    lab.container("ndt-web").update(restart_policy={"Name": "always"})
    result = lab.run("diff", file, "-o", "json")
    check_document(result.out)
    assert result.code == 1
    assert result.json["summary"] == {"update": 1, "reconnect": 1, "start": 1}
    check_document(lab.run("diff", file, file.rename(lab.folder / "two.yaml"), "-o", "json").out or "[]")


def test_secret_values_are_masked_everywhere(lab: Lab) -> None:
    file = lab.write(TOPOLOGY)
    lab.apply(file)
    lab.write(TOPOLOGY.replace("hunter2", "other3"))
    shown = lab.run("diff", file).both + lab.run("diff", file, "-o", "json").both + lab.run("apply", file).both
    assert "API_KEY" in shown
    assert "hunter2" not in shown
    assert "other3" not in shown


def test_diff_without_a_file_compares_every_topology_with_its_own(lab: Lab) -> None:
    one = lab.write(TOPOLOGY)
    two = lab.write(TOPOLOGY.replace("ndt-lab", "ndt-two").replace("prefix: ndt-", "prefix: ndt-2-"), "two")
    lab.apply(one)
    lab.apply(two)
    documents = [d for d in lab.run("diff", "-o", "json").json if d["topology"].startswith("ndt-")]
    assert [(d["topology"], d["source"], d["in_sync"]) for d in documents] == [
        ("ndt-lab", str(one), True),
        ("ndt-two", str(two), True),
    ]
    lab.container("ndt-2-web").stop(timeout=0)
    result = lab.run("diff")
    assert result.code == 1
    assert "ndt-2-web" in result.out
    one.unlink()
    result = lab.run("diff")
    assert result.code == 2
    assert str(one) in result.err


def test_teardown_by_file_by_name_and_twice(lab: Lab) -> None:
    file = lab.write(TOPOLOGY)
    lab.apply(file)
    assert lab.run("teardown", file).code == 0
    assert lab.names() == set()
    again = lab.run("teardown", file)
    assert (again.code, "Nothing of `ndt-lab`" in again.out) == (0, True)
    lab.apply(file)
    gone = file.rename(lab.folder / "aside")
    assert lab.run("teardown", file).code == 0  # the file is gone, and its labels still say where it was
    assert lab.names() == set()
    lab.apply(gone)
    typo = lab.run("teardown", "ndt-lap")
    assert "did you mean `ndt-lab`?" in typo.out
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert lab.volumes() == set()


@pytest.mark.whole
def test_teardown_of_all_needs_yes_where_nobody_can_be_asked(lab: Lab) -> None:
    if set(lab.run("diff", "-o", "json").out) and _others(lab):
        pytest.skip("somebody else's topologies stand on this engine, and --all would take them down")
    lab.apply(lab.write(TOPOLOGY))
    lab.apply(lab.write(TOPOLOGY.replace("ndt-lab", "ndt-two").replace("prefix: ndt-", "prefix: ndt-2-"), "two"))
    arguments = [sys.executable, "-m", "netdeploy", "--host", lab.engine.endpoint.url, "teardown", "--all"]
    refused = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert len(lab.names()) == 4
    assert lab.run("teardown", "--all", "--yes").code == 0
    assert lab.names() == set()


def test_teardown_of_all_asks_on_a_terminal(lab: Lab) -> None:
    if _others(lab):
        pytest.skip("somebody else's topologies stand on this engine, and --all would take them down")
    lab.apply(lab.write(TOPOLOGY))
    arguments = [sys.executable, "-m", "netdeploy", "--host", lab.engine.endpoint.url, "teardown", "--all"]
    for answer, code, left in ((b"n\n", 130, 2), (b"y\n", 0, 0)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(arguments, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.write(ours, answer)
        _, err = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
        assert b"Remove `ndt-lab`?" in err
        assert process.returncode == code
        assert len(lab.names()) == left


def _others(lab: Lab) -> bool:
    documents = lab.client.containers.list(all=True, filters={"label": "netdeploy.topology"})
    return any(not c.labels["netdeploy.topology"].startswith("ndt-") for c in documents)


def test_teardown_names_what_could_not_be_removed(lab: Lab) -> None:
    file = lab.write(TOPOLOGY)
    lab.apply(file)
    lab.foreign("ndt-guest", volumes={"ndt-data": {"bind": "/data", "mode": "rw"}})
    result = lab.run("teardown", "ndt-lab", "--volumes")
    assert result.code == 2
    assert "remove volume ndt-data" in result.err
    assert "in use" in result.err
    assert lab.names() == {"ndt-guest"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("unix:///nowhere/docker.sock", "no Docker engine answers at unix:///nowhere/docker.sock"),
        ("tcp://127.0.0.1:9", "no Docker engine answers at tcp://127.0.0.1:9"),
        ("ssh://somebody@somewhere", "forward the socket"),
        ("nonsense", "no address of an engine"),
    ],
)
def test_an_engine_that_does_not_answer_is_one_clear_message(lab: Lab, url: str, words: str) -> None:
    file = lab.write(TOPOLOGY)
    result = lab.run("apply", file, url=url)
    assert result.code == 2
    assert words in result.err
    assert "Traceback" not in result.err


def test_a_broken_file_stops_before_the_engine_is_asked(lab: Lab) -> None:
    broken = lab.write("containers: {web: {imag: x}}", "broken")
    result = lab.run("apply", broken, url="unix:///nowhere")
    assert result.code == 2
    assert "did you mean `image`?" in result.err
    missing = lab.run("apply", lab.folder / "brokn.yaml")
    assert missing.code == 2
    assert "did you mean `broken.yaml`?" in missing.err


def test_several_files_in_one_command(lab: Lab) -> None:
    one = lab.write(TOPOLOGY)
    two = lab.write(TOPOLOGY.replace("ndt-lab", "ndt-two").replace("prefix: ndt-", "prefix: ndt-2-"), "two")
    result = lab.run("apply", one, two)
    assert result.code == 0, result.both
    assert lab.names() == {"ndt-web", "ndt-net", "ndt-2-web", "ndt-2-net"}
    assert lab.run("diff", one, two).code == 0
    assert lab.run("apply", one, one).out.count("No changes.") == 1
    same = lab.write(TOPOLOGY, "same")
    both = lab.run("apply", one, same)
    assert both.code == 2
    assert f"{one} and {same} both describe the topology `ndt-lab`" in both.err


def test_an_environment_variable_finds_the_engine(lab: Lab) -> None:
    file = lab.write(TOPOLOGY)
    arguments = [sys.executable, "-m", "netdeploy", "diff", str(file)]
    environ = {**os.environ, "DOCKER_HOST": lab.engine.endpoint.url}
    found = subprocess.run(arguments, env=environ, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    lost = subprocess.run(
        arguments, env={**environ, "DOCKER_HOST": "unix:///nowhere"}, capture_output=True, text=True, check=False
    )
    assert lost.returncode == 2
    assert "DOCKER_HOST" in lost.stderr
