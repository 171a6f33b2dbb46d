"""What JSON documents have in common: frozen models whose docstrings become a published schema's descriptions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Published(BaseModel):
    """A part of a document; a docstring under a field describes it in the schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def published_schema(model: type[Published], title: str, description: str, *, several: bool = False) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a document: of one report or, with `several`, of one or a list of them."""
    schema = model.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs", {})
    definitions[model.__name__] = schema
    for definition in definitions.values():
        definition.pop("title", None)
        for value in definition.get("properties", {}).values():
            value.pop("title", None)
    one = {"$ref": f"#/$defs/{model.__name__}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **({"anyOf": [one, {"type": "array", "items": one}]} if several else one),
        "$defs": definitions,
    }
