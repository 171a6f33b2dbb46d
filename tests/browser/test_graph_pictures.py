"""Pictures of `netdeploy graph` as pixels: by a viewer that has little CSS (librsvg), and by a browser."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.graph.drawings import EVERYTHING, SHIPPED, drawn, drawn_file, large
from unit.graph.test_graph_formats import MARKED

from browser.chromium import Browser
from browser.png import Colour, Picture, read_png
from netdeploy.graph.arrange import arrange
from netdeploy.graph.drawing import Drawing, Mark
from netdeploy.graph.formats import written
from netdeploy.graph.layout import layout
from netdeploy.graph.paint import COLOURS, NETWORKS
from netdeploy.graph.placed import Layout, PlacedBus
from netdeploy.graph.svg import PIXELS

DRAWINGS = {
    "exercise": drawn_file(SHIPPED[0].parent / "netflix.yaml"),
    "everything": drawn(EVERYTHING),
    "marked": MARKED,
    "large": large(),
}
LIGHT, DARK = 0, 1


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_viewer_without_variables_shows_what_matters(name: str, rsvg_convert: str, tmp_path: Path) -> None:
    file, picture = tmp_path / "picture.svg", tmp_path / "picture.png"
    file.write_text(written(DRAWINGS[name], "svg"))
    subprocess.run([rsvg_convert, file, "-o", picture], check=True, timeout=60)
    shows_what_matters(DRAWINGS[name], read_png(picture), LIGHT)


@pytest.mark.parametrize(
    ("name", "ground"),
    [("exercise", LIGHT), ("exercise", DARK)]
    + [
        pytest.param(name, ground, marks=pytest.mark.whole)
        for name in DRAWINGS
        for ground in (LIGHT, DARK)
        if name != "exercise"
    ],
    ids=lambda value: value if isinstance(value, str) else ("light", "dark")[value],
)
def test_a_browser_shows_what_matters(name: str, ground: int, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(written(DRAWINGS[name], "svg"))
    placed = layout(DRAWINGS[name], arrange(DRAWINGS[name]), PIXELS)
    shot = browser.shoot(file, placed.width, placed.height, dark=ground == DARK)
    shows_what_matters(DRAWINGS[name], read_png(shot), ground)


def shows_what_matters(drawing: Drawing, picture: Picture, ground: int) -> None:
    placed = layout(drawing, arrange(drawing), PIXELS)
    assert picture.width >= placed.width
    assert picture.height >= placed.height
    for what, seen, colour in areas(placed, picture):
        assert seen == rgb(COLOURS[colour][ground]), what
    for bus in placed.buses:
        if bus.bus.kind != "none":
            turn = drawing.buses.index(bus.bus)
            colour = COLOURS[NETWORKS[turn % len(NETWORKS)]][ground]
            assert share(bus, picture, rgb(colour)) > (0.3 if bus.bus.mark is Mark.MISSING else 0.6), bus.bus.name
    for label in placed.all_labels():
        assert readable(picture.within(label.rect.x, label.rect.y, label.rect.w, label.rect.h)), label.text
    for node in placed.nodes:
        if node.node.mark:
            edge = picture.within(node.rect.x - 1, node.rect.y, 3, node.rect.h)
            wanted = rgb(COLOURS[node.node.mark][ground])
            assert min(distance(pixel, wanted) for pixel in edge) < 90, node.node.name


def areas(placed: Layout, picture: Picture) -> Iterator[tuple[str, Colour, str]]:
    """What is filled: what it is, the colour of a pixel of it, and the name of the colour that it should have."""
    yield "the ground", picture.at(2, 2), "bg"
    yield "the frame", picture.at(placed.frame.right - 4, placed.frame.y + 20), "frame"
    if placed.host:
        yield "the host", picture.at(placed.host.x + 4, placed.host.bottom - 14), "host"
    for node in placed.nodes:
        yield node.node.name, picture.at(node.rect.x + 8, node.rect.y + 4), "box"


def share(bus: PlacedBus, picture: Picture, colour: Colour) -> float:
    """How much of a network's line is painted with a colour, from 0 to 1."""
    line = [picture.at(x, bus.y) for x in range(bus.x1, bus.x2)]
    return sum(seen == colour for seen in line) / len(line)


def readable(pixels: list[Colour]) -> bool:
    """Whether there is a ground, and letters that stand out from it."""
    ground, times = Counter(pixels).most_common(1)[0]
    return times > len(pixels) / 3 and max(contrast(ground, pixel) for pixel in set(pixels)) >= 3


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21, as WCAG 2 has it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def distance(one: Colour, other: Colour) -> int:
    """From 0 to 765: thin lines are blended with what is behind them."""
    return sum(abs(mine - theirs) for mine, theirs in zip(one, other, strict=True))


def rgb(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def test_black_on_black_would_be_seen() -> None:
    assert not readable([(0, 0, 0)] * 50)
    assert not readable([(20, 20, 20)] * 5 + [(0, 0, 0)] * 50)
    assert readable([(20, 20, 20)] * 5 + [(255, 255, 255)] * 50)
