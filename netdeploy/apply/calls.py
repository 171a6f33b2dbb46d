"""How each call of a plan is carried out on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from netdeploy.apply.endings import Watched, ended_too_soon, ended_with_an_error, with_last_words
from netdeploy.apply.who import named
from netdeploy.engine import instance, observe
from netdeploy.engine.engine import Engine
from netdeploy.engine.observed import LABEL_PREFIX, LABEL_TOPOLOGY
from netdeploy.errors import NetdeployError, OperationFailed, PortTaken
from netdeploy.plan.operations import (
    Call,
    Connect,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Disconnect,
    Handle,
    Operation,
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

SETTLED = 1.0  # seconds a container must run before it counts as started


def _refuse_foreign(name: str, labels: Mapping[str, str], body: Mapping[str, Any]) -> None:
    """An engine answers as if it had made a volume that was there already, perhaps with somebody's data."""
    ours = body["Labels"]
    own = (ours[LABEL_TOPOLOGY], ours.get(LABEL_PREFIX))
    if (labels.get(LABEL_TOPOLOGY), labels.get(LABEL_PREFIX, own[1])) != own:  # older versions wrote no prefix
        hint = f"look at it (docker volume inspect {name}), and remove it or give yours another `name`"
        raise OperationFailed(f"somebody else made a volume `{name}` meanwhile; it was left as it is", hint=hint)


_NOT_YET = {"is healthy": "is not healthy", "ended well": "has not ended", "stays up": "does not stay up"}


def _wait_of(operation: Operation) -> Wait:
    if not isinstance(operation.call, Wait):
        raise TypeError(f"{operation.id} is no wait")
    return operation.call


class Calls:
    """Carries out calls, and remembers the ids of what was made."""

    def __init__(self, engine: Engine) -> None:
        self._reader = engine.reader
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
            raise named(error, call, self._id, self._reader) from None

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
                labels = instance.for_new(body["Labels"], observe.image(self._reader, str(body["Image"])))
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
                raise TypeError(f"{call.text} is no call")
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
            holders = observe.publishers(self._reader, port)
            if not holders:
                raise
            names = ", ".join(f"`{name}`" for name in holders)
            message = f"starting `{container.name}`: the host's port {port} is held by the container {names}"
            hint = f"stop it (docker stop {holders[0]}), or publish another port in the file"
            raise OperationFailed(message, hint=hint) from None

    def look(self, operation: Operation, seconds: float) -> bool:
        """Whether the condition of a wait holds now; `seconds` is how long it has been waited for.

        Raises:
            OperationFailed: it can't hold any more; with the container's last log lines.
        """
        container = self._watched(operation)
        match _wait_of(operation).condition:
            case "stays up":
                return self._stays_up(container, seconds)
            case "is healthy":
                return self._is_healthy(container)
            case "ended well":
                return self._ended_well(container, operation.reason)

    def too_slow(self, operation: Operation, seconds: float) -> OperationFailed:
        """The error of a wait that was given up after `seconds`; with the container's last log lines."""
        wait = _wait_of(operation)
        what = f"{_NOT_YET[wait.condition]} after {seconds:.0f} seconds"
        hint = "give it more with --timeout, or mend what keeps it"
        try:
            container = self._watched(operation)
            if container.state.restarts and wait.condition == "ended well":
                code = f"exit code {container.state.exit_code}, " if container.state.status == "restarting" else ""
                again = f"it keeps restarting ({code}{container.state.restarts} times so far)"
                what = f"has not succeeded after {seconds:.0f} seconds: {again}"
            return with_last_words(self._reader, container, what, hint)
        except NetdeployError:
            return OperationFailed(f"`{wait.container.name}` {what}", hint=hint)

    def _watched(self, operation: Operation) -> Watched:
        handle = _wait_of(operation).container
        id_ = self._id(handle)
        state = observe.state(self._reader, id_)
        if state is None:
            raise OperationFailed(f"`{handle.name}` was removed by somebody else meanwhile", hint="apply again")
        return Watched(id_, handle.name, state, stays=not operation.group)

    def _stays_up(self, container: Watched, seconds: float) -> bool:
        state = container.state
        restarts = state.status == "restarting" or state.restarts > 0
        if state.running and not restarts:
            return seconds >= SETTLED
        raise ended_too_soon(self._reader, container, "keeps restarting" if restarts else "exited at once")

    def _is_healthy(self, container: Watched) -> bool:
        state = container.state
        if not state.running:
            what = f"ended (exit code {state.exit_code}) while it was waited for"
            raise with_last_words(self._reader, container, what)
        if not state.health:
            hint = "give it a `healthcheck`, or wait for `service_started` only"
            raise with_last_words(self._reader, container, "has no healthcheck, so it never becomes healthy", hint)
        if state.health == "unhealthy":
            output = f": {state.health_output}" if state.health_output else ""
            raise with_last_words(self._reader, container, f"is unhealthy{output}")
        return state.health == "healthy"

    def _ended_well(self, container: Watched, reason: str) -> bool:
        state = container.state
        if state.running or state.status == "created":
            return False
        if state.exit_code != 0:
            raise ended_with_an_error(self._reader, container, reason)
        return True
