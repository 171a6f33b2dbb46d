"""JSON Schemas of the short forms: what each accepts, and how it joins the schema of the long form.

Patterns are written so that they mean the same in Python and in ECMA 262, which editors use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdeploy.topology.text_types import PROTOCOL

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"]}
_TEXT_OR_NULL: Schema = {"type": ["string", "number", "boolean", "null"]}


def _items(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


PAIRS: Schema = {
    "anyOf": [{"type": "object", "additionalProperties": TEXT}, _items({"type": "string", "pattern": "^[^=]+="})]
}
LABELS: Schema = {
    "anyOf": [
        {"type": "object", "additionalProperties": _TEXT_OR_NULL},
        _items({"type": "string", "pattern": "^[^=]"}),
    ]
}
ENVIRONMENT: Schema = {
    "anyOf": [
        {"type": "object", "propertyNames": {"pattern": "^[^=]+$"}, "additionalProperties": _TEXT_OR_NULL},
        _items({"type": "string", "pattern": "^[^=]"}),
    ]
}
WORDS: Schema = {"anyOf": [{"type": "string"}, _items(TEXT)]}
SOME_WORDS: Schema = {
    "anyOf": [{"type": "string", "pattern": "[^ \\t\\r\\n]"}, {**_items(TEXT), "minItems": 1}],
}

_RANGE = "[0-9]{1,5}(?:-[0-9]{1,5})?"
PORT_NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": 65_535}
PORT_RANGE: Schema = {"anyOf": [PORT_NUMBER, {"type": "string", "pattern": f"^{_RANGE}$"}]}
HOST_PORT: Schema = {"anyOf": [{"const": 0}, *PORT_RANGE["anyOf"]]}
PROTOCOL_WORD: Schema = {"type": "string", "pattern": f"^{PROTOCOL}$"}
_HOST = r"(?:\[[0-9a-fA-F:.]+\]|[0-9a-fA-F]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*|[0-9.]*)"
PORT: Schema = {
    "anyOf": [
        PORT_NUMBER,
        {"type": "string", "pattern": f"^(?:(?:{_HOST}:)?(?:{_RANGE})?:)?{_RANGE}(?:/{PROTOCOL})?$"},
    ]
}
MOUNT: Schema = {"type": "string", "pattern": "^(?:/[^:]*|[^:]+:/[^:]*(?::[a-zA-Z,]+)?)$"}

NAME: Schema = {"type": "string"}
FILE: Schema = {"type": "string", "minLength": 1}
DEVICE: Schema = {"type": "string", "pattern": "^/[^:]*(?::/[^:]*)?(?::[rwm]{1,3})?$"}


def same(long: Schema) -> Schema:
    """The short form changes nothing that a schema sees."""
    return long


def instead(short: Schema) -> Callable[[Schema], Schema]:
    """`short` describes the long form too."""
    return lambda _long: short


def either(short: Schema) -> Callable[[Schema], Schema]:
    """The short form or the long one."""
    return lambda long: {"anyOf": [short, *long.get("anyOf", [long])]}


def items_or(short: Schema) -> Callable[[Schema], Schema]:
    """A list whose items are in the short form or the long one."""
    return lambda long: _items({"anyOf": [*short.get("anyOf", [short]), long["items"]]})


def names_or_mapping(long: Schema) -> Schema:
    """A list of names, or a mapping in which a name may stand alone."""
    values = {"anyOf": [long["additionalProperties"], {"type": "null"}]}
    names = {**_items(TEXT), "uniqueItems": True}
    return {"anyOf": [names, {"type": "object", "additionalProperties": values}]}


def nothing_or(long: Schema) -> Schema:
    """A mapping that may be empty, and in which a name may stand alone."""
    values = {"anyOf": [long["additionalProperties"], {"type": "null"}]}
    return {**long, "type": ["object", "null"], "additionalProperties": values}


def one_or_more(long: Schema) -> Schema:
    """One value, or a list of them."""
    one = long["items"]
    return {"anyOf": [*one.get("anyOf", [one]), long]}


def one_or_more_items(short: Schema) -> Callable[[Schema], Schema]:
    """One item in the short form, or a list of items in either form."""
    return lambda long: {"anyOf": [short, items_or(short)(long)]}


def ulimits(long: Schema) -> Schema:
    """One number for both limits, or the two."""
    values = {"anyOf": [{"type": "integer"}, long["additionalProperties"]]}
    return {**long, "additionalProperties": values}


def extra_hosts(long: Schema) -> Schema:
    """A mapping of names to one or more addresses, or a list of `name:address`."""
    names = {"propertyNames": {"pattern": r"^[^:=\s]+$"}}
    mapping = {"type": "object", **names, "additionalProperties": one_or_more(long["additionalProperties"])}
    return {"anyOf": [mapping, _items({"type": "string", "pattern": r"^[^:=\s]+[:=]\[?[^\]]+\]?$"})]}
