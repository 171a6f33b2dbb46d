"""From changes to a plan: which calls, and which waits for which.

The order is decided by a few facts about engines: ports and fixed addresses are claimed at the start of a container
(or at the connect of a running one), a network can't be removed while someone hangs on it, two networks can't hold one
subnet for a moment, and below API 1.44 a container is made with one endpoint and gets the others afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from netdeploy.attributes import attachment as attachment_rows
from netdeploy.attributes import container as container_rows
from netdeploy.attributes import network as network_rows
from netdeploy.attributes import volume as volume_rows
from netdeploy.attributes.containers.mounts import anonymous_mounts, mount_json, mounts
from netdeploy.attributes.containers.network import port_bindings
from netdeploy.attributes.containers.process import first_check
from netdeploy.attributes.table import Json
from netdeploy.attributes.wish import AttachmentWish, ContainerWish, Wishes
from netdeploy.engine.observed import ObservedAttachment, ObservedContainer, ObservedNetwork, Snapshot
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
from netdeploy.plan.operations import (
    Call,
    Condition,
    Connect,
    CreateContainer,
    CreateNetwork,
    CreateVolume,
    Disconnect,
    Handle,
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
from netdeploy.plan.order import (
    AddressClaim,
    Leaving,
    PortClaim,
    order_addresses,
    order_moves,
    order_names,
    order_ports,
    order_room,
    order_stops,
    order_subnets,
)
from netdeploy.plan.ownership import ASIDE, TEMPORARY, was_never_used
from netdeploy.plan.reasons import waits_for_it
from netdeploy.plan.steps import Steps
from netdeploy.plan.volumes import of_persons, own_volumes, users
from netdeploy.topology.model import Dependency

_DEFAULT_GRACE = 10
_SOON = 60.0
"""Seconds: the health of a new container is waited for where its first check comes within that time."""
_SEVERAL_ENDPOINTS = (1, 44)
"""Since then a container is made with all its endpoints; before, with one, and connected to the others."""
C = TypeVar("C", bound=Change)


def plan(wishes: Wishes, seen: Snapshot, changes: Changes, *, remove_volumes: bool = False) -> Plan:
    """The operations that make an engine seen as `seen` be as `wishes`; `changes` is their diff."""
    return _Planner(wishes, seen, changes, remove_volumes=remove_volumes).plan()


class _Planner:
    def __init__(self, wishes: Wishes, seen: Snapshot, changes: Changes, *, remove_volumes: bool) -> None:
        self._wishes = wishes
        self._seen = seen
        self._changes = changes.changes
        self._remove_volumes = remove_volumes
        self._steps = Steps()
        self._network_ready: dict[str, str] = {}  # network name → the operation that makes it
        self._made: dict[str, list[str]] = {}  # container name → the operations after which it is ready to start
        self._renamed: dict[str, str] = {}  # container name → the operation that gives it its name
        self._starts: dict[str, str] = {}  # container name → the operation after which it runs
        self._stops: dict[str, str] = {}  # container name → the operation that stops it, to be started again
        self._ready_ops = (self._renamed, self._starts)
        self._left: dict[str, list[str]] = {}  # network id → operations after which somebody has left it
        self._parted: dict[str, list[str]] = {}  # container id → operations after which it has left a network
        self._address_claims: list[AddressClaim] = []
        self._port_claims: list[PortClaim] = []
        self._leaving: list[Leaving] = []
        self._networks = {network.name: network for network in seen.networks}
        self._network_ids = {network.id for network in seen.networks}
        self._names = frozenset(container.name for container in seen.containers)
        self._vacated = self._networks_to_vacate()

    def plan(self) -> Plan:
        containers = self._of(ContainerChange)
        for change in containers:
            if change.action is Action.REMOVE:
                self._remove_container(change)
        self._leave_vacated()
        self._disconnects()
        self._replacements_make_way([c for c in containers if c.action is Action.REPLACE])
        for network in self._of(NetworkChange):
            self._network(network)
        for volume in self._of(VolumeChange):
            self._volume(volume)
        self._anonymous_volumes()
        self._containers(containers)
        self._wait_for_dependencies()
        order_subnets(self._steps)
        order_names(self._steps, self._names)
        order_ports(self._steps, self._port_claims, self._leaving)
        order_addresses(self._steps, self._address_claims, self._leaving)
        order_room(self._steps, self._address_claims, self._leaving, self._is_scarce)
        order_moves(self._steps)
        order_stops(self._steps, [c.live for c in containers if c.action is Action.REMOVE and c.live])
        return Plan(tuple(self._steps.in_order()))

    def _of(self, kind: type[C]) -> list[C]:
        return [change for change in self._changes if isinstance(change, kind)]

    def _id_of(self, attachment: ObservedAttachment) -> str:
        """The network's id; before its first start a container knows its networks by name only."""
        named = self._networks.get(attachment.network)
        return attachment.network_id or (named.id if named else "")

    # -- leaving --

    def _networks_to_vacate(self) -> dict[str, _Vacating]:
        """Networks that must be gone before others can be made, by id.

        Everybody leaves them first, even containers that are about to be replaced: their new ones may need what
        the new network brings, so they can't be waited for.
        """
        found = {}
        for heir in self._of(NetworkChange):
            for change in self._in_the_way(heir):
                live = _required(change.live)
                if change.wish and change.action is Action.REPLACE:
                    found[live.id] = _Vacating(f"`{live.name}` is replaced", change.wish.name)
                else:
                    found[live.id] = _Vacating(f"`{live.name}` makes way for `{heir.name}`", heir.name)
        return found

    def _in_the_way(self, made: NetworkChange) -> list[NetworkChange]:
        """Networks that go and hold the name, a subnet or the bridge of one that is made."""
        wish = made.wish
        if wish is None or made.action not in (Action.CREATE, Action.REPLACE):
            return []
        going = [c for c in self._of(NetworkChange) if c.action in (Action.REMOVE, Action.REPLACE)]
        return [c for c in going if c.live and (c.live.name == wish.name or network_rows.contested(wish, c.live))]

    def _leave_vacated(self) -> None:
        removed = {c.live.id for c in self._of(ContainerChange) if c.action is Action.REMOVE and c.live}
        for container in self._seen.containers:
            for attachment in container.attachments.values():
                vacating = self._vacated.get(self._id_of(attachment))
                if vacating and container.id not in removed:
                    self._disconnect(container, attachment.network, vacating.reason)

    def _way_back(self, container: ObservedContainer, attachment: ObservedAttachment) -> dict[str, Any]:
        """How a container comes back to where it was, if what it left for fails; nothing where it leaves for good.

        A network that is made anew may not hold its fixed addresses: then it comes back without them.
        """
        id_, network = self._id_of(attachment), attachment.network
        vacating = self._vacated.get(id_)
        made_anew = vacating is not None and vacating.heir == network
        change = next((c for c in self._of(ContainerChange) if c.live == container and c.wish), None)
        if vacating and not made_anew:
            group = _network_group(vacating.heir)
        elif change and change.wish and change.action is Action.REPLACE:
            group = _container_group(change.wish)
        elif self._comes_back(container, network):
            group = f"`{container.name}` on `{network}`"
        else:
            return {}
        bare = attachment_rows.endpoint_as_it_is(attachment, addresses=False)
        whole = attachment_rows.endpoint_as_it_is(attachment, addresses=True)
        handle = Handle(network, "" if vacating or id_ not in self._network_ids else id_)
        back = Connect(_handle(container), handle, whole, bare if whole != bare else None)
        return {"undo": (back,), "group": group}

    def _comes_back(self, container: ObservedContainer, network: str) -> bool:
        """Whether a container of the file, which is not replaced, is to be on a network."""
        wish = next((w for w in self._wishes.containers if (live := self._live(w)) and live.id == container.id), None)
        return wish is not None and any(place.network == network for place in wish.attachments)

    def _disconnect(self, container: ObservedContainer, network: str, reason: str) -> str:
        """By name where the network is gone: the engine then forgets the endpoint all the same."""
        attachment = container.attachments[network]
        id_ = self._id_of(attachment)
        handle = Handle(network, id_ if id_ in self._network_ids else network)
        call = Disconnect(_handle(container), handle)
        left = self._steps.add(call, reason, **self._way_back(container, attachment))
        self._left.setdefault(id_, []).append(left)
        self._parted.setdefault(container.id, []).append(left)
        if container.state.running:
            self._leaving.append(Leaving(left, container, (network,), ports=False))
        return left

    def _stop(self, live: ObservedContainer, handle: Handle, reason: str, after: list[str], **more: Any) -> str:
        stopped = self._steps.add(Stop(handle, _grace(live)), reason, after, **more)
        self._leaving.append(Leaving(stopped, live, tuple(live.attachments), ports=True))
        return stopped

    def _remove_container(self, change: ContainerChange) -> None:
        live = _required(change.live)
        stopped = [self._stop(live, _handle(live), change.reason, [])] if live.state.running else []
        call = RemoveContainer(_handle(live), volumes=was_never_used(live) and not self._remove_volumes)
        removed = self._steps.add(call, change.reason, stopped)
        for attachment in live.attachments.values():
            self._left.setdefault(self._id_of(attachment), []).append(removed)

    def _disconnects(self) -> None:
        """Those for good, and those from networks that are gone: a name can be left while nobody bears it."""
        for change in self._of(AttachmentChange):
            gone = change.action is Action.RECONNECT and self._is_gone(change)
            if change.action is Action.DISCONNECT or gone:
                self._disconnect(change.live, change.network, change.reason)

    def _is_gone(self, change: AttachmentChange) -> bool:
        id_ = change.live.attachments[change.network].network_id
        return bool(id_) and id_ not in self._network_ids

    def _replacements_make_way(self, changes: list[ContainerChange]) -> None:
        """A network can be removed once the old containers on it are gone."""
        for change in changes:
            for attachment in change.live.attachments.values() if change.live else ():
                if self._id_of(attachment) not in self._vacated:
                    removal = RemoveContainer(self._aside(_required(change.wish), _required(change.live))).text
                    self._left.setdefault(self._id_of(attachment), []).append(removal)

    # -- networks and volumes --

    def _network(self, change: NetworkChange) -> None:
        if change.action in (Action.REMOVE, Action.REPLACE):
            live = _required(change.live)
            call = RemoveNetwork(Handle(live.name, live.id))
            self._steps.add(call, change.reason, self._left.get(live.id, ()), **self._made_again(live))
        if change.action in (Action.CREATE, Action.REPLACE):
            wish = _required(change.wish)
            first = [RemoveNetwork(Handle(c.name, _required(c.live).id)).text for c in self._in_the_way(change)]
            forgotten = [leave.operation for leave in self._leaving if self._forgets(leave, wish.name)]
            create = CreateNetwork(wish.name, network_rows.create_body(wish))
            group = _network_group(wish.name)
            self._network_ready[wish.name] = self._steps.add(create, change.reason, [*first, *forgotten], group=group)

    def _made_again(self, live: ObservedNetwork) -> dict[str, Any]:
        """How a network that makes way for another comes back, if that one can't be made."""
        vacating = self._vacated.get(live.id)
        if vacating is None:
            return {}
        again = CreateNetwork(live.name, network_rows.body_as_it_is(live))
        return {"undo": (again,), "group": _network_group(vacating.heir)}

    def _forgets(self, leave: Leaving, network: str) -> bool:
        """Whether a running container leaves a network of that name which is gone."""
        attachment = leave.container.attachments.get(network)
        return network in leave.networks and attachment is not None and attachment.network_id not in self._network_ids

    def _volume(self, change: VolumeChange) -> None:
        if change.action is Action.CREATE:
            wish = _required(change.wish)
            self._steps.add(CreateVolume(wish.name, volume_rows.create_body(wish)), change.reason)
        elif change.action is Action.REMOVE:
            used = self._removals(users(change.name, self._seen))
            self._steps.add(RemoveVolume(change.name), change.reason, used)

    def _anonymous_volumes(self) -> None:
        """They go one by one, once nobody has them mounted.

        With a container an engine removes what it holds for its own: not what moved along from another, and not what
        only a borrower has left.
        """
        if not self._remove_volumes:
            return
        removed = [c.live for c in self._of(ContainerChange) if c.action is Action.REMOVE and c.live]
        persons = of_persons(self._seen, self._wishes.origin.id)
        for name in sorted({name for live in removed for name in live.anonymous_volumes.values()} - persons):
            used = users(name, self._seen)
            if used <= {live.id for live in removed}:
                self._steps.add(RemoveVolume(name), "its container is removed", self._removals(used))

    def _removals(self, containers: set[str]) -> list[str]:
        """The operations that remove containers, by their ids."""
        calls = ((operation.id, operation.call) for operation in self._steps)
        return [id_ for id_, call in calls if isinstance(call, RemoveContainer) and call.container.id in containers]

    # -- containers --

    def _containers(self, changes: list[ContainerChange]) -> None:
        by_key: dict[str, list[ContainerChange]] = {}
        for change in changes:
            if change.wish:
                by_key.setdefault(change.wish.key, []).append(change)
        for wish in _relying_last(self._wishes.containers):
            own = by_key.get(wish.key, [])
            made = next((c for c in own if c.action in (Action.CREATE, Action.REPLACE)), None)
            if made and made.action is Action.REPLACE:
                self._replace(wish, made)
            elif made:
                self._create(wish, made)
            else:
                self._change_in_place(wish, own)

    def _create(self, wish: ContainerWish, change: ContainerChange) -> None:
        """Where another of ours bears the name for now, it is made under a temporary one, if it may be renamed."""
        reason, group, final = change.reason, _container_group(wish), Handle(wish.name)
        if wish.name in self._names and not wish.file_links:
            temporary = self._free(wish.name + TEMPORARY)
            ready = self._make(wish, temporary, reason, {}, group)
            undo = (Rename(final, temporary),)
            ready = [self._steps.add(Rename(Handle(temporary), wish.name), reason, ready, undo=undo, group=group)]
            final = Handle(wish.name, made_as=temporary)
        else:
            ready = self._make(wish, wish.name, reason, {}, group)
        self._started(wish, self._steps.add(Start(final), reason, ready, group=group), final)

    def _make(
        self,
        wish: ContainerWish,
        name: str,
        reason: str,
        anonymous: Mapping[str, str],
        group: str,
        after: Iterable[str] = (),
    ) -> list[str]:
        """Create and connect; returns the operations after which it is ready to start."""
        body = _container_body(wish, anonymous)
        endpoints = wish.attachments if self._seen.api_version >= _SEVERAL_ENDPOINTS else wish.attachments[:1]
        others = wish.attachments[len(endpoints) :]
        named = sorted(m.source for m in mounts(wish) if m.kind == "volume" and m.source)
        volumes = [CreateVolume(volume, {}).text for volume in named]
        after = [*after, *(op for op in volumes if op in self._steps)]
        if endpoints:
            settings = {endpoint.network: attachment_rows.endpoint_body(endpoint) for endpoint in endpoints}
            body["NetworkingConfig"] = {"EndpointsConfig": settings}
            after += [self._network_ready[name] for name in settings if name in self._network_ready]
        after += self._ready_before(wish)
        undo = (RemoveContainer(Handle(name), volumes=True),)  # its own, still empty: those that moved along stay
        made = self._steps.add(CreateContainer(name, body), reason, after, undo=undo, group=group)
        ready = [made]
        for attachment in others:
            waits = [made, self._network_ready.get(attachment.network)]
            call = self._connect_call(Handle(name), attachment)
            ready.append(self._steps.add(call, reason, waits, group=group))
        self._made[wish.name] = ready
        return ready

    def _ready_before(self, wish: ContainerWish) -> list[str]:
        """When those it relies on run, under their names."""
        return [ops[other] for other in sorted(wish.relies_on) for ops in self._ready_ops if other in ops]

    def _connect_call(self, container: Handle, attachment: AttachmentWish) -> Connect:
        network = self._networks.get(attachment.network)
        known = network.id if network and attachment.network not in self._network_ready else ""
        return Connect(container, Handle(attachment.network, known), attachment_rows.endpoint_body(attachment))

    def _free(self, name: str) -> str:
        """A name like this that nobody bears: an interrupted run may have left one behind."""
        return name if name not in self._names else self._free(f"{name}-2")

    def _aside(self, wish: ContainerWish, live: ObservedContainer) -> Handle:
        stands_aside = live.name.startswith(wish.name + ASIDE)
        return _handle(live) if stands_aside else Handle(self._free(wish.name + ASIDE), live.id)

    def _replace(self, wish: ContainerWish, change: ContainerChange) -> None:
        """Everything that can fail early first; then the swap; the old one goes last, and comes back on a failure.

        One with links in its /etc/hosts is made under its own name: after a rename the engine no longer keeps them.
        """
        live = _required(change.live)
        reason, group = change.reason, _container_group(wish)
        old, aside = _handle(live), self._aside(wish, live)
        made_as = wish.name if wish.file_links else self._free(wish.name + TEMPORARY)
        new = Handle(made_as)
        step_aside = Rename(old, aside.name)
        back: tuple[Call, ...] = (Rename(aside, wish.name),)
        if not live.state.running and self._was_interrupted(wish):
            back = (*back, Start(Handle(wish.name, live.id)))
        aside_first = []
        if aside.name == live.name:  # an interrupted run left it aside: first it gets its name again
            old, step_aside = Handle(wish.name, live.id), Rename(Handle(wish.name, live.id), aside.name)
            aside_first = [self._steps.add(Rename(_handle(live), wish.name), reason, group=group)]
        # one that relies on another is made after the other's start, which may need the old one's host port
        waits_for_start = any(other in self._starts for other in wish.relies_on)
        at_once = old.name != wish.name or made_as == wish.name
        if at_once:  # this or another container wants the name
            # under a name that is not its own it is in the way of whoever it may have to wait for
            waits = [*aside_first, *(self._ready_before(wish) if old.name == wish.name else ())]
            aside_first = [self._steps.add(step_aside, reason, waits, undo=back, group=group)]
            old = old if waits_for_start else aside
        after = aside_first if made_as == wish.name else []
        ready = self._make(wish, made_as, reason, own_volumes(live, self._seen), group, after)
        if live.state.running:
            before = self._owner_made(wish) if waits_for_start else ready
            stopped = self._stop(live, old, reason, before, undo=(Start(old),), group=group)
            ready = [*ready, stopped] if waits_for_start else [stopped]
        if not at_once:
            ready = [self._steps.add(step_aside, reason, [*aside_first, *ready], undo=back, group=group)]
        ready = [*aside_first, *ready]
        if made_as != wish.name:
            undo = (Rename(new, made_as),)
            ready = [self._steps.add(Rename(new, wish.name), reason, ready, undo=undo, group=group)]
        final = Handle(wish.name, made_as=made_as)
        stop_new = (Stop(final, 0),)  # it may hold the ports that the old one needs again
        start = self._steps.add(Start(final), reason, ready, undo=stop_new, group=group)
        settled = self._started(wish, start, final, group=group)
        check = first_check(wish)
        if check is not None and check <= _SOON and not self._wishes.may_end(wish):
            why = "the old container is kept until the new one is well"
            settled = self._steps.add(Wait(final, "is healthy"), why, [settled], group=group)
        # it can't leave a network when it is gone
        self._steps.add(RemoveContainer(aside), reason, [settled, *self._parted.get(live.id, ())])

    def _was_interrupted(self, wish: ContainerWish) -> bool:
        """Whether an earlier replacement of the container was left half-done: then its old one ran before."""
        return any(c.name.startswith((wish.name + ASIDE, wish.name + TEMPORARY)) for c in self._seen.containers)

    def _owner_made(self, wish: ContainerWish) -> list[str]:
        """When the containers at the ends of the chains it relies on are ready to start."""
        by_name = {other.name: other for other in self._wishes.containers}
        ready: list[str] = []
        pending, seen = [wish], {wish.name}
        while pending:
            current = pending.pop()
            others = [by_name[name] for name in sorted(current.relies_on) if name in by_name and name not in seen]
            seen |= {other.name for other in others}
            pending += others
            if not current.relies_on:
                ready += self._made.get(current.name, [])
        return ready

    def _started(self, wish: ContainerWish, start: str, handle: Handle, group: str = "") -> str:
        """Returns the wait until it stays up, or until it has ended as it is meant to."""
        self._starts[wish.name] = start
        self._address_claims.append(AddressClaim(start, wish.attachments))
        self._port_claims.append(PortClaim(start, port_bindings(wish)))
        waiting = self._wishes.awaited_by(wish)
        if waiting:  # even where they run already: only its end tells whether it did what it is for
            return self._steps.add(Wait(handle, "ended well"), waits_for_it(waiting), [start], group=group)
        wait = Wait(handle, "stays up")
        return self._steps.add(wait, "a container that exits at once is a failure", [start], group=group)

    def _change_in_place(self, wish: ContainerWish, changes: list[ContainerChange]) -> None:
        live = self._live(wish)
        if live is None:
            return
        by_action = {change.action: change for change in changes}
        ready = self._attach(wish, live)
        if Action.RENAME in by_action:
            self._renamed[wish.name] = self._rename(live, wish.name, by_action[Action.RENAME].reason)
            ready.append(self._renamed[wish.name])
        handle = Handle(wish.name, live.id)
        if Action.UPDATE in by_action:
            change = by_action[Action.UPDATE]
            self._steps.add(Update(handle, container_rows.update_body(wish, change.attributes)), change.reason)
        if Action.START in by_action:
            reason = by_action[Action.START].reason
            call = Unpause(handle) if reason == PAUSED else Start(handle)
            if live.state.running and reason != PAUSED:
                self._stops[wish.name] = self._stop(live, _handle(live), reason, [])
                ready.append(self._stops[wish.name])
            ready += self._parted.get(live.id, [])  # it can't start while it is still on a network that is gone
            ready += [self._starts[other] for other in sorted(wish.relies_on) if other in self._starts]
            self._started(wish, self._steps.add(call, reason, ready), handle)

    def _live(self, wish: ContainerWish) -> ObservedContainer | None:
        touched: list[ContainerChange | AttachmentChange] = [
            *self._of(ContainerChange),
            *self._of(AttachmentChange),
        ]
        named = next((c.live for c in touched if c.name == wish.name and c.live), None)
        return named or next((c for c in self._seen.containers if c.name == wish.name), None)

    def _attach(self, wish: ContainerWish, live: ObservedContainer) -> list[str]:
        """Connects and reconnects, those after a network's replacement included."""
        changes = {c.network: c for c in self._of(AttachmentChange) if c.live.id == live.id and c.wish}
        ready = []
        for attachment in wish.attachments:
            change = changes.get(attachment.network)
            actual = live.attachments.get(attachment.network)
            moved = self._vacated.get(self._id_of(actual)) if actual else None
            if change is None and moved is None:
                continue
            reason = change.reason if change else moved.reason if moved else ""
            left = self._disconnect(live, attachment.network, moved.reason if moved else reason) if actual else None
            waits = [left, self._network_ready.get(attachment.network)]
            call = self._connect_call(_handle(live), attachment)
            undo = (Disconnect(call.container, call.network),)
            group = self._steps[left].group if left else ""
            connected = self._steps.add(call, reason, waits, undo=undo, group=group)
            ready.append(connected)
            if live.state.running:
                self._address_claims.append(AddressClaim(connected, (attachment,)))
        return ready

    def _is_scarce(self, network: str, coming: int) -> bool:
        """Whether a network that stands, and stays, has no addresses for so many more."""
        standing = self._networks.get(network)
        if standing is None or standing.id in self._vacated:
            return False
        wanted = len(standing.endpoints) + coming
        return any(network_rows.room(pool, standing.driver_opts) < wanted for pool in standing.pools if pool.subnet)

    def _rename(self, live: ObservedContainer, name: str, reason: str) -> str:
        """Where containers have exchanged their names, one of each circle steps aside first."""
        wanted = {c.live.name: c.name for c in self._of(ContainerChange) if c.action is Action.RENAME and c.live}
        circle = [live.name]
        while wanted.get(circle[-1]) not in (None, *circle):
            circle.append(wanted[circle[-1]])
        if wanted.get(circle[-1]) != live.name or live.name != min(circle):
            return self._steps.add(Rename(_handle(live), name), reason)
        aside = Handle(self._free(live.name + ASIDE), live.id)
        stepped = self._steps.add(Rename(_handle(live), aside.name), "its name is wanted for another")
        return self._steps.add(Rename(aside, name), reason, [stepped])

    # -- order --

    def _wait_for_dependencies(self) -> None:
        names = {wish.key: wish.name for wish in self._wishes.containers}
        for wish in self._wishes.containers:
            start = self._starts.get(wish.name)
            if start is None:
                continue
            for key, dependency in wish.spec.depends_on.items():
                ready = self._starts.get(names[key])
                waits = [ready] if ready else []
                if dependency.condition != "service_started":
                    waits = self._wait_node(key, dependency, ready, wish)
                self._steps.wait_for(start, waits)
                if dependency.restart and wish.name in self._stops:  # it runs on until the other is ready
                    self._steps.wait_for(self._stops[wish.name], waits)
                if not dependency.required:
                    self._steps.go_on_despite(start, waits)

    def _wait_node(self, key: str, dependency: Dependency, started: str | None, waiting: ContainerWish) -> list[str]:
        condition: Condition = "is healthy" if dependency.condition == "service_healthy" else "ended well"
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
            call = self._steps[started].call
            handle = call.container if isinstance(call, Start | Unpause) else handle
        wait = Wait(handle, condition, required=dependency.required)
        added = self._steps.add(wait, f"`{waiting.name}` waits for it", [started])
        if started and not dependency.required:
            self._steps.go_on_despite(added, [started])
        return [added]


@dataclass(frozen=True, slots=True)
class _Vacating:
    """Why a network has to be gone, and the network (its name) that is made then."""

    reason: str
    heir: str


def _network_group(name: str) -> str:
    return f"network `{name}`"


def _container_group(wish: ContainerWish) -> str:
    return f"`{wish.name}`"


T = TypeVar("T")


def _required(value: T | None) -> T:
    if value is None:
        raise AssertionError("a change lacks the object it is about")
    return value


def _handle(container: ObservedContainer) -> Handle:
    return Handle(container.name, container.id)


def _grace(container: ObservedContainer) -> int:
    return _DEFAULT_GRACE if container.stop_timeout is None else container.stop_timeout


def _relying_last(containers: tuple[ContainerWish, ...]) -> list[ContainerWish]:
    """A container that relies on another comes behind that one, since it waits for its start."""
    pending, found = list(containers), list[ContainerWish]()
    while pending:
        names = {wish.name for wish in pending}
        free = [wish for wish in pending if not wish.relies_on & names]
        found += free
        pending = [wish for wish in pending if wish not in free] if free else []
    return found


def _container_body(wish: ContainerWish, anonymous: Mapping[str, str]) -> Json:
    """The create body; a replacement takes over the anonymous volumes of the container it replaces."""
    body = container_rows.create_body(wish)
    kept = [
        mount_json(replace(mount, source=anonymous[mount.target]))
        for mount in anonymous_mounts(wish)
        if mount.target in anonymous
    ]
    if kept:
        host = body.setdefault("HostConfig", {})
        moved = {mount["Target"] for mount in kept}
        others = [mount for mount in host.get("Mounts") or () if mount["Target"] not in moved]
        host["Mounts"] = [*others, *kept]
    return body
