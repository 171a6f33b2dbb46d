"""Who is in the way: where the engine only says that something is, a look finds the name."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING

from netdeploy.attributes.addresses import a_free_subnet
from netdeploy.engine.observe import network_names, subnets, unused_networks
from netdeploy.errors import NetdeployError, OperationFailed
from netdeploy.plan.operations import Call, CreateNetwork, RemoveNetwork
from netdeploy.plan.reasons import listed

if TYPE_CHECKING:
    from netdeploy.engine.reader import Reader


def named(error: OperationFailed, call: Call, network_id: str, reader: Reader) -> OperationFailed:
    """A refusal with the names that belong to it; the same where nothing more can be found out."""
    found = ("", "")
    with suppress(NetdeployError):
        match error.topic, call:
            case "endpoints", RemoveNetwork(network):
                found = _on(network_id, network.name, reader)
            case "overlap", CreateNetwork(name, body):
                found = _owner(name, [str(pool["Subnet"]) for pool in _pools(body)], reader)
            case "pools", CreateNetwork(name, _):
                found = _unused(name, reader)
    message, hint = found
    if not message:
        return error
    return OperationFailed(message, hint=hint, details=error.details, may_pass=error.may_pass)


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
