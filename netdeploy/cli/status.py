"""The command that shows the topologies on an engine."""

from __future__ import annotations

import click

from netdeploy.cli import streams
from netdeploy.cli.context import Settings, width_of


@click.command()
@click.argument("topologies", metavar="[NAME…]", nargs=-1)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Text (default) or JSON.")
@click.pass_obj
def status(settings: Settings, topologies: tuple[str, ...], output: str) -> int:
    """Show each topology on the engine, whether it is as its file says, and what was left behind; changes nothing.

    Exits 0 when it could be found out (in sync or not), 1 when nothing of a NAME is on the engine.
    """
    from netdeploy.render.status_text import status_text  # noqa: PLC0415
    from netdeploy.topology.problem import did_you_mean  # noqa: PLC0415
    from netdeploy.workflow.status import status as look  # noqa: PLC0415
    from netdeploy.workflow.status_report import status_report  # noqa: PLC0415

    engine = settings.engine()
    seen = look(engine)
    unknown = [name for name in topologies if name not in seen.names]
    report = status_report(seen.of(topologies) if topologies else seen, engine.endpoint.host_name)
    if output == "json":
        streams.document(report.model_dump(mode="json"))
    elif len(unknown) < len(topologies) or not topologies:
        streams.show(status_text(report, width=width_of(streams.console())))
    for name in unknown:
        near = did_you_mean(name, seen.names, otherwise=f"there are: {', '.join(seen.names)}" if seen.names else "")
        text = f"Nothing of `{name}` is on this engine." + (f" ({near})" if near else "")
        (streams.tell if output == "json" else streams.result)(text)
    return 1 if unknown else 0
