"""Several files (or topologies) in one command: each gets its turn, and what became of each is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdeploy.cli import streams
from netdeploy.cli.context import show_error
from netdeploy.errors import EngineUnreachable, Interrupted, NetdeployError

if TYPE_CHECKING:
    from netdeploy.topology.read import Reading


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one: `done` in a word or two; else the error, and without one it was not tried."""

    name: str
    done: str = ""
    error: NetdeployError | None = None

    @property
    def text(self) -> str:
        """One line, for people."""
        if self.error is None:
            return f"  ✓ {self.name}: {self.done}" if self.done else f"  · {self.name}: not tried"
        return f"  {'·' if isinstance(self.error, Interrupted) else '✗'} {self.name}: {self.error.message}"


def one_by_one(readings: Sequence[Reading], run: Callable[[Reading], str]) -> list[Result]:
    """Do something with each file, whatever became of those before it; `run` says in a word or two what was done.

    Errors are told as they come. After an interrupt, and where the engine is gone, the rest is not tried.

    Raises:
        NetdeployError: with one file only, its error.
    """
    results: list[Result] = []
    for reading in readings:
        if any(isinstance(result.error, Interrupted | EngineUnreachable) for result in results):
            results.append(Result(reading.shown))
            continue
        try:
            results.append(Result(reading.shown, run(reading)))
        except NetdeployError as error:
            if len(readings) == 1:
                raise
            show_error(error)
            results.append(Result(reading.shown, error=error))
    return results


def tell(results: Sequence[Result], what: str) -> int:
    """Tell what became of each of several, where not all is well; returns 0, or the worst exit code of the errors."""
    errors = [result.error for result in results if result.error]
    if errors and len(results) > 1:
        failed = sum(not isinstance(error, Interrupted) for error in errors)
        head = f"{failed} failed" if failed else "not all were done"
        streams.tell(f"Of {len(results)} {what}, {head}:")
        for result in results:
            streams.tell(result.text)
    return max((error.exit_code for error in errors), default=0)
