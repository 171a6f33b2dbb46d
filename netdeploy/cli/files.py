"""Commands that need no engine: validate and schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from netdeploy.topology.read import Reading


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
def validate(files: tuple[str, ...]) -> int:
    """Check topology files; every problem at once. Needs no engine.

    Exits 0 when all files are right (warnings do not count), 1 when one is not, 2 when one can't be read.
    """
    from netdeploy.errors import NetdeployError  # noqa: PLC0415
    from netdeploy.topology.read import read  # noqa: PLC0415

    worst = 0
    for file in files:
        try:
            reading = read(file)
        except NetdeployError as error:
            click.echo(f"error: {error.message}" + (f"\n  → {error.hint}" if error.hint else ""), err=True)
            worst = 2
            continue
        for text in reading.described():
            click.echo(text)
        click.echo(_verdict(reading))
        worst = max(worst, 0 if reading.topology else 1)
    return worst


def _verdict(reading: Reading) -> str:
    errors = sum(problem.severity == "error" for problem in reading.problems)
    warnings = len(reading.problems) - errors
    also = f", {_count(warnings, 'warning')}" if warnings else ""
    if errors:
        return f"{reading.shown}: {_count(errors, 'problem')}{also}"
    topology = reading.topology
    size = ""
    if topology:
        size = f": {_count(len(topology.containers), 'container')}, {_count(len(topology.networks), 'network')}"
    return f"{reading.shown} is right{size}{also}"


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


@click.command()
@click.argument("kind", type=click.Choice(["topology", "plan", "saved-plan"]), default="topology")
def schema(kind: str) -> int:
    """Print a JSON Schema.

    Of topology files (for editors), of what `diff -o json` prints (`plan`), or of what `diff --out` saves
    (`saved-plan`).
    """
    if kind == "plan":
        from netdeploy.plan.report import diff_schema  # noqa: PLC0415

        document = diff_schema()
    elif kind == "saved-plan":
        from netdeploy.plan.saved import saved_plan_schema  # noqa: PLC0415

        document = saved_plan_schema()
    else:
        from netdeploy.topology.schema import topology_schema  # noqa: PLC0415

        document = topology_schema()
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    return 0
