"""The attributes of a container.

What a silent file means follows the engine's own merge of image and request (moby: daemon/commit.go, `merge`).
"""

from __future__ import annotations

import posixpath
import re
import signal
from dataclasses import dataclass
from typing import Any

from netdeploy.attributes.labels import own_labels, users_labels
from netdeploy.attributes.table import ANY, Attribute, Effect, Json, JsonValue, body
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import (
    LABEL_STAND_IN,
    HealthcheckSetting,
    MountSetting,
    ObservedContainer,
    PortBinding,
)
from netdeploy.topology.model import Mount
from netdeploy.topology.text_types import format_duration, numbers

Row = Attribute[ContainerWish, ObservedContainer]
_SECOND = 1_000_000_000
_SHARED_MODES = ("host", "none", "container:")


def _labels_argument(wish: ContainerWish) -> dict[str, str]:
    stand_in = {LABEL_STAND_IN: wish.stand_in_for} if wish.stand_in_for else {}
    return {**wish.spec.labels, **own_labels(wish.origin, "container", wish.key), **stand_in}


# -- image -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Image:
    name: str
    id: str
    stand_in: bool


def full_image_name(name: str) -> str:
    """`nginx` as `docker.io/library/nginx:latest` (distribution/reference, familiar names)."""
    head, slash, _rest = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not (re.search(r"[.:]", head) or head == "localhost"):
        name = f"docker.io/{name}"
    last = name.rpartition("/")[2]
    return name if ":" in last or "@" in last else f"{name}:latest"


def _image_wish(wish: ContainerWish) -> _Image:
    if wish.stand_in_for:
        return _Image(wish.stand_in_for, "", stand_in=True)
    return _Image(wish.spec.image, wish.image.id if wish.image else "", stand_in=False)


def _image_read(live: ObservedContainer) -> _Image:
    stands_for = live.labels.get(LABEL_STAND_IN, "")
    return _Image(stands_for or live.image, live.image_id, stand_in=bool(stands_for))


def _same_image(wish: _Image, live: _Image) -> bool:
    same_name = full_image_name(wish.name) == full_image_name(live.name)
    same_id = not wish.id or wish.stand_in or wish.id == live.id
    return same_name and wish.stand_in == live.stand_in and same_id


def _image_contrast(live: _Image, wish: _Image) -> tuple[JsonValue, JsonValue]:
    if live.stand_in == wish.stand_in and full_image_name(live.name) == full_image_name(wish.name):
        return f"{live.name} ({_digest(live.id)})", f"{wish.name} ({_digest(wish.id)}): the tag has moved"
    return _image_text(live), _image_text(wish)


def _image_text(image: _Image) -> str:
    return f"stand-in for {image.name}" if image.stand_in else image.name


def _digest(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


# -- what to run -----------------------------------------------------------------------------------------------------


def _command_wish(wish: ContainerWish) -> tuple[str, ...]:
    if wish.spec.command is not None:
        return wish.spec.command
    return () if wish.spec.entrypoint is not None or wish.image is None else wish.image.command


def _entrypoint_wish(wish: ContainerWish) -> tuple[str, ...]:
    if wish.spec.entrypoint is not None:
        return wish.spec.entrypoint
    return wish.image.entrypoint if wish.image else ()


def _entrypoint_argument(wish: ContainerWish) -> list[str] | None:
    if wish.spec.entrypoint is None:
        return None
    return list(wish.spec.entrypoint) or [""]  # the engine's way to remove an image's entrypoint


def _environment_wish(wish: ContainerWish) -> dict[str, str]:
    return {**(wish.image.environment if wish.image else {}), **wish.spec.environment}


def _labels_wish(wish: ContainerWish) -> dict[str, str]:
    return users_labels({**(wish.image.labels if wish.image else {}), **wish.spec.labels})


def _user_wish(wish: ContainerWish) -> str:
    return wish.spec.user or (wish.image.user if wish.image else "")


def _folder(path: str) -> str:
    return posixpath.normpath(path) if path else "/"


def _working_dir_wish(wish: ContainerWish) -> str:
    return _folder(wish.spec.working_dir or (wish.image.working_dir if wish.image else ""))


def _hostname_wish(wish: ContainerWish) -> Any:
    if wish.spec.hostname is None and (wish.spec.network_mode or "").startswith(_SHARED_MODES):
        return ANY  # the host's name, or that of the container whose network it shares
    return wish.spec.hostname or ""


def _hostname_read(live: ObservedContainer) -> str:
    return "" if live.hostname == live.short_id else live.hostname


def _signal(name: str) -> str:
    if name.isdigit():
        try:
            name = signal.Signals(int(name)).name
        except ValueError:
            return name
    return name.removeprefix("SIG") or "TERM"


def _or_none(text: str) -> str | None:
    return text or None


def _stop_signal_wish(wish: ContainerWish) -> str:
    return _signal(wish.spec.stop_signal or (wish.image.stop_signal if wish.image else ""))


def _grace(wish: ContainerWish) -> int | None:
    grace = wish.spec.stop_grace_period
    return None if grace is None else grace // _SECOND


# -- ports -----------------------------------------------------------------------------------------------------------


def port_bindings(wish: ContainerWish) -> frozenset[PortBinding]:
    """The published ports, one by one: ranges of equal length go port by port."""
    found: set[PortBinding] = set()
    for port in wish.spec.ports:
        targets = numbers(port.target)
        published = port.published or ""
        for index, target in enumerate(targets):
            host_port = str(numbers(published)[index]) if published and len(targets) > 1 else published
            found.add(PortBinding(target, port.protocol, port.host_ip or "", host_port))
    return frozenset(found)


def exposed_ports(wish: ContainerWish) -> frozenset[str]:
    """Every port the container says it listens on, as `8080/tcp`: the image's, the file's, the published ones."""
    return frozenset((wish.image.exposed if wish.image else frozenset()) | _own_exposed(wish))


def _own_exposed(wish: ContainerWish) -> set[str]:
    own = {f"{binding.target}/{binding.protocol}" for binding in port_bindings(wish)}
    for text in wish.spec.expose:
        ports, _, protocol = text.partition("/")
        own |= {f"{port}/{protocol or 'tcp'}" for port in numbers(ports)}
    return own


def _exposed_argument(wish: ContainerWish) -> Json | None:
    # bindings of ports that are not exposed too are silently not published
    return {port: {} for port in sorted(_own_exposed(wish))} or None


def _bindings_argument(wish: ContainerWish) -> Json | None:
    bindings: dict[str, list[Json]] = {}
    for binding in sorted(port_bindings(wish), key=lambda b: (b.target, b.protocol, b.host_ip, b.host_port)):
        listen = {"HostIp": binding.host_ip, "HostPort": binding.host_port}
        bindings.setdefault(f"{binding.target}/{binding.protocol}", []).append(listen)
    return bindings or None


def binding_text(binding: PortBinding) -> str:
    """As the file writes it: `127.0.0.1:8080:80/udp`."""
    protocol = "" if binding.protocol == "tcp" else f"/{binding.protocol}"
    address = f"[{binding.host_ip}]" if ":" in binding.host_ip else binding.host_ip
    host = f"{address}:{binding.host_port}:" if address else f"{binding.host_port}:" if binding.host_port else ""
    return f"{host}{binding.target}{protocol}"


def _show_ports(bindings: frozenset[PortBinding]) -> JsonValue:
    return [binding_text(b) for b in sorted(bindings, key=lambda b: (b.target, b.protocol, b.host_port, b.host_ip))]


# -- mounts ----------------------------------------------------------------------------------------------------------


def _mount_wish(wish: ContainerWish, mount: Mount) -> MountSetting:
    propagation = (mount.bind.propagation if mount.bind else None) or ""
    return MountSetting(
        kind=mount.type,
        source=wish.volume_names.get(mount.source, "")
        if mount.type == "volume" and mount.source
        else mount.source or "",
        target=mount.target,
        read_only=mount.read_only,
        propagation="" if propagation == "rprivate" else propagation,
        nocopy=bool(mount.volume and mount.volume.nocopy),
        size=(mount.tmpfs.size if mount.tmpfs else None) or 0,
        mode=(mount.tmpfs.mode if mount.tmpfs else None) or 0,
    )


def mounts(wish: ContainerWish) -> frozenset[MountSetting]:
    """All mounts, with those the image asks for."""
    own = {_mount_wish(wish, mount) for mount in wish.spec.volumes}
    targets = {mount.target for mount in own}
    inherited = (wish.image.volumes if wish.image else frozenset()) - targets
    return frozenset(own | {MountSetting("volume", "", target) for target in inherited})


def _made_by_engine(mount: Mount) -> bool:
    return mount.type == "bind" and bool(mount.bind and mount.bind.create_host_path)


def _mounts_argument(wish: ContainerWish) -> list[Json] | None:
    settings = [_mount_wish(wish, mount) for mount in wish.spec.volumes if not _made_by_engine(mount)]
    return [_mount_json(setting) for setting in settings if setting.source or setting.kind == "tmpfs"] or None


def _mount_json(setting: MountSetting) -> Json:
    made: Json = {"Type": setting.kind, "Target": setting.target, "ReadOnly": setting.read_only}
    if setting.kind != "tmpfs":
        made["Source"] = setting.source
    if setting.propagation:
        made["BindOptions"] = {"Propagation": setting.propagation}
    if setting.nocopy:
        made["VolumeOptions"] = {"NoCopy": True}
    if setting.size or setting.mode:
        made["TmpfsOptions"] = {"SizeBytes": setting.size, "Mode": setting.mode}
    return made


def _binds_argument(wish: ContainerWish) -> list[str] | None:
    """Binds makes a missing folder on the host, Mounts refuses it: each is what its form in the file promises."""
    binds = []
    for mount in wish.spec.volumes:
        if _made_by_engine(mount):
            setting = _mount_wish(wish, mount)
            modes = [
                "ro" if setting.read_only else "rw",
                *([setting.propagation] if setting.propagation else []),
            ]
            binds.append(f"{setting.source}:{setting.target}:{','.join(modes)}")
    return binds or None


def _anonymous_argument(wish: ContainerWish) -> Json | None:
    return {m.target: {} for m in wish.spec.volumes if m.type == "volume" and not m.source} or None


def _mount_arguments(wish: ContainerWish) -> Json:
    return {
        "HostConfig.Mounts": _mounts_argument(wish),
        "HostConfig.Binds": _binds_argument(wish),
        "Volumes": _anonymous_argument(wish),
    }


def _show_mounts(mounts: frozenset[MountSetting]) -> JsonValue:
    return sorted(_mount_text(mount) for mount in mounts)


def _mount_text(mount: MountSetting) -> str:
    source = "tmpfs" if mount.kind == "tmpfs" else mount.source
    size = f"size={mount.size}" if mount.size else ""
    mode = f"mode={mount.mode:o}" if mount.mode else ""
    words = ["ro" if mount.read_only else "", mount.propagation, "nocopy" if mount.nocopy else "", size, mode]
    modes = ",".join(word for word in words if word)
    return f"{source}:{mount.target}".lstrip(":") + (f":{modes}" if modes else "")


# -- health ----------------------------------------------------------------------------------------------------------


def _own_healthcheck(wish: ContainerWish) -> HealthcheckSetting | None:
    spec = wish.spec.healthcheck
    if spec is None:
        return None
    if spec.disable:
        return HealthcheckSetting(test=("NONE",))
    return HealthcheckSetting(
        spec.test or (), spec.interval or 0, spec.timeout or 0, spec.start_period or 0, spec.retries or 0
    )


def _healthcheck_wish(wish: ContainerWish) -> HealthcheckSetting | None:
    own, inherited = _own_healthcheck(wish), wish.image.healthcheck if wish.image else None
    if own is None or inherited is None:
        return own or inherited
    return HealthcheckSetting(
        own.test or inherited.test,
        own.interval or inherited.interval,
        own.timeout or inherited.timeout,
        own.start_period or inherited.start_period,
        own.retries or inherited.retries,
    )


def _healthcheck_argument(wish: ContainerWish) -> Json | None:
    own = _own_healthcheck(wish)
    if own is None:
        return None
    numbers_ = {
        "Interval": own.interval,
        "Timeout": own.timeout,
        "StartPeriod": own.start_period,
        "Retries": own.retries,
    }
    return {"Test": list(own.test), **numbers_}


def _show_healthcheck(setting: HealthcheckSetting | None) -> JsonValue:
    if setting is None:
        return None
    shown: dict[str, Any] = {"test": list(setting.test)}
    for name in ("interval", "timeout", "start_period"):
        value: int = getattr(setting, name)
        if value:
            shown[name] = format_duration(value)
    return shown | ({"retries": setting.retries} if setting.retries else {})


# -- hosts, restart, network mode ------------------------------------------------------------------------------------


def _extra_hosts(wish: ContainerWish) -> tuple[str, ...]:
    return tuple(sorted(f"{name}:{ip}" for name, ips in wish.spec.extra_hosts.items() for ip in ips))


def restart_policy(restart: str) -> Json:
    """`on-failure:5` as the engine takes it."""
    name, _, retries = restart.partition(":")
    return {"Name": name, "MaximumRetryCount": int(retries or 0)}


def _restart_wish(wish: ContainerWish) -> str:
    restart = wish.spec.restart or "no"
    return restart.removesuffix(":0")


def _network_mode_wish(wish: ContainerWish) -> str:
    """Empty for a container with networks of its own: which ones is the attachments' matter."""
    if wish.shares_network_of:
        return f"container:{wish.shares_network_of}"
    mode = wish.spec.network_mode or ""
    return mode if mode in ("host", "none") else ""


def _network_mode_read(live: ObservedContainer) -> str:
    # it keeps the first network's name after a disconnect, so only the modes without networks mean something
    return live.network_mode if live.network_mode.startswith(_SHARED_MODES) else ""


def _network_mode_argument(wish: ContainerWish) -> str:
    return _network_mode_wish(wish) or (wish.attachments[0].network if wish.attachments else "none")


ROWS: tuple[Row, ...] = (
    Row(
        "image", "Image", _image_wish, lambda w: w.spec.image, _image_read, Effect.REPLACE,
        default="required", same=_same_image, contrast=_image_contrast,
    ),
    Row(
        "command", "Cmd", _command_wish, lambda w: list(w.spec.command) if w.spec.command else None,
        lambda c: c.command, Effect.REPLACE, default="the image's; none when `entrypoint` is set",
    ),
    Row(
        "entrypoint", "Entrypoint", _entrypoint_wish, _entrypoint_argument, lambda c: c.entrypoint,
        Effect.REPLACE, default="the image's",
    ),
    Row(
        "environment", "Env", _environment_wish, lambda w: [f"{k}={v}" for k, v in w.spec.environment.items()] or None,
        lambda c: dict(c.environment), Effect.REPLACE, default="the image's", by_key=True,
    ),
    Row(
        "labels", "Labels", _labels_wish, _labels_argument,
        lambda c: users_labels(c.labels), Effect.REPLACE, default="the image's", by_key=True,
    ),
    Row(
        "hostname", "Hostname", _hostname_wish, lambda w: w.spec.hostname, _hostname_read, Effect.REPLACE,
        default="the container's short id", show=_or_none,
    ),
    Row(
        "user", "User", _user_wish, lambda w: w.spec.user, lambda c: c.user, Effect.REPLACE,
        default="the image's", show=_or_none,
    ),
    Row(
        "working_dir", "WorkingDir", _working_dir_wish, lambda w: w.spec.working_dir, lambda c: _folder(c.working_dir),
        Effect.REPLACE, default="the image's",
    ),
    Row(
        "network_mode", "HostConfig.NetworkMode", _network_mode_wish, _network_mode_argument, _network_mode_read,
        Effect.REPLACE, default="the container's own networks", show=_or_none,
    ),
    Row(
        "ports", "HostConfig.PortBindings", port_bindings, _bindings_argument, lambda c: c.ports, Effect.REPLACE,
        default="nothing is published", show=_show_ports,
    ),
    Row(
        "expose", "ExposedPorts", exposed_ports, _exposed_argument, lambda c: c.exposed, Effect.REPLACE,
        default="the image's, and the published ones",
    ),
    Row(
        "volumes", "", mounts, _mount_arguments, lambda c: c.mounts, Effect.REPLACE,
        default="the image's anonymous volumes", show=_show_mounts,
    ),
    Row(
        "healthcheck", "Healthcheck", _healthcheck_wish, _healthcheck_argument, lambda c: c.healthcheck,
        Effect.REPLACE, default="the image's, field by field", show=_show_healthcheck,
    ),
    Row(
        "restart", "HostConfig.RestartPolicy", _restart_wish,
        lambda w: restart_policy(w.spec.restart) if w.spec.restart else None, lambda c: c.restart,
        Effect.UPDATE, default="no",
    ),
    Row(
        "extra_hosts", "HostConfig.ExtraHosts", _extra_hosts, lambda w: list(_extra_hosts(w)) or None,
        lambda c: tuple(sorted(c.extra_hosts)), Effect.REPLACE, default="none",
    ),
    Row(
        "dns", "HostConfig.Dns", lambda w: w.spec.dns, lambda w: list(w.spec.dns) or None, lambda c: c.dns,
        Effect.REPLACE, default="the engine's",
    ),
    Row(
        "init", "HostConfig.Init", lambda w: bool(w.spec.init), lambda w: w.spec.init, lambda c: bool(c.init),
        Effect.REPLACE, default="false",
    ),
    Row(
        "stop_signal", "StopSignal", _stop_signal_wish, lambda w: w.spec.stop_signal, lambda c: _signal(c.stop_signal),
        Effect.REPLACE, default="the image's, or SIGTERM",
        show=lambda name: name if name.isdigit() else f"SIG{name}",
    ),
    Row(
        "stop_grace_period", "StopTimeout", lambda w: 10 if _grace(w) is None else _grace(w), _grace,
        lambda c: 10 if c.stop_timeout is None else c.stop_timeout, Effect.REPLACE, default="10s",
        show=lambda seconds: f"{seconds}s",
    ),
)  # fmt: skip


def create_body(wish: ContainerWish) -> Json:
    """The body of `POST /containers/create`, without endpoints."""
    return body(ROWS, wish)
