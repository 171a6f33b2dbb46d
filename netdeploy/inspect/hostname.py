"""What a container is called, and what of it is another's. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from netdeploy.engine.helpers import HOST
from netdeploy.inspect.report import HostnameReport, ShareReport

if TYPE_CHECKING:
    from netdeploy.engine.networking import Networking
    from netdeploy.inspect.look import Inspection

_MAY_RENAME_ITSELF = frozenset({"SYS_ADMIN", "ALL"})
_Kind = Literal["network", "pid", "ipc", "uts", "volumes"]


def hostname(inspection: Inspection) -> HostnameReport:
    """The container's hostname, and where it comes from."""
    connection, container = inspection.networking, inspection.networking.container
    configured, origin = _configured(connection, inspection.engine_host)
    rights = container.privileges
    may_differ = container.state.running and (rights.privileged or not rights.cap_add.isdisjoint(_MAY_RENAME_ITSELF))
    return HostnameReport(
        name=inspection.hostname or (None if may_differ else configured),
        configured=configured,
        domain=container.domainname or None,
        origin=origin,
        seen=inspection.hostname is not None,
    )


def _configured(connection: Networking, engine_host: str) -> tuple[str, Literal["set", "id", "host", "container"]]:
    container = connection.container
    if container.privileges.uts == HOST:
        return engine_host, "host"
    if container.network_mode.startswith("container:"):
        return connection.connected.hostname, "container"
    if container.network_mode == HOST and container.hostname == engine_host:
        return engine_host, "host"
    return container.hostname, "id" if container.hostname == container.short_id else "set"


def shares(inspection: Inspection) -> Iterator[ShareReport]:
    """What the container shares with another one or with the host."""
    container = inspection.networking.container
    rights = container.privileges
    names = {id_: listed.name for id_, listed in inspection.containers.items()}
    modes: dict[_Kind, str] = {
        "network": container.network_mode,
        "pid": rights.pid,
        "ipc": rights.ipc,
        "uts": rights.uts,
    }
    for what, mode in modes.items():
        kind, _, other = mode.partition(":")
        if kind == HOST:
            yield ShareReport(what=what, container=None, read_only=False, gone=False)
        elif kind == "container":
            yield _share(what, other, names)
    for source in container.volumes_from:
        other, _, mode = source.partition(":")
        yield _share("volumes", other, names, read_only="ro" in mode.split(","))


def _share(what: _Kind, other: str, names: Mapping[str, str], *, read_only: bool = False) -> ShareReport:
    name = names.get(other, other)
    return ShareReport(what=what, container=name, read_only=read_only, gone=name not in names.values())


def shared_by(inspection: Inspection) -> tuple[str, ...]:
    """The names of the other containers that share the container's network, sorted."""
    container, owner = inspection.networking.container, inspection.networking.connected
    modes = {f"container:{owner.id}", f"container:{owner.name}"}
    found = {listed.name for listed in inspection.containers.values() if listed.network_mode in modes}
    return tuple(sorted(found - {container.name}))
