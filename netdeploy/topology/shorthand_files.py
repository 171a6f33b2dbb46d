"""What a topology file takes from files beside it: environment variables, labels, seccomp profiles."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

from netdeploy.paths import why
from netdeploy.topology.problem import Problem
from netdeploy.topology.shorthand_mounts import at_home
from netdeploy.topology.shorthand_pieces import mapping, scalar
from netdeploy.topology.variables import HINT as VARIABLES_HINT
from netdeploy.topology.variables import first_variable
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from netdeploy.topology.problem import Path
    from netdeploy.topology.shorthand_pieces import Surroundings

_MAX_BYTES = 1_000_000
_SECTIONS = {"env_file": "environment", "label_file": "labels"}


def with_files(node: Node, path: Path, around: Surroundings) -> Node:
    """A container with what its `env_file` and `label_file` hold; what it says itself comes before them."""
    if not isinstance(node, Mapping):
        return node
    entries = {entry.key.text: entry for entry in node.entries}
    for key, section in _SECTIONS.items():
        files = entries[key].value if key in entries else None
        own = entries[section].value if section in entries else None
        if not isinstance(files, Sequence) or not isinstance(own, Mapping | None):
            continue
        found: dict[str, Entry] = {}
        for index, item in enumerate(files.items):
            for name, value in _pairs_of(item, (*path, key, index), around).items():
                found[name] = Entry(scalar(name, item.mark), scalar(value, item.mark))
        found |= {entry.key.text: entry for entry in (own.entries if own else ())}
        where = own or files
        merged = Mapping(tuple(found.values()), where.mark, made=own is None)
        entries[section] = Entry(scalar(section, where.mark), merged) if own is None else entries[section]
        entries[section] = Entry(entries[section].key, merged)
    return Mapping(tuple(entries.values()), node.mark, node.made)


def _pairs_of(item: Node, path: Path, around: Surroundings) -> dict[str, str]:
    """The variables in the file that an item names; none where it names none."""
    settings = {e.key.text: e.value for e in item.entries} if isinstance(item, Mapping) else {"path": item}
    named = settings.get("path")
    if not isinstance(named, Scalar) or not isinstance(named.value, str) or not named.value:
        return {}
    required, raw = settings.get("required"), settings.get("format")
    may_be_missing = isinstance(required, Scalar) and required.value is False
    text = _text_of(named, path, around, may_be_missing=may_be_missing)
    if isinstance(raw, Scalar) and raw.value == "raw":
        return _raw(text, named, path, around)
    return _parsed(text, named, path, around)


def _text_of(named: Scalar, path: Path, around: Surroundings, *, may_be_missing: bool = False) -> str:
    file = around.folder / at_home(named.text)
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) <= _MAX_BYTES:
            return content.decode("utf-8-sig")
        reason = "it is larger than 1 MB"
    except FileNotFoundError:
        if may_be_missing:
            return ""
        around.problem(named.mark, path, f"there is no file {named.text}", f"looked for {file}")
        return ""
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except (OSError, ValueError) as error:
        reason = why(error)
    around.problem(named.mark, path, f"{named.text} can't be read: {reason}")
    return ""


_NO_VARIABLE = "each line is `NAME=value`, or a comment after `#`"


def _raw(text: str, named: Scalar, path: Path, around: Surroundings) -> dict[str, str]:
    """Line by line, as `docker run --env-file` reads it: quotes and `#` in a value are part of it."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        written = line.removesuffix("\r").lstrip()
        name, equals, value = written.partition("=")
        if not written or written.startswith("#"):
            continue
        if not name or re.search(r"\s", name):
            around.problem(named.mark, path, f"line {number} of {named.text} is not a variable", _NO_VARIABLE)
        elif equals:
            found[name] = value
        elif name in around.environ:
            found[name] = around.environ[name]
    return found


def _parsed(text: str, named: Scalar, path: Path, around: Surroundings) -> dict[str, str]:
    if not text:
        return {}
    from dotenv.parser import parse_stream  # noqa: PLC0415 - only who has such a file pays for it

    found: dict[str, str] = {}
    literal: dict[int, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original.string
        line = binding.original.line + len(original) - len(original.lstrip("\n"))
        if binding.error:
            around.problem(named.mark, path, f"line {line} of {named.text} is not a variable", _NO_VARIABLE)
        elif binding.key is not None:
            value = around.environ.get(binding.key) if binding.value is None else binding.value
            if value is not None:
                found[binding.key] = value
            if binding.value and _QUOTED_ONCE.match(original) is None:
                literal[line] = first_variable(binding.value)
    _warn_of_variables({line: name for line, name in literal.items() if name}, named, path, around)
    return found


_QUOTED_ONCE = re.compile(r"[^=]*=\s*'")
"""In single quotes Compose fills in nothing."""


def _warn_of_variables(lines: dict[int, str], named: Scalar, path: Path, around: Surroundings) -> None:
    """One warning for each file of environment variables."""
    if not lines or "env_file" not in path:
        return
    line, name = next(iter(lines.items()))
    more = f", as in {len(lines) - 1} more" if len(lines) > 1 else ""
    message = f"`{name}` in line {line} of {named.text} is passed on literally{more}; Compose would fill it in"
    around.problems.append(Problem(named.mark, message, path, VARIABLES_HINT, "warning"))


def env_files(node: Node, _path: Path, _around: Surroundings) -> Node:
    """One file, or a list of files, each a text or a mapping."""
    if isinstance(node, Scalar) and node.value is not None:
        node = Sequence((node,), node.mark, made=True)
    if not isinstance(node, Sequence):
        return node
    items = (mapping(i.mark, path=i.text) if isinstance(i, Scalar) and i.value is not None else i for i in node.items)
    return Sequence(tuple(items), node.mark, node.made)


def security_options(node: Node, path: Path, around: Surroundings) -> Node:
    """The engine takes a seccomp profile by its content, so a file's is put in its place."""
    if not isinstance(node, Sequence):
        return node
    items = (_security_option(item, (*path, index), around) for index, item in enumerate(node.items))
    return Sequence(tuple(items), node.mark, node.made)


def _security_option(item: Node, path: Path, around: Surroundings) -> Node:
    value = item.value if isinstance(item, Scalar) else None
    if not isinstance(value, str) or not value.startswith(("seccomp=", "seccomp:")):
        return item
    name = value[len("seccomp=") :]
    if name in ("unconfined", "builtin") or name.startswith("{"):
        return item
    text = _text_of(scalar(name, item.mark), path, around)
    if not text:
        return scalar("seccomp=unconfined", item.mark)
    try:
        return scalar("seccomp=" + json.dumps(json.loads(text), separators=(",", ":")), item.mark)
    except ValueError as error:
        around.problem(item.mark, path, f"{name} is no seccomp profile: it is not JSON ({error})")
        return scalar("seccomp=unconfined", item.mark)
