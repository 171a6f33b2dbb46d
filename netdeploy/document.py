"""What leaves the program as JSON: the base of its models, and the schema that is published for them."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from netdeploy.masking import masked_text
from netdeploy.visible import LONGEST, visible

D = TypeVar("D", bound="Document")


class Document(BaseModel):
    """A frozen model, whose fields' docstrings are the schema's descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def for_people(report: D, limit: int = LONGEST) -> D:
    """The same report for a terminal: each text masked, visible, in one line, and cut where it is longer than `limit`.

    Line ends become ⏎, and tabs spaces.
    """
    return cast("D", _for_people(report, limit))


def _for_people(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        shown = masked_text(value)
        return in_one_line(shown, limit)
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return value.model_copy(update={name: _for_people(field, limit) for name, field in fields.items()})
    if isinstance(value, tuple | list):
        return type(value)(_for_people(item, limit) for item in value)
    if isinstance(value, dict):
        return {_for_people(key, limit): _for_people(item, limit) for key, item in value.items()}
    return value


def in_one_line(text: str, limit: int = LONGEST) -> str:
    """A text made visible, with ⏎ for its line ends and spaces for its tabs."""
    return visible(text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\t", " "), limit)


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
