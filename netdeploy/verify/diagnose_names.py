"""Why a name does not lead where it should, or leads somewhere though it should not."""

from __future__ import annotations

from collections.abc import Iterator

from netdeploy.engine.observed import ObservedContainer
from netdeploy.plan.shared_names import SharedName, names_on
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.rules_names import reads_as_address, stays_inside
from netdeploy.verify.cause import Cause, listed
from netdeploy.verify.diagnose_kernel import no_resolver
from netdeploy.verify.probing import Evidence, Outcome
from netdeploy.verify.remedies import joins_anew, leaves, made_anew
from netdeploy.verify.world import Member, World


def not_found(
    world: World,
    evidence: Evidence,
    source: Member,
    target: Member,
    name: str,
    network: str,
    outcome: Outcome | None,
) -> Iterator[Cause]:
    """Why a container does not find another by a name on a network; the most telling cause first."""
    live = target.owner_live
    if live is None:
        return
    if name in source.links_on(network):
        yield from _link(source, target, name, network, outcome)
    elif name.lower() not in _known(live, network):
        yield from _no_such_name(live, target, name, network)
    if not (outcome and outcome.by_hosts):
        yield from no_resolver(evidence, source, network)
    for address in outcome.addresses if outcome else ():
        if address in target.addresses:
            yield from astray(source, target)
        if address not in world.addresses_of(source, name):
            yield elsewhere(world, source, target, name, address, by_hosts=bool(outcome and outcome.by_hosts))
    yield Cause(
        f"`{source.wish.name}` is on `{network}` and does not find {{}} there: Docker's resolver (127.0.0.11) does not"
        " answer",
        f"docker exec {source.wish.name} cat /etc/resolv.conf shows which resolver it asks",
        f"`{name}`",
    )


def resolves_all_the_same(world: World, source: Member, name: str, outcome: Outcome) -> Iterator[Cause]:
    """Why a name that is no container's by the file resolves."""
    for address in outcome.addresses:
        other = world.at(address)
        if outcome.by_hosts or other is None:
            yield elsewhere(world, source, None, name, address, by_hosts=outcome.by_hosts)
        else:
            networks = [n for n in sorted(source.live_networks & set(other.attachments)) if name in _known(other, n)]
            yield Cause(
                f"`{name}` leads from `{source.wish.name}` to {address}, which is `{other.name}`"
                + (f": it has that name on {listed(networks)}" if networks else ""),
                f"take the name from `{other.name}`, or one of them off that network",
            )


def elsewhere(world: World, source: Member, target: Member | None, name: str, address: str, *, by_hosts: bool) -> Cause:
    """Where a name leads instead, and why."""
    whence = f"`{name}` leads from `{source.wish.name}` to {address}"
    but = f"; `{target.wish.name}` is at {listed(target.addresses)}" if target else ""
    if by_hosts:
        return _in_hosts(source, name, address, but)
    if reads_as_address(name):
        return Cause(
            f"`{name}` reads as an address, so nobody looks it up as a name", "choose a name with a letter in it"
        )
    other = world.at(address)
    if other is None:
        return Cause(
            f"{whence}, which no container has{but}",
            f"a resolver outside of Docker may know that name: docker exec {source.wish.name} nslookup {name}",
        )
    member = next((m for m in world.members.values() if m.live and m.live.id == other.id), None)
    if member is None and target is not None:
        shared = SharedName(_network_at(other, address), name, target.wish, other)
        return Cause(shared.text, shared.hint)
    return Cause(
        f"{whence}, which is `{other.name}`" + (f", not `{target.wish.name}`" if target else ""),
        f"`{other.name}` has that name, too: take it away, or choose another one",
    )


def _in_hosts(source: Member, name: str, address: str, but: str) -> Cause:
    live = source.owner_live
    written = f"/etc/hosts of `{source.wish.name}` has {address} for `{name}`"
    given = {host.partition(":")[0].lower() for host in live.extra_hosts} if live else set()
    if stays_inside(name):
        return Cause(f"every container is `{name}` to itself, so nobody finds another one by that name", "rename it")
    if name.lower() in given:
        return Cause(
            f"{written}, from its `extra_hosts` on the engine{but}", made_anew(source, "without that --add-host")
        )
    if live and name.lower() == live.hostname.lower():
        return Cause(f"`{name}` is the host name of `{source.wish.name}` itself{but}", "choose another `hostname`")
    hint = f"a program inside may have written it; docker restart {source.wish.name} makes that file anew"
    return Cause(f"{written}{but}", hint)


def _link(source: Member, target: Member, name: str, network: str, outcome: Outcome | None) -> Iterator[Cause]:
    """Names of links are the source's alone: on the default bridge they are in its /etc/hosts."""
    live = source.owner_live
    if live is None:
        return
    place = live.attachments.get(network)
    links = live.links if network == DEFAULT_BRIDGE else place.links if place else frozenset()
    known = {part for link in links for part in link.split(":")}
    if name not in known:
        yield Cause(
            f"`{source.wish.name}` has no link to `{target.wish.name}` by the name {{}}",
            made_anew(source, f"with --link {target.wish.name}:{name}"),
            f"`{name}`",
        )
    if network != DEFAULT_BRIDGE:
        return
    anew = f"docker restart {source.wish.name}: at a start the engine writes the addresses of links anew"
    for address in outcome.addresses if outcome and outcome.by_hosts else ():
        if address not in target.addresses:
            yield Cause(
                f"/etc/hosts of `{source.wish.name}` has a stale address for {{}}: {address}, and"
                f" `{target.wish.name}` is at {listed(target.addresses)}",
                anew,
                f"`{name}`",
            )
    if outcome and outcome.word == "unresolved":
        yield Cause(f"/etc/hosts of `{source.wish.name}` has no address for {{}}", anew, f"`{name}`")


def _no_such_name(live: ObservedContainer, target: Member, name: str, network: str) -> Iterator[Cause]:
    elsewhere = [other for other in live.attachments if name.lower() in _known(live, other)]
    if name == target.wish.name:
        yield Cause(f"`{name}` is called `{live.name}` on the engine", f"docker rename {live.name} {name}")
    also = f"; it has it on {listed(elsewhere)} only" if elsewhere else ""
    yield Cause(
        f"the alias `{name}` of `{target.wish.name}` is missing on `{network}`{also}",
        joins_anew(target, network),
    )


def astray(source: Member, target: Member) -> Iterator[Cause]:
    """Networks on which both are, and one of them should not be."""
    for network in sorted(source.live_networks & target.live_networks):
        for member in (source, target):
            if network not in member.places:
                yield Cause(
                    f"`{member.wish.name}` is also on `{network}`, where the file does not put it",
                    leaves(member, network),
                )


def _known(live: ObservedContainer, network: str) -> frozenset[str]:
    return names_on(live, network) if network in live.attachments else frozenset()


def _network_at(container: ObservedContainer, address: str) -> str:
    places = container.attachments.items()
    return next((network for network, place in places if address in (place.address, place.address6)), "")
