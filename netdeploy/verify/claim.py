"""Claims, things that must hold on the running network, and the probes that test them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netdeploy.engine.observed import PortBinding
from netdeploy.topology.model import Check, HttpCheck

ProbeKind = Literal["lookup", "tcp", "ping", "served", "http"]
Want = Literal["yes", "no", "apart"]
"""Until what comes of it a probe is repeated: `no` is anything but success, `apart` that nothing was reached at all."""
Kind = Literal["runs", "healthy", "shared", "name", "port", "address", "apart", "published", "not published", "check"]
ANSWER_BYTES = 65_536
"""So much of a web server's answer is looked at, as in `probe.sh`."""
PATH_BYTES = 8_192
"""So long a path is asked for; servers refuse longer ones."""
WEB_SECONDS = 4
"""Seconds that a web server has for a whole answer, as in the script."""
SETTLING = 3.0
"""Seconds for which a probe is repeated while it does not come out as claimed."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Something to try: to look a name up, to connect, to ping, to see whether a published port really answers.

    `host` is a name or an address; `within` is seconds.
    """

    kind: ProbeKind
    host: str
    port: int = 0
    want: Want = "yes"
    within: float = SETTLING
    http: HttpCheck | None = None
    behind: tuple[str, ...] = ()
    """Of a published port: the container's addresses, where `target` is the port it leads to."""
    target: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that must hold.

    `source` and `target` are containers by their names in the file; the source may be HOST, the target "" where it is
    no container of the file. Without a probe, either `holds` says what a look told, or `untested` why nobody can tell.
    """

    kind: Kind
    source: str
    target: str
    text: str
    probe: Probe | None = None
    holds: bool | None = None
    untested: str = ""
    expected: frozenset[str] | None = frozenset()
    """Of a lookup: the addresses that it may answer with; None where the file does not tell."""
    forbidden: frozenset[str] = frozenset()
    """Of a lookup that must not find the target: the target's addresses."""
    network: str = ""
    """The one it is about; of containers kept apart, the one that both are on."""
    bindings: tuple[PortBinding, ...] = ()
    """The published port; of a claim that nothing else is published, all that is."""
    check: Check | None = None
