"""Which topologies stand on an engine, and which files they came from.

A topology belongs to the file that last made something of it. Labels can't be changed, so what was made before keeps
the file it was made from; the newest object tells.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netdeploy.engine.observe import tagged
from netdeploy.engine.observed import LABEL_SOURCE
from netdeploy.errors import NetdeployError, TopologyInvalid
from netdeploy.identity import TopologyId
from netdeploy.paths import is_folder, is_gone, is_same, is_stream
from netdeploy.plan.ownership import Owners
from netdeploy.topology.read import Reading, content, read_bytes, topology_id

if TYPE_CHECKING:
    from netdeploy.engine.reader import Reader
    from netdeploy.plan.changes import Changes

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Standing = Mapping[TopologyId, tuple[str, ...]]
"""Each topology on an engine with the files that its containers and networks came from, the newest first."""


def standing(reader: Reader, *, volumes: bool = False) -> Standing:
    """All topologies that have a container or network on the engine (or, if asked, a volume), sorted."""
    objects = sorted(tagged(reader, volumes=volumes), key=lambda item: -item.created)
    owners = Owners(objects)
    found: dict[TopologyId, dict[str, None]] = {}
    for item in objects:
        owner = owners.owner(item)
        if owner:
            sources = found.setdefault(owner, {})
            if item.labels.get(LABEL_SOURCE):
                sources[item.labels[LABEL_SOURCE]] = None
    return {owner: tuple(found[owner]) for owner in sorted(found)}


def _file_of(sources: Sequence[str]) -> Path:
    hint = "compare with a file: netdeploy diff FILE"
    if not sources:
        raise NetdeployError("nothing on the engine says which file it came from", hint=hint)
    file = Path(sources[0])
    if _CONTROL.search(sources[0]):
        raise NetdeployError("the label that says which file it came from names none", hint=hint)
    if is_stream(file):
        raise NetdeployError(f"it came from {file}, which can't be read again", hint=hint)
    if is_gone(file):
        message = f"the file it came from, {file}, is not on this machine (any more)"
        raise NetdeployError(message, hint="compare with another: netdeploy diff FILE")
    return file


def reading_of(sources: Sequence[str]) -> Reading:
    """The file that a topology came from, read; `sources` as in `Standing`.

    A label names it, and anybody may have written that: only a regular file is opened, and no line of it is shown,
    whatever it turns out to be.

    Raises:
        NetdeployError: there is none, or it describes no topology: the message ends a sentence on the topology.
    """
    file = _file_of(sources)
    reading = read_bytes(content(file, str(file)), file, str(file))
    try:
        reading.wanted()
    except TopologyInvalid as error:
        number = len(error.details)
        message = f"the file it came from, {file}, has {number} problem{'' if number == 1 else 's'}"
        raise NetdeployError(message, hint=f"netdeploy validate {shlex.quote(str(file))} tells them") from None
    return reading


def came_from(source: Path, known: Standing) -> list[TopologyId]:
    """The topologies whose newest object came from a file, which may be gone."""
    return [topology for topology, sources in known.items() if sources and is_same(Path(sources[0]), source)]


def with_contest(changes: Changes, topology: TopologyId, source: Path) -> Changes:
    """The changes, with what is known of the file that stands behind them if that is another one.

    A file that was moved, or describes something else by now, has left what it made to whoever takes it on. One that
    is still there has not.
    """
    other = Path(changes.made_from)
    if not changes.made_from:
        return changes
    if is_same(other, source):
        return replace(changes, made_from="")
    return replace(changes, contested=describes(other, topology))


def describes(file: Path, topology: TopologyId) -> bool:
    """Whether a file is there and describes `topology`, as far as can be seen: a doubt counts for it."""
    if not file.is_absolute() or _CONTROL.search(str(file)) or is_gone(file) or is_folder(file) or is_stream(file):
        return False
    try:
        return topology_id(file) == topology
    except NetdeployError:
        return True
