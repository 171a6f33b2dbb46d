"""The command that shows how containers are connected."""

from __future__ import annotations

import click

from netdeploy.cli import streams
from netdeploy.cli.context import Settings, stop_on_signals, width_of


@click.command()
@click.argument("containers", metavar="CONTAINER…", nargs=-1, required=True)
@click.option("--explain", is_flag=True, help="Add to each line the command by which a person finds it.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Text (default) or JSON.")
@click.pass_obj
def inspect(settings: Settings, containers: tuple[str, ...], explain: bool, output: str) -> int:
    """Show how containers are connected: interfaces, addresses, routes, names, ports, inside and on the host.

    Any container of the engine, by name or id. The inside and the host are looked at through short-lived helper
    containers that share their networks, so nothing is needed in the container, nor root here, nor that the engine
    is on this machine. What can't be known is said, with the reason.
    """
    from netdeploy.inspect.look import inspect as look  # noqa: PLC0415
    from netdeploy.inspect.tell import tell  # noqa: PLC0415
    from netdeploy.render.inspect_text import inspect_text  # noqa: PLC0415

    engine = settings.engine()
    with stop_on_signals() as stop:
        inspections = look(engine, containers, streams.tell, stop)
    reports = [tell(item, explain=explain, host_name=engine.endpoint.host_name) for item in inspections]
    if output == "json":
        documents = [report.model_dump(mode="json") for report in reports]
        streams.document(documents[0] if len(documents) == 1 else documents)
        return 0
    width = width_of(streams.console())
    for number, report in enumerate(reports):
        if number:
            streams.result()
        streams.show(inspect_text(report, width=width))
    return 0
