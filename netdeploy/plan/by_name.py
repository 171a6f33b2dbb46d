"""Grading: what a topology wants against what stands, whoever made it, matched by name and told to a learner.

Nothing is planned from this: an object that somebody made by hand is never changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdeploy.attributes import attachment as attachment_rows
from netdeploy.attributes import container as container_rows
from netdeploy.attributes import network as network_rows
from netdeploy.attributes import volume as volume_rows
from netdeploy.attributes.table import AttributeChange, compare
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, NetworkWish, Wishes
from netdeploy.engine.observed import ObservedContainer, ObservedNetwork, Snapshot
from netdeploy.plan.changes import (
    Action,
    AttachmentChange,
    Change,
    Changes,
    ContainerChange,
    NetworkChange,
    VolumeChange,
)
from netdeploy.plan.health import Ailment, ailments
from netdeploy.plan.namesakes import several_of_a_name
from netdeploy.plan.reasons import alias_differences, aliases_text, listed
from netdeploy.topology.draft import BUILT_IN_NETWORKS
from netdeploy.topology.problem import nearest

_NOT_A_NETWORK = ("host", "none")


def compare_by_name(wishes: Wishes, seen: Snapshot) -> Changes:
    """Every difference, each as a sentence; the actions say what would mend it."""
    grading = _Grading(wishes, seen)
    changes = tuple(grading.changes())
    wanted = grading.wanted()
    missing = {c.name for c in changes if c.action is Action.CREATE and isinstance(c, ContainerChange)}
    nowhere = {place for place in wanted if place[0] == "attachment" and place[1] in missing}
    wrong = {_place(change) for change in changes} | nowhere
    return Changes(
        wishes.origin.topology,
        changes,
        prefix=wishes.origin.prefix,
        stand_ins=tuple(wish.name for wish in wishes.containers if wish.stand_in_for),
        health=tuple(grading.health()),
        by_name=True,
        right=len(wanted - wrong),
        wanted=len(wanted),
    )


def _place(change: Change) -> tuple[str, ...]:
    network = (change.network,) if isinstance(change, AttachmentChange) else ()
    return (change.kind, change.name, *network)


class _Grading:
    def __init__(self, wishes: Wishes, seen: Snapshot) -> None:
        self._wishes = wishes
        self._seen = seen
        self._networks = {network.name: network for network in seen.networks}
        self._containers = {container.name: container for container in seen.containers}

    def wanted(self) -> set[tuple[str, ...]]:
        """All objects, and all places on networks, that the file has."""
        objects = {("network", wish.name) for wish in self._wishes.networks}
        objects |= {("volume", wish.name) for wish in self._wishes.volumes}
        objects |= {("container", wish.name) for wish in self._wishes.containers}
        places = {("attachment", w.name, a.network) for w in self._wishes.containers for a in w.attachments}
        return {*objects, *places}

    def changes(self) -> Iterator[Change]:
        for network in self._wishes.networks:
            yield from self._network(network, self._networks.get(network.name))
        yield from self._volumes()
        for wish in self._wishes.containers:
            yield from self._container(wish, self._containers.get(wish.name))
        yield from self._strangers()

    def health(self) -> Iterator[Ailment]:
        internal = frozenset(network.id for network in self._seen.networks if network.internal)
        for wish in self._wishes.containers:
            live = self._containers.get(wish.name)
            if live:
                yield from ailments(live, wish.name, may_have_ended=self._wishes.may_end(wish), internal=internal)

    def _network(self, wish: NetworkWish, live: ObservedNetwork | None) -> Iterator[Change]:
        same = [network for network in self._seen.networks if network.name == wish.name]
        if len(same) > 1:
            yield several_of_a_name(wish, same)
        elif live is None:
            reason = f"network `{wish.name}` does not exist{self._instead(wish.name, list(self._networks))}"
            yield NetworkChange(action=Action.CREATE, name=wish.name, reason=reason, wish=wish)
        elif not wish.spec.external:
            attributes = compare(network_rows.ROWS, wish, live, f"networks.{wish.key}")
            if attributes:
                reason = f"network `{wish.name}` is not as it should be: {_names(attributes)}"
                yield NetworkChange(
                    action=Action.REPLACE, name=wish.name, reason=reason, attributes=attributes, wish=wish, live=live
                )

    def _volumes(self) -> Iterator[Change]:
        standing = {volume.name: volume for volume in self._seen.volumes}
        for wish in self._wishes.volumes:
            live = standing.get(wish.name)
            if live is None:
                reason = f"volume `{wish.name}` does not exist{self._instead(wish.name, list(standing))}"
                yield VolumeChange(action=Action.CREATE, name=wish.name, reason=reason, wish=wish)
                continue
            attributes = () if wish.spec.external else compare(volume_rows.ROWS, wish, live, f"volumes.{wish.key}")
            if attributes:
                reason = f"volume `{wish.name}` is not as it should be: {_names(attributes)}"
                yield VolumeChange(
                    action=Action.REPLACE, name=wish.name, reason=reason, attributes=attributes, wish=wish, live=live
                )

    @staticmethod
    def _instead(name: str, standing: list[str]) -> str:
        """What stands under a name so near that it may be meant."""
        near = nearest(name, [other for other in standing if other not in BUILT_IN_NETWORKS])
        return f" (there is `{near}`: is that the one?)" if near else ""

    def _container(self, wish: ContainerWish, live: ObservedContainer | None) -> Iterator[Change]:
        if live is None:
            reason = f"container `{wish.name}` does not exist{self._instead(wish.name, list(self._containers))}"
            yield ContainerChange(action=Action.CREATE, name=wish.name, reason=reason, wish=wish)
            return
        attributes = compare(container_rows.ROWS, wish, live, f"containers.{wish.key}")
        if attributes:
            reason = f"container `{wish.name}` is not as it should be: {_names(attributes)}"
            yield ContainerChange(
                action=Action.REPLACE, name=wish.name, reason=reason, attributes=attributes, wish=wish, live=live
            )
        wanted = {attachment.network for attachment in wish.attachments}
        for attachment in wish.attachments:
            yield from self._attachment(wish, live, attachment)
        for network in live.attachments:
            if network not in wanted and network not in _NOT_A_NETWORK:
                reason = f"container `{wish.name}` is on `{network}`, where it does not belong"
                yield AttachmentChange(
                    action=Action.DISCONNECT, name=wish.name, network=network, reason=reason, live=live
                )
        ended_well = self._wishes.may_end(wish) and live.state.status == "exited" and live.state.exit_code == 0
        if live.state.paused or not (live.state.running or ended_well):
            what = "is paused" if live.state.paused else "does not run"
            reason = f"container `{wish.name}` {what}"
            yield ContainerChange(action=Action.START, name=wish.name, reason=reason, wish=wish, live=live)

    def _attachment(self, wish: ContainerWish, live: ObservedContainer, wanted: AttachmentWish) -> Iterator[Change]:
        actual = live.attachments.get(wanted.network)
        if actual is None:
            lacking = f"; its {aliases_text(sorted(wanted.aliases), 'missing')}" if wanted.aliases else ""
            reason = f"container `{wish.name}` is not on `{wanted.network}`{lacking}"
            yield AttachmentChange(
                action=Action.CONNECT, name=wish.name, network=wanted.network, reason=reason, wish=wanted, live=live
            )
            return
        path = f"containers.{wish.key}.networks.{wanted.network_key}"
        attributes = compare(attachment_rows.ROWS, wanted, actual, path)
        if attributes:
            reason = f"container `{wish.name}` is on `{wanted.network}`, but {_attachment_text(attributes)}"
            yield AttachmentChange(
                action=Action.RECONNECT,
                name=wish.name,
                network=wanted.network,
                reason=reason,
                attributes=attributes,
                wish=wanted,
                live=live,
            )

    def _strangers(self) -> Iterator[Change]:
        """Containers that the file does not know, on networks that are to hold its containers only."""
        ours = {wish.name for wish in self._wishes.networks if not wish.spec.external}
        known = {wish.name for wish in self._wishes.containers}
        for container in self._seen.containers:
            for network in sorted(ours & set(container.attachments)) if container.name not in known else ():
                reason = f"container `{container.name}` is on `{network}`, and the file has no such container"
                yield AttachmentChange(
                    action=Action.DISCONNECT, name=container.name, network=network, reason=reason, live=container
                )


def _names(attributes: tuple[AttributeChange, ...]) -> str:
    return listed(list(dict.fromkeys(attribute.name for attribute in attributes)))


def _attachment_text(attributes: tuple[AttributeChange, ...]) -> str:
    parts: list[str] = []
    for attribute in attributes:
        missing, extra = alias_differences(attribute)
        parts += [f"its {aliases_text(missing, 'missing')}"] if missing else []
        parts += [f"its {aliases_text(extra, 'one too many' if len(extra) == 1 else 'too many')}"] if extra else []
        parts += [] if missing or extra else [f"its `{attribute.name}` there is not as it should be"]
    return ", and ".join(parts)
