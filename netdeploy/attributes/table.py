"""The row of the table, and what is done with rows: comparing, and building the body of a create call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

W = TypeVar("W")
L = TypeVar("L")
Json = dict[str, Any]
JsonValue = str | int | bool | None | list[Any] | dict[str, Any]


class Effect(StrEnum):
    """What changing an attribute costs, from the least to the most disruptive."""

    UPDATE = "update"
    """Changed while it runs."""
    RECONNECT = "reconnect"
    """The container leaves one network for a moment and comes back."""
    REPLACE = "replace"
    """A new container, network or volume takes its place."""


class _Any:
    def __repr__(self) -> str:
        return "ANY"


ANY: Final = _Any()
"""A wish that every value meets: the file is silent, and what the engine gives can't be known beforehand."""


def plain(value: Any) -> JsonValue:
    """A value as JSON has it: sets sorted, tuples as lists."""
    if isinstance(value, frozenset | set):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value if isinstance(value, str | int | bool) or value is None else str(value)


def _equal(wish: Any, live: Any) -> bool:
    return bool(wish == live)


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One attribute that differs: `before` is live, `after` wished, both as JSON values."""

    path: str
    """As in the file: `containers.web.environment.MODE`."""
    name: str
    """The path without the object: `environment.MODE`."""
    before: JsonValue
    after: JsonValue
    effect: Effect


@dataclass(frozen=True)  # no slots: Python 3.11 can't make instances of a generic alias then
class Attribute(Generic[W, L]):
    """One row. `wish` and `read` give one normal form; `encode` gives the create argument, None to send nothing."""

    path: str
    argument: str
    """Where the create call takes it, as in `HostConfig.Dns`; "" where `encode` gives several places at once."""
    wish: Callable[[W], Any]
    encode: Callable[[W], Any]
    read: Callable[[L], Any]
    effect: Effect
    default: str
    """What a silent file means."""
    same: Callable[[Any, Any], bool] = _equal
    show: Callable[[Any], JsonValue] = plain
    contrast: Callable[[Any, Any], tuple[JsonValue, JsonValue]] | None = None
    """Live and wish as shown, where showing each alone would not tell them apart."""
    by_key: bool = False
    """A mapping that is compared key by key."""
    since: tuple[int, int] | None = None
    """The first API version that has it."""

    def changes(self, wish: W, live: L, prefix: str) -> list[AttributeChange]:
        """How `live` differs from `wish`; `prefix` is the object's path in the file."""
        wanted, actual = self.wish(wish), self.read(live)
        if wanted is ANY or self.same(wanted, actual):
            return []
        if self.by_key:
            keys = sorted(key for key in {*wanted, *actual} if wanted.get(key) != actual.get(key))
            return [self._change(prefix, f"{self.path}.{key}", actual.get(key), wanted.get(key)) for key in keys]
        if self.contrast:
            return [self._change(prefix, self.path, *self.contrast(actual, wanted))]
        return [self._change(prefix, self.path, self.show(actual), self.show(wanted))]

    def _change(self, prefix: str, name: str, before: JsonValue, after: JsonValue) -> AttributeChange:
        return AttributeChange(f"{prefix}.{name}", name, before, after, self.effect)


def compare(rows: Sequence[Attribute[W, L]], wish: W, live: L, prefix: str) -> tuple[AttributeChange, ...]:
    """All attributes of an object that differ, in the order of the table."""
    return tuple(change for row in rows for change in row.changes(wish, live, prefix))


def body(rows: Sequence[Attribute[W, Any]], wish: W) -> Json:
    """The body of the create call, with every row's argument at its place."""
    made: Json = {}
    for row in rows:
        value = row.encode(wish)
        for argument, part in ({row.argument: value} if row.argument else value).items():
            if part is not None:
                _put(made, argument, part)
    return made


def _put(made: Json, argument: str, value: Any) -> None:
    *parents, last = argument.split(".")
    for parent in parents:
        made = made.setdefault(parent, {})
    made[last] = value
