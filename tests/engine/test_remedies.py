"""What a conflict says removes what is in the way: each command is run as it is shown, and apply goes through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.lab import Lab

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
    environment = {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "DOCKER_HOST": lab.engine.endpoint.url}
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
    assert found == ["netdeploy teardown '$(reboot)'", "docker compose -p 'x; touch /tmp/ndt-owned' down"]
