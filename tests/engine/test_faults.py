"""Faults in the middle: replacements that fail, interruptions, an engine in trouble, ports that are taken."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.lab import Lab, free_port, http_get
from engine.proxy import Fault, Proxy

HEAD = "name: ndt-lab\nprefix: ndt-\n"
SLEEPER = "{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"


def write(lab: Lab, body: str) -> Path:
    return lab.write(HEAD + body)


# -- the way back ------------------------------------------------------------------------------------------------------

STANDS = """
containers:
  web:
    image: BUSYBOX
    command: {command}
    stop_signal: SIGKILL
    environment: {{V: "{version}"}}
    volumes: [/anonymous, "data:/data"]
    ports: ["{port}:80"]
    networks: {{net: {{aliases: [shop], ipv4_address: 10.83.40.10}}}}
    {more}
networks: {{net: {{labels: {{v: "{label}"}}, ipam: {{config: [{{subnet: 10.83.40.0/24}}]}}}}}}
volumes: {{data: }}
"""


def failing_replacement(lab: Lab, *, command: str, more: str = "", label: str = "1") -> str:
    """Replace a container by one that does not do; the old one must be back as it was. Returns what was said."""
    port = free_port()
    good = {"command": "[sleep, '100000']", "version": 1, "port": port, "more": "", "label": "1"}
    lab.apply(write(lab, STANDS.format(**good)))
    assert lab.in_container("ndt-web", "echo here > /anonymous/file; echo there > /data/file")[0] == 0
    before = lab.container("ndt-web").attrs
    bad = {**good, "version": 2, "command": command, "more": more, "label": label}
    result = lab.run("apply", write(lab, STANDS.format(**bad)), "--timeout", "20")
    assert result.code == 2, result.both
    after = lab.container("ndt-web").attrs
    assert after["Id"] == before["Id"]
    assert after["State"]["Running"]
    assert "V=1" in after["Config"]["Env"]
    (endpoint,) = after["NetworkSettings"]["Networks"].values()
    assert endpoint["IPAddress"] == "10.83.40.10"
    assert {"shop", "web"} <= set(endpoint["Aliases"])
    assert lab.in_container("ndt-web", "cat /anonymous/file /data/file") == (0, "here\nthere\n")
    assert lab.names() == {"ndt-web", "ndt-net"}
    lab.apply(write(lab, STANDS.format(**{**good, "label": label})))
    assert lab.container("ndt-web").id == before["Id"]
    return result.err


def test_a_new_container_that_can_not_start_gives_way_to_the_old_one(lab: Lab) -> None:
    said = failing_replacement(lab, command="[no-such-program]")
    assert "no program `no-such-program`" in said
    assert "taken back, so that it is as it was before: `ndt-web`" in said


@pytest.mark.as_long_as_users_wait
def test_one_that_exits_at_once(lab: Lab) -> None:
    said = failing_replacement(lab, command="[sh, -c, 'echo why; exit 3']")
    assert "exited at once (exit code 3)" in said
    assert "why" in said


def test_one_that_never_becomes_healthy(lab: Lab) -> None:
    check = "healthcheck: {test: 'echo not yet; exit 1', interval: 300ms, retries: 2}"
    said = failing_replacement(lab, command="[sleep, '100000']", more=check)
    assert "is unhealthy: not yet" in said


def test_its_place_on_a_network_that_was_replaced_comes_back_too(lab: Lab) -> None:
    failing_replacement(lab, command="[no-such-program]", label="2")


@pytest.mark.whole
@pytest.mark.as_long_as_users_wait
def test_both_errors_are_shown_when_the_old_one_can_not_come_back_either(lab: Lab) -> None:
    port = free_port()
    stands = {"version": 1, "port": port, "more": "", "label": "1"}
    lab.apply(write(lab, STANDS.format(command="[sleep, '100000']", **stands)))
    file = write(lab, STANDS.format(command="[sh, -c, 'exit 3']", **{**stands, "port": free_port()}))
    taken = threading.Thread(target=lambda: hold_when_free(port, 6))
    taken.start()
    result = lab.run("apply", file)
    taken.join()
    assert result.code == 2
    assert "exited at once (exit code 3)" in result.err
    assert "could not be taken back: starting `ndt-web`" in result.err
    assert str(port) in result.err
    lab.apply(write(lab, STANDS.format(command="[sleep, '100000']", **stands)))


def hold_when_free(port: int, seconds: float) -> None:
    """Take a port of the host as soon as it can be had."""
    end = time.monotonic() + seconds
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while time.monotonic() < end:
            try:
                held.bind(("0.0.0.0", port))
                held.listen()
                break
            except OSError:
                time.sleep(0.01)
        time.sleep(max(0.0, end - time.monotonic()))


# -- interruption ------------------------------------------------------------------------------------------------------

SLOW = f"""
containers:
  web: {SLEEPER}, environment: {{V: "1"}}, networks: [net]}}
  db: {SLEEPER}, networks: [net]}}
  late: {SLEEPER}, depends_on: [web, db], networks: [net]}}
networks: {{net: {{}}}}
"""


def started(lab: Lab, url: str, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "netdeploy", "--host", url, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupted_at(lab: Lab, number: int, how: signal.Signals, *arguments: str | Path) -> tuple[int, str]:
    """A command that gets a signal at its `number`-th call that changes something; the exit code and what it said."""
    path = lab.folder / f"{number}-{how}.sock"
    with Proxy(lab.engine.endpoint.url, path) as proxy:
        process = started(lab, proxy.url, *arguments)
        proxy.fault = Fault("call before", number, call=lambda: os.kill(process.pid, how))
        _, err = process.communicate(timeout=60)
        assert proxy.struck
        return process.returncode, err


def test_ctrl_c_and_term_finish_the_call_in_flight_and_say_what_was_not_done(lab: Lab) -> None:
    file = write(lab, SLOW)
    for number, how in ((2, signal.SIGINT), (4, signal.SIGTERM), (6, signal.SIGINT)):
        code, err = interrupted_at(lab, number, how, "apply", file)
        assert code == 130, err
        assert re.search(r"interrupted: \d+ (step was|steps were) done, \d+ (was|were) not", err)
        assert "Traceback" not in err
        lab.apply(file)
        assert lab.run("teardown", "ndt-lab").code == 0
        assert lab.names() == set()


@pytest.mark.whole
def test_an_interrupted_replacement_is_taken_back(lab: Lab, pytestconfig: pytest.Config) -> None:
    lab.apply(write(lab, SLOW))
    before = lab.identities("ndt-db", "ndt-late")
    web = lab.container("ndt-web").id
    file = write(lab, SLOW.replace('"1"', '"2"'))
    for number in range(2, 8, 1 if pytestconfig.getoption("whole") else 3):
        code, err = interrupted_at(lab, number, signal.SIGINT, "apply", file)
        assert code == 130 or lab.container("ndt-web").id != web, err
        assert lab.container("ndt-web").status == "running"
        assert {name for name in lab.names() if name.startswith("ndt-web")} == {"ndt-web"}
        if lab.container("ndt-web").id != web:
            break
    assert lab.identities("ndt-db", "ndt-late") == before
    lab.apply(file)


@pytest.mark.whole
def test_an_interrupted_teardown_is_finished_by_the_next(lab: Lab) -> None:
    lab.apply(write(lab, SLOW))
    code, err = interrupted_at(lab, 3, signal.SIGTERM, "teardown", "ndt-lab")
    assert code == 130, err
    assert lab.run("teardown", "ndt-lab").code == 0
    assert lab.names() == set()


# -- an engine in trouble ----------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_answers_to_looks_that_are_spoilt_never_make_a_traceback(lab: Lab) -> None:
    file = write(lab, SLOW)
    for kind in ("cut before", "500", "truncated"):
        for number in range(1, 12, 2):
            path = lab.folder / f"{kind[:3]}{number}.sock"
            with Proxy(lab.engine.endpoint.url, path, Fault(kind, number, looking=True)) as proxy:  # type: ignore[arg-type]
                result = lab.run("apply", file, url=proxy.url)
            assert result.code in {0, 2}, result.both
            assert "bug of netdeploy" not in result.err, result.err
        lab.apply(file)
        assert lab.run("teardown", "ndt-lab").code == 0


# -- a ports battle ----------------------------------------------------------------------------------------------------


def test_ports_are_swapped_within_one_apply(lab: Lab) -> None:
    one, two = free_port(), free_port()
    body = """
containers:
  web: {image: BUSYBOX, expose: [80], ports: ["ONE:80"]}
  shop: {image: BUSYBOX, expose: [80], ports: ["TWO:80"]}
"""
    file = write(lab, body.replace("ONE", str(one)).replace("TWO", str(two)))
    lab.apply(file, "--stand-ins", "always")
    assert "web" in http_get(f"http://localhost:{one}")
    file = write(lab, body.replace("ONE", str(two)).replace("TWO", str(one)))
    lab.apply(file)
    assert "web" in http_get(f"http://localhost:{two}")
    assert "shop" in http_get(f"http://localhost:{one}")


def test_a_port_that_our_other_topology_holds_is_named_with_its_container(lab: Lab) -> None:
    port = free_port()
    body = f"containers:\n  web: {SLEEPER}, ports: ['{port}:80']}}\n"
    other = lab.write("name: ndt-two\nprefix: ndt-two-\n" + body, name="ndt-two")
    lab.apply(other)
    result = lab.run("apply", write(lab, body))
    assert result.code == 2
    assert f"the host's port {port}/tcp is held by the container `ndt-two-web`" in result.err
    assert "docker stop ndt-two-web" in result.err
    assert lab.told(other) == []


def test_a_port_taken_after_the_look_is_named_too(lab: Lab) -> None:
    """The look comes first, and somebody may be quicker: then the engine's refusal is told, and all is as before."""
    port = free_port()
    file = write(lab, f"containers:\n  web: {SLEEPER}, ports: ['{port}:80']}}\n")
    taken = socket.socket()

    def take() -> None:
        taken.bind(("127.0.0.1", port))
        taken.listen()

    with taken, Proxy(lab.engine.endpoint.url, lab.folder / "p.sock", Fault("call before", 2, call=take)) as proxy:
        result = lab.run("apply", file, url=proxy.url)
    assert result.code == 2
    assert f"{port} is held by a program outside Docker" in result.err
    lab.apply(file)
