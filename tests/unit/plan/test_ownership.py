"""Whose an object is: by the labels of this version, and by those of older ones, which had no prefix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.builders import compared, standing, taken_down, wishes_of
from unit.paper_engine import PaperEngine

from netdeploy.engine.observed import (
    LABEL_INSTANCE,
    LABEL_KIND,
    LABEL_NAME,
    LABEL_PREFIX,
    LABEL_SOURCE,
    LABEL_TOPOLOGY,
    Tagged,
)
from netdeploy.identity import TopologyId
from netdeploy.plan.changes import Changes
from netdeploy.plan.ownership import Owners, made_from, our_containers, our_networks, our_volumes, owner_text
from netdeploy.workflow.copies import describes, with_contest
from netdeploy.workflow.copies import standing as standing_on

IMAGE_ID = f"sha256:{'1' * 64}"
LAB = """
name: lab
prefix: PREFIX
containers:
  web: {image: nginx, networks: [net, named], volumes: ["data:/data"]}
networks: {net: , named: {name: lan}}
volumes: {data: , store: {name: warehouse}}
"""


def old(engine: PaperEngine) -> PaperEngine:
    """As if an older version had made all that stands."""
    for answer in engine.containers.values():
        del answer["Config"]["Labels"][LABEL_PREFIX]
    for thing in (*engine.networks.values(), *engine.volumes.values()):
        (thing.get("Labels") or {}).pop(LABEL_PREFIX, None)
    return engine


def text(prefix: str) -> str:
    return LAB.replace("prefix: PREFIX\n", f"prefix: {prefix}\n" if prefix else "")


def counted(engine: PaperEngine, prefix: str) -> tuple[int, int, int]:
    seen, id_ = engine.snapshot(), TopologyId("lab", prefix)
    return len(our_containers(seen, id_)), len(our_networks(seen, id_)), len(our_volumes(seen, id_))


@pytest.mark.parametrize("prefix", ["", "a-"])
@pytest.mark.parametrize("make", [lambda engine: engine, old], ids=["now", "before"])
def test_what_was_made_stays_ours_and_is_nobody_elses(prefix: str, make) -> None:  # type: ignore[no-untyped-def]
    engine = make(standing(text(prefix)))
    assert counted(engine, prefix) == (1, 2, 2)
    assert counted(engine, "b-") == (0, 0, 0)
    changes, _ = compared(wishes_of(text(prefix)), engine)
    assert changes.in_sync
    changes, _ = compared(wishes_of(text("b-")), engine)
    assert {change.action for change in changes.changes} == {"create"}


def test_a_name_given_by_hand_does_not_mislead() -> None:
    engine = old(standing(text("a-")))
    engine.rename("a-web", "other-web")
    assert counted(engine, "a-") == (0, 0, 0)  # one container, and its name is all there is to go by
    engine = old(
        standing(text("a-").replace("\nnetworks:", "\n  app: {image: nginx}\n  db: {image: nginx}\nnetworks:"))
    )
    engine.rename("a-web", "other-web")
    assert counted(engine, "a-") == (3, 2, 2)


def test_volumes_that_an_older_version_left_stay_ours() -> None:
    engine = old(standing(text("a-")))
    engine.containers.clear()
    engine.networks = {id_: n for id_, n in engine.networks.items() if not n.get("Labels")}
    assert counted(engine, "a-") == (0, 0, 2)
    assert counted(engine, "") == (0, 0, 0)
    del engine.volumes["a-data"]  # what is left has a name of its own: it may be anybody's whose prefix it bears
    assert counted(engine, "a-") == (0, 0, 1)
    assert counted(engine, "b-") == (0, 0, 0)


def test_a_new_copy_beside_an_old_one() -> None:
    engine = old(standing(text("a-")))
    wanted = wishes_of(text("b-"))
    _, steps = compared(wanted, engine)
    engine.run(steps)
    assert counted(engine, "a-") == counted(engine, "b-") == (1, 2, 2)


def tagged(name: str, key: str, source: str, created: float, prefix: str | None = None) -> Tagged:
    labels = {LABEL_TOPOLOGY: "lab", LABEL_KIND: "container", LABEL_NAME: key, LABEL_SOURCE: source}
    labels[LABEL_INSTANCE] = f"{'0' * 32}@{IMAGE_ID}"
    return Tagged(name, labels | ({LABEL_PREFIX: prefix} if prefix is not None else {}), created)


class Lists:
    """What the lists of an engine hold."""

    def __init__(self, *containers: Tagged) -> None:
        self._containers = containers

    def get(self, path: str, **_query: object) -> list[dict[str, object]]:
        found = self._containers if path == "/containers/json" else ()
        return [
            {"Names": [f"/{t.name}"], "Labels": dict(t.labels), "Created": t.created, "ImageID": IMAGE_ID}
            for t in found
        ]


def test_copies_are_told_apart_and_the_newest_object_names_the_file() -> None:
    known = standing_on(  # type: ignore[arg-type]
        Lists(
            tagged("a-web", "web", "/one", 1, "a-"),
            tagged("a-db", "db", "/two", 2, "a-"),
            tagged("web", "web", "/three", 3, ""),
            tagged("old-web", "web", "/four", 4),
        )
    )
    assert known == {
        TopologyId("lab", ""): ("/three",),
        TopologyId("lab", "a-"): ("/two", "/one"),
        TopologyId("lab", "old-"): ("/four",),
    }
    assert Owners(()).owner(tagged("x", "web", "", 1)) == TopologyId("lab", "")


def test_the_newest_object_names_the_file() -> None:
    engine = standing(text("a-"))
    for number, thing in enumerate((*engine.networks.values(), *engine.containers.values())):
        thing["Created"] = f"2026-03-02T09:30:{number:02}.123456789Z"
    engine.container("a-web")["Config"]["Labels"][LABEL_SOURCE] = "/new.yaml"
    assert made_from(engine.snapshot(), TopologyId("lab", "a-")) == "/new.yaml"
    assert made_from(engine.snapshot(), TopologyId("lab", "b-")) == ""


# -- two files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "still"),
    [
        ("name: lab\n", True),
        ("name: lab\ncontainers: {web: {imag: x}}\n", True),
        ("name: 'lab\n", True),
        ("name: other\n", False),
        ("name: lab\nprefix: b-\n", False),
        (None, False),
    ],
)
def test_a_file_still_describes_a_topology_or_not(content: str | None, *, still: bool, tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    if content is not None:
        file.write_text(content)
    assert describes(file, TopologyId("lab")) is still


def test_what_is_read_once_only_describes_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "pipe", tmp_path / "folder", Path("/dev/stdin"), Path("/proc/self/fd/0"), Path("lab.yaml")):
        assert not describes(path, TopologyId("lab"))


def test_one_file_by_several_paths_is_one(tmp_path: Path) -> None:
    file, link, other = tmp_path / "lab.yaml", tmp_path / "link.yaml", tmp_path / "other.yaml"
    file.write_text("name: lab\n")
    other.write_text("name: lab\n")
    link.symlink_to(file)
    (tmp_path / "inside").mkdir()
    changes = Changes("lab", (), made_from=str(link))
    for path in (file, link, tmp_path / "inside" / ".." / "lab.yaml"):
        assert with_contest(changes, TopologyId("lab"), path).made_from == ""
    assert with_contest(changes, TopologyId("lab"), other).contested
    file.unlink()
    assert not with_contest(changes, TopologyId("lab"), other).contested
    assert with_contest(changes, TopologyId("lab"), other).made_from == str(link)


# -- labels that are not from us ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "a-"])
def test_a_container_that_only_claims_to_be_ours_is_told_and_left_alone(prefix: str) -> None:
    engine = standing(text(prefix))
    image = engine.images["nginx"]
    config = {**image["Config"], "Labels": {LABEL_TOPOLOGY: "lab"}}
    engine.images = {**engine.images, "nginx": {**image, "Config": config}}
    changes, _ = compared(wishes_of(text(prefix)), engine)
    assert [(c.action, c.name) for c in changes.changes] == [("conflict", f"{prefix}web")]
    assert "has the labels of the topology `lab` from its image" in changes.changes[0].reason
    changes, steps = compared(taken_down("lab", prefix), engine)
    assert not [operation for operation in steps.operations if "web" in operation.call.text]
    assert [note for note in changes.notes if f"docker rm -f {prefix}web" in note]
    engine.images = {}
    changes, _ = compared(taken_down("lab", prefix), engine)
    assert [note for note in changes.notes if "its image is gone, so nobody can tell" in note]


def test_a_label_that_names_no_topology_is_nobodys() -> None:
    assert owner_text({LABEL_TOPOLOGY: ".."}) == "was not made by netdeploy (its netdeploy label names no topology)"
    assert owner_text({LABEL_TOPOLOGY: "lab", LABEL_PREFIX: "a b"}).startswith("was not made by netdeploy")
    assert owner_text({}) == "was not made by netdeploy (it has no netdeploy label)"
    assert owner_text({LABEL_TOPOLOGY: "lab", LABEL_PREFIX: "a-"}) == (
        "belongs to the topology `lab` with the prefix `a-`"
    )
    assert Owners(()).owner(Tagged("x", {LABEL_TOPOLOGY: "../x"}, 0)) is None
