"""The pieces that short forms are made of."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from netdeploy.topology.beside import Beside
from netdeploy.topology.problem import Mark, Path, Problem
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as MappingType

    from netdeploy.topology.shorthand_schemas import Schema


@dataclass(slots=True)
class Surroundings:
    """What the short forms lean on: the file's folder, the user's environment, and where problems are collected."""

    folder: FilePath
    environ: MappingType[str, str]
    problems: list[Problem] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)
    beside: Beside = field(init=False)
    told_too_much: bool = False

    def __post_init__(self) -> None:
        self.beside = Beside(self.environ)

    def problem(self, mark: Mark, path: Path, message: str, hint: str = "") -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(mark, message, path, hint))


@dataclass(frozen=True, slots=True)
class Form:
    """How one key's short form is expanded; `schema` turns the long form's JSON Schema into that of both."""

    expand: Callable[[Node, Path, Surroundings], Node]
    schema: Callable[[Schema], Schema]


def as_text(node: Node) -> Node:
    """A number or boolean where text is meant, as it stands in the file: `1.10` stays `1.10`."""
    if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, str):
        return Scalar(node.text, node.text, node.mark)
    return node


def scalar(text: str, mark: Mark) -> Scalar:
    """A text that was made, at the place it was made from."""
    return Scalar(text, text, mark)


def scalar_of(number: int, mark: Mark) -> Scalar:
    """A number that was made."""
    return Scalar(number, str(number), mark)


def mapping(mark: Mark, **values: str | bool | None) -> Mapping:
    """A mapping made from a short form: everything in it stands where the short form stands."""
    return Mapping(
        tuple(
            Entry(scalar(key, mark), Scalar(value, str(value), mark))
            for key, value in values.items()
            if value is not None
        ),
        mark,
        made=True,
    )


def text_form(node: Node, _path: Path, _around: Surroundings) -> Node:
    """One text."""
    return as_text(node)


def texts(node: Node, _path: Path, _around: Surroundings) -> Node:
    """A list of texts."""
    if isinstance(node, Sequence):
        return Sequence(tuple(as_text(item) for item in node.items), node.mark)
    return node


def one_or_more(node: Node, path: Path, around: Surroundings) -> Node:
    """One text, or a list of them."""
    if isinstance(node, Scalar) and node.value is not None:
        return Sequence((as_text(node),), node.mark, made=True)
    return texts(node, path, around)


def words(node: Node, path: Path, around: Surroundings) -> Node:
    """`nginx -g "daemon off;"` as a list, split as a shell would."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            words = shlex.split(node.value)
        except ValueError as error:
            hint = "close the quotes" if "quotation" in str(error) else r"write `\\` for a `\`"
            around.problem(node.mark, path, f"can't be split into words: {str(error).lower()}", hint)
            words = [node.value]
        return Sequence(tuple(scalar(word, node.mark) for word in words), node.mark, made=True)
    return texts(node, path, around)


def pairs(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of `name=value`, or a mapping, as a mapping of texts."""
    entries: dict[str, Entry] = {}
    if isinstance(node, Mapping):
        glued = [entry for entry in node.entries if _is_glued(entry)]
        for entry in glued:
            around.problem(entry.key.mark, (*path, entry.key.text), "a space is missing after the `:`")
        right = [entry for entry in node.entries if not _is_glued(entry)]
        return Mapping(tuple(Entry(entry.key, as_text(entry.value)) for entry in right), node.mark)
    if not isinstance(node, Sequence):
        return node
    for index, item in enumerate(node.items):
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            hint = "without the `-`, `NAME: value` is a mapping" if isinstance(item, Mapping) else ""
            around.problem(item.mark, (*path, index), "expected `NAME=value`", hint)
            continue
        name, equals, value = item.value.partition("=")
        if not name:
            around.problem(item.mark, (*path, index), "expected `NAME=value`", "a name stands before the `=`")
        elif name != name.strip() or (not equals and ":" in name):
            colon = not equals and ":" in name
            meant = "=".join(part.strip() for part in (name.split(":", 1) if colon else (name, value)))
            around.problem(item.mark, (*path, index), "expected `NAME=value`", f"write `{meant}`")
        elif name in entries:
            first = entries[name].key.mark
            problem = Problem(item.mark, f"`{name}` is set twice", (*path, index), "keep one of them")
            around.problems.append(with_first(problem, first))
        else:
            entries[name] = Entry(scalar(name, item.mark), Scalar(value if equals else None, value, item.mark), index)
    return Mapping(tuple(entries.values()), node.mark)


def labels(node: Node, path: Path, around: Surroundings) -> Node:
    """Pairs; a name without a value has an empty one."""
    found = pairs(node, path, around)
    if not isinstance(found, Mapping):
        return found
    entries = (
        replace(entry, value=scalar("", entry.value.mark))
        if isinstance(entry.value, Scalar) and entry.value.value is None
        else entry
        for entry in found.entries
    )
    return Mapping(tuple(entries), found.mark)


def _is_glued(entry: Entry) -> bool:
    """Whether `{A:b}` stands for `{A: b}`."""
    nothing = isinstance(entry.value, Scalar) and entry.value.value is None
    return nothing and re.fullmatch(r"[\w.-]+:\S+", entry.key.text) is not None


def with_first(problem: Problem, first: Mark) -> Problem:
    """A problem that points to the first place too."""
    elsewhere = (("first written here", first),)
    return Problem(problem.mark, problem.message, problem.path, problem.hint, elsewhere=elsewhere)


def environment(node: Node, path: Path, around: Surroundings) -> Node:
    """Pairs; a name without a value takes it from the user's environment, and is left out when that has none."""
    found = pairs(node, path, around)
    if not isinstance(found, Mapping):
        return found
    entries: list[Entry] = []
    for entry in found.entries:
        if isinstance(entry.value, Scalar) and entry.value.value is None:
            name = entry.key.text
            if name not in around.environ:
                message = f"`{name}` has no value, and your environment has none either; it is left out"
                empty = f'{name}: ""' if entry.index is None else f"{name}="
                hint = f"write `{empty}` for an empty value"
                where = (*path, name if entry.index is None else entry.index)
                around.problems.append(Problem(entry.key.mark, message, where, hint, severity="warning"))
                continue
            entries.append(replace(entry, value=scalar(around.environ[name], entry.value.mark)))
        else:
            entries.append(entry)
    return Mapping(tuple(entries), found.mark)


def names(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of names as a mapping to nothing further; `name:` with nothing after it likewise."""
    if isinstance(node, Sequence):
        entries: dict[str, Entry] = {}
        for index, item in enumerate(node.items):
            if not isinstance(item, Scalar) or item.value is None:
                hint = "without the `-` it is a mapping" if isinstance(item, Mapping) else ""
                around.problem(item.mark, (*path, index), "expected a name", hint)
            elif item.text in entries:
                problem = Problem(item.mark, f"`{item.text}` is listed twice", (*path, index), "keep one of them")
                around.problems.append(with_first(problem, entries[item.text].key.mark))
            else:
                entries[item.text] = Entry(scalar(item.text, item.mark), Mapping((), item.mark, made=True), index)
        return Mapping(tuple(entries.values()), node.mark)
    return null_to_empty(node)


def null_to_empty(node: Node) -> Node:
    """`name:` with nothing after it as an empty mapping."""
    if not isinstance(node, Mapping):
        return node
    return Mapping(
        tuple(
            replace(entry, value=Mapping((), entry.key.mark, made=True))
            if isinstance(entry.value, Scalar) and entry.value.value is None
            else entry
            for entry in node.entries
        ),
        node.mark,
    )


def whole(node: Node, _path: Path, _around: Surroundings) -> Node:
    """A whole number by its value, as the schema counts: `0x50` is 80, and `80.0` too."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return scalar(str(value), node.mark)
    return as_text(node)


def whole_items(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of whole numbers."""
    if isinstance(node, Sequence):
        return replace(node, items=tuple(whole(item, path, around) for item in node.items))
    return node


def nested(forms: MappingType[str, Form]) -> Callable[[Node, Path, Surroundings], Node]:
    """A mapping whose keys have forms of their own."""
    return lambda node, path, around: expand_keys(node, path, around, forms)


def each_value(node: Node, path: Path, around: Surroundings, forms: MappingType[str, Form]) -> Node:
    """A mapping of names to mappings whose keys have forms of their own."""
    if not isinstance(node, Mapping):
        return node
    entries = (
        replace(entry, value=expand_keys(entry.value, (*path, entry.key.text), around, forms)) for entry in node.entries
    )
    return replace(node, entries=tuple(entries))


def _without_extensions(node: Node) -> Node:
    if not isinstance(node, Mapping):
        return node
    return replace(node, entries=tuple(entry for entry in node.entries if not entry.key.text.startswith("x-")))


def expand_keys(node: Node, path: Path, around: Surroundings, forms: MappingType[str, Form]) -> Node:
    """Each key of a mapping by its form; `x-…` keys are the user's own and go."""
    bare = _without_extensions(node)
    if not isinstance(bare, Mapping):
        return bare
    entries = (
        replace(entry, value=forms[entry.key.text].expand(entry.value, (*path, entry.key.text), around))
        if entry.key.text in forms
        else entry
        for entry in bare.entries
    )
    return replace(bare, entries=tuple(entries))
