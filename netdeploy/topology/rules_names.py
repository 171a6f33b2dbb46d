"""Rules about the names by which containers find each other on a network. Resolvers take no notice of case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Attachment
    from netdeploy.topology.problem import Path

_IN_EVERY_HOSTS_FILE = frozenset({
    *("localhost", "ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes"),
    "ip6-allrouters",
})  # fmt: skip
"""The names that engines write into the /etc/hosts of each container."""
_NUMBERS = re.compile(r"(?:0[xX][0-9a-fA-F]+|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]+|[0-9]+))*")


def stays_inside(name: str) -> bool:
    """Whether every container has a name for itself, as `localhost`."""
    return name.lower() in _IN_EVERY_HOSTS_FILE


def reads_as_address(name: str) -> bool:
    """Whether programs take a name for an address, as `10.1` or `7`, and never look it up (inet_aton)."""
    return _NUMBERS.fullmatch(name) is not None


def name_rules(draft: Draft) -> Iterator[Found]:
    """Names that lead to more than one container on a network, or to none: allowed, rarely meant."""
    members: dict[str, dict[str, Attachment]] = {}
    for name, container in draft.containers.items():
        for network, attachment in container.networks.items():
            if not draft.is_default_bridge(network):
                members.setdefault(network, {})[name] = attachment
    yield from _never_asked_for(members)
    yield from _alike(members)
    for network, attachments in members.items():
        yield from _aliases(network, attachments)
        yield from _hostnames(draft, network, attachments)


def _never_asked_for(members: dict[str, dict[str, Attachment]]) -> Iterator[Found]:
    for network, attachments in members.items():
        for name, attachment in attachments.items():
            for index, alias in enumerate(attachment.aliases):
                why = _useless(alias)
                path: Path = ("containers", name, "networks", network, "aliases", index)
                if why:
                    yield Found(path, why, "choose another one", severity="warning")
    for name in dict.fromkeys(name for attachments in members.values() for name in attachments):
        why = _useless(name)
        if why:
            hint = "choose another name, or give it an alias"
            yield Found(("containers", name), why, hint, severity="warning", at_key=True)


def _useless(name: str) -> str:
    message = f"no container finds another one by the name `{name}`"
    if stays_inside(name):
        return f"{message}: each has it for itself"
    return f"{message}: it reads as an address" if reads_as_address(name) else ""


def _alike(members: dict[str, dict[str, Attachment]]) -> Iterator[Found]:
    """Names of containers that differ in case only, each once."""
    told: set[str] = set()
    for network, attachments in members.items():
        first: dict[str, str] = {}
        for name in attachments:
            other = first.setdefault(name.lower(), name)
            if other != name and name not in told:
                told.add(name)
                yield Found(
                    ("containers", name),
                    f"`{name}` and `{other}` on `{network}` differ in case only, which a resolver takes no notice of",
                    "whoever asks for one gets either of them: call one otherwise",
                    severity="warning",
                    at_key=True,
                    elsewhere=(("the other one", ("containers", other)),),
                )


def _aliases(network: str, members: dict[str, Attachment]) -> Iterator[Found]:
    named = {name.lower(): name for name in members}
    first: dict[str, tuple[str, Path]] = {}
    for name, attachment in members.items():
        seen: set[str] = set()
        for index, alias in enumerate(attachment.aliases):
            path: Path = ("containers", name, "networks", network, "aliases", index)
            folded = alias.lower()
            if named.get(folded, name) != name:
                message = f"the alias `{alias}` is also the name of the container `{named[folded]}` on `{network}`"
                yield Found(path, message, "whoever asks for it gets either of them", severity="warning")
            elif folded in seen:
                yield Found(path, f"the alias `{alias}` is listed twice", "keep one of them", severity="warning")
            elif folded in first:
                whose, where = first[folded]
                message = f"the alias `{alias}` on `{network}` is shared with `{whose}`"
                hint = "whoever asks for it gets either of them, in turn"
                yield Found(path, message, hint, severity="warning", elsewhere=(("the other one", where),))
            seen.add(folded)
            first.setdefault(folded, (name, path))


def _hostnames(draft: Draft, network: str, members: dict[str, Attachment]) -> Iterator[Found]:
    """A container's host name leads to it on each of its networks, too (seen on 20.10 and 28.5)."""
    bearers: dict[str, list[str]] = {}
    for name, attachment in members.items():
        for known in {known.lower() for known in (name, *attachment.aliases)}:
            bearers.setdefault(known, []).append(name)
    for name in members:
        hostname = draft.containers[name].hostname or ""
        others = [other for other in bearers.get(hostname.lower(), ()) if other != name]
        if others:
            message = f"`{hostname}` on `{network}` is also a name of the container `{others[0]}`"
            hint = "whoever asks for it gets either of them"
            yield Found(("containers", name, "hostname"), message, hint, severity="warning")
