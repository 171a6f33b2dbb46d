"""What is said of a container that ended, or is not as it was waited for: its exit code, and its last words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdeploy.apply.last_words import meaning_of
from netdeploy.engine import observe
from netdeploy.errors import OperationFailed
from netdeploy.masking import masked_text

if TYPE_CHECKING:
    from netdeploy.engine.observed import State
    from netdeploy.engine.reader import Reader

_MUST_RUN = "its command must keep running; what it printed, if anything, is above"
_OUT_OF_MEMORY = "it ran out of memory: give it a higher `mem_limit`"
_BY_CODE = {
    126: "its command is no program that it may run: check `command`, `entrypoint` and `user`",
    127: "the image has no such program: check `command` and `entrypoint`",
    137: "it was killed: `docker inspect` tells whether for memory, then `mem_limit` is too low",
}
_NOTHING_TO_DO = (
    "its command has nothing more to do: give it one that keeps running, or, if it is meant to end, let who needs it"
    " wait: `depends_on` with `condition: service_completed_successfully`"
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A container that is looked at; `stays` is whether it is still there when this has failed."""

    id: str
    name: str
    state: State
    stays: bool = True


def ended_too_soon(reader: Reader, container: Watched, when: str) -> OperationFailed:
    """The error of one that was to keep running; `when` as in "exited at once"."""
    state = container.state
    hint = _NOTHING_TO_DO if state.exit_code == 0 else _BY_CODE.get(state.exit_code, _MUST_RUN)
    hint = _OUT_OF_MEMORY if state.oom_killed else hint
    return with_last_words(reader, container, f"{when} (exit code {state.exit_code})", hint)


def ended_with_an_error(reader: Reader, container: Watched, reason: str) -> OperationFailed:
    """The error of one that was to end well; `reason` is why it is waited for."""
    state = container.state
    again = f", after {state.restarts} restarts" if state.restarts else ""
    hint = _OUT_OF_MEMORY if state.oom_killed else _BY_CODE.get(state.exit_code, "")
    what = f"failed: it ended with exit code {state.exit_code}{again}, and {reason}"
    return with_last_words(reader, container, what, hint)


def with_last_words(reader: Reader, container: Watched, what: str, hint: str = "") -> OperationFailed:
    """An error about a container, with its last log lines and what they are known to mean."""
    lines = [masked_text(line) for line in observe.last_log_lines(reader, container.id)]
    details = [f"the engine said: {container.state.error}"] if container.state.error else []
    said = meaning_of(lines)
    if said:
        what, hint = f"{what}: {said[0]}", said[1]
    details += [f"its last log lines:\n{chr(10).join(f'  {line}' for line in lines)}"] if lines else []
    if container.stays:
        hint = hint or f"docker logs {container.name} shows all it said"
    return OperationFailed(f"`{container.name}` {what}", hint=hint, details=details)
