"""What can go wrong, and the exit code each kind carries.

    NetdeployError                2
    ├── TopologyInvalid           2   the file has problems (validate itself answers 1: that is its honest "no")
    ├── EngineUnreachable         2   nobody answers, or may not be asked
    ├── EngineTooOld              2
    ├── OperationFailed           2   the engine refused a call; says what to do
    │   └── PortTaken             2   by a container, which can be named
    ├── Conflict                  2   something foreign has our name; nothing was touched
    ├── PlanRefused               2   a saved plan that is none, or holds no more; nothing was touched
    ├── Locked                    2   somebody else changes the topology right now
    ├── NotConverged              2   all steps were done, and still the engine is not as the file says
    └── Interrupted               130

A message says what happened, to which object, and, in `hint`, what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class NetdeployError(Exception):
    """Anything a user or an engine can cause. `hint` says what to do next."""

    exit_code: ClassVar[int] = 2

    def __init__(
        self, message: str, *, hint: str = "", details: Sequence[str] = (), may_pass: bool | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)
        if may_pass is not None:
            self.may_pass = may_pass

    topic: str = ""
    """Of an engine's refusal: what it is about, for who can find out more (see apply/who.py)."""
    may_pass: bool = False
    """Whether a new look, and a plan made from it, may well succeed a moment later."""


class TopologyInvalid(NetdeployError):
    """A topology file has problems; `details` holds them, rendered, in file order."""


class EngineUnreachable(NetdeployError):
    """No Docker engine answers where the connection settings point, or it stopped doing so."""

    may_pass = True


class EngineTooOld(NetdeployError):
    """The engine lacks something that is asked of it."""


class OperationFailed(NetdeployError):
    """The engine was asked to do something and did not."""


class PortTaken(OperationFailed):
    """A container could not start: another one holds a port of the host."""

    def __init__(self, message: str, *, hint: str, details: Sequence[str], port: str) -> None:
        super().__init__(message, hint=hint, details=details)
        self.port = port
        """As the engine says it: `0.0.0.0:3000`."""


class Conflict(NetdeployError):
    """An object that netdeploy did not make stands where one is to be made."""


class PlanRefused(NetdeployError):
    """A saved plan can't be carried out: it is none, its file changed, or the engine did."""


class Locked(NetdeployError):
    """Somebody else is changing the topology."""


class NotConverged(NetdeployError):
    """Every step was done, and a new look still shows differences."""


class Interrupted(NetdeployError):
    """Ctrl-C or a termination signal."""

    exit_code = 130
