from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.cells import cell_len
from unit.builders import standing, wishes_of

from netdeploy.engine.holder import Holder
from netdeploy.engine.observed import Snapshot
from netdeploy.identity import TopologyId
from netdeploy.plan.diff import diff
from netdeploy.plan.ownership import our_containers, our_networks, our_volumes
from netdeploy.render.status_text import status_text
from netdeploy.workflow.status import Comparison, EngineStatus, Leftover, TopologyStatus
from netdeploy.workflow.status_report import StatusReport, status_report

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = [None, 80, 140]
SHOP = """
name: shop
containers:
  web: {image: checked, networks: [front], ports: ["8080:80", "127.0.0.1:8443:443", "53:53/udp"]}
  db: {image: busybox, networks: [back], volumes: ["data:/data"]}
networks:
  front: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
  back: {internal: true, ipam: {config: [{subnet: 10.2.0.0/24}]}}
volumes: {data: }
"""
BLOG = TopologyId("blog")
ANNA = Holder("token", "anna", "lab-7", 4711, "", 1.0, "2026-03-02T09:30:00+01:00")


def topology(
    seen: Snapshot, comparison: Comparison, name: str = "shop", holder: Holder | None = None
) -> TopologyStatus:
    return TopologyStatus(
        id=TopologyId(name),
        source=f"/home/anna/{name}.yaml",
        containers=our_containers(seen, TopologyId("shop")),
        networks=our_networks(seen, TopologyId("shop")),
        volumes=our_volumes(seen, TopologyId("shop")),
        comparison=comparison,
        ailments=comparison.changes.health if comparison.changes else (),
        changed_by=holder,
    )


def example() -> StatusReport:
    """A topology in sync, one that differs, one without its file, and one of each that may be left behind."""
    well = standing(SHOP).snapshot()
    engine = standing(SHOP)
    engine.pause("db")
    ill = engine.snapshot()
    changed = diff(wishes_of(SHOP.replace("10.1.0.0", "10.3.0.0").replace("8080:80", "8081:80")), ill)
    gone = Comparison(why_not="the file it came from is not on this machine (any more)", hint="netdeploy diff FILE")
    left = (
        Leftover(
            "lock", "netdeploy.lock.blog", BLOG, f"the lock of `blog`, left by {ANNA.text}", "netdeploy unlock blog"
        ),
        Leftover("volume", "blog-data", BLOG, "a volume of `blog`, of which nothing else is left", "remove it"),
    )
    return status_report(
        EngineStatus(
            "20.10.24",
            (
                topology(well, Comparison(diff(wishes_of(SHOP), well))),
                topology(ill, Comparison(changed), "shop-2", ANNA),
                topology(well, gone, "shop-3"),
            ),
            left,
        ),
        "localhost",
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_example_reads_as_reviewed(width: int | None) -> None:
    text, file = status_text(example(), width=width).plain, GOLDEN / f"status_{width or 'unwrapped'}.txt"
    if os.environ.get("REFRESH"):
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal_or_ends_in_a_space(width: int) -> None:
    for line in status_text(example(), width=width).plain.split("\n"):
        assert line == line.rstrip()
        assert cell_len(line) <= width


def test_counts_and_verdicts() -> None:
    well, ill, gone = example().topologies
    assert (well.in_sync, ill.in_sync, gone.in_sync) == (True, False, None)
    assert (well.running, well.total) == (2, 2)
    assert (ill.running, ill.total) == (1, 2)
    assert ill.changed_by is not None
    assert ill.summary
    assert gone.summary == {}


def test_an_empty_engine_says_so() -> None:
    nothing = status_report(EngineStatus("28.5.2", (), ()))
    assert status_text(nothing).plain == "There is no topology on this engine.\n"
