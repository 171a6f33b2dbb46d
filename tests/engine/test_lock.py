"""One change of a topology at a time: the lock on the engine."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from docker.errors import NotFound

from engine.lab import Lab
from netdeploy.engine.holder import Holder
from netdeploy.engine.lock import LABEL_LOCK, Patience, locked, locks
from netdeploy.errors import Interrupted, Locked, NetdeployError
from netdeploy.identity import TopologyId

LAB = TopologyId("ndt-lab", "ndt-")
VOLUME = "netdeploy.lock.ndt-ndt-lab"
LABELS = {LABEL_LOCK: "ndt-lab", f"{LABEL_LOCK}.prefix": "ndt-"}
WEB = "name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL}\n"


@pytest.fixture(autouse=True)
def clean(lab: Lab) -> Iterator[None]:
    yield
    for volume in locks(lab.engine.reader, LAB):
        lab.client.volumes.get(volume).remove(force=True)


def held_by(lab: Lab, holder: Holder, volume: str = VOLUME) -> None:
    lab.client.volumes.create(volume, labels={**LABELS, **holder.labels(LABEL_LOCK)})


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_it_is_held_by_one_at_a_time(lab: Lab) -> None:
    inside, most, errors = 0, 0, []

    def work() -> None:
        nonlocal inside, most
        try:
            with locked(lab.engine, LAB, Patience(60)):
                inside += 1
                most = max(most, inside)
                time.sleep(0.05)
                inside -= 1
        except NetdeployError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert most == 1
    assert locks(lab.engine.reader, LAB) == {}


def test_who_waits_is_told_for_whom_and_gives_up_in_time(lab: Lab) -> None:
    file = lab.write(WEB)
    elsewhere = replace(Holder.this_process(), host="another-host", user="ada")
    held_by(lab, elsewhere)
    result = lab.run("apply", file, "--lock-timeout", "1")
    assert result.code == 2
    assert "waiting: `ndt-lab` is being changed by ada on another-host (process" in result.err
    assert "netdeploy unlock ndt-lab" in result.err
    assert "nothing was changed" in result.err
    assert lab.names() == set()
    assert lab.run("diff", file).code == 1  # looking never waits
    assert lab.run("teardown", "ndt-lab", "--lock-timeout", "0").code == 0  # nothing is there to take down


def test_unlock_takes_away_a_lock_that_nobody_here_can_judge(lab: Lab) -> None:
    held_by(lab, replace(Holder.this_process(), host="another-host"))
    result = lab.run("unlock", "ndt-lab")
    assert result.code == 0
    assert "another-host" in result.out
    assert locks(lab.engine.reader, LAB) == {}
    assert "is not locked" in lab.run("unlock", "ndt-lab").out


def test_unlock_leaves_the_lock_of_a_process_that_runs(lab: Lab) -> None:
    held_by(lab, Holder.this_process())
    result = lab.run("unlock", "ndt-lab")
    assert result.code == 2
    assert "that process runs" in result.err
    assert lab.run("unlock", "ndt-lab", "--force").code == 0


def test_the_lock_of_a_dead_process_is_taken_over(lab: Lab) -> None:
    file = lab.write(WEB)
    held_by(lab, replace(Holder.this_process(), pid=dead_process()))
    result = lab.apply(file)
    assert "taking over the lock" in result.err
    assert locks(lab.engine.reader, LAB) == {}


def test_a_process_id_that_is_used_again_is_another_process(lab: Lab) -> None:
    mine = Holder.this_process()
    assert not mine.is_dead
    assert replace(mine, started=mine.started - 3600).is_dead
    assert not replace(mine, started=mine.started - 3600, pid_space="pid:[1]").is_dead


def test_many_that_find_a_dead_lock_still_hold_it_one_at_a_time(lab: Lab) -> None:
    held_by(lab, replace(Holder.this_process(), pid=dead_process()))
    test_it_is_held_by_one_at_a_time(lab)


def test_the_lock_of_one_that_died_while_taking_over_is_no_obstacle(lab: Lab) -> None:
    dead = replace(Holder.this_process(), pid=dead_process())
    second = replace(dead, token="0123456789abcdef")
    held_by(lab, dead)
    held_by(lab, second, f"{VOLUME}.{dead.token[:12]}")
    held_by(lab, replace(dead, token="fedcba"), f"{VOLUME}.long-gone")
    lab.apply(lab.write(WEB))
    assert locks(lab.engine.reader, LAB) == {}


def test_an_apply_with_nothing_to_do_clears_a_dead_lock(lab: Lab) -> None:
    file = lab.write(WEB)
    lab.apply(file)
    held_by(lab, replace(Holder.this_process(), pid=dead_process()))
    assert lab.run("apply", file).code == 0
    assert locks(lab.engine.reader, LAB) == {}


def test_waiting_ends_when_it_is_interrupted(lab: Lab) -> None:
    held_by(lab, replace(Holder.this_process(), host="another-host"))
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with (
        pytest.raises(Interrupted, match="nothing was changed"),
        locked(lab.engine, LAB, Patience(60, stop=stop)),
    ):
        pass


def test_a_lock_that_is_there_is_given_back_whatever_happens_inside(lab: Lab) -> None:
    with suppress(ZeroDivisionError), locked(lab.engine, LAB, Patience(1)):
        with pytest.raises(Locked), locked(lab.engine, LAB, Patience(0)):
            pass
        raise ZeroDivisionError
    with pytest.raises(NotFound):
        lab.client.volumes.get(VOLUME)


def test_a_volume_of_the_name_that_is_no_lock_is_left_alone(lab: Lab) -> None:
    lab.client.volumes.create(VOLUME)
    try:
        result = lab.run("apply", lab.write(WEB))
        assert result.code == 2
        assert f"docker volume rm {VOLUME}" in result.err
    finally:
        lab.client.volumes.get(VOLUME).remove()


# -- races of whole commands -------------------------------------------------------------------------------------------


def started(lab: Lab, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "netdeploy", "--host", lab.engine.endpoint.url, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


TWO = """
name: ndt-lab
prefix: ndt-
containers:
  web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [front]}
  db: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [front, back]}
networks: {front: , back: }
volumes: {data: }
"""


@pytest.mark.whole
def test_eight_applies_at_once_all_succeed_with_one_set_of_objects(lab: Lab) -> None:
    file = lab.write(TWO)
    running = [started(lab, "apply", file) for _ in range(8)]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 8, outputs
    assert lab.told(file) == []
    listed = [c.name for c in lab.client.containers.list(all=True)] + [n.name for n in lab.client.networks.list()]
    assert sorted(name for name in listed if name.startswith("ndt-")) == ["ndt-back", "ndt-db", "ndt-front", "ndt-web"]


@pytest.mark.whole
def test_apply_against_teardown(lab: Lab) -> None:
    file = lab.write(TWO)
    lab.apply(file)
    running = [started(lab, *command) for _ in range(3) for command in (("teardown", "ndt-lab"), ("apply", file))]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 6, outputs
    lab.apply(file)
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert lab.names() | lab.volumes() == set()


@pytest.mark.whole
def test_two_topologies_that_share_nothing_do_not_wait_for_each_other(lab: Lab) -> None:
    one = lab.write(TWO)
    two = lab.write(TWO.replace("name: ndt-lab\nprefix: ndt-", "name: ndt-two\nprefix: ndt-two-"), name="ndt-two")
    running = [started(lab, "apply", file) for file in (one, two)]
    outputs = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    assert not any("waiting" in output for output in outputs)
    assert lab.told(one) == lab.told(two) == []
