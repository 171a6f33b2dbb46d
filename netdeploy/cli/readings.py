"""The files that commands are given, or that the topologies on an engine came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.cli import streams
from netdeploy.errors import NetdeployError, TopologyInvalid
from netdeploy.identity import TopologyId
from netdeploy.paths import is_same
from netdeploy.topology.read import Reading, read
from netdeploy.workflow.copies import reading_of, standing

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.plan.changes import Changes
    from netdeploy.topology.model import Topology


def read_all(files: tuple[str, ...]) -> list[Reading]:
    """Read files. Warnings are not told: that is for `validate`, and for what is about to change (`warn`).

    Raises:
        NetdeployError: a file can't be read, or two of them describe one topology.
        TopologyInvalid: files have problems; all problems of all of them are told.
    """
    readings = _read_each(files)
    broken = [reading for reading in readings if reading.topology is None]
    if len(broken) > 1:
        details = [text for reading in broken for text in reading.described()]
        raise TopologyInvalid(f"{', '.join(reading.shown for reading in broken)} have problems", details=details)
    if broken:
        broken[0].wanted()
    known: dict[TopologyId, Reading] = {}
    for reading in readings:
        topology = reading.wanted()
        other = known.setdefault(_id_of(topology), reading)
        if other is not reading and not is_same(other.source, reading.source):
            message = f"{other.shown} and {reading.shown} both describe the topology `{topology.name}`"
            raise NetdeployError(message, hint="give one of them another `name:` or `prefix:`")
    return list(known.values())


def warn(reading: Reading, changes: Changes) -> None:
    """Tell the file's warnings on stderr, as far as they concern what is to be changed."""
    for text in () if changes.in_sync else reading.described_at(changes.places):
        streams.tell(text)


def _id_of(topology: Topology) -> TopologyId:
    return TopologyId(topology.name or "", topology.prefix)


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
    for id_, sources in standing(engine.reader).items():
        away = f"netdeploy teardown {id_.options}"
        try:
            reading = reading_of(sources)
            found = _id_of(reading.wanted())
            if found != id_:
                message = f"{sources[0]} describes {found.beside(id_)} now"
                raise NetdeployError(message, hint="compare with another: netdeploy diff FILE")
            readings.append(reading)
        except NetdeployError as error:
            hint = f"{error.hint or 'netdeploy diff FILE'}; {away} removes it"
            streams.tell_error(f"topology `{id_.name}`: {error.message}", hint, error.details)
            failed = True
    return readings, failed
