"""How large a topology is, in words."""

from __future__ import annotations

from collections.abc import Collection

from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.model import Container

_ELSEWHERE = {DEFAULT_BRIDGE: "Docker's default bridge", "host": "the host's network", "none": "no network at all"}


def size_text(containers: Collection[Container], networks: int) -> str:
    """Such as `3 containers on 2 networks`; where the file has no network, where they are is said."""
    places = [f"{networks} network{'' if networks == 1 else 's'}"] if networks else []
    modes = {c.network_mode or DEFAULT_BRIDGE for c in containers if not c.networks}
    places += [text for mode, text in _ELSEWHERE.items() if mode in modes]
    on = f" on {' and '.join(places)}" if places else ""
    return f"{len(containers)} container{'' if len(containers) == 1 else 's'}{on}"
