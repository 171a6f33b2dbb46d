"""The published schemas are current, and the shipped topologies follow them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from netdeploy.cli.main import run
from netdeploy.inspect.report import inspect_schema
from netdeploy.plan.report import diff_schema
from netdeploy.plan.saved import saved_plan_schema
from netdeploy.topology.schema import topology_schema
from netdeploy.verify.verdict import verify_schema
from netdeploy.workflow.status_report import status_schema

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    "topology": topology_schema,
    "plan": diff_schema,
    "saved-plan": saved_plan_schema,
    "verify": verify_schema,
    "inspect": inspect_schema,
    "status": status_schema,
}
TOPOLOGIES = sorted((ROOT / "topologies").glob("*.yaml"))


def stored(name: str) -> Any:
    return json.loads((ROOT / "schemas" / name).read_text())


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_stored_schemas_are_current(kind: str) -> None:
    """If this fails: `make schema`."""
    assert stored(f"{kind}.schema.json") == SCHEMAS[kind]()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_command_prints_what_is_stored(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", kind]) == 0
    assert capsys.readouterr().out == (ROOT / "schemas" / f"{kind}.schema.json").read_text()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_schemas_are_valid_and_every_property_has_a_description(kind: str) -> None:
    schema = stored(f"{kind}.schema.json")
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
