"""Plans as text, one file a situation, to be read by people. REFRESH=1 writes them anew: review the difference."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from unit.builders import IMAGES, compared, depends_on, standing, taken_down, wishes_of
from unit.paper_engine import PaperEngine
from unit.plan.situations import SITUATIONS, Situation

from netdeploy.plan.changes import AttachmentChange, Changes
from netdeploy.plan.operations import Plan

GOLDEN = Path(__file__).parent / "golden"


def golden_text(changes: Changes, steps: Plan, *, refused: bool = False) -> str:
    lines = [_change_line(change) for change in changes.changes] or ["in sync"]
    lines += [f"note: {note}" for note in changes.notes]
    lines += ["", *(steps.text.splitlines() if not refused else ["(refused)"])]
    return "\n".join(lines).rstrip() + "\n"


def _change_line(change: object) -> str:
    assert hasattr(change, "action")
    network = f" / {change.network}" if isinstance(change, AttachmentChange) else ""
    hint = f"\n    {change.hint}" if change.hint else ""
    return f"{change.action} {change.kind} {change.name}{network}: {change.reason}{hint}"


def engine_of(situation: Situation) -> PaperEngine:
    engine = standing(situation.before) if situation.before else PaperEngine(IMAGES)
    situation.by_hand(engine)
    return engine


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_the_plan_is_as_reviewed(situation: Situation) -> None:
    wanted = wishes_of(situation.after) if situation.after else taken_down()
    changes, steps = compared(wanted, engine_of(situation), remove_volumes=situation.remove_volumes)
    refused = bool(changes.conflicts and situation.after)  # a teardown does what it can
    text, file = golden_text(changes, steps, refused=refused), GOLDEN / f"{situation.name}.txt"
    if os.environ.get("REFRESH"):
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
@pytest.mark.parametrize("seed", range(5))
def test_the_plan_works_in_each_order_that_its_waits_allow(situation: Situation, seed: int) -> None:
    engine = engine_of(situation)
    wanted = wishes_of(situation.after) if situation.after else taken_down()
    changes, steps = compared(wanted, engine, remove_volumes=situation.remove_volumes)
    if changes.conflicts:
        return
    engine.run(steps, random.Random(seed).choice, depends_on(wanted))
    changes, steps = compared(wanted, engine, remove_volumes=situation.remove_volumes)
    assert changes.in_sync, golden_text(changes, steps)


def test_each_golden_file_belongs_to_a_situation() -> None:
    assert {file.stem for file in GOLDEN.glob("*.txt")} == {situation.name for situation in SITUATIONS}
