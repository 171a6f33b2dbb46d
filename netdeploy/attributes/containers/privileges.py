"""What a container may do, and what of the host it sees: capabilities, namespaces, devices."""

from __future__ import annotations

from typing import Any

from netdeploy.attributes.table import ENGINE_DEFAULT, Attribute, Effect, Json, JsonValue, or_none
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.normal_form import (
    SYSTEM_PATHS,
    capability,
    device_rule,
    folder,
    permissions,
    security_options,
)
from netdeploy.engine.observed import DeviceSetting, GpuSetting, ObservedContainer

Row = Attribute[ContainerWish, ObservedContainer]


def _capabilities(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(capability(name) for name in names)


def _mode(wish: ContainerWish, kind: str, said: str | None) -> str:
    """`container:NAME` with the name on the engine."""
    return f"container:{wish.shares[kind]}" if kind in wish.shares else said or ""


def _security_arguments(wish: ContainerWish) -> Json:
    """`systempaths=unconfined` is a word of the docker command line: the engine knows it as two empty lists."""
    options = [option for option in wish.spec.security_opt if option != SYSTEM_PATHS]
    made: Json = {"HostConfig.SecurityOpt": options or None}
    if SYSTEM_PATHS in wish.spec.security_opt:
        made |= {"HostConfig.MaskedPaths": [], "HostConfig.ReadonlyPaths": []}
    return made


def _security_wish(wish: ContainerWish) -> frozenset[str]:
    options = set(security_options(wish.spec.security_opt))
    if wish.spec.privileged or "host" in (wish.spec.pid, wish.spec.ipc):
        options.discard("label=disable")  # the engine adds it on its own then
    if wish.spec.privileged:
        options.discard(SYSTEM_PATHS)  # no paths are hidden anyway
    return frozenset(options)


def _devices(wish: ContainerWish) -> frozenset[DeviceSetting]:
    return frozenset(
        DeviceSetting(d.source, folder(d.target or d.source), permissions(d.permissions)) for d in wish.spec.devices
    )


def _devices_argument(wish: ContainerWish) -> list[Json] | None:
    return [
        {"PathOnHost": d.source, "PathInContainer": d.target, "CgroupPermissions": d.permissions}
        for d in sorted(_devices(wish), key=lambda d: d.target)
    ] or None


def _show_devices(devices: frozenset[DeviceSetting]) -> JsonValue:
    return sorted(f"{d.source}:{d.target}:{d.permissions}" for d in devices)


def _gpus(wish: ContainerWish) -> frozenset[GpuSetting]:
    return frozenset(
        GpuSetting(
            driver=request.driver,
            count=-1 if request.count in ("all", None) and not request.device_ids else int(request.count or 0),
            device_ids=request.device_ids,
            capabilities=frozenset({frozenset(request.capabilities)}),
            options=frozenset(request.options.items()),
        )
        for request in wish.spec.gpus
    )


def _gpus_argument(wish: ContainerWish) -> list[Json] | None:
    return [
        {
            "Driver": request.driver,
            "Count": request.count,
            "DeviceIDs": list(request.device_ids) or None,
            "Capabilities": sorted(sorted(group) for group in request.capabilities),
            "Options": dict(request.options),
        }
        for request in sorted(_gpus(wish), key=lambda request: (request.driver, request.device_ids))
    ] or None


def _show_gpus(requests: frozenset[GpuSetting]) -> JsonValue:
    def shown(request: GpuSetting) -> dict[str, Any]:
        parts = {
            "driver": request.driver,
            "count": "all" if request.count == -1 else request.count,
            "device_ids": list(request.device_ids),
            "capabilities": [name for group in sorted(map(sorted, request.capabilities)) for name in group],
            "options": dict(request.options),
        }
        return {name: value for name, value in parts.items() if value}

    return sorted((shown(request) for request in requests), key=str)


ROWS: tuple[Row, ...] = (
    Row(
        "cap_add", "HostConfig.CapAdd", lambda w: _capabilities(w.spec.cap_add), lambda w: list(w.spec.cap_add) or None,
        lambda c: c.privileges.cap_add, Effect.REPLACE, default="none",
    ),
    Row(
        "cap_drop", "HostConfig.CapDrop", lambda w: _capabilities(w.spec.cap_drop),
        lambda w: list(w.spec.cap_drop) or None, lambda c: c.privileges.cap_drop, Effect.REPLACE, default="none",
    ),
    Row(
        "privileged", "HostConfig.Privileged", lambda w: bool(w.spec.privileged), lambda w: w.spec.privileged,
        lambda c: c.privileges.privileged, Effect.REPLACE, default="false",
    ),
    Row(
        "read_only", "HostConfig.ReadonlyRootfs", lambda w: bool(w.spec.read_only), lambda w: w.spec.read_only,
        lambda c: c.privileges.read_only, Effect.REPLACE, default="false",
    ),
    Row(
        "security_opt", "", _security_wish, _security_arguments, lambda c: c.privileges.security_opt, Effect.REPLACE,
        default="none",
    ),
    Row(
        "group_add", "HostConfig.GroupAdd", lambda w: frozenset(w.spec.group_add),
        lambda w: list(w.spec.group_add) or None, lambda c: frozenset(c.privileges.group_add), Effect.REPLACE,
        default="none",
    ),
    Row(
        "userns_mode", "HostConfig.UsernsMode", lambda w: w.spec.userns_mode or "", lambda w: w.spec.userns_mode,
        lambda c: c.privileges.userns_mode, Effect.REPLACE, default="the engine's", show=or_none,
    ),
    Row(
        "ipc", "HostConfig.IpcMode", lambda w: _mode(w, "ipc", w.spec.ipc) or ENGINE_DEFAULT,
        lambda w: _mode(w, "ipc", w.spec.ipc) or None, lambda c: c.privileges.ipc, Effect.REPLACE,
        default="the engine's default", by_label=True,
    ),
    Row(
        "pid", "HostConfig.PidMode", lambda w: _mode(w, "pid", w.spec.pid),
        lambda w: _mode(w, "pid", w.spec.pid) or None, lambda c: c.privileges.pid, Effect.REPLACE,
        default="processes of its own", show=or_none,
    ),
    Row(
        "uts", "HostConfig.UTSMode", lambda w: w.spec.uts or "", lambda w: w.spec.uts, lambda c: c.privileges.uts,
        Effect.REPLACE, default="a host name of its own", show=or_none,
    ),
    Row(
        "cgroup", "HostConfig.CgroupnsMode", lambda w: w.spec.cgroup or ENGINE_DEFAULT, lambda w: w.spec.cgroup,
        lambda c: c.privileges.cgroup, Effect.REPLACE, default="the engine's default", by_label=True,
    ),
    Row(
        "cgroup_parent", "HostConfig.CgroupParent", lambda w: w.spec.cgroup_parent or "",
        lambda w: w.spec.cgroup_parent, lambda c: c.privileges.cgroup_parent, Effect.REPLACE,
        default="the engine's", show=or_none,
    ),
    Row(
        "isolation", "HostConfig.Isolation", lambda w: "" if w.spec.isolation == "default" else w.spec.isolation or "",
        lambda w: w.spec.isolation, lambda c: c.privileges.isolation, Effect.REPLACE, default="default",
        show=or_none, untested="an engine on Windows; on Linux `default` is all there is",
    ),
    Row(
        "devices", "HostConfig.Devices", _devices, _devices_argument, lambda c: c.privileges.devices, Effect.REPLACE,
        default="none", show=_show_devices,
    ),
    Row(
        "device_cgroup_rules", "HostConfig.DeviceCgroupRules",
        lambda w: frozenset(map(device_rule, w.spec.device_cgroup_rules)),
        lambda w: list(w.spec.device_cgroup_rules) or None, lambda c: frozenset(c.privileges.device_cgroup_rules),
        Effect.REPLACE, default="none",
    ),
    Row(
        "gpus", "HostConfig.DeviceRequests", _gpus, _gpus_argument, lambda c: c.privileges.gpus, Effect.REPLACE,
        default="none", show=_show_gpus, untested="needs a GPU and its driver",
    ),
    Row(
        "sysctls", "HostConfig.Sysctls", lambda w: dict(w.spec.sysctls), lambda w: dict(w.spec.sysctls) or None,
        lambda c: dict(c.privileges.sysctls), Effect.REPLACE, default="the kernel's", by_key=True,
    ),
)  # fmt: skip
