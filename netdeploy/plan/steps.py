"""The operations of a plan while it is made, and the waits among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from netdeploy.plan.operations import Call, Operation


class Steps:
    """Operations by id, in the order in which they were added."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._operations

    def __getitem__(self, operation_id: str) -> Operation:
        return self._operations[operation_id]

    def __iter__(self) -> Iterator[Operation]:
        return iter(tuple(self._operations.values()))

    def add(self, call: Call, reason: str, after: Iterable[str | None] = (), **more: Any) -> str:
        """Add an operation, or waits to the one that does the same; returns its id."""
        waits = tuple(dict.fromkeys(op for op in after if op))
        operation = Operation(call, reason, waits, **more)
        known = self._operations.get(operation.id)
        if known is None:
            self._operations[operation.id] = operation
        elif known.call != call:
            raise AssertionError(f"two different operations are called `{operation.id}`")
        else:
            self.wait_for(operation.id, waits)
        return operation.id

    def wait_for(self, operation_id: str, others: Iterable[str]) -> None:
        """Let an operation wait for more; an edge that would close a circle is left out."""
        for other in others:
            operation = self._operations[operation_id]
            if other != operation_id and other not in operation.after and not self._needs(other, operation_id):
                self._operations[operation_id] = replace(operation, after=(*operation.after, other))

    def join_groups(self, one: str, other: str) -> None:
        """Let the groups of two operations be taken back together, if either fails."""
        groups = [self._operations[operation].group for operation in (one, other)]
        if all(groups) and groups[0] != groups[1]:
            joined = " and ".join(sorted({name for group in groups for name in group.split(" and ")}))
            for id_, operation in self._operations.items():
                if operation.group in groups:
                    self._operations[id_] = replace(operation, group=joined)

    def go_on_despite(self, operation_id: str, others: Iterable[str]) -> None:
        """Let an operation run even if those of `others` that it waits for have failed."""
        operation = self._operations[operation_id]
        spared = [other for other in others if other in operation.after and other not in operation.despite]
        self._operations[operation_id] = replace(operation, despite=(*operation.despite, *spared))

    def _needs(self, operation_id: str, other: str) -> bool:
        """Whether an operation waits, directly or not, for `other`."""
        pending, seen = [operation_id], set()
        while pending:
            current = pending.pop()
            if current == other:
                return True
            if current not in seen and current in self._operations:
                seen.add(current)
                pending += self._operations[current].after
        return False

    def in_order(self) -> Iterator[Operation]:
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
