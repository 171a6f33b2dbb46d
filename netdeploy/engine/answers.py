"""The engine's inspect answers, read into the types of observed.py. The only place that knows their JSON.

null, {}, [] and a missing key are one and the same here: engines mix them freely.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from netdeploy.engine.normal_form import (
    SYSTEM_PATHS,
    capability,
    cpus,
    device_rule,
    exposed,
    folder,
    mac_address,
    permissions,
    port_number,
    port_range,
    security_options,
    words,
)
from netdeploy.engine.observed import (
    BlkioSetting,
    DeviceSetting,
    Endpoint,
    GpuSetting,
    HealthcheckSetting,
    MountSetting,
    ObservedAttachment,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
    ObservedPool,
    ObservedVolume,
    PortBinding,
    Privileges,
    Resources,
    Runs,
    State,
    declared_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        exposed=_exposed(config),
        ports=_ports(host.get("PortBindings") or {}),
        mounts=_mounts(config, host),
        anonymous_volumes={
            folder(mount["Destination"]): mount["Name"]
            for mount in answer.get("Mounts") or ()
            if mount.get("Type") == "volume" and _ANONYMOUS.fullmatch(mount.get("Name") or "")
        },
        moved_volumes=_moved_volumes(host),
        mounted_volumes=frozenset(m.get("Name") or "" for m in answer.get("Mounts") or () if m.get("Type") == "volume"),
        restart=_restart(host.get("RestartPolicy") or {}),
        healthcheck=healthcheck(config.get("Healthcheck")),
        extra_hosts=tuple(_extra_host(text) for text in host.get("ExtraHosts") or ()),
        dns=tuple(address(text) for text in host.get("Dns") or ()),
        init=host.get("Init"),
        stop_signal=config.get("StopSignal") or "",
        stop_timeout=config.get("StopTimeout"),
        network_mode=host.get("NetworkMode") or "",
        attachments=_attachments(answer, own_id),
        resources=_resources(host),
        privileges=_privileges(host),
        domainname=config.get("Domainname") or "",
        dns_opt=tuple(host.get("DnsOptions") or ()),
        dns_search=tuple(host.get("DnsSearch") or ()),
        mac_address=mac_address(config.get("MacAddress") or ""),
        links=frozenset(_link(text) for text in host.get("Links") or ()),
        tty=bool(config.get("Tty")),
        stdin_open=bool(config.get("OpenStdin")),
        annotations=dict(host.get("Annotations") or {}),
        log_driver=(host.get("LogConfig") or {}).get("Type") or "",
        log_options=dict((host.get("LogConfig") or {}).get("Config") or {}),
        tmpfs={folder(target): words(options) for target, options in (host.get("Tmpfs") or {}).items()},
        volumes_from=tuple(text.removesuffix(":rw") for text in host.get("VolumesFrom") or ()),
        bound_ports=_bound_ports(answer.get("NetworkSettings") or {}),
        created=instant(answer.get("Created")),
        variant=runs(answer).platform,
    )


def runs(answer: Json) -> Runs:
    """What a container runs, from an inspect answer or from one of a list."""
    told = (answer.get("ImageManifestDescriptor") or {}).get("platform") or {}
    platform = "/".join(filter(None, (told.get("os"), told.get("architecture"), told.get("variant"))))
    return Runs(str(answer.get("ImageID") or answer.get("Image") or ""), platform)


def instant(value: str | float | None) -> float:
    """A time as engines write it, in seconds since 1970; lists of containers have it as a number already."""
    if not isinstance(value, str):
        return float(value or 0)
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _exposed(config: Json) -> frozenset[str]:
    return frozenset(port for text in config.get("ExposedPorts") or () for port in exposed(text))


def _extra_host(text: str) -> str:
    """`name:address` with the address in its shortest spelling."""
    name, _, place = text.partition(":")
    return f"{name}:{address(place.strip('[]'))}"


def _link(text: str) -> str:
    """`/db:/web/store` as `db:store`."""
    name, _, alias = text.partition(":")
    return f"{name.removeprefix('/')}:{alias.rpartition('/')[2]}"


def hosts(text: str, names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Where a hosts file leads each of `names`."""
    lines = [line.partition("#")[0].lower().split() for line in text.splitlines()]
    return {name: frozenset(address(line[0]) for line in lines if name.lower() in line[1:]) for name in names}


def _resources(host: Json) -> Resources:
    return Resources(
        cpus=int(host.get("NanoCpus") or 0),
        cpu_shares=int(host.get("CpuShares") or 0),
        cpu_quota=max(int(host.get("CpuQuota") or 0), 0),  # -1 takes a quota away
        cpu_period=int(host.get("CpuPeriod") or 0),
        cpu_rt_runtime=int(host.get("CpuRealtimeRuntime") or 0),
        cpu_rt_period=int(host.get("CpuRealtimePeriod") or 0),
        cpu_count=int(host.get("CpuCount") or 0),
        cpu_percent=int(host.get("CpuPercent") or 0),
        cpuset=cpus(host.get("CpusetCpus") or ""),
        memory=int(host.get("Memory") or 0),
        memory_reservation=max(int(host.get("MemoryReservation") or 0), 0),
        memory_swap=int(host.get("MemorySwap") or 0),
        memory_swappiness=_swappiness(host.get("MemorySwappiness")),
        oom_kill_disable=bool(host.get("OomKillDisable")),
        oom_score_adj=int(host.get("OomScoreAdj") or 0),
        pids_limit=max(int(host.get("PidsLimit") or 0), 0),
        shm_size=int(host.get("ShmSize") or 0),
        blkio=_blkio(host),
        ulimits={item["Name"]: (int(item["Soft"]), int(item["Hard"])) for item in host.get("Ulimits") or ()},
        storage_opt=dict(host.get("StorageOpt") or {}),
    )


def _swappiness(value: int | None) -> int | None:
    return None if value in (None, -1) else value


def _blkio(host: Json) -> BlkioSetting:
    def rates(key: str, value: str = "Rate") -> dict[str, int]:
        return {item["Path"]: int(item.get(value) or 0) for item in host.get(key) or ()}

    return BlkioSetting(
        weight=int(host.get("BlkioWeight") or 0),
        weight_device=rates("BlkioWeightDevice", "Weight"),
        device_read_bps=rates("BlkioDeviceReadBps"),
        device_write_bps=rates("BlkioDeviceWriteBps"),
        device_read_iops=rates("BlkioDeviceReadIOps"),
        device_write_iops=rates("BlkioDeviceWriteIOps"),
    )


def _privileges(host: Json) -> Privileges:
    return Privileges(
        cap_add=frozenset(capability(name) for name in host.get("CapAdd") or ()),
        cap_drop=frozenset(capability(name) for name in host.get("CapDrop") or ()),
        privileged=bool(host.get("Privileged")),
        read_only=bool(host.get("ReadonlyRootfs")),
        security_opt=_security_opt(host),
        group_add=tuple(str(group) for group in host.get("GroupAdd") or ()),
        userns_mode=host.get("UsernsMode") or "",
        ipc=host.get("IpcMode") or "",
        pid=host.get("PidMode") or "",
        uts=host.get("UTSMode") or "",
        cgroup=host.get("CgroupnsMode") or "",
        cgroup_parent=host.get("CgroupParent") or "",
        isolation="" if host.get("Isolation") in (None, "default") else host["Isolation"],
        runtime=host.get("Runtime") or "",
        devices=frozenset(_device(item) for item in host.get("Devices") or ()),
        device_cgroup_rules=tuple(device_rule(text) for text in host.get("DeviceCgroupRules") or ()),
        gpus=frozenset(_gpu(item) for item in host.get("DeviceRequests") or ()),
        sysctls=dict(host.get("Sysctls") or {}),
    )


_ADDED_BY_ENGINE = "label=disable"


def _security_opt(host: Json) -> frozenset[str]:
    options = set(security_options(host.get("SecurityOpt") or ()))
    if host.get("Privileged") or "host" in (host.get("PidMode"), host.get("IpcMode")):
        options.discard(_ADDED_BY_ENGINE)  # the engine turns labels off on its own then
    shows_all = not host.get("MaskedPaths", True) and not host.get("ReadonlyPaths", True)
    if shows_all and not host.get("Privileged"):  # which hides no paths anyway
        options.add(SYSTEM_PATHS)
    return frozenset(options)


def _device(item: Json) -> DeviceSetting:
    source = item.get("PathOnHost") or ""
    allowed = permissions(item.get("CgroupPermissions") or "rwm")
    return DeviceSetting(source, folder(item.get("PathInContainer") or source), allowed)


def _gpu(item: Json) -> GpuSetting:
    return GpuSetting(
        driver=item.get("Driver") or "",
        count=int(item.get("Count") or 0),
        device_ids=tuple(item.get("DeviceIDs") or ()),
        capabilities=frozenset(frozenset(group) for group in item.get("Capabilities") or ()),
        options=frozenset((item.get("Options") or {}).items()),
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
        oom_killed=bool(state.get("OOMKilled")),
        restarts=restarts,
    )


def _environment(config: Json) -> dict[str, str]:
    """A name without `=` takes the image's variable away."""
    pairs = (line.partition("=") for line in config.get("Env") or ())
    return {name: value for name, equals, value in pairs if equals}


def _ports(bindings: Json) -> frozenset[PortBinding]:
    """From HostConfig.PortBindings; NetworkSettings.Ports is empty while stopped and doubles each binding."""
    found: Counter[PortBinding] = Counter()
    for target, listens in bindings.items():
        for single in exposed(target):
            number, _, protocol = single.partition("/")
            port = port_number(number)
            if port is None:
                continue
            for listen in listens or ():
                host_ip, host_port = address(listen.get("HostIp")), port_range(listen.get("HostPort") or "")
                found[PortBinding(port, protocol, host_ip, host_port)] += 1
    return frozenset(replace(binding, times=times) for binding, times in found.items())


def _bound_ports(settings: Json) -> frozenset[PortBinding]:
    return frozenset(binding for binding in _ports(settings.get("Ports") or {}) if binding.host_number is not None)


def _mounts(config: Json, host: Json) -> frozenset[MountSetting]:
    """From what was asked for: HostConfig.Mounts, HostConfig.Binds, and Config.Volumes for anonymous volumes."""
    found = {_mount(mount) for mount in host.get("Mounts") or ()}
    found |= {_bind(text) for text in host.get("Binds") or ()}
    targets = {mount.target for mount in found}
    anonymous = {folder(target) for target in config.get("Volumes") or ()} - targets
    found |= {MountSetting("volume", "", target) for target in anonymous}
    return frozenset(found)


def _moved_volumes(host: Json) -> frozenset[str]:
    given = [mount.get("Source") or "" for mount in host.get("Mounts") or ()]
    given += [text.partition(":")[0] for text in host.get("Binds") or ()]
    return frozenset(name for name in given if _ANONYMOUS.fullmatch(name))


def _mount(mount: Json) -> MountSetting:
    tmpfs = mount.get("TmpfsOptions") or {}
    source = mount.get("Source") or ""
    return MountSetting(
        kind=mount.get("Type") or "volume",
        source=_source(source),
        target=folder(mount["Target"]),
        read_only=bool(mount.get("ReadOnly")),
        propagation=_propagation((mount.get("BindOptions") or {}).get("Propagation") or ""),
        nocopy=bool((mount.get("VolumeOptions") or {}).get("NoCopy")),
        size=int(tmpfs.get("SizeBytes") or 0),
        mode=int(tmpfs.get("Mode") or 0),
        subpath=(mount.get("VolumeOptions") or {}).get("Subpath") or "",
    )


def _bind(text: str) -> MountSetting:
    source, _, rest = text.partition(":")
    target, _, modes = rest.partition(":")
    words = modes.split(",") if modes else []
    is_path = source.startswith("/")
    propagation = next((word for word in words if word.endswith(("private", "shared", "slave"))), "")
    return MountSetting(
        kind="bind" if is_path else "volume",
        source=_source(source),
        target=folder(target),
        read_only="ro" in words,
        propagation=_propagation(propagation),
        nocopy="nocopy" in words,
        selinux=next((word for word in words if word in ("z", "Z")), ""),
    )


def _source(source: str) -> str:
    """A volume's name, or the host's path as the engine cleans it; "" for a volume that nobody named."""
    if source.startswith("/"):
        return folder(source)
    return "" if _ANONYMOUS.fullmatch(source) else source


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
    found = HealthcheckSetting(
        test=tuple(answer.get("Test") or ()),
        interval=int(answer.get("Interval") or 0),
        timeout=int(answer.get("Timeout") or 0),
        start_period=int(answer.get("StartPeriod") or 0),
        retries=int(answer.get("Retries") or 0),
        start_interval=int(answer.get("StartInterval") or 0),
    )
    return None if found == HealthcheckSetting() else found  # one that says nothing is none


def _attachments(answer: Json, own_id: str) -> dict[str, ObservedAttachment]:
    config = answer.get("Config") or {}
    names = (own_id[:12], config.get("Hostname") or "")
    declared = declared_in(config.get("Labels") or {})
    return {
        name: _attachment(name, value, names, frozenset(_below(f"networks.{name}.", declared)))
        for name, value in places(answer).items()
    }


def places(answer: Json) -> dict[str, Json]:
    """The settings of a container's places on networks, by network, from `GET /containers/{id}/json`.

    A connect that fails on a running container leaves an entry all the same (seen on 20.10 and 28.5), with neither the
    network's id nor an endpoint's. It is not there: nothing is to be disconnected, and a connect is accepted. While a
    container does not run, such an entry is a network that its start joins.
    """
    state = answer.get("State") or {}
    runs = state.get("Running") and not state.get("Restarting")
    found = {name: value or {} for name, value in ((answer.get("NetworkSettings") or {}).get("Networks") or {}).items()}
    return {
        name: value for name, value in found.items() if not runs or value.get("NetworkID") or value.get("EndpointID")
    }


def _below(prefix: str, names: frozenset[str]) -> Iterator[str]:
    return (name.removeprefix(prefix) for name in names if name.startswith(prefix))


def _attachment(name: str, value: Json, names: tuple[str, str], declared: frozenset[str]) -> ObservedAttachment:
    short_id = names[0]
    ipam = value.get("IPAMConfig") or {}
    aliases = frozenset(value.get("Aliases") or ())
    # below API 1.45 the engine adds the short id and the hostname at the start, and keeps them
    added = frozenset(names) & aliases if short_id in aliases else frozenset()
    return ObservedAttachment(
        network=name,
        network_id=value.get("NetworkID") or "",
        aliases=aliases,
        added_by_engine=added,
        ipv4_address=address(ipam.get("IPv4Address")),
        ipv6_address=address(ipam.get("IPv6Address")),
        address=value.get("IPAddress") or "",
        address6=address(value.get("GlobalIPv6Address")),
        link_local_ips=frozenset(address(text) for text in ipam.get("LinkLocalIPs") or ()),
        driver_opts=dict(value.get("DriverOpts") or {}),
        links=frozenset(value.get("Links") or ()),
        gw_priority=int(value.get("GwPriority") or 0),
        mac_address=mac_address(value.get("MacAddress") or ""),
        declared=declared,
        endpoint_id=value.get("EndpointID") or "",
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
        enable_ipv4=answer.get("EnableIPv4", True) is not False,
        ipam_driver=ipam.get("Driver") or "default",
        ipam_options=dict(ipam.get("Options") or {}),
        created=instant(answer.get("Created")),
    )


def endpoints(answer: Json) -> tuple[Endpoint, ...]:
    """Who is on a network at this moment, from `GET /networks/{id}`.

    An endpoint whose container is gone (the engine was killed) is named by its own id, and still holds its address.
    """
    return tuple(
        Endpoint(
            id=value.get("EndpointID") or "",
            container_id=id_,
            container=value.get("Name") or id_[:12],
            addresses=tuple(address(value[key]) for key in ("IPv4Address", "IPv6Address") if value.get(key)),
            mac_address=mac_address(value.get("MacAddress") or ""),
        )
        for id_, value in (answer.get("Containers") or {}).items()
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
        exposed=_exposed(config),
        volumes=frozenset(folder(target) for target in config.get("Volumes") or ()),
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or "",
        stop_signal=config.get("StopSignal") or "",
        healthcheck=healthcheck(config.get("Healthcheck")),
        platform="/".join(filter(None, (answer.get("Os"), answer.get("Architecture"), answer.get("Variant")))),
    )
