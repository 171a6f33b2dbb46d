"""What other programs read in the text that `netdeploy graph` writes for them."""

from __future__ import annotations

import re
import subprocess

from unit.graph.drawings import EVERYTHING, drawn
from unit.graph.test_graph_formats import hostile

from netdeploy.graph.drawing import Bus, Drawing, Node, Tap
from netdeploy.graph.formats import written
from netdeploy.graph.words import printable

SIGNS = '&lt;b&gt; \\N \\G "q" &#65; {a|b} <i> %s'
"""What Graphviz takes for other characters, its own names, or parts of a record."""


def test_graphviz_shows_names_as_they_are(dot: str) -> None:
    tap = Tap(bus=SIGNS, aliases=(SIGNS,))
    drawing = Drawing(SIGNS, "", (Bus(name=SIGNS),), (Node(name="web", image=SIGNS, taps=(tap,)),))
    shown = labels(dot, drawing)
    assert {SIGNS, f"web\\n{SIGNS}", f"alias {SIGNS}"} <= shown


def test_graphviz_reads_whatever_there_is(dot: str) -> None:
    assert any(label.startswith(printable(hostile().nodes[0].name)) for label in labels(dot, hostile()))
    assert any("g1-proxy" in label for label in labels(dot, drawn(EVERYTHING)))


def labels(dot: str, drawing: Drawing) -> set[str]:
    """All labels that Graphviz would draw, with `\\n` between their lines."""
    done = subprocess.run(
        [dot, "-Tplain"], input=written(drawing, "dot"), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    joined = done.stdout.replace("\\\n", "")
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', joined)
    return {label.replace('\\"', '"').replace("\\\\", "\\") for label in found}
