"""The formats a drawing is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from netdeploy.graph.drawing import Drawing

Format = Literal["text", "svg", "html", "mermaid", "dot"]
ENDINGS: dict[str, Format] = {
    ".txt": "text",
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
}


def written(drawing: Drawing, form: Format, *, width: int | None = None) -> str:
    """A drawing as text that ends its lines.

    Args:
        drawing: what is drawn.
        form: the format.
        width: of a terminal, in columns: a text that is wider becomes a list.
    """
    # a writer is loaded when it is asked for: none needs another
    match form:
        case "svg":
            from netdeploy.graph.svg import svg  # noqa: PLC0415

            return svg(drawing)
        case "html":
            from netdeploy.graph.html import html  # noqa: PLC0415

            return html(drawing)
        case "mermaid":
            from netdeploy.graph.mermaid import mermaid  # noqa: PLC0415

            return mermaid(drawing)
        case "dot":
            from netdeploy.graph.dot import dot  # noqa: PLC0415

            return dot(drawing)
        case "text":
            from netdeploy.graph.text import text  # noqa: PLC0415

            return text(drawing, width=width)
