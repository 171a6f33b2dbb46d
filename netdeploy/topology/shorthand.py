"""Short forms become long ones, in the tree, so that every piece keeps its place in the file.

One table, `FORMS`, says for each key how the short form is expanded and which JSON Schema describes all that is
accepted; schema.py reads the same rows, so what an editor offers is what the reader takes.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from netdeploy.topology import shorthand_schemas as schemas
from netdeploy.topology.problem import Mark, Path, Problem
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as MappingType


@dataclass(slots=True)
class Surroundings:
    """What the short forms lean on: the file's folder, the user's environment, and where problems are collected."""

    folder: FilePath
    environ: MappingType[str, str]
    problems: list[Problem] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def problem(self, mark: Mark, path: Path, message: str, hint: str = "") -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(mark, message, path, hint))


@dataclass(frozen=True, slots=True)
class Form:
    """How one key's short form is expanded; `schema` turns the long form's JSON Schema into that of both."""

    expand: Callable[[Node, Path, Surroundings], Node]
    schema: Callable[[schemas.Schema], schemas.Schema]


# -- pieces ----------------------------------------------------------------------------------------------------------


def _text(node: Node) -> Node:
    """A number or boolean where text is meant, as it stands in the file: `1.10` stays `1.10`."""
    if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, str):
        return Scalar(node.text, node.text, node.mark)
    return node


def _scalar(text: str, mark: Mark) -> Scalar:
    return Scalar(text, text, mark)


def _scalar_of(number: int, mark: Mark) -> Scalar:
    return Scalar(number, str(number), mark)


def _mapping(mark: Mark, **values: str | bool | None) -> Mapping:
    """A mapping made from a short form: everything in it stands where the short form stands."""
    return Mapping(
        tuple(
            Entry(_scalar(key, mark), Scalar(value, str(value), mark))
            for key, value in values.items()
            if value is not None
        ),
        mark,
        made=True,
    )


def _text_form(node: Node, _path: Path, _around: Surroundings) -> Node:
    return _text(node)


def _texts(node: Node, _path: Path, _around: Surroundings) -> Node:
    if isinstance(node, Sequence):
        return Sequence(tuple(_text(item) for item in node.items), node.mark)
    return node


def _one_or_more(node: Node, path: Path, around: Surroundings) -> Node:
    if isinstance(node, Scalar) and node.value is not None:
        return Sequence((_text(node),), node.mark, made=True)
    return _texts(node, path, around)


def _words(node: Node, path: Path, around: Surroundings) -> Node:
    """`nginx -g "daemon off;"` as a list, split as a shell would."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            words = shlex.split(node.value)
        except ValueError as error:
            hint = "close the quotes" if "quotation" in str(error) else r"write `\\` for a `\`"
            around.problem(node.mark, path, f"can't be split into words: {str(error).lower()}", hint)
            words = [node.value]
        return Sequence(tuple(_scalar(word, node.mark) for word in words), node.mark, made=True)
    return _texts(node, path, around)


def _pairs(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of `name=value`, or a mapping, as a mapping of texts."""
    entries: dict[str, Entry] = {}
    if isinstance(node, Mapping):
        return Mapping(tuple(Entry(entry.key, _text(entry.value)) for entry in node.entries), node.mark)
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
        elif name in entries:
            first = entries[name].key.mark
            problem = Problem(item.mark, f"`{name}` is set twice", (*path, index), "keep one of them")
            around.problems.append(_with_first(problem, first))
        else:
            scalar = Scalar(value if equals else None, value, item.mark)
            entries[name] = Entry(_scalar(name, item.mark), scalar, index)
    return Mapping(tuple(entries.values()), node.mark)


def _with_first(problem: Problem, first: Mark) -> Problem:
    elsewhere = (("first written here", first),)
    return Problem(problem.mark, problem.message, problem.path, problem.hint, elsewhere=elsewhere)


def _environment(node: Node, path: Path, around: Surroundings) -> Node:
    """Pairs; a name without a value takes it from the user's environment, and is left out when that has none."""
    pairs = _pairs(node, path, around)
    if not isinstance(pairs, Mapping):
        return pairs
    entries: list[Entry] = []
    for entry in pairs.entries:
        if isinstance(entry.value, Scalar) and entry.value.value is None:
            name = entry.key.text
            if name not in around.environ:
                message = f"`{name}` has no value, and your environment has none either; it is left out"
                empty = f'{name}: ""' if entry.index is None else f"{name}="
                hint = f"write `{empty}` for an empty value"
                where = (*path, name if entry.index is None else entry.index)
                around.problems.append(Problem(entry.key.mark, message, where, hint, severity="warning"))
                continue
            entries.append(replace(entry, value=_scalar(around.environ[name], entry.value.mark)))
        else:
            entries.append(entry)
    return Mapping(tuple(entries), pairs.mark)


def _names(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of names as a mapping to nothing further; `name:` with nothing after it likewise."""
    if isinstance(node, Sequence):
        entries: dict[str, Entry] = {}
        for index, item in enumerate(node.items):
            if not isinstance(item, Scalar) or item.value is None:
                hint = "without the `-` it is a mapping" if isinstance(item, Mapping) else ""
                around.problem(item.mark, (*path, index), "expected a name", hint)
            elif item.text in entries:
                problem = Problem(item.mark, f"`{item.text}` is listed twice", (*path, index), "keep one of them")
                around.problems.append(_with_first(problem, entries[item.text].key.mark))
            else:
                entries[item.text] = Entry(_scalar(item.text, item.mark), Mapping((), item.mark, made=True), index)
        return Mapping(tuple(entries.values()), node.mark)
    return _null_to_empty(node)


def _null_to_empty(node: Node) -> Node:
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


def _attachments(node: Node, path: Path, around: Surroundings) -> Node:
    named = _names(node, path, around)
    return _each_value(named, path, around, ATTACHMENT_FORMS)


def _dependencies(node: Node, path: Path, around: Surroundings) -> Node:
    named = _names(node, path, around)
    return _each_value(named, path, around, DEPENDENCY_FORMS)


# -- ports -----------------------------------------------------------------------------------------------------------

_PORT_TEXT = re.compile(
    r"(?:(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]*):)?(?P<published>[0-9-]*):)?(?P<target>[0-9-]+)(?:/(?P<protocol>[a-z]+))?"
)
PORT_HINT = "write `3000`, `3000:3000`, `127.0.0.1:8080:80/tcp` or `8000-8010:8000-8010`"


def _whole(node: Node, _path: Path, _around: Surroundings) -> Node:
    """A whole number by its value, as the schema counts: `0x50` is 80, and `80.0` too."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _scalar(str(value), node.mark)
    return _text(node)


def _whole_items(node: Node, path: Path, around: Surroundings) -> Node:
    if isinstance(node, Sequence):
        return replace(node, items=tuple(_whole(item, path, around) for item in node.items))
    return node


def _ports(node: Node, path: Path, around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        if isinstance(item, Scalar):
            port = _port(item, (*path, index), around)
            items.append(port or _mapping(item.mark, target="1"))  # what stands in for a broken one breaks no rule
        else:
            items.append(_expand_keys(item, (*path, index), around, PORT_FORMS))
    return replace(node, items=tuple(items))


def _port(item: Scalar, path: Path, around: Surroundings) -> Node | None:
    if item.value is None:
        around.problem(item.mark, path, "has no value; expected a port to publish", PORT_HINT)
        return None
    whole = _whole(item, path, around)
    match = _PORT_TEXT.fullmatch(whole.text if isinstance(whole, Scalar) else "")
    if not match:
        around.problem(item.mark, path, f"`{item.text}` is not a port to publish", PORT_HINT)
        return None
    host = match["host"].strip("[]") if match["host"] else None
    return _mapping(
        item.mark,
        target=match["target"],
        published=match["published"] or None,
        host_ip=host or None,
        protocol=match["protocol"],
    )


# -- volumes ---------------------------------------------------------------------------------------------------------

MOUNT_HINT = "write `data:/var/lib/data`, `./folder:/target:ro` or `/target`"
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


def _mounts(node: Node, path: Path, around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        if isinstance(item, Scalar):
            item_path = (*path, index)
            aside = f"/.unread/{next(around.numbers)}"  # what stands in for a broken mount breaks no rule
            items.append(_mount(item, item_path, around) or _mapping(item.mark, type="tmpfs", target=aside))
        else:
            items.append(_absolute_source(_expand_keys(item, (*path, index), around, MOUNT_FORMS), around))
    return replace(node, items=tuple(items))


def _mount(item: Scalar, path: Path, around: Surroundings) -> Node | None:
    parts = item.text.split(":")
    source: str | None = None
    modes: list[str] = []
    if len(parts) == 1:
        (target,) = parts
        refused = not target.startswith("/")
    else:
        source, target, *rest = parts
        modes = rest[0].split(",") if rest else []
        refused = len(rest) > 1 or not source
    if refused:
        around.problem(item.mark, path, f"`{item.text}` is not a mount", MOUNT_HINT)
        return None
    if not target.startswith("/"):
        hint = "it is where the container finds it, such as `/data`"
        around.problem(item.mark, path, f"`{target}` is not an absolute path", hint)
        return None
    bind = source is not None and source.startswith((".", "/", "~"))
    entries: dict[str, Node] = {
        "type": _scalar("bind" if bind else "volume", item.mark),
        "target": _scalar(target, item.mark),
    }
    if source is not None:
        entries["source"] = _scalar(source, item.mark)
    if bind:
        entries["bind"] = _mapping(item.mark, create_host_path=True)
    for mode in modes:
        if mode in ("rw", "ro"):
            entries["read_only"] = Scalar(mode == "ro", mode, item.mark)
        elif mode == "nocopy" and not bind:
            entries["volume"] = _mapping(item.mark, nocopy=True)
        elif mode in _PROPAGATIONS and bind:
            entries["bind"] = _mapping(item.mark, create_host_path=True, propagation=mode)
        else:
            where = f"a {'bind' if bind else 'volume'} mount"
            around.problem(item.mark, path, f"`{mode}` is not a mode of {where}", "write `ro` or `rw`")
    pairs = tuple(Entry(_scalar(key, item.mark), value) for key, value in entries.items())
    mount = Mapping(pairs, item.mark, made=True)
    return _absolute_source(mount, around)


def _absolute_source(node: Node, around: Surroundings) -> Node:
    """A bind mount's source: relative to the file's folder, `~` is the user's home."""
    if not isinstance(node, Mapping):
        return node
    kind, source = node.get("type"), node.get("source")
    if not (isinstance(kind, Scalar) and kind.value == "bind" and isinstance(source, Scalar)):
        return node
    if not isinstance(source.value, str) or not source.value:
        return node
    path = os.path.normpath(around.folder / _at_home(source.value))
    replaced = _scalar(path, source.mark)
    entries = (replace(e, value=replaced) if e.key.text == "source" else e for e in node.entries)
    return replace(node, entries=tuple(entries))


def _at_home(source: str) -> FilePath:
    try:
        return FilePath(source).expanduser()
    except RuntimeError:  # nobody of that name has a home here: a shell takes the text as it stands, too
        return FilePath(source)


def _file_mode(node: Node, path: Path, around: Surroundings) -> Node:
    """Permissions with a leading zero were octal in YAML 1.1 and are decimal now: never what is meant."""
    if isinstance(node, Scalar) and isinstance(node.value, int) and re.fullmatch("0[0-9]+", node.text):
        message = f"`{node.text}` is a decimal number in YAML 1.2"
        around.problem(node.mark, path, message, f"write `0o{node.text.lstrip('0') or '0'}`")
        return _scalar_of(0, node.mark)
    return node


# -- the rest --------------------------------------------------------------------------------------------------------


def _check(node: Node, path: Path, around: Surroundings) -> Node:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Sequence((_scalar("CMD-SHELL", node.mark), node), node.mark, made=True)
    return _texts(node, path, around)


def _extra_hosts(node: Node, path: Path, around: Surroundings) -> Node:
    """`name: address` (or several), or a list of `name:address` or `name=address`, as a mapping to lists."""
    if isinstance(node, Mapping):
        return Mapping(
            tuple(Entry(entry.key, _one_or_more(entry.value, path, around)) for entry in node.entries),
            node.mark,
        )
    if not isinstance(node, Sequence):
        return node
    found: dict[str, tuple[int, Scalar, list[Node]]] = {}
    for index, item in enumerate(node.items):
        match = re.fullmatch(r"([^:=\s]+)[:=]\[?([^\]]+)\]?", item.text) if isinstance(item, Scalar) else None
        if not match:
            around.problem(item.mark, (*path, index), "expected `name:address`")
            continue
        name = _scalar(match[1], item.mark)
        found.setdefault(match[1], (index, name, []))[2].append(_scalar(match[2], item.mark))
    entries = (
        Entry(name, Sequence(tuple(addresses), name.mark, made=True), index)
        for index, name, addresses in found.values()
    )
    return Mapping(tuple(entries), node.mark)


def _nested(forms: MappingType[str, Form]) -> Callable[[Node, Path, Surroundings], Node]:
    return lambda node, path, around: _expand_keys(node, path, around, forms)


def _pools(node: Node, path: Path, around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items = (_expand_keys(item, (*path, index), around, {}) for index, item in enumerate(node.items))
    return replace(node, items=tuple(items))


PAIRS = Form(_pairs, schemas.instead(schemas.PAIRS))
PORT_FORMS = {
    "target": Form(_whole, schemas.instead(schemas.PORT_RANGE)),
    "published": Form(_whole, schemas.either(schemas.PORT_RANGE)),
}
MOUNT_FORMS: dict[str, Form] = {
    "bind": Form(_nested({}), schemas.same),
    "volume": Form(_nested({}), schemas.same),
    "tmpfs": Form(_nested({"mode": Form(_file_mode, schemas.same)}), schemas.same),
}
ATTACHMENT_FORMS: dict[str, Form] = {}
DEPENDENCY_FORMS: dict[str, Form] = {}
HEALTHCHECK_FORMS = {"test": Form(_check, schemas.either(schemas.WORDS))}
IPAM_FORMS = {"config": Form(_pools, schemas.same)}
CONTAINER_FORMS = {
    "command": Form(_words, schemas.either(schemas.SOME_WORDS)),
    "entrypoint": Form(_words, schemas.either(schemas.WORDS)),
    "environment": Form(_environment, schemas.instead(schemas.ENVIRONMENT)),
    "user": Form(_text_form, schemas.either(schemas.TEXT)),
    "labels": PAIRS,
    "networks": Form(_attachments, schemas.names_or_mapping),
    "ports": Form(_ports, schemas.items_or(schemas.PORT)),
    "expose": Form(_whole_items, schemas.items_or(schemas.PORT_NUMBER)),
    "volumes": Form(_mounts, schemas.items_or(schemas.MOUNT)),
    "healthcheck": Form(_nested(HEALTHCHECK_FORMS), schemas.same),
    "depends_on": Form(_dependencies, schemas.names_or_mapping),
    "extra_hosts": Form(_extra_hosts, schemas.extra_hosts),
    "dns": Form(_one_or_more, schemas.one_or_more),
}
NETWORK_FORMS = {
    "driver_opts": PAIRS,
    "labels": PAIRS,
    "ipam": Form(_nested(IPAM_FORMS), schemas.same),
}
VOLUME_FORMS = {"driver_opts": PAIRS, "labels": PAIRS}


def _container_map(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_value(node, path, around, CONTAINER_FORMS)


def _network_map(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_value(_null_to_empty(node), path, around, NETWORK_FORMS)


def _volume_map(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_value(_null_to_empty(node), path, around, VOLUME_FORMS)


TOPOLOGY_FORMS = {
    "containers": Form(_container_map, schemas.same),
    "networks": Form(_network_map, schemas.nothing_or),
    "volumes": Form(_volume_map, schemas.nothing_or),
}
FORMS: dict[str, dict[str, Form]] = {
    "Topology": TOPOLOGY_FORMS,
    "Container": CONTAINER_FORMS,
    "Network": NETWORK_FORMS,
    "Volume": VOLUME_FORMS,
    "Port": PORT_FORMS,
    "Mount": MOUNT_FORMS,
    "Attachment": ATTACHMENT_FORMS,
    "Dependency": DEPENDENCY_FORMS,
    "Healthcheck": HEALTHCHECK_FORMS,
    "Ipam": IPAM_FORMS,
}
"""By model and key."""


def _each_value(node: Node, path: Path, around: Surroundings, forms: MappingType[str, Form]) -> Node:
    if not isinstance(node, Mapping):
        return node
    entries = (
        replace(entry, value=_expand_keys(entry.value, (*path, entry.key.text), around, forms))
        for entry in node.entries
    )
    return replace(node, entries=tuple(entries))


def _without_extensions(node: Node) -> Node:
    if not isinstance(node, Mapping):
        return node
    return replace(node, entries=tuple(entry for entry in node.entries if not entry.key.text.startswith("x-")))


def _expand_keys(node: Node, path: Path, around: Surroundings, forms: MappingType[str, Form]) -> Node:
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


def expand(root: Mapping, around: Surroundings) -> Mapping:
    """The whole document in its long form; problems of short forms are collected in `around`."""
    expanded = _expand_keys(root, (), around, TOPOLOGY_FORMS)
    if not isinstance(expanded, Mapping):  # pragma: no cover - a mapping expands to a mapping
        raise TypeError(expanded)
    return expanded
