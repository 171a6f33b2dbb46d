"""Saved plans on the command line: which options go with them, and what is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdeploy.cli.streams import tell
from netdeploy.workflow import saved, views

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.plan.saved import SavedPlan
    from netdeploy.stand_ins import Mode
    from netdeploy.topology.read import Reading

out_option = click.option(
    "--out", metavar="PLAN.json", help="Save the plan too, for `netdeploy apply PLAN.json` (one FILE)."
)


def check_out(out: str | None, files: tuple[str, ...], *, by_name: bool) -> None:
    """Refuse what does not go with --out."""
    if out is None:
        return
    if len(files) != 1:
        raise click.UsageError("--out saves the plan of one FILE.")
    if by_name:
        raise click.UsageError("--out and --by-name exclude each other: nothing is ever planned from names.")
    if out in ("", "-"):
        raise click.UsageError("--out needs the name of a file; -o json prints the differences.")


def save(out: str, engine: Engine, reading: Reading, mode: Mode | None, view: views.View) -> None:
    """Save a plan, and say how to carry it out."""
    saved.save(Path(out), engine, reading, mode, view)
    tell(f"saved to {out}; carry it out with: netdeploy apply {out}")


def only_plan(files: tuple[str, ...], mode: Mode | None, *, force: bool) -> SavedPlan | None:
    """The saved plan that is to be carried out, if the command names one."""
    found = [plan for file in files if (plan := saved.plan_in(Path(file)))]
    if not found:
        return None
    if len(files) > 1:
        raise click.UsageError("A saved plan is carried out alone: give it without other files.")
    if mode or force:
        option = "--stand-ins" if mode else "--force"
        raise click.UsageError(f"{option} does not go with a saved plan: it was settled when the plan was saved.")
    return found[0]
