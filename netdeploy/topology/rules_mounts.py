"""Rules about volumes in a container: what an anonymous one can't be, and what excludes each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Mount
    from netdeploy.topology.problem import Path


def volume_rules(draft: Draft) -> Iterator[Found]:
    """What an engine refuses of a mount of a volume."""
    for name, container in draft.containers.items():
        for index, mount in enumerate(container.volumes):
            if mount.type == "volume":
                yield from _volume_mount(("containers", name, "volumes", index), mount)


def _volume_mount(path: Path, mount: Mount) -> Iterator[Found]:
    subpath = mount.volume.subpath if mount.volume else None
    selinux = mount.bind.selinux if mount.bind else None
    if not mount.source:
        for given, where, message in (
            (mount.read_only, ("read_only",), "an anonymous volume can't be read-only: it would stay empty"),
            (subpath, ("volume", "subpath"), "an anonymous volume has no folders yet"),
            (selinux, ("bind", "selinux"), "an anonymous volume takes no label for SELinux"),
        ):
            if given:
                hint = f"leave `{where[-1]}` out, or name a volume in `source`"
                yield Found((*path, *where), message, hint, at_key=True)
    elif subpath and selinux:
        message = "`subpath` and `selinux` exclude each other: the engine takes only one of them in a mount"
        yield Found((*path, "volume", "subpath"), message, "keep one of them", at_key=True)
