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
    Count,
    ExposedPort,
    FileMode,
    HostAddress,
    Hostname,
    ImageName,
    Ipv4,
    Ipv6,
    Name,
    Nanoseconds,
    NetworkMode,
    NetworkName,
    PortRange,
    Restart,
    StopSignal,
    Subnet,
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


class BindOptions(Model):
    """Settings of a bind mount."""

    propagation: Literal["private", "rprivate", "shared", "rshared", "slave", "rslave"] | None = None
    """How mounts below the folder spread between host and container."""
    create_host_path: bool = False
    """Make the folder on the host when it does not exist (the short form does)."""


class VolumeOptions(Model):
    """Settings of a volume mount."""

    nocopy: bool = False
    """Do not fill a new volume with what the image has at the target."""


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
    disable: bool = False
    """Turn the image's check off."""


class Dependency(Model):
    """What must be true of another container before this one starts."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"] = "service_started"
    """`service_started`, `service_healthy` (its healthcheck passes) or `service_completed_successfully` (it ended with exit code 0)."""  # noqa: E501


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
    """Labels: a mapping, or a list of `name=value`."""
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

    config: tuple[Pool, ...] = ()
    """The ranges of addresses; without any, the engine picks one."""


class Network(Model):
    """A network of the engine."""

    driver: Literal["bridge"] = "bridge"
    """The network's kind."""
    driver_opts: dict[str, str] = {}
    """Options of the driver, such as `com.docker.network.bridge.name`."""
    internal: bool = False
    """No way out: only the containers on it reach each other."""
    attachable: bool = False
    """Containers outside a swarm's services may join (means something only in a swarm)."""
    enable_ipv6: bool = False
    """Give IPv6 addresses too."""
    ipam: Ipam = Ipam()
    """Addresses."""
    labels: dict[str, str] = {}
    """Labels: a mapping, or a list of `name=value`."""
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
    """Labels: a mapping, or a list of `name=value`."""
    name: Name | None = None
    """The name on the engine, in place of the key."""
    external: bool = False
    """It exists already and is only used: never made or removed."""


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
