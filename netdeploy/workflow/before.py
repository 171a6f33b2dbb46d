"""Before the first change: what stands in the way is told, all of it together, and images are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from netdeploy.apply.images import Pull, pull_all
from netdeploy.apply.obstacle import making
from netdeploy.apply.preflight import obstacles, warnings
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.engine import Engine
from netdeploy.engine.surroundings import look_around
from netdeploy.errors import Conflict, EngineTooOld, OperationFailed
from netdeploy.plan.too_old import too_old
from netdeploy.workflow.listener import Listener
from netdeploy.workflow.views import Target, View, too_old_text

UNTOUCHED = "nothing was touched"
"""What a refusal says of what was done before it."""


def refuse_obstacles(engine: Engine, view: View, done: str) -> list[str]:
    """Look for all that is known to stand in the way of a view's changes.

    Returns:
        What can be done, and somebody may regret.

    Raises:
        EngineTooOld: nothing else than the engine's age stands in the way.
        Conflict: something does; `done` says what was done before.
    """
    if view.changes.in_sync:
        return []
    lacking = too_old(view.wishes, view.seen.api_version)
    around = look_around(engine)
    found = [obstacle.text for obstacle in obstacles(view.wishes, view.seen, view.changes, around)]
    count = len(found) + len(view.changes.conflicts)
    if lacking and not count:
        hint = "take it out of the file, or update Docker"
        raise EngineTooOld(f"{too_old_text(view.wishes, view.seen)}; nothing was changed", hint=hint, details=lacking)
    if count:
        this = f"; this engine is Docker {view.seen.engine_version}"
        found += [f"! {text}" for text in (*(text + this for text in lacking), *_images_not_to_be_had(engine, view))]
        count = len(found) + len(view.changes.conflicts)
        what = "something stands" if count == 1 else f"{count} things stand"
        raise Conflict(f"{what} in the way (marked ! above); {done}", details=found)
    return warnings(view.seen, view.changes, around)


def contested(view: View, target: Target) -> Conflict:
    """The refusal to take over what another file made, which is still there and describes the same topology."""
    other = view.changes.made_from
    return Conflict(
        f"`{target.id.name}` was made from {other}, and {target.source} describes it too; nothing was touched",
        hint="give one of the two files another `name` or `prefix`; or let this one take over what is listed above:"
        " --adopt",
    )


def _images_not_to_be_had(engine: Engine, view: View) -> Iterator[str]:
    names = sorted({wish.spec.image for wish in _without_image(view)})
    with ThreadPoolExecutor(4) as pool:
        for name, reason in zip(names, pool.map(engine.operator().not_to_be_had, names), strict=True):
            if reason:
                hint = "check its name, or let a stand-in run: --stand-ins auto"
                yield f"the image `{name}` is not on the engine and can't be pulled: {reason}\n    {hint}"


def _without_image(view: View) -> list[ContainerWish]:
    return [w for w in making(view.changes) if not w.stand_in_for and w.spec.image not in view.seen.images]


def provide_images(engine: Engine, view: View, listener: Listener) -> bool:
    """Fetch what is missing; whether anything was."""
    provided = False
    if any(wish.stand_in_for and wish.image is None for wish in making(view.changes)):
        provide_busybox(engine, listener.say)
        provided = True
    missing = _without_image(view)
    _refuse_never_pulled(missing)
    always = always_pulled(view)
    if missing or always:
        pulls = {Pull(w.spec.image, w.spec.platform or "") for w in (*missing, *always)}
        pull_all(engine, pulls, listener.on_pull, listener.stop)
        provided = True
    return provided


def always_pulled(view: View) -> list[ContainerWish]:
    """Those whose image the file wants pulled at each apply."""
    return [w for w in view.wishes.containers if not w.stand_in_for and w.spec.pull_policy == "always"]


def _refuse_never_pulled(missing: list[ContainerWish]) -> None:
    never = [wish for wish in missing if wish.spec.pull_policy == "never"]
    if never:
        details = [f"containers.{wish.key}: the engine has no image `{wish.spec.image}`" for wish in never]
        hint = "make or load the image, or take `pull_policy` out of the file"
        raise OperationFailed("the file says `pull_policy: never`; nothing was changed", hint=hint, details=details)
