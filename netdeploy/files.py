"""Opens files: those that are read and those that are written.

What a person or a file names may be anything: a pipe that nobody fills, a device that never ends, a file that the
kernel makes up while it is read. Nothing here waits for one, and nothing takes more of it than was asked for.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_FLAGS = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MADE_BY_THE_KERNEL = ("/proc/", "/sys/")
_PIECE = 1 << 20
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


class NoFile(OSError):
    """What is there is not a regular file; as text, what it is."""


# -- reading -----------------------------------------------------------------------------------------------------------


def content_of(path: Path, limit: int, *, streams: bool = False) -> bytes:
    """The content of a regular file, and no more of it than tells that it is larger than `limit` bytes.

    Links are followed. With `streams`, what this process was given open is read too, by the names that shells use for
    it: `/dev/stdin`, `/dev/fd/63`.

    Raises:
        NoFile: it is something else, or no file that lies on a disk.
        OSError: it can't be read.
        ValueError: no file can have that name.
    """
    given = streams and _own_descriptor(path) is not None
    _check(path.stat(), given=given)  # before it is opened: opening is all that some devices wait for
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        status = os.fstat(descriptor)
        _check(status, given=given and (stat.S_ISFIFO(status.st_mode) or os.isatty(descriptor)))
        if not stat.S_ISREG(status.st_mode):
            os.set_blocking(descriptor, True)
            return _read(descriptor, limit)
        _check_place(descriptor)
        content = _read(descriptor, limit)
        if content and not os.fstat(descriptor).st_size:
            raise NoFile("it has no size: the kernel makes it up while it is read")
        return content
    finally:
        os.close(descriptor)


def _own_descriptor(path: Path) -> int | None:
    """The descriptor that a path names, as `/dev/stdin` and `/dev/fd/63` do; whether it is open is not asked."""
    text = str(path)
    if text in _STANDARD:
        return _STANDARD[text]
    folder, name = str(path.parent), path.name
    is_number = len(name) <= 6 and name.isascii() and name.isdigit()
    return int(name) if is_number and folder in ("/dev/fd", "/proc/self/fd") else None


def _check(status: os.stat_result, *, given: bool) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode) and not given:
        raise NoFile(f"it is {kind_of(status.st_mode)}, not a file")


def kind_of(mode: int) -> str:
    """What is there, in words: `a pipe`."""
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def _check_place(descriptor: int) -> None:
    """Refuse what lies below /proc and /sys, by whatever links it was reached."""
    with suppress(FileNotFoundError):  # no /proc: not Linux
        if str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(_MADE_BY_THE_KERNEL):
            raise NoFile("it is not on a disk: the kernel makes it up while it is read")


def _read(descriptor: int, limit: int) -> bytes:
    pieces, left = [], limit + 1
    while left and (piece := os.read(descriptor, min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


# -- writing -----------------------------------------------------------------------------------------------------------


def write_file(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file, all of it or nothing: what was there stays until the new one is complete.

    Links are followed. A file that is there keeps its owner and permissions, unless the new one is to be `private`:
    for its owner only. Devices such as `/dev/null`, and what this process was given open (`/dev/stdout`), are written
    to as they are.

    Raises:
        NoFile: it is something else, such as a pipe by its name.
        OSError: it can't be written.
        ValueError: no file can have that name, or the text can't be UTF-8.
    """
    content = text.encode()
    status = _status(path)
    own = _own_descriptor(path)
    if status and own is not None and not stat.S_ISDIR(status.st_mode):
        _write(os.dup(own), content)
    elif status and stat.S_ISCHR(status.st_mode):
        descriptor = os.open(path, os.O_WRONLY | _FLAGS)
        os.set_blocking(descriptor, True)
        _write(descriptor, content)
    else:
        _replace(Path(os.path.realpath(path)), content, status, private=private)


def takes_all(path: Path) -> bool:
    """Whether what is written there replaces nothing: a device, or what this process was given open."""
    try:
        status = _status(path)
    except (OSError, ValueError):
        return False
    return status is not None and (_own_descriptor(path) is not None or stat.S_ISCHR(status.st_mode))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _replace(path: Path, content: bytes, before: os.stat_result | None, *, private: bool) -> None:
    if before:
        _check(before, given=False)
        if not os.access(path, os.W_OK):  # a rename asks the folder only
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    temporary = path.with_name(f".netdeploy-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600 if private else 0o666)
    try:
        if before and not private:
            with suppress(OSError):
                os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)
        _write(descriptor, content, flush=True)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _write(descriptor: int, content: bytes, *, flush: bool = False) -> None:
    """Write all of it, and close."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if flush:
            file.flush()
            os.fsync(descriptor)
