"""Where the engine tests find their engines.

Each xdist worker has an engine of its own for each generation, with a network namespace in which its published ports
are; so no test meets another's networks, names or ports, and two generations run at the same time.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine
from netdeploy.errors import NetdeployError

GENERATIONS = ("stable", "testing")
SCRIPT = Path(__file__).parents[1] / "tools" / "test-engines.sh"
INSTALL_LIMIT = 900  # seconds
START_LIMIT = 120
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Choice:
    """The generations to run on; `own` if the tests start them; none at all has its reason in `why_none`."""

    generations: tuple[str, ...]
    why_none: str = ""
    own: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What a worker can be sent."""
        return asdict(self)


def choose(wanted: list[str]) -> Choice:
    """Own engines where this machine can have them, else the one that answers, else none.

    DOCKER_HOST names an engine on purpose: then the tests run on that one.
    """
    reasons = []
    if "DOCKER_HOST" not in os.environ:
        why_not = _install(wanted)
        if not why_not:
            return Choice(tuple(wanted), own=True)
        reasons.append(why_not)
    try:
        with Engine(find_endpoint(None, None, os.environ)):
            return Choice(("answering",))
    except NetdeployError as error:
        reasons.append(error.message)
    return Choice((), "; ".join(reasons))


def _install(wanted: list[str]) -> str:
    """Why this machine can't have engines for the tests; empty if it can."""
    if os.geteuid() != 0:
        return "engines for the tests need root on Debian or Ubuntu"
    done = subprocess.run(
        [SCRIPT, "install", *wanted], stdout=subprocess.PIPE, text=True, timeout=INSTALL_LIMIT, check=False
    )
    return "" if done.returncode == 0 else "engines for the tests could not be installed (see above)"


def stop_own(choice: Choice) -> None:
    """End the engines of all workers."""
    if choice.own:
        subprocess.run([SCRIPT, "stop"], timeout=START_LIMIT, check=False)


@contextlib.contextmanager
def own_engine(generation: str, worker: str) -> Iterator[str]:
    """The URL of a worker's engine; meanwhile this process is in its network."""
    command = [SCRIPT, "start", generation, worker]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=START_LIMIT, check=True)
    pid, _, path = done.stdout.strip().partition(" ")
    with network_of(int(pid)):
        yield f"unix://{path}"


@contextlib.contextmanager
def network_of(pid: int) -> Iterator[None]:
    """This thread, and all it starts, in another process's network namespace.

    `os.setns` came with Python 3.12.
    """
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(namespace: int) -> None:
        if libc.setns(namespace, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    with Path("/proc/self/ns/net").open() as before, Path(f"/proc/{pid}/ns/net").open() as wanted:
        enter(wanted.fileno())
        try:
            yield
        finally:
            enter(before.fileno())
