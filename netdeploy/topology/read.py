"""From a file to a Topology, or to all its problems at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from netdeploy.errors import NetdeployError, TopologyInvalid
from netdeploy.topology import rules, yaml_source
from netdeploy.topology.draft import Draft
from netdeploy.topology.model import Container, Network, Topology, Volume
from netdeploy.topology.problem import Mark, Path, Problem, describe, did_you_mean
from netdeploy.topology.shorthand import Surroundings, expand
from netdeploy.topology.text_types import LABEL_NAME
from netdeploy.topology.yaml_source import Mapping, Scalar, SourceRefused, locate, to_data

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingType

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file gave: `topology` is None exactly when `problems` holds an error."""

    source: FilePath
    shown: str
    """The file's name as the user wrote it."""
    topology: Topology | None
    problems: tuple[Problem, ...]
    lines: list[str]

    def described(self) -> list[str]:
        """Each problem as text, in file order."""
        return [describe(problem, self.shown, self.lines) for problem in self.problems]

    def wanted(self) -> Topology:
        """The topology.

        Raises:
            TopologyInvalid: the file has errors; `details` holds them all as text.
        """
        if self.topology is None:
            errors = sum(problem.severity == "error" for problem in self.problems)
            count = "1 problem" if errors == 1 else f"{errors} problems"
            raise TopologyInvalid(f"{self.shown} has {count}; nothing was changed", details=self.described())
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
    try:
        with file.open("rb") as stream:
            raw = stream.read(yaml_source.MAX_BYTES * 16)
    except IsADirectoryError:
        raise NetdeployError(f"{path} is a folder", hint="name the topology file in it") from None
    except FileNotFoundError:
        raise NetdeployError(f"there is no file {path}", hint=_similar_file(file)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise NetdeployError(f"{path} can't be read: {reason}") from None
    return read_bytes(raw, file, str(path), environ)


def topology_name(path: FilePath) -> str:
    """The name of the topology in a file, which may have problems otherwise.

    Raises:
        TopologyInvalid: the file is no YAML, or its name is not text.
    """
    try:
        root, _ = yaml_source.parse(yaml_source.decode(path.read_bytes()))
    except SourceRefused as refused:
        details = [describe(refused.problem, str(path), [])]
        raise TopologyInvalid(
            f"{path} can't be read", hint="give the topology's name instead", details=details
        ) from None
    name = root.get("name") if isinstance(root, Mapping) else None
    return name.text if isinstance(name, Scalar) and name.text else path.stem


def _similar_file(file: FilePath) -> str:
    folder = file.parent
    names = [p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml")] if folder.is_dir() else []
    guess = did_you_mean(file.name, names)
    return guess or (f"in {folder}: {', '.join(sorted(names)[:8])}" if names else "")


def read_bytes(raw: bytes, file: FilePath, shown: str, environ: MappingType[str, str] = os.environ) -> Reading:
    """Read a topology file's content; see `read`."""
    source = file.absolute()
    lines: list[str] = []
    try:
        text = yaml_source.decode(raw)
        lines = text.splitlines()
        root, problems = yaml_source.parse(text)
        if not isinstance(root, Mapping):
            kind = "a list" if isinstance(root, yaml_source.Sequence) else "one value"
            hint = "a topology file has keys such as `containers:` and `networks:`"
            raise SourceRefused(Problem(root.mark, f"the file is {kind}, not a mapping", hint=hint))
    except SourceRefused as refused:
        return Reading(source, shown, None, (refused.problem,), lines)
    reader = _Reader(root, source, environ, problems)
    topology = reader.topology()
    ordered = sorted(reader.problems, key=lambda problem: (problem.mark, problem.message))
    return Reading(source, shown, topology, tuple(ordered), lines)


class _Reader:
    """Checks each part on its own, so that one broken container does not hide the problems of the others."""

    def __init__(
        self, root: Mapping, source: FilePath, environ: MappingType[str, str], problems: list[Problem]
    ) -> None:
        self.problems = problems
        around = Surroundings(source.parent, environ, problems)
        self._root = expand(root, around)
        self._source = source

    def topology(self) -> Topology | None:
        data = to_data(self._root)
        parts = {key: self._section(data, key) for key in ("containers", "networks", "volumes")}
        draft = Draft(
            self._models(Container, "containers", parts["containers"]),
            self._models(Network, "networks", parts["networks"]),
            self._models(Volume, "volumes", parts["volumes"]),
            tuple(parts["containers"]),
            tuple(parts["networks"]),
            tuple(parts["volumes"]),
        )
        top = {key: value for key, value in data.items() if key not in parts}
        head = self._model(Topology, (), {"name": self._default_name(top), **top})
        for found in rules.check(draft):
            elsewhere = tuple((caption, self._mark(path)) for caption, path in found.elsewhere)
            mark = self._mark(found.path, key=found.at_key)
            self.problems.append(Problem(mark, found.message, found.path, found.hint, found.severity, elsewhere))
        if head is None or any(problem.severity == "error" for problem in self.problems):
            return None
        update = {"containers": draft.containers, "networks": draft.networks, "volumes": draft.volumes}
        return head.model_copy(update=update)

    def _default_name(self, top: dict[str, Any]) -> str | None:
        stem = self._source.stem
        if top.get("name") is None and not re.fullmatch(LABEL_NAME, stem):
            message = f"the file's name `{stem}` can't name the topology"
            self.problems.append(Problem(self._root.mark, message, hint="add a line such as `name: exercise`"))
            return None
        return stem

    def _section(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        section = data.get(key, {})
        if isinstance(section, dict):
            return section
        if section is not None or key == "containers":
            mark = self._mark((key,))
            self.problems.append(Problem(mark, _EXPECTED["dict_type"], (key,), f"write `{key}:` and below it `name:`"))
        return {}

    def _models(self, model: type[M], section: str, values: dict[str, Any]) -> dict[str, M]:
        made = {name: self._model(model, (section, name), value) for name, value in values.items()}
        return {name: value for name, value in made.items() if value is not None}

    def _model(self, model: type[M], base: Path, data: Any) -> M | None:
        """The model; after problems, what remains without the broken keys, so that the rules see the rest."""
        broken = {problem.path[len(base)] for problem in self.problems if _below(problem, base)}
        try:
            whole = model.model_validate(data)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                self._shape_problem(model, base, details)
                if details["loc"]:
                    broken.add(details["loc"][0])
            if not isinstance(data, dict):
                return None
        else:
            if not broken:
                return whole
        rest = {key: value for key, value in data.items() if key not in broken}
        if model is Container:
            rest.setdefault("image", "unknown")
        try:
            return model.model_validate(rest)
        except ValidationError:
            return None

    def _shape_problem(self, model: type[BaseModel], base: Path, details: ErrorDetails) -> None:
        location = tuple(part for part in details["loc"] if part != "[key]")
        path = (*base, *location)
        kind = details["type"]
        if kind == "missing":
            message, hint = f"`{path[-1]}` is missing", f"add `{path[-1]}:`"
            self.problems.append(Problem(self._mark(path[:-1], key=True), message, path[:-1], hint))
            return
        if any(problem.path == path and problem.severity == "error" for problem in self.problems):
            return  # said already, at the short form
        if kind == "extra_forbidden":
            word = str(path[-1])
            known = _keys_at(model, location[:-1])
            hint = _COMPOSE_WORDS.get(word) or did_you_mean(word, known, otherwise=_key_list(known))
            self.problems.append(Problem(self._mark(path, key=True), f"unknown key `{word}`", path, hint))
            return
        message = _EXPECTED.get(kind) or details["msg"]
        hint = self._scalar_hint(path, kind)
        if kind == "literal_error":
            message = f"expected {details.get('ctx', {}).get('expected', '')}"
            hint = did_you_mean(str(details["input"]), re.findall(r"'([^']+)'", message))
        if details["input"] is None and not kind.startswith(("text_", "address", "subnet")):
            message = f"has no value; {message}"
        self.problems.append(Problem(self._mark(path), message, path, hint))

    def _scalar_hint(self, path: Path, kind: str) -> str:
        node: Any = self._root
        for part in path:
            if isinstance(node, Mapping):
                node = node.get(str(part))
            elif isinstance(node, yaml_source.Sequence) and isinstance(part, int):
                node = node.items[part]
        if not isinstance(node, Scalar) or node.value is None:
            return ""
        if kind == "bool_type" and node.text.lower() in ("yes", "no", "on", "off", "y", "n"):
            meant = "true" if node.text.lower() in ("yes", "on", "y") else "false"
            return f"`{node.text}` is text in YAML 1.2; write `{meant}`"
        if kind == "bool_type" and node.text.lower() in ("true", "false"):
            return "take the quotes away"
        if kind == "string_type":
            return f'put quotes around it: "{node.text}"'
        if kind == "tuple_type":
            return f"write `[{node.text}]`, or `- {node.text}` on the next line"
        return ""

    def _mark(self, path: Path, *, key: bool = False) -> Mark:
        return locate(self._root, path, key=key)


def _below(problem: Problem, base: Path) -> bool:
    longer = len(problem.path) > len(base)
    return problem.severity == "error" and longer and problem.path[: len(base)] == base


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys a model, or the model nested in it at `location`, knows."""
    current = model
    for part in location:
        if isinstance(part, str) and part in current.model_fields:
            current = _nested_model(current.model_fields[part].annotation) or current
    return list(current.model_fields)


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_nested_model(argument) for argument in get_args(annotation))
    return next((model for model in inner if model), None)


def _key_list(known: list[str]) -> str:
    return f"known here: {', '.join(known)}"


_EXPECTED = {
    "dict_type": "expected a mapping (`name: value`)",
    "model_type": "expected a mapping (`name: value`)",
    "tuple_type": "expected a list (`- item`)",
    "string_type": "expected text",
    "bool_type": "expected `true` or `false`",
    "int_type": "expected a whole number",
    "too_short": "is empty; leave it out for the image's own",
}
_COMPOSE_WORDS = {
    "services": "netdeploy calls them `containers:`",
    "container_name": "a container is named by its key",
    "build": "netdeploy runs images: build it first, then name it in `image`",
    "version": "leave it out",
}
