"""Why a claim does not hold, worked out from what stands on the engine and what was seen from inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netdeploy.engine.observed import ObservedContainer, PortBinding
from netdeploy.topology.draft import DEFAULT_BRIDGE
from netdeploy.topology.rules_checks import is_address
from netdeploy.verify.claims import Claim
from netdeploy.verify.probing import Evidence, Listener, Outcome
from netdeploy.verify.world import HOST, Member, World


@dataclass(frozen=True, slots=True)
class Cause:
    """One sentence that says why, and what to do about it. Several claims may fail by one cause."""

    text: str
    hint: str = ""


class Diagnosis:
    """Answers `cause` for each claim that does not hold."""

    def __init__(self, world: World, evidence: Evidence) -> None:
        self._world = world
        self._evidence = evidence

    def cause(self, claim: Claim, outcome: Outcome | None) -> Cause:
        """Why a claim does not hold; `outcome` is what came of its probe, if it has one."""
        return next(self._causes(claim, outcome))

    def _causes(self, claim: Claim, outcome: Outcome | None) -> Iterator[Cause]:
        """The most telling one first."""
        source, target = (self._world.members.get(key) for key in (claim.source, claim.target))
        wants_apart = claim.kind == "apart" or (claim.check is not None and claim.probe and claim.probe.want != "yes")
        if not wants_apart:
            for member in (source, target):
                yield from self._does_not_run(member)
        if claim.source in self._evidence.blind:
            problem = self._evidence.blind[claim.source]
            yield Cause(f"nothing could be tried from {_source(claim)}: {problem.message}", problem.hint)
        if wants_apart:
            yield from self._not_apart(claim, source, target, outcome)
        else:
            yield from self._not_as_claimed(claim, source, target, outcome)
        yield Cause(f"{claim.text}: not so" + (f" ({outcome.word})" if outcome else ""))

    def _not_as_claimed(
        self, claim: Claim, source: Member | None, target: Member | None, outcome: Outcome | None
    ) -> Iterator[Cause]:
        if claim.kind == "not published":
            yield self._published_besides(claim, target)
        elif claim.kind == "check":
            yield from self._check(claim, source, target, outcome)
        elif claim.kind == "published" and target is not None:
            yield from self._not_answering(target, claim.binding, outcome)
        elif source is not None and target is not None and claim.probe is not None:
            yield from self._not_together(source, target, claim.network)
            if claim.kind == "name":
                yield from self._no_name(source, target, claim.probe.host, claim.network, outcome)
            else:
                yield from self._no_port(target, claim.probe.port, outcome)

    # -- who is there, and where ---------------------------------------------------------------------------------------

    def _does_not_run(self, member: Member | None) -> Iterator[Cause]:
        if member is None:
            return
        for wish, live in ((member.wish, member.live), (member.owner, member.owner_live)):
            name = f"`{wish.name}`"
            if live is None:
                yield Cause(f"{name} is not on the engine", "netdeploy apply makes it")
            elif live.state.status == "restarting":
                yield Cause(f"{name} keeps restarting (exit code {live.state.exit_code})", f"docker logs {live.name}")
            elif live.state.paused:
                yield Cause(f"{name} is paused", f"docker unpause {live.name}")
            elif not live.state.running:
                yield Cause(f"{name} is stopped{_how_it_ended(live)}", f"docker start {live.name}, or netdeploy apply")

    def _not_together(self, source: Member, target: Member, network: str) -> Iterator[Cause]:
        for member in (target, source):
            if network and network not in member.live_networks:
                yield Cause(
                    f"`{member.wish.name}` is not on `{network}`; it is on {_listed(member.live_networks)}",
                    f"docker network connect {network} {member.wish.name}, or netdeploy apply, which also gives"
                    " aliases and addresses",
                )

    # -- names ---------------------------------------------------------------------------------------------------------

    def _no_name(
        self, source: Member, target: Member, name: str, network: str, outcome: Outcome | None
    ) -> Iterator[Cause]:
        live = target.owner_live
        if live is None:
            return
        known = _names_by_network(live)
        if name.lower() not in known.get(network, set()):
            elsewhere = sorted(other for other, names in known.items() if name.lower() in names)
            if name == target.wish.name:
                yield Cause(f"`{name}` is called `{live.name}` on the engine", f"docker rename {live.name} {name}")
            also = f"; it has it on {_listed(elsewhere)} only" if elsewhere else ""
            yield Cause(
                f"the alias `{name}` of `{target.wish.name}` is missing on `{network}`{also}",
                "netdeploy apply gives it back: Docker takes aliases only when a container joins a network",
            )
        for address in outcome.addresses if outcome else ():
            if address in target.addresses:
                yield from _astray(source, target)
                continue
            owner = self._world.at(address)
            if owner:
                yield Cause(
                    f"`{name}` leads from `{source.wish.name}` to {address}, which is `{owner.name}`, not"
                    f" `{target.wish.name}`",
                    f"`{owner.name}` bears that name too: take it away, or call it otherwise",
                )
            yield Cause(
                f"`{name}` leads from `{source.wish.name}` to {address}, a stale address: `{target.wish.name}` is at"
                f" {_listed(target.addresses)}",
                f"look into /etc/hosts of `{source.wish.name}`; a restart of it refreshes what Docker wrote there",
            )
        yield Cause(
            f"`{source.wish.name}` does not find `{name}`, though both are on `{network}`: Docker's resolver"
            " (127.0.0.11) does not answer",
            f"docker exec {source.wish.name} cat /etc/resolv.conf shows which resolver it asks",
        )

    # -- ports ---------------------------------------------------------------------------------------------------------

    def _no_port(self, target: Member, port: int, outcome: Outcome | None) -> Iterator[Cause]:
        word = outcome.word if outcome else ""
        if word in ("refused", "empty"):
            yield from self._not_listening(target, port)
        if word == "unreachable":
            yield Cause(f"no route leads to `{target.wish.name}`", f"netdeploy inspect {target.wish.name}")
        if word in ("timeout", "nothing"):
            what = f"on port {port}" if port else "at all"
            yield Cause(
                f"`{target.wish.name}` does not answer {what}, and does not refuse either: something drops the packets",
                "look for firewall rules of the host (iptables -L DOCKER-USER) or inside the container",
            )

    def _not_listening(self, target: Member, port: int) -> Iterator[Cause]:
        name = f"`{target.wish.name}`"
        listeners = [item for item in self._evidence.listeners.get(target.key, ()) if item.address != _RESOLVER]
        here = [listener for listener in listeners if listener.port == port]
        if here and all(listener.is_local for listener in here):
            yield Cause(
                f"{name} listens on port {port} only at {here[0].address}, inside itself",
                "let its program listen on 0.0.0.0",
            )
        if not here:
            others = _ports(listener for listener in listeners if not listener.is_local)
            also = f"; it listens on {others}" if others else ""
            yield Cause(
                f"nothing listens on port {port} in {name}{also}",
                f"docker logs {target.wish.name} shows whether its program is up",
            )

    # -- published ports -----------------------------------------------------------------------------------------------

    def _not_answering(self, target: Member, binding: PortBinding | None, outcome: Outcome | None) -> Iterator[Cause]:
        name = f"`{target.wish.name}`"
        live = target.live
        if binding is None or live is None:
            return
        if target.mode == "host":
            yield from self._not_listening(target, binding.target)
        at = f"port {binding.host_port or 'of its own choice'}"
        if binding not in live.ports:
            yield Cause(f"{name} was made without publishing {at}", "netdeploy diff shows it, netdeploy apply mends it")
        if not any(bound.target == binding.target for bound in live.bound_ports):
            internal = {network.name for network in self._world.seen.networks if network.internal}
            if target.live_networks and target.live_networks <= internal:
                yield Cause(
                    f"{name} publishes {at} in vain: it is on internal networks only ({_listed(target.live_networks)})",
                    "put it on a network that is not internal, too",
                )
            yield Cause(f"{name} publishes {at} in vain: the host does not listen", f"docker restart {live.name}")
        if outcome and outcome.word in ("empty", "refused"):
            yield from self._not_listening(target, binding.target)
        yield Cause(f"{name} does not answer on the host's {at} ({outcome.word if outcome else 'nothing came back'})")

    def _published_besides(self, claim: Claim, target: Member | None) -> Cause:
        port = claim.binding
        shown = f"port {port.target} on the host's {port.host_port}" if port else "a port"
        if target is not None:
            return Cause(
                f"`{target.wish.name}` publishes {shown}, which the file does not say",
                "netdeploy diff shows it, netdeploy apply mends it",
            )
        guest = next((g for g in self._world.guests if port in g.bound_ports), None)
        name = guest.name if guest else "a container"
        networks = {network.name for network in self._world.wishes.networks}
        where = _listed(networks & set(guest.attachments)) if guest else "a network of the topology"
        return Cause(
            f"`{name}`, which is not of this topology, is on {where} and publishes {shown}",
            f"docker rm -f {name}, or take it off that network: it opens a way in",
        )

    # -- what should be apart ------------------------------------------------------------------------------------------

    def _not_apart(
        self, claim: Claim, source: Member | None, target: Member | None, outcome: Outcome | None
    ) -> Iterator[Cause]:
        if claim.source == HOST:
            holder = self._publisher(claim.probe.port if claim.probe else 0)
            who = f"`{holder.name}` publishes it" if holder else "a program of the host that is no container answers"
            yield Cause(f"the host reaches {claim.check.to if claim.check else 'it'}: {who}")
        if source is not None and target is not None:
            both = source.live_networks & target.live_networks
            yield from _astray(source, target)
            if both:
                yield Cause(f"`{source.wish.name}` and `{target.wish.name}` share {_listed(both)}")
            yield Cause(
                f"`{source.wish.name}` reaches `{target.wish.name}` though they share no network"
                + (f" (at {outcome.addresses[0]})" if outcome and outcome.addresses else ""),
                "are the engine's own firewall rules off (`iptables: false`), or is there a way around over the host?",
            )

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
        if outcome and outcome.word in ("status", "lacks"):
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
        yield from self._no_port(target, port, outcome)

    def _way(self, source: Member, target: Member, name: str, outcome: Outcome | None) -> Iterator[Cause]:
        """Why one does not find the other by a name, or has no network with it."""
        both = source.live_networks & target.live_networks
        if not both:
            wanted = [network for network in source.places if network in target.places]
            for network in wanted:
                yield from self._not_together(source, target, network)
            yield Cause(
                f"`{source.wish.name}` and `{target.wish.name}` share no network: one is on"
                f" {_listed(source.live_networks)}, the other on {_listed(target.live_networks)}",
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
        yield from self._no_name(source, target, name, network, outcome)

    def _check_from_host(self, target: Member | None, port: int, outcome: Outcome | None) -> Iterator[Cause]:
        if target is not None:
            binding = next((b for b in target.bindings if b.host_port == str(port)), None)
            yield from self._not_answering(target, binding, outcome)
        holder = self._publisher(port)
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
            return Cause(f"{to} answers, and its answer does not hold `{http.contains if http else ''}`")
        wanted = http.status if http else 200
        return Cause(f"{to}{http.path if http else ''} answers with status {outcome.status or '?'}, not {wanted}")

    def _unknown(self, source: Member, name: str, outcome: Outcome | None) -> Iterator[Cause]:
        if outcome and outcome.word == "unresolved":
            yield Cause(
                f"nobody on the networks of `{source.wish.name}` ({_listed(source.live_networks)}) is called `{name}`",
                "check the name, and on which network it is an alias",
            )
        if not source.live_networks:
            yield Cause(f"`{source.wish.name}` is on no network, so it reaches nobody")
        said = {"refused": "refuses the connection", "unreachable": "can't be reached: no route leads there"}
        yield Cause(f"{name} {said.get(outcome.word if outcome else '', 'does not answer')}")

    def _publisher(self, port: int) -> ObservedContainer | None:
        published = (c for c in self._world.seen.containers if any(b.host_port == str(port) for b in c.bound_ports))
        return next(published, None)


_RESOLVER = "127.0.0.11"


def _astray(source: Member, target: Member) -> Iterator[Cause]:
    """Networks on which both are, and one of them should not be."""
    for network in sorted(source.live_networks & target.live_networks):
        for member in (source, target):
            if network not in member.places:
                yield Cause(
                    f"`{member.wish.name}` is also on `{network}`, where the file does not put it",
                    f"docker network disconnect {network} {member.wish.name}, or netdeploy apply",
                )


def _source(claim: Claim) -> str:
    return "the host" if claim.source == HOST else f"`{claim.source}`"


def _how_it_ended(live: ObservedContainer) -> str:
    if live.state.status == "created":
        return ": it was made and never started" + (f" ({live.state.error})" if live.state.error else "")
    memory = ", out of memory" if live.state.oom_killed else ""
    return f" (exit code {live.state.exit_code}{memory})"


def _names_by_network(live: ObservedContainer) -> dict[str, set[str]]:
    return {
        network: {live.name.lower(), *(alias.lower() for alias in attachment.aliases)}
        for network, attachment in live.attachments.items()
    }


def _listed(names: Iterable[str]) -> str:
    found = [f"`{name}`" for name in sorted(names)]
    return ", ".join(found) if found else "none"


def _ports(listeners: Iterable[Listener]) -> str:
    return ", ".join(map(str, sorted({listener.port for listener in listeners})))
