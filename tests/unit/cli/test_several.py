"""Several files or topologies in one command: whose turn it is, what is told at the end, and the exit code."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from netdeploy.cli.several import Result, one_by_one, tell
from netdeploy.cli.side_by_side import AT_ONCE, side_by_side
from netdeploy.errors import EngineUnreachable, Interrupted, NetdeployError, OperationFailed
from netdeploy.identity import TopologyId
from netdeploy.plan.changes import Changes
from netdeploy.topology.read import Reading, read_bytes
from netdeploy.workflow.listener import Listener

TEXT = b"containers: {web: {image: app}}"


def reading(name: str) -> Reading:
    return read_bytes(TEXT, Path(f"/{name}"), name, {})


def results(*errors: NetdeployError | None) -> list[Result]:
    """What becomes of files a, b, …, each with an error or none."""
    names = "abcdef"[: len(errors)]

    def run(one: Reading) -> str:
        error = errors[names.index(one.shown)]
        if error:
            raise error
        return "applied"

    return one_by_one([reading(name) for name in names], run)


@pytest.mark.parametrize(
    ("errors", "expected", "code"),
    [
        ((None, None), [], 0),
        (
            (OperationFailed("no"), None),
            ["Of 2 files, 1 failed:", "  ✗ a: no", "  ✓ b: applied"],
            2,
        ),
        (
            (None, Interrupted("interrupted"), None),
            ["Of 3 files, not all were done:", "  ✓ a: applied", "  · b: interrupted", "  · c: not tried"],
            130,
        ),
        (
            (OperationFailed("no"), EngineUnreachable("nobody"), None),
            ["Of 3 files, 2 failed:", "  ✗ a: no", "  ✗ b: nobody", "  · c: not tried"],
            2,
        ),
    ],
)
def test_each_has_its_turn_unless_there_is_no_use(
    errors: tuple[NetdeployError | None, ...], expected: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = results(*errors)
    capsys.readouterr()
    assert tell(found, "files") == code
    assert capsys.readouterr().err.splitlines() == expected


def test_the_error_of_the_only_one_is_left_to_the_gate() -> None:
    with pytest.raises(OperationFailed):
        results(OperationFailed("no"))


class Engine:
    """Topologies that are taken down, each in a moment; `blocked` fail while another one stands."""

    def __init__(self, names: list[str], blocked: dict[str, str] | None = None) -> None:
        self.names = names
        self.standing = set(names)
        self.blocked = blocked or {}
        self.most = 0
        self.running = 0
        self.tries: list[str] = []
        self.lock = threading.Lock()

    @property
    def topologies(self) -> list[TopologyId]:
        return [TopologyId(name) for name in self.names]

    def tear_down(self, topology: TopologyId, listener: Listener) -> Changes:
        name = topology.name
        listener.say(f"begun {name}")
        with self.lock:
            self.tries.append(name)
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.02)
        with self.lock:
            self.running -= 1
            if self.blocked.get(name) in self.standing:
                raise OperationFailed(f"`{name}` is in use by `{self.blocked[name]}`")
            self.standing.discard(name)
        listener.say(f"ended {name}")
        return Changes(name, ())


def test_a_few_at_a_time_and_what_is_said_of_each_stays_together(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine([f"n{number}" for number in range(3 * AT_ONCE)])
    assert side_by_side(engine.topologies, engine.tear_down) == 0
    assert 1 < engine.most <= AT_ONCE
    said = capsys.readouterr()
    begun = said.err.splitlines()[::2]
    assert sorted(begun) == sorted(f"begun {name}" for name in engine.names)
    assert said.err.splitlines()[1::2] == [line.replace("begun", "ended") for line in begun]
    assert said.out.count(" is gone") == len(engine.names)


def test_what_was_in_use_by_another_is_tried_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine(["owner", "guest", "other"], blocked={"owner": "guest"})
    engine.standing.add("guest")
    assert side_by_side(engine.topologies, engine.tear_down) == 0
    assert "error" not in capsys.readouterr().err
    assert not engine.standing


def test_what_fails_again_is_told_and_the_others_are_gone(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine(["one", "two"], blocked={"one": "somebody"})
    engine.standing.add("somebody")
    assert side_by_side(engine.topologies, engine.tear_down) == 2
    assert engine.tries.count("one") == 2
    assert engine.tries.count("two") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-3:] == ["Of 2 topologies, 1 failed:", "  ✗ one: `one` is in use by `somebody`", "  ✓ two: removed"]
    assert sum("error: " in line for line in said) == 1


def test_once_the_engine_is_gone_no_other_is_begun() -> None:
    names = [f"n{number}" for number in range(20)]
    tries: list[str] = []

    def tear_down(topology: TopologyId, _listener: Listener) -> Changes:
        tries.append(topology.name)
        raise EngineUnreachable("nobody answers")

    assert side_by_side([TopologyId(name) for name in names], tear_down) == 2
    assert len(tries) <= 2 * AT_ONCE
