"""Short forms become long ones, in the tree, so that every piece keeps its place in the file.

One table, `FORMS`, says for each key how the short form is expanded and which JSON Schema describes all that is
accepted; schema.py reads the same rows, so what an editor offers is what the reader takes.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from netdeploy.topology.problem import Mark, Path, Problem
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as MappingType

Schema = dict[str, Any]


@dataclass(slots=True)
class Surroundings:
    """What the short forms lean on: the file's folder, the user's environment, and where problems are collected."""

    folder: FilePath
    environ: MappingType[str, str]
    problems: list[Problem] = field(default_factory=list)

    def problem(self, mark: Mark, path: Path, message: str, hint: str = "") -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(mark, message, path, hint))


@dataclass(frozen=True, slots=True)
class Form:
    """How one key's short form is expanded; `schema` turns the long form's JSON Schema into that of both."""

    expand: Callable[[Node, Path, Surroundings], Node]
    schema: Callable[[Schema], Schema]


# -- pieces ----------------------------------------------------------------------------------------------------------

_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_TEXT_OR_NULL: Schema = {"type": ["string", "number", "boolean", "null"]}
_PAIRS: Schema = {
    "anyOf": [
        {"type": "object", "additionalProperties": _TEXT},
        {"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}},
    ]
}
_ENVIRONMENT: Schema = {
    "anyOf": [
        {"type": "object", "additionalProperties": _TEXT_OR_NULL},
        {"type": "array", "items": {"type": "string", "pattern": "^[^=]"}},
    ]
}


def _text(node: Node) -> Node:
    """A number or boolean where text is meant, as it stands in the file: `1.10` stays `1.10`."""
    if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, str):
        return Scalar(node.text, node.text, node.mark)
    return node


def _scalar(text: str, mark: Mark) -> Scalar:
    return Scalar(text, text, mark)


def _mapping(mark: Mark, **values: str | bool | None) -> Mapping:
    """A mapping made from a short form: everything in it stands where the short form stands."""
    return Mapping(
        tuple(
            Entry(_scalar(key, mark), Scalar(value, str(value), mark))
            for key, value in values.items()
            if value is not None
        ),
        mark,
    )


def _text_form(node: Node, _path: Path, _around: Surroundings) -> Node:
    return _text(node)


def _texts(node: Node, _path: Path, _around: Surroundings) -> Node:
    if isinstance(node, Sequence):
        return Sequence(tuple(_text(item) for item in node.items), node.mark)
    return node


def _one_or_more(node: Node, path: Path, around: Surroundings) -> Node:
    if isinstance(node, Scalar) and node.value is not None:
        return Sequence((_text(node),), node.mark)
    return _texts(node, path, around)


def _words(node: Node, path: Path, around: Surroundings) -> Node:
    """`nginx -g "daemon off;"` as a list, split as a shell would."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        try:
            words = shlex.split(node.value)
        except ValueError as error:
            around.problem(node.mark, path, f"can't be split into words: {str(error).lower()}", "close the quotes")
            words = [node.value]
        return Sequence(tuple(_scalar(word, node.mark) for word in words), node.mark)
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
            around.problem(item.mark, (*path, index), "expected `NAME=value`")
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
            entries[name] = Entry(_scalar(name, item.mark), scalar)
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
                message = "has no value, and your environment has none either; it is left out"
                hint = f'write `{name}: ""` for an empty value'
                around.problems.append(Problem(entry.key.mark, message, (*path, name), hint, severity="warning"))
                continue
            entries.append(Entry(entry.key, _scalar(around.environ[name], entry.value.mark)))
        else:
            entries.append(entry)
    return Mapping(tuple(entries), pairs.mark)


def _names(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of names as a mapping to nothing further; `name:` with nothing after it likewise."""
    if isinstance(node, Sequence):
        entries: dict[str, Entry] = {}
        for index, item in enumerate(node.items):
            if not isinstance(item, Scalar) or not isinstance(_text(item).value, str):  # type: ignore[union-attr]
                around.problem(item.mark, (*path, index), "expected a name")
            elif item.text in entries:
                problem = Problem(item.mark, f"`{item.text}` is listed twice", (*path, index), "keep one of them")
                around.problems.append(_with_first(problem, entries[item.text].key.mark))
            else:
                key = _scalar(item.text, item.mark)
                entries[item.text] = Entry(key, Mapping((), item.mark))
        return Mapping(tuple(entries.values()), node.mark)
    return _null_to_empty(node)


def _null_to_empty(node: Node) -> Node:
    if not isinstance(node, Mapping):
        return node
    return Mapping(
        tuple(
            Entry(entry.key, Mapping((), entry.key.mark))
            if isinstance(entry.value, Scalar) and entry.value.value is None
            else entry
            for entry in node.entries
        ),
        node.mark,
    )


def _attachments(node: Node, path: Path, around: Surroundings) -> Node:
    named = _names(node, path, around)
    return _each_value(named, path, around, ATTACHMENT_FORMS)


# -- ports -----------------------------------------------------------------------------------------------------------

_PORT_TEXT = re.compile(
    r"(?:(?:(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]*):)?(?P<published>[0-9-]*):)?(?P<target>[0-9-]+)(?:/(?P<protocol>[a-z]+))?"
)
PORT_HINT = "write `3000`, `3000:3000`, `127.0.0.1:8080:80/tcp` or `8000-8010:8000-8010`"


def _ports(node: Node, path: Path, around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        if isinstance(item, Scalar):
            port = _port(item, (*path, index), around)
            items.append(port or Mapping((Entry(_scalar("target", item.mark), _scalar("1", item.mark)),), item.mark))
        else:
            items.append(_expand_keys(item, (*path, index), around, PORT_FORMS))
    return Sequence(tuple(items), node.mark)


def _port(item: Scalar, path: Path, around: Surroundings) -> Node | None:
    match = _PORT_TEXT.fullmatch(item.text)
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

_MODES: dict[str, dict[str, str | bool]] = {"rw": {}, "ro": {"read_only": True}, "nocopy": {"nocopy": True}}
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


def _mounts(node: Node, path: Path, around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        if isinstance(item, Scalar):
            item_path = (*path, index)
            items.append(_mount(item, item_path, around) or _mapping(item.mark, type="tmpfs", target="/"))
        else:
            items.append(_absolute_source(_expand_keys(item, (*path, index), around, MOUNT_FORMS), around))
    return Sequence(tuple(items), node.mark)


def _mount(item: Scalar, path: Path, around: Surroundings) -> Node | None:
    parts = item.text.split(":")
    source: str | None = None
    modes: list[str] = []
    if len(parts) == 1:
        (target,) = parts
    else:
        source, target, *rest = parts
        modes = rest[0].split(",") if rest else []
        if len(rest) > 1 or not source:
            hint = "write `data:/var/lib/data`, `./folder:/target:ro` or `/target`"
            around.problem(item.mark, path, f"`{item.text}` is not a mount", hint)
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
            around.problem(item.mark, path, f"`{mode}` is not a mode of a mount", "write `ro` or `rw`")
    mount = Mapping(tuple(Entry(_scalar(key, item.mark), value) for key, value in entries.items()), item.mark)
    return _absolute_source(mount, around)


def _absolute_source(node: Node, around: Surroundings) -> Node:
    """A bind mount's source: relative to the file's folder, `~` is the user's home."""
    if not isinstance(node, Mapping):
        return node
    kind, source = node.get("type"), node.get("source")
    if not (isinstance(kind, Scalar) and kind.value == "bind" and isinstance(source, Scalar)):
        return node
    if not isinstance(source.value, str):
        return node
    path = os.path.normpath(around.folder / FilePath(source.value).expanduser())
    replaced = _scalar(path, source.mark)
    entries = (Entry(e.key, replaced) if e.key.text == "source" else e for e in node.entries)
    return Mapping(tuple(entries), node.mark)


# -- the rest --------------------------------------------------------------------------------------------------------


def _check(node: Node, path: Path, around: Surroundings) -> Node:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Sequence((_scalar("CMD-SHELL", node.mark), node), node.mark)
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
    found: dict[str, tuple[Scalar, list[Node]]] = {}
    for index, item in enumerate(node.items):
        match = re.fullmatch(r"([^:=\s]+)[:=]\[?([^\]]+)\]?", item.text) if isinstance(item, Scalar) else None
        if not match:
            around.problem(item.mark, (*path, index), "expected `name:address`")
            continue
        found.setdefault(match[1], (_scalar(match[1], item.mark), []))[1].append(_scalar(match[2], item.mark))
    return Mapping(tuple(Entry(key, Sequence(tuple(ips), key.mark)) for key, ips in found.values()), node.mark)


def _nested(forms: MappingType[str, Form]) -> Callable[[Node, Path, Surroundings], Node]:
    return lambda node, path, around: _expand_keys(node, path, around, forms)


def _pools(node: Node, _path: Path, _around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items = (_without_extensions(item) for item in node.items)
    return Sequence(tuple(items), node.mark)


def _same(schema: Schema) -> Schema:
    return schema


def _or(short: Schema) -> Callable[[Schema], Schema]:
    def both(long: Schema) -> Schema:
        alternatives = long.get("anyOf", [long])
        return {"anyOf": [short, *alternatives]}

    return both


def _instead(schema: Schema) -> Callable[[Schema], Schema]:
    return lambda _long: schema


def _items(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _list_of(short: Schema) -> Callable[[Schema], Schema]:
    return lambda long: _items({"anyOf": [short, long["items"]]})


def _name_list_or(long: Schema) -> Schema:
    values = {"anyOf": [long["additionalProperties"], {"type": "null"}]}
    names = {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "uniqueItems": True}
    return {"anyOf": [names, {"type": "object", "additionalProperties": values}]}


def _or_null(long: Schema) -> Schema:
    return {**long, "additionalProperties": {"anyOf": [long["additionalProperties"], {"type": "null"}]}}


_PORT_OR_NUMBER: Schema = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"}]
}
_WORDS_SCHEMA: Schema = {"anyOf": [{"type": "string"}, _items(_TEXT)]}
_WORD_LIST_SCHEMA: Schema = {"anyOf": [{"type": "string", "pattern": r"\S"}, {**_items(_TEXT), "minItems": 1}]}

PAIRS = Form(_pairs, _instead(_PAIRS))
TEXTS = Form(_texts, _instead(_items(_TEXT)))

PORT_FORMS = {
    "target": Form(_text_form, _instead(_PORT_OR_NUMBER)),
    "published": Form(_text_form, _or(_PORT_OR_NUMBER)),
}
MOUNT_FORMS: dict[str, Form] = {}
ATTACHMENT_FORMS: dict[str, Form] = {}
HEALTHCHECK_FORMS = {"test": Form(_check, _or(_WORDS_SCHEMA))}
IPAM_FORMS = {"config": Form(_pools, _same)}
CONTAINER_FORMS = {
    "command": Form(_words, _or(_WORD_LIST_SCHEMA)),
    "entrypoint": Form(_words, _or(_WORDS_SCHEMA)),
    "environment": Form(_environment, _instead(_ENVIRONMENT)),
    "user": Form(_text_form, _or(_TEXT)),
    "labels": PAIRS,
    "networks": Form(_attachments, _name_list_or),
    "ports": Form(_ports, _list_of({"type": ["string", "integer"], "pattern": f"^(?:{_PORT_TEXT.pattern})$"})),
    "expose": Form(_texts, _list_of({"type": "integer", "minimum": 0, "maximum": 99_999})),
    "volumes": Form(_mounts, _list_of({"type": "string", "pattern": "^(?:[^:]+:)?/[^:]*(:[a-z,]+)?$"})),
    "healthcheck": Form(_nested(HEALTHCHECK_FORMS), _same),
    "depends_on": Form(_names, _name_list_or),
    "extra_hosts": Form(
        _extra_hosts,
        _instead(
            {
                "anyOf": [
                    {
                        "type": "object",
                        "additionalProperties": {"anyOf": [{"type": "string"}, _items({"type": "string"})]},
                    },
                    _items({"type": "string", "pattern": r"^[^:=\s]+[:=].+"}),
                ]
            }
        ),
    ),
    "dns": Form(_one_or_more, lambda long: {"anyOf": [*long["items"].get("anyOf", [long["items"]]), long]}),
}
NETWORK_FORMS = {
    "driver_opts": PAIRS,
    "labels": PAIRS,
    "ipam": Form(_nested(IPAM_FORMS), _same),
}
VOLUME_FORMS = {"driver_opts": PAIRS, "labels": PAIRS}


def _container_map(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_value(node, path, around, CONTAINER_FORMS)


def _network_map(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_value(_null_to_empty(node), path, around, NETWORK_FORMS)


def _volume_map(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_value(_null_to_empty(node), path, around, VOLUME_FORMS)


TOPOLOGY_FORMS = {
    "containers": Form(_container_map, _same),
    "networks": Form(_network_map, _or_null),
    "volumes": Form(_volume_map, _or_null),
}
FORMS: dict[str, dict[str, Form]] = {
    "Topology": TOPOLOGY_FORMS,
    "Container": CONTAINER_FORMS,
    "Network": NETWORK_FORMS,
    "Volume": VOLUME_FORMS,
    "Port": PORT_FORMS,
    "Mount": MOUNT_FORMS,
    "Attachment": ATTACHMENT_FORMS,
    "Healthcheck": HEALTHCHECK_FORMS,
    "Ipam": IPAM_FORMS,
}
"""By model and key."""


def _each_value(node: Node, path: Path, around: Surroundings, forms: MappingType[str, Form]) -> Node:
    if not isinstance(node, Mapping):
        return node
    entries = (
        Entry(entry.key, _expand_keys(entry.value, (*path, entry.key.text), around, forms)) for entry in node.entries
    )
    return Mapping(tuple(entries), node.mark)


def _without_extensions(node: Node) -> Node:
    if not isinstance(node, Mapping):
        return node
    return Mapping(tuple(entry for entry in node.entries if not entry.key.text.startswith("x-")), node.mark)


def _expand_keys(node: Node, path: Path, around: Surroundings, forms: MappingType[str, Form]) -> Node:
    """Each key of a mapping by its form; `x-…` keys are the user's own and go."""
    bare = _without_extensions(node)
    if not isinstance(bare, Mapping):
        return bare
    return Mapping(
        tuple(
            Entry(entry.key, forms[entry.key.text].expand(entry.value, (*path, entry.key.text), around))
            if entry.key.text in forms
            else entry
            for entry in bare.entries
        ),
        bare.mark,
    )


def expand(root: Mapping, around: Surroundings) -> Mapping:
    """The whole document in its long form; problems of short forms are collected in `around`."""
    expanded = _expand_keys(root, (), around, TOPOLOGY_FORMS)
    if not isinstance(expanded, Mapping):  # pragma: no cover - a mapping expands to a mapping
        raise TypeError(expanded)
    return expanded
