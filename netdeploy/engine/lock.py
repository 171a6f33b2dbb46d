"""One change of a topology at a time: a lock that lives on the engine itself, so that every host sees it.

It is a volume. An engine gives a volume's name to one creator only: whoever creates it too is answered with the first
one's labels (seen on 20.10 and 28, with 16 at once). So the labels say who holds it, and neither image nor container
is needed.

A lock whose process has died is taken over, where that can be known: on the same host, in the same space of process
ids. The one who takes it over holds, meanwhile, a lock named after the dead one's token, or else two might remove the
dead lock, the second of them after the first has it anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netdeploy.engine.errors import EngineAnswer
from netdeploy.engine.holder import Holder
from netdeploy.errors import Conflict, Interrupted, Locked, NetdeployError, OperationFailed
from netdeploy.identity import TopologyId

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.engine.reader import Reader

LABEL_LOCK = "netdeploy.lock"
"""On a lock's volume: the name of the topology it is for."""
_LABEL_PREFIX = f"{LABEL_LOCK}.prefix"
_VOLUME = "netdeploy.lock."
_LOOK_AGAIN = 0.3  # seconds
_TAKING_OVER = 5.0  # seconds: it takes two calls
_ATTEMPTS = 3  # a lost connection may pass, and each attempt looks first


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for somebody else's lock, in seconds, and who is told of it; `stop` ends the waiting."""

    seconds: float = 300.0
    say: Callable[[str], None] = lambda _text: None
    stop: threading.Event = field(default_factory=threading.Event)


@contextmanager
def locked(engine: Engine, topology: TopologyId, patience: Patience) -> Iterator[None]:
    """Hold the topology's lock.

    Raises:
        Locked: somebody else still held it when the patience was at its end.
        Interrupted: `patience.stop` was set.
        Conflict: a volume of the lock's name is no lock.
    """
    own = _volume(topology)
    with _held(engine, own, topology, patience):
        for volume, holder in locks(engine.reader, topology).items():
            if volume != own and holder.is_dead:  # it died while it took a lock over
                remove(engine, volume, holder.token)
        yield


@contextmanager
def _held(engine: Engine, volume: str, topology: TopologyId, patience: Patience) -> Iterator[None]:
    token = _acquire(engine, volume, topology, patience)
    try:
        yield
    finally:
        _give_back(engine, volume, token, patience)


def _give_back(engine: Engine, volume: str, token: str, patience: Patience) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            remove(engine, volume, token)
        except NetdeployError as error:
            if attempt == _ATTEMPTS - 1:
                patience.say(f"the lock `{volume}` could not be given back ({error.message}); the next command does it")
            time.sleep(_LOOK_AGAIN)
        else:
            return


def _acquire(engine: Engine, volume: str, topology: TopologyId, patience: Patience) -> str:
    mine = Holder.this_process()
    end = time.monotonic() + patience.seconds
    told = ""
    failures = 0
    while True:
        try:
            labels = {LABEL_LOCK: topology.name, _LABEL_PREFIX: topology.prefix, **mine.labels(LABEL_LOCK)}
            engine.operator().create_volume(volume, {"Labels": labels})
            holder = holder_of(engine.reader, volume)
        except NetdeployError as error:
            failures += 1
            if not error.may_pass or failures == _ATTEMPTS:
                raise
            holder = None
        if holder is None:
            continue
        if holder.token == mine.token:
            return mine.token
        if holder.is_dead:
            patience.say(f"taking over the lock of {holder.text}, whose process has ended")
            with _held(engine, _taking_over(volume, holder), topology, patience):
                remove(engine, volume, holder.token)
            continue
        if told != holder.token:
            told = holder.token
            patience.say(f"waiting: `{topology.name}` is being changed by {holder.text}")
        if time.monotonic() > end:
            raise Locked(
                f"`{topology.name}` is still being changed by {holder.text}; nothing was changed",
                hint="wait longer with --lock-timeout, or, if that process is gone:"
                f" netdeploy unlock {topology.options}",
            )
        if patience.stop.wait(_LOOK_AGAIN):
            raise Interrupted(f"interrupted while waiting for the lock of `{topology.name}`; nothing was changed")


def holder_of(reader: Reader, volume: str) -> Holder | None:
    """Who holds a lock; None where nobody does.

    Raises:
        Conflict: a volume of that name is no lock.
    """
    try:
        labels = reader.get(f"/volumes/{volume}").get("Labels") or {}
    except EngineAnswer as answer:
        if answer.status == 404:
            return None
        raise
    holder = Holder.from_labels(labels, LABEL_LOCK)
    if holder is None:
        raise Conflict(
            f"the volume `{volume}` is not a lock of netdeploy, and has the name of one",
            hint=f"remove or rename it: docker volume rm {volume}",
        )
    return holder


def remove(engine: Engine, volume: str, token: str) -> bool:
    """Remove a lock if it is still the one with that token; whether it was.

    An engine knows volumes by name only: one that is given back and taken anew between these two calls would go.
    """
    if not _is_there(engine, volume, token):
        return False
    try:
        engine.operator().remove_volume(volume)
    except OperationFailed:
        if _is_there(engine, volume, token):
            raise
        return False  # it was given back between the two calls
    return True


def _is_there(engine: Engine, volume: str, token: str) -> bool:
    holder = holder_of(engine.reader, volume)
    return holder is not None and holder.token == token


def take_away(engine: Engine, topology: TopologyId, volume: str, holder: Holder) -> bool:
    """Remove the lock that a person looked at, and none that was made since; whether it was there still.

    Whoever else takes it over waits meanwhile, so nobody makes it anew in between. Only its holder can still give it
    back at that very moment, and another then take it: for that no call of an engine helps.

    Raises:
        Locked: somebody is taking it over.
    """
    with _held(engine, _taking_over(volume, holder), topology, Patience(_TAKING_OVER)):
        return remove(engine, volume, holder.token)


def _taking_over(volume: str, dead: Holder) -> str:
    return f"{volume}.{dead.token[:12]}"


def is_left_behind(volume: str, labels: Mapping[str, str], topology: TopologyId) -> bool:
    """Whether a volume is the topology's lock, and nobody holds it any more."""
    holder = _holder(volume, labels) if _topology(labels) == topology else None
    return holder is not None and holder.is_dead


def _holder(volume: str, labels: Mapping[str, str]) -> Holder | None:
    """Who holds a lock, as its volume's labels tell; None where its name is not that of the topology's lock."""
    own = _volume(_topology(labels))
    return Holder.from_labels(labels, LABEL_LOCK) if volume == own or volume.startswith(f"{own}.") else None


def all_locks(reader: Reader) -> dict[str, tuple[TopologyId, Holder]]:
    """The locks of all topologies: by volume, the topology and the holder."""
    listed = reader.get("/volumes", filters={"label": [LABEL_LOCK]}).get("Volumes") or ()
    found = {}
    for item in listed:
        labels = item.get("Labels") or {}
        holder = _holder(str(item["Name"]), labels)
        if holder is not None:
            found[str(item["Name"])] = (_topology(labels), holder)
    return found


def locks(reader: Reader, topology: TopologyId) -> dict[str, Holder]:
    """The locks of a topology, by volume."""
    return {volume: holder for volume, (owner, holder) in all_locks(reader).items() if owner == topology}


def _volume(topology: TopologyId) -> str:
    return f"{_VOLUME}{topology.prefix}{topology.name}"


def _topology(labels: Mapping[str, str]) -> TopologyId:
    return TopologyId(str(labels.get(LABEL_LOCK)), labels.get(_LABEL_PREFIX, ""))
