"""Labels from images, and labels that name files: nothing foreign is taken for ours, and no file is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.lab import Lab

from netdeploy.engine import lock
from netdeploy.engine.helpers import LABEL_HELPER, leftovers
from netdeploy.engine.holder import Holder
from netdeploy.identity import TopologyId

FILE = """
name: ndt-lab
containers:
  ndt-web: {image: BUSYBOX, command: KEEP, networks: [ndt-net]}
networks: {ndt-net: }
"""
IMAGE = "ndt-hostile:latest"
LABELS = {"topology": "ndt-lab", "kind": "container", "name": "ndt-web", "prefix": ""}
_SPACE = str(Path("/proc/self/ns/pid").readlink())
DEAD = Holder("0" * 32, "eve", os.uname().nodename, 2**22 - 1, _SPACE, 1.0, "2020-01-01")


@pytest.fixture
def dead() -> Holder:
    """A process of this machine that has ended."""
    return replace(DEAD, boot=Holder.this_process().boot)


@pytest.fixture
def labelled(lab: Lab) -> Iterator[Any]:
    """Makes a container run by hand from an image with labels."""

    def run(name: str, labels: dict[str, str], **settings: Any) -> Any:
        words = " ".join(f'"{key}"="{value}"' for key, value in labels.items())
        lab.image(IMAGE.partition(":")[0], f"LABEL {words}")
        return lab.client.containers.run(IMAGE, ["sleep", "100000"], name=name, detach=True, **settings)

    yield run
    for container in lab.client.containers.list(all=True):
        if (container.name or "").startswith(("ndt-", "netdeploy-helper-ndt")):
            container.remove(force=True)
    lab.remove_image(IMAGE)


def ours(**more: str) -> dict[str, str]:
    return {f"netdeploy.{key}": value for key, value in {**LABELS, **more}.items()}


@pytest.mark.part(2)
@pytest.mark.parametrize("more", [{}, {"instance": "abc"}], ids=["without an instance", "with one"])
@pytest.mark.parametrize("name", ["ndt-web", "ndt-guest", "ndt-web.netdeploy-old", "ndt-web.netdeploy-new"])
def test_an_image_with_our_labels_makes_nothing_ours(lab: Lab, labelled: Any, name: str, more: dict[str, str]) -> None:
    stranger = labelled(name, ours(**more))
    file = lab.write(FILE)
    result = lab.run("apply", file)
    if name == "ndt-web":
        assert result.code == 2
        assert "has the labels of the topology `ndt-lab` from its image, and was not made by netdeploy" in result.err
        assert "docker rm -f ndt-web" in result.err
    else:
        assert result.code == 0, result.both
        assert lab.run("diff", file).code == 0
    assert lab.run("teardown", file, "--volumes").code == 0
    stranger.reload()
    assert stranger.status == "running"


@pytest.mark.whole
def test_one_committed_from_ours_is_nobodys_even_when_its_image_is_gone(lab: Lab) -> None:
    file = lab.write(FILE)
    lab.apply(file)
    lab.container("ndt-web").commit("ndt-hostile", "latest", changes='CMD ["sleep", "100000"]')
    copy = lab.client.containers.create(IMAGE, name="ndt-copy")
    lab.remove_image(IMAGE)
    lab.apply(file)
    assert lab.run("teardown", file).code == 0
    copy.reload()
    copy.remove(force=True)


def test_ours_that_run_an_image_committed_from_ours_are_ours(lab: Lab) -> None:
    file = lab.write(FILE)
    lab.apply(file)
    lab.container("ndt-web").commit("ndt-hostile", "latest")
    again = lab.write(FILE.replace("BUSYBOX", IMAGE))
    try:
        lab.apply(again)
        assert lab.run("teardown", again).code == 0
        assert lab.names() == set()
    finally:
        lab.remove_image(IMAGE)


def test_a_helper_by_its_image_is_none(lab: Lab, labelled: Any, dead: Holder) -> None:
    stranger = labelled("netdeploy-helper-ndt", {LABEL_HELPER: "verify", **dead.labels(LABEL_HELPER)})
    assert leftovers(lab.engine.reader) == []
    file = lab.write(FILE)
    lab.apply(file)
    lab.run("verify", file)
    stranger.reload()
    assert stranger.status == "running"


def test_a_volume_that_only_says_it_is_a_lock_is_kept(lab: Lab, dead: Holder) -> None:
    labels = {lock.LABEL_LOCK: "ndt-lab", f"{lock.LABEL_LOCK}.prefix": "", **dead.labels(lock.LABEL_LOCK)}
    lab.client.volumes.create("ndt-precious", labels=labels)
    file = lab.write(FILE)
    lab.apply(file)
    assert lab.run("unlock", "ndt-lab", "--force").code == 0
    assert lab.run("teardown", file, "--volumes").code == 0
    assert "ndt-precious" in lab.volumes()


# -- locks -------------------------------------------------------------------------------------------------------------


def test_another_boot_of_a_machine_of_this_name_is_another_machine(dead: Holder) -> None:
    assert dead.is_dead
    assert not replace(dead, boot="another").is_dead
    assert not replace(dead, boot="").is_dead, "an older version's: nobody can tell"


def test_a_lock_that_was_taken_anew_is_kept(lab: Lab, dead: Holder) -> None:
    with lock.locked(lab.engine, TopologyId("ndt-lab"), lock.Patience()):
        (volume,) = lock.locks(lab.engine.reader, TopologyId("ndt-lab"))
        assert not lock.remove(lab.engine, volume, dead.token)
        assert lock.holder_of(lab.engine.reader, volume)


# -- the file that a label names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["secret", "pipe", "device", "folder"])
def test_a_file_that_a_label_names_is_never_told_and_never_waited_for(lab: Lab, kind: str, tmp_path: Path) -> None:
    named = tmp_path / "shadow"
    if kind == "secret":
        named.write_text("root:$y$j9T$hunter2:19000:0:99999:7:::\ncontainers: [hunter2\n")
    elif kind == "pipe":
        os.mkfifo(named)
    elif kind == "folder":
        named.mkdir()
    path = Path("/dev/zero") if kind == "device" else named
    labels = {"netdeploy.topology": "ndt-lab", "netdeploy.kind": "network", "netdeploy.name": "net"}
    lab.client.networks.create("ndt-net", labels={**labels, "netdeploy.source": str(path)})
    for command in (["diff"], ["status"], ["status", "-o", "json"]):
        result = lab.run(*command)
        assert "hunter2" not in result.both
        assert "bug of netdeploy" not in result.both
    assert lab.run("diff").code == 2
