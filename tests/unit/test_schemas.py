"""The published schemas are current, and the shipped topologies follow them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from netdeploy.cli.main import run
from netdeploy.plan.report import diff_schema
from netdeploy.plan.saved import saved_plan_schema
from netdeploy.topology.schema import topology_schema

ROOT = Path(__file__).parents[2]
TOPOLOGIES = sorted((ROOT / "topologies").glob("*.yaml"))


def stored(name: str) -> Any:
    return json.loads((ROOT / "schemas" / name).read_text())


def test_the_stored_schemas_are_current() -> None:
    """If this fails: `make schema`."""
    assert stored("topology.schema.json") == topology_schema()
    assert stored("plan.schema.json") == diff_schema()
    assert stored("saved-plan.schema.json") == saved_plan_schema()


@pytest.mark.parametrize("kind", ["topology", "plan", "saved-plan"])
def test_the_command_prints_what_is_stored(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", kind]) == 0
    assert capsys.readouterr().out == (ROOT / "schemas" / f"{kind}.schema.json").read_text()


@pytest.mark.parametrize("name", ["topology.schema.json", "plan.schema.json", "saved-plan.schema.json"])
def test_schemas_are_valid_and_every_property_has_a_description(name: str) -> None:
    schema = stored(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    for title, definition in {**schema["$defs"], "": schema}.items():
        for key, value in definition.get("properties", {}).items():
            assert value.get("description"), f"{title}.{key} has no description"


@pytest.mark.parametrize("file", TOPOLOGIES, ids=lambda file: file.name)
def test_shipped_topologies_are_right_and_name_the_schema(file: Path) -> None:
    assert run(["validate", str(file)]) == 0
    first = file.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/topology.schema.json"
    jsonschema.Draft202012Validator(topology_schema()).validate(yaml.safe_load(file.read_text()))
