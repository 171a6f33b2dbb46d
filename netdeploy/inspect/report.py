"""How a container is connected, as it leaves the program: the JSON document, and what the text is made from.

The schema `schemas/inspect.schema.json` is made from these models. None of them holds a container's environment or
labels, so there is nothing secret in them.
"""

from __future__ import annotations

from typing import Any, Literal

from netdeploy.document import Document, schema_of

FORMAT_VERSION: Literal["1.0"] = "1.0"


class UnknownReport(Document):
    """Something that could not be found out."""

    what: str
    """What."""
    why: str
    """The reason."""


class InterfaceReport(Document):
    """A network interface as its namespace sees it."""

    name: str
    """Its name, such as `eth0`."""
    index: int | None
    """Its number (/sys/class/net/NAME/ifindex); null where not known."""
    link: int | None
    """The number of its other end (/sys/class/net/NAME/iflink); null where not known."""
    mac_address: str | None
    """Its MAC address; null where not known."""
    state: str | None
    """Its operational state, such as `up`; loopbacks are `unknown`. Null where not known."""
    mtu: int | None = None
    """The largest packet it sends, in bytes; null where not known."""
    addresses: tuple[str, ...]
    """Its addresses with their prefix lengths."""


class BridgeReport(Document):
    """A network's bridge on the engine's host."""

    name: str
    """Its name, such as `docker0`."""
    addresses: tuple[str, ...]
    """Its addresses with their prefix lengths; empty where the host could not be looked at."""
    exists: bool | None
    """Whether the host has it; null where the host could not be looked at."""


class HostInterfaceReport(Document):
    """The end of a container's interface that the engine's host sees."""

    name: str
    """Its name, such as `veth1a2b3c4`."""
    index: int
    """Its number, which the inside end names as its `iflink`."""
    bridge: str | None
    """The bridge that it is a port of."""


class PingReport(Document):
    """A ping from the engine's host to one of the container's addresses."""

    address: str
    """The address."""
    answers: bool
    """Whether it answered one of two pings."""
    milliseconds: float | None
    """How long the answer took."""


class EvidenceReport(Document):
    """What inside the container shows that it is on the network."""

    interface: bool
    """An interface with the address that the network gave, which is up, as its other end is."""
    route: bool
    """A route to the network's subnet through that interface."""
    resolver: bool
    """Docker's resolver 127.0.0.11 in resolv.conf; networks other than the default bridge bring it."""


class NetworkReport(Document):
    """A container's place on one network."""

    name: str
    """The network's name."""
    id: str
    """Its id; empty where it was never joined by a start."""
    driver: str | None
    """Its driver; null where the network is gone."""
    internal: bool
    """Whether it has no way out."""
    subnets: tuple[str, ...]
    """Its subnets."""
    bridge: BridgeReport | None
    """Its bridge on the host; null for drivers that have none."""
    host_interface: HostInterfaceReport | None
    """The container's interface as the host sees it."""
    interface: InterfaceReport | None
    """The same as the container sees it."""
    mac_address: str | None
    """The interface's MAC address."""
    addresses: tuple[str, ...]
    """The interface's addresses, with their prefix lengths, as they are inside; where the inside could not be looked
    at, those that the engine gave; of a stopped one, those it asked for."""
    assigned: tuple[str, ...]
    """The addresses that the engine gave it, with their prefix lengths; empty while it does not run."""
    gateways: tuple[str, ...]
    """The network's gateways; whether the container uses one of them, `default_route` and `routes` tell."""
    default_route: bool | None
    """Whether the container's default route leads through this network; null where its routes are not known."""
    names: tuple[str, ...]
    """The names by which others on the network find it."""
    evidence: EvidenceReport | None
    """What shows that it is connected; null where the inside could not be looked at."""
    pings: tuple[PingReport, ...]
    """Whether its addresses answer the host."""
    notes: tuple[str, ...]
    """What is worth knowing besides."""


class RouteReport(Document):
    """A line of the route table."""

    destination: str
    """Where it leads, such as `172.18.0.0/16`."""
    gateway: str | None
    """Over which address; null for what is reached directly."""
    interface: str
    """Out of which interface."""
    network: str | None
    """The Docker network of that interface."""
    default: bool
    """Whether it is a default route."""
    metric: int
    """Its metric; among equal ones the lowest is used."""


class UpstreamReport(Document):
    """Whom Docker's own resolver asks for names that nobody on the container's networks has."""

    servers: tuple[str, ...]
    """Their addresses."""
    on_host: tuple[str, ...]
    """Those of them that are asked from the host, since they are on its loopback."""
    origin: Literal["container", "engine", "host", "engine_or_host"]
    """Where they come from: the container's `dns`, the engine's own setting, or the host's resolv.conf."""


class ResolverReport(Document):
    """/etc/resolv.conf in the container."""

    nameservers: tuple[str, ...]
    """The servers that are asked."""
    search: tuple[str, ...]
    """The domains that are tried behind a name."""
    options: tuple[str, ...]
    """Its options."""
    docker: bool
    """Whether Docker's own resolver (127.0.0.11) is asked, which knows the names of other containers."""
    origin: Literal["docker", "container", "engine", "host", "engine_or_host", "defaults", "other"] | None
    """Where its servers come from: Docker's own resolver, the container's `dns`, the engine's own setting, the host's
    resolv.conf, the engine's defaults (where the host's are all on its loopback), or none of these. Null where not
    known."""
    upstream: UpstreamReport | None
    """Whom Docker's own resolver asks in turn; null where it is not asked itself, or that is not known."""
    text: str
    """The whole file."""


class HostnameReport(Document):
    """The container's hostname."""

    name: str | None
    """The name inside; null where it may have been changed there and could not be looked at."""
    configured: str
    """The name that the engine gives it at the start."""
    domain: str | None
    """Its domain name, where it was given one."""
    origin: Literal["set", "id", "host", "container"]
    """Where `configured` comes from: set for the container, the first digits of its id, the host's own name, or that of
    the container whose network it shares."""
    seen: bool
    """Whether `name` was read inside, or is what the engine says."""


class HostsLineReport(Document):
    """A line of /etc/hosts."""

    address: str
    """The address."""
    names: tuple[str, ...]
    """The names that lead to it."""
    kind: Literal["loopback", "ipv6", "own", "extra_hosts", "link", "host", "other", "unknown"]
    """What it is: the loopback's; one of IPv6's fixed addresses; the container's own name; one of its `extra_hosts`; a
    link on the default bridge; one of the host's own file; `other` is in neither the engine's lines nor `extra_hosts`,
    and `unknown` can't be told."""
    note: str | None
    """What is wrong with it, or worth knowing."""


class HostsReport(Document):
    """/etc/hosts in the container, which is asked before any resolver."""

    lines: tuple[HostsLineReport, ...]
    """Its lines, without remarks."""
    missing: tuple[str, ...]
    """Lines that the engine wrote and that are not there any more."""
    mounted: bool
    """Whether the file is a mount of the container's own."""
    text: str
    """The whole file."""


class ShareReport(Document):
    """Something that a container does not have for itself."""

    what: Literal["network", "pid", "ipc", "uts", "volumes"]
    """Its network, its list of processes, its shared memory, its hostname, or its volumes."""
    container: str | None
    """The container whose it is; null for the host's."""
    read_only: bool
    """Whether volumes can only be read."""
    gone: bool
    """Whether that container is there no more."""


class BindingReport(Document):
    """A port of the host that leads into the container."""

    address: str
    """The host's address; `0.0.0.0` and `::` are all of them."""
    port: str
    """The host's port; empty is any free one, chosen at the start."""
    url: str | None
    """Where a browser finds it, for TCP."""


class PortReport(Document):
    """A port of the container that is published or exposed."""

    port: int
    """Its number inside."""
    protocol: str
    """`tcp`, `udp` or `sctp`."""
    published: tuple[BindingReport, ...]
    """The host's ports that lead there; empty for one that is only exposed, or not published for another reason."""
    leads_to: str | None
    """The address and port inside where the traffic arrives."""
    listening: tuple[str, ...] | None
    """The addresses on which a process inside waits at that port; null where that is not known."""
    note: str | None
    """What is wrong with it, if something is."""


class CommandReport(Document):
    """How a person finds something out."""

    about: str
    """What, as `networks.NAME.FIELD` or the field of the report; `exercise.6` for connecting it, `helper` for an image
    without the usual programs."""
    question: int | None
    """The question of the exercise that it answers."""
    commands: tuple[str, ...]
    """What to type."""


class InspectReport(Document):
    """How a container is connected."""

    format_version: Literal["1.0"] = FORMAT_VERSION
    """The version of this format; the number before the dot changes when something is taken away."""
    name: str
    """The container's name."""
    id: str
    """Its id, 64 digits."""
    image: str
    """The image it was asked to run."""
    status: str
    """`running`, `paused`, `exited` …, as the engine says it."""
    topology: str | None
    """The topology it belongs to by its label."""
    mode: Literal["networks", "host", "none", "container"]
    """Where its network comes from."""
    shares_with: str | None
    """The container whose network it shares."""
    hostname: HostnameReport
    """Its hostname."""
    shares: tuple[ShareReport, ...]
    """What it shares with another container, or with the host."""
    shared_by: tuple[str, ...]
    """The other containers that share its network, by name."""
    networks: tuple[NetworkReport, ...]
    """Its networks, by name."""
    interfaces: tuple[InterfaceReport, ...] | None
    """All interfaces inside, the loopback too; with the host's network, the host's. Null where not known."""
    routes: tuple[RouteReport, ...] | None
    """The route table without link-local and multicast routes, default routes first; null where not known."""
    resolver: ResolverReport | None
    """Its resolv.conf."""
    hosts: HostsReport | None
    """Its hosts file."""
    ports: tuple[PortReport, ...]
    """Published and exposed ports."""
    unknown: tuple[UnknownReport, ...]
    """What could not be found out, and why."""
    commands: tuple[CommandReport, ...] | None = None
    """With --explain, how a person finds each of these."""


def inspect_schema() -> dict[str, Any]:
    """The JSON Schema of what `inspect -o json` prints."""
    about = "What `netdeploy inspect -o json` prints: one report, or a list of them for several containers."
    return schema_of(InspectReport, "netdeploy inspect", about, several=True)
