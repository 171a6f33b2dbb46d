"""Every row of the table of attributes, on a real engine, through all that can happen to it.

One engine does it for all rows at once: each row has an object of its own in one topology, which goes through the
phases below, and each test looks at what became of its row. Without --whole, some of the phases are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from docker import DockerClient
from docker.errors import APIError

from engine import row_examples
from engine.lab import Lab, sweep
from engine.row_examples import SLEEP, Example
from netdeploy.attributes import reference
from netdeploy.attributes.table import RELEASES, Attribute, Effect
from netdeploy.engine.engine import Engine
from netdeploy.topology.model import Attachment, Container, Network, Volume

pytestmark = pytest.mark.timeout(600)  # the first test waits for all phases
Json = dict[str, Any]
Row = Attribute[Any, Any]
ROWS = {table.model: {row.path: row for row in table.rows} for table in reference.TABLES}
EXAMPLES: dict[type, dict[str, Example]] = {
    Container: row_examples.CONTAINERS,
    Attachment: row_examples.ATTACHMENTS,
    Network: row_examples.NETWORKS,
    Volume: row_examples.VOLUMES,
}
TESTED = [(model, path) for model, examples in EXAMPLES.items() if model is not Volume for path in examples]
FIXED_NETWORK = {
    "name": "rows",
    "enable_ipv6": True,
    "ipam": {"config": [{"subnet": "10.83.90.0/24"}, {"subnet": "fd00:83:90::/64"}]},
}


def test_every_row_has_an_example_or_says_why_it_is_untested() -> None:
    for model, rows in ROWS.items():
        untested = {path for path, row in rows.items() if row.untested}
        assert set(EXAMPLES[model]) | untested == set(rows)
        assert not set(EXAMPLES[model]) & untested


@dataclass
class Case:
    """One row, and the object that has it."""

    model: type
    path: str
    example: Example
    row: Row

    @property
    def key(self) -> str:
        """The name of its container in the file."""
        return f"{self.model.__name__}-{self.path}".lower().replace(".", "-").replace("_", "-")

    @property
    def container(self) -> str:
        return f"ndt-{self.key}"


@dataclass
class Record:
    """What the phases saw, by phase."""

    api: tuple[int, int]
    cases: list[Case]
    diffs: dict[str, list[Json]] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    unstartable: set[str] = field(default_factory=set)

    def of(self, phase: str, case: Case) -> list[Json]:
        """The changes that a diff saw of one case's object."""
        names = {case.container, f"ndt-{case.key}"}
        if case.model is Network:
            names |= {f"ndt-net-{case.key}", f"ndt-{case.example.given.get('name')}"}
        return [change for change in self.diffs[phase] if change["name"] in names]


def merged(base: Json, *others: Json) -> Json:
    return {key: value for part in (base, *others) for key, value in part.items()}


def document(cases: list[Case], *, given: bool) -> Json:
    """The topology with every row set, or with every file silent about its row."""
    containers: Json = {
        "target": {"image": "BUSYBOX", "command": SLEEP, "init": True, "ipc": "shareable"},
        "neighbour": {"image": "BUSYBOX", "command": SLEEP, "init": True, "networks": ["rows"]},
    }
    networks: Json = {"rows": FIXED_NETWORK}
    volumes: Json = {"kept": None, "filled": {"external": True, "name": "ndt-filled"}}
    for case in cases:
        settings = merged(case.example.keep, case.example.given if given else {})
        container: Json = {"image": "BUSYBOX", "command": SLEEP, "init": True}
        if case.model is Container:
            container |= settings
        elif case.model is Attachment:
            container["networks"] = {"rows": settings}
            container |= {"links": ["neighbour:peer"]} if case.path == "links" and given else {}
        else:
            networks[f"net-{case.key}"] = settings
            container["networks"] = [f"net-{case.key}"]
        containers[case.key] = container
    return {"name": "ndt-all", "prefix": "ndt-", "containers": containers, "networks": networks, "volumes": volumes}


class Phases:
    """Takes the topology through its life, and records what diff says at each stage."""

    def __init__(self, lab: Lab, record: Record) -> None:
        self.lab = lab
        self.record = record
        self.file = lab.folder / "ndt-all.yaml"

    def write(self, *, given: bool) -> None:
        text = json.dumps(document(self.record.cases, given=given), indent=1)
        self.file.write_text(text.replace("BUSYBOX", self.lab.busybox))

    def apply(self, phase: str) -> None:
        result = self.lab.run("apply", self.file)
        if result.code:
            self.record.failures[phase] = result.both
        self.look(phase)

    def look(self, phase: str) -> None:
        result = self.lab.run("diff", self.file, "-o", "json")
        assert result.code in (0, 1), result.both
        self.record.diffs[phase] = result.json["changes"]
        self.record.ids[phase] = {c.name: c.id for c in self.lab.client.containers.list(all=True)}

    def each(self, verb: str, **arguments: Any) -> None:
        with ThreadPoolExecutor(4) as pool:
            names = ["ndt-target", "ndt-neighbour", *(case.container for case in self.record.cases)]
            head, rest = names[:2], names[2:]
            for part in (head, rest) if verb != "stop" else (rest, head):
                list(pool.map(lambda name: getattr(self.lab.container(name), verb)(**arguments), part))

    def by_hand(self) -> None:
        for case in self.record.cases:
            if case.example.by_hand:
                case.example.by_hand(self.lab.client, case.container)

    def run(self, *, whole: bool) -> None:
        self.write(given=True)
        self.apply("made")
        if whole:
            self.each("stop", timeout=5)
            self.look("stopped")
            self.each("start")
            self.look("started")
        self.by_hand()
        self.look("changed by hand")
        self.apply("mended")
        self.write(given=False)
        self.look("taken out")
        self.apply("without")
        if whole:
            self.by_hand()
            self.look("changed where silent")
            self.apply("back to the default")


def cannot_start(client: DockerClient, busybox: str, **settings: Any) -> bool:
    """Whether the engine itself can't start such a container on this machine (its kernel, its own confinement)."""
    container = client.containers.create(busybox, ["true"], name="ndt-probe", **settings)
    try:
        container.start()
    except APIError:
        return True
    finally:
        container.remove(force=True)
    return False


@pytest.fixture(scope="module")
def record(
    engine: Engine,
    by_hand: DockerClient,
    busybox: str,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Record]:
    sweep(by_hand)
    lab = Lab(engine, by_hand, busybox, tmp_path_factory.mktemp("rows"))
    by_hand.volumes.create("ndt-filled")
    by_hand.containers.run(
        busybox, ["mkdir", "-p", "/d/part"], volumes={"ndt-filled": {"bind": "/d"}}, remove=True, network_mode="none"
    )
    image = lab.image("ndt-other-image", 'CMD ["sh"]')
    api = engine.reader.api_version
    cases = [Case(model, path, EXAMPLES[model][path], ROWS[model][path]) for model, path in TESTED]
    unstartable = {"privileged"} if cannot_start(by_hand, busybox, privileged=True) else set()
    usable = [c for c in cases if (c.row.since or (0, 0)) <= api and c.path not in unstartable]
    made = Record(api, usable, unstartable=unstartable)
    try:
        Phases(lab, made).run(whole=pytestconfig.getoption("whole"))
        yield made
    finally:
        sweep(by_hand)
        lab.remove_image(image)


def case_of(record: Record, model: type, path: str) -> Case | None:
    return next((case for case in record.cases if (case.model, case.path) == (model, path)), None)


def paths_of(changes: list[Json]) -> list[str]:
    return [attribute["path"] for change in changes for attribute in change["attributes"]]


def is_about(path: str, case: Case) -> bool:
    names = {
        Container: f"containers.{case.key}.{case.path}",
        Attachment: f"containers.{case.key}.networks.rows.{case.path}",
        Network: f"networks.net-{case.key}.{case.path}",
    }
    return path == names[case.model] or path.startswith(f"{names[case.model]}.")


def effects_of(changes: list[Json]) -> set[str]:
    return {attribute["effect"] for change in changes for attribute in change["attributes"]}


def only(record: Record, phase: str, case: Case, effect: Effect) -> list[Json]:
    """The one change that a phase must have seen: its path is the row's, its effect the declared one."""
    changes = record.of(phase, case)
    if case.model is Network:  # its container moves with it
        assert {change["kind"] for change in changes} <= {"network", "attachment"}
        changes = [change for change in changes if change["kind"] == "network"]
    assert len(changes) == 1, changes
    assert paths_of(changes), changes
    assert all(is_about(path, case) for path in paths_of(changes)), changes
    assert effects_of(changes) == {effect.value}, changes
    return changes


def kept(record: Record, before: str, after: str, case: Case) -> bool:
    return record.ids[before][case.container] == record.ids[after][case.container]


@pytest.mark.parametrize(("model", "path"), TESTED, ids=[f"{model.__name__}.{path}" for model, path in TESTED])
def test_row(record: Record, lab: Lab, model: type, path: str) -> None:
    case = case_of(record, model, path)
    if case is None:
        row = ROWS[model][path]
        if row.since and row.since > record.api:
            refused(lab, Case(model, path, EXAMPLES[model][path], row))
        else:
            echoed(lab, Case(model, path, EXAMPLES[model][path], row))
        return
    for phase in {"made", "started", "mended"} & set(record.diffs):
        assert not record.of(phase, case), phase
    if "stopped" in record.diffs:
        assert {change["action"] for change in record.of("stopped", case)} <= {"start"}
        assert not paths_of(record.of("stopped", case))
    if case.example.by_hand:
        only(record, "changed by hand", case, case.row.effect)
    else:
        assert not record.of("changed by hand", case)
    assert kept(record, "made", "mended", case) == (not case.example.by_hand or case.row.effect != Effect.REPLACE)
    effect = case.example.taken_away or case.row.effect
    only(record, "taken out", case, effect)
    assert not record.of("without", case)
    assert kept(record, "mended", "without", case) == (effect != Effect.REPLACE or model is Network)
    if "changed where silent" in record.diffs:
        silent(record, case)


def silent(record: Record, case: Case) -> None:
    """What is set by hand where the file is silent goes back to the default, too."""
    changes = record.of("changed where silent", case)
    shown = bool(case.example.by_hand) and case.path not in NOTHING_TO_SEE
    assert bool(changes) == shown, changes
    assert all(is_about(path, case) for path in paths_of(changes)), changes
    assert not record.of("back to the default", case)
    assert kept(record, "without", "back to the default", case) == ("replace" not in effects_of(changes))


NOTHING_TO_SEE = {"mac_address", "driver_opts"}
"""Their change by hand is a bare reconnect, which is no difference to a silent file."""


def refused(lab: Lab, case: Case) -> None:
    """An engine that is too old: the attribute, the engine's version and the version that has it."""
    text = json.dumps(document([case], given=True))
    file = lab.folder / "ndt-all.yaml"
    file.write_text(text.replace("BUSYBOX", lab.busybox))
    before = lab.names()
    result = lab.run("apply", file)
    assert result.code == 2
    assert f".{case.path}: needs Docker {RELEASES[case.row.since or (0, 0)]}" in result.err
    assert f"Docker {lab.engine.reader.engine_version}" in result.err
    assert lab.names() == before


def echoed(lab: Lab, case: Case) -> None:
    """What this machine's engine can't start: it is made, and reads back as it was sent."""
    lab.client.containers.create(lab.busybox, SLEEP, name=case.container, init=True, **case.example.given)
    text = json.dumps(document([case], given=True))
    file = lab.folder / "ndt-all.yaml"
    file.write_text(text.replace("BUSYBOX", lab.busybox))
    (change,) = (c for c in lab.diff(file) if c["name"] == case.container)
    assert change["action"] == "conflict"
    assert paths_of([change]) == []
    file.write_text(json.dumps(document([case], given=False)).replace("BUSYBOX", lab.busybox))
    (change,) = (c for c in lab.diff(file) if c["name"] == case.container)
    assert [is_about(path, case) for path in paths_of([change])] == [True]


def test_no_phase_failed(record: Record) -> None:
    assert not record.failures


@pytest.mark.parametrize("path", row_examples.VOLUMES)
def test_row_of_a_volume(lab: Lab, path: str) -> None:
    """No engine can change a volume, and replacing it would lose its data: a person decides."""
    given = row_examples.VOLUMES[path].given
    file = lab.write(json.dumps({"name": "ndt-lab", "prefix": "ndt-", "volumes": {"data": given}}))
    lab.apply(file)
    file = lab.write(json.dumps({"name": "ndt-lab", "prefix": "ndt-", "volumes": {"data": {}}}))
    (change,) = lab.diff(file)
    if path == "name":  # another name is another volume; the old one is kept
        assert change["action"] == "create"
        lab.apply(file)
        assert lab.volumes() == {"ndt-data", f"ndt-{given['name']}"}
        return
    assert change["action"] == "conflict"
    assert [name.startswith(f"volumes.data.{path}") for name in paths_of([change])] == [True] * len(given[path])
    assert lab.run("apply", file).code == 2
