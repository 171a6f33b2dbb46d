"""What stands on an engine, as frozen types in normal form.

Everything here is the *configured* state, which the engine echoes whether a container runs or not; what holds only
while it runs is in `State` and marked as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL_TOPOLOGY = "netdeploy.topology"
LABEL_KIND = "netdeploy.kind"
LABEL_NAME = "netdeploy.name"
LABEL_SOURCE = "netdeploy.source"
LABEL_INSTANCE = "netdeploy.instance"
"""On a container: a value of its own, which tells it from one that inherited its labels from a committed image."""
LABEL_STAND_IN = "netdeploy.stand-in"
"""On a stand-in: the image it stands for."""


@dataclass(frozen=True, slots=True)
class PortBinding:
    """One published port: `host_port` "" is any free one, `host_ip` "" every address of the host."""

    target: int
    protocol: str
    host_ip: str
    host_port: str


@dataclass(frozen=True, slots=True)
class MountSetting:
    """One mount; an anonymous volume has an empty `source`. `size` is bytes, `mode` permission bits."""

    kind: str
    source: str
    target: str
    read_only: bool = False
    propagation: str = ""
    nocopy: bool = False
    size: int = 0
    mode: int = 0


@dataclass(frozen=True, slots=True)
class HealthcheckSetting:
    """A healthcheck; times are nanoseconds, 0 is the engine's default, `("NONE",)` turns it off."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    retries: int = 0


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
    restarts: int = 0
    """How often the engine itself started it again since the last start by somebody."""


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
    restart: str
    healthcheck: HealthcheckSetting | None
    extra_hosts: tuple[str, ...]
    dns: tuple[str, ...]
    init: bool | None
    stop_signal: str
    stop_timeout: int | None
    network_mode: str
    attachments: Mapping[str, ObservedAttachment]

    @property
    def short_id(self) -> str:
        """The twelve digits that people see."""
        return self.id[:12]


@dataclass(frozen=True, slots=True)
class ObservedPool:
    """One range of addresses; "" where the engine says nothing."""

    subnet: str
    ip_range: str = ""
    gateway: str = ""
    aux_addresses: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class ObservedNetwork:
    """A network as configured."""

    id: str
    name: str
    driver: str
    driver_opts: Mapping[str, str]
    internal: bool
    attachable: bool
    enable_ipv6: bool
    pools: tuple[ObservedPool, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ObservedVolume:
    """A volume as configured."""

    name: str
    driver: str
    driver_opts: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one look saw: the containers that matter, all networks and volumes, and images by the name asked for."""

    api_version: tuple[int, int]
    containers: tuple[ObservedContainer, ...] = ()
    networks: tuple[ObservedNetwork, ...] = ()
    volumes: tuple[ObservedVolume, ...] = ()
    images: Mapping[str, ObservedImage] = field(default_factory=dict)

    def image_of(self, container: ObservedContainer) -> ObservedImage | None:
        """The image a container runs."""
        return self.images.get(container.image_id)
