"""The readers of what people and others write, on spoilt inputs: a reading or a refusal, soon, and nothing else."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile.fuzzing import fuzz, kept
from hostile.plans import plan

from netdeploy.engine import answers, shapes
from netdeploy.errors import NetdeployError, PlanRefused
from netdeploy.plan.saved import change_differences, object_differences
from netdeploy.topology import env_files
from netdeploy.topology.read import read_bytes
from netdeploy.verify.probing import _listeners, _outcomes
from netdeploy.workflow import saved

TOPOLOGIES = Path(__file__).parents[1] / "unit" / "topology" / "corpus"
ENV = [
    b"\xef\xbb\xbf# a comment\nA=\"x y\"\nB='it\\'s' # no comment\nexport C=  spaced\t\nD=a=b\nE=\n\nNAME\n'q k'=1\n",
    b'A=1\r\nB=${A}/x\r\nC=\'${A}\nmore\' # x\r\nD="a\\n\\"b\\"\n"\rE = # none\nF=#one\n',
]


def topology(raw: bytes, folder: Path) -> None:
    file = folder / "lab.yaml"
    reading = read_bytes(raw, file, "lab.yaml", {"A": "1"})
    told = reading.described()
    assert (reading.topology is None) == any(problem.severity == "error" for problem in reading.problems)
    assert all(char.isprintable() or char == "\n" for text in told for char in text)


def env_file(raw: bytes, folder: Path) -> None:
    (folder / "v.env").write_bytes(raw)
    for form in ("", ", format: raw"):
        text = f"containers: {{web: {{image: x, env_file: [{{path: v.env{form}}}]}}}}"
        reading = read_bytes(text.encode(), folder / "lab.yaml", "lab.yaml", {"A": "1"})
        reading.described()
        if reading.topology is not None:
            environment = reading.topology.containers["web"].environment
            assert all(name and "\0" not in f"{name}{value}" for name, value in environment.items())
    decoded = raw.decode("utf-8", "replace")
    lines = decoded.count("\n") + decoded.count("\r") + 1
    for read_as in (env_files.quoted, env_files.raw):
        assert all(1 <= line <= lines for line in read_as(decoded, {}).broken)


def saved_plan(raw: bytes, folder: Path) -> None:
    file = folder / "plan.json"
    file.write_bytes(raw)
    try:
        found = saved.plan_in(file)
    except PlanRefused as refused:
        assert refused.message.isprintable()  # noqa: PT017
        return
    if found:
        object_differences(found.objects, ())
        change_differences(found.diff.changes, ())
        try:
            saved.reading_for(found)
        except NetdeployError:
            return


OUTPUT = (
    b"L 00000000:1F90\nR 0 ok 10.0.0.2 10.0.0.3\nR 1 unresolved\nH 2 ok 10.0.0.9\nR 3 status 404 10.0.0.2\n"
    b"R 4 refused fd00::2\nR 5 silent 127.0.0.1\nR 77 ok 10.0.0.2\n"
)


def helper_output(raw: bytes, _folder: Path) -> None:
    said = raw.decode("utf-8", "replace")
    for number, outcome in _outcomes(said, range(6)):
        assert number in range(6)
        assert all(ipaddress.ip_address(address) for address in outcome.addresses)
        assert not outcome.status or (outcome.status.isdigit() and outcome.status.isascii())
        assert outcome.word.isalpha()
    for listener in _listeners(said):
        assert 0 <= listener.port < 65536
        listener.is_local  # noqa: B018 - an address that is none raises


ANSWERS = Path(__file__).parents[1] / "unit" / "engine" / "recorded"
PARSERS = (
    ("/containers/x/json", answers.container),
    ("/networks/x", answers.network),
    ("/volumes/x", answers.volume),
    ("/images/x/json", answers.image),
)


def engine_answer(raw: bytes, _folder: Path) -> None:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):  # told as no JSON
        return
    for path, parse in PARSERS:
        try:
            shapes.check(path, answer)
        except shapes.NotAsExpected as told:  # printed through the gate, which shows what is not printable
            assert "where" in str(told)  # noqa: PT017
        else:
            parse(answer)


def recorded_answers() -> list[bytes]:
    found = []
    for file in sorted(ANSWERS.glob("answers-*.json")):
        for items in json.loads(file.read_text()).values():
            several = items.values() if isinstance(items, dict) else items if isinstance(items, list) else ()
            found += [json.dumps(item).encode() for item in several]
    return found


READERS: dict[str, tuple[Callable[[bytes, Path], None], Callable[[], list[bytes]]]] = {
    "topology": (topology, lambda: [path.read_bytes() for path in sorted(TOPOLOGIES.glob("*/*.yaml"))]),
    "env_file": (env_file, lambda: ENV),
    "engine_answer": (engine_answer, recorded_answers),
    "helper_output": (helper_output, lambda: [OUTPUT]),
    "plan": (saved_plan, lambda: [json.dumps(plan(), indent=2).encode(), json.dumps(plan()).encode()]),
}
KEPT = [(reader, path) for reader in READERS for path in kept(reader)]


@pytest.mark.parametrize("reader", READERS)
def test_a_spoilt_input_is_read_or_refused(reader: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    check, seeds = READERS[reader]
    fuzz(reader, seeds(), lambda raw: check(raw, tmp_path), pytestconfig)


@pytest.mark.parametrize(("reader", "path"), KEPT, ids=[f"{reader}-{path.name}" for reader, path in KEPT])
def test_what_was_found_once(reader: str, path: Path, tmp_path: Path) -> None:
    READERS[reader][0](path.read_bytes(), tmp_path)
