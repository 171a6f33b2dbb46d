"""Questions to the file system that always have an answer.

`Path.exists` and its siblings raise what they do not expect: a folder that one may not look into, a name that is too
long, a circle of links, a NUL byte. None of that is a surprise in what a person types or a label says.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from netdeploy.errors import NetdeployError

if TYPE_CHECKING:
    from pathlib import Path

_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


def is_file(path: Path) -> bool:
    """Whether there is a file, as far as one may look."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_folder(path: Path) -> bool:
    """Whether there is a folder, as far as one may look."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def is_gone(path: Path) -> bool:
    """Whether it is certain that nothing is there: what one may not look at is not gone."""
    try:
        path.stat()
    except OSError as error:
        return error.errno in _NOTHING_THERE
    except ValueError:  # a NUL byte: no name can have one
        return True
    return False


def is_stream(path: Path) -> bool:
    """Whether what is there can be read once only: a pipe, a terminal, or the standard input by any name."""
    mode = _mode(path)
    by_name = path.parts[:2] in (("/", "dev"), ("/", "proc"))
    return by_name or (mode is not None and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode))


def is_same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links or not. Where neither can be looked at, their texts tell."""
    if path == other:
        return True
    try:
        return path.samefile(other)
    except (OSError, ValueError):
        return False


def absolute(path: Path) -> Path:
    """The path from the root.

    Raises:
        NetdeployError: it is relative to the folder one is in, and that is gone.
    """
    try:
        return path.absolute()
    except OSError as error:
        hint = "go to another one (cd), or give the whole path"
        raise NetdeployError(f"the folder you are in can't be used: {why(error)}", hint=hint) from None


def why(error: OSError | ValueError) -> str:
    """The reason that the system gives, without its number and the path."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else str(error)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None
