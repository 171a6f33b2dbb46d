"""Who holds something on an engine, told by its labels, and whether that process still lives."""

from __future__ import annotations

import getpass
import math
import os
import re
import socket
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_TOKEN = re.compile(r"[0-9a-zA-Z]+")
_PIDS = 1 << 31
_SAME_START = 5.0  # seconds by which a process's start may seem to move: the host's clock is set now and then


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds something. `started` is the process's start, in seconds since 1970; `since` an RFC 3339 time.

    `boot` is what Linux calls the id of a boot: clones of a machine share their name, and all machines the number of
    their first space of process ids. It is "" for one that an older version made, and on other systems.
    """

    token: str
    user: str
    host: str
    pid: int
    pid_space: str
    started: float
    since: str
    boot: str = ""

    @classmethod
    def this_process(cls) -> Holder:
        """A holder with a token of its own."""
        import psutil  # noqa: PLC0415 - needed once something is to be changed

        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            user = str(os.getuid())
        return cls(
            token=uuid.uuid4().hex,
            user=user,
            host=socket.gethostname(),
            pid=os.getpid(),
            pid_space=_pid_space(),
            started=psutil.Process().create_time(),
            since=datetime.now().astimezone().isoformat(timespec="seconds"),
            boot=_boot(),
        )

    @classmethod
    def from_labels(cls, labels: Mapping[str, str], label: str) -> Holder | None:
        """As the labels below `label` tell; None where there are none, or where no process can have written them."""
        try:
            holder = cls(
                token=labels[f"{label}.token"],
                user=labels[f"{label}.user"],
                host=labels[f"{label}.host"],
                pid=int(labels[f"{label}.pid"]),
                pid_space=labels[f"{label}.pid-space"],
                started=float(labels[f"{label}.started"]),
                since=labels[f"{label}.since"],
                boot=labels.get(f"{label}.boot", ""),
            )
        except (KeyError, ValueError):
            return None
        possible = _TOKEN.fullmatch(holder.token) and 0 < holder.pid < _PIDS and math.isfinite(holder.started)
        return holder if possible else None

    def labels(self, label: str) -> dict[str, str]:
        """Labels below `label`, from which `from_labels` makes the same holder."""
        return {
            f"{label}.token": self.token,
            f"{label}.user": self.user,
            f"{label}.host": self.host,
            f"{label}.pid": str(self.pid),
            f"{label}.pid-space": self.pid_space,
            f"{label}.started": f"{self.started:.2f}",
            f"{label}.since": self.since,
            f"{label}.boot": self.boot,
        }

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.user} on {self.host} (process {self.pid}, since {self.since})"

    @property
    def can_be_looked_at(self) -> bool:
        """Whether this process would see the holder's, if it runs."""
        return (self.host, self.pid_space, self.boot) == (socket.gethostname(), _pid_space(), _boot())

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to have ended."""
        import psutil  # noqa: PLC0415

        if not self.can_be_looked_at:
            return False
        try:
            process = psutil.Process(self.pid)
            ended = process.status() == psutil.STATUS_ZOMBIE
            return ended or abs(process.create_time() - self.started) > _SAME_START
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _pid_space() -> str:
    """Tells containers apart from their host: a process id means something in its own space only."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""
