"""Whole files: right ones, ones that are no YAML or no mapping, ones of a wrong shape, ones that break a rule.

The schema is asked about each that is YAML, too.

A bad file's output stands beside it in NAME.expected. `REFRESH=1 pytest tests/unit/topology` writes these files anew:
read the difference line by line before it is committed.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from unit.topology.reading import yaml_data

from netdeploy.topology.read import read_bytes
from netdeploy.topology.schema import topology_schema

CORPUS = Path(__file__).parent / "corpus"
VALIDATOR = Draft202012Validator(topology_schema(), format_checker=FormatChecker())
FOLDER = Path("/topologies")  # where the bad files are said to stand, so that what names it is the same everywhere
WARNINGS_ONLY = {
    *("alias_is_a_name", "alias_shared", "environment_from_nowhere", "names_of_no_use", "ports_unreachable"),
    "variables_that_are_texts",
}


def files(kind: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted((CORPUS / kind).glob("*.yaml"))]


def test_the_corpus_is_as_large_as_it_should_be():
    assert len(files("good")) >= 15
    assert sum(len(files(kind)) for kind in ("bad_text", "bad_shape", "bad_rule")) >= 200
    assert min(len(files(kind)) for kind in ("bad_text", "bad_shape", "bad_rule")) >= 60


def test_every_expected_output_belongs_to_a_file():
    assert all(expected.with_suffix(".yaml").exists() for expected in CORPUS.glob("*/*.expected"))


@pytest.mark.parametrize("path", files("good"))
def test_a_good_file_is_right_for_reader_and_schema(path):
    reading = read_bytes(path.read_bytes(), path, path.name, {})
    assert reading.described() == []
    assert reading.topology is not None
    assert [error.message for error in VALIDATOR.iter_errors(yaml_data(path.read_bytes()))] == []


@pytest.mark.parametrize("path", files("bad_text"))
def test_what_is_no_yaml_or_no_mapping_is_told_at_its_place(path):
    reading = read_bytes(path.read_bytes(), FOLDER / path.name, path.name, {})
    assert reading.topology is None
    compare(path.with_suffix(".expected"), reading.described())


@pytest.mark.parametrize("path", files("bad_shape"))
def test_a_bad_shape_is_refused_by_reader_and_schema(path):
    reading = read_bytes(path.read_bytes(), FOLDER / path.name, path.name, {})
    assert reading.topology is None
    assert not VALIDATOR.is_valid(yaml_data(path.read_bytes()))
    compare(path.with_suffix(".expected"), reading.described())


@pytest.mark.parametrize("path", files("bad_rule"))
def test_a_broken_rule_is_told(path):
    reading = read_bytes(path.read_bytes(), FOLDER / path.name, path.name, {})
    assert reading.problems
    assert (reading.topology is not None) == (path.stem in WARNINGS_ONLY)
    compare(path.with_suffix(".expected"), reading.described())


def compare(expected: Path, described: list[str]) -> None:
    got = "\n\n".join(described) + "\n"
    if os.environ.get("REFRESH"):
        expected.write_text(got)
        return
    wanted = expected.read_text() if expected.exists() else ""
    difference = difflib.unified_diff(wanted.splitlines(), got.splitlines(), expected.name, "now", lineterm="")
    assert wanted == got, "\n" + "\n".join(difference)


def keys_in(node: Any) -> set[str]:
    if isinstance(node, list):
        return {key for item in node for key in keys_in(item)}
    return {*node, *(key for value in node.values() for key in keys_in(value))} if isinstance(node, dict) else set()


def test_the_good_files_use_every_attribute():
    schema = topology_schema()
    models = [schema, *schema["$defs"].values()]
    known = {key for model in models for key in model["properties"]}
    used = {key for path in (CORPUS / "good").glob("*.yaml") for key in keys_in(yaml_data(path.read_bytes()))}
    assert known - used == set()
