"""Why a claim does not hold, worked out from what stands on the engine and what was seen from inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import ObservedContainer
from netdeploy.masking import masked_text
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.rules_checks import is_address
from netdeploy.verify.cause import Cause, listed
from netdeploy.verify.claim import WEB_SECONDS, Claim
from netdeploy.verify.diagnose_names import astray, not_found, resolves_all_the_same
from netdeploy.verify.diagnose_path import Way, by_outcome
from netdeploy.verify.diagnose_ports import no_port, not_answering, not_listening, published_besides, publisher
from netdeploy.verify.probing import Evidence, Outcome
from netdeploy.verify.remedies import SHOWS_IT, beside, joins, made_anew, starts
from netdeploy.verify.world import HOST, ICC, Member, World


class Diagnosis:
    """Answers `cause` for each claim that does not hold."""

    def __init__(self, world: World, evidence: Evidence) -> None:
        self._world = world
        self._evidence = evidence

    def cause(self, claim: Claim, outcome: Outcome | None) -> Cause:
        """Why a claim does not hold; `outcome` is what came of its probe, if it has one."""
        cause = next(self._causes(claim, outcome))
        return cause if cause.shown_by else replace(cause, shown_by=self._shown_by(claim, outcome))

    def _shown_by(self, claim: Claim, outcome: Outcome | None) -> str:
        """What shows a cause that has no command of its own: the engine's answers, or what was tried."""
        source, target = (self._world.members.get(key) for key in (claim.source, claim.target))
        asking = source.live if source and source.runs else None
        if asking and claim.probe and outcome:
            host = claim.probe.host
            if outcome.by_hosts:
                return f"docker exec {asking.name} cat /etc/hosts"
            if claim.probe.kind == "lookup":
                return beside(asking.name, f"nslookup {host}")
        live = (target and target.live) or (source and source.live)
        return f"docker inspect {live.name}" if live else "docker ps --all"

    def _causes(self, claim: Claim, outcome: Outcome | None) -> Iterator[Cause]:
        """The most telling one first."""
        source, target = (self._world.members.get(key) for key in (claim.source, claim.target))
        wants_apart = claim.kind == "apart" or (claim.check is not None and claim.probe and claim.probe.want != "yes")
        if not wants_apart:
            for member in (source, target):
                yield from self._does_not_run(member)
                yield from _cut_off(member)
        if wants_apart:
            yield from self._not_apart(claim, source, target, outcome)
        else:
            yield from self._not_as_claimed(claim, source, target, outcome)
        yield Cause(f"{claim.text}: {_expected_and_seen(claim, outcome)}")

    def _not_as_claimed(
        self, claim: Claim, source: Member | None, target: Member | None, outcome: Outcome | None
    ) -> Iterator[Cause]:
        if claim.kind == "healthy":
            yield from self._not_healthy(source)
        elif claim.kind == "not published":
            yield published_besides(self._world, claim, target)
        elif claim.kind == "check":
            yield from self._check(claim, source, target, outcome)
        elif claim.kind == "published" and target is not None:
            yield from not_answering(self._world, self._evidence, target, next(iter(claim.bindings), None), outcome)
        elif source is not None and claim.probe is not None:
            yield from self._between(claim, source, target, outcome)

    def _not_healthy(self, member: Member | None) -> Iterator[Cause]:
        if member is not None and member.live is not None:
            state = member.live.state
            said = f"; its last check said: {state.health_output}" if state.health_output else ""
            what = "is unhealthy" if state.health == "unhealthy" else "has not become healthy"
            yield Cause(
                f"`{member.wish.name}` {what} in the {self._world.waited:g} seconds it was given{said}",
                f"docker logs {member.live.name}; --timeout gives it more",
            )

    def _between(self, claim: Claim, source: Member, target: Member | None, outcome: Outcome | None) -> Iterator[Cause]:
        probe = claim.probe
        if probe is None:
            return
        if target is None:  # a name of its own /etc/hosts
            yield from self._own_hosts(source, probe.host, outcome)
            return
        yield from self._not_together(source, target, claim.network)
        if claim.kind == "name":
            yield from not_found(self._world, self._evidence, source, target, probe.host, claim.network, outcome)
        else:
            yield from self._kept_apart(source, target, frozenset({claim.network}))
            yield from self._on_the_way(source, target, claim.network, probe.port, outcome)
            yield from no_port(self._evidence, target, probe.port, outcome)

    def _on_the_way(
        self, source: Member | None, target: Member, network: str, port: int, outcome: Outcome | None
    ) -> Iterator[Cause]:
        """What is broken below the engine's API; who refuses and does not listen needs no further reason."""
        over6 = bool(outcome and any(":" in address for address in outcome.addresses))
        way = Way(self._world, self._evidence, source, target, network, port, over6)
        if outcome and outcome.word == "small":
            yield from way.causes_of_loss()
        if not by_outcome(outcome):
            return
        if outcome and outcome.word in ("refused", "empty"):
            yield from not_listening(self._evidence, target, port)
        yield from way.causes()

    def _own_hosts(self, source: Member, name: str, outcome: Outcome | None) -> Iterator[Cause]:
        live = source.owner_live
        hosts = {host.partition(":")[0].lower() for host in live.extra_hosts} if live else set()
        if name.lower() not in hosts:
            text = f"`{source.wish.name}` was made without `{name}` in its `extra_hosts`"
            yield Cause(text, made_anew(source, "with --add-host"))
        seen = " and ".join(outcome.addresses) if outcome else ""
        yield Cause(
            f"/etc/hosts of `{source.wish.name}` has {seen or 'no address'} for `{name}`, and its `extra_hosts` say"
            " something else",
            f"a program inside may have changed it; docker restart {source.wish.name} makes that file anew",
        )

    def _kept_apart(self, source: Member, target: Member, networks: frozenset[str]) -> Iterator[Cause]:
        """Networks, of those that both are on, that let nothing through between containers."""
        if networks and networks <= self._world.separating:
            yield Cause(
                f"{listed(networks)} keeps its containers apart (`{ICC}` is off on the engine), so"
                f" `{source.wish.name}` does not reach `{target.wish.name}` over it",
                "take that option out, or put both on another network, too",
            )

    # -- who is there, and where ---------------------------------------------------------------------------------------

    def _does_not_run(self, member: Member | None) -> Iterator[Cause]:
        if member is None:
            return
        for wish, live in ((member.wish, member.live), (member.owner, member.owner_live)):
            name = f"`{wish.name}`"
            if live is None:
                yield Cause(f"{name} is not on the engine", self._makes(wish))
            elif live.state.status == "restarting":
                yield Cause(f"{name} keeps restarting (exit code {live.state.exit_code})", f"docker logs {live.name}")
            elif live.state.paused:
                yield Cause(f"{name} is paused", f"docker unpause {live.name}")
            elif not live.state.running:
                yield Cause(f"{name} is stopped{_how_it_ended(live)}", starts(member, live.name))

    def _makes(self, wish: ContainerWish) -> str:
        by_hand = any(member.live and not member.is_ours for member in self._world.members.values())
        return f"docker run it: --name {wish.name} {wish.spec.image}" if by_hand else "netdeploy apply makes it"

    def _not_together(self, source: Member, target: Member, network: str) -> Iterator[Cause]:
        for member in (target, source):
            if network and network not in member.live_networks:
                yield Cause(
                    f"`{member.wish.name}` is not on `{network}`; it is on {listed(member.live_networks)}",
                    joins(member, network),
                )

    # -- what should be apart ------------------------------------------------------------------------------------------

    def _not_apart(
        self, claim: Claim, source: Member | None, target: Member | None, outcome: Outcome | None
    ) -> Iterator[Cause]:
        if claim.source == HOST:
            holder = publisher(self._world, claim.probe.port if claim.probe else 0)
            who = f"`{holder.name}` publishes it" if holder else "a program of the host that is no container answers"
            yield Cause(f"the host reaches {claim.check.to if claim.check else 'it'}: {who}")
        relay = next((guest for guest in self._world.guests if guest.name == claim.source), None)
        if relay is not None and claim.probe is None:
            where = listed(frozenset(relay.attachments) & {network.name for network in self._world.wishes.networks})
            yield Cause(
                f"`{relay.name}`, which is not of this topology, is on {where}: it can pass on what is to stay apart",
                f"docker network disconnect {claim.network} {relay.name}",
            )
        if source is not None and target is not None:
            yield from self._together(claim, source, target, outcome)
        elif source is not None and claim.probe and claim.probe.kind == "lookup" and outcome:
            yield from resolves_all_the_same(self._world, source, claim.probe.host, outcome)

    def _together(self, claim: Claim, source: Member, target: Member, outcome: Outcome | None) -> Iterator[Cause]:
        """Why two containers are not apart."""
        at = f" (at {outcome.addresses[0]})" if outcome and outcome.addresses else ""
        pair = f"`{source.wish.name}` reaches `{target.wish.name}`{at}"
        rules = "are the engine's own firewall rules off (`iptables: false`, `ip6tables: false`)"
        if claim.network:  # both are meant to be on it, and it is meant to keep them apart
            if claim.network not in self._world.separating:
                text = f"`{claim.network}` does not keep its containers apart: `{ICC}` is not off on the engine"
                yield Cause(text, SHOWS_IT)
            yield Cause(f"{{}} over `{claim.network}`, which should keep its containers apart", f"{rules}?", pair)
        yield from astray(source, target)
        both = source.live_networks & target.live_networks
        if both:
            yield Cause(f"`{source.wish.name}` and `{target.wish.name}` share {listed(both)}")
        yield Cause("{} though they share no network", f"{rules}, or is there a way around over the host?", pair)

    # -- declared checks -----------------------------------------------------------------------------------------------

    def _check(
        self, claim: Claim, source: Member | None, target: Member | None, outcome: Outcome | None
    ) -> Iterator[Cause]:
        if claim.probe is None:
            return
        name, port = claim.probe.host, claim.probe.port
        if claim.source == HOST:
            yield from self._check_from_host(target, port, outcome)
            return
        if source is None:
            return
        if name in ("localhost", "127.0.0.1"):
            yield from self._localhost(source, port)
        if outcome and outcome.word in ("status", "lacks", "garbled", "mute", "slow"):
            yield self._other_answer(claim, outcome)
        if target is None:
            yield from self._unknown(source, name, outcome)
            return
        yield from self._way(source, target, name, outcome)
        for binding in target.bindings:
            if binding.host_port == str(port) and binding.target != port:
                yield Cause(
                    f"{port} is a port of the host; between containers `{target.wish.name}` is on {binding.target}",
                    f"write {name}:{binding.target}",
                )
        both = source.live_networks & target.live_networks
        yield from self._kept_apart(source, target, both)
        for network in sorted(both):
            yield from self._on_the_way(source, target, network, port, outcome)
        yield from no_port(self._evidence, target, port, outcome)

    def _way(self, source: Member, target: Member, name: str, outcome: Outcome | None) -> Iterator[Cause]:
        """Why one does not find the other by a name, or has no network with it."""
        both = source.live_networks & target.live_networks
        if not both:
            wanted = [network for network in source.places if network in target.places]
            for network in wanted:
                yield from self._not_together(source, target, network)
            yield Cause(
                f"`{source.wish.name}` and `{target.wish.name}` share no network: one is on"
                f" {listed(source.live_networks)}, the other on {listed(target.live_networks)}",
                "put both on one network of the file",
            )
        if is_address(name) or (outcome and outcome.word != "unresolved"):
            return
        if both == {DEFAULT_BRIDGE}:
            yield Cause(
                f"`{source.wish.name}` and `{target.wish.name}` share only Docker's default bridge, which has no names",
                "put both on a network of the file",
            )
        network = next(
            (n for n in sorted(both) if name in target.names_on(n)), min(both - {DEFAULT_BRIDGE}, default="")
        )
        yield from not_found(self._world, self._evidence, source, target, name, network, outcome)

    def _check_from_host(self, target: Member | None, port: int, outcome: Outcome | None) -> Iterator[Cause]:
        if target is not None:
            binding = next((b for b in target.bindings if b.host_port == str(port)), None)
            yield from not_answering(self._world, self._evidence, target, binding, outcome)
        holder = publisher(self._world, port)
        if holder is None:
            yield Cause(
                f"nothing publishes port {port} on the host",
                "add it under `ports` of the container; `expose` alone opens nothing to the host",
            )
        yield Cause(f"`{holder.name if holder else ''}` publishes port {port}, and nothing answers there")

    def _localhost(self, source: Member, port: int) -> Iterator[Cause]:
        elsewhere = [m for m in self._world.members.values() if m is not source and port in m.ports("tcp")]
        which = f"; `{elsewhere[0].wish.name}` listens on {port}" if elsewhere else ""
        yield Cause(
            f"`localhost` inside `{source.wish.name}` is `{source.wish.name}` itself{which}",
            f"write {elsewhere[0].wish.name}:{port}" if elsewhere else "name the container you mean",
        )

    def _other_answer(self, claim: Claim, outcome: Outcome) -> Cause:
        http = claim.probe.http if claim.probe else None
        to = claim.check.to if claim.check else ""
        if outcome.word == "lacks":
            wanted = http.contains if http else ""
            return Cause(f"{to} answers, and its answer does not hold `{wanted}`{_began(outcome)}")
        if outcome.word == "mute":
            return Cause(f"{to} accepts the connection, and says nothing within {WEB_SECONDS} seconds", _SLOW)
        if outcome.word == "slow":
            return Cause(f"{to} begins to answer, and has not come to an end after {WEB_SECONDS} seconds", _SLOW)
        if outcome.word == "garbled":
            text = f"{to} answers, and what it says is no HTTP{_began(outcome)}"
            return Cause(text, "is that the port of a web server?")
        status = f"answers with status {outcome.status or '?'}, not {http.status if http else 200}{_began(outcome)}"
        return Cause(f"{to}{http.path if http else ''} {status}")

    def _unknown(self, source: Member, name: str, outcome: Outcome | None) -> Iterator[Cause]:
        if outcome and outcome.word == "unresolved":
            yield Cause(
                f"nobody on the networks of `{source.wish.name}` ({listed(source.live_networks)}) is called `{name}`",
                "check the name, and on which network it is an alias",
            )
        if not source.live_networks:
            yield Cause(f"`{source.wish.name}` is on no network, so it reaches nobody")
        said = {"refused": "refuses the connection", "unreachable": "can't be reached: no route leads there"}
        yield Cause(f"{name} {said.get(outcome.word if outcome else '', 'does not answer')}")


def _cut_off(member: Member | None) -> Iterator[Cause]:
    if member is not None and member.live is not None and member.is_cut_off:
        yield Cause(
            f"`{member.wish.name}` shares the network of `{member.owner.name}`, which was started after it",
            f"docker restart {member.live.name}: until then it keeps a network that is dead",
        )


def _began(outcome: Outcome) -> str:
    """How the answer began that a web server gave instead."""
    lines = (line.strip() for line in outcome.said.decode("utf-8", "replace").splitlines())
    first = next(filter(None, lines), "")
    masked = masked_text(first)
    shown = masked if len(masked) <= _SAID else f"{masked[:_SAID]}…"
    return f"; it begins with `{shown}`" if first else ""


_SAID = 60
"""Characters of what a server said."""
_SLOW = "docker logs shows what its program does"
_SEEN = {
    "ok": "it answered",
    "refused": "the connection was refused",
    "timeout": "nothing answered",
    "unreachable": "no route leads there",
    "unresolved": "the name does not resolve",
    "empty": "the connection was closed at once",
    "small": "only small packets get through",
    "silent": "the host accepted and the container did not answer",
    "mute": "the connection was accepted, and nothing came",
    "slow": "the answer came to no end",
    "garbled": "what answered speaks no HTTP",
}


def _expected_and_seen(claim: Claim, outcome: Outcome | None) -> str:
    wants = "an answer" if claim.probe is None or claim.probe.want == "yes" else "none"
    seen = _SEEN.get(outcome.word, "nothing came back") if outcome else "it could not be tried"
    at = f" at {', '.join(outcome.addresses)}" if outcome and outcome.word == "ok" and outcome.addresses else ""
    return f"expected {wants}, and {seen}{at}"


def _how_it_ended(live: ObservedContainer) -> str:
    if live.state.status == "created":
        return ": it was made and never started" + (f" ({live.state.error})" if live.state.error else "")
    memory = ", out of memory" if live.state.oom_killed else ""
    return f" (exit code {live.state.exit_code}{memory})"
