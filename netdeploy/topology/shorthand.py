"""Short forms become long ones, in the tree, so that every piece keeps its place in the file.

One table, `FORMS`, says for each key how the short form is expanded and which JSON Schema describes all that is
accepted; schema.py reads the same rows, so what an editor offers is what the reader takes.
"""

from __future__ import annotations

import re
from dataclasses import replace

from netdeploy.topology import shorthand_schemas as schemas
from netdeploy.topology.problem import Path
from netdeploy.topology.shorthand_files import env_files, security_options, with_files
from netdeploy.topology.shorthand_mounts import MOUNT_FORMS, absolute_file, mounts
from netdeploy.topology.shorthand_pieces import (
    Form,
    Surroundings,
    each_value,
    environment,
    expand_keys,
    labels,
    mapping,
    names,
    nested,
    null_to_empty,
    one_or_more,
    pairs,
    scalar,
    text_form,
    texts,
    whole_items,
    words,
)
from netdeploy.topology.shorthand_ports import PORT_FORMS, ports
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence


def _attachments(node: Node, path: Path, around: Surroundings) -> Node:
    named = names(node, path, around)
    return each_value(named, path, around, ATTACHMENT_FORMS)


def _dependencies(node: Node, path: Path, around: Surroundings) -> Node:
    named = names(node, path, around)
    return each_value(named, path, around, DEPENDENCY_FORMS)


def _devices(node: Node, path: Path, around: Surroundings) -> Node:
    """`/dev/sda:/dev/xvda:rwm` as a mapping."""
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for item in node.items:
        parts = item.text.split(":") if isinstance(item, Scalar) and item.value is not None else []
        if not 1 <= len(parts) <= 3:
            items.append(expand_keys(item, path, around, {}))
            continue
        source, target, permissions = (*parts, None, None)[:3]
        if target and not target.startswith("/") and permissions is None:
            target, permissions = None, target  # `/dev/null:r`
        items.append(mapping(item.mark, source=source, target=target, permissions=permissions))
    return replace(node, items=tuple(items))


def _gpus(node: Node, path: Path, around: Surroundings) -> Node:
    """`all` as one request."""
    if isinstance(node, Scalar) and node.value == "all":
        return Sequence((mapping(node.mark, count="all"),), node.mark, made=True)
    return _each_item(node, path, around, {"options": PAIRS})


def _each_item(node: Node, path: Path, around: Surroundings, forms: dict[str, Form]) -> Node:
    if not isinstance(node, Sequence):
        return node
    items = (expand_keys(item, (*path, index), around, forms) for index, item in enumerate(node.items))
    return replace(node, items=tuple(items))


def _plain_items(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_item(node, path, around, {})


def _ulimits(node: Node, path: Path, around: Surroundings) -> Node:
    """`nofile: 1024` as both limits."""
    if not isinstance(node, Mapping):
        return node

    def limit(value: Node) -> Node:
        if isinstance(value, Scalar) and value.value is not None:
            both = (Entry(scalar(key, value.mark), value) for key in ("soft", "hard"))
            return Mapping(tuple(both), value.mark, made=True)
        return expand_keys(value, path, around, {})

    return replace(node, entries=tuple(replace(entry, value=limit(entry.value)) for entry in node.entries))


def _file_mounts(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of names, or of `source` and `target`."""
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        named = isinstance(item, Scalar) and item.value is not None
        items.append(
            mapping(item.mark, source=item.text)
            if isinstance(item, Scalar) and named
            else expand_keys(item, (*path, index), around, {})
        )
    return replace(node, items=tuple(items))


def _check(node: Node, path: Path, around: Surroundings) -> Node:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return Sequence((scalar("CMD-SHELL", node.mark), node), node.mark, made=True)
    return texts(node, path, around)


def _extra_hosts(node: Node, path: Path, around: Surroundings) -> Node:
    """`name: address` (or several), or a list of `name:address` or `name=address`, as a mapping to lists."""
    if isinstance(node, Mapping):
        return Mapping(
            tuple(Entry(entry.key, one_or_more(entry.value, path, around)) for entry in node.entries),
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
        name = scalar(match[1], item.mark)
        found.setdefault(match[1], (index, name, []))[2].append(scalar(match[2], item.mark))
    entries = (
        Entry(name, Sequence(tuple(addresses), name.mark, made=True), index)
        for index, name, addresses in found.values()
    )
    return Mapping(tuple(entries), node.mark)


def _pools(node: Node, path: Path, around: Surroundings) -> Node:
    if not isinstance(node, Sequence):
        return node
    items = (expand_keys(item, (*path, index), around, {}) for index, item in enumerate(node.items))
    return replace(node, items=tuple(items))


PAIRS = Form(pairs, schemas.instead(schemas.PAIRS))
LABELS = Form(labels, schemas.instead(schemas.LABELS))
ATTACHMENT_FORMS: dict[str, Form] = {"driver_opts": PAIRS}
DEPENDENCY_FORMS: dict[str, Form] = {}
HEALTHCHECK_FORMS = {"test": Form(_check, schemas.either(schemas.WORDS))}
IPAM_FORMS = {"config": Form(_pools, schemas.same), "options": PAIRS}
BLKIO_KEYS = (
    "weight_device",
    "device_read_bps",
    "device_write_bps",
    "device_read_iops",
    "device_write_iops",
)
BLKIO_FORMS = {key: Form(_plain_items, schemas.same) for key in BLKIO_KEYS}
LOGGING_FORMS = {"options": LABELS}
CONTAINER_FORMS = {
    "command": Form(words, schemas.either(schemas.SOME_WORDS)),
    "entrypoint": Form(words, schemas.either(schemas.WORDS)),
    "environment": Form(environment, schemas.instead(schemas.ENVIRONMENT)),
    "user": Form(text_form, schemas.either(schemas.TEXT)),
    "labels": LABELS,
    "networks": Form(_attachments, schemas.names_or_mapping),
    "ports": Form(ports, schemas.items_or(schemas.PORT)),
    "expose": Form(whole_items, schemas.items_or(schemas.PORT_NUMBER)),
    "volumes": Form(mounts, schemas.items_or(schemas.MOUNT)),
    "healthcheck": Form(nested(HEALTHCHECK_FORMS), schemas.same),
    "depends_on": Form(_dependencies, schemas.names_or_mapping),
    "extra_hosts": Form(_extra_hosts, schemas.extra_hosts),
    "dns": Form(one_or_more, schemas.one_or_more),
    "annotations": LABELS,
    "blkio_config": Form(nested(BLKIO_FORMS), schemas.same),
    "configs": Form(_file_mounts, schemas.items_or(schemas.NAME)),
    "cpuset": Form(text_form, schemas.either({"type": "integer", "minimum": 0})),
    "devices": Form(_devices, schemas.items_or(schemas.DEVICE)),
    "dns_opt": Form(texts, schemas.same),
    "dns_search": Form(one_or_more, schemas.one_or_more),
    "env_file": Form(env_files, schemas.one_or_more_items(schemas.FILE)),
    "gpus": Form(_gpus, schemas.either({"const": "all"})),
    "group_add": Form(texts, schemas.items_or({"type": "integer", "minimum": 0})),
    "label_file": Form(one_or_more, schemas.one_or_more),
    "logging": Form(nested(LOGGING_FORMS), schemas.same),
    "secrets": Form(_file_mounts, schemas.items_or(schemas.NAME)),
    "security_opt": Form(security_options, schemas.same),
    "storage_opt": PAIRS,
    "sysctls": PAIRS,
    "tmpfs": Form(one_or_more, schemas.one_or_more),
    "ulimits": Form(_ulimits, schemas.ulimits),
}
NETWORK_FORMS = {
    "driver_opts": PAIRS,
    "labels": LABELS,
    "ipam": Form(nested(IPAM_FORMS), schemas.same),
}
VOLUME_FORMS = {"driver_opts": PAIRS, "labels": LABELS}


def _checks(node: Node, path: Path, around: Surroundings) -> Node:
    return _each_item(node, path, around, {"http": Form(nested({}), schemas.same)})


def _container_map(node: Node, path: Path, around: Surroundings) -> Node:
    expanded = each_value(node, path, around, CONTAINER_FORMS)
    if not isinstance(expanded, Mapping):
        return expanded
    entries = (replace(e, value=with_files(e.value, (*path, e.key.text), around)) for e in expanded.entries)
    return replace(expanded, entries=tuple(entries))


def _network_map(node: Node, path: Path, around: Surroundings) -> Node:
    return each_value(null_to_empty(node), path, around, NETWORK_FORMS)


def _file_map(node: Node, path: Path, around: Surroundings) -> Node:
    """A config's or secret's file: relative to the topology file's folder."""
    named = each_value(node, path, around, {})
    if not isinstance(named, Mapping):
        return named
    entries = (replace(entry, value=absolute_file(entry.value, "file", around)) for entry in named.entries)
    return replace(named, entries=tuple(entries))


def _volume_map(node: Node, path: Path, around: Surroundings) -> Node:
    return each_value(null_to_empty(node), path, around, VOLUME_FORMS)


TOPOLOGY_FORMS = {
    "checks": Form(_checks, schemas.same),
    "containers": Form(_container_map, schemas.same),
    "networks": Form(_network_map, schemas.nothing_or),
    "volumes": Form(_volume_map, schemas.nothing_or),
    "configs": Form(_file_map, schemas.same),
    "secrets": Form(_file_map, schemas.same),
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
    "Logging": LOGGING_FORMS,
    "Gpus": {"options": PAIRS},
}
"""By model and key."""


def expand(root: Mapping, around: Surroundings) -> Mapping:
    """The whole document in its long form; problems of short forms are collected in `around`."""
    expanded = expand_keys(root, (), around, TOPOLOGY_FORMS)
    if not isinstance(expanded, Mapping):  # pragma: no cover - a mapping expands to a mapping
        raise TypeError(expanded)
    return expanded
