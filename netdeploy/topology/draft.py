"""What the rules look at: the parts of a file that have a valid shape, and all the names it declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netdeploy.topology.model import Check, Container, Network, Volume
    from netdeploy.topology.problem import Path, Severity

DEFAULT_BRIDGE = "bridge"
BUILT_IN_NETWORKS = ("bridge", "host", "none")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file before it is known to be right: parts with a broken shape are missing, their names are not."""

    containers: dict[str, Container]
    networks: dict[str, Network]
    volumes: dict[str, Volume]
    container_names: tuple[str, ...]
    network_names: tuple[str, ...]
    volume_names: tuple[str, ...]
    doubtful: frozenset[Path] = frozenset()
    """Paths at or below which something is broken or misspelt: nothing is concluded from what is not there."""
    config_names: tuple[str, ...] | None = ()
    """None where they could not be read; likewise the secrets'."""
    secret_names: tuple[str, ...] | None = ()
    config_files: Mapping[str, str] = field(default_factory=dict)
    """The host's file of each, as far as it could be read; likewise the secrets'."""
    secret_files: Mapping[str, str] = field(default_factory=dict)
    unread_sections: frozenset[str] = frozenset()
    """Of `containers`, `networks` and `volumes`, those whose names could not be read."""
    checks: tuple[Check, ...] = ()
    prefix: str = ""
    """What stands before the names on the engine."""

    def is_default_bridge(self, key: str) -> bool:
        """Whether the network `key` is Docker's own `bridge`."""
        network = self.networks.get(key)
        return network is not None and network.external and (network.name or key) == DEFAULT_BRIDGE

    def is_doubtful(self, network: str, *fields: str) -> bool:
        """Whether one of these fields of a network is broken, so that its default means nothing."""
        return any(("networks", network, field) in self.doubtful for field in fields)


@dataclass(frozen=True, slots=True)
class Found:
    """A broken rule. `at_key` points at the key rather than at its value."""

    path: Path
    message: str
    hint: str = ""
    severity: Severity = "error"
    at_key: bool = False
    elsewhere: tuple[tuple[str, Path], ...] = ()
