"""Commands that need no engine: validate and schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netdeploy.cli import streams
from netdeploy.cli.context import show_error
from netdeploy.topology.size import size_text

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
            show_error(error)
            worst = 2
            continue
        for text in reading.described():
            streams.result(text)
        streams.result(_verdict(reading))
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
        size = f": {size_text(list(topology.containers.values()), len(topology.networks))}"
    return f"{reading.shown} is right{size}{also}"


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


_SCHEMAS = {
    "topology": "netdeploy.topology.schema:topology_schema",
    "plan": "netdeploy.plan.report:diff_schema",
    "saved-plan": "netdeploy.plan.saved:saved_plan_schema",
    "verify": "netdeploy.verify.verdict:verify_schema",
    "inspect": "netdeploy.inspect.report:inspect_schema",
    "status": "netdeploy.workflow.status_report:status_schema",
}
"""By name, the module and the function that makes the schema."""


@click.command()
@click.argument("kind", type=click.Choice(list(_SCHEMAS)), default="topology")
def schema(kind: str) -> int:
    """Print a JSON Schema: of topology files (for editors), or of what a command prints with `-o json`.

    `plan` is the one of `diff -o json`, `saved-plan` of what `diff --out` saves; each other one is of the
    command of its name.
    """
    import importlib  # noqa: PLC0415 - only the one that is asked for

    import jsonschema  # noqa: PLC0415 - its import costs 0.1 s

    module, _, function = _SCHEMAS[kind].partition(":")
    document = getattr(importlib.import_module(module), function)()
    jsonschema.Draft202012Validator.check_schema(document)
    streams.schema(document)
    return 0
