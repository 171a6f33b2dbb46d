"""The command that proves, from inside the containers, who reaches whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from netdeploy.cli import streams
from netdeploy.cli.context import Settings, seconds_option, stop_on_signals, width_of
from netdeploy.cli.readings import read_all, readings_on_engine
from netdeploy.cli.several import one_by_one, tell
from netdeploy.render.verify_text import verify_text
from netdeploy.verify.run import Options
from netdeploy.verify.run import verify as prove
from netdeploy.workflow.views import Target

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.topology.read import Reading
    from netdeploy.verify.verdict import VerifyReport


@click.command()
@click.argument("files", metavar="[FILE…]", nargs=-1)
@click.option("--wait", is_flag=True, help="First wait until all containers run, and are healthy where they tell.")
@seconds_option("--timeout", "How long --wait waits.")
@click.option("--explain", is_flag=True, help="Add to each cause the command that shows it.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Text (default) or JSON.")
@click.pass_obj
def verify(settings: Settings, files: tuple[str, ...], wait: bool, timeout: float, explain: bool, output: str) -> int:
    """Prove, from inside the containers' own networks, who reaches whom, and tell why not.

    What must hold follows from the file: names resolve and ports accept where containers share a network, and nothing
    gets through where they do not; published ports answer on the host, and nothing else is published; and what `checks`
    in the file says. Without FILE, every topology on the engine is verified against the file it came from. Exits 0 when
    all holds, 1 when something does not, 2 when it could not be found out.
    """
    readings = read_all(files)
    engine = settings.engine()
    failed = False
    if not files:
        readings, failed = readings_on_engine(engine)
    reports: list[VerifyReport] = []

    def prove_one(reading: Reading) -> str:
        reports.append(verified(engine, reading, wait=timeout if wait else 0.0))
        return "passed" if reports[-1].passed else "failed"

    results = one_by_one(readings, prove_one)
    if output == "json":
        documents = [report.model_dump(mode="json") for report in reports]
        document = documents[0] if len(documents) == len(files) == 1 else documents
        streams.document(document)
    else:
        show_all(reports, explain=explain)
        if not results and not failed:
            streams.result("There is no topology on this engine.")
    passed = 0 if all(report.passed for report in reports) else 1
    return max(tell(results, "files"), 2 if failed else passed)


def verified(engine: Engine, reading: Reading, *, wait: float) -> VerifyReport:
    """Verify one topology; `wait` is how many seconds to wait for its containers."""
    with stop_on_signals() as stop:
        target = Target(reading.wanted(), reading.source)
        return prove(engine, target, reading.shown, Options(wait, streams.tell, stop))


def show_all(reports: list[VerifyReport], *, explain: bool = False) -> None:
    """Print reports for people."""
    width = width_of(streams.console())
    for number, report in enumerate(reports):
        if number:
            streams.result()
        streams.show(verify_text(report, width=width, explain=explain))
