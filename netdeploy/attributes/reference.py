"""The table of attributes as a page for people: docs/attributes.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from netdeploy.attributes import attachment, container, network, volume
from netdeploy.attributes.table import RELEASES, Attribute, Effect
from netdeploy.topology.model import Attachment, Container, Network, Volume


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one kind of object, and the fields of its model that have none, each with the reason."""

    title: str
    about: str
    model: type[BaseModel]
    rows: Sequence[Attribute[Any, Any]]
    without_row: dict[str, str]


TABLES = (
    Table(
        "Containers",
        "Paths are those below `containers.NAME`.",
        Container,
        container.ROWS,
        {
            "networks": "each is an attachment, with a table of its own",
            "depends_on": "orders the steps of apply, and what it starts again; the engine knows nothing of it",
            "env_file": "its variables are compared as `environment`",
            "label_file": "its labels are compared as `labels`",
            "configs": "each is a bind mount that can only be read, and compared as `volumes`",
            "secrets": "each is a bind mount that can only be read, and compared as `volumes`",
            "pull_policy": "says when apply pulls; a tag that then names another image shows as `image`",
        },
    ),
    Table(
        "Attachments",
        "A container on a network: paths are those below `containers.NAME.networks.NETWORK`. `links` stands at the"
        " container itself, `containers.NAME.links`: there is no such key under `networks`. Except on the default"
        " bridge, an engine keeps links with each network of the container, so they are compared and changed there.",
        Attachment,
        attachment.ROWS,
        {"priority": "orders the networks of a container when it is made; the engine does not keep it"},
    ),
    Table(
        "Networks",
        "Paths are those below `networks.NAME`. No engine can change a network: replacing one moves its containers to"
        " the new one, running or stopped, and they stay what they are.",
        Network,
        network.ROWS,
        {"external": "says that the network is not ours to make, compare or remove"},
    ),
    Table(
        "Volumes",
        "Paths are those below `volumes.NAME`. No engine can change a volume, and a new one has no data: a difference"
        " is a conflict for a person to decide.",
        Volume,
        volume.ROWS,
        {"external": "says that the volume is not ours to make, compare or remove"},
    ),
)
_COSTS = {
    Effect.UPDATE: "changed while it runs",
    Effect.RECONNECT: "leaves and joins that one network",
    Effect.REPLACE: "a new one takes its place",
}
_HEAD = """# Attributes

<!-- made by `make docs` from netdeploy/attributes: change it there -->

What netdeploy sends, reads back and compares, attribute by attribute. Where a file is silent, the default is what it
means: a value that was set by hand is a difference, and goes back to the default. *The engine's default* is what the
engine's own settings give (`daemon.json`); a label on the object tells whether the file gave a value when it was made.

**Since** is the first Docker release with the attribute. On an older engine a file that uses it is refused, with the
attribute, the engine's version and the version that has it. Empty: every engine that netdeploy works with (20.10 or
later) has it.
"""


def markdown() -> str:
    """The whole page."""
    parts = [_HEAD, *(_section(table) for table in TABLES), _untested()]
    return "\n".join(parts)


def _section(table: Table) -> str:
    lines = [f"## {table.title}", "", table.about, ""]
    lines += ["| attribute | meaning | default | changing it | since |", "|---|---|---|---|---|"]
    for row in sorted(table.rows, key=lambda row: row.path):
        elsewhere = "" if row.path.partition(".")[0] in table.model.model_fields else " (of the container)"
        cells = (
            f"`{row.path}`{elsewhere}",
            meaning(table.model, row.path),
            row.default,
            _cost(table, row),
            _since(row),
        )
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    lines += ["", "Without a row of their own:", ""]
    lines += [f"- `{name}`: {reason}" for name, reason in table.without_row.items()]
    return "\n".join([*lines, ""])


def _cost(table: Table, row: Attribute[Any, Any]) -> str:
    if table.model is Volume:
        return "a person decides"
    remark = f"; {row.remark}" if row.remark else ""
    return _COSTS[row.effect] + remark


def _since(row: Attribute[Any, Any]) -> str:
    return f"{RELEASES[row.since]} (API {row.since[0]}.{row.since[1]})" if row.since else ""


def _untested() -> str:
    lines = ["## Untested on engines", ""]
    lines += ["Each other row is tested on real engines of two generations: made, started again, changed by hand where"]
    lines += ["docker can, mended, taken out of the file. These need what a plain test machine does not have; their"]
    lines += ["tests read answers of the shape that the engine's API documents.", ""]
    for table in TABLES:
        kind = table.title.lower()
        lines += [f"- {kind}: `{row.path}` ({row.untested})" for row in table.rows if row.untested]
    return "\n".join([*lines, ""])


def meaning(model: type[BaseModel], path: str) -> str:
    """What a field is for, from its description; `path` may lead into nested models."""
    *holders, name = path.split(".")
    for holder in holders:
        model = _nested(model.model_fields[holder].annotation)
    if name not in model.model_fields:  # a link's place is the container, its row the attachment's
        model = Container
    return re.sub(r"\s+", " ", model.model_fields[name].description or "").rstrip(".")


def _nested(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        try:
            return _nested(argument)
        except LookupError:
            continue
    raise LookupError(annotation)
