"""Images are fetched before anything is touched, all at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from netdeploy.engine.engine import Engine
from netdeploy.errors import Interrupted, NetdeployError, OperationFailed

PULLS = 4  # an engine fetches three layers of an image at once; more images at a time only share the line


@dataclass(frozen=True, slots=True, order=True)
class Pull:
    """An image to fetch, and the platform to fetch it for; "" is the engine's own."""

    image: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far one image is: layers done and known, bytes so far and in all (0: not known yet)."""

    image: str
    layers_done: int = 0
    layers: int = 0
    bytes_done: int = 0
    bytes_all: int = 0
    finished: bool = False
    error: str = ""


def pull_all(
    engine: Engine,
    pulls: Iterable[Pull],
    on_progress: Callable[[PullProgress], None],
    stop: threading.Event,
) -> None:
    """Pull images at once.

    Args:
        engine: the engine that pulls.
        pulls: what to fetch; doubles are pulled once.
        on_progress: told from the pulling threads.
        stop: when set, pulling ends at the next word from the engine.

    Raises:
        Interrupted: `stop` was set.
        OperationFailed: some could not be had; all of them are named.
    """
    wanted = sorted(set(pulls))
    with ThreadPoolExecutor(PULLS, thread_name_prefix="pull") as pool:
        failures = [error for error in pool.map(lambda pull: _pull(engine, pull, on_progress, stop), wanted) if error]
    if stop.is_set():
        raise Interrupted("interrupted while images were pulled; nothing was changed")
    if len(failures) == 1:
        raise failures[0]
    if failures:
        hint = next((failure.hint for failure in failures if failure.hint), "")
        details = [failure.message for failure in failures]
        raise OperationFailed(
            f"{len(failures)} images could not be pulled; nothing was changed", hint=hint, details=details
        )


def _pull(
    engine: Engine, pull: Pull, on_progress: Callable[[PullProgress], None], stop: threading.Event
) -> NetdeployError | None:
    layers: dict[str, tuple[int, int]] = {}
    done: set[str] = set()
    name = pull.image
    on_progress(PullProgress(name))
    try:
        for message in engine.operator().pull(name, pull.platform):
            if stop.is_set():
                break
            layer, detail = str(message.get("id") or ""), message.get("progressDetail") or {}
            if detail.get("total") and message.get("status") == "Downloading":
                layers[layer] = (int(detail.get("current") or 0), int(detail["total"]))
            if message.get("status") in ("Pull complete", "Already exists"):
                done.add(layer)
            so_far, in_all = (sum(part) for part in zip(*layers.values(), strict=True)) if layers else (0, 0)
            on_progress(PullProgress(name, len(done), len(done | set(layers)), so_far, in_all))
    except NetdeployError as error:
        on_progress(PullProgress(name, finished=True, error=error.message))
        return error
    on_progress(PullProgress(name, finished=True))
    return None
