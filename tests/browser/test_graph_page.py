"""Pictures and pages of `netdeploy graph`, as a browser shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.graph.drawings import EVERYTHING, SHIPPED, drawn, drawn_file, large
from unit.graph.test_graph_formats import hostile

from browser.chromium import Browser
from netdeploy.cli.main import run
from netdeploy.graph.drawing import Drawing
from netdeploy.graph.formats import written

DRAWINGS = {file.name: drawn_file(file) for file in SHIPPED} | {
    "everything": drawn(EVERYTHING),
    "thirty on ten": large(),
    "thirty on ten, others": large(seed=11),
}
# every text with the room it takes, and every box, in the picture's own units
MEASURE = """
const svg = document.querySelector("svg");
const room = (element) => { const {x, y, width, height} = element.getBBox(); return [x, y, x + width, y + height]; };
return {
  view: [0, 0, svg.viewBox.baseVal.width, svg.viewBox.baseVal.height],
  texts: [...svg.querySelectorAll("text")].map((element) => [element.textContent, ...room(element)]),
  boxes: [...svg.querySelectorAll(".box")].map(room),
  lines: [...svg.querySelectorAll("path")].map(room),
};
"""


def meet(one: list[float], other: list[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(one: list[float], other: list[float]) -> bool:
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_label_meets_another_or_leaves_the_picture(name, browser: Browser) -> None:
    seen = browser.ask(written(DRAWINGS[name], "html"), MEASURE)
    assert len(seen["texts"]) > len(DRAWINGS[name].nodes)
    for text, *room in seen["texts"]:
        assert inside(room, seen["view"]), text
        # a label of a box is inside it, any other one does not touch it
        assert all(inside(room, box) or not meet(room, box) for box in seen["boxes"]), text
        assert not any(meet(room, line) for line in straight(seen["lines"])), text
    rooms = [(text, room) for text, *room in seen["texts"]]
    for index, (text, room) in enumerate(rooms):
        for other, other_room in rooms[index + 1 :]:
            assert not meet(room, other_room), (text, other)


def straight(lines: list[list[float]]) -> list[list[float]]:
    """Lines that run in one direction: the room of one with a bend says nothing."""
    return [line for line in lines if line[2] - line[0] < 1 or line[3] - line[1] < 1]


@pytest.mark.parametrize(
    "drawing", [DRAWINGS["netflix.yaml"], large(), hostile()], ids=["exercise", "large", "hostile"]
)
def test_a_page_opens_without_a_request_or_a_complaint(drawing: Drawing, browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(written(drawing, "html"))
    visit = browser.visit(page)
    assert visit.complaints == []
    assert visit.requests == []
    assert visit.dom.count("<script") == 1
    assert "<img" not in visit.dom


def test_a_request_and_a_complaint_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<img src='http://example.invalid/a.png'><script>console.error('oh')</script>")
    visit = browser.visit(page)
    assert visit.requests == ["http://example.invalid/a.png"]
    assert any("oh" in line for line in visit.complaints)


def test_a_picture_is_one_to_the_browser(browser: Browser) -> None:
    """As a page shows it that embeds the file: drawn, with its own size."""
    seen = browser.ask(
        f"<body>{written(DRAWINGS['netflix.yaml'], 'svg').partition('?>')[2]}</body>",
        "const box = document.querySelector('svg').getBoundingClientRect(); return [box.width, box.height];",
    )
    assert min(seen) > 300


POINT = """
const at = (id, kind) => document.getElementById(id).dispatchEvent(new MouseEvent(kind, {bubbles: kind === "click"}));
const key = (target, name) => target.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true}));
const shown = () => document.querySelector("aside").hidden
  ? null : document.querySelector("aside article:not([hidden])").innerText;
// a window that is not in front fires no such event by itself
const moved = (target, name) => {
  target[name]();
  if (!document.hasFocus()) target.dispatchEvent(new FocusEvent(name));
};
const steps = {};
steps.before = shown();
at("n0", "mouseenter"); steps.hover = shown();
at("n0", "mouseleave"); steps.left = shown();
at("n1", "click"); steps.click = shown();
at("n1", "mouseleave"); at("n0", "mouseenter"); steps.pinned = shown();
key(document, "Escape"); steps.escape = shown();
at("b0", "click"); steps.network = shown();
document.querySelector("aside button").click(); steps.closed = shown();
moved(document.getElementById("n2"), "focus"); steps.focus = shown();
moved(document.getElementById("n2"), "blur"); steps.blur = shown();
key(document.getElementById("n2"), "Enter"); steps.enter = shown();
document.querySelector("main").click(); steps.elsewhere = shown();
return steps;
"""


def test_pointing_at_a_container_shows_its_details(browser: Browser) -> None:
    steps: dict[str, Any] = browser.ask(written(DRAWINGS["netflix.yaml"], "html"), POINT)
    nobody = ("before", "left", "escape", "closed", "blur", "elsewhere")
    assert [steps[name] for name in nobody] == [None] * len(nobody)
    assert steps["hover"].startswith("netflix-frontend container")
    assert "MOVIE_CATALOG_SERVICE=http://netflix-catalog:8080" in steps["hover"]
    assert "alonithuji/netflix-frontend:0.0.1" in steps["hover"]
    assert steps["click"].startswith("netflix-movie-catalog container")
    assert steps["pinned"] == steps["click"]
    assert steps["network"].startswith("public-net-1 network")
    assert steps["focus"].startswith("cassandra container")
    assert steps["enter"] == steps["focus"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_is_readable_in_light_and_in_dark(dark: bool, browser: Browser) -> None:
    """The contrast that WCAG asks for: 4.5 for text, 3 for lines."""
    seen = browser.ask(written(large(), "html"), CONTRAST, dark=dark)
    assert seen["dark"] is dark
    assert len(seen["texts"]) > 60
    assert min(contrast for _, contrast in seen["texts"]) >= 4.5, min(seen["texts"], key=lambda one: one[1])
    assert min(contrast for _, contrast in seen["lines"]) >= 3, min(seen["lines"], key=lambda one: one[1])


CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d");
const light = (colour) => {
  canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const contrast = (one, other) => {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const fill = (selector) => getComputedStyle(document.querySelector(selector)).fill;
const ground = (element) => element.closest(".container") ? fill(".box")
  : element.matches(".t-port") ? fill(".host")
  : element.matches(".t-title, .t-text, .t-legend") ? fill(".bg") : fill(".frame");
const name = (element) => element.textContent || element.className.baseVal;
const each = (selector, colour) => [...document.querySelectorAll(selector)].map(
  (element) => [name(element), contrast(getComputedStyle(element)[colour], ground(element))]);
return {
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
  texts: each("svg text", "fill"),
  lines: each(".bus, .tap, .port", "stroke"),
};
"""


def test_the_command_writes_such_a_page(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "netflix.html"
    assert run(["graph", str(SHIPPED[0].parent / "netflix.yaml"), "-o", str(page)]) == 0
    visit = browser.visit(page)
    assert (visit.complaints, visit.requests) == ([], [])
    assert "netflix-frontend" in visit.dom
