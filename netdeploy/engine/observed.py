"""What stands on an engine, as frozen types in normal form.

Everything here is the *configured* state, which the engine echoes whether a container runs or not; what holds only
while it runs is in `State` and marked as such.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netdeploy.engine.normal_form import port_number

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL_TOPOLOGY = "netdeploy.topology"
LABEL_KIND = "netdeploy.kind"
LABEL_NAME = "netdeploy.name"
LABEL_PREFIX = "netdeploy.prefix"
"""The topology's prefix, "" for none. Older versions wrote no such label."""
LABEL_SOURCE = "netdeploy.source"
LABEL_INSTANCE = "netdeploy.instance"
"""On a container: a value of its own, and the image that it runs; see `instance.py`."""
LABEL_DECLARED = "netdeploy.declared"
"""Which attributes with an engine's default were given when the object was made, separated by spaces."""
LABEL_DEPENDS_ON = "netdeploy.depends-on"
"""On a container: the keys of those that it depended on when it was made, separated by spaces; never compared."""
LABEL_STAND_IN = "netdeploy.stand-in"
"""On a stand-in: the image it stands for."""


def declared_in(labels: Mapping[str, str]) -> frozenset[str]:
    """The attributes that an object's label names as given when it was made."""
    return frozenset(labels.get(LABEL_DECLARED, "").split())


@dataclass(frozen=True, slots=True)
class PortBinding:
    """One published port: `host_port` "" is any free one, `host_ip` "" every address of the host."""

    target: int
    protocol: str
    host_ip: str
    host_port: str
    times: int = 1
    """How often it is asked for; an engine publishes `127.0.0.1::80` once more each time."""

    @property
    def host_number(self) -> int | None:
        """The host's port; None for a range, and for one that the engine chooses."""
        return port_number(self.host_port)

    @property
    def host_range(self) -> range:
        """The host's ports of which any will do, where a range was asked for."""
        first, dash, last = self.host_port.partition("-")
        low, high = port_number(first), port_number(last)
        return range(0) if not dash or low is None or high is None else range(low, high + 1)

    def url(self, host_name: str) -> str | None:
        """Where a browser that calls the engine's host `host_name` finds the port; None for what it can't open.

        Another machine does not reach a port that is bound to the host's loopback.
        """
        if self.protocol != "tcp" or self.host_number is None:
            return None
        host = self.host_ip
        if host in ("", "0.0.0.0", "::"):  # noqa: S104 - every address of the host
            host = host_name
        elif is_loopback(host):
            if host_name != "localhost":
                return None
            host = "localhost" if host == "127.0.0.1" else host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.host_port}"


def is_loopback(address: str) -> bool:
    """Whether it leads back to the machine itself; text that is no address does not."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class MountSetting:
    """One mount, its paths cleaned; an anonymous volume has an empty `source`.

    `size` is bytes, `mode` permission bits.
    """

    kind: str
    source: str
    target: str
    read_only: bool = False
    propagation: str = ""
    nocopy: bool = False
    size: int = 0
    mode: int = 0
    subpath: str = ""
    selinux: str = ""
    """`z` or `Z`: what is mounted gets a label that several containers, or this one alone, may use."""


@dataclass(frozen=True, slots=True)
class HealthcheckSetting:
    """A healthcheck; times are nanoseconds, 0 is the engine's default, `("NONE",)` turns it off."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    retries: int = 0
    start_interval: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """How a container is at this moment. `health` is "" without a healthcheck."""

    status: str
    running: bool
    paused: bool
    exit_code: int
    error: str
    health: str
    health_output: str
    started_at: str
    pid: int
    oom_killed: bool = False
    """Whether it ended because it ran out of memory."""
    restarts: int = 0
    """How often the engine itself started it again since the last start by somebody."""

    def started_after(self, other: State) -> bool:
        """Whether it was started later than another container."""
        return _instant(self.started_at) > _instant(other.started_at)


def _instant(text: str) -> tuple[str, str]:
    """A time of the engine's (RFC 3339, UTC), for comparing: the fraction has as many digits as it needs."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    return seconds, fraction.ljust(9, "0")


@dataclass(frozen=True, slots=True)
class ObservedAttachment:
    """A container's place on one network. `network_id` is "" until the first start; `address` holds while running."""

    network: str
    network_id: str
    aliases: frozenset[str]
    added_by_engine: frozenset[str]
    """Those of `aliases` that the engine may have added on its own."""
    ipv4_address: str
    ipv6_address: str
    address: str
    link_local_ips: frozenset[str] = frozenset()
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    links: frozenset[str] = frozenset()
    gw_priority: int = 0
    mac_address: str = ""
    """The interface's, so "" while stopped."""
    declared: frozenset[str] = frozenset()
    address6: str = ""
    """Its global IPv6 address, while running."""
    endpoint_id: str = ""
    """While running."""


@dataclass(frozen=True, slots=True)
class ObservedImage:
    """An image and the settings its containers inherit."""

    id: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    exposed: frozenset[str]
    volumes: frozenset[str]
    user: str
    working_dir: str
    stop_signal: str
    healthcheck: HealthcheckSetting | None
    platform: str = ""
    """As `linux/arm64/v8`."""


@dataclass(frozen=True, slots=True)
class DeviceSetting:
    """A device of the host in a container."""

    source: str
    target: str
    permissions: str


@dataclass(frozen=True, slots=True)
class GpuSetting:
    """A request for devices of a driver, such as GPUs; a count of -1 is all of them."""

    driver: str
    count: int
    device_ids: tuple[str, ...]
    capabilities: frozenset[frozenset[str]]
    """Groups of which it must have one whole."""
    options: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class BlkioSetting:
    """Shares of and limits on block devices. Rates, by the device's path, are bytes or operations a second."""

    weight: int = 0
    weight_device: Mapping[str, int] = field(default_factory=dict)
    device_read_bps: Mapping[str, int] = field(default_factory=dict)
    device_write_bps: Mapping[str, int] = field(default_factory=dict)
    device_read_iops: Mapping[str, int] = field(default_factory=dict)
    device_write_iops: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits; 0 (or empty) is none. Memory is bytes, `cpus` billionths, quota, period and runtime microseconds."""

    cpus: int = 0
    cpu_shares: int = 0
    cpu_quota: int = 0
    cpu_period: int = 0
    cpu_rt_runtime: int = 0
    cpu_rt_period: int = 0
    cpu_count: int = 0
    cpu_percent: int = 0
    cpuset: str = ""
    """As `0,1,2`."""
    memory: int = 0
    memory_reservation: int = 0
    memory_swap: int = 0
    """Memory and swap together; -1 is no limit."""
    memory_swappiness: int | None = None
    oom_kill_disable: bool = False
    oom_score_adj: int = 0
    pids_limit: int = 0
    shm_size: int = 0
    blkio: BlkioSetting = BlkioSetting()
    ulimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By name, soft and hard."""
    storage_opt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Privileges:
    """What a container may do, and what of the host it sees."""

    cap_add: frozenset[str] = frozenset()
    cap_drop: frozenset[str] = frozenset()
    privileged: bool = False
    read_only: bool = False
    security_opt: frozenset[str] = frozenset()
    group_add: tuple[str, ...] = ()
    userns_mode: str = ""
    ipc: str = ""
    pid: str = ""
    uts: str = ""
    cgroup: str = ""
    cgroup_parent: str = ""
    isolation: str = ""
    runtime: str = ""
    devices: frozenset[DeviceSetting] = frozenset()
    device_cgroup_rules: tuple[str, ...] = ()
    gpus: frozenset[GpuSetting] = frozenset()
    sysctls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runs:
    """The id of the image that a container runs, and the platform of that which it runs of it.

    An image may hold several platforms, each with labels of its own, and shows those of one. `platform` is like
    `linux/arm64/v8`; engines tell it since API 1.48, and where they keep several.
    """

    id: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Labels of ours that a container has, and not from us as far as can be known: nothing in them is to be trusted.

    They are from its image, or (not `from_image`) that is gone, and nobody can tell.
    """

    labels: Mapping[str, str]
    from_image: bool


@dataclass(frozen=True, slots=True)
class ObservedContainer:
    """A container as configured, and its state."""

    id: str
    name: str
    image: str
    image_id: str
    labels: Mapping[str, str]
    state: State
    command: tuple[str, ...]
    entrypoint: tuple[str, ...]
    environment: Mapping[str, str]
    hostname: str
    user: str
    working_dir: str
    exposed: frozenset[str]
    ports: frozenset[PortBinding]
    mounts: frozenset[MountSetting]
    anonymous_volumes: Mapping[str, str]
    """By target, the volumes the engine made for it without a name of ours."""
    moved_volumes: frozenset[str]
    """Those of them that moved along from the container it replaced, which the engine takes for named ones."""
    restart: str
    healthcheck: HealthcheckSetting | None
    extra_hosts: tuple[str, ...]
    dns: tuple[str, ...]
    init: bool | None
    stop_signal: str
    stop_timeout: int | None
    network_mode: str
    attachments: Mapping[str, ObservedAttachment]
    resources: Resources = Resources()
    privileges: Privileges = Privileges()
    domainname: str = ""
    dns_opt: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    mac_address: str = ""
    links: frozenset[str] = frozenset()
    """On the default bridge, as `name:alias`."""
    tty: bool = False
    stdin_open: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)
    log_driver: str = ""
    log_options: Mapping[str, str] = field(default_factory=dict)
    tmpfs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By target, the mount's options."""
    volumes_from: tuple[str, ...] = ()
    mounted_volumes: frozenset[str] = frozenset()
    """The names of all volumes that it finds in its file system, with those of `volumes_from`."""
    bound_ports: frozenset[PortBinding] = frozenset()
    """Those that are really published, while it runs."""
    platform: str = ""
    """Its image's."""
    link_addresses: Mapping[str, frozenset[str]] | None = None
    """By the alias of a link on the default bridge, where its /etc/hosts leads; None where that is not known."""
    created: float = 0.0
    """When it was made, in seconds since 1970."""
    variant: str = ""
    """The platform that it runs of an image which may hold several, see `Runs`."""
    claim: Claim | None = None
    """Labels of ours that are not from us, as far as can be known; they are not among `labels`."""

    @property
    def runs(self) -> Runs:
        """The image that it runs, and what of it."""
        return Runs(self.image_id, self.variant)

    @property
    def declared(self) -> frozenset[str]:
        """The attributes with an engine's default that were given when it was made."""
        return declared_in(self.labels)

    def urls(self, host_name: str) -> tuple[str, ...]:
        """Where a browser that calls the engine's host `host_name` finds what is really published, by port."""
        bound = sorted(self.bound_ports, key=lambda port: (port.host_port.zfill(5), port.host_ip))
        found = (port.url(host_name) for port in bound)
        return tuple(dict.fromkeys(url for url in found if url))

    @property
    def short_id(self) -> str:
        """The twelve digits that people see."""
        return self.id[:12]


def with_named_modes(container: ObservedContainer, names: Mapping[str, str]) -> ObservedContainer:
    """`container:NAME` as it was asked for, where the engine keeps an id or a name of before.

    Args:
        container: as the engine tells it.
        names: the name to say for each id (or name). What is not in it stays: that container is gone.
    """

    def named(mode: str) -> str:
        kind, _, id_ = mode.partition(":")
        return f"container:{names[id_]}" if kind == "container" and id_ in names else mode

    def link(text: str) -> str:
        name, _, alias = text.partition(":")
        return f"{names.get(name, name)}:{alias}"

    def source(text: str) -> str:
        name, colon, mode = text.partition(":")
        return f"{names.get(name, name)}{colon}{mode}"

    privileges = replace(container.privileges, pid=named(container.privileges.pid), ipc=named(container.privileges.ipc))
    return replace(
        container,
        network_mode=named(container.network_mode),
        privileges=privileges,
        links=frozenset(link(text) for text in container.links),
        volumes_from=tuple(source(text) for text in container.volumes_from),
    )


@dataclass(frozen=True, slots=True)
class ObservedPool:
    """One range of addresses; "" where the engine says nothing."""

    subnet: str
    ip_range: str = ""
    gateway: str = ""
    aux_addresses: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is on a network at this moment, with its addresses there."""

    id: str
    container_id: str
    container: str
    """The container's name."""
    addresses: tuple[str, ...]
    mac_address: str = ""
    """In small letters; empty where the driver has none."""


@dataclass(frozen=True, slots=True)
class ObservedNetwork:
    """A network as configured, and who is on it at this moment."""

    id: str
    name: str
    driver: str
    driver_opts: Mapping[str, str]
    internal: bool
    attachable: bool
    enable_ipv6: bool
    pools: tuple[ObservedPool, ...]
    labels: Mapping[str, str]
    enable_ipv4: bool = True
    ipam_driver: str = "default"
    ipam_options: Mapping[str, str] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = field(default=(), compare=False)
    """Of networks that the topology uses, or a seen container is on."""
    created: float = 0.0
    """When it was made, in seconds since 1970."""

    @property
    def bridge(self) -> str:
        """Its bridge on the host: named by the network's id, unless an option says otherwise (moby, drivers/bridge)."""
        return self.driver_opts.get("com.docker.network.bridge.name") or f"br-{self.id[:12]}"

    @property
    def declared(self) -> frozenset[str]:
        """The attributes with an engine's default that were given when it was made."""
        return declared_in(self.labels)


@dataclass(frozen=True, slots=True)
class ObservedVolume:
    """A volume as configured."""

    name: str
    driver: str
    driver_opts: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def declared(self) -> frozenset[str]:
        """The attributes with an engine's default that were given when it was made."""
        return declared_in(self.labels)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object with our labels, as a list tells it: a container, network or volume."""

    name: str
    labels: Mapping[str, str]
    created: float
    """When it was made, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one look saw: the containers that matter, all networks and volumes, and images by the name asked for."""

    api_version: tuple[int, int]
    containers: tuple[ObservedContainer, ...] = ()
    networks: tuple[ObservedNetwork, ...] = ()
    volumes: tuple[ObservedVolume, ...] = ()
    images: Mapping[str, ObservedImage] = field(default_factory=dict)
    engine_version: str = ""
    neighbours: tuple[ObservedContainer, ...] = ()
    """Others that run on external networks of the topology: nothing is planned for them."""
    copies: tuple[Tagged, ...] = ()
    """Containers and networks of the same topology under other prefixes."""

    def image_of(self, container: ObservedContainer) -> ObservedImage | None:
        """The image a container runs."""
        return self.images.get(container.image_id)
