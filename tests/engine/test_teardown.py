"""Teardown: in which order containers stop, and several topologies side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.lab import Lab
from engine.proxy import Fault, Proxy

USERS = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], depends_on: [app]}
      app: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], depends_on: [db]}
      db: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], ipc: shareable, volumes: [/data]}
      side: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, network_mode: "container:db"}
      peek: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], pid: "container:db"}
      shm: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], ipc: "container:db"}
      disks: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], volumes_from: [db]}
      base: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL}
      linked: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, links: [base]}
    networks: {lan: }
"""


def finished(lab: Lab, *arguments: str | Path) -> list[str]:
    """The containers that a command stopped, as the engine was asked, in that order."""
    with Proxy(lab.engine.endpoint.url, lab.folder / "stops.sock") as proxy:
        names = {container.id: container.name for container in lab.client.containers.list(all=True)}
        result = lab.run(*arguments, url=proxy.url)
        assert result.code == 0, result.both
        stops = [path.split("/")[3] for method, path in proxy.calls if method == "POST" and "/stop" in path]
    return [names[id_].removeprefix("ndt-") for id_ in stops]


def before(order: list[str], one: str, other: str) -> bool:
    return order.index(one) < order.index(other)


def test_who_uses_another_stops_first(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    order = finished(lab, "teardown", "ndt-lab")
    for user in ("web", "app", "side", "peek", "shm", "disks"):
        assert before(order, user, "db"), order
    assert before(order, "web", "app"), order
    assert before(order, "linked", "base"), order
    assert lab.names() == set()


@pytest.mark.whole
def test_who_leaves_the_file_stops_in_that_order_too(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    file = lab.write("name: ndt-lab\nprefix: ndt-\ncontainers: {base: {image: BUSYBOX, command: KEEP}}\n")
    order = finished(lab, "apply", file)
    assert before(order, "web", "app"), order
    assert before(order, "app", "db"), order


@pytest.mark.whole
def test_one_that_stands_between_and_is_stopped_already_changes_nothing(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    lab.container("ndt-app").stop()
    assert before(finished(lab, "teardown", "ndt-lab"), "web", "db")


@pytest.mark.whole
def test_what_depends_on_what_is_never_a_difference(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    file = lab.write(USERS.replace("depends_on: [app]", "depends_on: [db]"))
    assert lab.diff(file) == []


# -- several side by side ----------------------------------------------------------------------------------------------

ONE = """
name: ndt-{name}
prefix: ndt-{name}-
containers:
  web: {{image: BUSYBOX, command: KEEP, {stop}, networks: [lan], depends_on: [db]}}
  db: {{image: BUSYBOX, command: KEEP, {stop}, networks: [lan]}}
networks: {{lan: }}
"""
NAMES = ("ndt-one", "ndt-two", "ndt-three")


def several(lab: Lab, stop: str = "stop_signal: SIGKILL") -> list[Path]:
    files = [lab.write(ONE.format(name=name.removeprefix("ndt-"), stop=stop), name) for name in NAMES]
    assert lab.run("apply", *files).code == 0
    return files


def owners(lines: list[str]) -> list[str]:
    """Whose step or result each line is, where it tells, without repetitions."""
    found = [name for line in lines for name in NAMES if f"{name}-" in line or f"`{name}`" in line]
    return [name for number, name in enumerate(found) if number == 0 or found[number - 1] != name]


def test_several_are_taken_down_side_by_side_and_told_one_by_one(lab: Lab) -> None:
    """Each has two containers, one after the other, that wait for a second to be killed."""
    several(lab, "stop_grace_period: 2s")
    began = time.monotonic()
    result = lab.run("teardown", *NAMES)
    seconds = time.monotonic() - began
    assert result.code == 0, result.both
    assert lab.names() == set()
    assert seconds < 11, "one after the other they take twelve seconds at least"
    assert sorted(owners(result.err.splitlines())) == sorted(NAMES)
    assert sorted(owners(result.out.splitlines())) == sorted(NAMES)
    assert all(f"`{name}` is gone" in result.out for name in NAMES)


@pytest.mark.whole
def test_one_that_fails_does_not_stop_the_others_and_the_result_of_each_is_told(lab: Lab) -> None:
    several(lab)
    lab.foreign("ndt-guest", network="ndt-two-lan")
    result = lab.run("teardown", *NAMES)
    assert result.code == 2
    assert lab.names() == {"ndt-guest", "ndt-two-lan"}
    assert "`ndt-one` is gone" in result.out
    assert "`ndt-three` is gone" in result.out
    summary = result.err.splitlines()[-4:]
    assert summary == [
        "Of 3 topologies, 1 failed:",
        "  ✓ ndt-one: removed",
        "  ✗ ndt-two: not all of `ndt-two` could be removed",
        "  ✓ ndt-three: removed",
    ]
    assert "docker network disconnect ndt-two-lan ndt-guest" in result.err


def test_who_is_on_anothers_network_is_no_obstacle_when_it_goes_too(lab: Lab) -> None:
    owner = lab.write("name: ndt-one\nprefix: ndt-one-\nnetworks: {lan: }\nvolumes: {data: }\n", "ndt-one")
    guest = lab.write(
        """
        name: ndt-two
        prefix: ndt-two-
        containers:
          web:
            image: BUSYBOX
            command: KEEP
            stop_grace_period: 2s
            networks: [lan]
            volumes: ["data:/data"]
        networks: {lan: {name: ndt-one-lan, external: true}}
        volumes: {data: {name: ndt-one-data, external: true}}
        """,
        "ndt-two",
    )
    assert lab.run("apply", owner, guest).code == 0
    result = lab.run("teardown", "ndt-one", "ndt-two", "--volumes")
    assert result.code == 0, result.both
    assert lab.names() == set()
    assert lab.volumes() == set()


@pytest.mark.whole
def test_a_name_that_is_unknown_or_given_twice_is_no_hindrance(lab: Lab) -> None:
    files = several(lab)
    result = lab.run("teardown", files[0], "ndt-one", "ndt-nothing", "ndt-two", "ndt-three")
    assert result.code == 0, result.both
    assert "Nothing of `ndt-nothing` is on this engine" in result.out
    assert result.out.count("`ndt-one` is gone") == 1
    assert lab.names() == set()


@pytest.mark.whole
@pytest.mark.parametrize("number", [3, pytest.param(7, marks=pytest.mark.whole)])
def test_ctrl_c_ends_all_of_them_properly(lab: Lab, number: int) -> None:
    several(lab)
    with Proxy(lab.engine.endpoint.url, lab.folder / "stop.sock") as proxy:
        command = [sys.executable, "-m", "netdeploy", "--host", proxy.url, "teardown", *NAMES]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        proxy.fault = Fault("call before", number, call=lambda: os.kill(process.pid, signal.SIGINT))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    for name in NAMES:
        assert f"`{name}` is gone" in out or f"  · {name}: " in err, err
    assert not [volume.name for volume in lab.client.volumes.list() if volume.name.startswith("netdeploy.lock.ndt-")]
    assert lab.run("teardown", *NAMES).code == 0
    assert lab.names() == set()
