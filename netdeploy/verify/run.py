"""A verify from its look to its verdict."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.engine import Engine
from netdeploy.engine.surroundings import is_on_this_host
from netdeploy.errors import Interrupted
from netdeploy.verify.claims import claims, unpublished
from netdeploy.verify.places import look_closer
from netdeploy.verify.probing import try_out
from netdeploy.verify.verdict import VerifyReport, failing, judge
from netdeploy.verify.world import Member, World, world
from netdeploy.workflow.views import Target, look

_LOOK_AGAIN = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Options:
    """How to verify: `wait` is how many seconds to wait for containers to run and be healthy first."""

    wait: float = 0.0
    say: Callable[[str], None] = lambda _text: None
    stop: threading.Event = field(default_factory=threading.Event)


def verify(engine: Engine, target: Target, shown: str, options: Options) -> VerifyReport:
    """Prove, from inside the containers, who reaches whom.

    Args:
        engine: where the topology stands.
        target: the topology.
        shown: its file, as the user wrote it.
        options: see there.

    Raises:
        EngineTooOld: the topology uses what this engine does not have.
        OperationFailed: no busybox is to be had for the helper containers.
        Interrupted: `options.stop` was set; no helper container stays.
    """
    around = _look(engine, target, options)
    wanted = claims(around)
    image = provide_busybox(engine, options.say)
    places = len({claim.source for claim in wanted if claim.probe is not None})
    options.say(f"checking {_count(len(wanted), 'claim')} from {_count(places, 'place')}")
    besides = unpublished(around) if is_on_this_host(engine) else []
    evidence = try_out(engine, image, around, [*wanted, *besides], options.stop)
    failed = failing(around, wanted, evidence)
    if failed:
        options.say(f"looking closer at {_count(len(failed), 'claim')} that {'fails' if len(failed) == 1 else 'fail'}")
        keys = [key for claim in failed for key in (claim.source, claim.target)]
        evidence = replace(evidence, places=look_closer(engine, image, around, keys, options.stop))
    return judge(around, wanted, evidence, shown, besides)


def _look(engine: Engine, target: Target, options: Options) -> World:
    end = time.monotonic() + options.wait
    told = False
    while True:
        view = look(engine, target)
        around = world(view.wishes, view.seen)
        waiting = [member.key for member in around.members.values() if _is_coming(member)]
        if not waiting or time.monotonic() >= end:
            return replace(around, waited=options.wait)
        if not told:
            options.say(f"waiting for {', '.join(waiting)}")
            told = True
        if options.stop.wait(_LOOK_AGAIN):
            raise Interrupted("interrupted while waiting for containers")


def _is_coming(member: Member) -> bool:
    """Whether a container may still begin to run, or to be healthy."""
    live = member.live
    if live is None:
        return True
    return not member.ended and (not member.runs or live.state.health in ("starting", "unhealthy"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
