"""What leaves the program as JSON: the base of its models, and the schema that is published for them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A frozen model, whose fields' docstrings are the schema's descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def schema_of(model: type[Document], title: str, description: str, *, several: bool = False) -> dict[str, Any]:
    """The JSON Schema, draft 2020-12, of what a command prints: one document or, with `several`, a list of them too."""
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
