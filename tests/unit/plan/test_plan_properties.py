from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from unit.builders import compared, depends_on, standing, taken_down, wishes_of
from unit.by_hand import strangers, tamper
from unit.paper_engine import PaperEngine
from unit.topologies import Json, pairs, topologies

from netdeploy.identity import TopologyId
from netdeploy.plan.changes import Action, Changes
from netdeploy.plan.operations import Plan
from netdeploy.plan.ownership import our_containers

pytestmark = pytest.mark.timeout(600)  # to make a failing example small takes up to five minutes
thorough = settings(max_examples=60, suppress_health_check=list(HealthCheck))
texts = topologies().map(json.dumps)
files = pairs().map(lambda pair: (json.dumps(pair[0]), json.dumps(pair[1])))
orders = st.randoms(use_true_random=False)
generations = st.sampled_from(((1, 41), (1, 51)))
BUILT_IN = {"bridge", "host", "none"}


def well_formed(steps: Plan) -> None:
    ids = [operation.id for operation in steps.operations]
    assert len(set(ids)) == len(ids)
    for index, operation in enumerate(steps.operations):
        assert set(operation.after) <= set(ids[:index]), f"{operation.text} comes before what it waits for"
        assert operation.reason


def told(changes: Changes) -> list[str]:
    return [f"{change.action} {change.kind} {change.name}: {change.reason}" for change in changes.changes]


def not_ours(engine: PaperEngine, topology: TopologyId) -> Json:
    """All that somebody else made, as it is."""
    ours = {container.id for container in our_containers(engine.snapshot(), topology)}
    networks = {id_: n for id_, n in engine.networks.items() if _is_others(n, topology)}
    volumes = {name: volume for name, volume in engine.volumes.items() if _is_others(volume, topology)}
    containers = {id_: answer for id_, answer in engine.containers.items() if id_ not in ours}
    return copy.deepcopy({"containers": containers, "networks": networks, "volumes": volumes})


def _is_others(thing: Any, topology: TopologyId) -> bool:
    labels = thing.get("Labels") or {}
    return (labels.get("netdeploy.topology"), labels.get("netdeploy.prefix")) != (topology.name, topology.prefix)


@thorough
@given(files, generations, orders)
def test_any_topology_becomes_any_other_in_every_order_the_plan_allows(
    file: tuple[str, str], api_version: tuple[int, int], order: random.Random
) -> None:
    before, after = file
    engine, wanted = standing(before, api_version), wishes_of(after)
    changes, steps = compared(wanted, engine)
    well_formed(steps)
    event(f"{min(len(steps.operations) // 5 * 5, 40)}+ steps")
    engine.run(steps, order.choice, depends_on(wanted))
    changes, steps = compared(wanted, engine)
    assert changes.in_sync, told(changes)
    assert not steps.operations


@thorough
@given(files, generations, st.data())
def test_changes_by_hand_are_mended_even_while_the_file_changes(
    file: tuple[str, str], api_version: tuple[int, int], data: st.DataObject
) -> None:
    engine = standing(file[0], api_version)
    done = [tamper(engine, data.draw) for _ in range(data.draw(st.integers(1, 3)))]
    wanted = wishes_of(data.draw(st.sampled_from(file)))
    changes, steps = compared(wanted, engine)
    well_formed(steps)
    order = data.draw(orders)
    if not changes.conflicts:
        engine.run(steps, order.choice, depends_on(wanted))
        changes, _ = compared(wanted, engine)
        assert changes.in_sync, [done, told(changes)]


@thorough
@given(pairs(), generations, st.data())
def test_what_is_not_ours_is_a_conflict_or_left_alone(
    pair: tuple[Json, Json], api_version: tuple[int, int], data: st.DataObject
) -> None:
    before, topology = pair
    engine, wanted = standing(json.dumps(before), api_version), wishes_of(json.dumps(topology))
    taken = strangers(engine, topology, data.draw)
    theirs = not_ours(engine, wanted.origin.id)
    changes, steps = compared(wanted, engine)
    well_formed(steps)
    assert set(taken) <= {change.name for change in changes.changes if change.action is Action.CONFLICT}
    event("conflicts" if changes.conflicts else "no conflicts")
    if not changes.conflicts:
        engine.run(steps, data.draw(orders).choice, depends_on(wanted))
        changes, _ = compared(wanted, engine)
        assert changes.in_sync, told(changes)
        assert not_ours(engine, wanted.origin.id) == theirs
    changes, steps = compared(taken_down(prefix=wanted.origin.prefix), engine, remove_volumes=True)
    engine.run(steps)
    assert not_ours(engine, wanted.origin.id) == theirs
    assert set(engine.containers) == set(theirs["containers"])
    assert set(engine.volumes) == set(theirs["volumes"])
    kept = {change.name for change in changes.conflicts}
    assert {network["Name"] for id_, network in engine.networks.items() if id_ not in theirs["networks"]} == kept


@thorough
@given(files, orders, st.data())
def test_what_is_cut_short_at_any_step_is_finished_by_the_next_apply(
    file: tuple[str, str], order: random.Random, data: st.DataObject
) -> None:
    before, after = file
    engine, wanted = standing(before, data.draw(generations)), wishes_of(after)
    for _ in range(data.draw(st.integers(1, 2))):  # the next one may be cut short, too
        _, steps = compared(wanted, engine)
        engine.run(steps, order.choice, depends_on(wanted), until=data.draw(st.integers(0, len(steps.operations))))
    changes, steps = compared(wanted, engine)
    well_formed(steps)
    engine.run(steps, order.choice, depends_on(wanted))
    changes, steps = compared(wanted, engine)
    assert changes.in_sync, told(changes)
    names = {answer["Name"].removeprefix("/") for answer in engine.containers.values()}
    assert names == {wish.name for wish in wanted.containers}


@thorough
@given(files, orders, st.data())
def test_a_teardown_removes_what_was_cut_short_at_any_step(
    file: tuple[str, str], order: random.Random, data: st.DataObject
) -> None:
    before, after = file
    engine, wanted = standing(before, data.draw(generations)), wishes_of(after)
    _, steps = compared(wanted, engine)
    engine.run(steps, order.choice, depends_on(wanted), until=data.draw(st.integers(0, len(steps.operations))))
    _, steps = compared(taken_down(prefix=wanted.origin.prefix), engine, remove_volumes=True)
    engine.run(steps)
    assert not engine.containers
    assert not engine.volumes


@thorough
@given(texts, generations, st.booleans())
def test_a_teardown_leaves_nothing_but_kept_volumes(
    text: str, api_version: tuple[int, int], remove_volumes: bool
) -> None:
    engine = standing(text, api_version)
    volumes = dict(engine.volumes)
    _, steps = compared(taken_down(prefix=wishes_of(text).origin.prefix), engine, remove_volumes=remove_volumes)
    well_formed(steps)
    engine.run(steps)
    assert not engine.containers
    assert {network["Name"] for network in engine.networks.values()} == BUILT_IN
    assert engine.volumes == ({} if remove_volumes else volumes)
