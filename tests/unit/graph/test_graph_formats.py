"""What each format says: golden files for the exercise and for a file with everything, and hostile text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from unit.graph.drawings import EVERYTHING, ROOT, drawings, drawn, drawn_file, large

from netdeploy.graph.drawing import Bus, Drawing, Mark, Node, Note, Published, Tap
from netdeploy.graph.formats import Format, written
from netdeploy.graph.text import picture
from netdeploy.graph.words import cells
from netdeploy.masking import MASK

GOLDEN = Path(__file__).parent / "golden"
EXERCISE = ROOT / "topologies" / "netflix.yaml"
HOSTILE = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>]]>\x00\x1b[31m"


def compare(name: str, text: str) -> None:
    """With a golden file; one that is not there is made, and the test fails until somebody has looked at it."""
    file = GOLDEN / name
    if not file.exists():
        file.write_text(text)
        pytest.fail(f"{name} is new: look at it")
    assert text == file.read_text()


@pytest.mark.parametrize("form", ["text", "mermaid", "dot"])
def test_the_exercise(form: Format) -> None:
    compare(f"exercise.{form}.txt", written(drawn_file(EXERCISE), form))


@pytest.mark.parametrize("form", ["text", "mermaid", "dot"])
def test_everything_that_a_file_can_say(form: Format) -> None:
    compare(f"everything.{form}.txt", written(drawn(EVERYTHING), form))


def test_the_picture_in_the_documentation_is_current() -> None:
    """If this fails: `make docs`."""
    assert (ROOT / "docs" / "netflix.svg").read_text() == written(drawn_file(EXERCISE), "svg")


# -- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 100, None])
def test_the_exercise_fits_a_terminal(width) -> None:
    lines = written(drawn_file(EXERCISE), "text", width=width).splitlines()
    assert max(map(len, lines)) <= 80
    assert "│ netflix-frontend │" in "\n".join(lines)


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_what_is_too_wide_becomes_a_list(width) -> None:
    text = written(large(), "text", width=width)
    assert max(map(cells, text.splitlines())) <= width
    assert "├─ " in text
    for node in large().nodes:
        assert node.name in text


def test_the_list_says_what_the_picture_says() -> None:
    compare("everything.list.txt", written(drawn(EVERYTHING), "text", width=60))


def test_a_picture_uses_less_width_before_it_becomes_a_list() -> None:
    """Four containers below their network, or on both sides of it."""
    names = ("alpha", "beta", "gamma", "delta")
    drawing = Drawing("x", "", (Bus(name="net"),), tuple(Node(name=name, taps=(Tap(bus="net"),)) for name in names))
    wide = written(drawing, "text", width=80).splitlines()
    narrow = written(drawing, "text", width=max(map(len, wide)) - 1).splitlines()
    assert max(map(len, narrow)) < max(map(len, wide))
    assert len(narrow) > len(wide)
    assert "╪" in "".join(narrow)


@settings(max_examples=40)
@given(drawing=drawings(8, 5))
def test_the_frame_of_a_picture_is_straight(drawing) -> None:
    """Whatever is written in it, wide characters too."""
    lines = picture(drawing)
    top = next(number for number, line in enumerate(lines) if "┌" in line)
    width = cells(lines[top])
    assert lines[top].endswith("┐")
    assert lines[-1].endswith("┘")
    assert all(cells(line) == width and line[-1] in "│╪┘" for line in lines[top + 1 :])


def test_an_empty_drawing() -> None:
    for form in ("text", "svg", "html", "mermaid", "dot"):
        assert written(Drawing("empty", "", (), ()), form)


# -- marks -----------------------------------------------------------------------------------------------------------


MARKED = Drawing(
    "marked",
    "",
    (Bus(name="net", notes=(Note(Mark.DIFFERENT, "its subnet differs"),)), Bus(name="new", notes=())),
    (
        Node(name="gone", taps=(Tap(bus="net"),), notes=(Note(Mark.MISSING, "it does not exist"),)),
        Node(
            name="here",
            taps=(Tap(bus="net", notes=(Note(Mark.MISSING, "it is not connected"),)), Tap(bus="new")),
            ports=(Published(listen=":80", target="80"),),
            notes=(Note(Mark.STOPPED, "exited with code 1"), Note(Mark.DIFFERENT, "`user` differs")),
        ),
    ),
    live=True,
)


@pytest.mark.parametrize("form", ["text", "mermaid", "dot"])
def test_marks(form: Format) -> None:
    compare(f"marked.{form}.txt", written(MARKED, form))


def test_marks_in_a_picture_are_words_too() -> None:
    root = ET.fromstring(written(MARKED, "svg"))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"✗ missing", "■ stopped", "≠ different"} <= set(words)
    assert "✗ missing: in the file, not on the engine" in words


def test_the_weightiest_mark_is_shown_and_all_reasons_told() -> None:
    assert MARKED.nodes[1].mark is Mark.STOPPED
    assert (Mark.DIFFERENT, "here: `user` differs") in MARKED.remarks()


def test_all_well_is_said() -> None:
    quiet = Drawing("q", "", (Bus(name="net"),), (Node(name="web", taps=(Tap(bus="net"),)),), live=True)
    for form in ("text", "svg"):
        assert "he engine is as the file says." in written(quiet, form)


@pytest.mark.parametrize("drawing", [MARKED, drawn_file(EXERCISE), drawn(EVERYTHING), large()])
def test_a_picture_needs_no_css(drawing) -> None:
    """Variables, and colours in classes alone, make it black in librsvg, Inkscape and office programs."""
    text = written(drawing, "svg")
    assert "var(" not in text
    assert "light-dark(" not in text
    root = ET.fromstring(text)
    assert "monospace" in root.attrib["font-family"]
    for element in root.iter():
        kind = element.tag.rpartition("}")[2]
        if kind in ("rect", "path", "circle", "text"):
            assert element.attrib["fill"] == "none" or element.attrib["fill"].startswith("#")
            assert element.attrib["fill"] != "none" or element.attrib["stroke"].startswith("#")
        if kind == "text":
            assert float(element.attrib["font-size"]) > 10


def test_dashes_say_what_is_not_there_and_what_does_not_run() -> None:
    root = ET.fromstring(written(MARKED, "svg"))
    boxes = [element.attrib for element in root.iter() if element.attrib.get("class", "").startswith("box")]
    assert sorted(box["stroke-dasharray"] for box in boxes) == ["2 3", "6 5"]
    taps = [element.attrib for element in root.iter() if element.attrib.get("class", "").startswith("tap")]
    assert [tap.get("stroke-dasharray") for tap in taps].count("6 5") == 2


# -- hostile text, and secrets ---------------------------------------------------------------------------------------


def hostile() -> Drawing:
    bus = Bus(name=HOSTILE, facts=(HOSTILE,), details=((HOSTILE, (HOSTILE,)),), notes=(Note(Mark.EXTRA, HOSTILE),))
    node = Node(
        name=f"{HOSTILE}2",
        image=HOSTILE,
        listens=(HOSTILE,),
        taps=(Tap(bus=HOSTILE, aliases=(HOSTILE,), addresses=(HOSTILE,), notes=(Note(Mark.EXTRA, HOSTILE),)),),
        ports=(Published(listen=HOSTILE, target=HOSTILE),),
        notes=(Note(Mark.DIFFERENT, HOSTILE),),
        details=((HOSTILE, (HOSTILE,)),),
    )
    return Drawing(HOSTILE, HOSTILE, (bus,), (node,), live=True)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_nothing_in_a_page_comes_from_a_name() -> None:
    text = written(hostile(), "html")
    tags = Tags(text)
    assert tags.found.count("script") == 1
    assert "img" not in tags.found
    assert not any(name.startswith("on") for name in tags.attributes)
    assert {"href", "src", "xlink:href"}.isdisjoint(tags.attributes)


def test_nothing_in_a_picture_comes_from_a_name() -> None:
    root = ET.fromstring(written(hostile(), "svg"))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "rect", "g", "text", "path", "circle"}
    assert all("http" not in value for element in root.iter() for value in element.attrib.values())


@pytest.mark.parametrize("form", ["text", "svg", "html", "mermaid", "dot"])
def test_no_format_hands_on_control_characters(form: Format) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", written(hostile(), form))


def test_mermaid_and_dot_quote_every_name() -> None:
    for line in written(hostile(), "mermaid").splitlines():
        outside = re.sub(r'"[^"]*"', "", line)
        assert re.fullmatch(r"[\w\s\[\]{}()|:#,;.>-]*", outside), line
        assert "<" not in line.replace("<br/>", "")
    for line in written(hostile(), "dot").splitlines():
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        assert re.fullmatch(r"[\w\s\[\]{}=,-]*", outside), line


@settings(max_examples=30)
@given(drawing=drawings(6, 4))
def test_any_drawing_is_well_formed(drawing) -> None:
    ET.fromstring(written(drawing, "svg"))
    for form in ("html", "mermaid", "dot", "text"):
        assert written(drawing, form).endswith("\n")


def test_secrets_are_masked() -> None:
    text = written(
        drawn("""
        containers:
          web:
            image: app
            networks: [net]
            environment: {DB_PASSWORD: hunter2, URL: "redis://me:hunter2@store", MODE: fast}
            command: [serve, --store, "redis://me:hunter2@store"]
        networks: {net: {driver_opts: {com.example.token: hunter2}}}
        """),
        "html",
    )
    assert "hunter2" not in text
    assert f"DB_PASSWORD={MASK}" in text
    assert f"URL=redis://me:{MASK}@store" in text
    assert "MODE=fast" in text
