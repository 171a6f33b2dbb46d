"""What an engine holds, drawn into what the file wants: marks, reasons, addresses, and what is there besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from netdeploy.attributes.wish import Wishes
from netdeploy.engine.observed import ObservedContainer, ObservedNetwork, Snapshot
from netdeploy.graph.build import built_in
from netdeploy.graph.details import live_container_details, live_network_details, stranger_details
from netdeploy.graph.drawing import HOST, NOWHERE, Bus, Drawing, Mark, Node, Note, Tap
from netdeploy.graph.places import live_ports, live_tap, ports, tap_as_it_is
from netdeploy.masking import without_secrets
from netdeploy.plan.changes import Action, AttachmentChange, Changes, ContainerChange, NetworkChange
from netdeploy.plan.ownership import container_owner_text, our_containers, our_networks, owner_text
from netdeploy.topology.draft import DEFAULT_BRIDGE

_NO_NETWORK = (HOST, NOWHERE)


def with_marks(drawing: Drawing, wishes: Wishes, changes: Changes, seen: Snapshot) -> Drawing:
    """A drawing of what is wanted, marked with what one look at the engine saw.

    Args:
        drawing: made from `wishes`.
        wishes: what is wanted.
        changes: how the engine differs.
        seen: what the look saw.
    """
    return _Marker(drawing, wishes, changes, seen).marked()


@dataclass(slots=True)
class _Known:
    """What is known of one object by its name in the drawing."""

    notes: list[Note] = field(default_factory=list)
    container: ObservedContainer | None = None
    other_image: bool = False
    network: ObservedNetwork | None = None


class _Marker:
    def __init__(self, drawing: Drawing, wishes: Wishes, changes: Changes, seen: Snapshot) -> None:
        self._drawing = drawing
        self._changes = changes
        self._seen = seen
        ours = {container.name: container for container in our_containers(seen, wishes.origin.id)}
        networks = {network.name: network for network in seen.networks}
        # several networks may have one name
        networks |= {network.name: network for network in our_networks(seen, wishes.origin.id)}
        self._by_name = {container.name: container for container in seen.containers}
        self._nodes = {node.name: _Known(container=ours.get(node.name)) for node in drawing.nodes}
        self._buses = {bus.name: _Known(network=networks.get(bus.name)) for bus in drawing.buses}
        self._own_networks = {wish.name for wish in wishes.networks if not wish.spec.external}
        self._taps: dict[tuple[str, str], Note] = {}
        self._extra: list[ObservedContainer] = []
        self._extra_networks: list[ObservedNetwork] = []

    def marked(self) -> Drawing:
        for change in self._changes.changes:
            if isinstance(change, ContainerChange):
                self._container(change)
            elif isinstance(change, NetworkChange):
                self._network(change)
            elif isinstance(change, AttachmentChange) and change.name in self._nodes:
                self._nodes[change.name].container = change.live
                if change.action is Action.RECONNECT:
                    self._taps[change.name, change.network] = Note(Mark.DIFFERENT, change.reason)
        self._health()
        nodes = [self._node(node) for node in self._drawing.nodes]
        nodes += self._strangers({node.name for node in nodes})
        buses = {bus.name: self._bus(bus) for bus in self._drawing.buses}
        for network in self._extra_networks:
            buses[network.name] = _extra_bus(network, "the file does not have it any more")
        known = {network.name: network for network in self._seen.networks}
        for tap in (tap for node in nodes for tap in node.taps):
            if tap.bus not in buses:
                buses[tap.bus] = _other_bus(tap.bus, known.get(tap.bus))
        return replace(self._drawing, buses=tuple(buses.values()), nodes=tuple(nodes), live=True)

    # -- what the diff says --

    def _container(self, change: ContainerChange) -> None:
        if change.name not in self._nodes:
            if change.action is Action.REMOVE and change.live:
                self._extra.append(change.live)
            return
        known = self._nodes[change.name]
        # what stands in its place is drawn, whosever it is
        known.container = change.live or self._by_name.get(change.name)
        known.other_image = any(attribute.name == "image" for attribute in change.attributes)
        running = change.live is not None and change.live.state.running and not change.live.state.paused
        mark = {
            Action.CREATE: Mark.MISSING,
            Action.START: Mark.UNWELL if running else Mark.STOPPED,
            Action.STOP: Mark.DIFFERENT,
        }.get(change.action, Mark.DIFFERENT)
        known.notes.append(Note(mark, change.reason))

    def _network(self, change: NetworkChange) -> None:
        if change.action is Action.REMOVE and change.live:
            self._extra_networks.append(change.live)
            return
        name = change.wish.name if change.wish else change.name
        if name not in self._buses:
            return
        known = self._buses[name]
        known.network = change.live or known.network
        mark = Mark.MISSING if known.network is None else Mark.DIFFERENT
        known.notes.append(Note(mark, change.reason))

    def _health(self) -> None:
        names = {known.container.name: name for name, known in self._nodes.items() if known.container}
        for ailment in self._changes.health:
            known = self._nodes.get(names.get(ailment.container, ""))
            if known is None:
                continue
            ended = ailment.status in ("exited", "never started", "paused")
            text = without_secrets(ailment.message)
            if ended:  # the exit code says more than "it is stopped"
                known.notes = [note for note in known.notes if note.mark is not Mark.STOPPED]
            known.notes.append(Note(Mark.STOPPED if ended else Mark.UNWELL, text))

    # -- what is drawn --

    def _bus(self, bus: Bus) -> Bus:
        known = self._buses[bus.name]
        if known.network is None or bus.kind != "network":
            return replace(bus, notes=tuple(known.notes))
        facts = tuple(fact for fact in bus.facts if "/" not in fact)
        details = (*bus.details, *live_network_details(known.network))
        return replace(bus, notes=tuple(known.notes), facts=(*facts, *_subnets(known.network)), details=details)

    def _node(self, node: Node) -> Node:
        known = self._nodes[node.name]
        live = known.container
        if live is None:
            return replace(node, notes=tuple(known.notes))
        sharing = self._sharing(live)
        return replace(
            node,
            image=without_secrets(live.image) if known.other_image else node.image,
            notes=tuple(known.notes),
            taps=() if sharing else self._taps_of(node, live),
            ports=ports(node, live),
            shares=sharing,
            details=(*live_container_details(live), *node.details),
        )

    def _sharing(self, live: ObservedContainer) -> str:
        """The name in the drawing of the container whose network it shares."""
        kind, _, owner = live.network_mode.partition(":")
        found = (name for name, known in self._nodes.items() if _is_called(known.container, owner))
        return next(found, "") if kind == "container" else ""

    def _taps_of(self, node: Node, live: ObservedContainer) -> tuple[Tap, ...]:
        taps = [tap_as_it_is(tap, live, self._taps.get((node.name, tap.bus))) for tap in node.taps]
        wanted = {tap.bus for tap in node.taps}
        besides = [
            live_tap(live, name, Note(Mark.EXTRA, "the file does not put it there"))
            for name in live.attachments
            if name not in wanted and name != NOWHERE
        ]
        if besides:
            taps = [tap for tap in taps if tap.bus != NOWHERE]
        return (*taps, *besides) or (Tap(bus=NOWHERE),)

    def _strangers(self, taken: set[str]) -> Iterable[Node]:
        """Containers that the file does not have: ours of before, and others' on networks of ours."""
        ids = {
            known.network.id: name
            for name, known in self._buses.items()
            if known.network and name in self._own_networks
        }
        ids |= {network.id: network.name for network in self._extra_networks}
        drawn = {known.container.id for known in self._nodes.values() if known.container}
        for live in self._seen.containers:
            on_ours = [name for name, place in live.attachments.items() if place.network_id in ids]
            ours = live in self._extra
            # one that has a name of the file's is told as a conflict, at the place of the one it keeps away
            if live.id in drawn or not (ours or (on_ours and live.name not in taken)):
                continue
            buses = [name for name in (live.attachments if ours else on_ours) if name not in _NO_NETWORK]
            text = "the file does not have it any more" if ours else f"it {container_owner_text(live)}"
            yield Node(
                name=live.name if live.name not in taken else f"{live.name} ({live.short_id})",
                image=without_secrets(live.image),
                taps=tuple(live_tap(live, name) for name in buses)
                or (Tap(bus=HOST if live.network_mode == HOST else NOWHERE),),
                ports=live_ports(live),
                notes=(Note(Mark.EXTRA, text),),
                details=stranger_details(live),
            )


def _is_called(container: ObservedContainer | None, text: str) -> bool:
    return container is not None and text in (container.id, container.name)


def _subnets(network: ObservedNetwork) -> list[str]:
    return [pool.subnet for pool in network.pools if pool.subnet]


def _extra_bus(network: ObservedNetwork, text: str) -> Bus:
    kind = [] if network.driver == "bridge" else [network.driver]
    internal = ["internal"] if network.internal else []
    return Bus(
        name=network.name,
        facts=(*kind, *internal, *_subnets(network)),
        notes=(Note(Mark.EXTRA, text),),
        details=live_network_details(network),
    )


def _other_bus(name: str, network: ObservedNetwork | None) -> Bus:
    """A network that is drawn since somebody hangs on it."""
    if network is None or name in (DEFAULT_BRIDGE, *_NO_NETWORK):
        return built_in(name)
    return _extra_bus(network, f"the file does not have it; it {owner_text(network.labels)}")
