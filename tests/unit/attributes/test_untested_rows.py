"""Rows that a plain test machine can't exercise, held to recorded answers and to the form that Docker's API documents.

An engine answers with `HostConfig` as it was sent, so the recorded answer of a plain object with the documented
fragment in it is what an engine that has the feature answers. Forms: https://docs.docker.com/reference/api/engine/.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from unit.builders import wishes_of
from unit.engine.test_answers import GENERATIONS, recorded

from netdeploy.attributes import container, network, reference, volume
from netdeploy.attributes.table import Attribute, AttributeChange, Effect, compare
from netdeploy.engine import answers
from netdeploy.topology.model import Attachment, Container, Network, Volume

Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`given` is the file's; `sent` the place in the create body that it goes to, with the value."""

    given: Json
    sent: tuple[str, Any]


CONTAINERS = {
    "platform": Case({"platform": "linux/arm64"}, ("platform", "linux/arm64")),
    "cpu_rt_runtime": Case({"cpu_rt_runtime": 950}, ("HostConfig.CpuRealtimeRuntime", 950)),
    "cpu_rt_period": Case({"cpu_rt_period": "1ms"}, ("HostConfig.CpuRealtimePeriod", 1000)),
    "cpu_count": Case({"cpu_count": 2}, ("HostConfig.CpuCount", 2)),
    "cpu_percent": Case({"cpu_percent": 50}, ("HostConfig.CpuPercent", 50)),
    "storage_opt": Case({"storage_opt": {"size": "1G"}}, ("HostConfig.StorageOpt", {"size": "1G"})),
    "blkio_config.weight": Case({"blkio_config": {"weight": 300}}, ("HostConfig.BlkioWeight", 300)),
    "blkio_config.weight_device": Case(
        {"blkio_config": {"weight_device": [{"path": "/dev/sda", "weight": 400}]}},
        ("HostConfig.BlkioWeightDevice", [{"Path": "/dev/sda", "Weight": 400}]),
    ),
    "isolation": Case({"isolation": "hyperv"}, ("HostConfig.Isolation", "hyperv")),
    "gpus": Case(
        {"gpus": [{"driver": "nvidia", "count": 2, "capabilities": ["gpu", "utility"], "options": {"x": "1"}}]},
        (
            "HostConfig.DeviceRequests",
            [{"Driver": "nvidia", "Count": 2, "Capabilities": [["gpu", "utility"]], "Options": {"x": "1"}}],
        ),
    ),
}
NETWORKS = {
    "driver": Case({"driver": "macvlan"}, ("Driver", "macvlan")),
    "ipam.driver": Case({"ipam": {"driver": "infoblox"}}, ("IPAM.Driver", "infoblox")),
}
VOLUMES = {"driver": Case({"driver": "rclone"}, ("Driver", "rclone"))}
CASES: dict[type, dict[str, Case]] = {Container: CONTAINERS, Attachment: {}, Network: NETWORKS, Volume: VOLUMES}
ALL = [(model, path) for model, cases in CASES.items() for path in cases]


KINDS: dict[type, tuple[str, str, Any, Any, Sequence[Attribute[Any, Any]]]] = {
    Container: ("containers", "plain", answers.container, container.create_body, container.ROWS),
    Network: ("networks", "auto", answers.network, network.create_body, network.ROWS),
    Volume: ("volumes", "data", answers.volume, volume.create_body, volume.ROWS),
}
"""Where the answers are recorded and under which name; how one is read, and made; its rows."""
SILENT: dict[type, Json] = {
    Container: {"image": "busybox", "command": ["sleep", "100000"]},
    Network: {},
    Volume: {"labels": {"kept": "yes"}},
}


def test_each_untested_row_has_a_case_and_no_other() -> None:
    for table in reference.TABLES:
        assert {row.path for row in table.rows if row.untested} == set(CASES[table.model])


def wish(model: type, given: Json) -> Any:
    kind, key, *_ = KINDS[model]
    document: Json = {"name": "rec-lab", "prefix": "rec-", kind: {key: {**SILENT[model], **given}}}
    made = wishes_of(json.dumps(document), {"busybox": recorded("28")["images"]["busybox"]})
    return getattr(made, kind)[0]


def answer(model: type, generation: str, case: Case | None = None) -> Json:
    """The plain object's answer; with `case`, as of an engine that took it."""
    kind, key, *_ = KINDS[model]
    plain = next(one for one in recorded(generation)[kind] if one["Name"].removeprefix("/") == f"rec-{key}")
    changed: Json = copy.deepcopy(plain)
    if case:
        *parents, last = case.sent[0].split(".")
        place = changed
        for parent in parents:
            place = place[parent]
        place[last] = case.sent[1]
    return changed


def live(model: type, generation: str, case: Case | None = None) -> Any:
    given = KINDS[model][2](answer(model, generation, case))
    if model is Container:  # the platform is the image's, and its answer tells it
        return replace(given, platform="linux/arm64" if case and case.sent[0] == "platform" else "linux/amd64")
    return given


def differences(model: type, given: Json, found: Any) -> list[AttributeChange]:
    kind, key, _, _, rows = KINDS[model]
    return list(compare(rows, wish(model, given), found, f"{kind}.{key}"))


def at(body: Json, path: str) -> Any:
    for step in path.split("."):
        body = body.get(step, {})
    return body


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.__name__)
def test_a_plain_object_is_as_a_silent_file_says(model: type, generation: str) -> None:
    assert differences(model, {}, live(model, generation)) == []


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("model", "path"), ALL, ids=[f"{model.__name__}.{path}" for model, path in ALL])
def test_an_untested_row(model: type, path: str, generation: str) -> None:
    case = CASES[model][path]
    kind, key, _, create_body, rows = KINDS[model]
    effect = next(row.effect for row in rows if row.path == path)
    assert without_empty(at(create_body(wish(model, case.given)), case.sent[0])) == case.sent[1]
    assert differences(model, case.given, live(model, generation, case)) == []

    (set_now,) = differences(model, case.given, live(model, generation))
    assert set_now.path.startswith(f"{kind}.{key}.{path}")
    assert set_now.effect is effect

    gone = differences(model, {}, live(model, generation, case))
    if path == "platform":  # a silent file takes what the image is for
        assert gone == []
        return
    assert [change.path for change in gone] == [set_now.path]
    assert (gone[0].before, gone[0].after) == (set_now.after, set_now.before)
    assert gone[0].effect is Effect.REPLACE


def without_empty(value: Any) -> Any:
    """As an engine takes it: a null in a request is the same as nothing."""
    if isinstance(value, dict):
        return {key: without_empty(part) for key, part in value.items() if part is not None}
    return [without_empty(part) for part in value] if isinstance(value, list) else value
