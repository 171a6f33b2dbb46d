"""Looking: what an engine holds, as far as one question needs it. Only GET, through the reader."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netdeploy.engine import answers
from netdeploy.engine.errors import EngineAnswer
from netdeploy.engine.files import text_of
from netdeploy.engine.instance import (
    are_own,
    claims_to_be_ours,
    names_its_image,
    with_own_labels,
    without_ours,
)
from netdeploy.engine.observed import (
    LABEL_PREFIX,
    LABEL_TOPOLOGY,
    ObservedContainer,
    ObservedImage,
    ObservedNetwork,
    Snapshot,
    State,
    Tagged,
    with_named_modes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from netdeploy.engine.reader import Reader
    from netdeploy.identity import TopologyId

_HOSTS = "/etc/hosts"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which containers matter: those of `topology` (None: of every topology), and those with one of `names`.

    Those on one of `networks` (by name) matter, too. `images` are looked up by name, besides those that run. Those that
    run on one of `external` (by name), and do not matter otherwise, are neighbours. Who is on one of `networks` or
    `external` is asked, whether that container matters or not.
    """

    topology: TopologyId | None
    names: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    external: frozenset[str] = frozenset()


def observe(reader: Reader, scope: Scope) -> Snapshot:
    """One look at the engine.

    Networks and volumes are all listed, since a name or a subnet may be taken by anyone's. A container that hangs on
    a network of the topology is seen too, whoever made it.
    """
    listed_networks = reader.get("/networks")
    networks = tuple(answers.network(item) for item in listed_networks)
    ours = {text for network in networks if _belongs(network.labels, scope) for text in (network.id, network.name)}
    listed = reader.get("/containers/json", all=1)
    ids = [item["Id"] for item in listed if _matters(item, scope, ours)]
    found = reader.get_all(lambda id_: _with_link_addresses(reader, inspected_container(reader, id_)), ids)
    near = [item["Id"] for item in listed if item["Id"] not in set(ids) and _is_neighbour(item, scope)]
    neighbours = reader.get_all(lambda id_: inspected_container(reader, id_), near)
    names = {item["Id"]: listed_name(item) for item in listed if item.get("Names")}
    containers = tuple(with_named_modes(container, names) for container in found if container is not None)
    networks = _with_endpoints(reader, networks, containers, scope.networks | scope.external)
    containers = tuple(_without_lost_places(reader, container, networks) for container in containers)
    volumes = tuple(answers.volume(item) for item in reader.get("/volumes").get("Volumes") or ())
    beside = tuple(neighbour for neighbour in neighbours if neighbour is not None)
    run = {container.image_id for container in (*containers, *beside)}
    images = _images(reader, run - scope.images, _run_image) | _images(reader, scope.images, image)
    platforms = {id_: image.platform for id_, image in images.items()}
    containers = tuple(replace(c, platform=platforms.get(c.image_id, "")) for c in containers)
    return Snapshot(
        reader.api_version,
        tuple(with_own_labels(container, images.get(container.image_id)) for container in containers),
        networks,
        volumes,
        images,
        reader.engine_version,
        tuple(with_own_labels(neighbour, images.get(neighbour.image_id)) for neighbour in beside),
        tuple(_copies(reader, (*listed, *listed_networks), scope)),
    )


def really_joined(reader: Reader, container: ObservedContainer) -> ObservedContainer:
    """A container with those of its places that the networks know of, too; as `observe` gives every container."""
    networks = tuple(answers.network(item) for item in reader.get("/networks"))
    return _without_lost_places(reader, container, _with_endpoints(reader, networks, (container,), frozenset()))


_WITHOUT_ENDPOINTS = ("host", "null")
"""Drivers of networks on which nobody has an address."""


def _with_endpoints(
    reader: Reader,
    networks: tuple[ObservedNetwork, ...],
    containers: tuple[ObservedContainer, ...],
    names: frozenset[str],
) -> tuple[ObservedNetwork, ...]:
    used = {place.network_id for container in containers for place in container.attachments.values()}
    asked = [n for n in networks if (n.id in used or n.name in names) and n.driver not in _WITHOUT_ENDPOINTS]
    told = reader.get_all(lambda network: answers.endpoints(inspected_network(reader, network.id)), asked)
    found = {network.id: replace(network, endpoints=on_it) for network, on_it in zip(asked, told, strict=True)}
    return tuple(found.get(network.id, network) for network in networks)


def _without_lost_places(
    reader: Reader, container: ObservedContainer, networks: tuple[ObservedNetwork, ...]
) -> ObservedContainer:
    """A container without the places that only itself tells of.

    A connect that fails late (seen on 28.5, such as for an interface's name that is taken inside) leaves an entry with
    an endpoint and an address; only the network tells that nobody is there. A container may have changed between the
    two looks, so it is looked at once more.
    """
    told = [network for network in networks if network.driver not in _WITHOUT_ENDPOINTS]
    standing = {network.id: {endpoint.id for endpoint in network.endpoints} for network in told}

    def lost(seen: ObservedContainer) -> dict[str, str]:
        return {
            name: place.endpoint_id
            for name, place in seen.attachments.items()
            if place.endpoint_id and place.endpoint_id not in standing.get(place.network_id, {place.endpoint_id})
        }

    missing = lost(container)
    again = inspected_container(reader, container.id) if missing else None
    still = lost(again) if again else {}
    gone = {name for name, endpoint in missing.items() if still.get(name) == endpoint}
    return replace(container, attachments={n: p for n, p in container.attachments.items() if n not in gone})


def identity(reader: Reader) -> tuple[str, str]:
    """The id that an engine gave itself when it was installed, and its host's name."""
    info = reader.get("/info")
    return str(info.get("ID") or ""), str(info.get("Name") or "")


def tagged(reader: Reader, *, volumes: bool = False) -> tuple[Tagged, ...]:
    """All containers and networks of any topology (and, if asked, the volumes): three lists, and no closer look."""
    filters = {"label": [LABEL_TOPOLOGY]}
    listed = [*reader.get("/containers/json", all=1, filters=filters), *reader.get("/networks", filters=filters)]
    listed += (reader.get("/volumes", filters=filters).get("Volumes") or ()) if volumes else ()
    told = (_tagged(reader, item) for item in listed)
    return tuple(item for item in told if LABEL_TOPOLOGY in item.labels)


def publishers(reader: Reader, port: int) -> tuple[str, ...]:
    """The names of the running containers that publish `port` on the host."""
    listed = reader.get("/containers/json")
    holders = (item for item in listed if any(p.get("PublicPort") == port for p in item.get("Ports") or ()))
    return tuple(listed_name(item) for item in holders if item.get("Names"))


def inspected_network(reader: Reader, network_id: str) -> dict[str, Any]:
    """A network as the engine tells it, with who runs on it.

    Empty for one that went meanwhile: the engine may still be removing it for somebody who was killed.
    """
    try:
        answer: dict[str, Any] = reader.get(f"/networks/{network_id}")
    except EngineAnswer as refused:
        if refused.status == 404:
            return {}
        raise
    return answer


def network_names(reader: Reader, network_id: str) -> list[str]:
    """The names of the running containers on a network, sorted."""
    attached = inspected_network(reader, network_id).get("Containers") or {}
    return sorted(str(endpoint.get("Name") or id_[:12]) for id_, endpoint in attached.items())


def subnets(reader: Reader) -> list[tuple[str, str]]:
    """Each network's name with each of its subnets."""
    networks = [answers.network(item) for item in reader.get("/networks")]
    return [(network.name, pool.subnet) for network in networks for pool in network.pools if pool.subnet]


def unused_networks(reader: Reader) -> list[str]:
    """The names of the networks that no container is on, not even a stopped one, sorted; Docker's own are left out."""
    used: set[str] = set()
    for item in reader.get("/containers/json", all=1):
        for name, endpoint in ((item.get("NetworkSettings") or {}).get("Networks") or {}).items():
            used |= {name, (endpoint or {}).get("NetworkID") or ""}
    listed = [item for item in reader.get("/networks") if item["Name"] not in ("bridge", "host", "none")]
    return sorted(item["Name"] for item in listed if used.isdisjoint({item["Name"], item["Id"]}))


def listed_name(item: dict[str, Any]) -> str:
    """A listed container's name: its `Names` hold, in any order, those that links of others give it too."""
    names = [name.removeprefix("/") for name in item.get("Names") or ()]
    return next((name for name in names if "/" not in name), "")


def listed_labels(reader: Reader, item: dict[str, Any]) -> dict[str, str]:
    """A listed container's labels, without those of ours that it may have from its image."""
    labels, runs = dict(item.get("Labels") or {}), answers.runs(item)
    if not claims_to_be_ours(labels) or names_its_image(labels, runs.id):
        return labels  # which is so for nearly all: no closer look is needed
    return labels if are_own(labels, runs, _run_image(reader, runs.id)) else without_ours(labels)


def _tagged(reader: Reader, item: dict[str, Any]) -> Tagged:
    """Of a container, network or volume; only containers have images."""
    created = answers.instant(item.get("Created") or item.get("CreatedAt"))
    is_container = "Names" in item
    labels = listed_labels(reader, item) if is_container else dict(item.get("Labels") or {})
    return Tagged(listed_name(item) if is_container else item["Name"], labels, created)


def _belongs(labels: Any, scope: Scope) -> bool:
    """What carries no prefix may be ours: older versions wrote none."""
    owner = (labels or {}).get(LABEL_TOPOLOGY)
    if owner is None or scope.topology is None:
        return owner is not None
    ours = scope.topology
    return bool(owner == ours.name and labels.get(LABEL_PREFIX, ours.prefix) == ours.prefix)


def _copies(reader: Reader, items: Iterable[dict[str, Any]], scope: Scope) -> Iterator[Tagged]:
    for item in items:
        labels = item.get("Labels") or {}
        if scope.topology and labels.get(LABEL_TOPOLOGY) == scope.topology.name and not _belongs(labels, scope):
            copy = _tagged(reader, item)
            if LABEL_TOPOLOGY in copy.labels:
                yield copy


def _matters(item: dict[str, Any], scope: Scope, our_networks: set[str]) -> bool:
    attached = (item.get("NetworkSettings") or {}).get("Networks") or {}
    return (
        _belongs(item.get("Labels"), scope)
        or listed_name(item) in scope.names
        or not scope.networks.isdisjoint(attached)
        or any(((endpoint or {}).get("NetworkID") or name) in our_networks for name, endpoint in attached.items())
    )


def _is_neighbour(item: dict[str, Any], scope: Scope) -> bool:
    attached = (item.get("NetworkSettings") or {}).get("Networks") or {}
    return item.get("State") == "running" and not scope.external.isdisjoint(attached)


def inspected_container(reader: Reader, id_: str) -> ObservedContainer | None:
    """A container as it is; None when it is gone."""
    try:
        return answers.container(reader.get(f"/containers/{id_}/json"))
    except EngineAnswer as answer:
        if answer.status == 404:  # gone between the list and the look
            return None
        raise


def _with_link_addresses(reader: Reader, container: ObservedContainer | None) -> ObservedContainer | None:
    """Where its links lead, of a running one with links on the default bridge: the engine writes them into a file."""
    if container is None or not container.links or not container.state.running:
        return container
    text, _ = text_of(reader, container.id, _HOSTS)
    if text is None or any(mount.target == _HOSTS for mount in container.mounts):  # then the file is somebody else's
        return container
    aliases = {link.partition(":")[2] for link in container.links}
    return replace(container, link_addresses=answers.hosts(text, aliases))


def state(reader: Reader, container_id: str) -> State | None:
    """A container's state; None when it is gone."""
    found = inspected_container(reader, container_id)
    return found.state if found else None


def _images(
    reader: Reader, names: Iterable[str], look: Callable[[Reader, str], ObservedImage | None]
) -> dict[str, ObservedImage]:
    wanted = sorted(set(names) - {""})
    found = reader.get_all(lambda name: look(reader, name), wanted)
    return {name: value for name, value in zip(wanted, found, strict=True) if value is not None}


def image(reader: Reader, name: str) -> ObservedImage | None:
    """The image the engine holds under `name` or id; None when it has none."""
    try:
        return answers.image(reader.get(f"/images/{urllib.parse.quote(name)}/json"))
    except EngineAnswer as answer:
        if answer.status == 404:
            return None
        raise


def _run_image(reader: Reader, id_: str) -> ObservedImage | None:
    """The image that a container runs; None where it is gone, or spoilt: that is no reason to tell nothing of all."""
    try:
        return image(reader, id_) if id_ else None
    except EngineAnswer:
        return None


def proven(reader: Reader, container: ObservedContainer) -> ObservedContainer:
    """A container without those labels of ours that it may have from its image; as `observe` gives every container."""
    if not claims_to_be_ours(container.labels):
        return container
    return with_own_labels(container, _run_image(reader, container.image_id))


def can_be_pulled(reader: Reader, name: str) -> bool:
    """Whether a registry that the engine reaches has the image; asks for its manifest only."""
    try:
        reader.get(f"/distribution/{urllib.parse.quote(name)}/json")
    except EngineAnswer:
        return False
    return True


def last_log_lines(reader: Reader, container_id: str, count: int = 10) -> list[str]:
    """The last lines a container wrote, stdout and stderr together; empty where its log driver keeps none."""
    return log_text(reader, container_id, tail=count).splitlines()


def log_text(reader: Reader, container_id: str, *, tail: int | str = "all") -> str:
    """What a container wrote, stdout and stderr together; empty where its log driver keeps nothing."""
    frames = _frames(_log(reader, container_id, tail))
    return b"".join(text for _, text in frames).decode("utf-8", "replace")


def log_streams(reader: Reader, container_id: str) -> tuple[str, str]:
    """What a container without a terminal wrote to stdout, and to stderr."""
    frames = list(_frames(_log(reader, container_id, "all")))
    out, err = (b"".join(text for stream, text in frames if (stream == _STDERR) is told) for told in (False, True))
    return out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


_STDERR = 2


def _log(reader: Reader, container_id: str, tail: int | str) -> bytes:
    try:
        return reader.get_bytes(f"/containers/{container_id}/logs", stdout=1, stderr=1, tail=tail)
    except EngineAnswer:
        return b""


def _frames(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The stream and payload of the engine's frames (8-byte header, length in the last four); a tty has no frames."""
    at = 0
    while len(raw) - at >= 8 and raw[at] in (0, 1, 2) and raw[at + 1 : at + 4] == b"\x00\x00\x00":
        end = at + 8 + int.from_bytes(raw[at + 4 : at + 8], "big")
        yield raw[at], raw[at + 8 : end]
        at = end
    yield 1, raw[at:]
