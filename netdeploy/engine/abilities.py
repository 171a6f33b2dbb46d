"""What an engine says it can do. Where it does not say, nothing is concluded from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netdeploy.engine.errors import EngineAnswer

if TYPE_CHECKING:
    from netdeploy.engine.reader import Reader


@dataclass(frozen=True, slots=True)
class Abilities:
    """From `GET /info` and `GET /plugins`; an empty field is one that the engine did not tell."""

    system: str = ""
    """Of its containers: `linux` or `windows`."""
    runtimes: frozenset[str] = frozenset()
    default_runtime: str = ""
    log_drivers: frozenset[str] = frozenset()
    """Its own, and those of plugins."""
    plugins: frozenset[str] | None = None
    """Plugins that were installed and are enabled, with and without `:latest`; None where it does not tell."""
    volume_drivers: frozenset[str] = frozenset()
    """Its own, and those that some volume uses: others are loaded when they are needed."""
    cpus: int = 0
    storage_driver: str = ""
    file_system: str = ""
    """What the storage driver's files are on, such as `extfs` or `xfs`."""
    own_users: bool = False
    """Whether containers have a user namespace of their own."""
    many_platforms: bool = False
    """Whether one image name may stand for images of several platforms (containerd's image store)."""


def abilities(reader: Reader, info: dict[str, Any]) -> Abilities:
    """What the engine that answered `info` can do."""
    known = info.get("Plugins") or {}
    status = {str(row[0]): str(row[1]) for row in info.get("DriverStatus") or () if len(row) == 2}
    options = " ".join(info.get("SecurityOptions") or ())
    return Abilities(
        system=str(info.get("OSType") or ""),
        runtimes=frozenset(info.get("Runtimes") or ()),
        default_runtime=str(info.get("DefaultRuntime") or ""),
        log_drivers=frozenset(known.get("Log") or ()),
        plugins=_plugins(reader),
        volume_drivers=frozenset(known.get("Volume") or ()),
        cpus=int(info.get("NCPU") or 0),
        storage_driver=str(info.get("Driver") or ""),
        file_system=status.get("Backing Filesystem", ""),
        own_users="name=userns" in options or "name=rootless" in options,
        many_platforms="snapshotter" in status.get("driver-type", ""),
    )


def _plugins(reader: Reader) -> frozenset[str] | None:
    try:
        listed = reader.get("/plugins")
    except EngineAnswer:  # whoever stands before the engine may not let this through
        return None
    names = {str(item.get("Name") or "") for item in listed or () if item.get("Enabled")}
    return frozenset(names | {name.removesuffix(":latest") for name in names})
