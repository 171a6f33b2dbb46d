"""Several files in one command: what fails with one does not keep the others, and the result of each is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.lab import Lab, Result
from engine.proxy import Fault, Proxy

pytestmark = pytest.mark.as_long_as_users_wait
GOOD = """
name: ndt-{name}
prefix: ndt-{name}-
containers: {{web: {{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL}}}}
"""
FAILS = """
name: ndt-{name}
prefix: ndt-{name}-
containers: {{web: {{image: BUSYBOX, command: [sh, -c, 'exit 3']}}}}
"""


def files(lab: Lab, **bodies: str) -> list[Path]:
    return [lab.write(body.format(name=name), name) for name, body in bodies.items()]


def test_apply_goes_on_after_one_that_fails_and_says_what_became_of_each(lab: Lab) -> None:
    bad, good = files(lab, bad=FAILS, good=GOOD)
    result = lab.run("apply", bad, good)
    assert result.code == 2
    assert "`ndt-good` stands" in result.out or "`ndt-good` is up to date" in result.out
    assert "error: `ndt-bad-web` exited at once (exit code 3)" in result.err
    assert result.err.splitlines()[-3:] == [
        "Of 2 files, 1 failed:",
        f"  ✗ {bad}: `ndt-bad-web` exited at once (exit code 3)",
        f"  ✓ {good}: applied",
    ]
    assert lab.run("diff", good).code == 0


def test_where_all_is_well_there_is_no_summary(lab: Lab) -> None:
    result = lab.run("apply", *files(lab, one=GOOD, two=GOOD))
    assert result.code == 0
    assert "Of 2 files" not in result.both


def test_one_file_that_fails_is_told_once(lab: Lab) -> None:
    result = lab.run("apply", *files(lab, bad=FAILS))
    assert result.code == 2
    assert result.err.count("exited at once") == 1
    assert "Of 1" not in result.err


def test_what_was_applied_is_verified_and_what_was_not_is_not(lab: Lab) -> None:
    bad, good = files(lab, bad=FAILS, good=GOOD)
    result = lab.run("apply", bad, good, "--verify")
    assert result.code == 2
    assert "ndt-good" in result.out
    assert "ndt-bad" not in result.out


@pytest.mark.whole
def test_ctrl_c_leaves_the_others_and_says_so(lab: Lab) -> None:
    one, two, three = files(lab, one=GOOD, two=GOOD, three=GOOD)
    with Proxy(lab.engine.endpoint.url, lab.folder / "stop.sock") as proxy:
        command = [sys.executable, "-m", "netdeploy", "--host", proxy.url, "apply", str(one), str(two), str(three)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # of the first: lock, create, start, unlock; then the second's lock
        proxy.fault = Fault("call before", 6, call=lambda: os.kill(process.pid, signal.SIGINT))
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    first, second, third = err.splitlines()[-3:]
    assert first == f"  ✓ {one}: applied"
    assert second.startswith(f"  · {two}: interrupted")
    assert third == f"  · {three}: not tried"
    assert "ndt-three-web" not in lab.names()


def spoilt(lab: Lab, *arguments: str | Path) -> Result:
    """A command whose first look at the engine fails: the second question, after the engine's version."""
    with Proxy(lab.engine.endpoint.url, lab.folder / "spoilt.sock", Fault("500", 2, looking=True)) as proxy:
        result = lab.run(*arguments, url=proxy.url)
    assert proxy.struck
    (lab.folder / "spoilt.sock").unlink(missing_ok=True)
    return result


def test_diff_and_verify_go_on_too(lab: Lab) -> None:
    one, two = files(lab, one=GOOD, two=GOOD)
    lab.apply(two)
    for command in ("diff", "verify"):
        result = spoilt(lab, command, one, two)
        assert result.code == 2
        assert "ndt-two" in result.out
        assert result.err.splitlines()[-3] == "Of 2 files, 1 failed:"
        assert f"  ✗ {one}: the engine does not answer" in result.err
        documents = spoilt(lab, command, one, two, "-o", "json").json
        assert [document["topology"] for document in documents] == ["ndt-two"]


def test_a_file_that_can_not_be_read_keeps_all_and_each_such_file_is_told(lab: Lab) -> None:
    (good,) = files(lab, good=GOOD)
    for command in ("apply", "diff", "verify"):
        result = lab.run(command, lab.folder / "nowhere.yaml", good, lab.folder / "neither.yaml")
        assert result.code == 2
        assert "nowhere.yaml" in result.err
        assert "neither.yaml" in result.err
        assert "nothing was done with the others" in result.err
    assert lab.names() == set()


def test_several_with_problems_keep_all_and_all_problems_are_told(lab: Lab) -> None:
    (good,) = files(lab, good=GOOD)
    one, two = (lab.write(f"containers: {{web: {{imag: {name}}}}}", name) for name in ("one", "two"))
    result = lab.run("apply", one, good, two)
    assert result.code == 2
    assert f"{one}:1:" in result.err
    assert f"{two}:1:" in result.err
    assert lab.names() == set()
    assert lab.run("validate", one, good, two).code == 1
