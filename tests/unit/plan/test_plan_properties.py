from __future__ import annotations

import random

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from unit.builders import compared, depends_on, standing, taken_down, wishes_of
from unit.topologies import tamper, topologies

from netdeploy.plan.changes import Changes
from netdeploy.plan.operations import Plan

thorough = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def well_formed(steps: Plan) -> None:
    ids = [operation.id for operation in steps.operations]
    assert len(set(ids)) == len(ids)
    for index, operation in enumerate(steps.operations):
        assert set(operation.after) <= set(ids[:index]), f"{operation.text} comes before what it waits for"
        assert operation.reason


def told(changes: Changes) -> list[str]:
    return [f"{change.action} {change.kind} {change.name}: {change.reason}" for change in changes.changes]


@thorough
@given(topologies(), topologies(), st.randoms(use_true_random=False))
def test_any_topology_becomes_any_other_in_every_order_the_plan_allows(
    before: str, after: str, order: random.Random
) -> None:
    engine, wanted = standing(before), wishes_of(after)
    changes, steps = compared(wanted, engine)
    well_formed(steps)
    event(f"{min(len(steps.operations) // 5 * 5, 40)}+ steps")
    engine.run(steps, order.choice, depends_on(wanted))
    changes, steps = compared(wanted, engine)
    assert changes.in_sync, told(changes)
    assert not steps.operations


@thorough
@given(topologies(), topologies(), st.data())
def test_changes_by_hand_are_mended_even_while_the_file_changes(before: str, after: str, data: st.DataObject) -> None:
    engine = standing(before)
    done = [tamper(engine, data.draw) for _ in range(data.draw(st.integers(1, 3)))]
    wanted = wishes_of(data.draw(st.sampled_from((before, after))))
    changes, steps = compared(wanted, engine)
    well_formed(steps)
    order = data.draw(st.randoms(use_true_random=False))
    if not changes.conflicts:
        engine.run(steps, order.choice, depends_on(wanted))
        changes, _ = compared(wanted, engine)
        assert changes.in_sync, [done, told(changes)]


@thorough
@given(topologies(), topologies(), st.randoms(use_true_random=False), st.data())
def test_what_is_cut_short_at_any_step_is_finished_by_the_next_apply(
    before: str, after: str, order: random.Random, data: st.DataObject
) -> None:
    engine, wanted = standing(before), wishes_of(after)
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
@given(topologies(), topologies(), st.randoms(use_true_random=False), st.data())
def test_a_teardown_removes_what_was_cut_short_at_any_step(
    before: str, after: str, order: random.Random, data: st.DataObject
) -> None:
    engine, wanted = standing(before), wishes_of(after)
    _, steps = compared(wanted, engine)
    engine.run(steps, order.choice, depends_on(wanted), until=data.draw(st.integers(0, len(steps.operations))))
    _, steps = compared(taken_down(), engine, remove_volumes=True)
    engine.run(steps)
    assert not engine.containers
    assert not engine.volumes


@thorough
@given(topologies(), st.booleans())
def test_a_teardown_leaves_nothing_but_kept_volumes(text: str, remove_volumes: bool) -> None:
    engine = standing(text)
    volumes = dict(engine.volumes)
    _, steps = compared(taken_down(), engine, remove_volumes=remove_volumes)
    well_formed(steps)
    engine.run(steps)
    assert not engine.containers
    assert {network["Name"] for network in engine.networks.values()} == {"bridge", "host", "none"}
    assert engine.volumes == ({} if remove_volumes else volumes)
