"""Trying claims out: a helper container in each source's network, all of a source's probes at once."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from netdeploy.engine.engine import Engine
from netdeploy.engine.helpers import Errand, run_errands
from netdeploy.engine.normal_form import kernel_socket
from netdeploy.errors import NetdeployError
from netdeploy.verify.claim import Claim, Probe
from netdeploy.verify.world import HOST, World

_AT_ONCE = 256
"""Probes at once, as in the script."""
_LONGEST = 8.0
"""Seconds for one try of the slowest kind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a probe.

    `word` is `ok`, `refused`, `timeout`, `unreachable` (the network is), `unresolved`, `empty` (accepted, and closed
    at once), `status` (of a web server, another one than wanted), `lacks` (its text) or `nothing` (no word came back).
    """

    word: str
    addresses: tuple[str, ...] = ()
    status: str = ""
    by_hosts: bool = False
    """Whether the addresses are from /etc/hosts."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket inside a container; a wildcard address is `0.0.0.0` or `::`."""

    address: str
    port: int

    @property
    def is_local(self) -> bool:
        """Whether only the container itself can connect."""
        return ipaddress.ip_address(self.address).is_loopback


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen from inside: outcomes by the claim's place in the list, and listeners by container.

    `blind` has, by source, why nothing could be tried from there.
    """

    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    listeners: Mapping[str, tuple[Listener, ...]] = field(default_factory=dict)
    blind: Mapping[str, NetdeployError] = field(default_factory=dict)


def try_out(
    engine: Engine, image: str, world: World, claims: Sequence[Claim], stop: threading.Event | None = None
) -> Evidence:
    """Run the probes of claims.

    Args:
        engine: where the containers run.
        image: a busybox the engine has.
        world: the containers; those that do not run are left out.
        claims: what to test.
        stop: ends the waiting.

    Raises:
        Interrupted: `stop` was set; no helper stays.
    """
    by_source: dict[str, dict[int, Probe]] = {m.key: {} for m in world.members.values() if m.runs}
    for number, claim in enumerate(claims):
        if claim.probe is not None and (claim.source == HOST or claim.source in by_source):
            by_source.setdefault(claim.source, {})[number] = claim.probe
    sources = list(by_source)
    errands = [_errand(world, source, by_source[source]) for source in sources]
    outcomes: dict[int, Outcome] = {}
    listeners: dict[str, tuple[Listener, ...]] = {}
    blind: dict[str, NetdeployError] = {}
    for source, answer in zip(sources, run_errands(engine, image, errands, stop), strict=True):
        if answer.problem is not None:
            blind[source] = answer.problem
            continue
        outcomes |= {number: Outcome("nothing") for number in by_source[source]} | dict(_outcomes(answer.output))
        listeners[source] = tuple(_listeners(answer.output))
    return Evidence(outcomes, listeners, blind)


def _errand(world: World, source: str, probes: Mapping[int, Probe]) -> Errand:
    member = world.members.get(source)
    mode = f"container:{member.live.id}" if member and member.live else "host"
    six = any(network.enable_ipv6 for network in world.seen.networks)
    environment = {"PROBES": "\n".join(_line(number, probe) for number, probe in probes.items())}
    environment["FAMILIES"] = "a aaaa" if six else "a"
    for number, probe in probes.items():
        if probe.http and probe.http.contains:
            environment[f"CONTAINS_{number}"] = probe.http.contains
    slowest = max((probe.within for probe in probes.values()), default=0.0) + _LONGEST
    seconds = slowest * math.ceil(len(probes) / _AT_ONCE) + 20  # which a machine that is busy otherwise needs
    return Errand(mode, script(), f"verifying {world.wishes.origin.topology}", seconds, environment)


def script() -> str:
    """The shell script that runs probes."""
    return files("netdeploy.verify").joinpath("probe.sh").read_text()


def _line(number: int, probe: Probe) -> str:
    within = round(probe.within * 100)
    http = (probe.http.path, probe.http.status) if probe.http else ("", "")
    return "|".join(map(str, (number, probe.kind, probe.host.lower(), probe.port, probe.want, within, *http)))


def _outcomes(output: str) -> Iterator[tuple[int, Outcome]]:
    for line in output.splitlines():
        match line.split():
            case ["R", number, "status", status, address]:
                yield int(number), Outcome("status", (address,), status)
            case ["R" | "H" as letter, number, word, *addresses]:
                yield int(number), Outcome(word, tuple(addresses), by_hosts=letter == "H")


def _listeners(output: str) -> Iterator[Listener]:
    for line in output.splitlines():
        match line.split():
            case ["L", text]:
                yield _listener(text)


def _listener(text: str) -> Listener:
    """An IPv4 address inside an IPv6 one is the IPv4 address."""
    address, port = kernel_socket(text)
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return Listener(str(mapped or found), port)
