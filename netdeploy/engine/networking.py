"""How a container hangs on its networks at this moment, as the engine tells it; only GET.

Unlike observed.py this is what holds while a container runs: its addresses, its interfaces' MAC addresses, the names
that the engine's resolver gives out for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netdeploy.engine import answers
from netdeploy.engine.errors import EngineAnswer
from netdeploy.engine.files import text_of
from netdeploy.engine.observe import inspected_container, listed_name, proven, really_joined
from netdeploy.engine.observed import ObservedContainer, ObservedNetwork, with_named_modes
from netdeploy.errors import NetdeployError

if TYPE_CHECKING:
    from netdeploy.engine.reader import Reader

_DEFAULT_BRIDGE = "bridge"
_RESOLV_CONF, _HOSTS = "/etc/resolv.conf", "/etc/hosts"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """A container's place on a network. Addresses are like `172.18.0.2/16`; they and the MAC are there while it runs.

    `gateways` are the network's: which one the container uses, only its route table says. `names` are those by which
    others on the network find it, its own name first; empty where the network has no names.
    """

    network: str
    network_id: str
    mac_address: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    names: tuple[str, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A container as a list tells it: its name, and where its network comes from, such as `container:ID`."""

    name: str
    network_mode: str


@dataclass(frozen=True, slots=True)
class Networking:
    """A container, its places on networks, and its resolv.conf and hosts file.

    A file that can't be read is None, with the reason in `no_resolv_conf` or `no_hosts`.
    """

    container: ObservedContainer
    owner: ObservedContainer | None
    """The container whose network it shares."""
    endpoints: tuple[LiveEndpoint, ...]
    """Its own, or those of the owner."""
    resolv_conf: str | None
    no_resolv_conf: str = ""
    hosts: str | None = None
    no_hosts: str = ""
    linked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By the alias of a link on the default bridge, the addresses of the container it leads to."""

    @property
    def connected(self) -> ObservedContainer:
        """Whose network it is: its own, or the owner's."""
        return self.owner or self.container


def networking(reader: Reader, name: str) -> Networking | None:
    """How the container of that name or id is connected; None where there is none."""
    found = _inspect(reader, name)
    if found is None:
        return None
    answer, container = found
    kind, _, shared = container.network_mode.partition(":")
    owner = _inspect(reader, shared) if kind == "container" else None
    if owner:
        answer = owner[0]
        container = with_named_modes(container, {shared: owner[1].name})
    resolv_conf, no_resolv_conf = text_of(reader, container.id, _RESOLV_CONF)
    hosts, no_hosts = text_of(reader, container.id, _HOSTS)
    connected = owner[1] if owner else container
    places = tuple(endpoint for endpoint in endpoints(answer) if endpoint.network in connected.attachments)
    return Networking(
        container=container,
        owner=owner[1] if owner else None,
        endpoints=places,
        resolv_conf=resolv_conf,
        no_resolv_conf=no_resolv_conf,
        hosts=hosts,
        no_hosts=no_hosts,
        linked=_linked(reader, connected),
    )


def _linked(reader: Reader, container: ObservedContainer) -> Mapping[str, frozenset[str]]:
    found = {}
    for link in container.links:
        name, _, alias = link.partition(":")
        target = inspected_container(reader, name)
        place = target.attachments.get(_DEFAULT_BRIDGE) if target else None
        found[alias] = frozenset(filter(None, (place.address, place.address6))) if place else frozenset()
    return found


def networks(reader: Reader) -> Mapping[str, ObservedNetwork]:
    """All networks of the engine, by id."""
    return {item["Id"]: answers.network(item) for item in reader.get("/networks")}


def listed_containers(reader: Reader) -> Mapping[str, Listed]:
    """All containers of the engine, by id."""
    return {
        item["Id"]: Listed(name, (item.get("HostConfig") or {}).get("NetworkMode") or "")
        for item in reader.get("/containers/json", all=1)
        if (name := listed_name(item))  # one that goes at this moment may have none any more
    }


def _inspect(reader: Reader, name: str) -> tuple[dict[str, Any], ObservedContainer] | None:
    if not _NAME.fullmatch(name):  # the engine would take it for another path
        return None
    try:
        answer = reader.get(f"/containers/{name}/json")
    except EngineAnswer as refused:
        if refused.status == 404:
            return None
        if "multiple ids found" in refused.message.lower():
            hint = "give more digits, or its name"
            raise NetdeployError(f"the ids of several containers begin with `{name}`", hint=hint) from None
        raise
    return answer, proven(reader, really_joined(reader, answers.container(answer)))


def endpoints(answer: dict[str, Any]) -> tuple[LiveEndpoint, ...]:
    """From `GET /containers/{id}/json`, in the order of the networks' names."""
    settings = answers.places(answer)
    modes = {"host", "none"}
    return tuple(_endpoint(name, settings[name], answer) for name in sorted(settings) if name not in modes)


def _endpoint(network: str, value: dict[str, Any], answer: dict[str, Any]) -> LiveEndpoint:
    return LiveEndpoint(
        network=network,
        network_id=value.get("NetworkID") or "",
        mac_address=(value.get("MacAddress") or "").lower(),
        addresses=tuple(
            f"{answers.address(value[key])}/{value.get(length) or 0}"
            for key, length in (("IPAddress", "IPPrefixLen"), ("GlobalIPv6Address", "GlobalIPv6PrefixLen"))
            if value.get(key)
        ),
        gateways=tuple(answers.address(value[key]) for key in ("Gateway", "IPv6Gateway") if value.get(key)),
        names=() if network == _DEFAULT_BRIDGE else _names(value, answer),
        links=tuple(value.get("Links") or ()),
    )


def _names(value: dict[str, Any], answer: dict[str, Any]) -> tuple[str, ...]:
    """DNSNames, since API 1.44, are all of them; before, the name itself is not among the aliases."""
    own = answer["Name"].removeprefix("/")
    known = value.get("DNSNames") or [own, *sorted(value.get("Aliases") or ()), answer["Id"][:12]]
    return tuple(dict.fromkeys(sorted(known, key=lambda name: (name != own, name == answer["Id"][:12]))))
