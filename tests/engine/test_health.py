"""How containers are at run time: shown beside what differs from the file, never mixed with it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from docker.errors import APIError

from engine.lab import Lab, free_port

pytestmark = pytest.mark.as_long_as_users_wait
BODY = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web: {{image: BUSYBOX, {settings}}}
"""


def applied(lab: Lab, settings: str, rest: str = "") -> Any:
    file = lab.write(BODY.format(settings=settings) + rest)
    lab.apply(file)
    return file


def health(lab: Lab, file: Any) -> list[tuple[str, str]]:
    """What diff tells of run time, as (status, message)."""
    document = lab.run("diff", file, "-o", "json").json
    assert document["in_sync"] == (not document["changes"])
    return [(item["status"], item["message"]) for item in document["health"]]


def until(condition: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def test_well_containers_have_nothing_to_tell(lab: Lab) -> None:
    file = applied(lab, f"command: KEEP, init: true, ports: ['127.0.0.1:{free_port()}:80', '81']")
    assert health(lab, file) == []
    assert "At run time" not in lab.run("diff", file).out


def test_one_that_ended_tells_its_exit_code_and_is_started_again(lab: Lab) -> None:
    file = applied(lab, "command: [sh, -c, 'sleep 2; exit 7']")
    until(lambda: lab.container("ndt-web").status == "exited")
    assert lab.told(file) == [("start", "ndt-web", None)]
    assert health(lab, file) == [("exited", "exited with code 7")]
    assert "ndt-web exited with code 7" in lab.run("diff", file).out


def test_one_that_could_not_start_tells_the_engines_error(lab: Lab) -> None:
    port = free_port()
    file = applied(lab, f"command: KEEP, init: true, ports: ['127.0.0.1:{port}:80']")
    lab.container("ndt-web").stop(timeout=5)
    lab.foreign("ndt-other", ports={"80/tcp": ("127.0.0.1", port)})
    with pytest.raises(APIError):
        lab.container("ndt-web").start()
    ((status, message),) = health(lab, file)
    assert status == "exited"
    assert "the engine said: " in message
    assert str(port) in message


def test_a_paused_one(lab: Lab) -> None:
    file = applied(lab, "command: KEEP, init: true")
    lab.container("ndt-web").pause()
    assert lab.told(file) == [("start", "ndt-web", None)]
    assert health(lab, file) == [("paused", "is paused")]


def test_an_unhealthy_one_is_no_difference(lab: Lab) -> None:
    check = "{test: 'cat /tmp/well', interval: 500ms, retries: 1}"
    file = applied(lab, f"command: [sh, -c, 'touch /tmp/well; sleep 1000'], init: true, healthcheck: {check}")
    lab.in_container("ndt-web", "rm /tmp/well")
    until(lambda: lab.container("ndt-web").health == "unhealthy")
    assert lab.diff(file) == []
    ((status, message),) = health(lab, file)
    assert status == "unhealthy"
    assert "No such file" in message
    assert "is unhealthy" in lab.run("apply", file).out


@pytest.mark.whole
def test_one_that_keeps_restarting(lab: Lab) -> None:
    file = applied(lab, "command: [sh, -c, 'test -e /ran || sleep 2; touch /ran; exit 3'], restart: always")
    # the engine waits 0.1 s before the first restart and twice as long before each next one
    until(lambda: lab.container("ndt-web").attrs["RestartCount"] >= 7, seconds=60)
    until(lambda: lab.container("ndt-web").status == "restarting")
    ((status, message),) = health(lab, file)
    assert lab.diff(file) == []
    assert status == "restarting"
    assert "exit code 3" in message


def test_a_port_that_is_not_really_published(lab: Lab) -> None:
    settings = f"command: KEEP, init: true, networks: [inside], ports: ['127.0.0.1:{free_port()}:80']"
    file = applied(lab, settings, "    networks: {inside: {internal: true}}\n")
    assert lab.diff(file) == []
    ((status, message),) = health(lab, file)
    assert status == "port not bound"
    assert "80/tcp" in message
    assert "internal networks only" in message
