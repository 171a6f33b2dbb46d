"""What commands share: the connection, how errors are shown, and the interrupt."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netdeploy.cli import streams

if TYPE_CHECKING:
    from rich.console import Console

    from netdeploy.engine.engine import Engine
    from netdeploy.errors import NetdeployError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Settings:
    """The options before the command."""

    host: str | None
    docker_context: str | None

    def engine(self) -> Engine:
        """Connect to the engine until the command ends; raises EngineUnreachable where nobody answers."""
        from netdeploy.engine.connect import find_endpoint  # noqa: PLC0415
        from netdeploy.engine.engine import Engine  # noqa: PLC0415

        endpoint = find_endpoint(self.host, self.docker_context, os.environ)
        if endpoint.is_unchecked:
            said = f"{endpoint.origin} says to skip the check of the certificate of {endpoint.url} (SkipTLSVerify)"
            streams.tell(f"warning: {said}: whoever is in between can answer for it")
        engine = Engine(endpoint)
        click.get_current_context().call_on_close(engine.close)
        return engine


def seconds_option(name: str, help_text: str) -> Callable[[F], F]:
    """An option for how long to wait, 300 seconds without it."""
    kind = click.FloatRange(min=0)
    kind.name = "number"  # for the message
    return click.option(
        name, type=kind, default=300.0, show_default=True, metavar="SECONDS", callback=_a_number, help=help_text
    )


def _a_number(_ctx: click.Context, _param: click.Parameter, value: float) -> float:
    if math.isnan(value):  # it is neither below nor above anything, so a wait would never end
        raise click.BadParameter("`nan` is not a number of seconds.")
    return value


def show_error(error: NetdeployError) -> None:
    """An error as a person reads it: its details, what happened, and what to do."""
    streams.tell_error(error.message, error.hint, error.details)


def width_of(console: Console) -> int | None:
    """Columns to wrap at; None where no person reads along, so that each line stays one."""
    return console.width if console.is_terminal else None


def confirm(question: str) -> None:
    """Ask on the terminal; ends the command (click.Abort) unless the answer is yes."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C is an answer, too
    try:
        streams.ask(question)
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C or TERM sets; the second one ends the program at once."""
    stop = threading.Event()

    def on_signal(number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        name = "Ctrl-C" if number == signal.SIGINT else "TERM"
        streams.tell_at_once(f"{name}: finishing the step in flight; once more to stop at once")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
