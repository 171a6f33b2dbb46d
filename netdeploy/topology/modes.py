"""Whose namespaces a container shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdeploy.topology.model import Container

MODES = {"network": "network_mode", "pid": "pid", "ipc": "ipc"}
"""By kind of namespace, the field that says whose it is."""
SHARED = {"network": "network", "pid": "processes", "ipc": "memory"}
"""By kind of namespace, what is shared, in words."""


def shared_namespaces(container: Container) -> dict[str, str]:
    """The containers whose `network`, `pid` or `ipc` namespace this one shares (`container:NAME`)."""
    modes = {kind: getattr(container, field) or "" for kind, field in MODES.items()}
    return {kind: mode.removeprefix("container:") for kind, mode in modes.items() if mode.startswith("container:")}
