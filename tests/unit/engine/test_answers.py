"""What two generations of engines really answered (see tests/tools/record-answers.py), read into netdeploy's types."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from netdeploy.attributes.wish import Wishes, wishes
from netdeploy.engine import answers
from netdeploy.engine.observed import ObservedContainer, ObservedNetwork, PortBinding, Snapshot, with_named_modes
from netdeploy.plan.by_name import compare_by_name
from netdeploy.plan.diff import diff
from netdeploy.topology.read import read

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "recorded"
GENERATIONS = ["20.10", "28"]


@cache
def recorded(generation: str) -> Json:
    document: Json = json.loads((FOLDER / f"answers-{generation}.json").read_text())
    return document


def snapshot(document: Json) -> Snapshot:
    """What `observe` makes of such answers."""
    images = {name: answers.image(answer) for name, answer in document["images"].items()}
    found = [answers.container(answer) for answer in document["containers"]]
    names = {container.id: container.name for container in found}
    major, _, minor = document["api"].partition(".")
    return Snapshot(
        (int(major), int(minor)),
        tuple(with_named_modes(container, names) for container in found),
        tuple(answers.network(answer) for answer in document["networks"]),
        tuple(answers.volume(answer) for answer in document["volumes"]),
        images | {image.id: image for image in images.values()},
        document["engine"],
    )


@pytest.fixture(params=GENERATIONS)
def seen(request: pytest.FixtureRequest) -> Snapshot:
    return snapshot(recorded(request.param))


@pytest.fixture
def wanted(seen: Snapshot) -> Wishes:
    topology = read(str(FOLDER / "topology.yaml")).wanted()
    return wishes(topology, Path("/topologies/recorded.yaml"), lambda _key, spec: seen.images[spec.image])


def container(seen: Snapshot, name: str) -> ObservedContainer:
    return next(one for one in seen.containers if one.name == f"rec-{name}")


def network(seen: Snapshot, name: str) -> ObservedNetwork:
    return next(one for one in seen.networks if one.name == f"rec-{name}")


def test_what_was_applied_differs_in_nothing_but_what_was_brought_down(seen: Snapshot, wanted: Wishes) -> None:
    changes = diff(wanted, seen)
    assert [(change.action.value, change.name, change.attributes) for change in changes.changes] == [
        ("start", "rec-stopped", ()),
        ("start", "rec-paused", ()),
        ("start", "rec-ended", ()),
    ]


def test_by_name_it_is_the_same(seen: Snapshot, wanted: Wishes) -> None:
    assert {change.name for change in compare_by_name(wanted, seen).changes} == {
        "rec-stopped",
        "rec-paused",
        "rec-ended",
    }


def test_how_they_are_at_run_time(seen: Snapshot, wanted: Wishes) -> None:
    health = {ailment.container: (ailment.status, ailment.message) for ailment in diff(wanted, seen).health}
    assert set(health) == {
        "rec-stopped", "rec-paused", "rec-ended", "rec-restarting", "rec-unhealthy", "rec-inside"
    }  # fmt: skip
    assert health["rec-ended"] == ("exited", "exited with code 7")
    assert health["rec-paused"] == ("paused", "is paused")
    assert health["rec-restarting"][0] == "restarting"
    assert health["rec-unhealthy"][0] == "unhealthy"
    assert "No such file" in health["rec-unhealthy"][1]
    assert health["rec-inside"][0] == "port not bound"


def test_aliases_are_those_that_were_asked_for(seen: Snapshot) -> None:
    attachments = container(seen, "full").attachments
    assert attachments["rec-front"].aliases - attachments["rec-front"].added_by_engine == {"shop", "store", "full"}
    assert attachments["rec-auto"].aliases - attachments["rec-auto"].added_by_engine == {"shop", "full"}


def test_fixed_addresses_are_those_of_the_file_and_stay_when_it_stops(seen: Snapshot) -> None:
    attachments = container(seen, "full").attachments
    assert attachments["rec-front"].ipv4_address == "10.77.1.10"
    assert (attachments["rec-six"].ipv4_address, attachments["rec-six"].ipv6_address) == ("10.77.2.10", "fd00:77:2::10")
    assert attachments["rec-auto"].ipv4_address == ""
    assert container(seen, "stopped").attachments["rec-front"].ipv4_address == "10.77.1.11"
    assert container(seen, "stopped").attachments["rec-front"].address == ""


def test_ports_are_those_of_the_file_once_each(seen: Snapshot) -> None:
    assert container(seen, "full").ports == {
        PortBinding(53, "udp", "127.0.0.1", "47002"),
        PortBinding(80, "tcp", "", "47001"),
        PortBinding(8080, "tcp", "", ""),
        PortBinding(90, "tcp", "", "47100-47110"),
        PortBinding(443, "tcp", "::1", "47003"),
    }


def test_modes_name_containers_and_never_ids(seen: Snapshot) -> None:
    assert container(seen, "shares").network_mode == "container:rec-plain"
    assert container(seen, "shares").privileges.pid == "container:rec-plain"
    assert container(seen, "on_host").network_mode == "host"
    assert container(seen, "alone").network_mode == "none"


def test_networks(seen: Snapshot) -> None:
    assert network(seen, "inside").internal
    assert network(seen, "six").enable_ipv6
    assert {str(pool.subnet) for pool in network(seen, "six").pools} == {"10.77.2.0/24", "fd00:77:2::/64"}
    assert network(seen, "front").labels["team"] == "net"
    assert all(one.enable_ipv4 for one in seen.networks)


def test_states(seen: Snapshot) -> None:
    states = {name: container(seen, name).state for name in ("plain", "stopped", "paused", "ended", "restarting")}
    assert [state.running for state in states.values()] == [True, False, True, False, True]
    assert states["paused"].paused
    assert states["ended"].exit_code == 7
    assert states["restarting"].restarts >= 7


def test_anonymous_volumes_are_known_by_where_they_are_mounted(seen: Snapshot) -> None:
    assert set(container(seen, "full").anonymous_volumes) == {"/anonymous"}
    assert set(container(seen, "inherits").anonymous_volumes) == {"/var/lib/app"}


# -- what engines do to their answers ----------------------------------------------------------------------------------


KEPT = {
    *("Id", "Name", "State", "Type", "Names", "Config", "HostConfig", "Destination", "Target", "Subnet"),
    *("Path", "PathOnHost", "Soft", "Hard", "Rate"),
}
"""Without these an answer, or an item of a list, is of nothing."""
TEXTS = {"Labels", "Tmpfs", "Options", "DriverOpts", "Sysctls", "AuxiliaryAddresses"}
"""Mappings from text to text."""


def without_one(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The paths of all parts that an engine may leave out."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in KEPT:
                yield (*path, key), part
            if key in TEXTS:
                continue
            yield from without_one(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if isinstance(part, dict):
                yield from without_one(part, (*path, index))


def replaced(answer: Json, path: tuple[Any, ...], *, missing: bool) -> Json:
    changed = copy.deepcopy(answer)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    if missing:
        del place[path[-1]]
    else:
        place[path[-1]] = None
    return changed


READERS = {
    "containers": answers.container,
    "networks": answers.network,
    "volumes": answers.volume,
    "images": answers.image,
}


@pytest.mark.parametrize("missing", [False, True], ids=["null", "missing"])
@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_null_and_a_missing_key_are_taken_anywhere(generation: str, kind: str, missing: bool) -> None:
    """Engines mix null, [], {} and leaving out freely, between versions and even between two answers."""
    document = recorded(generation)[kind]
    for answer in document.values() if isinstance(document, dict) else document:
        for path, _ in without_one(answer):
            try:
                READERS[kind](replaced(answer, path, missing=missing))
            except Exception as error:  # noqa: BLE001 - the path is what one wants to know
                pytest.fail(f"{answer.get('Name')} {'/'.join(map(str, path))}: {error!r}")
