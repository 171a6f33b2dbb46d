"""A diff as it leaves the program: the JSON document, and what the text is made from.

The schema `schemas/plan.schema.json` is made from these models. Values that look secret are masked here, once, for
every output.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import FailFast, Field, WithJsonSchema

from netdeploy.attributes.table import AttributeChange
from netdeploy.document import Document, schema_of
from netdeploy.masking import hidden, looks_secret, masked_text, without_secrets
from netdeploy.plan.changes import Action, AttachmentChange, Change, Changes
from netdeploy.plan.health import Ailing

FORMAT_VERSION: Literal["1.0"] = "1.0"
_MAY_HOLD_SECRETS = ("environment", "labels", "annotations", "logging", "driver_opts", "ipam", "storage_opt")

_JsonValue = Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean", "null", "array", "object"]})]


class AttributeReport(Document):
    """One attribute that differs."""

    path: str
    """The attribute as in the file, such as `containers.web.restart`."""
    before: _JsonValue
    """What the engine has; null where it has nothing."""
    after: _JsonValue
    """What the file says or means; null where it means nothing."""
    effect: Literal["update", "reconnect", "replace"]
    """What changing it costs."""


class ChangeReport(Document):
    """One object that differs."""

    action: Literal[
        "create",
        "update",
        "connect",
        "disconnect",
        "reconnect",
        "replace",
        "rename",
        "start",
        "stop",
        "remove",
        "conflict",
    ]
    """What apply would do; `conflict`: nothing, a person must decide."""
    kind: Literal["network", "container", "volume", "attachment"]
    """The kind of object."""
    name: str
    """Its name on the engine; of an attachment, the container's."""
    network: str | None = None
    """Of an attachment, the network's name."""
    reason: str
    """Why, in words."""
    hint: str | None = None
    """For a conflict, what to do about it."""
    attributes: Annotated[tuple[AttributeReport, ...], FailFast()] = ()
    """The attributes that differ."""


class HealthReport(Document):
    """Something that is not well with a container at this moment."""

    container: str
    """Its name on the engine."""
    status: Ailing
    """What it is."""
    message: str
    """The same in words."""
    exit_code: int | None = None
    """Of one that ended."""


class DiffReport(Document):
    """The differences between a topology file and an engine."""

    format_version: Literal["1.0"] = FORMAT_VERSION
    """The version of this format; the number before the dot changes when something is taken away."""
    topology: str
    """The topology's name."""
    prefix: str = ""
    """Its prefix: with its name, what it is known by."""
    source: str | None = None
    """The file."""
    made_from: str | None = None
    """The file that what stands under this name and prefix came from, if it is another one."""
    contested: bool = False
    """Whether that file is still there, and describes this topology as well: then apply asks first."""
    in_sync: bool
    """Whether there is nothing to do."""
    changes: Annotated[tuple[ChangeReport, ...], FailFast()]
    """What differs, in the order of the file."""
    summary: dict[str, Annotated[int, Field(ge=1)]]
    """How many changes of each action there are."""
    notes: Annotated[tuple[str, ...], FailFast()] = ()
    """What is no difference and still worth knowing."""
    stand_ins: Annotated[tuple[str, ...], FailFast()] = ()
    """Containers that run as stand-ins for their images, or will."""
    health: Annotated[tuple[HealthReport, ...], FailFast()] = ()
    """What is not well at run time; it is no difference from the file, and does not count for `in_sync`."""
    by_name: bool = False
    """Whether what stands was matched by name, whoever made it; then reasons are whole sentences."""
    right: int | None = None
    """Of a comparison by name: how many networks, volumes, containers and places on networks are as the file says."""
    wanted: int | None = None
    """Of a comparison by name: how many of them the file has."""


def report(changes: Changes, source: str | None) -> DiffReport:
    """The report of a diff."""
    counts: dict[str, int] = {}
    for change in changes.changes:
        counts[change.action.value] = counts.get(change.action.value, 0) + 1
    return DiffReport(
        topology=changes.topology,
        prefix=changes.prefix,
        source=source,
        made_from=changes.made_from or None,
        contested=changes.contested,
        in_sync=changes.in_sync,
        changes=tuple(_change(change) for change in changes.changes),
        summary={action.value: counts[action.value] for action in Action if action.value in counts},
        notes=changes.notes,
        stand_ins=changes.stand_ins,
        health=tuple(
            HealthReport(container=a.container, status=a.status, message=masked_text(a.message), exit_code=a.exit_code)
            for a in changes.health
        ),
        by_name=changes.by_name,
        right=changes.right,
        wanted=changes.wanted,
    )


def _change(change: Change) -> ChangeReport:
    return ChangeReport(
        action=change.action.value,
        kind=change.kind,
        name=change.name,
        network=change.network if isinstance(change, AttachmentChange) else None,
        reason=change.reason,
        hint=change.hint or None,
        attributes=tuple(_attribute(attribute) for attribute in change.attributes),
    )


def _attribute(attribute: AttributeChange) -> AttributeReport:
    before, after = attribute.before, attribute.after
    section, _, key = attribute.name.partition(".")
    if section in _MAY_HOLD_SECRETS and looks_secret(key):
        before, after = hidden(before), hidden(after)
    return AttributeReport(
        path=attribute.path,
        before=without_secrets(before),
        after=without_secrets(after),
        effect=attribute.effect.value,
    )


def diff_schema() -> dict[str, Any]:
    """The JSON Schema of what `diff -o json` prints."""
    about = "What `netdeploy diff -o json` prints: one report, or a list of them for several topologies."
    return schema_of(DiffReport, "netdeploy diff", about, several=True)
