"""The diff: what a topology wants against what one look at the engine saw.

Ownership is the label, never the name. An object of ours under another name was renamed by hand; an object under our
name without our label is somebody else's, and a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from netdeploy.attributes import attachment as attachment_rows
from netdeploy.attributes import container as container_rows
from netdeploy.attributes import network as network_rows
from netdeploy.attributes import volume as volume_rows
from netdeploy.attributes.addresses import a_free_subnet
from netdeploy.attributes.table import AttributeChange, Effect, compare
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, NetworkWish, VolumeWish, Wishes
from netdeploy.engine.observed import (
    LABEL_NAME,
    LABEL_PREFIX,
    LABEL_SOURCE,
    ObservedAttachment,
    ObservedContainer,
    ObservedNetwork,
    ObservedVolume,
    Snapshot,
    with_named_modes,
)
from netdeploy.identity import TopologyId
from netdeploy.plan import volumes
from netdeploy.plan.changes import (
    PAUSED,
    Action,
    AttachmentChange,
    Change,
    Changes,
    ContainerChange,
    NetworkChange,
    VolumeChange,
)
from netdeploy.plan.health import Ailment, ailments
from netdeploy.plan.links import stale_link
from netdeploy.plan.making_room import NEEDS_ITS_MAC, with_replacement, with_room_made
from netdeploy.plan.namesakes import several_of_a_name
from netdeploy.plan.ownership import (
    ASIDE,
    claimants,
    container_owner_text,
    made_from,
    our_containers,
    our_networks,
    our_volumes,
    owner_text,
)
from netdeploy.plan.reasons import attachment_difference, difference, disconnect_hint, listed, waits_for_it
from netdeploy.plan.remedies import container_removal, network_removal, volume_removal
from netdeploy.plan.shared_names import shared_names
from netdeploy.topology.draft import BUILT_IN_NETWORKS
from netdeploy.topology.modes import SHARED

_NOT_A_NETWORK = ("host", "none")
_STARTS = (Action.CREATE, Action.REPLACE, Action.START)
_CONNECTS_BY_MODE = (1, 44)  # somewhere between API 1.41, which does not mind, and 1.51, which does


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """How a diff is made.

    With `remove_volumes`, volumes that are not wanted go, with their data; with `force`, what is not ours is
    disconnected from a network of ours that has to go.
    """

    remove_volumes: bool = False
    force: bool = False


def diff(wishes: Wishes, seen: Snapshot, options: DiffOptions = DiffOptions()) -> Changes:
    """Every difference between `wishes` and `seen`, each with its reason."""
    return _Diff(wishes, seen, options).changes()


class _Diff:
    def __init__(self, wishes: Wishes, seen: Snapshot, options: DiffOptions) -> None:
        self._wishes = wishes
        self._seen = seen
        self._options = options
        self._renewed_networks: set[str] = set()
        self._containers = our_containers(seen, wishes.origin.id)
        self._networks = our_networks(seen, wishes.origin.id)
        self._volumes = our_volumes(seen, wishes.origin.id)

    def changes(self) -> Changes:
        kept_networks = {wish.key: self._kept_network(wish) for wish in self._wishes.networks}
        kept_containers = {wish.key: self._kept_container(wish) for wish in self._wishes.containers}
        wished = {c.name: wish.name for wish in self._wishes.containers if (c := kept_containers[wish.key])}
        # what is shared with a container that was renamed by hand is shared with the same container
        kept_containers = {key: c and with_named_modes(c, wished) for key, c in kept_containers.items()}
        found: list[Change] = []
        for wish in self._wishes.networks:
            found += self._network(wish, kept_networks[wish.key])
        self._renewed_networks = {c.name for c in found if c.action in (Action.CREATE, Action.REPLACE)}
        for volume in self._wishes.volumes:
            found += self._volume(volume)
        for container in self._wishes.containers:
            found += self._container(container, kept_containers[container.key])
        found = self._with_relying(with_room_made(found, self._wishes, kept_containers))
        found += self._restarted(found, kept_containers)
        kept_ids = {c.id for c in kept_containers.values() if c} | {n.id for n in kept_networks.values() if n}
        found += self._removals(kept_ids)
        return Changes(
            self._wishes.origin.topology,
            tuple(found),
            prefix=self._wishes.origin.prefix,
            made_from=self._other_source(),
            notes=tuple(self._notes(kept_containers)),
            stand_ins=tuple(wish.name for wish in self._wishes.containers if wish.stand_in_for),
            health=tuple(self._health(kept_containers)),
        )

    def _other_source(self) -> str:
        source, other = self._wishes.origin.source, made_from(self._seen, self._wishes.origin.id)
        return "" if source is None or other == str(source) else other

    def _health(self, kept: dict[str, ObservedContainer | None]) -> Iterator[Ailment]:
        internal = frozenset(network.id for network in self._seen.networks if network.internal)
        for wish in self._wishes.containers:
            live = kept[wish.key]
            if live:
                yield from ailments(
                    live,
                    live.name,
                    may_have_ended=self._wishes.may_end(wish),
                    internal=internal,
                    awaited_by=self._wishes.awaited_by(wish),
                    left_alone=self._left_alone(wish),
                )

    # -- networks and volumes --

    def _kept_network(self, wish: NetworkWish) -> ObservedNetwork | None:
        ours = [n for n in self._networks if n.labels.get(LABEL_NAME) == wish.key]
        return next((n for n in ours if n.name == wish.name), ours[0] if ours else None)

    def _network(self, wish: NetworkWish, live: ObservedNetwork | None) -> Iterator[Change]:
        same_name = [n for n in self._seen.networks if n.name == wish.name]
        if len(same_name) > 1 and (wish.spec.external or any(n not in self._networks for n in same_name)):
            yield several_of_a_name(wish, same_name)
            return
        if wish.spec.external:
            if not same_name:
                yield NetworkChange(
                    action=Action.CONFLICT,
                    name=wish.name,
                    reason="the file says it exists already (`external`), and the engine has no such network",
                    hint=f"make it (docker network create {wish.name}), or take `external` out",
                    wish=wish,
                )
            return
        foreign = [n for n in same_name if n not in self._networks]
        if foreign and (live is None or live.name != wish.name):
            yield NetworkChange(
                action=Action.CONFLICT,
                name=wish.name,
                reason=f"a network of this name {owner_text(foreign[0].labels)}",
                attributes=compare(network_rows.ROWS, wish, foreign[0], f"networks.{wish.key}"),
                hint="give yours another `name`, use it as it is with `external: true`, or remove the other one: "
                + network_removal(foreign[0], self._wishes.origin.id, self._seen.containers),
                wish=wish,
            )
        elif live is None:
            action, reason = Action.CREATE, "it does not exist"
            yield self._clash(wish) or NetworkChange(action=action, name=wish.name, reason=reason, wish=wish)
        else:
            yield from self._network_difference(wish, live)

    def _clash(self, wish: NetworkWish) -> NetworkChange | None:
        """Somebody else's network with a subnet or a bridge that is to be ours; the engine allows each once."""
        for network in self._seen.networks:
            subnet, bridge = network_rows.overlap(wish, network), network_rows.same_bridge(wish, network)
            if network in self._networks or not (subnet or bridge):
                continue
            docker = network.name in BUILT_IN_NETWORKS
            whose = "is Docker's own" if docker else owner_text(network.labels)
            what = f"its subnet overlaps {subnet}" if subnet else f"its bridge `{bridge}` is that"
            another = (
                f"choose a free subnet in the file{self._such_as()}" if subnet else "give it another bridge in the file"
            )
            removal = network_removal(network, self._wishes.origin.id, self._seen.containers)
            return NetworkChange(
                action=Action.CONFLICT,
                name=wish.name,
                reason=f"{what} of the network `{network.name}`, which {whose}",
                hint=another + ("" if docker else f", or remove the other network: {removal}"),
                wish=wish,
            )
        return None

    def _such_as(self) -> str:
        taken = [pool.subnet for network in self._seen.networks for pool in network.pools]
        declared = [pool.subnet for wish in self._wishes.networks for pool in wish.spec.ipam.config]
        free = a_free_subnet([subnet for subnet in (*taken, *declared) if subnet])
        return f" (such as {free})" if free else ""

    def _network_difference(self, wish: NetworkWish, live: ObservedNetwork) -> Iterator[Change]:
        attributes = compare(network_rows.ROWS, wish, live, f"networks.{wish.key}")
        reason = difference(attributes)
        if not attributes:
            # it stands on a subnet that the file leaves to the engine, and that another network declares
            heirs = ((other, network_rows.contested(other, live)) for other in self._wishes.networks if other != wish)
            heir, taken = next(((other, taken) for other, taken in heirs if taken), (None, ""))
            if heir is None:
                return
            reason = f"`{heir.name}` takes its {taken}"
        conflict = self._clash(wish)
        if conflict:
            yield replace(conflict, attributes=attributes, live=live)
            return
        strangers = self._strangers(live)
        yield from self._forced_off(live, strangers)
        if strangers and not self._options.force:
            yield NetworkChange(
                action=Action.CONFLICT,
                name=live.name,
                reason=f"{reason}, but {listed(strangers)} on it is not ours to move",
                attributes=attributes,
                hint=disconnect_hint(live, strangers),
                wish=wish,
                live=live,
            )
            return
        yield NetworkChange(
            action=Action.REPLACE,
            name=live.name,
            reason=reason,
            attributes=attributes,
            wish=wish,
            live=live,
        )

    def _strangers(self, network: ObservedNetwork) -> list[str]:
        """Containers on a network that are not ours, stopped ones too: without their network they can't start."""
        return [c.name for c in self._seen.containers if c not in self._containers and _is_on(c, network)]

    def _forced_off(self, network: ObservedNetwork, strangers: list[str]) -> Iterator[AttachmentChange]:
        for container in self._seen.containers if self._options.force else ():
            if container.name in strangers:
                yield AttachmentChange(
                    action=Action.DISCONNECT,
                    name=container.name,
                    network=network.name,
                    reason="it is not ours, the network has to go, and --force was given",
                    live=container,
                )

    def _volume(self, wish: VolumeWish) -> Iterator[Change]:
        live = next((v for v in self._seen.volumes if v.name == wish.name), None)
        if live is None and wish.spec.external:
            yield VolumeChange(
                action=Action.CONFLICT,
                name=wish.name,
                reason="the file says it exists already (`external`), and the engine has no such volume",
                hint=f"make it (docker volume create {wish.name}), or take `external` out",
                wish=wish,
            )
        elif live is None:
            yield VolumeChange(action=Action.CREATE, name=wish.name, reason="it does not exist", wish=wish)
        elif not wish.spec.external:
            yield from self._volume_difference(wish, live)

    def _volume_difference(self, wish: VolumeWish, live: ObservedVolume) -> Iterator[Change]:
        attributes = compare(volume_rows.ROWS, wish, live, f"volumes.{wish.key}")
        if live not in self._volumes:
            yield VolumeChange(
                action=Action.CONFLICT,
                name=wish.name,
                reason=f"a volume of this name {owner_text(live.labels)}",
                attributes=attributes,
                hint="give yours another `name`, use it as it is with `external: true`, or, where nobody needs what it "
                f"holds, remove it: {volume_removal(live, self._wishes.origin.id)}",
                wish=wish,
                live=live,
            )
        elif attributes:
            yield VolumeChange(
                action=Action.CONFLICT,
                name=wish.name,
                reason=f"{difference(attributes)}, and the engine can only change a volume by losing its data",
                attributes=attributes,
                hint=f"save what it holds, then: docker volume rm {wish.name}, and apply again",
                wish=wish,
                live=live,
            )

    # -- containers --

    def _kept_container(self, wish: ContainerWish) -> ObservedContainer | None:
        """The one that stands for `wish`.

        Of those that an interrupted replacement left behind, the new one once it runs; until then the old one, which
        stands aside and can come back.
        """
        ours = [c for c in self._containers if c.labels.get(LABEL_NAME) == wish.key]
        named = next((c for c in ours if c.name == wish.name), None)
        aside = next((c for c in ours if c.name.startswith(wish.name + ASIDE)), None)
        if named and (aside is None or named.state.running or not self._not_running(wish, named)):
            return named
        return aside or named or (ours[0] if ours else None)

    def _container(self, wish: ContainerWish, live: ObservedContainer | None) -> Iterator[Change]:
        path = f"containers.{wish.key}"
        foreign = next((c for c in self._seen.containers if c.name == wish.name and c not in self._containers), None)
        if foreign:
            yield ContainerChange(
                action=Action.CONFLICT,
                name=wish.name,
                reason=f"a container of this name {container_owner_text(foreign)};"
                f" it runs `{foreign.image}` and is {foreign.state.status}",
                attributes=compare(container_rows.ROWS, wish, foreign, path),
                hint="rename yours in the file, or remove the other one: "
                + container_removal(foreign, self._wishes.origin.id),
                wish=wish,
            )
            return
        if live is None:
            yield ContainerChange(action=Action.CREATE, name=wish.name, reason="it does not exist", wish=wish)
            return
        attributes = compare(container_rows.ROWS, wish, live, path)
        attributes += self._of_interfaces(wish, live, attributes)
        replaced = any(attribute.effect is Effect.REPLACE for attribute in attributes)
        reason = difference(attributes) if replaced else self._stranded(live) or self._needs_its_mac(wish, live)
        if reason:
            yield ContainerChange(
                action=Action.REPLACE,
                name=wish.name,
                reason=reason,
                attributes=attributes,
                wish=wish,
                live=live,
            )
            return
        yield from self._in_place(wish, live, attributes)

    def _of_interfaces(
        self, wish: ContainerWish, live: ObservedContainer, own: tuple[AttributeChange, ...]
    ) -> tuple[AttributeChange, ...]:
        """Attributes of its attachments that only a new container can have, where its own do not say as much."""
        if any(attribute.name == "mac_address" for attribute in own):
            return ()
        return tuple(
            replace(attribute, name=f"networks.{wanted.network_key}.{attribute.name}")
            for wanted in wish.attachments
            for change in self._attachment(wish, live, wanted)
            for attribute in change.attributes
            if attribute.effect is Effect.REPLACE
        )

    def _in_place(
        self, wish: ContainerWish, live: ObservedContainer, attributes: tuple[AttributeChange, ...]
    ) -> Iterator[Change]:
        if live.name != wish.name:
            yield ContainerChange(
                action=Action.RENAME,
                name=wish.name,
                reason=f"it is called `{live.name}`",
                wish=wish,
                live=live,
            )
        if attributes:
            yield ContainerChange(
                action=Action.UPDATE,
                name=wish.name,
                reason=difference(attributes),
                attributes=attributes,
                wish=wish,
                live=live,
            )
        yield from self._attachments(wish, live)
        reason = self._cut_off(wish, live) or stale_link(wish, live, self._kept) or self._not_running(wish, live)
        if reason:
            yield ContainerChange(action=Action.START, name=wish.name, reason=reason, wish=wish, live=live)

    def _stranded(self, live: ObservedContainer) -> str:
        """Why a container can't be connected any more; empty if it can.

        A newer engine (seen on 28.5, not on 20.10) connects a container that is on no network only while a network
        of the name it was made with still stands.
        """
        first = live.network_mode
        by_name = first not in {"", "default", *BUILT_IN_NETWORKS} and not first.startswith("container:")
        if not by_name or self._seen.api_version < _CONNECTS_BY_MODE:
            return ""
        wanted = {wish.name for wish in self._wishes.networks}
        standing = {network.name for network in self._seen.networks if network not in self._networks}
        if first in wanted | standing or not all(self._is_left_first(a) for a in live.attachments.values()):
            return ""
        return f"it was made on `{first}`, and without it the engine connects it to no other network"

    def _needs_its_mac(self, wish: ContainerWish, live: ObservedContainer) -> str:
        """Why a container with a fixed MAC address can't be connected in place; empty if it can.

        Engines take a MAC address when a container is made, and ignore it at a connect (seen on 28.5).
        """
        for wanted in wish.attachments:
            joins = wanted.network in self._renewed_networks or any(self._attachment(wish, live, wanted))
            if wanted.mac_address and joins:
                return f"it joins `{wanted.network}`{NEEDS_ITS_MAC}"
        return ""

    def _is_left_first(self, attachment: ObservedAttachment) -> bool:
        """Whether a container is off a network before it can be on another: it is gone, or its subnet is wanted."""
        network = next((n for n in self._seen.networks if n.id == attachment.network_id), None)
        if network is None:
            return bool(attachment.network_id)
        others = [wish for wish in self._wishes.networks if self._kept_network(wish) != network]
        return network in self._networks and any(network_rows.contested(wish, network) for wish in others)

    def _not_running(self, wish: ContainerWish, live: ObservedContainer) -> str:
        state = live.state
        if state.paused:
            return PAUSED
        if state.running or self._ended_as_meant(wish, live):
            return ""
        if state.status == "created":
            return "it was made and never started"
        waiting = self._wishes.awaited_by(wish)
        if waiting:
            return f"it ended with exit code {state.exit_code}, and {waits_for_it(waiting)} to succeed"
        return "" if self._left_alone(wish) else "it is stopped"

    def _ended_as_meant(self, wish: ContainerWish, live: ObservedContainer) -> bool:
        return self._wishes.may_end(wish) and live.state.status == "exited" and live.state.exit_code == 0

    def _left_alone(self, wish: ContainerWish) -> str:
        """By which of those it needs, having ended as meant, a container can't be started again; empty if by none."""
        for other in self._wishes.containers:
            shared = self._kept_container(other) if other.name in wish.joins else None
            if shared and self._ended_as_meant(other, shared):
                kind = next((kind for kind, name in wish.shares.items() if name == other.name), "")
                how = f"shares the {SHARED[kind]} of" if kind else "links to"
                return f"it {how} `{other.name}`, which has ended"
        return ""

    def _kept(self, name: str) -> ObservedContainer | None:
        wish = next((wish for wish in self._wishes.containers if wish.name == name), None)
        return self._kept_container(wish) if wish else None

    def _cut_off(self, wish: ContainerWish, live: ObservedContainer) -> str:
        """A container that shares another's namespace keeps a dead one when the other is started again."""
        if not live.state.running:
            return ""
        for kind, name in wish.shares.items():
            owner = next((w for w in self._wishes.containers if w.name == name), None)
            shared = self._kept_container(owner) if owner else None
            if owner is None or shared is None:
                continue
            what = f"it shares the {SHARED[kind]} of `{owner.name}`"
            if self._ended_as_meant(owner, shared):
                continue  # as the file wants it: nobody can join it any more, and who had joined it stays as it is
            if not shared.state.running or self._cut_off(owner, shared):
                return f"{what}, which is started again"
            if shared.state.started_after(live.state):
                return f"{what}, which was started after it"
        return ""

    def _attachments(self, wish: ContainerWish, live: ObservedContainer) -> Iterator[Change]:
        wanted = {attachment.network for attachment in wish.attachments}
        for attachment in wish.attachments:
            yield from self._attachment(wish, live, attachment)
        for network in live.attachments:
            if network not in wanted and network not in _NOT_A_NETWORK:
                yield AttachmentChange(
                    action=Action.DISCONNECT,
                    name=wish.name,
                    network=network,
                    reason=f"the file does not put it on `{network}`",
                    live=live,
                )

    def _attachment(
        self,
        wish: ContainerWish,
        live: ObservedContainer,
        wanted: AttachmentWish,
    ) -> Iterator[Change]:
        actual = live.attachments.get(wanted.network)
        path = f"containers.{wish.key}.networks.{wanted.network_key}"
        if actual is None:
            yield AttachmentChange(
                action=Action.CONNECT,
                name=wish.name,
                network=wanted.network,
                reason=f"it is not on `{wanted.network}`",
                wish=wanted,
                live=live,
            )
            return
        attributes = compare(attachment_rows.ROWS, wanted, actual, path)
        ids = {n.id for n in self._seen.networks}
        removed_under_it = bool(actual.network_id) and actual.network_id not in ids
        if attributes or removed_under_it:
            reason = (
                f"`{wanted.network}` was removed under it" if removed_under_it else attachment_difference(attributes)
            )
            yield AttachmentChange(
                action=Action.RECONNECT,
                name=wish.name,
                network=wanted.network,
                reason=reason,
                attributes=attributes,
                wish=wanted,
                live=live,
            )

    def _with_relying(self, found: list[Change]) -> list[Change]:
        """A container that relies on another goes with it: a new one has other namespaces, mounts and addresses.

        What stands under its name and is not ours stays a conflict.
        """
        decided = [change for change in found if isinstance(change, ContainerChange)]
        renewed = {change.name for change in decided if change.action in (Action.CREATE, Action.REPLACE)}
        settled = renewed | {change.name for change in decided if change.action is Action.CONFLICT}
        pending = [w for w in self._wishes.containers if w.relies_on and w.name not in settled]
        while True:
            wish = next((w for w in pending if w.relies_on & renewed), None)
            if wish is None:
                return found
            pending.remove(wish)
            renewed.add(wish.name)
            live = self._kept_container(wish)
            other = min(wish.relies_on & renewed)
            shared = next((SHARED[kind] for kind, name in wish.shares.items() if name == other), "")
            how = (
                f"shares the {shared} of" if shared else "has the mounts of" if other in _mounted(wish) else "links to"
            )
            found = with_replacement(found, wish, live, f"it {how} `{other}`, which is made anew")

    def _restarted(self, found: list[Change], kept: dict[str, ObservedContainer | None]) -> Iterator[Change]:
        """Running containers whose file says that they restart with another, which is replaced or started again."""
        own = {c.name: c for c in found if isinstance(c, ContainerChange) and c.action in _STARTS}
        again = {name: "is replaced" for name, change in own.items() if change.action is Action.REPLACE}
        again |= {name: "is started again" for name, c in own.items() if c.live and c.live.state.running} | again
        pending = [w for w in self._wishes.containers if w.name not in own]
        names = {wish.key: wish.name for wish in self._wishes.containers}
        while True:
            why = {w.name: other for w in pending for other in _restarts_with(w, names) if other in again}
            wish = next((w for w in pending if w.name in why), None)
            if wish is None:
                return
            pending.remove(wish)
            live = kept[wish.key]
            if live and live.state.running and not live.state.paused:
                reason = f"it restarts with `{why[wish.name]}`, which {again[why[wish.name]]}"
                again[wish.name] = "is started again"
                yield ContainerChange(action=Action.START, name=wish.name, reason=reason, wish=wish, live=live)

    # -- what is no longer wanted --

    def _removals(self, kept: set[str]) -> Iterator[Change]:
        gone = "it is not in the file" if self._wishes.origin.source else "its topology is taken down"
        keys = {wish.key for wish in self._wishes.containers}
        for container in self._containers:
            if container.id not in kept:
                left_behind = container.labels.get(LABEL_NAME) in keys
                reason = "an interrupted apply left it behind" if left_behind else gone
                yield ContainerChange(action=Action.REMOVE, name=container.name, reason=reason, live=container)
        for network in self._networks:
            if network.id not in kept and network.name not in BUILT_IN_NETWORKS:
                yield from self._network_removal(network, gone)
        if self._options.remove_volumes:
            for volume in (*self._unwanted_volumes(), *volumes.unused(self._seen, self._wishes.origin.id)):
                yield VolumeChange(action=Action.REMOVE, name=volume.name, reason=gone, live=volume)

    def _network_removal(self, network: ObservedNetwork, reason: str) -> Iterator[Change]:
        strangers = self._strangers(network)
        yield from self._forced_off(network, strangers)
        if not strangers or self._options.force:
            yield NetworkChange(action=Action.REMOVE, name=network.name, reason=reason, live=network)
            return
        yield NetworkChange(
            action=Action.CONFLICT,
            name=network.name,
            reason=f"{reason}, but {listed(strangers)} on it is not ours to move",
            hint=disconnect_hint(network, strangers),
            live=network,
        )

    def _unwanted_volumes(self) -> list[ObservedVolume]:
        wanted = {wish.name for wish in self._wishes.volumes}
        return [volume for volume in self._volumes if volume.name not in wanted]

    def _notes(self, kept: dict[str, ObservedContainer | None]) -> Iterator[str]:
        if not self._options.remove_volumes:
            yield from self._kept_volumes(kept)
        yield from dict.fromkeys(shared.text for shared in shared_names(self._wishes, self._others()))
        source = str(self._wishes.origin.source)
        for prefix in sorted(
            {c.labels.get(LABEL_PREFIX, "") for c in self._seen.copies if c.labels.get(LABEL_SOURCE) == source}
        ):
            other = TopologyId(self._wishes.origin.topology, prefix)
            if other.is_possible:
                yield f"this file also made {other.text}, which stays (netdeploy teardown {other.options} removes it)"
        yield from self._claimants()

    def _claimants(self) -> Iterator[str]:
        """Those that stand in nobody's way, or else they are a conflict."""
        names, ours = {wish.name for wish in self._wishes.containers}, self._wishes.origin.id
        for claimed, container in claimants(self._seen, otherwise=ours.prefix):
            if claimed == ours and container.name not in names:
                removal = f"docker rm -f {container.name} removes it"
                yield f"container `{container.name}` {container_owner_text(container)}; it is left alone ({removal})"

    def _kept_volumes(self, kept: dict[str, ObservedContainer | None]) -> Iterator[str]:
        for volume in self._unwanted_volumes():
            yield f"volume `{volume.name}` is kept with its data (docker volume rm {volume.name} removes it)"
        standing = [(wish, live) for wish in self._wishes.containers if (live := kept[wish.key])]
        yield from volumes.notes(volumes.left(self._seen, self._wishes.origin.id, self._containers, standing))

    def _others(self) -> Iterator[ObservedContainer]:
        """Running containers of others, but for those that stand in the way of ours."""
        names = {wish.name for wish in self._wishes.containers}
        for container in (*self._seen.containers, *self._seen.neighbours):
            if container.state.running and container not in self._containers and container.name not in names:
                yield container


def _is_on(container: ObservedContainer, network: ObservedNetwork) -> bool:
    """Before its first start a container knows its networks by name only."""
    places = container.attachments.values()
    return any(a.network_id == network.id or (not a.network_id and a.network == network.name) for a in places)


def _restarts_with(wish: ContainerWish, names: dict[str, str]) -> list[str]:
    return [names[key] for key, dependency in wish.spec.depends_on.items() if dependency.restart and key in names]


def _mounted(wish: ContainerWish) -> set[str]:
    return {source.partition(":")[0] for source in wish.volumes_from}
