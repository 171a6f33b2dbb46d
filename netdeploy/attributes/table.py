"""The row of the table, and what is done with rows: comparing, and building the body of a create call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, Protocol, TypeVar


class Live(Protocol):
    """What stands on the engine."""

    @property
    def declared(self) -> frozenset[str]:
        """The attributes with an engine's default that were given when it was made, as its label says."""


W = TypeVar("W")
L = TypeVar("L", bound=Live)
Json = dict[str, Any]
JsonValue = str | int | float | bool | None | list[Any] | dict[str, Any]


class Effect(StrEnum):
    """What changing an attribute costs, from the least to the most disruptive."""

    UPDATE = "update"
    """Changed while it runs."""
    RECONNECT = "reconnect"
    """The container leaves one network for a moment and comes back."""
    REPLACE = "replace"
    """A new container, network or volume takes its place."""


class _Wish:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ANY: Final = _Wish("ANY")
"""A wish that every value meets."""
ENGINE_DEFAULT: Final = _Wish("ENGINE_DEFAULT")
"""The file is silent, and what the engine gives then is its own settings' matter.

Nobody tells those settings, and what they give can't be changed while the object exists. So the object's label says
which of these attributes were given when it was made: where the file is silent and the label too, all is well.
"""
RELEASES: Final = {
    (1, 43): "24.0",
    (1, 44): "25.0",
    (1, 45): "26.0",
    (1, 48): "28.0",
    (1, 49): "28.1",
}
"""The first Docker release with each API version that an attribute needs."""


def plain(value: Any) -> JsonValue:
    """A value as JSON has it: sets sorted, tuples as lists."""
    if isinstance(value, frozenset | set):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def or_none(value: Any) -> JsonValue:
    """A text or number as shown; nothing for "" and 0."""
    return value or None


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
    by_label: bool = False
    """The engine's own settings give what the file does not: see ENGINE_DEFAULT. By key, they may add keys."""
    by_others: tuple[str, ...] = ()
    """By key: what keys start with that others than the file may add."""
    cost: Callable[[W, L], Effect] | None = None
    """The effect, where it depends on the values."""
    remark: str = ""
    """When the effect is another one, in words."""
    update: Callable[[W], Json] | None = None
    """What the update call takes (for containers); None where it is the same as at create."""
    since: tuple[int, int] | None = None
    """The first API version that has it."""
    follows: str = ""
    """The row whose change brings this one's along where the file is silent: then only that one is told."""
    given: Callable[[W], bool] | None = None
    """Whether the file says something about it, where `encode` does not tell."""
    untested: str = ""
    """Why a plain test machine can't exercise it."""

    def changes(self, wish: W, live: L, prefix: str) -> Iterator[AttributeChange]:
        """How `live` differs from `wish`; `prefix` is the object's path in the file."""
        wanted, actual = self.wish(wish), self.read(live)
        effect = self.cost(wish, live) if self.cost else self.effect
        for name, before, after in self._differences(wanted, actual, live.declared):
            yield AttributeChange(f"{prefix}.{name}", name, before, after, effect)

    def _differences(
        self, wanted: Any, actual: Any, declared: frozenset[str]
    ) -> Iterator[tuple[str, JsonValue, JsonValue]]:
        if self.by_key:
            for key in sorted({*wanted, *actual}):
                name = f"{self.path}.{key}"
                not_ours = (self.by_label and name not in declared) or key.startswith(self.by_others)
                added = key not in wanted and not_ours
                if wanted.get(key) != actual.get(key) and not added:
                    yield name, self.show(actual.get(key)), self.show(wanted.get(key))
        elif wanted is ENGINE_DEFAULT:
            if self.path in declared:
                yield self.path, self.show(actual), self.default
        elif wanted is not ANY and not self.same(wanted, actual):
            contrast = self.contrast(actual, wanted) if self.contrast else (self.show(actual), self.show(wanted))
            yield self.path, *contrast

    def declared(self, wish: W) -> list[str]:
        """What an object's label must say was given when it was made."""
        wanted = self.wish(wish) if self.by_label else ENGINE_DEFAULT
        if isinstance(wanted, _Wish) or not self.is_given(wish):
            return []
        return [f"{self.path}.{key}" for key in wanted] if self.by_key else [self.path]

    def is_given(self, wish: W) -> bool:
        """Whether the file says something about it."""
        return self.given(wish) if self.given else self.encode(wish) not in (None, {}, [])

    def update_body(self, wish: W) -> Json:
        """What the engine's update call takes for it."""
        if self.update:
            return self.update(wish)
        return {self.argument.rpartition(".")[2]: self.encode(wish)}


def compare(rows: Sequence[Attribute[W, L]], wish: W, live: L, prefix: str) -> tuple[AttributeChange, ...]:
    """All attributes of an object that differ, in the order of the table."""
    found = {row.path: list(row.changes(wish, live, prefix)) for row in rows}
    led = {row.path for row in rows if found.get(row.follows) and not row.is_given(wish)}
    return tuple(change for row in rows if row.path not in led for change in found[row.path])


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


def declared(rows: Sequence[Attribute[W, Any]], wish: W) -> list[str]:
    """All that an object's label must say was given when it was made."""
    return [name for row in rows for name in row.declared(wish)]


def too_new(rows: Sequence[Attribute[W, Any]], wish: W, prefix: str, api: tuple[int, int]) -> Iterator[str]:
    """What the file gives and an engine with this API version does not have, in words."""
    for row in rows:
        if row.since and row.since > api and row.is_given(wish):
            yield f"{prefix}.{row.path}: needs Docker {RELEASES[row.since]} (API {row.since[0]}.{row.since[1]})"
