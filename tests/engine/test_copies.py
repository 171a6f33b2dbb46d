"""A topology is known by its name and prefix: copies live side by side, and two files never share one unasked."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.lab import Lab
from engine.proxy import Proxy
from netdeploy.attributes import network, volume
from netdeploy.attributes.containers import process
from netdeploy.attributes.labels import own_labels
from netdeploy.attributes.wish import Origin
from netdeploy.engine.lock import Patience, locked
from netdeploy.engine.observed import LABEL_PREFIX
from netdeploy.identity import TopologyId

SLEEPER = "image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"
ONE = f"""
name: ndt-lab
prefix: ndt-
containers: {{web: {{{SLEEPER}, networks: [net], volumes: ["data:/data"]}}}}
networks: {{net: }}
volumes: {{data: }}
"""
TWO = f"""
name: ndt-lab
prefix: ndt-
containers: {{app: {{{SLEEPER}, networks: [net]}}}}
networks: {{net: }}
"""


def copy(body: str, prefix: str) -> str:
    return body.replace("prefix: ndt-", f"prefix: ndt-{prefix}-")


def on_a_terminal(lab: Lab, answer: bytes, *arguments: str | Path) -> tuple[int, str]:
    """A command whose standard input is a terminal, where somebody has typed an answer."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "netdeploy", "--host", lab.engine.endpoint.url, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(ours, answer)
    _, err = process.communicate(timeout=100)
    os.close(ours)
    os.close(theirs)
    return process.returncode, err.decode()


# -- two files of one name ---------------------------------------------------------------------------------------------


def test_what_another_file_made_is_not_taken_over_unasked(lab: Lab, proxy: Proxy) -> None:
    one, two = lab.write(ONE, name="one"), lab.write(TWO, name="two")
    lab.apply(one)
    before = lab.identities("ndt-web")
    report = lab.run("diff", two, "-o", "json").json
    assert (report["made_from"], report["contested"], report["prefix"]) == (str(one), True, "ndt-")
    assert f"Another file made it, and describes it too: {one}" in lab.run("diff", two).out
    result = lab.run("apply", two, url=proxy.url)
    assert result.code == 2
    assert "- remove     container ndt-web" in result.err
    assert f"`ndt-lab` was made from {one}, and {two} describes it too; nothing was touched" in result.err
    assert "--adopt" in result.err
    assert proxy.changing == []
    assert lab.identities("ndt-web") == before
    lab.apply(two, "--adopt")
    assert lab.names() == {"ndt-app", "ndt-net"}
    # now it is the second file's, and the first one has to ask
    assert lab.run("apply", one).code == 2
    lab.write(TWO.replace("KEEP", "[sleep, '200000']"), name="two")
    lab.apply(two)
    assert str(two) in lab.run("status", "ndt-lab").out


@pytest.mark.whole
def test_a_terminal_is_asked(lab: Lab) -> None:
    one, two = lab.write(ONE, name="one"), lab.write(TWO, name="two")
    lab.apply(one)
    code, err = on_a_terminal(lab, b"n\n", "apply", two)
    assert code == 130, err
    assert f"{one} made `ndt-lab`. Let {two} take it over (1 to create, 1 to remove)?" in err
    assert lab.names() == {"ndt-web", "ndt-net"}
    code, err = on_a_terminal(lab, b"y\n", "apply", two)
    assert code == 0, err
    assert err.count("take it over (") == 1
    assert lab.names() == {"ndt-app", "ndt-net"}


def test_a_copy_of_a_file_that_changes_nothing_needs_no_answer(lab: Lab) -> None:
    lab.apply(lab.write(ONE, name="one"))
    before = lab.identities("ndt-web")
    lab.apply(lab.write(ONE, name="two"))
    assert lab.identities("ndt-web") == before


@pytest.mark.part(1)
@pytest.mark.parametrize("how", ["moved", "renamed inside", "other prefix inside"])
def test_a_file_that_is_gone_leaves_what_it_made_to_the_next(lab: Lab, how: str) -> None:
    one, two = lab.write(ONE, name="one"), lab.write(TWO, name="two")
    lab.apply(one)
    if how == "moved":
        one.unlink()
    else:
        lab.write(copy(ONE, "x") if how == "other prefix inside" else ONE.replace("ndt-lab", "ndt-new"), name="one")
    report = lab.run("diff", two, "-o", "json").json
    assert (report["made_from"], report["contested"]) == (str(one), False)
    result = lab.apply(two)
    assert [line for line in result.err.splitlines() if str(one) in line] == [
        f"Another file made it, which is gone or describes something else now: {one}"
    ]
    assert lab.names() == {"ndt-app", "ndt-net"}
    assert lab.run("diff", two, "-o", "json").json["made_from"] is None


def test_one_file_by_other_paths_is_the_same(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lab.write(ONE, name="one")
    lab.apply(one)
    (lab.folder / "link.yaml").symlink_to(one)
    monkeypatch.chdir(lab.folder)
    for number, path in enumerate(("one.yaml", "link.yaml", lab.folder / "." / ".." / lab.folder.name / "one.yaml")):
        lab.write(ONE.replace("KEEP", f"[sleep, '{number + 7}0000']"), name="one")
        assert lab.run("diff", path, "-o", "json").json["made_from"] is None
        result = lab.run("apply", path)
        assert result.code == 0, result.both
        assert "Another file" not in result.both
    assert lab.run("diff", "one.yaml", "link.yaml").code == 0


@pytest.mark.whole
def test_a_file_on_standard_input(lab: Lab) -> None:
    command = [sys.executable, "-m", "netdeploy", "--host", lab.engine.endpoint.url, "apply", "/dev/stdin"]
    for body in (ONE, ONE.replace("KEEP", "[sleep, '200000']")):
        text = lab.write(body, name="typed").read_text()
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False, timeout=100)
        assert done.returncode == 0, done.stderr
    (lab.folder / "typed.yaml").unlink()
    assert "it came from /dev/stdin, which can't be read again" in lab.run("status", "ndt-lab").out
    assert "which can't be read again" in lab.run("diff").err
    assert lab.apply(lab.write(TWO, name="two")).err.count("/dev/stdin") == 1


def test_a_saved_plan_takes_nothing_over_unasked(lab: Lab) -> None:
    one, two = lab.write(ONE, name="one"), lab.write(TWO, name="two")
    lab.apply(one)
    plan = lab.folder / "plan.json"
    assert lab.run("diff", two, "--out", plan).code == 1
    assert lab.run("apply", plan).code == 2
    assert lab.names() == {"ndt-web", "ndt-net"}
    assert lab.run("apply", plan, "--adopt").code == 0
    assert lab.names() == {"ndt-app", "ndt-net"}


@pytest.mark.whole
def test_a_teardown_by_another_file_asks_too(lab: Lab) -> None:
    one, two = lab.write(ONE, name="one"), lab.write(TWO, name="two")
    lab.apply(one)
    result = lab.run("teardown", two)
    assert result.code == 2
    assert f"{two} describes `ndt-lab`, and so does {one}, which made it; nothing was touched" in result.err
    assert lab.names() == {"ndt-web", "ndt-net"}
    assert on_a_terminal(lab, b"n\n", "teardown", two)[0] == 130
    assert lab.names() == {"ndt-web", "ndt-net"}
    assert on_a_terminal(lab, b"y\n", "teardown", two)[0] == 0
    assert lab.names() == set()


# -- copies under prefixes ---------------------------------------------------------------------------------------------


@pytest.fixture
def copies(lab: Lab) -> Mapping[str, Path]:
    """Two copies of one topology, each with a word in its volume."""
    files = {prefix: lab.write(copy(ONE, prefix), name=f"copy-{prefix}") for prefix in ("a", "b")}
    for prefix, file in files.items():
        lab.apply(file)
        assert lab.in_container(f"ndt-{prefix}-web", "test -e /data/word")[0] == 1
        assert lab.in_container(f"ndt-{prefix}-web", f"echo {prefix} > /data/word")[0] == 0
    return files


def words(lab: Lab, *prefixes: str) -> list[str]:
    return [lab.in_container(f"ndt-{prefix}-web", "cat /data/word")[1].strip() for prefix in prefixes]


@pytest.mark.whole
def test_a_copy_under_another_prefix_is_another_topology(lab: Lab, copies: Mapping[str, Path]) -> None:
    before = lab.identities("ndt-a-web", "ndt-b-web")
    assert words(lab, "a", "b") == ["a", "b"]
    for file in copies.values():
        for command in (("diff", file), ("apply", file), ("graph", "--live", file), ("verify", file)):
            result = lab.run(*command)
            assert result.code == 0, result.both
            assert "extra" not in result.out
    assert lab.identities("ndt-a-web", "ndt-b-web") == before
    lab.write(copy(ONE, "a").replace("KEEP", "[sleep, '200000']"), name="copy-a")
    lab.apply(copies["a"])
    assert lab.identities("ndt-b-web") == {"ndt-b-web": before["ndt-b-web"]}
    assert words(lab, "a", "b") == ["a", "b"]


def test_all_commands_tell_copies_apart(lab: Lab, copies: Mapping[str, Path]) -> None:
    found = lab.run("status", "ndt-lab", "-o", "json").json["topologies"]
    assert [(t["name"], t["prefix"], t["source"], t["in_sync"]) for t in found] == [
        ("ndt-lab", f"ndt-{prefix}-", str(copies[prefix]), True) for prefix in ("a", "b")
    ]
    assert "prefix      ndt-b-\n" in lab.run("status").out
    reports = lab.run("diff", "-o", "json").json
    assert [r["prefix"] for r in reports if r["topology"] == "ndt-lab"] == ["ndt-a-", "ndt-b-"]
    assert lab.run("apply", *copies.values()).code == 0
    result = lab.run("teardown", "ndt-lab")
    assert result.code == 2
    assert "`ndt-lab` may be `ndt-lab` (prefix `ndt-a-`) and `ndt-lab` (prefix `ndt-b-`)" in result.err
    assert "--prefix ndt-a-" in result.err
    assert "Nothing of `ndt-lab` (prefix `no-`)" in lab.run("teardown", "ndt-lab", "--prefix", "no-").out
    assert lab.names() == {"ndt-a-web", "ndt-a-net", "ndt-b-web", "ndt-b-net"}
    assert lab.run("teardown", "ndt-lab", "--prefix", "ndt-b-").code == 0
    assert lab.names() == {"ndt-a-web", "ndt-a-net"}
    assert lab.run("teardown", copies["b"]).out.startswith("Nothing of `ndt-lab` (prefix `ndt-b-`)")
    assert lab.run("teardown", copies["b"], "--volumes").code == 0
    assert lab.volumes() == {"ndt-a-data"}
    assert words(lab, "a") == ["a"]
    assert lab.run("teardown", "ndt-lab").code == 0  # only one is left
    assert lab.names() == set()


def test_a_file_that_is_gone_names_its_copy(lab: Lab, copies: Mapping[str, Path]) -> None:
    copies["a"].unlink()
    assert lab.run("teardown", copies["a"]).code == 0
    assert lab.names() == {"ndt-b-web", "ndt-b-net"}


def test_copies_do_not_wait_for_each_other(lab: Lab, copies: Mapping[str, Path]) -> None:
    lab.write(copy(ONE, "a").replace("KEEP", "[sleep, '200000']"), name="copy-a")
    held, end = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(lab.engine, TopologyId("ndt-lab", "ndt-b-"), Patience(10)):
            held.set()
            end.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    try:
        lab.apply(copies["a"], "--lock-timeout", "0")
        found = lab.run("status", "-o", "json").json["topologies"]
        assert {t["prefix"]: bool(t["changed_by"]) for t in found if t["name"] == "ndt-lab"} == {
            "ndt-a-": False,
            "ndt-b-": True,
        }
        assert lab.run("unlock", "ndt-lab", "--prefix", "ndt-a-").out == "`ndt-lab` is not locked.\n"
        assert "that process runs" in lab.run("unlock", "ndt-lab").err
    finally:
        end.set()
        thread.join()


def test_another_prefix_in_the_same_file_leaves_a_word_of_what_stays(lab: Lab) -> None:
    file = lab.write(copy(ONE, "a"))
    lab.apply(file)
    lab.write(copy(ONE, "b"))
    note = "this file also made `ndt-lab` (prefix `ndt-a-`), which stays (netdeploy teardown ndt-lab --prefix ndt-a-"
    assert note in lab.run("diff", file).out
    assert note in lab.apply(file).out
    assert lab.names() == {"ndt-a-web", "ndt-a-net", "ndt-b-web", "ndt-b-net"}
    assert "its file describes `ndt-lab` (prefix `ndt-b-`) now" in lab.run("status").out
    assert lab.run("teardown", "ndt-lab", "--prefix", "ndt-a-").code == 0
    assert "also made" not in lab.run("diff", file).out


# -- what older versions made ------------------------------------------------------------------------------------------


def without_prefix(origin: Origin, kind: str, key: str) -> dict[str, str]:
    return {label: value for label, value in own_labels(origin, kind, key).items() if label != LABEL_PREFIX}


@pytest.mark.whole
def test_what_older_versions_made_stays_ours(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lab.write(copy(ONE, "a"))
    with monkeypatch.context() as older:
        for room in (network, process, volume):
            older.setattr(room, "own_labels", without_prefix)
        assert lab.run("apply", file).code == 0
    web = lab.container("ndt-a-web")
    assert LABEL_PREFIX not in web.labels
    before = lab.identities("ndt-a-web")
    lab.apply(file)
    assert lab.identities("ndt-a-web") == before
    other = lab.write(copy(ONE, "b"), name="copy-b")
    lab.apply(other)
    assert lab.identities("ndt-a-web") == before
    found = lab.run("status", "ndt-lab", "-o", "json").json["topologies"]
    assert [(t["prefix"], t["in_sync"]) for t in found] == [("ndt-a-", True), ("ndt-b-", True)]
    lab.write(copy(ONE, "a").replace("KEEP", "[sleep, '200000']"))
    lab.apply(file)  # a mixture of old and new
    assert lab.run("teardown", "ndt-lab", "--prefix", "ndt-a-").code == 0
    assert lab.names() == {"ndt-b-web", "ndt-b-net"}
    assert lab.volumes() == {"ndt-a-data", "ndt-b-data"}
    lab.apply(file)  # with the volume that was kept
    assert lab.run("teardown", file, "--volumes").code == 0
    assert lab.volumes() == {"ndt-b-data"}
