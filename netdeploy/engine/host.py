"""The engine's host, asked directly: means something only where the engine is on this machine."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import stat
from pathlib import Path

from netdeploy.paths import is_gone

_SCTP = 132  # socket.IPPROTO_SCTP, which not every Python has
_PLUGIN_FOLDERS = ("/run/docker/plugins", "/etc/docker/plugins", "/usr/lib/docker/plugins")


def has_address(address: str) -> bool:
    """Whether a port can be published at an address of this host; True where that can't be found out."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    family = socket.AF_INET6 if ":" in address and not mapped else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((str(mapped or address), 0))
    except OSError as error:
        # a link-local address without its interface is invalid
        return error.errno not in (errno.EADDRNOTAVAIL, errno.EINVAL)
    return True


def is_taken(address: str, port: int, kind: socket.SocketKind) -> bool:
    """Whether somebody has an IPv4 port; True where that can't be found out."""
    try:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return True
    return False


def knows_sctp() -> bool:
    """Whether the kernel has SCTP; asking loads its module, as the engine's own attempt would."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, _SCTP).close()
    except OSError as error:
        return error.errno != errno.EPROTONOSUPPORT
    return True


def interfaces() -> frozenset[str]:
    """The names of the network interfaces."""
    return frozenset(name for _, name in socket.if_nameindex())


def most_open_files() -> int:
    """The highest limit on open files that a process can have; 0 where that can't be found out."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/sys/fs/nr_open").read_text())
    return 0


def last_cpu() -> int | None:
    """The highest number that a CPU may have; None where that can't be found out."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/sys/devices/system/cpu/possible").read_text().strip().rpartition(",")[2].rpartition("-")[2])
    return None


def device_problem(path: str) -> str:
    """Why a path is no device of this host; "" where it is one, or a folder, or can't be looked at."""
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist"
    except (OSError, ValueError):
        return ""
    known = stat.S_ISBLK(mode) or stat.S_ISCHR(mode) or stat.S_ISDIR(mode)
    return "" if known else "is not a device"


def block_device_problem(path: str) -> str:
    """Why a path is no block device of this host; "" where it is one or can't be looked at."""
    try:
        return "" if stat.S_ISBLK(Path(path).stat().st_mode) else "is not a block device"
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist"
    except (OSError, ValueError):
        return ""


def is_missing(path: str) -> bool:
    """Whether nothing is at an absolute path; False where that can't be found out."""
    return path.startswith("/") and is_gone(Path(path))


def has_plugin(name: str) -> bool:
    """Whether a plugin of the older kind is there, which an engine finds by its file when it is first needed.

    https://docs.docker.com/engine/extend/plugin_api/#plugin-discovery
    """
    if "/" in name or ":" in name:
        return False
    ends = (f"{name}{end}" for end in (".sock", ".spec", ".json"))
    places = [Path(folder, *parts) for end in ends for folder in _PLUGIN_FOLDERS for parts in ((end,), (name, end))]
    with contextlib.suppress(OSError, ValueError):
        return any(place.exists() for place in places)
    return True
