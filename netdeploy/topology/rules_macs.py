"""Rules about MAC addresses: one that an interface can have, and each once on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.topology.draft import DEFAULT_BRIDGE, Draft, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container
    from netdeploy.topology.problem import Path


def mac_rules(draft: Draft) -> Iterator[Found]:
    """MAC addresses that no interface takes, and those that two containers of a network have.

    On a bridge an engine takes a MAC address twice, and then the two never reach each other, and others only now and
    then; on macvlan the second container does not start.
    """
    taken: dict[tuple[str, str], Path] = {}
    for name, container in draft.containers.items():
        for network, address, path in _given(name, container, draft):
            problem = _unusable(address)
            if problem:
                yield Found(path, f"{address} {problem}", "use one that starts with `02:`")
                continue
            first = taken.setdefault((network, address), path)
            if first[1] != name:
                message = f"`{first[1]}` has the MAC address {address} on `{network}` already"
                hint = "give each container one of its own: they could not reach each other"
                yield Found(path, message, hint, elsewhere=(("first given here", first),))


def _given(name: str, container: Container, draft: Draft) -> Iterator[tuple[str, str, Path]]:
    """The network, the address and the place of each MAC address; the container's own is for its first network."""
    base: Path = ("containers", name)
    keys = sorted(container.networks, key=lambda key: -container.networks[key].priority)
    names = {key: DEFAULT_BRIDGE if draft.is_default_bridge(key) else key for key in keys}
    for key, attachment in container.networks.items():
        if attachment.mac_address:
            yield names[key], attachment.mac_address, (*base, "networks", key, "mac_address")
    overruled = bool(keys and container.networks[keys[0]].mac_address)
    if container.mac_address and not overruled:
        yield (names[keys[0]] if keys else DEFAULT_BRIDGE), container.mac_address, (*base, "mac_address")


def _unusable(address: str) -> str:
    if int(address[:2], 16) & 1:
        return "is a multicast address, which no interface can have"
    return "is no address at all" if set(address) <= {"0", ":"} else ""
