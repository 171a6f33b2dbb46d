"""What a file says is what is read back, however it is written; and what an engine takes for two things stays two."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from spellings import ATTACHMENTS, CONTAINERS, NETWORKS, VOLUMES
from unit.builders import image_json, wishes_of
from unit.paper_engine import PaperEngine

from netdeploy.attributes import attachment, container, network, volume
from netdeploy.attributes.table import Attribute, compare
from netdeploy.engine import answers

APP = image_json("app") | {"Os": "linux", "Architecture": "amd64"}
OTHERS = "  one: {image: app}\n  two: {image: app}\nvolumes: {data: , none: }\n"
SIX = "enable_ipv6: true, ipam: {config: [{subnet: 10.84.0.0/24}, {subnet: 'fd00:84::/64'}]}"


@dataclass(frozen=True)
class Kind:
    """A kind of object: `file` holds `BODY`, `echo` is what an engine reads back of a wish."""

    spellings: dict[str, list[list[str]]]
    rows: Sequence[Attribute[Any, Any]]
    file: str
    depth: int
    pick: Callable[[Any], Any]
    echo: Callable[[Any], Any]


def container_echo(wish: Any) -> Any:
    engine = PaperEngine({"app": APP}, api_version=(1, 51))
    for name in ("data", "none"):
        engine.volumes[name] = {"Name": name}
    for other in ("one", "two"):
        engine._create_container(other, {"Image": "app"})
    engine._create_container("web", container.create_body(wish))
    live = next(live for live in engine.snapshot().containers if live.name == "web")
    return replace(live, platform="linux/amd64")


def attachment_echo(wish: Any) -> Any:
    return answers._attachment("net", attachment.endpoint_body(wish), ("0123456789ab", ""), frozenset())


def network_echo(wish: Any) -> Any:
    return answers.network({"Id": "0", "Name": "net", **network.create_body(wish)})


def volume_echo(wish: Any) -> Any:
    body = volume.create_body(wish)
    return answers.volume({**body, "Options": body.get("DriverOpts")})


KINDS = {
    "container": Kind(
        CONTAINERS, container.ROWS, f"containers:\n  web:\n    image: app\nBODY{OTHERS}", 4,
        lambda made: made.containers[0], container_echo,
    ),
    "attachment": Kind(
        ATTACHMENTS, attachment.ROWS,
        f"containers:\n  web:\n    image: app\n    networks:\n      net:\nBODY\nnetworks: {{net: {{{SIX}}}}}\n", 8,
        lambda made: made.containers[0].attachments[0], attachment_echo,
    ),
    "network": Kind(
        NETWORKS, network.ROWS, "networks:\n  net:\nBODY", 4, lambda made: made.networks[0], network_echo
    ),
    "volume": Kind(VOLUMES, volume.ROWS, "volumes:\n  vol:\nBODY", 4, lambda made: made.volumes[0], volume_echo),
}  # fmt: skip
NAMES = [(kind, name) for kind, found in KINDS.items() for name in found.spellings]


@cache
def wish_of(kind: str, text: str) -> Any:
    body = textwrap.indent(f"{text}\n" if text else "", " " * KINDS[kind].depth)
    return KINDS[kind].pick(wishes_of(KINDS[kind].file.replace("BODY", body), {"app": APP}))


@cache
def made_from(kind: str, text: str) -> Any:
    """The object as an engine echoes it."""
    return KINDS[kind].echo(wish_of(kind, text))


def differs(kind: str, written: str, wanted: str) -> list[str]:
    changes = compare(KINDS[kind].rows, wish_of(kind, wanted), made_from(kind, written), "it")
    return [f"{c.name}: {c.before!r} → {c.after!r}" for c in changes]


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_what_means_one_thing_is_one_and_comes_to_rest(kind: str, name: str) -> None:
    for group in KINDS[kind].spellings[name]:
        for written, other in itertools.product(group, repeat=2):
            assert differs(kind, written, other) == [], (written, other)


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_what_means_two_things_is_a_difference(kind: str, name: str) -> None:
    for one, two in itertools.permutations(KINDS[kind].spellings[name], 2):
        assert differs(kind, one[0], two[0]), (one[0], two[0])


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_has_its_spellings(kind: str) -> None:
    written = {name.partition(" ")[0] for name in KINDS[kind].spellings}
    named = {row.path.partition(".")[0] for row in KINDS[kind].rows}
    assert named - written == WITHOUT_SPELLINGS[kind]


WITHOUT_SPELLINGS = {
    "container": {
        "image",  # a test of its own: names are compared in full
        "links", "pid", "runtime", "storage_opt", "userns_mode", "cgroup_parent",  # taken as they are written
        "cpu_count", "cpu_percent", "cpu_rt_period", "cpu_rt_runtime",  # numbers
    },
    "attachment": {"mac_address", "links"},  # the one is of the interface; the other is a container's in the file
    "network": {"name", "enable_ipv6"},  # the latter stands under `ipam`
    "volume": {"name"},
}  # fmt: skip
