"""Nothing overlaps: shipped files, a large drawing, and any other one, in pixels and in characters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from unit.graph.drawings import EVERYTHING, SHIPPED, drawings, drawn, drawn_file, large

from netdeploy.graph.arrange import arrange
from netdeploy.graph.drawing import Bus, Drawing, Node, Tap
from netdeploy.graph.layout import layout, short_image
from netdeploy.graph.placed import Layout, Metrics, PlacedPort, Rect
from netdeploy.graph.svg import PIXELS
from netdeploy.graph.text import CHARACTERS

MEDIA = pytest.mark.parametrize("metrics", [PIXELS, CHARACTERS], ids=["pixels", "characters"])


def check(drawing: Drawing, metrics: Metrics, spread: float = 1.0) -> None:
    placed = layout(drawing, arrange(drawing, spread=spread), metrics)
    assert {node.node.name for node in placed.nodes} == {node.name for node in drawing.nodes}
    assert len(placed.taps) == sum(
        bus.kind != "none"
        for node in drawing.nodes
        for tap in node.taps
        for bus in drawing.buses
        if bus.name == tap.bus
    )
    assert len(placed.ports) == sum(len(node.ports) for node in drawing.nodes)
    nothing_overlaps(placed)
    lines_meet_nothing_but_their_ends(placed)


def nothing_overlaps(placed: Layout) -> None:
    canvas = Rect(0, 0, placed.width, placed.height)
    labels = list(placed.all_labels())
    for label in labels:
        assert canvas.holds(label.rect), label
    for one, other in itertools.combinations(labels, 2):
        assert not one.rect.meets(other.rect), (one, other)
    for node, other in itertools.combinations(placed.nodes, 2):
        stacked = other.part == node.part + 1 and node.rect.x == other.rect.x  # one line between two of a stack
        apart = Rect(node.rect.x, node.rect.y, node.rect.w, node.rect.h - 1) if stacked else node.rect
        assert not apart.meets(other.rect), (node, other)
    for node in placed.nodes:
        assert placed.frame.holds(node.rect)
        for label in labels:
            assert node.rect.holds(label.rect) if label in node.labels else not node.rect.meets(label.rect)
    for label in labels:
        assert not any(label.rect.meets(line) for line in lines(placed)), label


def lines(placed: Layout) -> Iterator[Rect]:
    """Every line as a thin rectangle."""
    for bus in placed.buses:
        if bus.bus.kind != "none":
            yield Rect(bus.x1, bus.y, bus.x2 - bus.x1, 1)
    for tap in placed.taps:
        yield Rect(tap.x, tap.span[0], 1, tap.span[1] - tap.span[0])
    for port in placed.ports:
        yield from strokes(port)


def strokes(port: PlacedPort) -> list[Rect]:
    """The parts of an arrow."""
    return [Rect(x1, y1, x2 - x1 or 1, y2 - y1 or 1) for (x1, y1), (x2, y2) in itertools.pairwise(port.points)]


def lines_meet_nothing_but_their_ends(placed: Layout) -> None:
    for node, line in itertools.product(placed.nodes, lines(placed)):
        inner = Rect(node.rect.x + 1, node.rect.y + 1, node.rect.w - 2, node.rect.h - 2)
        assert not inner.meets(line), (node, line)
    for one, other in itertools.combinations(placed.taps, 2):
        apart = one.x != other.x or one.span[1] <= other.span[0] or other.span[1] <= one.span[0]
        assert apart, (one, other)
    for one, other in itertools.combinations(placed.ports, 2):
        assert not any(a.meets(b) for a in strokes(one) for b in strokes(other)), "no two arrows cross"
    for port, tap in itertools.product(placed.ports, placed.taps):
        crossed = [part for part in strokes(port) if part.meets(Rect(tap.x, tap.span[0], 1, tap.span[1] - tap.span[0]))]
        assert not crossed or (tap.x, port.points[0][1]) in port.crossings, "a crossing is drawn as one"
    for tap in placed.taps:
        bus = next(bus for bus in placed.buses if bus.bus.name == tap.tap.bus)
        assert bus.x1 <= tap.x < bus.x2, "a tap ends on its bus"
        assert bus.y == tap.bus


@MEDIA
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_topologies(file, metrics) -> None:
    check(drawn_file(file), metrics)


@MEDIA
def test_everything_that_a_file_can_say(metrics) -> None:
    check(drawn(EVERYTHING), metrics)


@MEDIA
@pytest.mark.parametrize("seed", range(5))
def test_thirty_containers_on_ten_networks(seed, metrics) -> None:
    check(large(seed), metrics)


@MEDIA
@settings(max_examples=60)
@given(drawing=drawings())
def test_any_drawing(metrics, drawing) -> None:
    check(drawing, metrics)
    check(drawing, metrics, spread=0.0)


def test_a_chain_of_containers_needs_no_crossing() -> None:
    """The file's order of networks is left where another one has fewer crossings."""
    placed = layout(drawn(CHAIN), arrange(drawn(CHAIN)), PIXELS)
    assert not any(tap.crossings for tap in placed.taps)
    assert [bus.bus.name for bus in placed.buses] in (["aa", "bb", "cc", "dd"], ["dd", "cc", "bb", "aa"])


CHAIN = """
containers:
  one: {image: app, networks: [aa, bb]}
  two: {image: app, networks: [bb, cc]}
  three: {image: app, networks: [cc, dd]}
networks: {aa: , cc: , bb: , dd: }
"""


def test_without_a_reason_the_order_is_the_files() -> None:
    text = "containers: {web: {image: app, networks: [zz, mm]}}\nnetworks: {zz: , mm: , aa: }"
    assert [bus.name for bus in arrange(drawn(text)).buses] == ["zz", "mm", "aa"]


def test_taps_know_the_buses_that_they_cross() -> None:
    """Four networks, and a container for each two: no order saves all crossings."""
    names = ("aa", "bb", "cc", "dd")
    pairs = list(itertools.combinations(names, 2))
    nodes = tuple(Node(name="-".join(pair), taps=tuple(Tap(bus=bus) for bus in pair)) for pair in pairs)
    drawing = Drawing("x", "", tuple(Bus(name=name) for name in names), nodes)
    placed = layout(drawing, arrange(drawing), CHARACTERS)
    assert any(tap.crossings for tap in placed.taps)
    for tap in placed.taps:
        crossed = {bus.y for bus in placed.buses if tap.span[0] < bus.y < tap.span[1] and bus.x1 <= tap.x <= bus.x2}
        assert set(tap.crossings) == crossed


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("nginx:1.27", "nginx:1.27"),
        ("registry.example.com/group/sub/application-server:2024.11.1", "…/group/sub/application-server:2024.11.1"),
        ("app@sha256:" + "0123456789abcdef" * 4, "app@sha256:0123456789ab…"),
    ],
)
def test_long_images_keep_what_tells_them_apart(image, shown) -> None:
    assert short_image(image) == shown
