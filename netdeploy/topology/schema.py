"""The JSON Schema of a topology file, made from the models and the short forms."""

from __future__ import annotations

from typing import Any

from netdeploy.topology.model import Topology
from netdeploy.topology.shorthand import FORMS
from netdeploy.topology.text_types import CONTAINER_KEY

Schema = dict[str, Any]
_NAMED = ("containers", "networks", "volumes")


def topology_schema() -> Schema:
    """The schema, draft 2020-12. It describes shapes; rules across fields are the reader's."""
    schema = Topology.model_json_schema()
    definitions: dict[str, Schema] = schema.pop("$defs")
    for name, model in {**definitions, "Topology": schema}.items():
        _publish(name, model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "netdeploy topology",
        **{key: value for key, value in schema.items() if key != "title"},
        "$defs": definitions,
    }


def _publish(name: str, model: Schema) -> None:
    """Widen each property by its short form, and open the door for `x-…` keys."""
    model.pop("title", None)
    model["patternProperties"] = {"^x-": {}}
    for key, long in model["properties"].items():
        about = {part: long.pop(part) for part in ("description", "default") if part in long}
        long.pop("title", None)
        if about.get("default") is None:
            about.pop("default", None)
        form = FORMS.get(name, {}).get(key)
        accepted = form.schema(long) if form else long
        if name == "Topology" and key in _NAMED:
            accepted = {**accepted, "propertyNames": {"pattern": f"^(?:{CONTAINER_KEY})$"}}
        model["properties"][key] = {**about, **accepted}
