"""The files that commands are given, or that the topologies on an engine came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netdeploy.engine import observe
from netdeploy.engine.observed import LABEL_SOURCE
from netdeploy.errors import NetdeployError, TopologyInvalid
from netdeploy.topology.read import Reading, read

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.plan.changes import Changes


def read_all(files: tuple[str, ...]) -> list[Reading]:
    """Read files. Warnings are not told: that is for `validate`, and for what is about to change (`warn`).

    Raises:
        NetdeployError: a file can't be read, or two of them describe one topology.
        TopologyInvalid: files have problems; all problems of all of them are told.
    """
    readings = [read(file) for file in files]
    broken = [reading for reading in readings if reading.topology is None]
    if len(broken) > 1:
        details = [text for reading in broken for text in reading.described()]
        raise TopologyInvalid(f"{', '.join(reading.shown for reading in broken)} have problems", details=details)
    if broken:
        broken[0].wanted()
    names: dict[str, str] = {}
    for reading in readings:
        name = reading.wanted().name or ""
        if name in names:
            message = f"{names[name]} and {reading.shown} both describe the topology `{name}`"
            raise NetdeployError(message, hint="give one of them another `name:`")
        names[name] = reading.shown
    return readings


def warn(reading: Reading, changes: Changes) -> None:
    """Tell the file's warnings on stderr, as far as they concern what is to be changed."""
    for text in () if changes.in_sync else reading.described_at(changes.places):
        click.echo(text, err=True)


def readings_on_engine(engine: Engine) -> tuple[list[Reading], bool]:
    """The files that the topologies on the engine came from; whether one could not be read is told on stderr."""
    readings, failed = [], False
    for name in observe.topologies(engine.reader):
        sources = observe.sources(engine.reader, name, LABEL_SOURCE)
        try:
            if not sources:
                raise NetdeployError("nothing on the engine says which file it came from", hint="name the file")
            reading = read(sources[0])
            found = reading.wanted().name
            if found != name:
                message = f"{sources[0]} describes `{found}` now"
                raise NetdeployError(message, hint=f"netdeploy teardown {name} removes what it left behind")
            readings.append(reading)
        except NetdeployError as error:
            click.echo("\n".join([*error.details, f"error: topology `{name}`: {error.message}"]), err=True)
            click.echo(f"  → {error.hint or f'netdeploy diff FILE, or netdeploy teardown {name}'}", err=True)
            failed = True
    return readings, failed
