"""Nothing that a file contains gives a traceback, and reader and schema never part ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from unit.topology.reading import reading, yaml_data

from netdeploy.topology import yaml_source
from netdeploy.topology.read import Reading
from netdeploy.topology.schema import topology_schema
from netdeploy.topology.yaml_source import SourceRefused

SCHEMA = topology_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
KEYS = sorted({key for model in (SCHEMA, *SCHEMA["$defs"].values()) for key in model["properties"]} | {"x-a", "<<", ""})
CORPUS = sorted((Path(__file__).parent / "corpus").glob("*/*.yaml"))
YAML = [path for path in CORPUS if path.parent.name != "bad_text"]
WORDS = [
    *("web", "db", "front", "nginx", "nginx:1", "80", "8080:80", "1-99999", "[::1]:80:80", "10.0.0.5", "10.0.0.0/24"),
    *("fd00::/64", "fe80::1%0", "data:/data", "~x/a:/b", "./a:/b:ro", "A=1", "=", "", "~", "10s", "1e999h", "64m"),
    *(
        "yes",
        "true",
        "CMD",
        "NONE",
        "always",
        "host",
        "container:web",
        "bridge",
        "tcp",
        "bind",
        "tmpfs",
        "volume",
        "/a",
    ),
    *("service_healthy", "SIGTERM", "a b", "\u0000", "\x1b[2J", "é", "'", '"', "\\", "\ud7ff", "\U0001f600", "%", "-"),
]

scalars = st.one_of(
    st.sampled_from(WORDS),
    st.none(),
    st.booleans(),
    st.integers(-1, 70_000),
    st.sampled_from([10**30, -1, 0.5, 80.0, 1e300]),
)
keys = st.sampled_from([*KEYS, "web", "db", "front"])
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def at_its_place(key: str, properties: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Mostly something under the keys that are known there."""
    return st.dictionaries(st.sampled_from([*properties, key, "x-a"]), trees, max_size=5)


def section(model: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["web", "db", "front", "data", "bridge", "w", "-x"])
    return st.dictionaries(names, at_its_place("other", SCHEMA["$defs"][model]["properties"]) | trees, max_size=3)


documents = st.fixed_dictionaries(
    {},
    optional={
        "containers": section("Container") | trees,
        "networks": section("Network") | trees,
        "volumes": section("Volume") | trees,
        "name": scalars,
        "prefix": scalars,
        "x-a": trees,
        "nonsense": trees,
    },
)


def sound(raw: bytes) -> Reading:
    """The reading of `raw`, which says clearly whether it is right, and can be shown."""
    done = reading(raw)
    right = not any(problem.severity == "error" for problem in done.problems)
    assert (done.topology is not None) == right
    for text in done.described():
        assert all(char.isprintable() or char == "\n" for char in text)
        text.encode()
    assert list(done.problems) == sorted(done.problems, key=lambda problem: problem.mark)
    return done


def agree(raw: bytes) -> None:
    """What the reader takes, the schema takes."""
    if sound(raw).topology is not None:
        assert [error.message for error in VALIDATOR.iter_errors(yaml_data(raw))] == []


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_give_a_reading(raw):
    sound(raw)


@given(st.text(alphabet=st.sampled_from("ab01:-,[]{}&*!|>'\"%@#?<~ \n\t\r\\\u0085\u2028é"), max_size=60))
@settings(max_examples=500)
def test_any_text_of_yamls_own_characters_gives_a_reading(text):
    sound(text.encode())


@pytest.mark.parametrize("text", [r'"\U00110000": a', r'"\ud800": a', r'a: "\xzz"', "&a : *a", "*a : b", "? |\n"])
def test_the_pure_parser_gives_a_reading_too(text, monkeypatch):
    monkeypatch.setattr(yaml_source, "Loader", yaml.SafeLoader)
    sound(text.encode())


@given(documents)
@settings(max_examples=400)
def test_known_keys_with_any_values_give_a_reading_that_the_schema_agrees_with(document):
    agree(json.dumps(document, ensure_ascii=True).encode())


@given(st.data())
@settings(max_examples=300)
def test_a_file_with_something_changed_gives_a_reading(data):
    text = data.draw(st.sampled_from(CORPUS)).read_bytes().decode("utf-8", "replace")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 20, len(text))))
    put = data.draw(st.sampled_from([*WORDS, *KEYS, "\n", "  ", ": ", "- ", "{", "[", "*x", "&x ", "<<: "]))
    sound((text[:start] + put + text[end:]).encode())


@given(st.data())
@settings(max_examples=400)
def test_a_file_with_one_value_replaced_is_the_same_to_reader_and_schema(data):
    document = yaml_data(data.draw(st.sampled_from(YAML)).read_bytes())
    holder, place = data.draw(st.sampled_from(list(places(document))))
    holder[place] = data.draw(trees)
    agree(json.dumps(document).encode())


def places(node: Any) -> Any:
    """Each value in a tree, as what holds it and where."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for place, value in list(pairs):
        yield node, place
        yield from places(value)


def test_json_of_any_document_is_yaml_with_the_same_values():
    document = {"a": [1, 1.5, True, None, "1"], "b": {"c": "yes"}}
    assert yaml_data(json.dumps(document).encode()) == document
    with pytest.raises(SourceRefused):
        yaml_data(b"")
