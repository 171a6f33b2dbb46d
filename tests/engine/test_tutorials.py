"""The tutorials that the project ships with show what they say, and so does their verify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab, answers

ROOT = Path(__file__).parents[2]


def running(lab: Lab, name: str) -> Path:
    """A shipped topology, under names of the tests, with stand-ins."""
    text = (ROOT / "topologies" / f"{name}.yaml").read_text()
    file = lab.write(text.replace(f"name: {name}\n", f"name: ndt-{name}\nprefix: ndt-\n", 1))
    lab.apply(file, "--stand-ins", "always")
    return file


def proven(lab: Lab, file: Path) -> Any:
    result = lab.run("verify", file, "-o", "json")
    report = result.json
    assert result.code == 0, [cause["text"] for cause in report["causes"]]
    return report


def marks(report: Any) -> dict[tuple[str, str], str]:
    return {(cell["source"], cell["target"]): cell["mark"] for cell in report["matrix"]}


def saw(report: Any, text: str) -> str:
    (claim,) = [claim for claim in report["claims"] if claim["text"] == text]
    return str(claim["saw"].split()[0])


def test_default_bridge_by_address_yes_by_name_no(lab: Lab) -> None:
    report = proven(lab, running(lab, "default-bridge"))
    assert marks(report)["alpine1", "alpine2"] == "reaches"
    assert saw(report, "alpine1 reaches alpine2 over bridge") == "ok"
    assert saw(report, "the default bridge has no names") == "unresolved"
    assert not lab.resolves("ndt-alpine1", "ndt-alpine2")


def test_user_defined_bridge(lab: Lab) -> None:
    report = proven(lab, running(lab, "user-defined-bridge"))
    seen = marks(report)
    for source in ("alpine1", "alpine2", "alpine4"):
        for target in {"alpine1", "alpine2", "alpine4"} - {source}:
            assert seen[source, target] == "reaches"
            assert saw(report, f"{source} finds {target} by the name {target}") == "ok"
    assert seen["alpine3", "alpine1"] == seen["alpine3", "alpine2"] == "separate"
    assert seen["alpine3", "alpine4"] == "reaches"
    assert saw(report, "alpine3 reaches alpine4 over bridge") == "ok"
    for source in ("alpine1", "alpine2", "alpine4"):
        assert not lab.resolves(f"ndt-{source}", "ndt-alpine3")


def test_host_network(lab: Lab) -> None:
    if answers(80):
        pytest.fail("something else listens on this host's port 80, where the tutorial's server belongs")
    report = proven(lab, running(lab, "host-network"))
    assert marks(report)["host", "my-nginx"] == "reaches"
    assert answers(80)


def test_none(lab: Lab) -> None:
    file = running(lab, "none")
    report = proven(lab, file)
    assert saw(report, "the network is unreachable") == "unreachable"
    text = lab.run("verify", file).out
    assert "✓ the network is unreachable (network is unreachable)" in text
    assert lab.in_container("ndt-no-net-alpine", "ls /sys/class/net")[1].split() == ["lo"]
