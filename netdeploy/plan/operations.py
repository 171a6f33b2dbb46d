"""The steps of a plan: each is one call to the engine (or one wait), as data.

A `Handle` names an object that exists already (by id) or is made by this plan (by the name it is made under).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from netdeploy.attributes.table import Json


@dataclass(frozen=True, slots=True)
class Handle:
    """An object of the engine: `id` "" means the one that this plan makes, as `made_as` or else as `name`."""

    name: str
    id: str = ""
    made_as: str = ""


@dataclass(frozen=True, slots=True)
class CreateNetwork:
    """Make a network."""

    name: str
    body: Json = field(compare=False)

    @property
    def text(self) -> str:
        """What it does."""
        return f"create network {self.name}"


@dataclass(frozen=True, slots=True)
class RemoveNetwork:
    """Remove a network; nobody hangs on it by then."""

    network: Handle

    @property
    def text(self) -> str:
        """What it does."""
        return f"remove network {self.network.name}"


@dataclass(frozen=True, slots=True)
class CreateVolume:
    """Make a volume."""

    name: str
    body: Json = field(compare=False)

    @property
    def text(self) -> str:
        """What it does."""
        return f"create volume {self.name}"


@dataclass(frozen=True, slots=True)
class RemoveVolume:
    """Remove a volume with its data."""

    name: str

    @property
    def text(self) -> str:
        """What it does."""
        return f"remove volume {self.name}"


@dataclass(frozen=True, slots=True)
class CreateContainer:
    """Make a container with its first endpoint; it is not started."""

    name: str
    body: Json = field(compare=False)

    @property
    def text(self) -> str:
        """What it does."""
        return f"create container {self.name}"


@dataclass(frozen=True, slots=True)
class Connect:
    """Put a container on a network, with the whole endpoint."""

    container: Handle
    network: Handle
    endpoint: Json = field(compare=False)
    fallback: Json | None = field(default=None, compare=False)
    """The endpoint to settle for where that one is refused."""

    @property
    def text(self) -> str:
        """What it does."""
        return f"connect {self.container.name} to {self.network.name}"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """By the network's name where its id no longer exists: that heals a container whose network was removed."""

    container: Handle
    network: Handle

    @property
    def text(self) -> str:
        """What it does."""
        return f"disconnect {self.container.name} from {self.network.name}"


@dataclass(frozen=True, slots=True)
class Start:
    """Start a container: ports and fixed addresses are claimed now."""

    container: Handle

    @property
    def text(self) -> str:
        """What it does."""
        return f"start {self.container.name}"


@dataclass(frozen=True, slots=True)
class Unpause:
    """Let a paused container go on."""

    container: Handle

    @property
    def text(self) -> str:
        """What it does."""
        return f"unpause {self.container.name}"


@dataclass(frozen=True, slots=True)
class Stop:
    """`grace` is seconds until the engine kills it."""

    container: Handle
    grace: int

    @property
    def text(self) -> str:
        """What it does."""
        return f"stop {self.container.name}"


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a container another name."""

    container: Handle
    new: str

    @property
    def text(self) -> str:
        """What it does."""
        return f"rename {self.container.name} to {self.new}"


@dataclass(frozen=True, slots=True)
class Update:
    """Change what the engine can change while it runs."""

    container: Handle
    body: Json = field(compare=False)

    @property
    def text(self) -> str:
        """What it does."""
        return f"update {self.container.name}"


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    """With `volumes`, its anonymous volumes go too."""

    container: Handle
    volumes: bool = False

    @property
    def text(self) -> str:
        """What it does."""
        return f"remove container {self.container.name}"


Condition = Literal["stays up", "is healthy", "ended well"]


@dataclass(frozen=True, slots=True)
class Wait:
    """Looks until the condition holds; changes nothing. Without `required`, one that can't hold is a warning."""

    container: Handle
    condition: Condition
    required: bool = True

    @property
    def text(self) -> str:
        """What it does."""
        if not self.required:
            return f"see whether {self.container.name} {self.condition}"
        return f"wait until {self.container.name} {self.condition}"


Call = (
    CreateNetwork
    | RemoveNetwork
    | CreateVolume
    | RemoveVolume
    | CreateContainer
    | Connect
    | Disconnect
    | Start
    | Unpause
    | Stop
    | Rename
    | Update
    | RemoveContainer
    | Wait
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of the plan. `after` holds the texts of the nodes it waits for."""

    call: Call
    reason: str
    after: tuple[str, ...] = ()
    undo: tuple[Call, ...] = ()
    """What takes this step back, if a later step of the same `group` fails."""
    group: str = ""
    """What is taken back as one, in words: such as "`web`" for its replacement, or "`web` on `net`"."""
    despite: tuple[str, ...] = ()
    """Those of `after` that it waits for, and whose failure is no reason to skip it."""

    @property
    def id(self) -> str:
        """Unique in the plan."""
        return self.call.text

    @property
    def text(self) -> str:
        """One line, for people and tests."""
        waits = ", ".join(f"{other} (or its failure)" if other in self.despite else other for other in self.after)
        after = f"  [after {waits}]" if self.after else ""
        return f"{self.id}: {self.reason}{after}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Operations in an order in which they could run one by one; those that do not wait for each other run at once."""

    operations: tuple[Operation, ...]

    @property
    def text(self) -> str:
        """One line per operation."""
        return "\n".join(operation.text for operation in self.operations)
