"""Helper containers: a busybox that shares the network of a container (or of the host) and runs one script there.

Nothing is needed in the container whose network it is, and it works on an engine of another machine too. A helper ends
by itself after its time, is always removed, and carries labels that say whose it is: one that was left behind by a
process that died is removed by the next one to need helpers.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netdeploy.engine import instance
from netdeploy.engine.holder import Holder
from netdeploy.engine.observe import image, listed_labels, listed_name, log_streams, state
from netdeploy.errors import Interrupted, NetdeployError, OperationFailed

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.engine.observed import State
    from netdeploy.engine.reader import Reader

LABEL_HELPER = "netdeploy.helper"
"""On a helper: what it is for."""
HOST = "host"
_NAME = "netdeploy-helper-"
_AT_ONCE = 10  # scripts mostly wait, for what does not answer
_ABANDONED = 900.0  # seconds after which a helper of a process that can't be looked at is taken for left behind
_LOOK_AGAIN = 0.25  # seconds
_MEMORY = 256 << 20  # bytes
_PROCESSES = 4096
_KILLED = 137
_MOST_SAID = 200  # characters of what a helper that failed says
_GRACE = 30.0  # seconds for making and starting a helper, beyond the time of its script
# Process 1 of a container can't be killed from within it, so the script is not process 1; without the `exit` the shell
# would become it.
_ENTRYPOINT = ("sh", "-c", 'timeout -s KILL "$0" sh -c "$1"; exit $?')


@dataclass(frozen=True, slots=True)
class Errand:
    """A shell script (busybox's) to run where a network is.

    `network_mode` is `container:ID` or `host`; after `seconds` the script is ended. `environment` is for its input.
    """

    network_mode: str
    script: str
    purpose: str
    seconds: float = 30.0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an errand's script wrote, and the reason why it could not be run, or not to its end."""

    output: str = ""
    problem: NetdeployError | None = None


def run_errands(
    engine: Engine, image: str, errands: Sequence[Errand], stop: threading.Event | None = None
) -> list[Answer]:
    """Run errands, a few at once; the answers are in their order.

    Args:
        engine: where.
        image: a busybox the engine has, as `busybox.provide_busybox` answers.
        errands: what to run.
        stop: ends the waiting; helpers are removed all the same.

    Raises:
        Interrupted: `stop` was set.
    """
    remove_leftovers(engine)
    engine.operator()  # made once, before there are threads
    halt = threading.Event()
    runner = _Runner(engine, image, Holder.this_process(), halt)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="helper") as pool:
        futures = [pool.submit(runner.run, errand) for errand in errands]
        try:
            while wait(futures, timeout=_LOOK_AGAIN).not_done:
                if stop is not None and stop.is_set():
                    raise Interrupted("interrupted while helper containers were running; they are removed")
        finally:
            halt.set()
    remove_leftovers(engine)  # again: the engine may have been making some for one that was killed just before
    return [future.result() for future in futures]


@dataclass(frozen=True, slots=True)
class _Runner:
    engine: Engine
    image: str
    holder: Holder
    halt: threading.Event

    def run(self, errand: Errand) -> Answer:
        """One helper from its making to its removal."""
        if self.halt.is_set():
            return Answer(problem=Interrupted("interrupted"))
        name = f"{_NAME}{uuid.uuid4().hex[:12]}"
        operator = self.engine.operator()
        try:
            id_, _warnings = operator.create_container(name, self._body(errand))
            try:
                operator.start(id_, name)
                ended = self._await_end(id_, errand)
                output, said = log_streams(self.engine.reader, id_)
                return Answer(output, _problem(errand, ended, said))
            finally:
                operator.remove_container(id_, name, volumes=True)
        except NetdeployError as error:
            return Answer(problem=error)

    def _await_end(self, id_: str, errand: Errand) -> State:
        end = time.monotonic() + errand.seconds + _GRACE
        pause = 0.02
        while time.monotonic() < end:
            now = state(self.engine.reader, id_)
            if now is None:
                raise OperationFailed(f"somebody removed the helper container for {errand.purpose}", hint="try again")
            if not now.running:
                return now
            if self.halt.wait(pause):
                raise Interrupted("interrupted")
            pause = min(2 * pause, _LOOK_AGAIN)
        raise OperationFailed(f"a helper container for {errand.purpose} did not end", hint="is the engine overloaded?")

    def _body(self, errand: Errand) -> dict[str, Any]:
        labels = {LABEL_HELPER: errand.purpose, **self.holder.labels(LABEL_HELPER)}
        return {
            "Image": self.image,
            "Entrypoint": [*_ENTRYPOINT, str(math.ceil(errand.seconds)), errand.script],
            "Cmd": [],
            "User": "0",
            "WorkingDir": "/",
            "Env": [f"{name}={value}" for name, value in errand.environment.items()],
            "Healthcheck": {"Test": ["NONE"]},
            "Labels": instance.for_new(labels, image(self.engine.reader, self.image)),
            "HostConfig": {
                "NetworkMode": errand.network_mode,
                "LogConfig": {"Type": "json-file"},  # the engine's own default may be one that can't be read
                "SecurityOpt": ["no-new-privileges"],
                "ReadonlyRootfs": True,
                "Tmpfs": {"/tmp": "size=64m"},  # noqa: S108 - the container's own
                "Memory": _MEMORY,
                "MemorySwap": _MEMORY,
                "PidsLimit": _PROCESSES,
            },
        }


def _problem(errand: Errand, ended: State, said: str) -> OperationFailed | None:
    """Why a helper did not finish its script; None if it did."""
    if ended.exit_code == 0:
        return None
    what = f"the helper container for {errand.purpose}"
    if ended.oom_killed:
        return OperationFailed(f"{what} ran out of memory", hint="try fewer containers or checks at once")
    if ended.exit_code == _KILLED:
        text = f"{what} was ended after {errand.seconds:.0f} seconds"
        return OperationFailed(text, hint="is the engine overloaded?")
    last = said.strip().rpartition("\n")[2][:_MOST_SAID]
    return OperationFailed(f"{what} failed (exit code {ended.exit_code})" + (f": {last}" if last else ""))


@dataclass(frozen=True, slots=True)
class Leftover:
    """A helper of a process that died: its container, what it was for, and whose it was."""

    id: str
    name: str
    purpose: str
    holder: Holder


def leftovers(reader: Reader) -> list[Leftover]:
    """Helpers of processes that died; those of living ones are none."""
    found = []
    for item in reader.get("/containers/json", all=1, filters={"label": [LABEL_HELPER]}):
        labels = listed_labels(reader, item)
        holder = Holder.from_labels(labels, LABEL_HELPER)
        if holder is None or not listed_name(item).startswith(_NAME):
            continue
        old = time.time() - float(item.get("Created") or 0) > _ABANDONED
        if holder.is_dead or (old and not holder.can_be_looked_at):
            found.append(Leftover(item["Id"], listed_name(item), labels.get(LABEL_HELPER, ""), holder))
    return found


def remove_leftovers(engine: Engine) -> None:
    """Remove helpers of processes that died; those of living ones are left alone."""
    for leftover in leftovers(engine.reader):
        with suppress(OperationFailed):  # somebody else removes it at this moment
            engine.operator().remove_container(leftover.id, leftover.name, volumes=True)
