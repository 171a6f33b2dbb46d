"""A closer look where something failed: links, addresses, routes, neighbours, resolvers and rules of each namespace."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from netdeploy.engine.engine import Engine
from netdeploy.engine.helpers import Errand, run_errands
from netdeploy.engine.surroundings import is_on_this_host
from netdeploy.inspect.resolver import nameservers
from netdeploy.inspect.space import FILES_SCRIPT, SCRIPT, Space, parse
from netdeploy.verify import firewall, nftables
from netdeploy.verify.world import HOST, Member, World

T = TypeVar("T")

_SECONDS = 20.0
_PROGRAM_SECONDS = 5.0
_NO_ECHO = "no-echo "
_SCRIPT = f"""{SCRIPT}
{FILES_SCRIPT}
sed 's/^/{_NO_ECHO}/' /proc/sys/net/ipv4/icmp_echo_ignore_all
"""
_USUAL_QDISCS = ("noqueue", "fq_codel", "pfifo_fast", "pfifo", "bfifo", "mq", "fq", "sfq", "ingress", "clsact")
"""Queueing disciplines that hand packets on as fast as the link takes them, or hold filters only."""
_QDISC = re.compile(r"qdisc (?P<kind>\S+) \S+ dev (?P<interface>\S+) (?P<rest>.*)")
_POLICY = re.compile(r"(?P<number>\d+):\s+(?P<text>from .*)")
_USUAL_POLICIES = ("0", "32766", "32767")


@dataclass(frozen=True, slots=True)
class Shaping:
    """A queueing discipline that may hold packets back or drop them, as `tc` prints it."""

    interface: str
    text: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule that says which table of routes is looked at for a packet, as `ip rule` prints it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Kernel:
    """What only root on the engine's own machine can read in a namespace; None where a program for it lacks."""

    rules: firewall.Rules | None = None
    rules6: firewall.Rules | None = None
    nft: nftables.Ruleset | None = None
    shaping: tuple[Shaping, ...] = ()
    policies: tuple[Policy, ...] = ()
    policies6: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One network namespace: what it holds, whom it asks for names, and what its kernel does with packets."""

    space: Space
    nameservers: tuple[str, ...] = ()
    answers_pings: bool = True
    kernel: Kernel = Kernel()


def look_closer(
    engine: Engine, image: str, world: World, keys: Iterable[str], stop: threading.Event | None = None
) -> Mapping[str, Place]:
    """Look at the namespaces of containers (their names in the file) and of the host; those that show nothing lack.

    Raises:
        Interrupted: `stop` was set; no helper stays.
    """
    members = {key: world.members[key] for key in dict.fromkeys(keys) if key in world.members}
    modes = {key: f"container:{m.live.id}" for key, m in members.items() if m.live and m.runs and m.mode != "host"}
    modes[HOST] = "host"
    purpose = f"verifying {world.wishes.origin.topology}"
    errands = [Errand(mode, _SCRIPT, purpose, _SECONDS) for mode in modes.values()]
    answers = run_errands(engine, image, errands, stop)
    reads_kernel = os.geteuid() == 0 and is_on_this_host(engine)
    found = {}
    for key, answer in zip(modes, answers, strict=True):
        try:
            space = parse(answer.output)
        except ValueError:  # what a container can spoil is no evidence
            continue
        enter = _way_in(members.get(key)) if reads_kernel else None
        found[key] = Place(
            space,
            tuple(nameservers(space.resolv_conf or "")),
            answers_pings=f"{_NO_ECHO}1" not in answer.output.splitlines(),
            kernel=Kernel() if enter is None else _kernel(enter),
        )
    return found


def _way_in(member: Member | None) -> list[str] | None:
    """The command that enters a container's network; nothing for the host's own, None where there is no way."""
    if member is None:
        return []
    live = member.live
    try:
        if live is None or live.id not in Path(f"/proc/{live.state.pid}/cgroup").read_text():
            return None
    except OSError:
        return None
    return ["nsenter", f"--net=/proc/{live.state.pid}/ns/net"]


def _kernel(enter: list[str]) -> Kernel:
    return Kernel(
        rules=_read(enter, ["iptables-save"], firewall.read),
        rules6=_read(enter, ["ip6tables-save"], firewall.read),
        nft=_read(enter, ["nft", "-j", "list", "ruleset"], nftables.read),
        shaping=tuple(_read(enter, ["tc", "qdisc", "show"], _shaping) or ()),
        policies=tuple(_read(enter, ["ip", "rule"], _policies) or ()),
        policies6=tuple(_read(enter, ["ip", "-6", "rule"], _policies) or ()),
    )


def _read(enter: list[str], command: list[str], reader: Callable[[str], T]) -> T | None:
    """What a program prints in a namespace, as read; None where it is not here or fails."""
    if not all(shutil.which(part[0]) for part in (enter, command) if part):
        return None
    try:
        done = subprocess.run(
            [*enter, *command], capture_output=True, text=True, errors="replace", timeout=_PROGRAM_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return reader(done.stdout) if done.returncode == 0 else None


def _shaping(printed: str) -> Iterator[Shaping]:
    for found in map(_QDISC.match, printed.splitlines()):
        if found and found["kind"] not in _USUAL_QDISCS:
            yield Shaping(found["interface"], f"{found['kind']} {found['rest'].strip()}")


def _policies(printed: str) -> Iterator[Policy]:
    for found in map(_POLICY.match, printed.splitlines()):
        if found and found["number"] not in _USUAL_POLICIES:
            yield Policy(int(found["number"]), found["text"].strip())
