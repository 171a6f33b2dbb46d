"""What a conflict says removes what is in the way: each command is run as it is shown, and apply goes through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab, free_port

FILE = """
name: ndt-lab
containers:
  ndt-web: {image: BUSYBOX, command: KEEP, networks: [ndt-net], volumes: ["ndt-data:/data"]}
networks: {ndt-net: {ipam: {config: [{subnet: 10.83.66.0/24}]}}}
volumes: {ndt-data: }
"""
OTHER = FILE.replace("name: ndt-lab", "name: ndt-other")
COMPOSE = {"com.docker.compose.project": "ndt-shop"}


def remedies(lab: Lab, file: Path) -> list[str]:
    conflicts = [change for change in lab.diff(file) if change["action"] == "conflict"]
    return [change["hint"].rpartition(": ")[2] for change in conflicts]


def type_in(lab: Lab, command: str, folder: Path) -> None:
    """In a shell, with the `netdeploy` of this checkout and no Docker Compose."""
    program = folder / "netdeploy"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m netdeploy "$@"\n')
    program.chmod(0o755)
    environment = {
        "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "DOCKER_HOST": lab.engine.endpoint.url,
    }
    done = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, (command, done.stderr)


def by_hand(lab: Lab) -> None:
    network = lab.client.networks.create("ndt-net")
    lab.client.volumes.create("ndt-data")
    lab.foreign("ndt-web")
    network.connect(lab.foreign("ndt-guest"))


def by_another_file(lab: Lab) -> None:
    lab.apply(lab.write(OTHER, "ndt-other"))


@pytest.mark.parametrize("made", [by_hand, by_another_file], ids=lambda made: made.__name__)
def test_what_a_conflict_says_makes_room(lab: Lab, made: object, tmp_path: Path) -> None:
    assert callable(made)
    made(lab)
    file = lab.write(FILE)
    assert len(remedies(lab, file)) == 3
    while found := remedies(lab, file):
        type_in(lab, found[0], tmp_path)
    lab.apply(file)


def test_somebody_elses_subnet(lab: Lab, tmp_path: Path) -> None:
    ipam = {"Config": [{"Subnet": "10.83.66.0/25"}]}
    lab.client.api.create_network("ndt-theirs", ipam=ipam)
    file = lab.write(FILE)
    (found,) = remedies(lab, file)
    assert found == "docker network rm ndt-theirs"
    type_in(lab, found, tmp_path)
    lab.apply(file)


def test_a_compose_project_is_taken_down_as_one(lab: Lab) -> None:
    lab.client.networks.create("ndt-net", labels=COMPOSE)
    lab.client.volumes.create("ndt-data", labels=COMPOSE)
    lab.foreign("ndt-web", labels=COMPOSE)
    down = "docker compose -p ndt-shop down"
    assert set(remedies(lab, lab.write(FILE))) == {down, f"{down} && docker volume rm ndt-data"}


def test_what_a_label_says_is_quoted(lab: Lab) -> None:
    lab.foreign("ndt-web", labels={"com.docker.compose.project": "x; touch /tmp/ndt-owned"})
    lab.client.networks.create("ndt-net", labels={"netdeploy.topology": "$(reboot)", "netdeploy.kind": "network"})
    found = remedies(lab, lab.write(FILE))
    # no topology is called so: the label is nobody's
    assert found == ["docker network rm ndt-net", "docker compose -p 'x; touch /tmp/ndt-owned' down"]


# -- what verify says of a set-up made by hand -------------------------------------------------------------------------

EXERCISE = """
name: ndt-lab
containers:
  ndt-front: {image: BUSYBOX, command: KEEP, networks: [ndt-public]}
  ndt-catalog:
    image: BUSYBOX
    command: [httpd, -f, -p, "8080"]
    expose: [8080]
    networks: {ndt-public: {aliases: [catalog]}, ndt-private: }
  ndt-db: {image: BUSYBOX, command: KEEP, networks: {ndt-private: {aliases: [db]}}}
networks: {ndt-public: , ndt-private: }
checks: [{from: ndt-front, to: db, expect: does-not-resolve}]
"""


@pytest.fixture
def by_hand_too(lab: Lab) -> Path:
    api = lab.client.networks
    public, private = api.create("ndt-public"), api.create("ndt-private")
    lab.foreign("ndt-front", network="ndt-public")
    catalog = lab.client.containers.run(
        lab.busybox, ["httpd", "-f", "-p", "8080"], name="ndt-catalog", detach=True, network="ndt-private"
    )
    public.connect(catalog, aliases=["catalog"])
    database = lab.foreign("ndt-db")
    api.get("bridge").disconnect(database)
    private.connect(database, aliases=["db"])
    return lab.write(EXERCISE)


def proven(lab: Lab, file: Path) -> dict[str, Any]:
    result = lab.run("verify", file, "-o", "json")
    assert result.code in {0, 1}, result.both
    report: dict[str, Any] = result.json
    return report


def off_its_network(lab: Lab) -> None:
    lab.client.networks.get("ndt-public").disconnect("ndt-catalog")


def without_alias(lab: Lab) -> None:
    network = lab.client.networks.get("ndt-private")
    network.disconnect("ndt-db")
    network.connect("ndt-db")


def on_one_too_many(lab: Lab) -> None:
    lab.client.networks.get("ndt-private").connect("ndt-front")


def stopped(lab: Lab) -> None:
    lab.container("ndt-db").kill()


@pytest.mark.part(2)
@pytest.mark.parametrize("tamper", [off_its_network, without_alias, on_one_too_many, stopped], ids=lambda t: t.__name__)
def test_verify_says_the_docker_command_for_what_it_did_not_make(
    lab: Lab, by_hand_too: Path, tamper: Any, tmp_path: Path
) -> None:
    report = proven(lab, by_hand_too)
    assert report["passed"], report["causes"]
    tamper(lab)
    report = proven(lab, by_hand_too)
    (cause,) = report["causes"]
    assert "netdeploy" not in cause["hint"]
    type_in(lab, cause["hint"], tmp_path)
    report = proven(lab, by_hand_too)
    assert report["passed"], report["causes"]


@pytest.mark.whole
def test_what_a_stopped_one_does_not_answer_is_untested(lab: Lab, by_hand_too: Path) -> None:
    stopped(lab)
    report = proven(lab, by_hand_too)
    about = [claim for claim in report["claims"] if claim["target"] == "ndt-db" and claim["kind"] != "runs"]
    assert {claim["verdict"] for claim in about if claim["source"] == "ndt-front"} == {"untested"}
    assert {claim["why"] for claim in about if claim["verdict"] == "untested"} == {"ndt-db does not run"}
    marks = {(cell["source"], cell["target"]): cell["mark"] for cell in report["matrix"]}
    assert marks["ndt-front", "ndt-db"] == marks["host", "ndt-db"] == "untested"


def test_a_port_that_leads_elsewhere_inside_is_one_sentence(lab: Lab, tmp_path: Path) -> None:
    port = free_port()
    text = 'name: ndt-lab\ncontainers: {ndt-web: {image: BUSYBOX, command: [httpd, -f], ports: ["PORT:80"]}}\n'
    file = lab.write(text.replace("PORT", str(port)))
    lab.client.containers.run(lab.busybox, ["httpd", "-f"], name="ndt-web", detach=True, ports={"8080/tcp": port})
    (cause,) = proven(lab, file)["causes"]
    assert cause["text"] == f"the host's {port} leads to 8080 inside `ndt-web`; it should lead to 80"
    assert f"-p {port}:80" in cause["hint"]


# -- waiting for health ------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_one_that_stays_unhealthy_is_a_failure_when_it_was_waited_for(lab: Lab) -> None:
    health = "{test: 'echo my disk is full; exit 1', interval: 300ms, retries: 1}"
    file = lab.write(
        f"name: ndt-lab\ncontainers: {{ndt-web: {{image: BUSYBOX, command: KEEP, healthcheck: {health}}}}}\n"
    )
    lab.apply(file)
    assert lab.run("verify", file).code == 0
    result = lab.run("verify", file, "--wait", "--timeout", "2")
    assert result.code == 1
    assert "`ndt-web` is unhealthy in the 2 seconds it was given; its last check said: my disk is full" in result.out
    assert lab.run("apply", file, "--verify", "--timeout", "2").code == 1
