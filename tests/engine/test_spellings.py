"""However a row is written, an engine takes it, reads it back as the wish, and tells it from what means another thing.

Nothing is started: what an engine echoes of a setting is there when the object is made.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from docker.types import IPAMConfig, IPAMPool
from spellings import ATTACHMENTS, CONTAINERS, NETWORKS, NEWER, VOLUMES

from engine.lab import sweep
from netdeploy.attributes import attachment, container, network, volume
from netdeploy.attributes.table import Attribute, compare
from netdeploy.attributes.wish import Wishes, wishes
from netdeploy.engine.engine import Engine
from netdeploy.engine.observe import Scope, image, observe
from netdeploy.errors import NetdeployError
from netdeploy.identity import TopologyId
from netdeploy.topology.read import read_bytes

pytestmark = pytest.mark.whole  # one by one, and tests/unit/attributes/test_spellings_properties.py has a part of it

FILE = Path("/topologies/ndt-spellings.yaml")
NETWORK = "ndt-net"
SIX = "enable_ipv6: true, ipam: {config: [{subnet: 10.84.0.0/24}, {subnet: 'fd00:84::/64'}]}"


Made = dict[str, Any]
"""By text, what the engine made of it and reads back, or the error with which it refused."""


def made_containers(engine: Engine, name: str, bodies: dict[str, Any]) -> Made:
    """All at once."""
    called = {text: f"ndt-{name}-{number}" for number, text in enumerate(bodies)}
    create = engine.operator().create_container
    with ThreadPoolExecutor(4) as pool:
        made = {text: pool.submit(create, called[text], body) for text, body in bodies.items()}
    seen = {c.name: c for c in observe(engine.reader, Scope(None, frozenset(called.values()))).containers}
    return {text: done.exception() or seen[called[text]] for text, done in made.items()}


def containers(engine: Engine, wanted: dict[str, Wishes]) -> Made:
    bodies = {text: container.create_body(made.containers[0]) for text, made in wanted.items()}
    return made_containers(engine, "own", bodies)


def attachments(engine: Engine, wanted: dict[str, Wishes]) -> Made:
    def body(made: Wishes) -> Any:
        endpoint = attachment.endpoint_body(made.containers[0].attachments[0])
        endpoints = {"NetworkingConfig": {"EndpointsConfig": {NETWORK: endpoint}}}
        return container.create_body(made.containers[0]) | endpoints

    found = made_containers(engine, "on-net", {text: body(made) for text, made in wanted.items()})
    return {text: getattr(live, "attachments", {}).get(NETWORK, live) for text, live in found.items()}


def networks(engine: Engine, wanted: dict[str, Wishes]) -> Made:
    """One after the other: they are on one subnet."""
    found: Made = {}
    for text, made in wanted.items():
        wish = made.networks[0]
        try:
            id_ = engine.operator().create_network(wish.name, network.create_body(wish))
        except NetdeployError as error:
            found[text] = error
        else:
            found[text] = next(n for n in observe(engine.reader, Scope(TopologyId("none"))).networks if n.id == id_)
            engine.operator().remove_network(id_, wish.name)
    return found


def volumes(engine: Engine, wanted: dict[str, Wishes]) -> Made:
    found: Made = {}
    for text, made in wanted.items():
        wish = made.volumes[0]
        engine.operator().create_volume(wish.name, volume.create_body(wish))
        found[text] = next(v for v in observe(engine.reader, Scope(TopologyId("none"))).volumes if v.name == wish.name)
        engine.operator().remove_volume(wish.name)
    return found


@dataclass(frozen=True)
class Kind:
    """A kind of object: `file` holds BODY, `pick` takes its wish from the file's, `make` lets an engine make it."""

    spellings: dict[str, list[list[str]]]
    rows: Sequence[Attribute[Any, Any]]
    file: str
    depth: int
    pick: Callable[[Wishes], Any]
    make: Callable[[Engine, dict[str, Wishes]], Made]


KINDS = {
    "container": Kind(
        CONTAINERS, container.ROWS,
        "containers:\n  web:\n    image: BUSYBOX\nBODY  one: {image: BUSYBOX}\n  two: {image: BUSYBOX}\n"
        "volumes: {data: , none: }\n", 4, lambda made: made.containers[0], containers,
    ),
    "attachment": Kind(
        ATTACHMENTS, attachment.ROWS,
        f"containers:\n  web:\n    image: BUSYBOX\n    networks:\n      net:\nBODYnetworks: {{net: {{{SIX}}}}}\n", 8,
        lambda made: made.containers[0].attachments[0], attachments,
    ),
    "network": Kind(NETWORKS, network.ROWS, "networks:\n  other:\nBODY", 4, lambda made: made.networks[0], networks),
    "volume": Kind(VOLUMES, volume.ROWS, "volumes:\n  vol:\nBODY", 4, lambda made: made.volumes[0], volumes),
}  # fmt: skip
NAMES = [(kind, name) for kind, found in KINDS.items() for name in found.spellings]


class Bench:
    """Every spelling as a wish, and as what the engine made of it."""

    def __init__(self, engine: Engine, busybox: str) -> None:
        self._busybox = busybox
        self._image = image(engine.reader, busybox)
        self._api = engine.reader.api_version
        self.wishes = {kind: self._wishes(kind) for kind in KINDS}
        self.live = {kind: KINDS[kind].make(engine, wanted) for kind, wanted in self.wishes.items()}

    def groups(self, kind: str, name: str) -> list[list[str]]:
        """The spellings of a row, where this engine has it."""
        return KINDS[kind].spellings[name] if NEWER.get(name, (0, 0)) <= self._api else []

    def _wishes(self, kind: str) -> dict[str, Wishes]:
        groups = (group for name in KINDS[kind].spellings for group in self.groups(kind, name))
        return {text: self._wish(kind, text) for text in dict.fromkeys(itertools.chain(*groups))}

    def _wish(self, kind: str, text: str) -> Wishes:
        body = textwrap.indent(f"{text}\n" if text else "", " " * KINDS[kind].depth)
        whole = f"prefix: ndt-\n{KINDS[kind].file}".replace("BODY", body).replace("BUSYBOX", self._busybox)
        reading = read_bytes(whole.encode(), FILE, FILE.name, {})
        return wishes(reading.wanted(), FILE, lambda _key, _spec: self._image)

    def differs(self, kind: str, written: str, wanted: str) -> list[str]:
        wish, live = KINDS[kind].pick(self.wishes[kind][wanted]), self.live[kind][written]
        changes = compare(KINDS[kind].rows, wish, live, "it")
        return [f"{change.name}: {change.before!r} → {change.after!r}" for change in changes]


@pytest.fixture(scope="module")
def bench(engine: Engine, by_hand: DockerClient, busybox: str) -> Iterator[Bench]:
    sweep(by_hand)
    for name in ("one", "two"):
        by_hand.containers.create(busybox, ["true"], name=f"ndt-{name}", network_mode="none")
    for name in ("data", "none"):
        by_hand.volumes.create(f"ndt-{name}")
    pools = [IPAMPool(subnet="10.84.0.0/24"), IPAMPool(subnet="fd00:84::/64")]
    by_hand.networks.create(NETWORK, enable_ipv6=True, ipam=IPAMConfig(pool_configs=pools))
    try:
        yield Bench(engine, busybox)
    finally:
        sweep(by_hand)


def test_the_engine_takes_every_spelling(bench: Bench) -> None:
    refused = {text: str(e) for made in bench.live.values() for text, e in made.items() if isinstance(e, Exception)}
    assert refused == {}


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_what_means_one_thing_is_one_and_comes_to_rest(bench: Bench, kind: str, name: str) -> None:
    for group in bench.groups(kind, name):
        for written, other in itertools.product(group, repeat=2):
            assert bench.differs(kind, written, other) == [], (written, other)


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_what_means_two_things_is_a_difference(bench: Bench, kind: str, name: str) -> None:
    for one, two in itertools.permutations(bench.groups(kind, name), 2):
        assert bench.differs(kind, one[0], two[0]), (one[0], two[0])
