"""Rules about files that containers read: configs and secrets must be there, and have a place of their own."""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from netdeploy.files import kind_of
from netdeploy.topology.draft import Draft, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container
    from netdeploy.topology.problem import Path

_LONGEST_PATH = 4_095
"""Linux takes no longer ones (PATH_MAX, with the zero at its end)."""
_FOLDERS = {"configs": "/", "secrets": "/run/secrets/"}
"""Where each is found without a `target`, or with a relative one."""


def file_target(section: str, source: str, target: str | None) -> str:
    """Where a container finds a config or secret."""
    return posixpath.join(_FOLDERS[section], target or source)


def file_targets(name: str, container: Container) -> list[tuple[Path, str]]:
    """A container's configs and secrets: their places in the topology file and in the container."""
    return [
        (("containers", name, section, index), file_target(section, mount.source, mount.target))
        for section in _FOLDERS
        for index, mount in enumerate(getattr(container, section))
    ]


def file_rules(draft: Draft) -> Iterator[Found]:
    """Files that are no files, and mounts that would need one to be a folder."""
    for section, files in (("configs", draft.config_files), ("secrets", draft.secret_files)):
        used = {mount.source for container in draft.containers.values() for mount in getattr(container, section)}
        for name, file in files.items():
            if name in used:
                yield from _file((section, name, "file"), file)
    for name, container in draft.containers.items():
        yield from _below_files(name, container)


def _file(path: Path, file: str) -> Iterator[Found]:
    try:
        mode = FilePath(file).stat().st_mode
    except PermissionError:
        hint = "make sure that it is there; the engine may see more than you do"
        yield Found(path, f"you may not look at {file}", hint, severity="warning")
        return
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        reason = (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else None) or str(error)
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            reason = "its links lead in a circle"
        message = f"there is no file {file}" if missing else f"the file can't be read: {reason}"
        yield Found(path, message, "make it, or name another; a relative path starts at this file's folder")
        return
    if stat.S_ISDIR(mode):
        yield Found(path, f"{file} is a folder, not a file", "name a file in it, or mount the folder under `volumes`")
    elif not stat.S_ISREG(mode):
        yield Found(path, f"{file} is {kind_of(mode)}, not a file", "name a file; mount devices under `devices`")
    elif not os.access(file, os.R_OK):
        hint = "the container gets it as it is: its user must be one who may read it"
        yield Found(path, f"you may not read {file}", hint, severity="warning")


def _below_files(name: str, container: Container) -> Iterator[Found]:
    """A config or secret is a file, so nothing can be mounted below it."""
    files = {posixpath.normpath(target): path for path, target in file_targets(name, container)}
    targets = [(path, target) for target, path in files.items()]
    targets += [(("containers", name, "volumes", i), m.target) for i, m in enumerate(container.volumes)]
    targets += [(("containers", name, "tmpfs", i), text.partition(":")[0]) for i, text in enumerate(container.tmpfs)]
    for path, target in targets:
        if len(target) > _LONGEST_PATH:
            yield Found(path, f"a path has at most {_LONGEST_PATH:,} characters", "choose a shorter target")
            continue
        above = posixpath.normpath(target)
        while above not in ("/", "", ".", "//"):
            above = posixpath.dirname(above)
            if above in files and files[above] != path:
                where = (("the file", files[above]),)
                message = f"{target} can't be below {above}, which is a file"
                yield Found(path, message, "choose another target", elsewhere=where)
                break
