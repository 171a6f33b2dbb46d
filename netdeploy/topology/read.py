"""From a file to a Topology, or to all its problems at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from netdeploy.errors import NetdeployError, TopologyInvalid
from netdeploy.files import NoFile, content_of
from netdeploy.identity import TopologyId
from netdeploy.memory import without_collections
from netdeploy.paths import absolute, is_gone, why
from netdeploy.topology import rules, yaml_source
from netdeploy.topology.draft import Draft
from netdeploy.topology.model import Container, Network, Topology, Volume
from netdeploy.topology.places import Places
from netdeploy.topology.problem import Problem, describe, did_you_mean, plain
from netdeploy.topology.shape import Shapes
from netdeploy.topology.shorthand import expand
from netdeploy.topology.shorthand_pieces import Surroundings
from netdeploy.topology.text_types import LABEL_NAME
from netdeploy.topology.variables import HINT, shortened, variables
from netdeploy.topology.yaml_source import Mapping, Scalar, SourceRefused, to_data

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Mapping as MappingType

M = TypeVar("M", bound=BaseModel)
_OBJECTS = (("containers",), ("networks",), ("volumes",))
MOST_TOLD = 100
"""Problems of one file that are described; whoever mends that many looks again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file gave: `topology` is None exactly when `problems` holds an error."""

    source: FilePath
    shown: str
    """The file's name as the user wrote it."""
    topology: Topology | None
    problems: tuple[Problem, ...]
    lines: list[str]
    raw: bytes = b""
    """The file's content."""

    def described(self) -> list[str]:
        """Each problem as text, in file order; of very many, the first ones."""
        return self._described(self.problems)

    def described_at(self, places: Collection[tuple[str, str]]) -> list[str]:
        """The problems of some objects, each given as its section and name, and of what is no single object's."""
        return self._described([p for p in self.problems if p.path[0:1] not in _OBJECTS or p.path[0:2] in places])

    def _described(self, problems: Sequence[Problem]) -> list[str]:
        told = [describe(problem, self.shown, self.lines) for problem in problems[:MOST_TOLD]]
        more = len(problems) - MOST_TOLD
        return [*told, f"{plain(self.shown)}: … and {more:,} more"] if more > 0 else told

    def wanted(self) -> Topology:
        """The topology.

        Raises:
            TopologyInvalid: the file has errors; `details` holds them all as text.
        """
        if self.topology is None:
            errors = sum(problem.severity == "error" for problem in self.problems)
            count = "1 problem" if errors == 1 else f"{errors} problems"
            raise TopologyInvalid(f"{self.shown} has {count}", details=self.described())
        return self.topology


def read(path: str | FilePath, environ: MappingType[str, str] = os.environ) -> Reading:
    """Read a topology file.

    Args:
        path: the file.
        environ: where environment variables without a value are looked up.

    Raises:
        NetdeployError: the file can't be opened.
    """
    file = FilePath(path)
    return read_bytes(content(file, str(path), streams=True), file, str(path), environ)


def content(file: FilePath, shown: str, *, streams: bool = False) -> bytes:
    """The file's bytes, and no more of them than tell that it is too large; `streams` as in `content_of`.

    Raises:
        NetdeployError: the file can't be opened.
    """
    try:
        return content_of(file, yaml_source.MAX_BYTES, streams=streams)
    except NoFile as error:
        raise NetdeployError(f"{plain(shown)} can't be read: {error}", hint="name the topology file") from None
    except IsADirectoryError:
        raise NetdeployError(f"{shown} is a folder", hint="name the topology file in it") from None
    except FileNotFoundError:
        raise NetdeployError(f"there is no file {shown}", hint=_similar_file(file)) from None
    except PermissionError:
        hint = f"let its owner allow it (chmod +r {file.name}), or the folders above it"
        raise NetdeployError(f"{shown} can't be read: Permission denied", hint=hint) from None
    except (OSError, ValueError) as error:
        raise NetdeployError(f"{plain(shown)} can't be read: {why(error)}") from None


def topology_id(path: FilePath) -> TopologyId:
    """What the topology in a file is known by; the file may have problems otherwise.

    Raises:
        NetdeployError: the file can't be opened.
        TopologyInvalid: the file is no YAML.
    """
    raw = content(path, str(path))
    try:
        root, _ = yaml_source.parse(yaml_source.decode(raw))
        if isinstance(root, Mapping):
            _refuse_plan(root, str(path))
    except SourceRefused as refused:
        details = [describe(refused.problem, str(path), yaml_source.text_lines(raw))]
        raise TopologyInvalid(
            f"{path} can't be read", hint="give the topology's name instead", details=details
        ) from None
    name, prefix = (root.get(key) if isinstance(root, Mapping) else None for key in ("name", "prefix"))
    return TopologyId(
        name.text if isinstance(name, Scalar) and name.text else path.stem,
        prefix.text if isinstance(prefix, Scalar) and prefix.value is not None else "",
    )


def _similar_file(file: FilePath) -> str:
    folder = file.parent
    try:
        names = sorted(p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml"))
    except OSError as error:
        if is_gone(folder):
            return f"there is no folder {folder} either"
        return f"the folder {'you are in' if folder == FilePath() else folder} can't be read: {why(error)}"
    listed = f"in {folder}: {', '.join(names[:8])}" if names else f"no topology file is in {absolute(folder)}"
    return did_you_mean(file.name, names, otherwise=listed)


def read_bytes(raw: bytes, file: FilePath, shown: str, environ: MappingType[str, str] = os.environ) -> Reading:
    """Read a topology file's content; see `read`."""
    with without_collections():
        return _read_bytes(raw, file, shown, environ)


def _read_bytes(raw: bytes, file: FilePath, shown: str, environ: MappingType[str, str]) -> Reading:
    source = absolute(file)
    lines = yaml_source.text_lines(raw)
    try:
        root, problems = yaml_source.parse(yaml_source.decode(raw))
        if not isinstance(root, Mapping):
            kind = "a list" if isinstance(root, yaml_source.Sequence) else "one value"
            hint = "a topology file has keys such as `containers:` and `networks:`"
            raise SourceRefused(Problem(root.mark, f"the file is {kind}, not a mapping", hint=hint))
        _refuse_plan(root, shown)
    except SourceRefused as refused:
        return Reading(source, shown, None, (refused.problem,), lines, raw)
    reader = _Reader(root, source, environ, may_hold_variables=b"$" in raw)
    topology = reader.topology()
    problems += reader.with_variables()
    if any(problem.severity == "error" for problem in problems):
        topology = None
    ordered = sorted(problems, key=lambda problem: (problem.mark, problem.message))
    return Reading(source, shown, topology, tuple(ordered), lines, raw)


def _refuse_plan(root: Mapping, shown: str) -> None:
    """What netdeploy itself printed is JSON, and so YAML too."""
    if root.get("containers") is None and root.get("format_version"):
        if root.get("document"):
            message, hint = "this is a saved plan, not a topology file", f"carry it out: netdeploy apply {shown}"
        elif root.get("changes"):
            message, hint = "this is what `diff -o json` prints, not a topology file", "name the file it came from"
        else:
            return
        raise SourceRefused(Problem(root.mark, message, hint=hint))


def _names(section: Any) -> tuple[str, ...] | None:
    return tuple(section) if isinstance(section, dict) else None


def _files(section: Any) -> dict[str, str]:
    named = section.items() if isinstance(section, dict) else ()
    files = {name: value.get("file") for name, value in named if isinstance(value, dict)}
    return {name: file for name, file in files.items() if isinstance(file, str) and file}


_SECTIONS = ("containers", "networks", "volumes")


class _Reader:
    """Checks each part on its own, so that one broken container does not hide the problems of the others."""

    def __init__(
        self, root: Mapping, source: FilePath, environ: MappingType[str, str], *, may_hold_variables: bool
    ) -> None:
        around = Surroundings(source.parent, environ)
        self._variables = variables(root) if may_hold_variables else []
        self._root = expand(root, around)
        self._source = source
        self._places = Places(self._root)
        self.problems = around.problems
        self._shapes = Shapes(self._places, self.problems)

    def topology(self) -> Topology | None:
        """The topology as far as it could be read, or None; it is right where `problems` holds no error."""
        data = to_data(self._root)
        parts = {key: self._section(data, key) for key in _SECTIONS}
        top = {key: value for key, value in data.items() if key not in _SECTIONS}
        if top.get("name") is None:
            top["name"] = self._default_name()
        head = self._shapes.model(Topology, (), top)
        draft = Draft(
            self._models(Container, "containers", parts["containers"]),
            self._models(Network, "networks", parts["networks"]),
            self._models(Volume, "volumes", parts["volumes"]),
            tuple(parts["containers"]),
            tuple(parts["networks"]),
            tuple(parts["volumes"]),
            frozenset(self._shapes.doubtful),
            _names(data.get("configs", {})),
            _names(data.get("secrets", {})),
            _files(data.get("configs")),
            _files(data.get("secrets")),
            self._unread_sections(data),
            head.checks if head else (),
            head.prefix if head else "",
        )
        for found in rules.check(draft):
            elsewhere = tuple((caption, self._places.mark(path)) for caption, path in found.elsewhere)
            mark = self._places.mark(found.path, key=found.at_key)
            path = self._places.written(found.path)
            self.problems.append(Problem(mark, found.message, path, found.hint, found.severity, elsewhere))
        if head is None:
            return None
        update = {"containers": draft.containers, "networks": draft.networks, "volumes": draft.volumes}
        return head.model_copy(update=update)

    def with_variables(self) -> list[Problem]:
        """All problems, those with the variables; where one makes a value wrong, that is what has to be mended."""
        places = {warning.mark for warning in self._variables}
        wrong = {problem.mark for problem in self.problems if problem.mark in places}
        told = [replace(problem, hint=HINT) if problem.mark in wrong else problem for problem in self.problems]
        return told + shortened([warning for warning in self._variables if warning.mark not in wrong])

    def _default_name(self) -> str | None:
        stem = self._source.stem
        if re.fullmatch(LABEL_NAME, stem):
            return stem
        message = f"the file's name `{stem}` can't name the topology"
        self.problems.append(Problem(self._root.mark, message, hint="add a line such as `name: exercise`"))
        return None

    def _section(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        section = data.get(key, {})
        if isinstance(section, dict):
            return section
        if section is not None or key == "containers":
            nothing = "has no value; " if section is None else ""
            hint = f"write `{key}:` and below it, further in, `name:`"
            message = f"{nothing}expected a mapping (`name: …`)"
            self.problems.append(Problem(self._places.mark((key,), key=True), message, (key,), hint))
        return {}

    def _unread_sections(self, data: dict[str, Any]) -> frozenset[str]:
        """Sections that are no mappings, and those that are missing while a key looks like a misspelt one."""
        broken = {key for key in _SECTIONS if not isinstance(data.get(key), dict | None)}
        broken |= {"containers"} if data.get("containers", {}) is None else set()
        misspelt = {key for key in _SECTIONS if key not in data and (key,) in self._shapes.doubtful}
        if "services" in data and "containers" not in data:
            misspelt.add("containers")
        return frozenset(broken | misspelt)

    def _models(self, model: type[M], section: str, values: dict[str, Any]) -> dict[str, M]:
        made = {name: self._shapes.model(model, (section, name), value) for name, value in values.items()}
        return {name: value for name, value in made.items() if value is not None}
