"""The published schema: whole, described, and in words that editors understand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from netdeploy.topology.model import Topology
from netdeploy.topology.schema import topology_schema

SCHEMA = topology_schema()
MODELS = {"Topology": SCHEMA, **SCHEMA["$defs"]}


def test_it_is_a_schema_of_draft_2020_12():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, model in MODELS.items() for key in model["properties"]]
)
def test_every_property_is_described(name, key):
    assert re.fullmatch(r"[A-Z`].{3,}\.|.+\.", MODELS[name]["properties"][key]["description"], re.DOTALL)


@pytest.mark.parametrize("name", MODELS)
def test_every_level_is_described_refuses_unknown_keys_and_leaves_the_users_own_free(name):
    model = MODELS[name]
    assert model["description"]
    assert model["additionalProperties"] is False
    assert model["patternProperties"] == {"^x-": {}}


def test_every_key_of_the_model_is_there():
    assert set(SCHEMA["properties"]) == set(Topology.model_fields)


def patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "pattern" and isinstance(value, str))
        yield from (found for value in node.values() for found in patterns(value))
    if isinstance(node, list):
        yield from (found for value in node for found in patterns(value))


@pytest.mark.parametrize("pattern", sorted(set(patterns(SCHEMA))))
def test_a_pattern_means_the_same_to_an_editor(pattern):
    r"""No groups with names and no `\w`, which Python and ECMA 262 understand differently."""
    re.compile(pattern)
    assert "(?P" not in pattern
    assert r"\w" not in pattern


def test_what_the_schema_calls_a_default_is_accepted():
    for model in MODELS.values():
        for key, described in model["properties"].items():
            if described.get("default"):
                validator = Draft202012Validator({**described, "$defs": SCHEMA["$defs"]})
                assert validator.is_valid(described["default"]), key
