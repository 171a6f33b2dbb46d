"""The command that draws a topology."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from netdeploy.cli import streams
from netdeploy.graph.formats import ENDINGS, Format, written

if TYPE_CHECKING:
    from netdeploy.cli.context import Settings
    from netdeploy.graph.drawing import Drawing
    from netdeploy.topology.read import Reading

_COLOURS = {"extra": "magenta", "missing": "red", "stopped": "bright_black", "different": "yellow", "unwell": "red"}


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--format", "form", type=click.Choice(get_args(Format)), help="What to write (default: text).")
@click.option("--live", is_flag=True, help="Look at the engine, and mark what is missing, stopped, different or extra.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write to a file; its ending says the format if --format does not."
)
@click.pass_obj
def graph(settings: Settings, file: str, form: Format | None, live: bool, output: str | None) -> int:
    """Draw a topology: networks as lines, containers that hang on them, ports published by the host.

    \b
    Formats, and the endings of -o that stand for them:
      text     for a terminal             .txt
      svg      a picture                  .svg
      html     a page: point at a         .html
               container for its details
      mermaid  for Markdown               .mmd
      dot      for Graphviz               .dot

    On a terminal that is too narrow for the picture, text is a list, network by network. Without --live no engine is
    needed.
    """  # noqa: D301 - click's own mark for a paragraph that is not to be wrapped
    chosen = form or _by_ending(output)
    reading = _read(file)
    drawing = _live(settings, reading) if live else _as_wanted(reading)
    to_terminal = output is None and streams.on_terminal()
    text = written(drawing, chosen, width=shutil.get_terminal_size().columns if to_terminal else None)
    if output is None:
        streams.picture(text, _colours() if chosen == "text" else None)
    else:
        _save(output, text, reading)
    return 0


def _by_ending(output: str | None) -> Format:
    if output is None:
        return "text"
    ending = Path(output).suffix.lower()
    if ending not in ENDINGS:
        raise click.UsageError(f"-o {output}: name the --format, or end the file in one of {', '.join(ENDINGS)}.")
    return ENDINGS[ending]


def _read(file: str) -> Reading:
    from netdeploy.topology.read import read  # noqa: PLC0415

    return read(file)


def _as_wanted(reading: Reading) -> Drawing:
    from netdeploy.attributes.wish import wishes  # noqa: PLC0415
    from netdeploy.graph.build import drawing  # noqa: PLC0415

    topology = reading.wanted()
    return drawing(wishes(topology, reading.source, lambda _key, _spec: None), topology.description)


def _live(settings: Settings, reading: Reading) -> Drawing:
    from netdeploy.graph.build import drawing  # noqa: PLC0415
    from netdeploy.graph.live import with_marks  # noqa: PLC0415
    from netdeploy.workflow import views  # noqa: PLC0415

    topology = reading.wanted()
    view = views.glance(settings.engine(), views.Target(topology, reading.source))
    return with_marks(drawing(view.wishes, topology.description), view.wishes, view.changes, view.seen)


def _colours() -> dict[str, str]:
    """Marks as symbol and word, and the colour of each."""
    from netdeploy.graph.drawing import SYMBOLS  # noqa: PLC0415

    return {f"{symbol} {mark}": _COLOURS[mark] for mark, symbol in SYMBOLS.items()}


def _save(output: str, text: str, reading: Reading) -> None:
    """Write a file, which must not be the one that was read."""
    from netdeploy.errors import NetdeployError  # noqa: PLC0415
    from netdeploy.files import write_file  # noqa: PLC0415
    from netdeploy.paths import is_same, why  # noqa: PLC0415

    if is_same(Path(output), reading.source):
        raise NetdeployError(f"{output} is the topology file itself", hint="write to another file")
    try:
        write_file(Path(output), text)
    except (OSError, ValueError) as error:
        raise NetdeployError(f"{output} can't be written: {why(error)}") from None
