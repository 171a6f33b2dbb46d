"""How each call of a plan is carried out on the engine."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from netdeploy.apply.last_words import meaning_of
from netdeploy.apply.who import named
from netdeploy.engine import observe
from netdeploy.engine.engine import Engine
from netdeploy.engine.observed import LABEL_INSTANCE, LABEL_PREFIX, LABEL_TOPOLOGY, State
from netdeploy.errors import OperationFailed, PortTaken
from netdeploy.masking import masked_text
from netdeploy.plan.operations import (
    Call,
    Connect,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Disconnect,
    Handle,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    Rename,
    Start,
    Stop,
    Unpause,
    Update,
    Wait,
)

_STOPPED = {
    0: "its command has nothing more to do: give it one that keeps running",
    126: "its command is no program that it may run: check `command`, `entrypoint` and `user`",
    127: "the image has no such program: check `command` and `entrypoint`",
    137: "it was killed: `docker inspect` tells whether for memory, then `mem_limit` is too low",
}
"""What to do about a container that stopped, by its exit code."""
SETTLED = 1.0  # seconds a container must run before it counts as started


def _refuse_foreign(name: str, labels: Mapping[str, str], body: Mapping[str, Any]) -> None:
    """An engine answers as if it had made a volume that was there already, perhaps with somebody's data."""
    ours = body["Labels"]
    own = (ours[LABEL_TOPOLOGY], ours.get(LABEL_PREFIX))
    if (labels.get(LABEL_TOPOLOGY), labels.get(LABEL_PREFIX, own[1])) != own:  # older versions wrote no prefix
        hint = f"look at it (docker volume inspect {name}), and remove it or give yours another `name`"
        raise OperationFailed(f"somebody else made a volume `{name}` meanwhile; it was left as it is", hint=hint)


@dataclass(frozen=True, slots=True)
class _Watched:
    id: str
    name: str
    state: State


class Calls:
    """Carries out calls, and remembers the ids of what was made."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._operator = engine.operator()
        self._made: dict[str, str] = {}
        self.warnings: list[str] = []
        """What the engine warned of, such as a setting that its kernel does not have."""

    def _id(self, handle: Handle) -> str:
        return handle.id or self._made.get(handle.made_as or handle.name) or handle.name

    def do(self, call: Call) -> bool:
        """Carry out one call; True, since it is done when it returns.

        Raises:
            OperationFailed: the engine refused; who is in the way is named, where that can be found out.
            EngineUnreachable: the engine did not answer.
        """
        try:
            return self._do(call)
        except OperationFailed as error:
            if not error.topic:
                raise
            raise named(error, call, self._id, self._engine.reader) from None

    def _do(self, call: Call) -> bool:  # noqa: C901, PLR0912 - one case for each kind of call
        operator = self._operator
        match call:
            case CreateNetwork(name, body):
                self._made[name] = operator.create_network(name, body)
            case RemoveNetwork(network):
                operator.remove_network(self._id(network), network.name)
            case CreateVolume(name, body):
                _refuse_foreign(name, operator.create_volume(name, body), body)
            case RemoveVolume(name):
                operator.remove_volume(name)
            case CreateContainer(name, body):
                labels = {**body["Labels"], LABEL_INSTANCE: uuid.uuid4().hex}
                self._made[name], said = operator.create_container(name, {**body, "Labels": labels})
                self.warnings += [f"{name}: {text}" for text in said]
            case Connect():
                self._connect(call)
            case Disconnect(container, network):
                doing = f"disconnecting `{container.name}` from `{network.name}`"
                operator.disconnect(self._id(container), self._id(network), doing)
            case Start(container):
                self._start(container)
            case Unpause(container):
                operator.unpause(self._id(container), container.name)
            case Stop(container, grace):
                operator.stop(self._id(container), container.name, grace)
            case Rename(container, new):
                operator.rename(self._id(container), container.name, new)
            case Update(container, body):
                said = operator.update(self._id(container), container.name, body)
                self.warnings += [f"{container.name}: {text}" for text in said]
            case RemoveContainer(container, volumes):
                operator.remove_container(self._id(container), container.name, volumes=volumes)
            case Wait():
                return self.look(call, SETTLED)
            case _:
                assert_never(call)
        return True

    def _connect(self, call: Connect) -> None:
        doing = f"connecting `{call.container.name}` to `{call.network.name}`"
        ids = self._id(call.container), self._id(call.network)
        try:
            self._operator.connect(*ids, call.endpoint, doing)
        except OperationFailed:
            if call.fallback is None:
                raise
            self._operator.connect(*ids, call.fallback, doing)

    def _start(self, container: Handle) -> None:
        try:
            self._operator.start(self._id(container), container.name)
        except PortTaken as error:
            port = int(error.port.rpartition(":")[2])
            holders = observe.publishers(self._engine.reader, port)
            if not holders:
                raise
            names = ", ".join(f"`{name}`" for name in holders)
            message = f"starting `{container.name}`: the host's port {port} is held by the container {names}"
            hint = f"stop it (docker stop {holders[0]}), or publish another port in the file"
            raise OperationFailed(message, hint=hint) from None

    def look(self, wait: Wait, seconds: float) -> bool:
        """Whether the condition holds now; `seconds` is how long it has been waited for.

        Raises:
            OperationFailed: it can't hold any more; with the container's last log lines.
        """
        id_, name = self._id(wait.container), wait.container.name
        state = observe.state(self._engine.reader, id_)
        if state is None:
            raise OperationFailed(f"`{name}` was removed by somebody else meanwhile", hint="apply again")
        container = _Watched(id_, name, state)
        match wait.condition:
            case "stays up":
                return self._stays_up(container, seconds)
            case "is healthy":
                return self._is_healthy(container)
            case "ended well":
                return self._ended_well(container)

    def _stays_up(self, container: _Watched, seconds: float) -> bool:
        state = container.state
        restarts = state.status == "restarting" or state.restarts > 0
        if state.running and not restarts:
            return seconds >= SETTLED
        hint = _STOPPED.get(state.exit_code, "its command must keep running; what it printed, if anything, is above")
        if state.oom_killed:
            hint = "it ran out of memory: give it a higher `mem_limit`"
        what = "keeps restarting" if restarts else "exited at once"
        raise self._failed(container, f"{what} (exit code {state.exit_code})", hint)

    def _is_healthy(self, container: _Watched) -> bool:
        state = container.state
        if not state.running:
            raise self._failed(container, f"ended (exit code {state.exit_code}) while it was waited for")
        if not state.health:
            hint = "give it a `healthcheck`, or wait for `service_started` only"
            raise self._failed(container, "has no healthcheck, so it never becomes healthy", hint)
        if state.health == "unhealthy":
            output = f": {state.health_output}" if state.health_output else ""
            raise self._failed(container, f"is unhealthy{output}")
        return state.health == "healthy"

    def _ended_well(self, container: _Watched) -> bool:
        state = container.state
        if state.running or state.status == "created":
            return False
        if state.exit_code != 0:
            raise self._failed(container, f"ended with exit code {state.exit_code}, and others wait for it")
        return True

    def _failed(self, container: _Watched, what: str, hint: str = "") -> OperationFailed:
        lines = [masked_text(line) for line in observe.last_log_lines(self._engine.reader, container.id)]
        details = [f"the engine said: {container.state.error}"] if container.state.error else []
        said = meaning_of(lines)
        if said:
            what, hint = f"{what}: {said[0]}", said[1]
        details += [f"its last log lines:\n{chr(10).join(f'  {line}' for line in lines)}"] if lines else []
        hint = hint or f"docker logs {container.name} shows all it said"
        return OperationFailed(f"`{container.name}` {what}", hint=hint, details=details)
