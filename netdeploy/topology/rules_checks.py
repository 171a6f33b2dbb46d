"""Rules for declared checks: whom they name, and what can be asked together."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found
from netdeploy.topology.problem import did_you_mean
from netdeploy.topology.text_types import place_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Check
    from netdeploy.topology.problem import Path

HOST = "host"
"""In a check: this computer, or rather the engine's."""


def check_rules(draft: Draft) -> Iterator[Found]:
    """What is wrong with declared checks."""
    known = _known_names(draft)
    for index, check in enumerate(draft.checks):
        path: Path = ("checks", index)
        yield from _source(draft, check, path)
        yield from _question(check, path)
        name, _ = place_parts(check.to)
        positive = check.expect in ("reachable", "resolves")
        if positive and known and not is_address(name) and name.lower() not in known:
            hint = did_you_mean(name, sorted(known), otherwise="check the name, unless it is one outside this file")
            yield Found((*path, "to"), f"nothing in this file is called `{name}`", hint, severity="warning")


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _source(draft: Draft, check: Check, path: Path) -> Iterator[Found]:
    if check.source != HOST and check.source not in draft.container_names and "containers" not in draft.unread_sections:
        names = (*draft.container_names, HOST)
        hint = did_you_mean(check.source, names, otherwise="name a container of this file, or `host`")
        yield Found((*path, "from"), f"there is no container `{check.source}` in this file", hint)
    if check.source == HOST in draft.container_names:
        message = f"`from: {HOST}` is the engine's host, not the container `{HOST}`"
        yield Found((*path, "from"), message, "rename the container to try things from it", severity="warning")


def _question(check: Check, path: Path) -> Iterator[Found]:
    name, port = place_parts(check.to)
    about_names = check.expect in ("resolves", "does-not-resolve")
    if check.http and check.expect != "reachable":
        yield Found((*path, "http"), f"`http` means nothing with `expect: {check.expect}`", "take one of them out")
    if about_names and port is not None:
        yield Found((*path, "to"), f"`expect: {check.expect}` is about a name alone", f"write `to: {name}`")
    if about_names and is_address(name):
        yield Found((*path, "to"), f"`{name}` is an address already", "give a name, or expect `reachable`")
    if about_names and check.source == HOST:
        hint = "try it from a container"
        yield Found((*path, "from"), "the host does not use the engine's resolver, so no name of it resolves", hint)


def _known_names(draft: Draft) -> set[str]:
    """Every name by which a container of the file may be found, in small letters; none where one is doubtful."""
    if draft.doubtful or draft.unread_sections:
        return set()
    names = {"localhost", *draft.container_names}
    for container in draft.containers.values():
        names |= {container.hostname} if container.hostname else set()
        names |= {alias for attachment in container.networks.values() for alias in attachment.aliases}
        names |= set(container.extra_hosts) | {link.rpartition(":")[2] for link in container.links}
    return {name.lower() for name in names}
