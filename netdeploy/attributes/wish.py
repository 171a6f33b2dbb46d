"""Wishes: a topology with every name resolved to what stands on the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netdeploy.engine.observed import ObservedImage
from netdeploy.identity import TopologyId
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.model import Attachment, Check, Container, Network, Topology, Volume
from netdeploy.topology.modes import shared_namespaces
from netdeploy.topology.rules_files import file_target


@dataclass(frozen=True, slots=True)
class Origin:
    """Which topology an object belongs to, and the file it came from (None where no file is at hand)."""

    topology: str
    source: Path | None
    prefix: str = ""

    @property
    def id(self) -> TopologyId:
        """What the topology is known by."""
        return TopologyId(self.topology, self.prefix)


@dataclass(frozen=True, slots=True)
class NetworkWish:
    """A network of the file, with its name on the engine."""

    key: str
    name: str
    spec: Network
    origin: Origin


@dataclass(frozen=True, slots=True)
class VolumeWish:
    """A volume of the file, with its name on the engine."""

    key: str
    name: str
    spec: Volume
    origin: Origin


@dataclass(frozen=True, slots=True)
class AttachmentWish:
    """A container's place on one network; names as on the engine, keys as in the file."""

    container_key: str
    network_key: str
    network: str
    aliases: frozenset[str]
    ipv4_address: str = ""
    ipv6_address: str = ""
    link_local_ips: frozenset[str] = frozenset()
    mac_address: str = ""
    own_mac_address: bool = False
    """Whether the file gives the MAC address for this network, rather than for the container."""
    driver_opts: Mapping[str, str] = field(default_factory=dict)
    interface_name: str = ""
    gw_priority: int = 0
    links: frozenset[str] = frozenset()
    """Others' names on this network that only this container uses, as `name:alias`."""


@dataclass(frozen=True, slots=True)
class ContainerWish:
    """A container of the file, ready to be compared or made.

    `image` holds the settings it inherits, None while the engine does not have the image. `stand_in_for` is the
    file's image where a stand-in takes its place, "" otherwise.
    """

    key: str
    name: str
    spec: Container
    origin: Origin
    image: ObservedImage | None
    stand_in_for: str
    attachments: tuple[AttachmentWish, ...]
    volume_names: Mapping[str, str]
    shares: Mapping[str, str] = field(default_factory=dict)
    """Whose `network`, `pid` or `ipc` namespace it shares: engine names of containers."""
    links: frozenset[str] = frozenset()
    """As `name:alias`, with the name on the engine."""
    volumes_from: tuple[str, ...] = ()
    """As `name` or `name:ro`, with the name on the engine; of two mounts at one place the last one's is there."""
    files: frozenset[tuple[str, str]] = frozenset()
    """Configs and secrets: the host's file, and where the container finds it."""

    @property
    def on_default_bridge(self) -> bool:
        """Whether Docker's default bridge is its only network."""
        return [attachment.network for attachment in self.attachments] == [DEFAULT_BRIDGE]

    @property
    def relies_on(self) -> frozenset[str]:
        """The containers (names on the engine) that must run before it is made, and that are renewed with it."""
        return self.joins | {source.partition(":")[0] for source in self.volumes_from}

    @property
    def joins(self) -> frozenset[str]:
        """Those of them that must run at each of its starts: it shares their namespaces, or links to them."""
        return frozenset({*self.shares.values(), *(link.partition(":")[0] for link in self.file_links)})

    @property
    def file_links(self) -> frozenset[str]:
        """The links that the engine writes into its /etc/hosts; on other networks its resolver knows them."""
        return self.links if self.on_default_bridge else frozenset()


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that is wanted on the engine."""

    origin: Origin
    containers: tuple[ContainerWish, ...] = ()
    networks: tuple[NetworkWish, ...] = ()
    volumes: tuple[VolumeWish, ...] = ()
    checks: tuple[Check, ...] = ()

    def awaited_by(self, wish: ContainerWish) -> tuple[str, ...]:
        """The containers (names on the engine) that wait for a container's end: it is a one-shot if there are any."""
        depends = ((other.name, other.spec.depends_on.get(wish.key)) for other in self.containers)
        return tuple(name for name, d in depends if d and d.condition == "service_completed_successfully")

    def may_end(self, wish: ContainerWish) -> bool:
        """Whether a container is meant to end: another one waits for that."""
        return bool(self.awaited_by(wish))


def nothing(topology: TopologyId) -> Wishes:
    """The wish that nothing of `topology` exists: a teardown."""
    return Wishes(Origin(topology.name, None, topology.prefix))


def wishes(
    topology: Topology,
    source: Path,
    image_of: Callable[[str, Container], ObservedImage | None],
    stand_ins: Mapping[str, Container] | None = None,
) -> Wishes:
    """The wishes of a topology.

    Args:
        topology: as read; its name is set.
        source: the file.
        image_of: the image that a container (its key and what is to be run) inherits from, as far as it is known.
        stand_ins: what to run in place of some containers, by key.
    """
    origin = Origin(topology.name or source.stem, source, topology.prefix)
    networks = {
        key: NetworkWish(key, engine_name(topology, key, network), network, origin)
        for key, network in topology.networks.items()
    }
    volumes = {
        key: VolumeWish(key, engine_name(topology, key, volume), volume, origin)
        for key, volume in topology.volumes.items()
    }
    volume_names = {key: volume.name for key, volume in volumes.items()}
    replaced = stand_ins or {}
    containers = []
    for key, declared in topology.containers.items():
        spec = replaced.get(key, declared)
        containers.append(
            ContainerWish(
                key=key,
                name=topology.prefix + key,
                spec=spec,
                origin=origin,
                image=image_of(key, spec),
                stand_in_for=declared.image if key in replaced else "",
                attachments=_attachments(topology, key, spec, networks),
                volume_names=volume_names,
                shares={kind: topology.prefix + other for kind, other in shared_namespaces(spec).items()},
                links=_links(topology, spec),
                volumes_from=tuple(topology.prefix + text for text in _sources(spec)),
                files=_files(topology, spec),
            )
        )
    return Wishes(origin, tuple(containers), tuple(networks.values()), tuple(volumes.values()), topology.checks)


def engine_name(topology: Topology, key: str, spec: Network | Volume) -> str:
    """The name on the engine: `name` or the key, with the prefix unless the object is external."""
    name = spec.name or key
    return name if spec.external else topology.prefix + name


def _attachments(
    topology: Topology, key: str, spec: Container, networks: Mapping[str, NetworkWish]
) -> tuple[AttachmentWish, ...]:
    if not spec.networks and spec.network_mode in (None, DEFAULT_BRIDGE):
        default = AttachmentWish(key, DEFAULT_BRIDGE, DEFAULT_BRIDGE, frozenset(), mac_address=spec.mac_address or "")
        return (default,)
    by_priority = sorted(spec.networks.items(), key=lambda item: -item[1].priority)
    return tuple(
        AttachmentWish(
            container_key=key,
            network_key=network_key,
            network=networks[network_key].name,
            aliases=_aliases(topology, key, attachment, networks[network_key]),
            ipv4_address=attachment.ipv4_address or "",
            ipv6_address=attachment.ipv6_address or "",
            link_local_ips=frozenset(attachment.link_local_ips),
            mac_address=attachment.mac_address or (spec.mac_address if index == 0 else None) or "",
            own_mac_address=attachment.mac_address is not None,
            driver_opts=attachment.driver_opts,
            interface_name=attachment.interface_name or "",
            gw_priority=attachment.gw_priority,
            links=_links(topology, spec) if networks[network_key].name != DEFAULT_BRIDGE else frozenset(),
        )
        for index, (network_key, attachment) in enumerate(by_priority)
    )


def _links(topology: Topology, spec: Container) -> frozenset[str]:
    named = (link.partition(":") for link in spec.links)
    return frozenset(f"{topology.prefix}{name}:{alias or name}" for name, _, alias in named)


def _sources(spec: Container) -> list[str]:
    return [text.removeprefix("container:").removesuffix(":rw") for text in spec.volumes_from]


def _files(topology: Topology, spec: Container) -> frozenset[tuple[str, str]]:
    sections = (("configs", spec.configs, topology.configs), ("secrets", spec.secrets, topology.secrets))
    return frozenset(
        (declared[mount.source].file, file_target(section, mount.source, mount.target))
        for section, mounts, declared in sections
        for mount in mounts
    )


def _aliases(topology: Topology, key: str, attachment: Attachment, network: NetworkWish) -> frozenset[str]:
    """With a prefix a container also answers to its name in the file, so that copies find their own neighbours."""
    own = {key} if topology.prefix and network.name != DEFAULT_BRIDGE else set()
    return frozenset({*attachment.aliases, *own})
