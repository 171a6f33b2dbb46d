"""Ours is what netdeploy made, and nothing else, whatever images say and whatever becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from docker.models.containers import Container
from engine.lab import Lab

from netdeploy.engine import lock
from netdeploy.engine.helpers import HOST, LABEL_HELPER, Errand, leftovers, run_errands
from netdeploy.engine.holder import Holder
from netdeploy.engine.observed import (
    LABEL_DECLARED,
    LABEL_INSTANCE,
    LABEL_NAME,
    LABEL_SOURCE,
    LABEL_STAND_IN,
    LABEL_TOPOLOGY,
)
from netdeploy.identity import TopologyId

LAB = TopologyId("ndt-lab")
FILE = """
name: ndt-lab
containers:
  ndt-web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [ndt-net]}
networks: {ndt-net: }
"""
IMAGE = "ndt-evil:latest"
OURS = {"netdeploy.kind": "container", LABEL_TOPOLOGY: "ndt-lab", LABEL_NAME: "ndt-web", "netdeploy.prefix": ""}
KEEP = ["sleep", "100000"]


@pytest.fixture(autouse=True)
def clean(lab: Lab) -> Iterator[None]:
    yield
    for container in lab.client.containers.list(all=True):
        if (container.name or "").startswith(("ndt-", "netdeploy-helper-")):
            container.remove(force=True, v=True)
    for volume in lock.locks(lab.engine.reader, LAB):
        lab.client.volumes.get(volume).remove(force=True)
    for name in (IMAGE, "ndt-own:latest"):
        lab.remove_image(name)


def evil(lab: Lab, **labels: str) -> str:
    words = " ".join(f'"{key.replace("_", "-")}"="{value}"' for key, value in labels.items())
    return lab.image("ndt-evil", f"LABEL {words}")


def committed(lab: Lab) -> str:
    """An image made of our running container, with all of its labels."""
    lab.container("ndt-web").commit("ndt-evil", "latest")
    return IMAGE


def by_hand(lab: Lab, name: str, image: str = IMAGE, **settings: Any) -> Container:
    stranger: Container = lab.client.containers.run(image, KEEP, name=name, detach=True, **settings)
    return stranger


def forget(lab: Lab, container: Container) -> None:
    """Remove a container's image from the engine: with force it goes under one that is stopped."""
    container.kill()
    container.wait()
    for name in container.image.tags if container.image else ():
        lab.client.images.remove(name, force=True)
    image = container.attrs["Image"]
    if any(image == one.id for one in lab.client.images.list(all=True)):
        lab.client.images.remove(image, force=True)


def is_untouched(lab: Lab, container: Container) -> None:
    now = lab.client.containers.get(container.id)
    assert (now.name, now.attrs["State"]) == (container.name, container.attrs["State"])
    assert now.attrs["NetworkSettings"]["Networks"].keys() == container.attrs["NetworkSettings"]["Networks"].keys()


@pytest.mark.part(3)
@pytest.mark.parametrize("gone", [False, True], ids=["image there", "image gone"])
@pytest.mark.parametrize("from_ours", [False, True], ids=["labels made up", "committed from ours"])
@pytest.mark.parametrize(
    "given",
    [{}, {LABEL_NAME: "ndt-job"}, {LABEL_INSTANCE: "made-up"}, {"netdeploy.prefix": ""}, {LABEL_TOPOLOGY: "ndt-lab"}],
    ids=["as it is", "name", "instance", "prefix", "topology"],
)
def test_a_stranger_stays_one(lab: Lab, given: dict[str, str], *, from_ours: bool, gone: bool) -> None:
    file = lab.write(FILE)
    lab.apply(file)
    committed(lab) if from_ours else evil(lab, **OURS, **{LABEL_INSTANCE: "0" * 32})
    stranger = by_hand(lab, "ndt-guest", labels=given)
    if gone:
        forget(lab, stranger)
    stranger.reload()
    before = lab.identities("ndt-web")
    assert "ndt-guest" in lab.apply(file).both, "it is told"
    assert lab.identities("ndt-web") == before
    is_untouched(lab, stranger)
    result = lab.run("teardown", "--all", "--yes", "--volumes")
    assert result.code == 0, result.both
    assert "docker rm -f ndt-guest" in result.both
    assert lab.names() == {"ndt-guest"}
    is_untouched(lab, stranger)
    assert "There is no topology" in lab.run("diff").out
    assert [left["kind"] for left in lab.run("status", "-o", "json").json["leftovers"]] == ["inheritor"]


def test_a_stranger_alone_makes_no_topology_and_names_no_file(lab: Lab) -> None:
    file = lab.folder / "secret.yaml"
    file.write_text("hunter2: {\n")
    evil(lab, **OURS, **{LABEL_SOURCE: str(file)})
    stranger = by_hand(lab, "ndt-web")
    stranger.reload()
    for command in (["diff"], ["status"], ["teardown", "ndt-lab"], ["teardown", str(file), "--volumes"]):
        result = lab.run(*command)
        assert "hunter2: {" not in result.both
    told = lab.run("status", "-o", "json").json
    assert told["topologies"] == []
    assert lab.run("inspect", "ndt-web", "-o", "json").json["topology"] is None
    is_untouched(lab, stranger)


def test_a_stranger_on_our_network_is_a_guest(lab: Lab) -> None:
    file = lab.write(FILE)
    lab.apply(file)
    committed(lab)
    stranger = by_hand(lab, "ndt-guest", network="ndt-net")
    stranger.reload()
    result = lab.run("teardown", file)
    assert result.code == 2
    assert "`ndt-guest`" in result.err
    is_untouched(lab, stranger)


def test_ours_stay_ours_when_their_image_is_gone(lab: Lab) -> None:
    lab.image("ndt-own", "LABEL a=b")
    file = lab.write(FILE.replace("BUSYBOX", "ndt-own"))
    lab.apply(file)
    forget(lab, lab.container("ndt-web"))
    lab.container("ndt-web").start()
    told = lab.run("status", "-o", "json").json
    assert [(one["name"], one["total"]) for one in told["topologies"]] == [("ndt-lab", 1)]
    assert told["leftovers"] == []
    changes = lab.run("diff", file, "-o", "json").json["changes"]
    assert not [change for change in changes if change["action"] == "conflict"]
    result = lab.run("teardown", file)
    assert result.code == 0, result.both
    assert lab.names() == set()


def test_an_older_versions_are_ours_while_it_can_be_known_and_told_otherwise(lab: Lab) -> None:
    lab.image("ndt-own", "LABEL a=b")
    by_hand(lab, "ndt-web", "ndt-own:latest", labels=OURS)
    told = lab.run("status", "-o", "json").json
    assert [one["name"] for one in told["topologies"]] == ["ndt-lab"]
    forget(lab, lab.container("ndt-web"))
    file = lab.write(FILE)
    result = lab.run("apply", file)
    assert result.code == 2
    assert "its image is gone, so nobody can tell whether netdeploy made it" in result.err
    assert "docker rm -f ndt-web" in result.err
    lab.container("ndt-web").remove(force=True)
    lab.apply(file)


def test_ours_that_run_a_labelled_image_have_none_of_its_labels(lab: Lab) -> None:
    hostile = {LABEL_STAND_IN: "nginx", LABEL_DECLARED: "shm_size", LABEL_HELPER: "x", LABEL_SOURCE: "/etc/shadow"}
    evil(lab, **OURS, **hostile, **{LABEL_INSTANCE: "0" * 32, "netdeploy.depends-on": "ndt-web"})
    file = lab.write(FILE.replace("BUSYBOX", IMAGE))
    lab.apply(file)
    told = lab.run("status", "-o", "json").json
    assert [one["source"] for one in told["topologies"]] == [str(file)]
    assert told["topologies"][0]["containers"][0]["stand_in_for"] is None
    assert leftovers(lab.engine.reader) == []
    before = lab.identities("ndt-web")
    lab.apply(file)
    assert lab.identities("ndt-web") == before
    assert lab.run("teardown", file).code == 0
    assert lab.names() == set()


def test_ours_made_from_an_image_of_ours_stay_ours_when_it_is_gone(lab: Lab) -> None:
    lab.apply(lab.write(FILE))
    committed(lab)
    file = lab.write(FILE.replace("BUSYBOX", IMAGE))
    lab.apply(file)
    forget(lab, lab.container("ndt-web"))
    assert lab.run("teardown", file).code == 0
    assert lab.names() == set()


def test_an_anonymous_volume_of_a_stranger_is_kept(lab: Lab) -> None:
    file = lab.write(FILE)
    lab.apply(file)
    lab.image("ndt-evil", 'VOLUME ["/data"]', " ".join(["LABEL", *(f'"{k}"="{v}"' for k, v in OURS.items())]))
    stranger = by_hand(lab, "ndt-guest")
    (volume,) = [mount["Name"] for mount in stranger.attrs["Mounts"]]
    assert lab.run("teardown", file, "--volumes").code == 0
    stranger.remove(force=True)
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    lab.client.volumes.get(volume).remove()


# -- helpers -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def dead() -> Holder:
    """A process of this machine that has ended."""
    return replace(Holder.this_process(), pid=(1 << 22) - 1, started=1.0)


@pytest.mark.parametrize("gone", [False, True], ids=["image there", "image gone"])
def test_a_helper_is_none_by_its_image(lab: Lab, dead: Holder, *, gone: bool) -> None:
    evil(lab, **{LABEL_HELPER: "verify", **dead.labels(LABEL_HELPER)})
    stranger = by_hand(lab, "netdeploy-helper-0123456789ab", labels={LABEL_HELPER: "verify"})
    if gone:
        forget(lab, stranger)
    stranger.reload()
    assert leftovers(lab.engine.reader) == []
    (answer,) = run_errands(lab.engine, lab.busybox, [Errand(HOST, "echo here", "a test")])
    assert answer.output == "here\n"
    is_untouched(lab, stranger)


def test_a_helper_that_was_left_is_removed_whatever_its_image_says(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    evil(lab, **{LABEL_HELPER: "x", f"{LABEL_HELPER}.pid": "1", LABEL_INSTANCE: "0" * 32, **OURS})
    monkeypatch.setattr(Holder, "is_dead", property(lambda self: self.user == "left"))
    made = replace(Holder.this_process(), user="left")
    monkeypatch.setattr(Holder, "this_process", lambda: made)
    with monkeypatch.context() as patch:
        patch.setattr("netdeploy.engine.operate.Operator.remove_container", lambda *_args, **_options: None)
        run_errands(lab.engine, IMAGE, [Errand(HOST, "true", "a test")])
    assert [left.purpose for left in leftovers(lab.engine.reader)] == ["a test"]
    told = lab.run("status", "-o", "json").json
    assert told["topologies"] == []
    run_errands(lab.engine, lab.busybox, [])
    assert leftovers(lab.engine.reader) == []


# -- locks -------------------------------------------------------------------------------------------------------------


def test_unlock_keeps_a_lock_that_was_made_since(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder gives it back, and another takes it, after unlock has looked."""
    elsewhere = replace(Holder.this_process(), host="elsewhere", token="a" * 32)
    volume = "netdeploy.lock.ndt-lab"
    labels = {lock.LABEL_LOCK: "ndt-lab", f"{lock.LABEL_LOCK}.prefix": ""}
    lab.client.volumes.create(volume, labels={**labels, **elsewhere.labels(lock.LABEL_LOCK)})
    another = replace(elsewhere, token="b" * 32, user="ada")
    real = lock.take_away

    def meanwhile(*arguments: Any) -> bool:
        lab.client.volumes.get(volume).remove()
        lab.client.volumes.create(volume, labels={**labels, **another.labels(lock.LABEL_LOCK)})
        return real(*arguments)

    monkeypatch.setattr(lock, "take_away", meanwhile)
    result = lab.run("unlock", "ndt-lab")
    assert result.code == 0
    assert "gave the lock of `ndt-lab` back meanwhile" in result.out
    held = lock.holder_of(lab.engine.reader, volume)
    assert held
    assert held.token == another.token
    monkeypatch.undo()
    assert "is unlocked; it was held by ada" in lab.run("unlock", "ndt-lab").out
    assert lock.locks(lab.engine.reader, LAB) == {}


def test_unlock_and_who_takes_a_dead_lock_over_never_meet(lab: Lab, dead: Holder) -> None:
    """Many of both at once: whoever holds the lock has it until the end."""
    volume = "netdeploy.lock.ndt-lab"
    labels = {lock.LABEL_LOCK: "ndt-lab", f"{lock.LABEL_LOCK}.prefix": "", **dead.labels(lock.LABEL_LOCK)}
    lost: list[str] = []

    def hold() -> None:
        with lock.locked(lab.engine, LAB, lock.Patience(60)):
            held = lock.holder_of(lab.engine.reader, volume)
            threading.Event().wait(0.05)
            if held is None or lock.holder_of(lab.engine.reader, volume) != held:
                lost.append(str(held))

    for _ in range(5):
        lab.client.volumes.create(volume, labels=labels)
        threads = [threading.Thread(target=hold) for _ in range(3)]
        threads += [
            threading.Thread(target=lock.take_away, args=(lab.engine, LAB, volume, dead), daemon=True) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert lost == []
    assert lock.locks(lab.engine.reader, LAB) == {}


def test_a_volume_with_the_labels_of_a_lock_changes_nothing(lab: Lab, dead: Holder) -> None:
    labels = {lock.LABEL_LOCK: "ndt-lab", f"{lock.LABEL_LOCK}.prefix": "", **dead.labels(lock.LABEL_LOCK)}
    for name in ("ndt-precious", "netdeploy.lock.other"):
        lab.client.volumes.create(name, labels=labels)
    try:
        file = lab.write(FILE)
        lab.apply(file)
        assert lab.run("unlock", "ndt-lab", "--force").code == 0
        assert lab.run("teardown", file, "--volumes").code == 0
        assert lab.run("status", "-o", "json").json["leftovers"] == []
        lab.client.volumes.get("netdeploy.lock.other")
        lab.client.volumes.get("ndt-precious")
    finally:
        lab.client.volumes.get("netdeploy.lock.other").remove()


# -- labels of networks, which anybody may give ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", "../../x", "a b; rm -rf /", "a\nb", "a\x1b[2J", "-a", "\u202ea"])
def test_a_name_that_no_file_can_have_is_no_topology(lab: Lab, name: str) -> None:
    labels = {LABEL_TOPOLOGY: name, "netdeploy.kind": "network", LABEL_NAME: "net", LABEL_SOURCE: "/etc/passwd"}
    network = lab.client.networks.create("ndt-net", labels=labels)
    for command in (["diff"], ["status"], ["teardown", "--all", "--yes"]):
        result = lab.run(*command)
        assert result.code == 0, result.both
        assert name not in result.both
    lab.client.networks.get(network.id)


@pytest.mark.parametrize("source", ["/tmp/a\nb.yaml", "/tmp/\x1b[2J", "-", "/dev/stdin", "/proc/self/environ"])
def test_a_source_that_netdeploy_can_not_have_written_is_not_opened(lab: Lab, source: str) -> None:
    labels = {LABEL_TOPOLOGY: "ndt-lab", "netdeploy.kind": "network", LABEL_NAME: "net", LABEL_SOURCE: source}
    lab.client.networks.create("ndt-net", labels=labels)
    for command, code in ((["diff"], 2), (["status"], 0)):
        result = lab.run(*command)
        assert result.code == code, result.both
        assert "problem" not in result.both
