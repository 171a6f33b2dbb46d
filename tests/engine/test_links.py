"""Links on the default bridge: names in /etc/hosts, which the engine keeps right only while nobody renames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.lab import Lab
from engine.proxy import Fault, Proxy

BODY = """
    name: ndt-lab
    prefix: ndt-
    containers:
      db: {{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, environment: {{V: "{db}"}}}}
      web:
        image: BUSYBOX
        command: {command}
        stop_signal: SIGKILL
        links: ["db:store"]
        environment: {{V: "{web}"}}
"""


def write(lab: Lab, *, db: int = 1, web: int = 1, command: str = "KEEP") -> Path:
    return lab.write(BODY.format(db=db, web=web, command=command))


def address(lab: Lab, name: str) -> str:
    found: str = lab.container(name).attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    return found


def is_right(lab: Lab) -> bool:
    return f"{address(lab, 'ndt-db')}\tstore" in lab.in_container("ndt-web", "cat /etc/hosts")[1]


def move(lab: Lab) -> None:
    """Start the target again, so that it gets another address."""
    before = address(lab, "ndt-db")
    lab.container("ndt-db").stop()
    lab.foreign("ndt-squatter")
    lab.container("ndt-db").start()
    assert address(lab, "ndt-db") != before


@pytest.mark.part(1)
@pytest.mark.parametrize("changed", ["web", "db"])
def test_a_replaced_container_keeps_a_link_that_follows_its_target(lab: Lab, changed: str) -> None:
    lab.apply(write(lab))
    file = write(lab, **{changed: 2})
    lab.apply(file)
    assert is_right(lab)
    move(lab)
    assert is_right(lab)
    assert lab.diff(file) == []


@pytest.mark.whole
def test_a_link_that_went_stale_is_seen_and_mended(lab: Lab) -> None:
    file = write(lab)
    lab.apply(file)
    before = lab.identities("ndt-db", "ndt-web")
    for name in ("ndt-else", "ndt-web"):
        lab.client.containers.list(filters={"label": "netdeploy.name=web"})[0].rename(name)
    assert lab.diff(file) == []
    old = address(lab, "ndt-db")
    move(lab)
    assert not is_right(lab)
    (change,) = lab.diff(file)
    assert (change["action"], change["name"]) == ("start", "ndt-web")
    assert change["reason"] == f"its link `store` leads to {old}, and `ndt-db` has {address(lab, 'ndt-db')}"
    lab.apply(file)
    assert is_right(lab)
    after = lab.identities("ndt-db", "ndt-web")
    assert after["ndt-web"].id == before["ndt-web"].id


@pytest.mark.whole
def test_a_link_that_goes_stale_by_the_apply_itself_is_mended_by_it(lab: Lab) -> None:
    """The target is to be started, and who links to it was renamed some day: that shows only afterwards."""
    file = write(lab)
    lab.apply(file)
    for name in ("ndt-else", "ndt-web"):
        lab.client.containers.list(filters={"label": "netdeploy.name=web"})[0].rename(name)
    lab.container("ndt-db").stop()
    lab.foreign("ndt-squatter")
    lab.apply(file)
    assert is_right(lab)


@pytest.mark.whole
def test_a_replacement_that_fails_is_taken_back_and_its_link_is_right(lab: Lab) -> None:
    lab.apply(write(lab))
    before = lab.container("ndt-web").id
    result = lab.run("apply", write(lab, web=2, command="[sh, -c, 'exit 3']"))
    assert result.code == 2
    assert lab.names() == {"ndt-db", "ndt-web"}
    assert lab.container("ndt-web").id == before
    assert is_right(lab)
    file = write(lab)
    assert lab.diff(file) == []
    move(lab)
    lab.apply(file)
    assert is_right(lab)


@pytest.mark.whole
@pytest.mark.parametrize("number", [pytest.param(number, marks=pytest.mark.whole) for number in (3, 5, 7)] + [6])
def test_a_replacement_that_was_killed_is_finished_by_the_next_apply(lab: Lab, number: int) -> None:
    """The calls are: lock, step aside, create, stop, start, remove, unlock."""
    lab.apply(write(lab))
    file = write(lab, web=2)
    with Proxy(lab.engine.endpoint.url, lab.folder / "kill.sock") as proxy:
        process = subprocess.Popen([sys.executable, "-m", "netdeploy", "--host", proxy.url, "apply", str(file)])
        proxy.fault = Fault("call before", number, call=process.kill)
        process.wait(timeout=60)
        assert proxy.struck
    lab.apply(file)
    assert lab.names() == {"ndt-db", "ndt-web"}
    assert is_right(lab)
