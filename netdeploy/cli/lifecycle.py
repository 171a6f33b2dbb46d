"""Commands that compare with an engine and change it: diff, apply and teardown."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from netdeploy.cli import named, plans, streams
from netdeploy.cli.context import Settings, confirm, seconds_option, stop_on_signals, width_of
from netdeploy.cli.progress import progress
from netdeploy.cli.readings import read_all, readings_on_engine, warn
from netdeploy.cli.several import one_by_one, tell
from netdeploy.cli.side_by_side import side_by_side
from netdeploy.engine import lock
from netdeploy.errors import Conflict, NetdeployError, TopologyInvalid
from netdeploy.plan.report import DiffReport, report
from netdeploy.render.diff_text import diff_text, summary
from netdeploy.render.result_text import applied_text, torn_down_text
from netdeploy.topology.read import Reading
from netdeploy.workflow import changing, copies, views
from netdeploy.workflow.listener import Listener
from netdeploy.workflow.saved import Held, reading_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from netdeploy.engine.engine import Engine
    from netdeploy.identity import TopologyId
    from netdeploy.plan.changes import Changes
    from netdeploy.stand_ins import Mode

    F = TypeVar("F", bound=Callable[..., Any])

_stand_ins = click.option(
    "--stand-ins",
    "mode",
    type=click.Choice(["always", "auto", "never"]),
    help="Run small busybox listeners in place of images: for all, for those not to be had, or for none "
    "(default: leave each as it is).",
)


def _changing(command: F) -> F:
    """The options of a command that changes something: the fields of `changing.Options`."""
    command = click.option("--force", is_flag=True, help="Disconnect what is not ours from a network that has to go.")(
        command
    )
    command = seconds_option("--lock-timeout", "How long to wait while somebody else changes the topology.")(command)
    return seconds_option("--timeout", "How long to wait for a container's health or end.")(command)


_prefix = click.option(
    "--prefix", metavar="PREFIX", help="Of several topologies called NAME, the one with this prefix ('' for none)."
)


def _target(reading: Reading, mode: Mode | None) -> views.Target:
    return views.Target(reading.wanted(), reading.source, mode)


@click.command()
@click.argument("files", metavar="[FILE…]", nargs=-1)
@_stand_ins
@click.option("--by-name", is_flag=True, help="Compare with what stands whoever made it, matched by name.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Text (default) or JSON.")
@plans.out_option
@click.pass_obj
def diff(
    settings: Settings, files: tuple[str, ...], mode: Mode | None, by_name: bool, output: str, out: str | None
) -> int:
    """Show what apply would do, and why; changes nothing.

    Without FILE, every topology on the engine is compared with the file it came from. With --by-name, what somebody
    set up by hand is graded against FILE. Exits 0 when all is in sync, 1 when something differs, 2 when it could not
    be found out. How containers are at run time is shown beside it and does not count.
    """
    if by_name and not files:
        raise click.UsageError("--by-name needs the FILE to compare with.")
    plans.check_out(out, files, by_name=by_name)
    readings = read_all(files)
    engine = settings.engine()
    failed = False
    if not files:
        readings, failed = readings_on_engine(engine)
    reports: list[DiffReport] = []

    def compare(reading: Reading) -> str:
        target = _target(reading, mode)
        view = None if by_name else views.look(engine, target)
        if view:
            warn(reading, view.changes)
        reports.append(report(view.changes if view else views.grade(engine, target), reading.shown))
        if out and view:
            plans.save(out, engine, reading, mode, view)
        return "no changes" if reports[-1].in_sync else "differs"

    results = one_by_one(readings, compare)
    _print_reports(reports, output, single=len(files) == 1, failed=failed or len(reports) < len(results))
    differs = 0 if all(item.in_sync for item in reports) else 1
    return max(tell(results, "files"), 2 if failed else differs)


def _print_reports(reports: list[DiffReport], output: str, *, single: bool, failed: bool) -> None:
    if output == "json":
        document: Any = _json(reports[0]) if len(reports) == 1 and single else [_json(item) for item in reports]
        streams.document(document)
        return
    width = width_of(streams.console())
    if not reports and not failed:
        streams.result("There is no topology on this engine.")
    for number, item in enumerate(reports):
        if number:
            streams.result()
        streams.show(diff_text(item, width=width))


def _json(item: DiffReport) -> Any:
    return item.model_dump(mode="json")


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@_stand_ins
@click.option("--verify", "proof", is_flag=True, help="Prove at the end, from inside the containers, who reaches whom.")
@click.option("--adopt", is_flag=True, help="Take over what another file made that describes the same topology.")
@_changing
@click.pass_obj
def apply(settings: Settings, /, files: tuple[str, ...], mode: Mode | None, proof: bool, **options: Any) -> int:
    """Make the engine as the files say, with the fewest and least disruptive steps.

    Of several files each is applied, whatever becomes of the others; what became of each is told where one fails.

    FILE may be a plan that `diff --out` saved: then exactly what it shows is done, or nothing where the file or the
    engine is not as it was. With --verify, containers are then waited for (--timeout) and the network is proven; exits
    1 where it is not as the files say.
    """
    plan = plans.only_plan(files, mode, force=options["force"])
    try:
        readings = [reading_for(plan)] if plan else read_all(files)
    except TopologyInvalid as error:
        raise TopologyInvalid(f"{error.message}; nothing was changed", details=error.details) from None
    engine = settings.engine()
    width = width_of(streams.console())
    done: list[Reading] = []

    def make_so(reading: Reading) -> str:
        held = Held(plan, reading.shown) if plan else None
        target = _target(reading, plan.stand_ins if plan else mode)
        applied = _apply_one(engine, reading, target, changing.Options(**options), held)
        host = engine.endpoint.host_name
        streams.show(applied_text(applied.view, reading.shown, host, changed=applied.changed, width=width))
        done.append(reading)
        return "applied" if applied.changed else "no changes"

    results = one_by_one(readings, make_so)
    proven = _prove(engine, done, wait=options["timeout"]) if proof and done else 0
    return max(tell(results, "files"), proven)


def _prove(engine: Engine, readings: list[Reading], *, wait: float) -> int:
    from netdeploy.cli.verify import show_all, verified  # noqa: PLC0415 - where it is asked for

    streams.result()
    reports = [verified(engine, reading, wait=wait) for reading in readings]
    show_all(reports)
    return 0 if all(report.passed for report in reports) else 1


def _apply_one(
    engine: Engine, reading: Reading, target: views.Target, options: changing.Options, held: Held | None
) -> changing.Applied:
    err = streams.console(stderr=True)
    began = time.monotonic()

    def show_plan(view: views.View) -> None:
        if not view.changes.in_sync:
            warn(reading, view.changes)
            before = replace(view.changes, health=())  # how they are is told at the end, once
            err.print(diff_text(report(before, reading.shown), width=width_of(err)), end="")
            err.print()

    with stop_on_signals() as stop, progress(err) as shown:
        listener = Listener(
            err.print, show_plan, shown.pull, lambda changes: _may_adopt(changes, reading), shown.step, stop
        )
        applied = changing.apply(engine, target, listener, options, held)
    for text in applied.warnings:
        streams.tell(f"warning: {text}")
    if applied.changed:
        err.print(f"done in {time.monotonic() - began:.1f}s\n")
    return applied


def _may_adopt(changes: Changes, reading: Reading) -> bool:
    if not streams.can_ask():
        return False
    what = summary(report(changes, reading.shown)).removesuffix(".")
    confirm(f"{changes.made_from} made `{changes.topology}`. Let {reading.shown} take it over ({what})?")
    return True


@click.command()
@click.argument("topologies", metavar="[FILE|NAME]…", nargs=-1)
@_prefix
@click.option("--all", "everything", is_flag=True, help="Every topology on the engine.")
@click.option("--volumes", is_flag=True, help="Remove volumes too, with the data in them.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@_changing
@click.pass_obj
def teardown(
    settings: Settings,
    /,
    topologies: tuple[str, ...],
    prefix: str | None,
    everything: bool,
    volumes: bool,
    yes: bool,
    **options: Any,
) -> int:
    """Remove what netdeploy made, found by label: the file may be gone.

    Volumes stay unless --volumes is given. Several topologies are taken down side by side. What can't be removed is
    named, and the exit code is 2.
    """
    if bool(topologies) == everything or (everything and prefix is not None):
        raise click.UsageError("Give a FILE, the NAME of a topology, or --all.")
    engine = settings.engine()
    known = copies.standing(engine.reader, volumes=volumes)
    wanted = list(known) if everything else [named.meant(text, prefix, known) for text in topologies]
    if not yes:
        _ask(wanted, topologies, known, everything=everything, volumes=volumes)
    if not wanted:
        streams.result("There is no topology on this engine.")
    standing = [id_ for id_ in dict.fromkeys(wanted) if _stands(id_, known)]

    def tear_down(id_: TopologyId, listener: Listener) -> Changes:
        return changing.teardown(engine, id_, listener, changing.Options(**options), remove_volumes=volumes)

    if len(standing) > 1:
        return side_by_side(standing, tear_down)
    for id_ in standing:
        err = streams.console(stderr=True)
        with stop_on_signals() as stop, progress(err) as shown:
            changes = tear_down(id_, Listener(err.print, on_event=shown.step, stop=stop))
        streams.show(torn_down_text(changes))
    return 0


def _ask(
    wanted: list[TopologyId],
    given: tuple[str, ...],
    known: copies.Standing,
    *,
    everything: bool,
    volumes: bool,
) -> None:
    """Ask before all topologies go, and before a file takes away what another file made."""
    also = " with all data in their volumes?" if volumes else "?"
    if everything and wanted:
        listed = ", ".join(f"`{id_.name}`" for id_ in wanted)
        if not streams.can_ask():
            message = f"--all would remove {listed}, and there is no terminal to ask on"
            raise NetdeployError(message, hint="add --yes to go ahead")
        confirm(f"Remove {listed}{also}")
    for text, id_ in zip(given, wanted, strict=False):
        other = named.contested(text, id_, known)
        if other and not streams.can_ask():
            message = f"{text} describes `{id_.name}`, and so does {other}, which made it; nothing was touched"
            raise Conflict(message, hint=f"take it down by its name: netdeploy teardown {id_.options}")
        if other:
            confirm(f"{other} made `{id_.name}`. Remove it{also}")


def _stands(id_: TopologyId, known: copies.Standing) -> bool:
    """Whether there is anything of a topology; where there is not, that is told."""
    if id_ not in known:
        streams.result(named.nothing_of(id_, known))
    return id_ in known


@click.command()
@click.argument("topology", metavar="NAME")
@_prefix
@click.option("--force", is_flag=True, help="Even if its holder runs.")
@click.pass_obj
def unlock(settings: Settings, topology: str, prefix: str | None, force: bool) -> int:
    """Take the lock of a topology away, after its holder has gone for good.

    It is needed only where the holder was on another host, or in a container: apply and teardown see for themselves
    when a process of this host has ended.
    """
    engine = settings.engine()
    known = dict.fromkeys((owner for owner, _ in lock.all_locks(engine.reader).values()), ())
    id_ = named.called(topology, prefix, known)
    held = lock.locks(engine.reader, id_)
    for holder in held.values():
        if holder.can_be_looked_at and not holder.is_dead and not force:
            message = f"`{topology}` is being changed by {holder.text}, and that process runs"
            raise NetdeployError(message, hint="wait for it, or end it; --force takes the lock away all the same")
    for volume, holder in sorted(held.items(), reverse=True):  # who was taking a lock over comes before that lock
        if lock.take_away(engine, id_, volume, holder):
            streams.result(f"`{topology}` is unlocked; it was held by {holder.text}.")
        else:
            streams.result(f"{holder.text} gave the lock of `{topology}` back meanwhile; who holds it now keeps it.")
    if not held:
        streams.result(f"`{topology}` is not locked.")
    return 0
