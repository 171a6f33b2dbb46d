"""A closer look where something failed: links, addresses, routes, neighbours, resolvers and rules of each namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from netdeploy.engine.engine import Engine
from netdeploy.engine.helpers import Errand, run_errands
from netdeploy.engine.surroundings import is_on_this_host
from netdeploy.inspect.space import SCRIPT, Space, parse
from netdeploy.verify.firewall import Rules, read
from netdeploy.verify.world import HOST, Member, World

_SECONDS = 20.0
_RULES_SECONDS = 5.0
_RESOLVER = "resolv "
_SCRIPT = f"{SCRIPT}\nsed 's/^/{_RESOLVER}/' /etc/resolv.conf\n"


@dataclass(frozen=True, slots=True)
class Place:
    """One network namespace: what it holds, whom it asks for names, and its firewall's rules.

    Rules are None where they can't be read: only root on the engine's own machine can.
    """

    space: Space
    nameservers: tuple[str, ...] = ()
    rules: Rules | None = None
    rules6: Rules | None = None


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
    reads_rules = os.geteuid() == 0 and is_on_this_host(engine)
    found = {}
    for key, answer in zip(modes, answers, strict=True):
        try:
            space = parse(answer.output)
        except ValueError:  # what a container can spoil is no evidence
            continue
        enter = _way_in(members.get(key)) if reads_rules else None
        found[key] = Place(
            space,
            tuple(_nameservers(answer.output)),
            _rules("iptables-save", enter),
            _rules("ip6tables-save", enter),
        )
    return found


def _nameservers(output: str) -> Iterable[str]:
    lines = (line.removeprefix(_RESOLVER).split() for line in output.splitlines() if line.startswith(_RESOLVER))
    return (words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")


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


def _rules(program: str, enter: list[str] | None) -> Rules | None:
    if enter is None or shutil.which(program) is None or (enter and shutil.which(enter[0]) is None):
        return None
    try:
        command = [*enter, program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_RULES_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read(done.stdout) if done.returncode == 0 else None
