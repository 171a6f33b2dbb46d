"""The models of a topology file, in its long form. All are frozen; lists are tuples.

Words are the Compose Specification's wherever it has the concept (https://github.com/compose-spec/compose-spec);
only `services` is called `containers`. Short forms become long ones before a model sees them: see shorthand.py.
Durations are nanoseconds and sizes bytes here, as the engine counts them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from netdeploy.topology.text_types import (
    AbsolutePath,
    Address,
    Alias,
    Bytes,
    Capability,
    Count,
    Cpus,
    CpuSet,
    DevicePermissions,
    DeviceRule,
    ExposedPort,
    FileMode,
    HostAddress,
    Hostname,
    HttpPath,
    ImageName,
    InterfaceName,
    IpcMode,
    Ipv4,
    Ipv6,
    Link,
    MacAddress,
    Microseconds,
    Nanoseconds,
    NetworkMode,
    NetworkName,
    PidMode,
    PlaceText,
    Platform,
    PortRange,
    PullPolicy,
    Quota,
    Restart,
    StopSignal,
    Subnet,
    SwapLimit,
    UserLimit,
    VolumeName,
    VolumeSource,
)

Protocol = Literal["tcp", "udp", "sctp"]


class Model(BaseModel):
    """Frozen, strict, and without unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)


class Attachment(Model):
    """How a container hangs on one network."""

    aliases: tuple[Alias, ...] = ()
    """Further names by which the containers on this network find this one."""
    ipv4_address: Ipv4 | None = None
    """A fixed IPv4 address, inside a subnet that the network declares."""
    ipv6_address: Ipv6 | None = None
    """A fixed IPv6 address, inside a subnet that the network declares."""
    link_local_ips: tuple[Address, ...] = ()
    """Further addresses of its interface that hold on this link only, such as 169.254.8.8."""
    mac_address: MacAddress | None = None
    """Its interface's MAC address on this network."""
    driver_opts: dict[str, str] = {}
    """Options of the network's driver for this interface, such as `com.docker.network.endpoint.sysctls`."""
    interface_name: InterfaceName | None = None
    """What its interface is called inside the container, instead of eth0 or eth1."""
    priority: int = 0
    """The network with the highest one is joined first, and is the one the container is made on."""
    gw_priority: int = 0
    """The network with the highest one gives the container its default gateway."""


class Port(Model):
    """A port of the container that is reachable through the host."""

    target: PortRange
    """The port inside the container, or a range such as `8000-8010`."""
    published: PortRange | None = None
    """The port on the host; a range publishes port by port, or any free one of it for a single target. Without it the engine picks a free port at each start."""  # noqa: E501
    host_ip: Address | None = None
    """The host's address to listen on, such as 127.0.0.1; without it, all of them."""
    protocol: Protocol = "tcp"
    """tcp, udp or sctp."""
    mode: Literal["host", "ingress"] | None = None
    """How a swarm's services publish it; it changes nothing for a container."""
    name: str | None = None
    """What it is called, for people."""
    app_protocol: str | None = None
    """What is spoken there, such as `http`, for people and programs that read the file."""


class BindOptions(Model):
    """Settings of a bind mount."""

    propagation: Literal["private", "rprivate", "shared", "rshared", "slave", "rslave"] | None = None
    """How mounts below the folder spread between host and container."""
    selinux: Literal["z", "Z"] | None = None
    """Label what is mounted for SELinux, so that several containers (`z`) or this one alone (`Z`) may use it; for a volume, too."""  # noqa: E501
    create_host_path: bool = False
    """Make the folder on the host when it does not exist (the short form does)."""


class VolumeOptions(Model):
    """Settings of a volume mount."""

    nocopy: bool = False
    """Do not fill a new volume with what the image has at the target."""
    subpath: str | None = None
    """Mount this folder of the volume in place of its root."""


class TmpfsOptions(Model):
    """Settings of a tmpfs mount."""

    size: Bytes | None = None
    """The most it may hold, such as `64m`."""
    mode: FileMode | None = None
    """Its permissions, such as 0o1777."""


class Mount(Model):
    """Something of the host's, a volume or memory, at a folder of the container."""

    type: Literal["volume", "bind", "tmpfs"]
    """`volume` (kept by the engine), `bind` (a folder or file of the host) or `tmpfs` (memory)."""
    source: str | None = None
    """The volume's name as in `volumes`, or the host's path; relative paths start at the file's folder. A volume without a source is anonymous."""  # noqa: E501
    target: AbsolutePath
    """Where the container finds it."""
    read_only: bool = False
    """The container may only read it."""
    consistency: Literal["consistent", "cached", "delegated"] | None = None
    """Was once for Docker Desktop; no engine does anything with it, and it is not sent."""
    bind: BindOptions | None = None
    """For a bind mount."""
    volume: VolumeOptions | None = None
    """For a volume."""
    tmpfs: TmpfsOptions | None = None
    """For a tmpfs mount."""


class Healthcheck(Model):
    """How the engine finds out whether the container works."""

    test: tuple[str, ...] | None = None
    """The check: `[CMD, program, argument…]`, or a text for the container's shell; exit code 0 is healthy. `[NONE]` turns the image's check off."""  # noqa: E501
    interval: Nanoseconds | None = None
    """Time between two checks (engine's default 30s)."""
    timeout: Nanoseconds | None = None
    """A check that takes longer has failed (engine's default 30s)."""
    retries: Count | None = None
    """Failures in a row that make it unhealthy (engine's default 3)."""
    start_period: Nanoseconds | None = None
    """Failures in this time after the start do not count."""
    start_interval: Nanoseconds | None = None
    """Time between two checks during the start period (engine's default 5s)."""
    disable: bool = False
    """Turn the image's check off."""


class Dependency(Model):
    """What must be true of another container before this one starts."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"] = "service_started"
    """`service_started`, `service_healthy` (its healthcheck passes) or `service_completed_successfully` (it ended with exit code 0)."""  # noqa: E501
    required: bool = True
    """With `false`, this one starts even if the condition does not come true: that is a warning then."""
    restart: bool = False
    """Start this one again when apply replaces the other or starts it again; not when the engine itself does."""


class Device(Model):
    """A device of the host."""

    source: AbsolutePath
    """The device on the host, such as /dev/ttyUSB0."""
    target: AbsolutePath | None = None
    """Where the container finds it (default: at the same place)."""
    permissions: DevicePermissions = "rwm"
    """What the container may do: read, write, make nodes."""


class Gpus(Model):
    """A request for GPUs, or other devices that a driver gives."""

    driver: str = ""
    """The driver that gives them; the engine finds one by the capabilities otherwise."""
    count: Literal["all"] | Count | None = None
    """How many, or `all` (the default where no `device_ids` are given)."""
    device_ids: tuple[str, ...] = ()
    """Certain ones."""
    capabilities: tuple[str, ...] = ("gpu",)
    """What they must be able to do."""
    options: dict[str, str] = {}
    """Options of the driver."""


class WeightDevice(Model):
    """A block device's share."""

    path: AbsolutePath
    """The device."""
    weight: Annotated[int, Field(ge=0, le=1000)]
    """Its share, 10 to 1000."""


class RateDevice(Model):
    """A block device's limit."""

    path: AbsolutePath
    """The device."""
    rate: Bytes
    """Bytes (such as `10m`) or operations a second."""


class BlkioConfig(Model):
    """Shares of, and limits on, block devices."""

    weight: Annotated[int, Field(ge=0, le=1000)] | None = None
    """The share of all devices, 10 to 1000; 0 is the kernel's own."""
    weight_device: tuple[WeightDevice, ...] = ()
    """Shares of single devices."""
    device_read_bps: tuple[RateDevice, ...] = ()
    """Bytes read a second."""
    device_write_bps: tuple[RateDevice, ...] = ()
    """Bytes written a second."""
    device_read_iops: tuple[RateDevice, ...] = ()
    """Reads a second."""
    device_write_iops: tuple[RateDevice, ...] = ()
    """Writes a second."""


class Logging(Model):
    """Where what a container writes goes."""

    driver: str | None = None
    """The driver, such as `json-file`, `local`, `journald` or `none`."""
    options: dict[str, str] = {}
    """Its options, such as `max-size: 10m`."""


class Ulimit(Model):
    """A limit of the kernel's on the container's processes."""

    soft: int
    """The limit at first; -1 is none."""
    hard: int
    """How far a process may raise it; -1 is none."""


class EnvFile(Model):
    """A file of environment variables."""

    path: str
    """The file; a relative path starts at the topology file's folder."""
    required: bool = True
    """A missing file is a problem; with `false` it is passed over."""
    format: Literal["raw"] | None = None
    """With `raw`, quotes and `#` in a value are part of it."""


class FileMount(Model):
    """A config or secret in a container."""

    source: NetworkName
    """Its name under `configs` or `secrets`."""
    target: str | None = None
    """Where the container finds it (default: a config at `/NAME`, a secret at `/run/secrets/NAME`)."""


class FileSource(Model):
    """A file of the host's that containers read: a config or a secret."""

    file: str
    """The file; a relative path starts at the topology file's folder."""


class Container(Model):
    """One container."""

    image: ImageName
    """The image to run, such as `nginx:1.27`."""
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """What to run in place of the image's command; a text is split into words as a shell would."""
    entrypoint: tuple[str, ...] | None = None
    """What to run in place of the image's entrypoint (the image's command then goes too); an empty list removes it."""
    environment: dict[str, str] = {}
    """Environment variables: a mapping, or a list of `NAME=value`. A name without a value takes it from your shell."""
    hostname: Hostname | None = None
    """The name the container calls itself (engine's default: the short id)."""
    user: str | None = None
    """The user, or `user:group`, to run as."""
    working_dir: AbsolutePath | None = None
    """The folder to start in."""
    labels: dict[str, str] = {}
    """Labels: a mapping, or a list of `name=value`; a name alone has an empty value."""
    networks: dict[str, Attachment] = {}
    """The networks it hangs on: a list of names, or a mapping with aliases and addresses. Without `networks` and `network_mode` it is on Docker's default bridge."""  # noqa: E501
    ports: tuple[Port, ...] = ()
    """Ports published to the host: `3000:3000`, `127.0.0.1:8080:80/tcp`, `8000-8010:8000-8010`, or the long form."""
    expose: tuple[ExposedPort, ...] = ()
    """Ports it listens on for other containers; a note for people and checks, nothing is published."""
    volumes: tuple[Mount, ...] = ()
    """Mounts: `data:/var/lib/data`, `./conf:/etc/app:ro`, or the long form."""
    restart: Restart | None = None
    """When the engine starts it again: no (default), always, unless-stopped, on-failure or on-failure:5."""
    healthcheck: Healthcheck | None = None
    """How the engine finds out whether it works."""
    depends_on: dict[str, Dependency] = {}
    """Containers that start before this one: a list of names, or a mapping with conditions."""
    extra_hosts: dict[str, tuple[HostAddress, ...]] = {}
    """Lines for its hosts file: `name: address`; `host-gateway` is the host."""
    dns: tuple[Address, ...] = ()
    """Name servers to use in place of the engine's."""
    init: bool | None = None
    """Run a small init process first, which passes signals on and collects ended children."""
    stop_signal: StopSignal | None = None
    """The signal that asks it to stop (engine's default SIGTERM)."""
    stop_grace_period: Nanoseconds | None = None
    """How long it may take to stop before it is killed (engine's default 10s)."""
    network_mode: NetworkMode | None = None
    """`host`, `none`, `bridge` (Docker's default bridge) or `container:NAME`; not together with `networks`."""
    annotations: dict[str, str] = {}
    """Annotations for the runtime: a mapping, or a list of `name=value`."""
    blkio_config: BlkioConfig | None = None
    """Shares of, and limits on, block devices."""
    cap_add: tuple[Capability, ...] = ()
    """Capabilities it has besides Docker's usual ones."""
    cap_drop: tuple[Capability, ...] = ()
    """Capabilities it has not, of Docker's usual ones."""
    cgroup: Literal["host", "private"] | None = None
    """The cgroup namespace: the `host`'s, or a `private` one."""
    cgroup_parent: str | None = None
    """The control group that its own is made in."""
    configs: tuple[FileMount, ...] = ()
    """Files of `configs` it reads: a list of names, or of `source` and `target`."""
    cpu_count: Count | None = None
    """CPUs it may use (Windows)."""
    cpu_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """Percent of the CPUs it may use (Windows)."""
    cpu_period: Microseconds | None = None
    """The period of `cpu_quota`, in microseconds."""
    cpu_quota: Quota | None = None
    """CPU time it may use in each period, in microseconds; 0 and -1 are no limit."""
    cpu_rt_period: Microseconds | None = None
    """The period of `cpu_rt_runtime`, in microseconds."""
    cpu_rt_runtime: Microseconds | None = None
    """Real-time CPU time it may use in each period, in microseconds."""
    cpu_shares: Annotated[int, Field(ge=0, le=262_144)] | None = None
    """Its share of a busy CPU, against others': 2 to 262144; 0 is the engine's own."""
    cpus: Cpus | None = None
    """CPUs' worth of time it may use, such as 0.5; 0 is no limit."""
    cpuset: CpuSet | None = None
    """The CPUs it may run on, such as `0-2` or `0,3`."""
    device_cgroup_rules: tuple[DeviceRule, ...] = ()
    """Rules for devices it may use, such as `c 1:3 rwm`."""
    devices: tuple[Device, ...] = ()
    """Devices of the host it has: `/dev/ttyUSB0`, `/dev/sda:/dev/xvda:rwm`, or the long form."""
    dns_opt: tuple[str, ...] = ()
    """Options of its resolver, such as `ndots:2`."""
    dns_search: tuple[str, ...] = ()
    """Domains in which its resolver looks for short names."""
    domainname: Hostname | None = None
    """Its domain."""
    env_file: tuple[EnvFile, ...] = ()
    """Files of environment variables; what `environment` says comes before them."""
    gpus: tuple[Gpus, ...] = ()
    """GPUs it has: `all`, or a list of requests."""
    group_add: tuple[str, ...] = ()
    """Groups its user is in besides its own, by name or number."""
    ipc: IpcMode | None = None
    """Shared memory: `private`, `shareable`, `host`, `none`, or that of `container:NAME`, which must be shareable."""
    isolation: Literal["default", "process", "hyperv"] | None = None
    """The isolation technology (Windows)."""
    label_file: tuple[str, ...] = ()
    """Files of labels; what `labels` says comes before them."""
    links: tuple[Link, ...] = ()
    """Names that only this container knows others by: `db` or `db:store`."""
    logging: Logging | None = None
    """Where what it writes goes."""
    mac_address: MacAddress | None = None
    """Its MAC address on the first of its networks."""
    mem_limit: Bytes | None = None
    """The most memory it may use, such as `512m`; 0 is no limit."""
    mem_reservation: Bytes | None = None
    """Memory it is held to when memory is short."""
    mem_swappiness: Annotated[int, Field(ge=-1, le=100)] | None = None
    """How readily its memory goes to swap, 0 to 100; -1 is as readily as the host's."""
    memswap_limit: SwapLimit | None = None
    """The most memory and swap together it may use; -1 is no limit for swap. Without it, twice `mem_limit`."""
    oom_kill_disable: bool | None = None
    """Do not kill it when memory runs out."""
    oom_score_adj: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    """How readily it is killed when memory runs out, -1000 to 1000."""
    pid: PidMode | None = None
    """Processes it sees: the `host`'s, or those of `container:NAME`, besides its own."""
    pids_limit: Annotated[int, Field(ge=-1, le=2**31 - 1)] | None = None
    """The most processes it may have; 0 and -1 are no limit."""
    platform: Platform | None = None
    """The platform its image is for, such as `linux/amd64`."""
    privileged: bool | None = None
    """It may do what the host's root may."""
    pull_policy: PullPolicy | None = None
    """When apply pulls the image: `missing` (default: when it is not there), `always`, or `never`."""
    read_only: bool | None = None
    """Its root file system can't be written."""
    runtime: str | None = None
    """The OCI runtime that runs it, such as `runc`."""
    secrets: tuple[FileMount, ...] = ()
    """Files of `secrets` it reads: a list of names, or of `source` and `target`."""
    security_opt: tuple[str, ...] = ()
    """Options such as `no-new-privileges:true`, `apparmor=…`, `label=…`, `seccomp=unconfined`, `seccomp=./profile.json` or `systempaths=unconfined`."""  # noqa: E501
    shm_size: Bytes | None = None
    """The size of /dev/shm."""
    stdin_open: bool | None = None
    """Keep its standard input open."""
    storage_opt: dict[str, str] = {}
    """Options of the storage driver, such as `size: 10g`."""
    sysctls: dict[str, str] = {}
    """Kernel settings of its own: a mapping, or a list of `name=value`."""
    tmpfs: tuple[str, ...] = ()
    """Folders in memory: `/run` or `/run:size=64m,mode=1777`."""
    tty: bool | None = None
    """Give it a terminal."""
    ulimits: dict[UserLimit, Ulimit] = {}
    """Limits on its processes: a number for both, or `soft` and `hard`."""
    userns_mode: Literal["host"] | None = None
    """`host`: no user namespace, where the engine gives one."""
    uts: Literal["host"] | None = None
    """`host`: the host's own host name."""
    volumes_from: tuple[VolumeSource, ...] = ()
    """Containers whose mounts it has too: `db`, or `db:ro`."""


class Pool(Model):
    """One range of addresses of a network."""

    subnet: Subnet | None = None
    """The subnet, such as 172.28.0.0/16."""
    ip_range: Subnet | None = None
    """The part of the subnet from which the engine gives addresses."""
    gateway: Address | None = None
    """The host's address on the network, the containers' way out."""
    aux_addresses: dict[str, Address] = {}
    """Addresses the engine must not give away, by a name of your choice."""


class Ipam(Model):
    """How addresses are given on a network."""

    driver: str = "default"
    """The driver that gives addresses."""
    options: dict[str, str] = {}
    """Its options."""
    config: tuple[Pool, ...] = ()
    """The ranges of addresses; without any, the engine picks one."""


class Network(Model):
    """A network of the engine."""

    driver: Literal["bridge", "macvlan", "ipvlan"] = "bridge"
    """The network's kind: a `bridge` on the host, or `macvlan` or `ipvlan`, which put containers on a network card of the host's."""  # noqa: E501
    driver_opts: dict[str, str] = {}
    """Options of the driver, such as `com.docker.network.bridge.name`."""
    internal: bool = False
    """No way out: only the containers on it reach each other."""
    attachable: bool = False
    """Containers outside a swarm's services may join (means something only in a swarm)."""
    enable_ipv4: bool | None = None
    """Give IPv4 addresses (the default)."""
    enable_ipv6: bool = False
    """Give IPv6 addresses too."""
    ipam: Ipam = Ipam()
    """Addresses."""
    labels: dict[str, str] = {}
    """Labels: a mapping, or a list of `name=value`; a name alone has an empty value."""
    name: NetworkName | None = None
    """The name on the engine, in place of the key."""
    external: bool = False
    """It exists already and is only used: never made, changed or removed."""


class Volume(Model):
    """A volume of the engine, which keeps data when containers go."""

    driver: str = "local"
    """The volume's driver."""
    driver_opts: dict[str, str] = {}
    """Options of the driver."""
    labels: dict[str, str] = {}
    """Labels: a mapping, or a list of `name=value`; a name alone has an empty value."""
    name: VolumeName | None = None
    """The name on the engine, in place of the key."""
    external: bool = False
    """It exists already and is only used: never made or removed."""


class HttpCheck(Model):
    """What a web server must answer."""

    path: HttpPath = "/"
    """The path to ask for."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    """The status it answers with."""
    contains: str | None = None
    """Text that the answer holds."""


class Check(Model):
    """Something that must be true of the running network; `verify` proves it."""

    source: Annotated[str, Field(alias="from", min_length=1)]
    """The container it is tried from, or `host`."""
    to: PlaceText
    """What is tried: `name:port`, `address:port`, or a name or address alone, which is pinged."""
    expect: Literal["reachable", "unreachable", "resolves", "does-not-resolve"] = "reachable"
    """What must come of it."""
    http: HttpCheck | None = None
    """What a web server there answers."""
    within: Nanoseconds | None = None
    """How long it is tried until it is so (default 3s)."""
    name: str = ""
    """What it shows, in your words."""


class Topology(Model):
    """A topology: the networks, containers and volumes that stand together."""

    name: NetworkName | None = None
    """The topology's name (default: the file's name without its ending)."""
    prefix: NetworkName = ""
    """Stands before the names of containers, networks and volumes on the engine, so that copies can live side by side; each container then also answers to its name in the file."""  # noqa: E501
    description: str = ""
    """What it is for."""
    containers: dict[str, Container] = {}
    """The containers, by name."""
    networks: dict[str, Network] = {}
    """The networks, by name."""
    volumes: dict[str, Volume] = {}
    """The volumes, by name."""
    configs: dict[NetworkName, FileSource] = {}
    """Files that containers read, by name."""
    secrets: dict[NetworkName, FileSource] = {}
    """Files with secrets that containers read, by name."""
    checks: tuple[Check, ...] = ()
    """What must be true of the running network, besides what follows from the rest; `verify` proves it."""
