"""Names that others on a network have, too, are told of beside a diff."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.builders import standing, wishes_of

from netdeploy.plan.diff import diff

TEXT = """
name: one
prefix: one-
containers:
  web: {image: busybox, networks: {edge: {aliases: [Shop]}}}
networks: {edge: }
"""


def notes(
    *, name: str = "other", hostname: str = "x", aliases: frozenset[str] = frozenset(), topology: str = ""
) -> list[str]:
    engine = standing(TEXT)
    engine.foreign_container(name, ["one-edge"], {"netdeploy.topology": topology} if topology else {})
    seen = engine.snapshot()
    stranger = next(c for c in seen.containers if c.name == name)
    places = {network: replace(place, aliases=aliases) for network, place in stranger.attachments.items()}
    near = replace(stranger, hostname=hostname, attachments=places)
    ours = tuple(c for c in seen.containers if c.name != name)
    found = diff(wishes_of(TEXT), replace(seen, containers=ours, neighbours=(near,)))
    assert found.in_sync
    return list(found.notes)


def test_two_copies_answer_for_each_others_short_names() -> None:
    assert notes(name="two-web", aliases=frozenset({"web"}), topology="two") == [
        "`web` on `one-edge` leads to `one-web` and also to `two-web`, which belongs to the topology `two`"
    ]


@pytest.mark.parametrize(
    "settings",
    [{"name": "shop"}, {"name": "SHOP"}, {"hostname": "shop"}, {"aliases": frozenset({"sHOP"})}],
)
def test_a_name_is_one_by_any_spelling_and_however_it_came_about(settings: dict[str, object]) -> None:
    (note,) = notes(**settings)  # type: ignore[arg-type]
    assert note.startswith("`Shop` on `one-edge` leads to `one-web` and also to `")


def test_others_that_are_called_otherwise_are_not_told() -> None:
    assert notes(aliases=frozenset({"other"})) == []
