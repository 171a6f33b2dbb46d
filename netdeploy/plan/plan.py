"""From changes to a plan: which calls, and which waits for which.

The order is decided by a few facts about engines: ports and fixed addresses are claimed at the start of a container
(or at the connect of a running one), a network can't be removed while someone hangs on it, two networks can't hold one
subnet for a moment, and below API 1.44 a container is made with one endpoint and gets the others afterwards.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from netdeploy.attributes import attachment as attachment_rows
from netdeploy.attributes import container as container_rows
from netdeploy.attributes import network as network_rows
from netdeploy.attributes import volume as volume_rows
from netdeploy.attributes.table import Json
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, Wishes
from netdeploy.engine.observed import ObservedContainer, PortBinding, Snapshot
from netdeploy.plan.changes import (
    Action,
    AttachmentChange,
    Change,
    Changes,
    ContainerChange,
    NetworkChange,
    VolumeChange,
)
from netdeploy.plan.operations import (
    Call,
    Connect,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Disconnect,
    Handle,
    Operation,
    Plan,
    RemoveContainer,
    RemoveNetwork,
    RemoveVolume,
    Rename,
    Start,
    Stop,
    Unpause,
    Update,
    Wait,
)

TEMPORARY = ".netdeploy-new"
"""Ends the name under which a replacement is made, before it takes the old container's place."""
ASIDE = ".netdeploy-old"
"""Ends the name of a container that is replaced, until it is removed; it comes back if the new one fails."""
_DEFAULT_GRACE = 10
C = TypeVar("C", bound=Change)


def plan(wishes: Wishes, seen: Snapshot, changes: Changes, *, remove_volumes: bool = False) -> Plan:
    """The operations that make an engine seen as `seen` be as `wishes`; `changes` is their diff."""
    return _Planner(wishes, seen, changes, remove_volumes=remove_volumes).plan()


@dataclass(slots=True)
class _Claim:
    """An operation that takes fixed or dynamic addresses on networks."""

    operation: str
    attachments: tuple[AttachmentWish, ...]


class _Planner:
    def __init__(self, wishes: Wishes, seen: Snapshot, changes: Changes, *, remove_volumes: bool) -> None:
        self._wishes = wishes
        self._seen = seen
        self._changes = changes.changes
        self._remove_volumes = remove_volumes
        self._operations: dict[str, Operation] = {}
        self._network_ready: dict[str, str] = {}  # network name → the operation that makes it
        self._container_ready: dict[str, str] = {}  # container key → the operation after which it runs
        self._starts: dict[str, str] = {}  # container name → its start
        self._left: dict[str, list[str]] = {}  # network id → operations after which somebody has left it
        self._claims: list[_Claim] = []
        self._networks = {network.name: network for network in seen.networks}

    def plan(self) -> Plan:
        networks = self._of(NetworkChange)
        replaced = {change.live.id for change in networks if change.action is Action.REPLACE and change.live}
        self._leave(replaced)
        containers = self._of(ContainerChange)
        gone = [c for c in containers if c.action is Action.REMOVE]
        for change in gone:
            self._remove_container(change)
        self._disconnects()
        self._replacements_make_way([c for c in containers if c.action is Action.REPLACE], replaced)
        for network in networks:
            self._network(network)
        for volume in self._of(VolumeChange):
            self._volume(volume)
        self._containers(containers, replaced)
        self._wait_for_dependencies()
        self._order_ports(containers)
        self._order_addresses()
        return Plan(tuple(self._in_order()))

    def _of(self, kind: type[C]) -> list[C]:
        return [change for change in self._changes if isinstance(change, kind)]

    def _add(self, call: Call, reason: str, after: Iterable[str | None] = (), **more: Any) -> str:
        known = dict.fromkeys(op for op in after if op)
        operation = Operation(call, reason, tuple(known), **more)
        self._operations[operation.id] = operation
        return operation.id

    def _wait_for(self, operation_id: str, others: Iterable[str]) -> None:
        """Let an operation wait for more; an edge that would close a circle is left out."""
        operation = self._operations[operation_id]
        more = [
            o for o in others if o != operation_id and o not in operation.after and not self._needs(o, operation_id)
        ]
        self._operations[operation_id] = replace(operation, after=(*operation.after, *dict.fromkeys(more)))

    def _needs(self, operation_id: str, other: str) -> bool:
        """Whether an operation waits, directly or not, for `other`."""
        pending, seen = [operation_id], set()
        while pending:
            current = pending.pop()
            if current == other:
                return True
            if current not in seen:
                seen.add(current)
                pending += self._operations[current].after
        return False

    # -- leaving --

    def _leave(self, replaced: set[str]) -> None:
        """Everybody leaves a network that is replaced."""
        removed = {c.live.id for c in self._of(ContainerChange) if c.action is Action.REMOVE and c.live}
        for container in self._seen.containers:
            for attachment in container.attachments.values():
                if attachment.network_id in replaced and container.id not in removed:
                    call = Disconnect(_handle(container), Handle(attachment.network, attachment.network_id))
                    reason = f"`{attachment.network}` is replaced"
                    self._left.setdefault(attachment.network_id, []).append(self._add(call, reason))

    def _remove_container(self, change: ContainerChange) -> None:
        live = _required(change.live)
        stopped = None
        if live.state.running:
            stopped = self._add(Stop(_handle(live), _grace(live)), change.reason)
        removed = self._add(RemoveContainer(_handle(live), volumes=self._remove_volumes), change.reason, [stopped])
        for attachment in live.attachments.values():
            self._left.setdefault(attachment.network_id, []).append(removed)

    def _disconnects(self) -> None:
        for change in self._of(AttachmentChange):
            if change.action is Action.DISCONNECT:
                attachment = change.live.attachments[change.network]
                left = self._disconnect(change)
                self._left.setdefault(attachment.network_id, []).append(left)

    def _disconnect(self, change: AttachmentChange) -> str:
        """By name where the network is gone: the engine then forgets the endpoint all the same."""
        attachment = change.live.attachments[change.network]
        exists = any(network.id == attachment.network_id for network in self._seen.networks)
        handle = Handle(change.network, attachment.network_id if exists else change.network)
        made = None if exists else self._network_ready.get(change.network)
        return self._add(Disconnect(_handle(change.live), handle), change.reason, [made])

    def _replacements_make_way(self, changes: list[ContainerChange], replaced: set[str]) -> None:
        """A network can be removed once the old containers on it are gone."""
        for change in changes:
            for attachment in change.live.attachments.values() if change.live else ():
                if attachment.network_id not in replaced:
                    removal = RemoveContainer(Handle(change.name + ASIDE, _required(change.live).id)).text
                    self._left.setdefault(attachment.network_id, []).append(removal)

    # -- networks and volumes --

    def _network(self, change: NetworkChange) -> None:
        live, wish = change.live, change.wish
        removed = None
        if change.action in (Action.REMOVE, Action.REPLACE):
            live = _required(live)
            call = RemoveNetwork(Handle(live.name, live.id))
            removed = self._add(call, change.reason, self._left.get(live.id, ()))
        if change.action in (Action.CREATE, Action.REPLACE):
            wish = _required(wish)
            in_the_way = self._removals_in_the_way(wish.name, network_rows.create_body(wish))
            made = self._add(
                CreateNetwork(wish.name, network_rows.create_body(wish)),
                change.reason,
                [removed, *in_the_way],
            )
            self._network_ready[wish.name] = made

    def _removals_in_the_way(self, name: str, body: Json) -> list[str]:
        """Networks that go and hold the name or a subnet of one that is made."""
        wanted = [pool["Subnet"] for pool in body.get("IPAM", {}).get("Config", ())]
        found = []
        for change in self._of(NetworkChange):
            if change.live and change.action in (Action.REMOVE, Action.REPLACE):
                overlap = any(_overlap(pool.subnet, subnet) for pool in change.live.pools for subnet in wanted)
                if overlap or change.live.name == name:
                    found.append(RemoveNetwork(Handle(change.live.name, change.live.id)).text)
        return found

    def _volume(self, change: VolumeChange) -> None:
        if change.action is Action.CREATE:
            wish = _required(change.wish)
            self._add(CreateVolume(wish.name, volume_rows.create_body(wish)), change.reason)
        elif change.action is Action.REMOVE:
            users = [op.id for op in self._operations.values() if isinstance(op.call, RemoveContainer)]
            self._add(RemoveVolume(change.name), change.reason, users)

    # -- containers --

    def _containers(self, changes: list[ContainerChange], replaced_networks: set[str]) -> None:
        by_key: dict[str, list[ContainerChange]] = {}
        for change in changes:
            if change.wish:
                by_key.setdefault(change.wish.key, []).append(change)
        for wish in self._wishes.containers:
            own = by_key.get(wish.key, [])
            made = next((c for c in own if c.action in (Action.CREATE, Action.REPLACE)), None)
            if made and made.action is Action.REPLACE:
                self._replace(wish, made)
            elif made:
                self._create(wish, made)
            else:
                self._change_in_place(wish, own, replaced_networks)

    def _create(self, wish: ContainerWish, change: ContainerChange) -> None:
        ready = self._make(wish, wish.name, change.reason, {}, wish.name)
        start = self._add(Start(Handle(wish.name)), change.reason, ready, group=wish.name)
        self._started(wish, start, Handle(wish.name))

    def _make(self, wish: ContainerWish, name: str, reason: str, anonymous: Mapping[str, str], group: str) -> list[str]:
        """Create and connect; returns the operations after which it is ready to start."""
        body = _container_body(wish, anonymous)
        first, *others = wish.attachments or (None,)
        volumes = [CreateVolume(volume, {}).text for volume in wish.volume_names.values()]
        after = [op for op in volumes if op in self._operations]
        if first:
            body["NetworkingConfig"] = {"EndpointsConfig": {first.network: attachment_rows.endpoint_body(first)}}
            after += [self._network_ready[first.network]] if first.network in self._network_ready else []
        if wish.shares_network_of:
            shared = wish.shares_network_of
            after += [self._starts[shared]] if shared in self._starts else []
        undo = (RemoveContainer(Handle(name)),)
        made = self._add(CreateContainer(name, body), reason, after, undo=undo, group=group)
        ready = [made]
        for attachment in others:
            if attachment:
                waits = [made, self._network_ready.get(attachment.network)]
                call = self._connect_call(Handle(name), attachment)
                ready.append(self._add(call, reason, waits, group=group))
        return ready

    def _connect_call(self, container: Handle, attachment: AttachmentWish) -> Connect:
        network = self._networks.get(attachment.network)
        known = network.id if network and attachment.network not in self._network_ready else ""
        return Connect(container, Handle(attachment.network, known), attachment_rows.endpoint_body(attachment))

    def _replace(self, wish: ContainerWish, change: ContainerChange) -> None:
        """Everything that can fail early first; then the swap; the old one goes last, and comes back on a failure."""
        live = _required(change.live)
        old, aside = _handle(live), Handle(wish.name + ASIDE, live.id)
        temporary = wish.name + TEMPORARY
        new = Handle(temporary)
        ready = self._make(wish, temporary, change.reason, live.anonymous_volumes, wish.name)
        if live.state.running:
            stop = Stop(old, _grace(live))
            again: tuple[Call, ...] = (Start(old),)
            ready = [self._add(stop, change.reason, ready, undo=again, group=wish.name)]
        back = (Rename(aside, live.name),)
        moved = self._add(Rename(old, aside.name), change.reason, ready, undo=back, group=wish.name)
        named = self._add(
            Rename(new, wish.name), change.reason, [moved], undo=(Rename(new, temporary),), group=wish.name
        )
        final = Handle(wish.name, made_as=temporary)
        stop_new = (Stop(final, 0),)  # it may hold the ports that the old one needs again
        start = self._add(Start(final), change.reason, [named], undo=stop_new, group=wish.name)
        settled = self._started(wish, start, final, group=wish.name)
        self._add(RemoveContainer(aside), change.reason, [settled or start])

    def _started(self, wish: ContainerWish, start: str, handle: Handle, group: str = "") -> str | None:
        self._starts[wish.name] = start
        self._claims.append(_Claim(start, wish.attachments))
        if self._must_complete(wish):
            self._container_ready[wish.key] = start
            return None
        wait = Wait(handle, "stays up")
        settled = self._add(wait, "a container that exits at once is a failure", [start], group=group)
        self._container_ready[wish.key] = start
        return settled

    def _must_complete(self, wish: ContainerWish) -> bool:
        conditions = [other.spec.depends_on.get(wish.key) for other in self._wishes.containers]
        return any(c is not None and c.condition == "service_completed_successfully" for c in conditions)

    def _change_in_place(
        self, wish: ContainerWish, changes: list[ContainerChange], replaced_networks: set[str]
    ) -> None:
        live = self._live(wish)
        if live is None:
            return
        by_action = {change.action: change for change in changes}
        ready = self._attach(wish, live, replaced_networks)
        if Action.RENAME in by_action:
            ready += self._rename(live, wish.name, by_action[Action.RENAME].reason)
        if Action.UPDATE in by_action:
            policy = container_rows.restart_policy(wish.spec.restart or "no")
            self._add(Update(Handle(wish.name, live.id), policy), by_action[Action.UPDATE].reason)
        if Action.START in by_action:
            reason = by_action[Action.START].reason
            handle = Handle(wish.name, live.id)
            call = Unpause(handle) if live.state.paused else Start(handle)
            start = self._add(call, reason, ready)
            self._started(wish, start, handle)

    def _live(self, wish: ContainerWish) -> ObservedContainer | None:
        touched: list[ContainerChange | AttachmentChange] = [
            *self._of(ContainerChange),
            *self._of(AttachmentChange),
        ]
        named = next((c.live for c in touched if c.name == wish.name and c.live), None)
        return named or next((c for c in self._seen.containers if c.name == wish.name), None)

    def _attach(self, wish: ContainerWish, live: ObservedContainer, replaced_networks: set[str]) -> list[str]:
        """Connects and reconnects, those after a network's replacement included."""
        changes = {c.network: c for c in self._of(AttachmentChange) if c.live.id == live.id and c.wish}
        ready = []
        for attachment in wish.attachments:
            change = changes.get(attachment.network)
            actual = live.attachments.get(attachment.network)
            moved = actual is not None and actual.network_id in replaced_networks
            if change is None and not moved:
                continue
            left: list[str] = []
            if moved and actual:
                left = [Disconnect(_handle(live), Handle(attachment.network, actual.network_id)).text]
            elif change and change.action is Action.RECONNECT:
                left = [self._disconnect(change)]
            reason = change.reason if change else f"`{attachment.network}` is replaced"
            waits = [*left, self._network_ready.get(attachment.network)]
            connected = self._add(self._connect_call(_handle(live), attachment), reason, waits)
            ready.append(connected)
            if live.state.running:
                self._claims.append(_Claim(connected, (attachment,)))
        return ready

    def _rename(self, live: ObservedContainer, name: str, reason: str) -> list[str]:
        """Two containers may have swapped their names: then one of them steps aside first."""
        handle = Handle(live.name, live.id)
        holder = next((c for c in self._of(ContainerChange) if c.live and c.live.name == name), None)
        if holder is None or holder.live is None or holder.live.id == live.id:
            return [self._add(Rename(handle, name), reason)]
        if holder.action is not Action.RENAME:
            removal = RemoveContainer(_handle(holder.live)).text
            return [self._add(Rename(handle, name), reason, [removal] if removal in self._operations else [])]
        aside = Rename(handle, live.name + ASIDE)
        stepped = self._add(aside, reason)
        others_step = Rename(_handle(holder.live), holder.live.name + ASIDE).text
        final = self._add(Rename(Handle(live.name + ASIDE, live.id), name), reason, [stepped, others_step])
        return [final]

    # -- order --

    def _wait_for_dependencies(self) -> None:
        for wish in self._wishes.containers:
            start = self._starts.get(wish.name)
            if start is None:
                continue
            for key, dependency in wish.spec.depends_on.items():
                ready = self._container_ready.get(key)
                if dependency.condition == "service_started":
                    waits = [ready] if ready else []
                else:
                    condition = "is healthy" if dependency.condition == "service_healthy" else "ended well"
                    waits = self._wait_node(key, condition, ready)
                self._wait_for(start, waits)

    def _wait_node(self, key: str, condition: Any, started: str | None) -> list[str]:
        wish = next((w for w in self._wishes.containers if w.key == key), None)
        if wish is None:
            return []
        live = self._live(wish)
        if started is None and live and condition == "ended well" and live.state.exit_code == 0:
            if not live.state.running:
                return []
        elif started is None and live and condition == "is healthy" and live.state.health == "healthy":
            return []
        handle = Handle(wish.name, live.id if live and started is None else "")
        if started:
            call = self._operations[started].call
            handle = call.container if isinstance(call, Start | Unpause) else handle
        wait = Wait(handle, condition)
        if wait.text not in self._operations:
            reason = "another container waits for it"
            self._add(wait, reason, [started])
        return [wait.text]

    def _order_ports(self, changes: list[ContainerChange]) -> None:
        """Who gives up a host port stops before the one that takes it starts."""
        leaving: list[tuple[frozenset[PortBinding], str]] = []
        for change in changes:
            if change.live and change.action in (Action.REMOVE, Action.REPLACE):
                stop = Stop(_handle(change.live), 0).text
                if stop in self._operations:
                    leaving.append((change.live.ports, stop))
        for wish in self._wishes.containers:
            start = self._starts.get(wish.name)
            if start:
                wanted = {(b.host_port, b.protocol) for b in container_rows.port_bindings(wish) if b.host_port}
                stops = [stop for ports, stop in leaving if wanted & {(b.host_port, b.protocol) for b in ports}]
                self._wait_for(start, stops)

    def _order_addresses(self) -> None:
        """Fixed addresses are taken before the engine gives that address to somebody else."""
        disconnects = [op for op in self._operations.values() if isinstance(op.call, Disconnect)]
        for claim in self._claims:
            for attachment in claim.attachments:
                if attachment.ipv4_address or attachment.ipv6_address:
                    here = [op.id for op in disconnects if _network_of(op) == attachment.network]
                    self._wait_for(claim.operation, here)
                else:
                    fixed = [c.operation for c in self._claims if _claims_fixed(c, attachment.network)]
                    self._wait_for(claim.operation, fixed)

    def _in_order(self) -> Iterable[Operation]:
        """Each operation behind those it waits for, otherwise as they were added."""
        done: set[str] = set()
        pending = list(self._operations.values())
        while pending:
            ready = [op for op in pending if all(other in done or other not in self._operations for other in op.after)]
            if not ready:
                circle = ", ".join(op.id for op in pending)
                raise AssertionError(f"the plan has a circle: {circle}")
            for op in ready:
                done.add(op.id)
                yield replace(op, after=tuple(other for other in op.after if other in self._operations))
            pending = [op for op in pending if op.id not in done]


T = TypeVar("T")


def _required(value: T | None) -> T:
    if value is None:
        raise AssertionError("a change lacks the object it is about")
    return value


def _handle(container: ObservedContainer) -> Handle:
    return Handle(container.name, container.id)


def _grace(container: ObservedContainer) -> int:
    return _DEFAULT_GRACE if container.stop_timeout is None else container.stop_timeout


def _network_of(operation: Operation) -> str:
    return operation.call.network.name if isinstance(operation.call, Disconnect) else ""


def _claims_fixed(claim: _Claim, network: str) -> bool:
    return any(a.network == network and (a.ipv4_address or a.ipv6_address) for a in claim.attachments)


def _overlap(one: str, other: str) -> bool:
    if not one or not other:
        return False
    first, second = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


def _container_body(wish: ContainerWish, anonymous: Mapping[str, str]) -> Json:
    """The create body; a replacement takes over the anonymous volumes of the container it replaces."""
    body = container_rows.create_body(wish)
    kept = [
        {"Type": "volume", "Source": anonymous[mount.target], "Target": mount.target}
        for mount in sorted(container_rows.mounts(wish), key=lambda mount: mount.target)
        if mount.kind == "volume" and not mount.source and mount.target in anonymous
    ]
    if kept:
        host = body.setdefault("HostConfig", {})
        host["Mounts"] = [*(host.get("Mounts") or []), *kept]
    return body
