"""Rules about what the kernel below every engine takes: capabilities, users, processes, limits, interfaces.

All of this was refused by engines 20.10 and 28, most of it only when the container started.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found
from netdeploy.topology.problem import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container
    from netdeploy.topology.problem import Path

# fmt: off
CAPABILITIES = (
    "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
    "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE",
    "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST",
    "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
    "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME",
    "SYS_TTY_CONFIG", "WAKE_ALARM",
)
# fmt: on
"""The capabilities of Linux (capabilities(7))."""
_MOST_ID = 2**31 - 1
_MOST_PROCESSES = 4_194_304  # linux/threads.h: PID_MAX_LIMIT on 64 bits
_LEAST_CPUS = 10_000_000  # billionths; the kernel's least quota is 1ms, of a period of 100ms


def kernel_rules(draft: Draft) -> Iterator[Found]:
    """What no Linux takes."""
    for name, container in draft.containers.items():
        base: Path = ("containers", name)
        yield from _capabilities(base, container)
        yield from _user((*base, "user"), container.user or "")
        yield from _limits(base, container)
        yield from _options(base, container)


def _capabilities(base: Path, container: Container) -> Iterator[Found]:
    for field in ("cap_add", "cap_drop"):
        for index, text in enumerate(getattr(container, field)):
            path: Path = (*base, field, index)
            name = text.upper().removeprefix("CAP_")
            if name == "ALL" and text.upper() != "ALL":
                yield Found(path, f"the engine knows no capability `{text}`", "write `ALL`")
            elif name not in (*CAPABILITIES, "ALL"):
                hint = did_you_mean(name, CAPABILITIES, otherwise="`man 7 capabilities` lists them")
                yield Found(path, f"Linux has no capability `{text}`", hint)


def _user(path: Path, user: str) -> Iterator[Found]:
    for part in user.split(":"):
        if re.fullmatch("-?[0-9]+", part) and not 0 <= int(part) <= _MOST_ID:
            yield Found(path, f"{part} is no number of a user or group", f"they go from 0 to {_MOST_ID}")


def _limits(base: Path, container: Container) -> Iterator[Found]:
    if container.pids_limit is not None and container.pids_limit > _MOST_PROCESSES:
        message = f"the kernel allows {_MOST_PROCESSES:,} processes at most"
        yield Found((*base, "pids_limit"), message, "write fewer, or -1 for no limit")
    if container.cpus and container.cpus < _LEAST_CPUS:
        yield Found((*base, "cpus"), "the least share of a CPU is 0.01", "write `0.01` or more")
    runtime, period = container.cpu_rt_runtime, container.cpu_rt_period
    if runtime is not None and period and runtime > period:
        yield Found((*base, "cpu_rt_runtime"), "`cpu_rt_runtime` is more than `cpu_rt_period`", "it is a part of it")


def _options(base: Path, container: Container) -> Iterator[Found]:
    for index, text in enumerate(container.security_opt):
        match = re.fullmatch(r"no-new-privileges[:=](.*)", text)
        if match and match[1] not in TRUTHS:
            message = f"expected `no-new-privileges:true` or `no-new-privileges:false`, got `{text}`"
            yield Found((*base, "security_opt", index), message)
    for index, mount in enumerate(container.volumes):
        subpath = mount.volume.subpath if mount.volume else None
        if subpath and (subpath.startswith("/") or posixpath.normpath(subpath).split("/")[0] == ".."):
            path: Path = (*base, "volumes", index, "volume", "subpath")
            yield Found(
                path, f"`{subpath}` is not a folder inside the volume", "write it without a leading `/` or `..`"
            )


TRUTHS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
"""What engines take for true and false (Go: strconv.ParseBool)."""
