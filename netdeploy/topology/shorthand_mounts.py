"""Short forms of what a container gets from the host: mounts."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path as FilePath

from netdeploy.topology import shorthand_schemas as schemas
from netdeploy.topology.problem import Path
from netdeploy.topology.shorthand_pieces import (
    Form,
    Surroundings,
    expand_keys,
    mapping,
    nested,
    scalar,
    scalar_of,
)
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence

MOUNT_HINT = "write `data:/var/lib/data`, `./folder:/target:ro` or `/target`"
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_CONSISTENCIES = ("consistent", "cached", "delegated")


def mounts(node: Node, path: Path, around: Surroundings) -> Node:
    """A list of mounts, each a text or a mapping."""
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for index, item in enumerate(node.items):
        if isinstance(item, Scalar):
            item_path = (*path, index)
            aside = f"/.unread/{next(around.numbers)}"  # what stands in for a broken mount breaks no rule
            items.append(_mount(item, item_path, around) or mapping(item.mark, type="tmpfs", target=aside))
        else:
            items.append(_absolute_source(expand_keys(item, (*path, index), around, MOUNT_FORMS), around))
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
        "type": scalar("bind" if bind else "volume", item.mark),
        "target": scalar(target, item.mark),
    }
    if source is not None:
        entries["source"] = scalar(source, item.mark)
    entries |= _settings(modes, item, path, around, bind=bind)
    pairs = tuple(Entry(scalar(key, item.mark), value) for key, value in entries.items())
    mount = Mapping(pairs, item.mark, made=True)
    return _absolute_source(mount, around)


def _settings(modes: list[str], item: Scalar, path: Path, around: Surroundings, *, bind: bool) -> dict[str, Node]:
    """What the modes of `source:target:modes` say; of two for one thing the engine takes neither."""
    found: dict[str, Node] = {}
    of_bind: dict[str, str | bool] = {"create_host_path": True} if bind else {}
    said: dict[str, str] = {}
    for mode in modes:
        about = _about(mode, bind=bind)
        if not about:
            where = f"a {'bind' if bind else 'volume'} mount"
            around.problem(item.mark, path, f"`{mode}` is not a mode of {where}", "write `ro` or `rw`")
        elif about in said:
            message = f"`{said[about]}` and `{mode}` exclude each other" if said[about] != mode else f"`{mode}` twice"
            around.problem(item.mark, path, message, "keep one of them")
        elif about == "read_only":
            found["read_only"] = Scalar(mode == "ro", mode, item.mark)
        elif about == "nocopy":
            found["volume"] = mapping(item.mark, nocopy=True)
        elif about == "consistency":
            found["consistency"] = scalar(mode, item.mark)
        else:
            of_bind[about] = mode
        said.setdefault(about, mode)
    return found | ({"bind": mapping(item.mark, **of_bind)} if of_bind else {})


def _about(mode: str, *, bind: bool) -> str:
    """What a mode says something about; "" for what is no mode."""
    if mode in ("z", "Z"):
        return "selinux"
    if mode in _CONSISTENCIES:
        return "consistency"
    if mode in _PROPAGATIONS and bind:
        return "propagation"
    return {"ro": "read_only", "rw": "read_only", "nocopy": "" if bind else "nocopy"}.get(mode, "")


def _absolute_source(node: Node, around: Surroundings) -> Node:
    kind = node.get("type") if isinstance(node, Mapping) else None
    is_bind = isinstance(kind, Scalar) and kind.value == "bind"
    return absolute_file(node, "source", around) if is_bind else node


def absolute_file(node: Node, key: str, around: Surroundings) -> Node:
    """A host's path below `key`: relative to the file's folder, `~` is the user's home."""
    named = node.get(key) if isinstance(node, Mapping) else None
    if not (isinstance(node, Mapping) and isinstance(named, Scalar) and isinstance(named.value, str) and named.value):
        return node
    path = os.path.normpath(around.folder / at_home(named.value))
    replaced = scalar(path, named.mark)
    entries = (replace(e, value=replaced) if e.key.text == key else e for e in node.entries)
    return replace(node, entries=tuple(entries))


def at_home(source: str) -> FilePath:
    """A path with `~` as the user's home."""
    try:
        return FilePath(source).expanduser()
    except RuntimeError:  # nobody of that name has a home here: a shell takes the text as it stands, too
        return FilePath(source)


def _file_mode(node: Node, path: Path, around: Surroundings) -> Node:
    """Permissions with a leading zero were octal in YAML 1.1 and are decimal now: never what is meant."""
    if isinstance(node, Scalar) and isinstance(node.value, int) and re.fullmatch("0[0-9]+", node.text):
        message = f"`{node.text}` is a decimal number in YAML 1.2"
        around.problem(node.mark, path, message, f"write `0o{node.text.lstrip('0') or '0'}`")
        return scalar_of(0, node.mark)
    return node


MOUNT_FORMS: dict[str, Form] = {
    "bind": Form(nested({}), schemas.same),
    "volume": Form(nested({}), schemas.same),
    "tmpfs": Form(nested({"mode": Form(_file_mode, schemas.same)}), schemas.same),
}
