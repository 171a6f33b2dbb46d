"""The files that commands are given, or that the topologies on an engine came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netdeploy.engine import observe
from netdeploy.engine.observed import LABEL_SOURCE
from netdeploy.errors import NetdeployError
from netdeploy.topology.read import Reading, read

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine


def read_all(files: tuple[str, ...]) -> list[Reading]:
    """Read files; warnings go to stderr. All problems of all files are told before anything else happens."""
    readings = _read_each(files)
    broken = [reading for reading in readings if reading.topology is None]
    for reading in readings:
        if reading.topology:
            for text in reading.described():
                click.echo(text, err=True)
    for reading in broken[:-1]:
        click.echo("\n".join(reading.described()), err=True)
    if broken:
        broken[-1].wanted()
    names: dict[str, str] = {}
    for reading in readings:
        name = reading.wanted().name or ""
        if name in names:
            message = f"{names[name]} and {reading.shown} both describe the topology `{name}`"
            raise NetdeployError(message, hint="give one of them another `name:`")
        names[name] = reading.shown
    return readings


def _read_each(files: tuple[str, ...]) -> list[Reading]:
    readings: list[Reading] = []
    errors: list[NetdeployError] = []
    for file in files:
        try:
            readings.append(read(file))
        except NetdeployError as error:
            if len(files) == 1:
                raise
            errors.append(error)
    if errors:
        details = [text for error in errors[:-1] for text in (error.message, f"  → {error.hint}" if error.hint else "")]
        message = f"{errors[-1].message}; nothing was done with the others"
        raise NetdeployError(message, hint=errors[-1].hint, details=[text for text in details if text])
    return readings


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
