"""Short forms of published ports."""

from __future__ import annotations

import re
from dataclasses import replace

from netdeploy.topology import shorthand_schemas as schemas
from netdeploy.topology.problem import Path
from netdeploy.topology.shorthand_pieces import Form, Surroundings, expand_keys, mapping, scalar, whole
from netdeploy.topology.yaml_source import Mapping, Node, Scalar, Sequence


def _published(node: Node, path: Path, around: Surroundings) -> Node:
    """The host's port 0 is any free one, as is none."""
    number = whole(node, path, around)
    any_free = isinstance(number, Scalar) and re.fullmatch("0{1,5}", number.text)
    return Scalar(None, number.text, number.mark) if isinstance(number, Scalar) and any_free else number


def _protocol(node: Node, _path: Path, _around: Surroundings) -> Node:
    """In lower case."""
    return scalar(node.value.lower(), node.mark) if isinstance(node, Scalar) and isinstance(node.value, str) else node


PORT_FORMS = {
    "target": Form(whole, schemas.instead(schemas.PORT_RANGE)),
    "published": Form(_published, schemas.either(schemas.HOST_PORT)),
    "protocol": Form(_protocol, schemas.instead(schemas.PROTOCOL_WORD)),
}
_HOST = r"\[[0-9a-fA-F:.]+\]|[0-9a-fA-F]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*|[^:\[\]]*"
_PORT_TEXT = re.compile(
    rf"(?:(?:(?P<host>{_HOST}):)?(?P<published>[0-9-]*):)?(?P<target>[0-9-]+)(?:/(?P<protocol>[a-zA-Z]+))?"
)
PORT_HINT = "write `3000`, `3000:3000`, `127.0.0.1:8080:80/tcp` or `8000-8010:8000-8010`"


def ports(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of ports, each a number, a text or a mapping."""
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        if isinstance(item, Scalar):
            port = _port(item, (*path, index), around)
            items.append(port or mapping(item.mark, target="1"))  # what stands in for a broken one breaks no rule
        elif text := _pair(item):
            hint = f"write it without the space: - {text}"
            around.problem(item.mark, (*path, index), "a port to publish is text, and this is a mapping", hint)
            items.append(mapping(item.mark, target="1"))
        else:
            items.append(expand_keys(item, (*path, index), around, PORT_FORMS))
    return replace(node, items=tuple(items))


def _pair(item: Node) -> str:
    """`8080: 80`, which somebody meant as `8080:80`; "" for all else."""
    if not isinstance(item, Mapping) or len(item.entries) != 1:
        return ""
    key, value = item.entries[0].key, item.entries[0].value
    return f"{key.text}:{value.text}" if key.text[:1].isdigit() and isinstance(value, Scalar) else ""


def _port(item: Scalar, path: Path, around: Surroundings) -> Node | None:
    if item.value is None:
        around.problem(item.mark, path, "has no value; expected a port to publish", PORT_HINT)
        return None
    number = whole(item, path, around)
    match = _PORT_TEXT.fullmatch(number.text if isinstance(number, Scalar) else "")
    if not match:
        several = " - " in item.text
        hint = "a line that is indented further than the `-` above belongs to that item" if several else PORT_HINT
        around.problem(item.mark, path, f"`{item.text}` is not a port to publish", hint)
        return None
    host = match["host"].strip("[]") if match["host"] else None
    published = None if re.fullmatch("0{0,5}", match["published"] or "") else match["published"]
    return mapping(
        item.mark,
        target=match["target"],
        published=published,
        host_ip=host or None,
        protocol=match["protocol"] and match["protocol"].lower(),
    )
