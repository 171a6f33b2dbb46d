"""Trying claims out: a helper container in each source's network, all of a source's probes at once."""

from __future__ import annotations

import ipaddress
import math
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files

from netdeploy.engine.engine import Engine
from netdeploy.engine.helpers import Errand, run_errands
from netdeploy.engine.normal_form import kernel_socket
from netdeploy.errors import NetdeployError
from netdeploy.topology.rules_checks import is_address
from netdeploy.verify.claim import Claim, Probe
from netdeploy.verify.places import Place
from netdeploy.verify.world import HOST, World

_AT_ONCE = 256
"""Probes at once, as in the script."""
_LONGEST = 10.0
"""Seconds for one try of the slowest kind."""


_MOST_BYTES = 100_000
"""Of an environment: Linux takes 128 KiB for one variable, and the engine passes all on."""
_ANY_SERVER = ("ok", "refused", "timeout", "unreachable", "unresolved", "empty", "silent", "small")
_WEB_SERVER = ("lacks", "garbled", "mute", "slow")
_WORDS = frozenset((*_ANY_SERVER, *_WEB_SERVER))
_NUMBER = re.compile(r"[0-9]{1,9}")
_SAID = re.compile(r"[0-9a-f]{2}( [0-9a-f]{2}){0,199}")
_STATUS = re.compile(r"[0-9]{3}")
_LISTENER = re.compile(r"L ((?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4})")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a probe.

    `word` is `ok`, `refused`, `timeout`, `unreachable` (the network is), `unresolved`, `empty` (accepted, and closed
    at once), `silent` (accepted by the engine's proxy, and not by the container), `small` (large packets do not get
    through, small ones do), `status` (of a web server, another
    one than wanted), `lacks` (its text), `garbled` (what answers speaks no HTTP), `mute` (a web server
    accepted, and said nothing in time), `slow` (it had not said all in time) or `nothing` (no word came back).
    """

    word: str
    addresses: tuple[str, ...] = ()
    status: str = ""
    by_hosts: bool = False
    """Whether the addresses are from /etc/hosts."""
    said: bytes = b""
    """How the answer of a web server began that was not as wanted; of one that speaks HTTP, its body."""


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
    places: Mapping[str, Place] = field(default_factory=dict)
    """What a closer look at a network namespace showed, where something failed."""
    unread: int = 0
    """Lines that a helper wrote and that say nothing it was asked for."""


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
        if claim.probe is not None and not claim.untested and (claim.source == HOST or claim.source in by_source):
            by_source.setdefault(claim.source, {})[number] = claim.probe
    sources = list(by_source)
    rounds = [(source, part) for source in sources for part in _rounds(by_source[source])]
    errands = [_errand(world, source, part) for source, part in rounds]
    outcomes: dict[int, Outcome] = {}
    listeners: dict[str, tuple[Listener, ...]] = {}
    blind: dict[str, NetdeployError] = {}
    unread = 0
    for (source, part), answer in zip(rounds, run_errands(engine, image, errands, stop), strict=True):
        if answer.problem is not None:
            blind[source] = answer.problem
        said, listening = list(_outcomes(answer.output, part)), tuple(_listeners(answer.output))
        began = dict(_beginnings(answer.output, part))
        told = {number: replace(outcome, said=began.get(number, b"")) for number, outcome in said}
        outcomes |= {number: Outcome("nothing") for number in part if answer.problem is None} | told
        listeners.setdefault(source, listening)
        unread += sum(map(bool, answer.output.split("\n"))) - len(said) - len(began) - len(listening)
    return Evidence(outcomes, listeners, blind, unread=unread)


def _rounds(probes: Mapping[int, Probe]) -> Iterator[dict[int, Probe]]:
    """Probes in parts that fit into an environment each; one part if there are none, for the listening sockets."""
    part: dict[int, Probe] = {}
    size = 0
    for number, probe in probes.items():
        more = len("".join(f"{name}={value}" for name, value in _environment({number: probe}).items()).encode())
        if part and size + more > _MOST_BYTES:
            yield part
            part, size = {}, 0
        part[number] = probe
        size += more
    yield part


def _environment(probes: Mapping[int, Probe]) -> dict[str, str]:
    environment = {"PROBES": "\n".join(_line(number, probe) for number, probe in probes.items())}
    for number, probe in probes.items():
        if probe.http:
            environment[f"PATH_{number}"] = probe.http.path
            environment[f"CONTAINS_{number}"] = probe.http.contains or ""
    return environment


def _errand(world: World, source: str, probes: Mapping[int, Probe]) -> Errand:
    member = world.members.get(source)
    mode = f"container:{member.live.id}" if member and member.live else "host"
    six = any(network.enable_ipv6 for network in world.seen.networks)
    environment = _environment(probes) | {"FAMILIES": "a aaaa" if six else "a"}
    slowest = max((probe.within for probe in probes.values()), default=0.0) + _LONGEST
    seconds = slowest * math.ceil(len(probes) / _AT_ONCE) + 20  # which a machine that is busy otherwise needs
    return Errand(mode, script(), f"verifying {world.wishes.origin.topology}", seconds, environment)


def script() -> str:
    """The shell script that runs probes."""
    return files("netdeploy.verify").joinpath("probe.sh").read_text()


def _line(number: int, probe: Probe) -> str:
    within = round(probe.within * 100)
    status = probe.http.status if probe.http else ""
    behind = ",".join(probe.behind)
    fields = (number, probe.kind, probe.host.lower(), probe.port, probe.want, within, status, behind, probe.target)
    return "|".join(map(str, fields))


def _outcomes(output: str, asked: Collection[int]) -> Iterator[tuple[int, Outcome]]:
    """What the script says of the probes that it was `asked` to try; nothing else in its output is believed."""
    for line in output.split("\n"):
        match line.split(" "):
            case ["R", number, "status", status, address] if _STATUS.fullmatch(status):
                found = Outcome("status", (address,), status)
            case ["R" | "H" as letter, number, word, *addresses] if word in _WORDS:
                found = Outcome(word, tuple(addresses), by_hosts=letter == "H")
            case _:
                continue
        if _NUMBER.fullmatch(number) and int(number) in asked and all(map(is_address, found.addresses)):
            yield int(number), found


def _beginnings(output: str, asked: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """How answers began, by the number of the probe."""
    for line in output.split("\n"):
        letter, _, rest = line.partition(" ")
        number, _, said = rest.partition(" ")
        if letter == "A" and _NUMBER.fullmatch(number) and int(number) in asked and _SAID.fullmatch(said):
            yield int(number), bytes.fromhex(said)


def _listeners(output: str) -> Iterator[Listener]:
    for line in output.split("\n"):
        found = _LISTENER.fullmatch(line)
        if found:
            yield _listener(found[1])


def _listener(text: str) -> Listener:
    """An IPv4 address inside an IPv6 one is the IPv4 address."""
    address, port = kernel_socket(text)
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return Listener(str(mapped or found), port)
