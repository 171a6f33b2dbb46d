"""What mends a container: `netdeploy apply` where it is ours, and else the docker commands, to be typed as shown."""

from __future__ import annotations

import shlex

from netdeploy.verify.world import Member

SHOWS_IT = "netdeploy diff shows it, netdeploy apply mends it"


def beside(name: str, command: str) -> str:
    """Runs a command in a container's network; its own image need not have it."""
    return f"docker run --rm --network container:{name} busybox {command}"


def joins(member: Member, network: str) -> str:
    """Puts it on a network with the names and addresses that it should have there."""
    place = member.places.get(network)
    options: list[str] = []
    if place is not None:
        own = {member.wish.name}
        options += [f"--alias {shlex.quote(alias)}" for alias in sorted(set(place.aliases) - own)]
        options += [f"--ip {place.ipv4_address}"] if place.ipv4_address else []
        options += [f"--ip6 {place.ipv6_address}"] if place.ipv6_address else []
    return _or_apply(member, " ".join(["docker network connect", *options, shlex.quote(network), _name(member)]))


def joins_anew(member: Member, network: str) -> str:
    """Gives it the names and addresses it should have on a network; Docker takes them only when it joins."""
    if member.is_ours:
        return "netdeploy apply gives it back: Docker takes aliases only when a container joins a network"
    return f"{leaves(member, network)} && {joins(member, network)}"


def leaves(member: Member, network: str) -> str:
    """Takes it off a network."""
    return _or_apply(member, f"docker network disconnect {shlex.quote(network)} {_name(member)}")


def starts(member: Member, name: str) -> str:
    """Starts it, or the one whose network it shares."""
    return _or_apply(member, f"docker start {name}")


def made_anew(member: Member, options: str) -> str:
    """Changes what is settled when a container is made; `options` are those of `docker run`."""
    if member.is_ours:
        return SHOWS_IT
    return f"it is settled when a container is made: docker rm -f {_name(member)}, and docker run it again {options}"


def _or_apply(member: Member, command: str) -> str:
    return f"{command}, or netdeploy apply" if member.is_ours else command


def _name(member: Member) -> str:
    return member.live.name if member.live else member.wish.name
