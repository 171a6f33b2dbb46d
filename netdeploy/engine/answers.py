"""The engine's inspect answers, read into the types of observed.py. The only place that knows their JSON.

null, {}, [] and a missing key are one and the same here: engines mix them freely.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from netdeploy.engine.observed import (
    HealthcheckSetting,
    MountSetting,
    ObservedAttachment,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
    ObservedPool,
    ObservedVolume,
    PortBinding,
    State,
)

Json = dict[str, Any]
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def container(answer: Json) -> ObservedContainer:
    """`GET /containers/{id}/json`."""
    config, host = answer["Config"], answer["HostConfig"]
    own_id: str = answer["Id"]
    return ObservedContainer(
        id=own_id,
        name=answer["Name"].removeprefix("/"),
        image=config.get("Image") or "",
        image_id=answer.get("Image") or "",
        labels=dict(config.get("Labels") or {}),
        state=_state(answer["State"], int(answer.get("RestartCount") or 0)),
        command=tuple(config.get("Cmd") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        environment=_environment(config),
        hostname=config.get("Hostname") or "",
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or "",
        exposed=frozenset(config.get("ExposedPorts") or ()),
        ports=_ports(host.get("PortBindings") or {}),
        mounts=_mounts(config, host),
        anonymous_volumes={
            mount["Destination"]: mount["Name"]
            for mount in answer.get("Mounts") or ()
            if mount.get("Type") == "volume" and _ANONYMOUS.fullmatch(mount.get("Name") or "")
        },
        restart=_restart(host.get("RestartPolicy") or {}),
        healthcheck=healthcheck(config.get("Healthcheck")),
        extra_hosts=tuple(host.get("ExtraHosts") or ()),
        dns=tuple(host.get("Dns") or ()),
        init=host.get("Init"),
        stop_signal=config.get("StopSignal") or "",
        stop_timeout=config.get("StopTimeout"),
        network_mode=host.get("NetworkMode") or "",
        attachments=_attachments(answer, own_id),
    )


def _state(state: Json, restarts: int) -> State:
    health = state.get("Health") or {}
    log = health.get("Log") or []
    return State(
        status=state.get("Status") or "",
        running=bool(state.get("Running")),
        paused=bool(state.get("Paused")),
        exit_code=int(state.get("ExitCode") or 0),
        error=state.get("Error") or "",
        health="" if health.get("Status") in (None, "none") else health["Status"],
        health_output=str(log[-1].get("Output") or "").strip() if log else "",
        started_at=state.get("StartedAt") or "",
        pid=int(state.get("Pid") or 0),
        restarts=restarts,
    )


def _environment(config: Json) -> dict[str, str]:
    pairs = (line.partition("=") for line in config.get("Env") or ())
    return {name: value for name, _, value in pairs}


def _ports(bindings: Json) -> frozenset[PortBinding]:
    """From HostConfig.PortBindings; NetworkSettings.Ports is empty while stopped and doubles each binding."""
    found: set[PortBinding] = set()
    for target, listens in bindings.items():
        port, _, protocol = target.partition("/")
        for listen in listens or ():
            found.add(
                PortBinding(int(port), protocol or "tcp", listen.get("HostIp") or "", listen.get("HostPort") or "")
            )
    return frozenset(found)


def _mounts(config: Json, host: Json) -> frozenset[MountSetting]:
    """From what was asked for: HostConfig.Mounts, HostConfig.Binds, and Config.Volumes for anonymous volumes."""
    found = {_mount(mount) for mount in host.get("Mounts") or ()}
    found |= {_bind(text) for text in host.get("Binds") or ()}
    targets = {mount.target for mount in found}
    found |= {MountSetting("volume", "", target) for target in config.get("Volumes") or () if target not in targets}
    return frozenset(found)


def _mount(mount: Json) -> MountSetting:
    tmpfs = mount.get("TmpfsOptions") or {}
    source = mount.get("Source") or ""
    return MountSetting(
        kind=mount.get("Type") or "volume",
        source="" if _ANONYMOUS.fullmatch(source) else source,
        target=mount["Target"],
        read_only=bool(mount.get("ReadOnly")),
        propagation=_propagation((mount.get("BindOptions") or {}).get("Propagation") or ""),
        nocopy=bool((mount.get("VolumeOptions") or {}).get("NoCopy")),
        size=int(tmpfs.get("SizeBytes") or 0),
        mode=int(tmpfs.get("Mode") or 0),
    )


def _bind(text: str) -> MountSetting:
    source, _, rest = text.partition(":")
    target, _, modes = rest.partition(":")
    words = modes.split(",") if modes else []
    is_path = source.startswith("/")
    propagation = next((word for word in words if word.endswith(("private", "shared", "slave"))), "")
    return MountSetting(
        kind="bind" if is_path else "volume",
        source="" if _ANONYMOUS.fullmatch(source) else source,
        target=target,
        read_only="ro" in words,
        propagation=_propagation(propagation),
        nocopy="nocopy" in words,
    )


def _propagation(word: str) -> str:
    return "" if word == "rprivate" else word  # the engine's default, said or not


def _restart(policy: Json) -> str:
    name = policy.get("Name") or "no"
    retries = int(policy.get("MaximumRetryCount") or 0)
    return f"{name}:{retries}" if retries else name


def healthcheck(answer: Json | None) -> HealthcheckSetting | None:
    """`Config.Healthcheck`."""
    if not answer:
        return None
    return HealthcheckSetting(
        test=tuple(answer.get("Test") or ()),
        interval=int(answer.get("Interval") or 0),
        timeout=int(answer.get("Timeout") or 0),
        start_period=int(answer.get("StartPeriod") or 0),
        retries=int(answer.get("Retries") or 0),
    )


def _attachments(answer: Json, own_id: str) -> dict[str, ObservedAttachment]:
    networks = (answer.get("NetworkSettings") or {}).get("Networks") or {}
    hostname = (answer.get("Config") or {}).get("Hostname") or ""
    return {name: _attachment(name, value or {}, own_id[:12], hostname) for name, value in networks.items()}


def _attachment(name: str, value: Json, short_id: str, hostname: str) -> ObservedAttachment:
    ipam = value.get("IPAMConfig") or {}
    aliases = frozenset(value.get("Aliases") or ())
    # below API 1.45 the engine adds the short id and the hostname at the start, and keeps them
    added = frozenset({short_id, hostname}) & aliases if short_id in aliases else frozenset()
    return ObservedAttachment(
        network=name,
        network_id=value.get("NetworkID") or "",
        aliases=aliases,
        added_by_engine=added,
        ipv4_address=address(ipam.get("IPv4Address")),
        ipv6_address=address(ipam.get("IPv6Address")),
        address=value.get("IPAddress") or "",
    )


def address(text: str | None) -> str:
    """An address in its shortest spelling, without a prefix length; "" for none."""
    bare = (text or "").partition("/")[0]
    try:
        return str(ipaddress.ip_address(bare)) if bare else ""
    except ValueError:
        return bare


def network(answer: Json) -> ObservedNetwork:
    """One item of `GET /networks`."""
    ipam = answer.get("IPAM") or {}
    return ObservedNetwork(
        id=answer["Id"],
        name=answer["Name"],
        driver=answer.get("Driver") or "",
        driver_opts=dict(answer.get("Options") or {}),
        internal=bool(answer.get("Internal")),
        attachable=bool(answer.get("Attachable")),
        enable_ipv6=bool(answer.get("EnableIPv6")),
        pools=tuple(_pool(pool) for pool in ipam.get("Config") or ()),
        labels=dict(answer.get("Labels") or {}),
    )


def _pool(pool: Json) -> ObservedPool:
    aux = pool.get("AuxiliaryAddresses") or pool.get("AuxAddress") or {}
    return ObservedPool(
        subnet=_subnet(pool.get("Subnet")),
        ip_range=_subnet(pool.get("IPRange")),
        gateway=address(pool.get("Gateway")),
        aux_addresses=frozenset((name, address(value)) for name, value in aux.items()),
    )


def _subnet(text: str | None) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False)) if text else ""
    except ValueError:
        return text or ""


def volume(answer: Json) -> ObservedVolume:
    """One item of `GET /volumes`."""
    return ObservedVolume(
        name=answer["Name"],
        driver=answer.get("Driver") or "",
        driver_opts=dict(answer.get("Options") or {}),
        labels=dict(answer.get("Labels") or {}),
    )


def image(answer: Json) -> ObservedImage:
    """`GET /images/{name}/json`."""
    config = answer.get("Config") or {}
    return ObservedImage(
        id=answer["Id"],
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        environment=_environment(config),
        labels=dict(config.get("Labels") or {}),
        exposed=frozenset(config.get("ExposedPorts") or ()),
        volumes=frozenset(config.get("Volumes") or ()),
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or "",
        stop_signal=config.get("StopSignal") or "",
        healthcheck=healthcheck(config.get("Healthcheck")),
    )
