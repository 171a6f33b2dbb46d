"""A plan that is kept: the diff as a document, and what it was made from, so that apply can tell if it still holds.

A saved plan gives no orders. Apply reads the topology file again, looks at the engine again, and goes on only where
that comes to exactly the changes that were saved. So whoever edits a plan can stop it, and not widen it.

No digest of a secret is in it by which the secret could be guessed. An engine never changes a container's environment,
command, labels or log options: a container with the same id still has them. So an object's digest covers what *can*
change under one id, and none of that is secret. A volume has no id: its options are part of its digest, without the
values that look secret. The file and what was read from it may well hold secrets; those digests are salted and slow
(scrypt): each guess costs about 0.1 s and 32 MiB, and must fit the whole file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from pydantic import FailFast, Field

from netdeploy.attributes.table import plain
from netdeploy.attributes.wish import Wishes
from netdeploy.document import Document, schema_of
from netdeploy.engine.observed import (
    ObservedAttachment,
    ObservedContainer,
    ObservedVolume,
    Snapshot,
)
from netdeploy.masking import looks_secret
from netdeploy.plan.ownership import our_containers, our_networks, our_volumes
from netdeploy.plan.report import ChangeReport, DiffReport

DOCUMENT: Literal["netdeploy saved plan"] = "netdeploy saved plan"
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26, "dklen": 32}
_SHA256 = r"^[0-9a-f]{64}$"


class EngineReport(Document):
    """The engine that a plan was made for."""

    id: str
    """What the engine calls itself for good."""
    name: str
    """Its host's name."""
    version: str
    """Its version when the plan was saved."""


class FileReport(Document):
    """The topology file that a plan was made from."""

    path: str
    """Where it is: an absolute path."""
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Made at random for this plan; part of both digests."""
    digest: Annotated[str, Field(pattern=_SHA256)]
    """Of the file's bytes: scrypt with n=32768, r=8, p=1."""
    wishes: Annotated[str, Field(pattern=_SHA256)]
    """The same of all that was read from it, variables of the shell and env files included."""


class ObjectReport(Document):
    """An object of the engine that the plan was made upon."""

    kind: Literal["container", "network", "volume", "image"]
    """The kind of object."""
    name: str
    """Its name on the engine."""
    id: str
    """Its id; "" for a volume."""
    status: str = ""
    """Of a container of ours: `running`, `paused`, `created` or `exited`."""
    digest: Annotated[str, Field(pattern=_SHA256)]
    """SHA-256 of what can change while it keeps its id. No value that looks secret is part of it."""


class SavedPlan(Document):
    """A plan that `netdeploy diff --out` saved and `netdeploy apply` carries out, if it still holds."""

    document: Literal["netdeploy saved plan"] = DOCUMENT
    """What this is."""
    format_version: Literal["1.0"] = "1.0"
    """The version of this format."""
    netdeploy: str
    """The version of netdeploy that saved it; no other one carries it out."""
    saved: str
    """When: RFC 3339."""
    engine: EngineReport
    """The engine it is for."""
    file: FileReport
    """The file it was made from."""
    stand_ins: Literal["always", "auto", "never"] | None = None
    """As given with --stand-ins; null leaves each container as it is."""
    objects: Annotated[tuple[ObjectReport, ...], FailFast()]
    """The objects it was made upon."""
    diff: DiffReport
    """What it does. Values that look secret are masked."""


# -- digests -----------------------------------------------------------------------------------------------------------


def new_salt() -> str:
    """32 hexadecimal digits."""
    return secrets.token_hex(16)


def slow_digest(content: bytes, salt: str) -> str:
    """A digest whose content can't be guessed quickly, in hexadecimal digits."""
    return hashlib.scrypt(hashlib.sha256(content).digest(), salt=bytes.fromhex(salt), **_COST).hex()


def same_digest(one: str, other: str) -> bool:
    """Whether two digests are equal."""
    return hmac.compare_digest(one, other)


def objects_of(wishes: Wishes, seen: Snapshot) -> tuple[ObjectReport, ...]:
    """What a plan was made upon: what is ours, what has a name of ours, and who is on our networks.

    Run-time values (process ids, times, addresses in use, health) are no part of it.
    """
    return tuple(sorted(_objects(wishes, seen), key=lambda item: (item.kind, item.name, item.id)))


def _objects(wishes: Wishes, seen: Snapshot) -> Iterator[ObjectReport]:
    ours = {container.id for container in our_containers(seen, wishes.origin.id)}
    for container in seen.containers:
        yield _container(container, ours=container.id in ours)
    named = {wish.name for wish in wishes.networks} | {n.name for n in our_networks(seen, wishes.origin.id)}
    for network in seen.networks:
        if network.name in named:
            yield ObjectReport(kind="network", name=network.name, id=network.id, digest=_digest(""))
    named = {wish.name for wish in wishes.volumes} | {v.name for v in our_volumes(seen, wishes.origin.id)}
    for volume in seen.volumes:
        if volume.name in named:
            yield ObjectReport(kind="volume", name=volume.name, id="", digest=_digest(_of_volume(volume)))
    for name in sorted({wish.spec.image for wish in wishes.containers}):
        image = seen.images.get(name)
        if image:
            yield ObjectReport(kind="image", name=name, id=image.id, digest=_digest(""))


def _container(container: ObservedContainer, *, ours: bool) -> ObjectReport:
    """Of a stranger, only where it is: how it is, is its own matter."""
    if not ours:
        places = sorted(container.attachments)
        return ObjectReport(kind="container", name=container.name, id=container.id, digest=_digest(places))
    state = container.state
    status = "running" if state.running and not state.paused else state.status
    changing = {
        "resources": asdict(replace(container.resources, storage_opt={})),
        "restart": container.restart,
        "exit_code": 0 if state.running else state.exit_code,
        "attachments": {name: _of_attachment(one) for name, one in container.attachments.items()},
    }
    return ObjectReport(kind="container", name=container.name, id=container.id, status=status, digest=_digest(changing))


def _of_attachment(attachment: ObservedAttachment) -> dict[str, Any]:
    """As configured: neither the address in use nor what the engine adds at a start."""
    return {
        "network_id": attachment.network_id,
        "aliases": attachment.aliases - attachment.added_by_engine,
        "addresses": [attachment.ipv4_address, attachment.ipv6_address, attachment.link_local_ips],
        "driver_opts": _without_secrets(attachment.driver_opts.items()),
        "links": attachment.links,
        "gw_priority": attachment.gw_priority,
    }


def _of_volume(volume: ObservedVolume) -> dict[str, Any]:
    options = _without_secrets(volume.driver_opts.items())
    options.pop("o", None)  # mount options: a password may stand among them
    return {"driver": volume.driver, "options": options, "labels": _without_secrets(volume.labels.items())}


def _without_secrets(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {key: "" if looks_secret(key) else value for key, value in items}


def _digest(value: Any) -> str:
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


# -- what is different now ---------------------------------------------------------------------------------------------


def object_differences(before: Iterable[ObjectReport], now: Iterable[ObjectReport]) -> list[str]:
    """How the objects of now differ from those of before, in words; empty where they do not."""
    old, new = _by_name(before), _by_name(now)
    found = []
    for key in sorted({*old, *new}):
        kind, name = key
        text = _difference(kind, old.get(key, ()), new.get(key, ()))
        found += [f"{kind} `{name}` {text}"] if text else []
    return found


def _by_name(objects: Iterable[ObjectReport]) -> dict[tuple[str, str], tuple[ObjectReport, ...]]:
    found: dict[tuple[str, str], list[ObjectReport]] = {}
    for item in objects:
        found.setdefault((item.kind, item.name), []).append(item)
    return {key: tuple(items) for key, items in found.items()}


def _difference(kind: str, before: tuple[ObjectReport, ...], now: tuple[ObjectReport, ...]) -> str:
    if not before:
        return "" if kind == "image" else "was not there"  # an image that was pulled ahead spares time, no more
    if not now:
        return "is gone"
    if {item.id for item in before} != {item.id for item in now}:
        return "is another one" if kind == "image" else "was made anew"
    old, new = before[0], now[0]
    if old.status != new.status:
        return f"was {old.status} and is {new.status}"
    if [item.digest for item in before] != [item.digest for item in now]:
        return "was changed"
    return ""


def change_differences(before: Iterable[ChangeReport], now: Iterable[ChangeReport]) -> list[str]:
    """Which changes are to be made now and were not planned, and the other way round, in words."""
    old, new = ({change.model_dump_json(): change for change in changes} for changes in (before, now))
    unlike = ([change for text, change in one.items() if text not in other] for one, other in ((old, new), (new, old)))
    old, new = ({_whole(change): change for change in changes} for changes in unlike)
    found = [f"not planned: {_text(change)}" for whole, change in new.items() if whole not in old]
    return found + [
        f"planned, and not to be done now: {_text(change)}" for whole, change in old.items() if whole not in new
    ]


def same_kind_of_changes(before: Iterable[ChangeReport], now: Iterable[ChangeReport]) -> bool:
    """Whether the same things happen to the same objects, whatever the reasons say by now."""
    return {_key(change) for change in before} == {_key(change) for change in now}


def _key(change: ChangeReport) -> tuple[str, str, str, str | None]:
    return change.action, change.kind, change.name, change.network


def _whole(change: ChangeReport) -> str:
    """All of a change; the order of keys is no part of it."""
    return json.dumps(change.model_dump(mode="json"), sort_keys=True)


def _text(change: ChangeReport) -> str:
    where = f" on {change.network}" if change.network else ""
    return f"{change.action} {change.kind} {change.name}{where}: {change.reason}"


def saved_plan_schema() -> dict[str, Any]:
    """The JSON Schema of a saved plan."""
    about = "What `netdeploy diff --out` saves, and `netdeploy apply` carries out if it still holds."
    return schema_of(SavedPlan, "netdeploy saved plan", about)
