"""A saved plan that means harm, or is as large as it may be, is read or refused within a second."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile.plans import change, plan, thing

from netdeploy.errors import PlanRefused
from netdeploy.workflow import saved

SECONDS, MEGABYTES = 1.0, 300
MEASURED = """
import json, sys, time
from pathlib import Path
from netdeploy.errors import PlanRefused
from netdeploy.plan.saved import change_differences, object_differences
from netdeploy.workflow import saved
began = time.process_time()
try:
    plan = saved.plan_in(Path(sys.argv[1]))
    object_differences(plan.objects, plan.objects[1:])
    change_differences(plan.diff.changes, plan.diff.changes[1:])
    told = ""
except PlanRefused as error:
    told = error.message
took = time.process_time() - began
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0 kB"]
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
print(json.dumps([took, peak, told]))
"""
LARGE: dict[str, tuple[Callable[[int], dict[str, Any]], str]] = {
    "objects": (lambda n: plan(objects=[thing(i) for i in range(n)]), ""),
    "objects of one name": (lambda n: plan(objects=[thing(0, id=str(i)) for i in range(n)]), ""),
    "changes": (lambda n: plan(diff={"changes": [change(i) for i in range(n)]}), ""),
    "changes that are alike": (lambda n: plan(diff={"changes": [change(0)] * n}), ""),
    "notes": (lambda n: plan(diff={"notes": ["x"] * n}), ""),
    "empty objects": (lambda n: plan(objects=[{}] * n), "objects[0].kind"),
    "numbers": (lambda n: plan(objects=[1] * n), "objects[0]"),
    "broken digests": (lambda n: plan(objects=[thing(i, digest="x") for i in range(n)]), "objects[0].digest"),
    "a summary": (lambda n: plan(diff={"summary": {str(i): 0 for i in range(n)}}), "keys"),
    "unknown keys": (lambda n: plan(**{f"k{i}": 0 for i in range(n)}), "keys"),
    "lists": (lambda n: plan(diff={"changes": [change(0, attributes=[_lists(n)])]}), ""),
    "mappings": (lambda n: plan(diff={"changes": [change(0, attributes=[_lists(n, {})])]}), ""),
}


def _lists(count: int, item: Any = ()) -> dict[str, Any]:
    return {"path": "", "before": [item] * count, "after": {}, "effect": "update"}


def as_large_as_may_be(make: Callable[[int], dict[str, Any]]) -> str:
    one = len(json.dumps(make(31_000), separators=(",", ":"))) - len(json.dumps(make(30_000), separators=(",", ":")))
    return json.dumps(make(saved.MAX_BYTES * 880 // one), separators=(",", ":"))


@pytest.mark.part(1)
@pytest.mark.parametrize("name", LARGE)
def test_a_plan_as_large_as_may_be_takes_a_second(name: str, tmp_path: Path) -> None:
    make, says = LARGE[name]
    file = tmp_path / "plan.json"
    file.write_text(as_large_as_may_be(make))
    assert saved.MAX_BYTES * 0.7 < file.stat().st_size <= saved.MAX_BYTES
    done = subprocess.run([sys.executable, "-c", MEASURED, file], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    took, peak, told = json.loads(done.stdout)
    assert says in told
    assert bool(says) == bool(told), told
    assert took < SECONDS
    assert peak < MEGABYTES


TEXT = json.dumps(plan())
BROKEN = {
    "nested": (TEXT.replace('"no"', "[" * 50_000 + "]" * 50_000), "nested too deep"),
    "nested less": (TEXT.replace('"no"', "[" * 500 + "]" * 500), "not as a saved plan has to be"),
    "nested keys": ('{"document": "netdeploy saved plan", "a": ' + '{"a":' * 50_000, "nested too deep"),
    "a key twice": (TEXT.replace('"stand_ins": null', '"stand_ins": null, "stand_ins": "always"'), "written twice"),
    "a number that is none": (TEXT.replace('"no"', "NaN"), "NaN is no number"),
    "infinite": (TEXT.replace('"no"', "-Infinity"), "no number"),
    "too large": (TEXT.replace('"no"', "1e400"), "too large"),
    "very many digits": (TEXT.replace('"no"', "1" * 10_000), "not JSON"),
    "half a pair": (TEXT.replace('"no"', r'"\ud800"'), "surrogate"),
    "half a pair as a key": (TEXT.replace('"a"', r'"\udc00"'), "surrogate"),
    "another encoding": (TEXT.encode("utf-16"), "not UTF-8"),
    "a number as text": (TEXT.replace('"update": 1', '"update": "1"'), "diff.summary.update"),
    "a truth as text": (TEXT.replace('"in_sync": false', '"in_sync": "false"'), "diff.in_sync"),
    "an escape": (TEXT.replace('"stand_ins"', r'"\u001b[2J"'), r"\x1b[2J"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plan_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    text, says = BROKEN[name]
    file = tmp_path / "plan.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PlanRefused) as caught:
        saved.plan_in(file)
    assert says in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 500


def test_an_integer_of_many_digits_and_a_mark_of_byte_order_are_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace('"no"', "1" * 400).encode())
    found = saved.plan_in(file)
    assert found is not None
    assert found.diff.changes[0].attributes[0].before == int("1" * 400)


def test_a_plan_is_none_that_could_not_be_read_again(tmp_path: Path) -> None:
    with pytest.raises(PlanRefused, match="too large to be saved"):
        saved._write(tmp_path / "plan.json", "x" * (saved.MAX_BYTES + 1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "/proc/self/environ", "/nowhere", "", "\0", "/"])
def test_the_file_that_a_plan_names_may_be_anything(path: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(file={**plan()["file"], "path": path})))
    found = saved.plan_in(file)
    assert found is not None
    with pytest.raises(PlanRefused):
        saved.reading_for(found)
