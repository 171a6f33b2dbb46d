"""What a topology file takes from files beside it: environment variables, labels, seccomp profiles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from netdeploy.topology.beside import MAX_VARIABLES, TooMuch, Unusable
from netdeploy.topology.env_files import Variables
from netdeploy.topology.problem import Problem
from netdeploy.topology.shorthand_mounts import at_home
from netdeploy.topology.shorthand_pieces import mapping, scalar
from netdeploy.topology.variables import HINT as VARIABLES_HINT
from netdeploy.topology.yaml_source import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from netdeploy.topology.problem import Path
    from netdeploy.topology.shorthand_pieces import Surroundings

_SECTIONS = {"env_file": "environment", "label_file": "labels"}
_MOST_TOLD = 10
_NO_VARIABLE = "each line is `NAME=value`, or a comment after `#`"


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
        found = _taken(files, (*path, key), around)
        found |= {entry.key.text: entry for entry in (own.entries if own else ())}
        where = own or files
        merged = Mapping(tuple(found.values()), where.mark, made=own is None)
        entries[section] = Entry(scalar(section, where.mark), merged) if own is None else entries[section]
        entries[section] = Entry(entries[section].key, merged)
    return Mapping(tuple(entries.values()), node.mark, node.made)


def _taken(files: Sequence, path: Path, around: Surroundings) -> dict[str, Entry]:
    """What the files of one container hold; of a name that several have, the last one's."""
    found: dict[str, Entry] = {}
    for index, item in enumerate(files.items):
        values = _pairs_of(item, (*path, index), around)
        if len(found) + len(values) > MAX_VARIABLES:
            message = f"a container takes at most {MAX_VARIABLES:,} variables from files, and these are more"
            around.problem(
                item.mark, (*path, index), message, "an engine passes them on with every start: keep those in use"
            )
            return {}
        for name, value in values.items():
            found[name] = Entry(scalar(name, item.mark), scalar(value, item.mark))
    return found


def _pairs_of(item: Node, path: Path, around: Surroundings) -> dict[str, str]:
    """The variables in the file that an item names; none where it names none."""
    settings = {e.key.text: e.value for e in item.entries} if isinstance(item, Mapping) else {"path": item}
    named = settings.get("path")
    if not isinstance(named, Scalar) or not isinstance(named.value, str) or not named.value:
        return {}
    required, form = settings.get("required"), settings.get("format")
    raw = isinstance(form, Scalar) and form.value == "raw"
    may_be_missing = isinstance(required, Scalar) and required.value is False
    found = Variables()
    with _using(named, path, around, may_be_missing=may_be_missing) as file:
        found = around.beside.variables(file, raw=raw)
    _tell(found, named, path, around)
    return found.values


@contextmanager
def _using(named: Scalar, path: Path, around: Surroundings, *, may_be_missing: bool = False) -> Iterator[FilePath]:
    """The file that a text names; what stops its use inside is told."""
    file = around.folder / at_home(named.text)
    try:
        yield file
    except FileNotFoundError:
        if not may_be_missing:
            around.problem(named.mark, path, f"there is no file {named.text}", f"looked for {file}")
    except Unusable as error:
        around.problem(named.mark, path, f"{named.text} can't be read: {error}")
    except TooMuch as error:
        if not around.told_too_much:
            message = f"with {named.text}, more than {error} are taken from files in all"
            around.problem(named.mark, path, message, "split the topology, or let its containers mount the file")
        around.told_too_much = True


def _tell(found: Variables, named: Scalar, path: Path, around: Surroundings) -> None:
    """What is to be said about the lines of a file."""
    for line in found.broken[:_MOST_TOLD]:
        around.problem(named.mark, path, f"line {line} of {named.text} is not a variable", _NO_VARIABLE)
    if len(found.broken) > _MOST_TOLD:
        more = len(found.broken) - _MOST_TOLD
        around.problem(named.mark, path, f"{more:,} more lines of {named.text} are no variables", _NO_VARIABLE)
    if found.literal and "env_file" in path:
        line, name = next(iter(found.literal.items()))
        more_lines = f", as in {len(found.literal) - 1} more" if len(found.literal) > 1 else ""
        message = (
            f"`{name}` in line {line} of {named.text} is passed on literally{more_lines}; Compose would fill it in"
        )
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
    profile = "unconfined"
    with _using(scalar(name, item.mark), path, around) as file:
        profile = around.beside.profile(file)
    return scalar(f"seccomp={profile}", item.mark)
