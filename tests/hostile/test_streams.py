"""Streams that are closed, full or no longer read: 2 where a result is lost, and never a false 0 or 1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = "containers: {web: {image: nginx}}\n"
WRONG = "containers: {web: {imag: nginx}}\n"
LOST = [
    ">&-",
    "> /dev/full",
    "| head -c 0",
    "| true",
    ">&- 2>&-",
    "> /dev/full 2> /dev/full",
    "<&- >&-",
    "<&- >&- 2>&-",
]
VERBS = {
    "right": "validate right.yaml",
    "wrong": "validate wrong.yaml",
    "several": "validate right.yaml wrong.yaml right.yaml",
    "schema": "schema",
    "graph": "graph right.yaml",
    "svg": "graph right.yaml --format svg",
    "help": "--help",
    "version": "--version",
    "help of a command": "apply --help",
}


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "TMPDIR": str(folder), "DOCKER_HOST": f"unix://{folder}/nobody.sock"}
    script = f"set -o pipefail; {sys.executable} -m netdeploy {command}"
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=environ, cwd=folder, timeout=60
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "right.yaml").write_text(RIGHT)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    return tmp_path


def quiet(said: str) -> bool:
    return not any(word in said for word in ("Traceback", "bug of netdeploy", "Exception ignored", "BrokenPipe"))


@pytest.mark.part(8)
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_lost_result_is_no_result(verb: str, lost: str, folder: Path) -> None:
    done = run(f"{verb} {lost}", folder)
    assert quiet(done.stderr), done.stderr
    if "|" in lost:
        assert done.returncode in ({1, 2} if "wrong" in verb else {0, 2})  # the pipe may have taken it all
    else:
        assert done.returncode == 2
        if "2>" not in lost:
            assert "the output can't be written: " in done.stderr


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_reader_who_has_gone_is_told_nothing(verb: str, folder: Path) -> None:
    """As for `| head`: the pipe is broken before anything is written."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "netdeploy", *verb.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.part(6)
@pytest.mark.parametrize("lost", ["2>&-", "2> /dev/full", "2>&- <&-"])
@pytest.mark.parametrize(
    ("verb", "code"),
    [
        ("validate right.yaml", 0),
        ("validate wrong.yaml", 1),
        ("validate gone.yaml", 2),
        ("validate right.yaml gone.yaml", 2),
        ("diff right.yaml", 2),
        ("diff wrong.yaml", 2),
        ("apply right.yaml", 2),
        ("teardown --all", 2),
        ("status", 2),
        ("verify", 2),
        ("inspect web", 2),
        ("unlock shop", 2),
        ("graph gone.yaml", 2),
        ("graph right.yaml", 0),
        ("--nonsense", 2),
        ("nonsense", 2),
        ("", 2),
        ("--help", 0),
    ],
)
def test_lost_messages_change_no_exit_code(verb: str, code: int, lost: str, folder: Path) -> None:
    done = run(f"{verb} {lost}", folder)
    assert done.returncode == code
    assert quiet(done.stdout)


def test_a_terminal_of_another_age_gets_escapes(folder: Path) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(
        [sys.executable, "-m", "netdeploy", "graph", "right.yaml"],
        capture_output=True,
        check=False,
        cwd=folder,
        env=environ,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2" in done.stdout


def test_a_closed_place_is_never_a_connections(folder: Path) -> None:
    """Where stderr is closed its number is free: a file that is opened next would be written to."""
    done = run("graph right.yaml -o picture.svg 2>&- >&-", folder)
    assert done.returncode == 0
    assert (folder / "picture.svg").read_text().startswith("<?xml")
