"""A drawing as one page that needs nothing else: point at a container or network for its details.

Everything that comes from a file or an engine is escaped text; the page's policy lets nothing run but the one script
below, known by its hash, and nothing be fetched at all.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netdeploy.graph.drawing import MEANINGS, SYMBOLS
from netdeploy.graph.paint import COLOURS
from netdeploy.graph.svg import svg_element, xml

if TYPE_CHECKING:
    from netdeploy.graph.drawing import Details, Drawing, Note

_STYLE = """
:root{color-scheme:light dark}
body{margin:0;background:light-dark(#ffffff,#0e141b);color:light-dark(#16202c,#e8edf3);
font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{overflow:auto;padding-bottom:1rem}
main svg{display:block;margin:0 auto}
.network,.container{cursor:pointer;outline:none}
.container:hover .box,.container:focus-visible .box,.container.on .box{stroke:light-dark(PORT);stroke-width:3}
.network:hover .t-bus,.network:focus-visible .t-bus,.network.on .t-bus{text-decoration:underline}
.network:hover .bus,.network:focus-visible .bus,.network.on .bus{stroke-width:8}
aside{position:fixed;right:1rem;bottom:1rem;width:min(26rem,calc(100vw - 4rem));max-height:70vh;overflow:auto;
padding:.9rem 1.1rem;border-radius:10px;border:1px solid light-dark(#b9c2cd,#445366);
background:light-dark(#ffffff,#1a2430);box-shadow:0 8px 30px rgba(0,0,0,.22)}
aside:not(.pinned){pointer-events:none}
aside.left{right:auto;left:1rem}
aside[hidden],article[hidden]{display:none}
h2{font-size:1.05rem;margin:0 2rem .3rem 0;overflow-wrap:anywhere}
h2 small{font-weight:400;opacity:.75}
dl{margin:0}dt{font-size:.78rem;opacity:.75;margin-top:.5rem}
dd{margin:0;font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.82rem;
overflow-wrap:anywhere;white-space:pre-wrap}
.note{margin:.2rem 0;font-weight:600}
aside button{position:absolute;top:.6rem;right:.6rem;font:inherit;line-height:1;padding:.25rem .5rem;cursor:pointer;
border:1px solid light-dark(#b9c2cd,#445366);border-radius:6px;background:none;color:inherit}
aside:not(.pinned) button{visibility:hidden}
footer{padding:0 24px 1rem;opacity:.75;font-size:.85rem}
@media print{aside,footer{display:none}}
""".replace("PORT", ",".join(COLOURS["port"]))
_SCRIPT = """
"use strict";
const aside = document.querySelector("aside");
let pinned = null;
function show(id) {
  for (const article of aside.querySelectorAll("article")) article.hidden = article.dataset.of !== id;
  for (const group of document.querySelectorAll("[role=button]")) group.classList.toggle("on", group.id === id);
  aside.hidden = id === null;
  aside.classList.toggle("pinned", pinned !== null);
  if (id !== null) {
    // on the other side of the window, so that it does not lie on what is pointed at
    const box = document.getElementById(id).getBoundingClientRect();
    aside.classList.toggle("left", (box.left + box.right) / 2 > innerWidth / 2);
  }
}
function pin(id) { pinned = pinned === id ? null : id; show(pinned); }
for (const group of document.querySelectorAll("[role=button]")) {
  group.addEventListener("mouseenter", () => { if (pinned === null) show(group.id); });
  group.addEventListener("mouseleave", () => { if (pinned === null) show(null); });
  group.addEventListener("focus", () => { if (pinned === null) show(group.id); });
  group.addEventListener("blur", () => { if (pinned === null) show(null); });
  group.addEventListener("click", (event) => { event.stopPropagation(); pin(group.id); });
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pin(group.id); }
  });
}
function unpin() { pinned = null; show(null); }
aside.querySelector("button").addEventListener("click", unpin);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") unpin(); });
document.querySelector("main").addEventListener("click", unpin);
"""


def html(drawing: Drawing) -> str:
    """The page."""
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{xml(drawing.title)}</title>"
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>"
    yield svg_element(drawing, interactive=True)
    yield "</main>"
    yield "<footer>Point at a container or a network for its details; click to keep them open.</footer>"
    yield '<aside hidden aria-live="polite"><button type="button" aria-label="close">×</button>'
    for index, node in enumerate(drawing.nodes):
        yield from _article(f"n{index}", node.name, "container", node.notes, node.details)
    for index, bus in enumerate(drawing.buses):
        yield from _article(f"b{index}", bus.name, "network", bus.notes, bus.details)
    yield f"</aside>\n<script>{_SCRIPT}</script>\n</body>\n</html>"


def _article(id_: str, name: str, kind: str, notes: tuple[Note, ...], details: Details) -> Iterator[str]:
    yield f'<article data-of="{id_}" hidden>\n<h2>{xml(name)} <small>{kind}</small></h2>'
    for note in notes:
        text = f"{SYMBOLS[note.mark]} {note.mark} ({MEANINGS[note.mark]}): {note.text}"
        yield f'<p class="note">{xml(text)}</p>'
    yield "<dl>"
    for title, lines in details:
        yield f"<dt>{xml(title)}</dt>"
        yield from (f"<dd>{xml(line)}</dd>" for line in lines)
    yield "</dl>\n</article>"
