"""Finding out how containers are connected: what the engine tells, and what helpers see inside and on the host."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.helpers import HOST, Answer, Errand, run_errands
from netdeploy.engine.networking import Listed, Networking, listed_containers, networking, networks
from netdeploy.engine.observe import identity
from netdeploy.engine.surroundings import is_on_this_host
from netdeploy.errors import NetdeployError
from netdeploy.inspect import local
from netdeploy.inspect.ports import exposed_places
from netdeploy.inspect.space import FILES_SCRIPT, SCRIPT, Space, bare, parse, ping_script, reach_script
from netdeploy.topology.problem import did_you_mean

if TYPE_CHECKING:
    from netdeploy.engine.engine import Engine
    from netdeploy.engine.observed import ObservedNetwork

_SECONDS = 20.0
_MOST_TRIED = 200
"""Of exposed ports: one who exposes them all does not have them all tried."""
_PURPOSE = "inspect"


@dataclass(frozen=True, slots=True)
class Seen:
    """A namespace as a helper saw it, or (then `space` is None) why none could."""

    space: Space | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that could be found out about one container."""

    networking: Networking
    networks: Mapping[str, ObservedNetwork]
    """Of the engine, by id."""
    inside: Seen
    host: Seen
    helper_image: str = ""
    containers: Mapping[str, Listed] = field(default_factory=dict)
    """Of the engine, by id."""
    engine_host: str = ""
    """The name of the engine's host."""
    hostname: str | None = None
    """What the kernel has for the container's processes; None where that could not be looked at."""


def inspect(
    engine: Engine, names: Sequence[str], say: Callable[[str], None], stop: threading.Event | None = None
) -> list[Inspection]:
    """Look at containers, in the order of `names` (names or ids).

    Raises:
        NetdeployError: there is no such container.
        Interrupted: `stop` was set.
    """
    found = engine.reader.get_all(lambda name: networking(engine.reader, name), names)
    listed = listed_containers(engine.reader)
    _refuse_unknown(listed, names, found)
    connections = [connection for connection in found if connection is not None]
    return _Look(engine, say, stop).all(connections, networks(engine.reader), listed)


def _refuse_unknown(containers: Mapping[str, Listed], names: Sequence[str], found: Sequence[Networking | None]) -> None:
    missing = [name for name, connection in zip(names, found, strict=True) if connection is None]
    if not missing:
        return
    there = sorted(container.name for container in containers.values())
    listed = f"there are: {', '.join(there[:20])}{' …' if len(there) > 20 else ''}" if there else "there is none at all"
    hints = {name: did_you_mean(name, there, otherwise=listed) for name in missing}
    texts = [f"there is no container `{name}` on this engine" for name in missing]
    details = [f"{text} ({hints[name]})" for text, name in zip(texts, missing, strict=True)]
    raise NetdeployError(texts[-1], hint=hints[missing[-1]], details=details[:-1])


@dataclass(frozen=True, slots=True)
class _Look:
    engine: Engine
    say: Callable[[str], None]
    stop: threading.Event | None

    def all(
        self,
        connections: Sequence[Networking],
        known: Mapping[str, ObservedNetwork],
        listed: Mapping[str, Listed],
    ) -> list[Inspection]:
        """One helper in each container's network, and one on the host for all of them."""
        by_mode = {mode: connection for connection in connections if (mode := _helper_mode(connection))}
        modes = list(dict.fromkeys([HOST, *by_mode])) if by_mode else []
        image, problem = self._image() if modes else ("", "")
        addresses = list(dict.fromkeys(a for c in by_mode.values() for e in c.endpoints for a in bare(e.addresses)))
        exposed = list(dict.fromkeys(place for c in by_mode.values() for place in exposed_places(c)))[:_MOST_TRIED]
        if not is_on_this_host(self.engine):
            exposed = []  # a helper on the engine's host shows nothing of this one
        seen = self._run(image, modes, addresses, exposed) if image else {mode: Seen(why_not=problem) for mode in modes}
        if any(one.space is None for one in seen.values()):
            seen = self._without_helpers(seen, by_mode, addresses)
        nothing = Seen(why_not=_WITHOUT_PROCESS)
        _, engine_host = identity(self.engine.reader)
        local_names = os.geteuid() == 0 and is_on_this_host(self.engine)
        return [
            Inspection(
                networking=connection,
                networks=known,
                inside=seen.get(_helper_mode(connection), nothing),
                host=seen.get(HOST, nothing),
                helper_image=image,
                containers=listed,
                engine_host=engine_host,
                hostname=_hostname(connection) if local_names else None,
            )
            for connection in connections
        ]

    def _image(self) -> tuple[str, str]:
        """The helpers' image, or why there is none."""
        try:
            return provide_busybox(self.engine, self.say), ""
        except NetdeployError as error:
            return "", f"no helper container can be run ({error.message})"

    def _run(
        self, image: str, modes: list[str], addresses: list[str], exposed: list[tuple[str, int]]
    ) -> dict[str, Seen]:
        host_script = f"{SCRIPT}\n{FILES_SCRIPT}\n{ping_script(addresses)}\n{reach_script(exposed)}"
        errands = [Errand(mode, host_script if mode == HOST else SCRIPT, _PURPOSE, _SECONDS) for mode in modes]
        answers = run_errands(self.engine, image, errands, self.stop)
        return {mode: _seen(answer) for mode, answer in zip(modes, answers, strict=True)}

    def _without_helpers(
        self, seen: Mapping[str, Seen], by_mode: Mapping[str, Networking], addresses: Sequence[str]
    ) -> dict[str, Seen]:
        """What this machine shows of itself, where the engine is on it."""
        if not is_on_this_host(self.engine):
            return {
                mode: one if one.space else Seen(why_not=f"{one.why_not}, and the engine is not on this machine")
                for mode, one in seen.items()
            }
        found = dict(seen)
        for mode, one in seen.items():
            if one.space is None:
                owner = by_mode[mode].connected if mode in by_mode else None
                space = local.inside(owner.state.pid, owner.id) if owner and mode != HOST else local.host(addresses)
                found[mode] = Seen(why_not=f"{one.why_not}, and {space}") if isinstance(space, str) else Seen(space)
        return found


_WITHOUT_PROCESS = "the container does not run, and without a process it has no network"


def _helper_mode(connection: Networking) -> str:
    """How a helper shares the container's network; "" where there is none to share."""
    owner = connection.connected
    if not owner.state.running or not connection.container.state.running:
        return ""
    return HOST if owner.network_mode == HOST else f"container:{owner.id}"


def _hostname(connection: Networking) -> str | None:
    container = connection.container
    return local.hostname(container.state.pid, container.id) if container.state.running else None


def _seen(answer: Answer) -> Seen:
    if answer.problem:
        return Seen(why_not=f"a helper container could not be run ({answer.problem.message})")
    space = parse(answer.output)
    return Seen(space) if space.interfaces else Seen(why_not="a helper container told nothing")
