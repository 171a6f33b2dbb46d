"""Who holds a lock or a helper, told by labels that anybody may have written."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from netdeploy.engine.holder import Holder
from netdeploy.engine.lock import LABEL_LOCK, is_left_behind
from netdeploy.identity import TopologyId

LAB = TopologyId("lab", "a-")
MINE = Holder.this_process()


def of_a_dead_process() -> Holder:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return replace(MINE, pid=process.pid)


def labels(holder: Holder) -> dict[str, str]:
    return {LABEL_LOCK: "lab", f"{LABEL_LOCK}.prefix": "a-", **holder.labels(LABEL_LOCK)}


def test_labels_bring_the_holder_back() -> None:
    told = Holder.from_labels(labels(MINE), LABEL_LOCK)
    assert told == replace(MINE, started=round(MINE.started, 2))
    assert told.can_be_looked_at
    assert not told.is_dead


def test_a_machine_is_known_by_its_boot_too() -> None:
    dead = of_a_dead_process()
    assert dead.is_dead
    assert MINE.boot
    for another in (replace(dead, boot="another"), replace(dead, host="another"), replace(dead, pid_space="pid:[1]")):
        assert not another.can_be_looked_at
        assert not another.is_dead


def test_a_lock_of_an_older_version_is_another_machines() -> None:
    old = labels(of_a_dead_process())
    del old[f"{LABEL_LOCK}.boot"]
    told = Holder.from_labels(old, LABEL_LOCK)
    assert told
    assert not told.is_dead


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("token", ""),
        ("token", "../../containers"),
        ("token", "a b"),
        ("token", "a\n"),
        ("pid", "-1"),
        ("pid", "0"),
        ("pid", "x"),
        ("pid", str(1 << 80)),
        ("pid", "9" * 6000),
        ("started", "nan"),
        ("started", "inf"),
        ("started", "soon"),
    ],
)
def test_what_no_process_can_have_written_holds_nothing(label: str, value: str) -> None:
    assert Holder.from_labels({**labels(MINE), f"{LABEL_LOCK}.{label}": value}, LABEL_LOCK) is None


def test_the_largest_process_id_is_no_surprise() -> None:
    assert replace(MINE, pid=(1 << 31) - 1).is_dead


def test_a_volume_of_another_name_is_no_lock_of_the_topology() -> None:
    dead = labels(of_a_dead_process())
    assert is_left_behind("netdeploy.lock.a-lab", dead, LAB)
    assert is_left_behind("netdeploy.lock.a-lab.0123456789ab", dead, LAB)
    for name in ("precious", "netdeploy.lock.", "netdeploy.lock.a-lab2", "netdeploy.lock.lab"):
        assert not is_left_behind(name, dead, LAB)
    assert not is_left_behind("netdeploy.lock.a-lab", dead, TopologyId("lab"))
