"""The commands that make room where something of somebody else's stands in the way.

They are to be typed as they are shown, so all that is not ours to choose is quoted for a shell: labels are written by
anybody.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from netdeploy.engine.observed import (
    LABEL_PREFIX,
    LABEL_TOPOLOGY,
    ObservedContainer,
    ObservedNetwork,
    ObservedVolume,
)
from netdeploy.identity import TopologyId
from netdeploy.plan.ownership import COMPOSE_PROJECT


def container_removal(container: ObservedContainer, ours: TopologyId) -> str:
    """Removes a container that is not of `ours`, with all that was made together with it."""
    return _together(container.labels, ours) or f"docker rm -f {shlex.quote(container.name)}"


def network_removal(network: ObservedNetwork, ours: TopologyId, everybody: Iterable[ObservedContainer]) -> str:
    """Removes a network that is not of `ours`; the engine takes it only when nobody is on it."""
    name = shlex.quote(network.name)
    guests = (c.name for c in everybody if any(network.id == place.network_id for place in c.attachments.values()))
    off = [f"docker network disconnect -f {name} {shlex.quote(guest)}" for guest in sorted(guests)]
    return _together(network.labels, ours) or " && ".join((*off, f"docker network rm {name}"))


def volume_removal(volume: ObservedVolume, ours: TopologyId) -> str:
    """Removes a volume that is not of `ours`, and what it holds, but none of the volumes beside it."""
    together = _together(volume.labels, ours)
    return (f"{together} && " if together else "") + f"docker volume rm {shlex.quote(volume.name)}"


def _together(labels: Mapping[str, str], ours: TopologyId) -> str:
    """The command that takes down the whole of what an object was made with; "" for one that stands alone."""
    topology = TopologyId(labels.get(LABEL_TOPOLOGY, ""), labels.get(LABEL_PREFIX, ""))
    if topology.is_possible and topology != ours:
        return f"netdeploy teardown {topology.options}"
    project = labels.get(COMPOSE_PROJECT)
    return f"docker compose -p {shlex.quote(project)} down" if project else ""
