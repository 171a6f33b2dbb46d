"""What is on a drawing: networks as buses, containers that hang on them, and ports published by the host.

All names are those on the engine. Nothing here knows where things stand: see arrange.py and layout.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

HOST = "host"
NOWHERE = "none"
BusKind = Literal["network", "host", "none"]
Details = tuple[tuple[str, tuple[str, ...]], ...]
"""Titles, each with its lines."""


class Mark(StrEnum):
    """How an object on the engine is other than in the file; in order of weight."""

    EXTRA = "extra"
    MISSING = "missing"
    STOPPED = "stopped"
    DIFFERENT = "different"
    UNWELL = "unwell"


SYMBOLS = {Mark.EXTRA: "+", Mark.MISSING: "✗", Mark.STOPPED: "■", Mark.DIFFERENT: "≠", Mark.UNWELL: "!"}
MEANINGS = {
    Mark.EXTRA: "on the engine, not in the file",
    Mark.MISSING: "in the file, not on the engine",
    Mark.STOPPED: "does not run",
    Mark.DIFFERENT: "is not as in the file",
    Mark.UNWELL: "as in the file, but not well",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One remark on an object: how it is marked, and why, in words."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """What may be marked."""

    notes: tuple[Note, ...] = ()

    @property
    def mark(self) -> Mark | None:
        """The weightiest of its remarks."""
        marks = {note.mark for note in self.notes}
        return next((mark for mark in Mark if mark in marks), None)


def mark_text(marked: Marked) -> str:
    """How an object is marked, as symbol and word; empty where all is well."""
    return f"{SYMBOLS[marked.mark]} {marked.mark.value}" if marked.mark else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus(Marked):
    """A network. `host` is the host's own, and `none` stands for having none: it is not drawn as a line."""

    name: str
    kind: BusKind = "network"
    facts: tuple[str, ...] = ()
    """What is special about it, such as `internal`, its driver and its subnets."""
    details: Details = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap(Marked):
    """A container's place on a network: `bus` is the network's name."""

    bus: str
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Marked):
    """A port of the host that leads to a container's.

    `listen` is the host's side, such as `127.0.0.1:8080`, `:8000-8010` or `any port`; `target` the container's, such
    as `53/udp`.
    """

    listen: str
    target: str
    in_vain: bool = False
    """Whether no engine publishes it, since the container is on no network that leads to the host."""

    @property
    def label(self) -> str:
        """Both sides; one where they are the same."""
        text = self.listen if self.listen == f":{self.target}" else f"{self.listen} → {self.target}"
        return f"{text} (in vain)" if self.in_vain else text

    @property
    def marked_label(self) -> str:
        """The label, and how it is marked."""
        return f"{self.label}  {mark_text(self)}" if self.mark else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Marked):
    """A container. One that shares another's network has no taps, and hangs on that one: `shares` is its name."""

    name: str
    image: str = ""
    listens: tuple[str, ...] = ()
    """Ports that it listens on for its neighbours, as the file says (`expose`)."""
    taps: tuple[Tap, ...] = ()
    ports: tuple[Published, ...] = ()
    shares: str = ""
    details: Details = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is drawn. `live` says whether the engine was looked at."""

    title: str
    description: str
    buses: tuple[Bus, ...]
    nodes: tuple[Node, ...]
    live: bool = False

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that are used, in order of weight."""
        taps = [tap for node in self.nodes for tap in node.taps]
        ports = [port for node in self.nodes for port in node.ports]
        used = {note.mark for marked in (*self.buses, *self.nodes, *taps, *ports) for note in marked.notes}
        return tuple(mark for mark in Mark if mark in used)

    def remarks(self) -> tuple[tuple[Mark, str], ...]:
        """Everything that is marked, as sentences that name the object."""
        found = [(note.mark, f"{bus.name}: {note.text}") for bus in self.buses for note in bus.notes]
        for node in self.nodes:
            found += [(note.mark, f"{node.name}: {note.text}") for note in node.notes]
            if node.mark in (Mark.MISSING, Mark.EXTRA):
                continue  # that its taps and ports are so too goes without saying
            found += [(n.mark, f"{node.name} on {tap.bus}: {n.text}") for tap in node.taps for n in tap.notes]
            found += [(n.mark, f"{node.name}, port {port.label}: {n.text}") for port in node.ports for n in port.notes]
        return tuple(dict.fromkeys(found))
