"""Who goes first where two containers want the same thing: a subnet, a name, a host port, a fixed address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netdeploy.attributes.wish import AttachmentWish
from netdeploy.engine.observed import ObservedContainer, PortBinding
from netdeploy.plan.operations import (
    Connect,
    CreateContainer,
    CreateNetwork,
    Disconnect,
    RemoveContainer,
    Rename,
    Stop,
)
from netdeploy.plan.steps import Steps
from netdeploy.plan.users import users_of


@dataclass(frozen=True, slots=True)
class AddressClaim:
    """An operation that takes fixed or dynamic addresses on networks."""

    operation: str
    attachments: tuple[AttachmentWish, ...]

    def fixed(self, network: str, family: int) -> bool:
        """Whether it takes a fixed IPv4 or IPv6 address there."""
        return any(a.network == network and _fixed(a, family) for a in self.attachments)


@dataclass(frozen=True, slots=True)
class PortClaim:
    """A start that takes host ports."""

    operation: str
    ports: frozenset[PortBinding]


@dataclass(frozen=True, slots=True)
class Leaving:
    """An operation by which a container gives up its addresses on `networks`, and with a stop its host ports."""

    operation: str
    container: ObservedContainer
    networks: tuple[str, ...]
    ports: bool

    def holds(self, attachment: AttachmentWish) -> bool:
        """Whether it holds, until then, the fixed address that an attachment wants."""
        held = self.container.attachments.get(attachment.network)
        if held is None or attachment.network not in self.networks:
            return False
        return bool(_addresses(attachment) & {held.ipv4_address, held.ipv6_address, held.address, held.address6})


def order_subnets(steps: Steps) -> None:
    """Declared subnets are taken before the engine chooses one of them for another network."""
    made = {op.id: op.call.body for op in steps if isinstance(op.call, CreateNetwork)}
    declared = [id_ for id_, body in made.items() if "IPAM" in body]
    for id_ in set(made) - set(declared):
        steps.wait_for(id_, declared)


def order_moves(steps: Steps) -> None:
    """A container that changes its networks joins the new ones first, where nothing else stands against it."""
    joins = [(op.id, op.call.container.id) for op in steps if isinstance(op.call, Connect) and op.call.container.id]
    for operation in steps:
        call = operation.call
        if isinstance(call, Disconnect):
            steps.wait_for(operation.id, [join for join, container in joins if container == call.container.id])


def order_names(steps: Steps, taken: frozenset[str]) -> None:
    """A name is given up before another container gets it; `taken` are the names on the engine."""
    freed: dict[str, str] = {}
    for operation in steps:
        if isinstance(operation.call, Rename | RemoveContainer) and operation.call.container.name in taken:
            freed.setdefault(operation.call.container.name, operation.id)
    for operation in steps:
        call = operation.call
        name = call.new if isinstance(call, Rename) else call.name if isinstance(call, CreateContainer) else ""
        if name in freed:
            steps.wait_for(operation.id, [freed[name]])


def order_stops(steps: Steps, going: Iterable[ObservedContainer]) -> None:
    """Of those that go for good, who uses another, directly or through one that is stopped, stops before it."""
    stops = {op.call.container.id: op.id for op in steps if isinstance(op.call, Stop)}
    users = users_of(going)
    for id_ in [one for one in users if one in stops]:
        pending, seen = [id_], {id_}
        while pending:
            others = users[pending.pop()] - seen
            seen |= others
            steps.wait_for(stops[id_], sorted(stops[other] for other in others if other in stops))
            pending += [other for other in others if other not in stops]


def order_ports(steps: Steps, claims: Iterable[PortClaim], leaving: Iterable[Leaving]) -> None:
    """Who gives up a host port stops before the one that takes it starts."""
    stops = [leave for leave in leaving if leave.ports]
    for claim in claims:
        wanted = _host_ports(claim.ports)
        steps.wait_for(claim.operation, [s.operation for s in stops if wanted & _host_ports(s.container.ports)])


def order_addresses(steps: Steps, claims: Iterable[AddressClaim], leaving: Iterable[Leaving]) -> None:
    """A fixed address is taken after it is given up, and before the engine gives it to somebody else."""
    every, leaves = list(claims), list(leaving)
    handed_on = [
        (leave, claim)
        for claim in every
        for leave in leaves
        if any(_addresses(attachment) and leave.holds(attachment) for attachment in claim.attachments)
    ]
    for leave, claim in handed_on:
        steps.wait_for(claim.operation, [leave.operation])
    for claim in every:
        for attachment in claim.attachments:
            steps.wait_for(claim.operation, [other.operation for other in every if _goes_before(other, attachment)])
    for leave, claim in handed_on:
        _make_room_late(steps, leave, claim)


def _goes_before(claim: AddressClaim, attachment: AttachmentWish) -> bool:
    """Whether a claim takes a fixed address of a kind of which an attachment takes any that is free."""
    return any(not _fixed(attachment, family) and claim.fixed(attachment.network, family) for family in (4, 6))


def _make_room_late(steps: Steps, leave: Leaving, claim: AddressClaim) -> None:
    """Who makes room for a start leaves when all else that the start waits for is done.

    Two that are connected again, one to the address that the other gives up, are taken back together.
    """
    if isinstance(steps[claim.operation].call, Connect):
        steps.join_groups(claim.operation, leave.operation)
    elif isinstance(steps[leave.operation].call, Disconnect):
        steps.wait_for(leave.operation, steps[claim.operation].after)


def order_room(
    steps: Steps, claims: Iterable[AddressClaim], leaving: Iterable[Leaving], scarce: Callable[[str, int], bool]
) -> None:
    """Where a network has no address for all at once, those who leave it go before those who come.

    Args:
        steps: the operations.
        claims: who comes.
        leaving: who goes.
        scarce: whether a network (by name) has no room for so many more.
    """
    every, leaves = list(claims), list(leaving)
    for claim in every:
        for network in {attachment.network for attachment in claim.attachments}:
            coming = sum(network in {a.network for a in other.attachments} for other in every)
            if scarce(network, coming):
                steps.wait_for(claim.operation, [leave.operation for leave in leaves if network in leave.networks])


def _fixed(attachment: AttachmentWish, family: int) -> str:
    return attachment.ipv4_address if family == 4 else attachment.ipv6_address


def _addresses(attachment: AttachmentWish) -> set[str]:
    return {attachment.ipv4_address, attachment.ipv6_address} - {""}


def _host_ports(bindings: Iterable[PortBinding]) -> set[tuple[str, str]]:
    return {(binding.host_port, binding.protocol) for binding in bindings if binding.host_port}
