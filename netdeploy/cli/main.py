"""The entry point: the group of commands, and the one gate through which every error leaves."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import threading
import traceback
import warnings
from pathlib import Path
from typing import Any, cast

import click

from netdeploy import __version__
from netdeploy.cli import streams
from netdeploy.cli.context import Settings
from netdeploy.masking import masked_text
from netdeploy.visible import visible_lines

_COMMANDS = {
    "validate": ("files", "Check topology files; needs no engine."),
    "diff": ("lifecycle", "Show what apply would do, and why; changes nothing."),
    "apply": ("lifecycle", "Make the engine as the files say."),
    "teardown": ("lifecycle", "Remove what netdeploy made."),
    "verify": ("verify", "Prove, from inside the containers, who reaches whom."),
    "status": ("status", "Show the topologies on the engine, and what was left behind."),
    "inspect": ("inspect", "Show how containers are connected, inside and on the host."),
    "unlock": ("lifecycle", "Take a lock away whose holder is gone."),
    "graph": ("graph", "Draw a topology: its networks, containers and ports."),
    "schema": ("files", "Print the JSON Schema of topology files."),
}


class _Commands(click.Group):
    """Loads a command's module when it is called, so that --help and validate stay quick."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        import importlib  # noqa: PLC0415

        module = importlib.import_module(f"netdeploy.cli.{_COMMANDS[name][0]}")
        command = getattr(module, name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib  # noqa: PLC0415

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"Commands: {', '.join(_COMMANDS)}."
            raise click.UsageError(f"There is no command `{args[0]}`. {hint}", ctx=error.ctx) from None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="netdeploy")
@click.option("-H", "--host", metavar="URL", help="The engine's address, such as unix:///var/run/docker.sock.")
@click.option("--context", "docker_context", metavar="NAME", help="The docker context to use.")
@click.pass_context
def cli(ctx: click.Context, host: str | None, docker_context: str | None) -> None:
    """Networks and containers stand on a Docker engine exactly as a file says.

    \b
      netdeploy apply topologies/netflix.yaml
      netdeploy diff topologies/netflix.yaml
      netdeploy teardown netflix
    """  # noqa: D301 - click's own mark for a paragraph that is not to be wrapped
    ctx.obj = Settings(host, docker_context)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits with the codes of diff(1) and grep(1)."""
    streams.fill_closed_places()
    _gate_what_python_says()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    streams.begin()
    return streams.finished(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    from netdeploy.errors import NetdeployError  # noqa: PLC0415

    try:
        result: Any = cli.main(args=arguments, prog_name="netdeploy", standalone_mode=False)
    except NetdeployError as error:
        streams.tell_error(error.message, error.hint, error.details)
        return error.exit_code
    except click.ClickException as error:
        streams.tell_usage(error)
        return 2
    except (click.Abort, KeyboardInterrupt):
        streams.tell("interrupted")
        return 130
    except SystemExit:  # click's way to say that nobody reads its help any more
        streams.lost_result(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))
        return 2
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF):
            _apologise(error, arguments)
        else:  # of click's own output, which is its help
            streams.lost_result(error)
        return 2
    except Exception as error:  # noqa: BLE001 - the last gate: a user never meets a traceback
        _apologise(error, arguments)
        return 2
    return result if isinstance(result, int) else 0


def _gate_what_python_says() -> None:
    """Warnings, and what goes wrong in threads or while Python ends, are told as all else is."""

    def told(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        streams.tell(f"warning: {category.__name__}: {message}")

    warnings.showwarning = cast("Any", told)
    threading.excepthook = lambda failed: streams.tell_error(
        f"in a thread: {failed.exc_type.__name__}: {failed.exc_value}"
    )
    sys.unraisablehook = lambda failed: streams.tell_error(f"{failed.exc_type.__name__}: {failed.exc_value}")


def _apologise(error: Exception, arguments: list[str] | None) -> None:
    """One line, and a file with the details: readable to its owner only, and without what looks secret."""
    reason = " ".join(masked_text(str(error)).split())[:200]
    given = arguments if arguments is not None else sys.argv[1:]
    head = f"netdeploy {__version__}, Python {sys.version}\narguments: {masked_text(str(given))}\n\n"
    text = "".join(traceback.format_exception(error))
    try:
        descriptor, name = tempfile.mkstemp(prefix="netdeploy-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as log:
            log.write(visible_lines(head + masked_text(text)))
    except OSError as failed:
        hint = f"please report it; the details could not be saved ({failed.strerror})"
    else:
        hint = f"please report it with {Path(name)}, which holds the details"
    streams.tell_error(f"this is a bug of netdeploy: {type(error).__name__}: {reason}", hint)
