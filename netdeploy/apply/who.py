"""Who is in the way: where the engine only says that something is, a look finds the name."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netdeploy.attributes.addresses import a_free_subnet
from netdeploy.engine.answers import address, endpoints, network
from netdeploy.engine.observe import inspected_container, inspected_network, network_names, subnets, unused_networks
from netdeploy.errors import NetdeployError, OperationFailed
from netdeploy.plan.operations import Call, Connect, CreateNetwork, Handle, RemoveNetwork, Start
from netdeploy.plan.reasons import listed

if TYPE_CHECKING:
    from netdeploy.engine.reader import Reader


def named(error: OperationFailed, call: Call, id_of: Callable[[Handle], str], reader: Reader) -> OperationFailed:
    """A refusal with the names that belong to it; the same where nothing more can be found out.

    Args:
        error: the refusal.
        call: what was refused.
        id_of: the engine's id for what a call names.
        reader: to look with.
    """
    found = ("", "")
    with suppress(NetdeployError):
        match error.topic, call:
            case "endpoints", RemoveNetwork(left):
                found = _on(id_of(left), left.name, reader)
            case "overlap", CreateNetwork(name, body):
                found = _owner(name, [str(pool["Subnet"]) for pool in _pools(body)], reader)
            case "pools", CreateNetwork(name, _):
                found = _unused(name, reader)
            case "address", Start(container) | Connect(container):
                found = _holder(error, id_of(container), _wanted(call, id_of, reader), reader)
            case "full", Start() | Connect():
                found = _full(error, _wanted(call, id_of, reader), reader)
    message, hint = found
    if not message:
        return error
    # with a new look, one of ours makes room, and a stranger is named before anything is done
    may_pass = error.may_pass or error.topic == "address"
    return OperationFailed(message, hint=hint, details=error.details, may_pass=may_pass)


@dataclass(frozen=True, slots=True)
class _Place:
    network: str
    network_id: str
    addresses: frozenset[str]


def _wanted(call: Call, id_of: Callable[[Handle], str], reader: Reader) -> list[_Place]:
    """The places on networks that a call takes, with the fixed addresses there."""
    if isinstance(call, Connect):
        config = call.endpoint.get("IPAMConfig") or {}
        addresses = {address(config.get(key)) for key in ("IPv4Address", "IPv6Address")}
        return [_Place(call.network.name, id_of(call.network), frozenset(addresses - {""}))]
    live = inspected_container(reader, id_of(call.container)) if isinstance(call, Start) else None
    return [
        _Place(place.network, place.network_id or place.network, frozenset({place.ipv4_address, place.ipv6_address}))
        for place in (live.attachments.values() if live else ())
    ]


def _doing(error: OperationFailed) -> str:
    return error.message.partition(": ")[0]


def _holder(error: OperationFailed, own_id: str, wanted: list[_Place], reader: Reader) -> tuple[str, str]:
    for place in wanted:
        for endpoint in endpoints(inspected_network(reader, place.network_id)):
            for taken in place.addresses.intersection(endpoint.addresses):
                if endpoint.container_id != own_id:
                    message = f"{_doing(error)}: {taken} is in use by container `{endpoint.container}`"
                    way_out = f"docker network disconnect {place.network} {endpoint.container}"
                    return message, f"choose another address in the file, or: {way_out}"
    return "", ""


def _full(error: OperationFailed, wanted: list[_Place], reader: Reader) -> tuple[str, str]:
    said = " ".join(error.details)
    for place in wanted:
        if f": {place.network} " in said:
            answer = inspected_network(reader, place.network_id)
            subnets = ", ".join(pool.subnet for pool in network(answer).pools if pool.subnet) if answer else ""
            names = sorted(endpoint.container for endpoint in endpoints(answer))
            of = f" ({subnets})" if subnets else ""
            on_it = f": on it are {listed(names)}" if names else ""
            message = f"{_doing(error)}: the network `{place.network}`{of} has no address left{on_it}"
            return message, "give it a larger subnet under `ipam` in the file, or take a container off it"
    return "", ""


def _pools(body: dict[str, object]) -> list[dict[str, object]]:
    ipam = body.get("IPAM")
    pools = ipam.get("Config") if isinstance(ipam, dict) else None
    return [pool for pool in pools or () if pool.get("Subnet")]


def _on(network_id: str, name: str, reader: Reader) -> tuple[str, str]:
    names = network_names(reader, network_id)
    if not names:
        return "", ""
    verb = "hangs" if len(names) == 1 else "hang"
    message = f"removing network `{name}`: {listed(names)} still {verb} on it"
    return message, f"disconnect first: docker network disconnect {name} {names[0]}"


def _owner(name: str, wanted: list[str], reader: Reader) -> tuple[str, str]:
    for other, subnet in subnets(reader):
        for text in wanted:
            one, two = ipaddress.ip_network(text, strict=False), ipaddress.ip_network(subnet, strict=False)
            if one.version == two.version and one.overlaps(two):
                message = f"making network `{name}`: its subnet {text} overlaps {subnet} of the network `{other}`"
                remove = "" if other == "bridge" else f", or remove the other: docker network rm {other}"
                return message, f"choose a free subnet in the file{remove}"
    return "", ""


def _unused(name: str, reader: Reader) -> tuple[str, str]:
    message = f"making network `{name}`: the engine has no free subnet left for another network"
    return message, subnet_hint(unused_networks(reader), [subnet for _, subnet in subnets(reader)])


def subnet_hint(unused: list[str], taken: list[str]) -> str:
    """What to do when there are no subnets left: networks that nobody is on, and a subnet that is free."""
    free = a_free_subnet(taken)
    declare = f"give it one under `ipam`: {{config: [{{subnet: {free}}}]}}" if free else "give it a subnet under `ipam`"
    if not unused:
        return declare
    shown = ", ".join(unused[:8]) + (f" and {len(unused) - 8} more" if len(unused) > 8 else "")
    return f"nobody is on {shown}: docker network rm {unused[0]}; or {declare}"
