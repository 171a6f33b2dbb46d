"""What an engine holds, drawn into what the file wants."""

from __future__ import annotations

import pytest
from unit.builders import IMAGES, compared, standing, wishes_of
from unit.paper_engine import PaperEngine

from netdeploy.graph.build import drawing
from netdeploy.graph.drawing import Drawing, Mark, Node
from netdeploy.graph.formats import written
from netdeploy.graph.live import with_marks

LAB = """
name: lab
containers:
  web: {image: nginx, networks: {front: {aliases: [www]}}, ports: ["8080:80"]}
  app: {image: busybox, networks: {front: , back: {aliases: [api]}}, environment: {MODE: fast}}
  store: {image: redis, networks: {back: {ipv4_address: 10.1.0.9}}}
networks:
  front:
  back: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
"""


def looked(engine: PaperEngine, text: str = LAB) -> Drawing:
    wanted = wishes_of(text)
    changes, _ = compared(wanted, engine)
    return with_marks(drawing(wanted), wanted, changes, engine.snapshot())


def node(drawn: Drawing, name: str) -> Node:
    return next(node for node in drawn.nodes if node.name == name)


def told(drawn: Drawing) -> list[str]:
    return [f"{mark}: {text}" for mark, text in drawn.remarks()]


def test_all_is_well() -> None:
    drawn = looked(standing(LAB))
    assert drawn.live
    assert drawn.marks == ()
    assert node(drawn, "store").taps[0].addresses == ("10.1.0.9",)
    assert all(tap.addresses for one in drawn.nodes for tap in one.taps)
    assert all(any("/" in fact for fact in bus.facts) for bus in drawn.buses), "the subnets that the engine chose"
    assert ("State", ("running",)) in node(drawn, "web").details


def test_nothing_stands() -> None:
    drawn = looked(PaperEngine(IMAGES))
    assert {one.mark for one in (*drawn.nodes, *drawn.buses)} == {Mark.MISSING}
    assert told(drawn) == [
        "missing: front: it does not exist",
        "missing: back: it does not exist",
        "missing: web: it does not exist",
        "missing: app: it does not exist",
        "missing: store: it does not exist",
    ]


def test_a_stopped_container_and_one_that_is_gone() -> None:
    engine = standing(LAB)
    engine.stop("app", exit_code=3)
    engine.remove("store")
    drawn = looked(engine)
    assert told(drawn) == ["stopped: app: exited with code 3", "missing: store: it does not exist"]
    assert all(tap.mark is None for tap in node(drawn, "store").taps)


def test_off_its_network_and_on_another_one() -> None:
    engine = standing(LAB)
    engine.disconnect("app", "front")
    engine.foreign_network("other")
    engine.connect("app", "other")
    engine.endpoint("web", "front")["Aliases"] = ["stranger"]
    drawn = looked(engine)
    assert told(drawn) == [
        "extra: other: the file does not have it; it was not made by netdeploy (it has no netdeploy label)",
        "different: web on front: alias `www` is missing, alias `stranger` is not in the file",
        "missing: app on front: it is not connected",
        "extra: app on other: the file does not put it there",
    ]
    assert [bus.name for bus in drawn.buses] == ["front", "back", "other"]
    assert "other" in written(drawn, "text")


def test_a_setting_that_differs() -> None:
    drawn = looked(standing(LAB), LAB.replace("MODE: fast", "MODE: slow"))
    assert told(drawn) == ["different: app: `environment.MODE` differs"]
    assert node(drawn, "app").mark is Mark.DIFFERENT


def test_what_the_file_has_no_more() -> None:
    text = LAB + "  side:\n"
    engine = standing(text.replace("  store:", "  old: {image: busybox, networks: [side, front]}\n  store:"))
    drawn = looked(engine)
    assert told(drawn) == [
        "extra: side: the file does not have it any more",
        "extra: old: the file does not have it any more",
    ]
    assert {tap.bus for tap in node(drawn, "old").taps} == {"side", "front"}


def test_a_stranger_on_a_network_of_ours() -> None:
    engine = standing(LAB)
    engine.foreign_container("guest", networks=["back"])
    drawn = looked(engine)
    assert told(drawn) == ["extra: guest: it was not made by netdeploy (it has no netdeploy label)"]
    assert [tap.bus for tap in node(drawn, "guest").taps] == ["back"]


def test_a_stranger_under_a_name_of_ours() -> None:
    engine = standing(LAB)
    engine.remove("web")
    engine.foreign_container("web", networks=["front"])
    drawn = looked(engine)
    assert [one.name for one in drawn.nodes] == ["web", "app", "store"]
    assert node(drawn, "web").mark is Mark.DIFFERENT
    assert "was not made by netdeploy" in node(drawn, "web").notes[0].text


def test_a_container_renamed_by_hand() -> None:
    engine = standing(LAB)
    engine.rename("app", "elsewhere")
    engine.stop("elsewhere", exit_code=1)
    drawn = looked(engine)
    assert [one.name for one in drawn.nodes] == ["web", "app", "store"]
    assert told(drawn) == ["different: app: it is called `elsewhere`", "stopped: app: exited with code 1"]


@pytest.mark.parametrize(("verb", "mark"), [("pause", Mark.STOPPED), ("health", Mark.UNWELL)])
def test_paused_and_unhealthy(verb, mark) -> None:
    text = LAB.replace("image: redis", "image: checked")
    engine = standing(text)
    if verb == "pause":
        engine.pause("store")
    else:
        engine.health("store", "unhealthy")
    drawn = looked(engine, text)
    assert node(drawn, "store").mark is mark
    assert len(drawn.remarks()) == 1


def test_a_missing_external_network() -> None:
    text = "containers: {web: {image: nginx, networks: [out]}}\nnetworks: {out: {external: true}}"
    drawn = looked(PaperEngine(IMAGES), text)
    assert next(bus for bus in drawn.buses if bus.name == "out").mark is Mark.MISSING
