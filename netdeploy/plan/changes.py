"""What differs between a topology and an engine: one change per object, in the user's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from netdeploy.attributes.table import AttributeChange
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, NetworkWish, VolumeWish
from netdeploy.engine.observed import ObservedContainer, ObservedNetwork, ObservedVolume
from netdeploy.plan.health import Ailment

PAUSED = "it is paused"
"""The reason of a start that is no more than an unpause."""


class Action(StrEnum):
    """What is to be done with an object."""

    CREATE = "create"
    UPDATE = "update"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    RECONNECT = "reconnect"
    REPLACE = "replace"
    RENAME = "rename"
    START = "start"
    STOP = "stop"
    REMOVE = "remove"
    CONFLICT = "conflict"
    """Nothing: something stands in the way that netdeploy must not touch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    action: Action
    name: str
    reason: str
    attributes: tuple[AttributeChange, ...] = ()
    hint: str = ""
    """For a conflict: what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkChange(_Change):
    """A network to make, replace or remove."""

    kind: ClassVar[str] = "network"
    wish: NetworkWish | None = None
    live: ObservedNetwork | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeChange(_Change):
    """A volume to make or remove."""

    kind: ClassVar[str] = "volume"
    wish: VolumeWish | None = None
    live: ObservedVolume | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerChange(_Change):
    """A container to make, change, start or remove."""

    kind: ClassVar[str] = "container"
    wish: ContainerWish | None = None
    live: ObservedContainer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentChange(_Change):
    """A container to connect to, or disconnect from, a network; `name` is the container's."""

    kind: ClassVar[str] = "attachment"
    network: str
    live: ObservedContainer
    wish: AttachmentWish | None = None


Change = NetworkChange | VolumeChange | ContainerChange | AttachmentChange


@dataclass(frozen=True, slots=True)
class Changes:
    """All differences of one topology, in the order a person reads them."""

    topology: str
    changes: tuple[Change, ...]
    prefix: str = ""
    """The topology's, before its names on the engine."""
    made_from: str = ""
    """The file that what stands came from, if that is another one."""
    contested: bool = False
    """Whether that file is still there, and describes this topology as well."""
    notes: tuple[str, ...] = ()
    """What is no difference and still worth knowing, such as volumes that are kept."""
    stand_ins: tuple[str, ...] = ()
    """Containers that run (or will run) as stand-ins."""
    health: tuple[Ailment, ...] = ()
    """What is not well at run time, which is no difference from the file."""
    by_name: bool = False
    """Whether what stands was matched by name, whoever made it: nothing is planned from that."""
    right: int | None = None
    """By name: how many of the `wanted` objects, and places on networks, are as the file says."""
    wanted: int | None = None

    @property
    def in_sync(self) -> bool:
        """Whether the engine is as the file says."""
        return not self.changes

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Where in the file what is made or changed stands: section and name. A mere start changes nothing."""
        found = set()
        for change in self.changes:
            if change.wish is None or change.action is Action.START:
                continue
            if isinstance(change, AttachmentChange):
                found.add(("containers", change.wish.container_key))
            else:
                found.add((f"{change.kind}s", change.wish.key))
        return frozenset(found)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """What must be cleared up by a person before anything is done."""
        return tuple(change for change in self.changes if change.action is Action.CONFLICT)
