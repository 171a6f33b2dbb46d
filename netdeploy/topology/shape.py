"""The shape of each part: data to model, with what pydantic found told in a person's words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from netdeploy.topology import hints
from netdeploy.topology.model import Container
from netdeploy.topology.problem import Path, Problem, did_you_mean, nearest
from netdeploy.topology.yaml_source import Mapping, Scalar

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from netdeploy.topology.places import Places

M = TypeVar("M", bound=BaseModel)


@dataclass(slots=True)
class Shapes:
    """Makes models, and collects what is wrong with their shape.

    After problems a part is made once more from what is right, so that the rules across fields see the rest. Then a
    broken item of a list leaves something behind that breaks no rule, since the places of the others must not move.
    """

    places: Places
    problems: list[Problem] = field(default_factory=list)
    doubtful: set[Path] = field(default_factory=set)
    """All paths at or below which something is missing that the file probably means to say."""
    _numbers: count[int] = field(default_factory=count)

    def model(self, model: type[M], base: Path, data: Any) -> M | None:
        """The model of what stands at `base`, as far as it can be made."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            errors = error.errors(include_url=False)
        guesses = _guesses(model, errors)
        inside = {_location(details)[:-1] for details in errors}
        errors = [e for e in errors if e["type"] != "too_short" or _location(e) not in inside]  # broken, not empty
        rest = _thawed(data)
        for details in errors:
            location = _location(details)
            if details["type"] == "missing" and _meant(location, guesses):
                continue
            self._tell(model, base, location, details)
            self._leave_out(rest, base, location)
            if location in guesses:
                self._leave_out(rest, base, (*location[:-1], guesses[location]))
        if not isinstance(rest, dict):
            return None
        if model is Container:
            rest.setdefault("image", "unknown")
        try:
            return model.model_validate(_frozen(rest))
        except ValidationError:
            return None

    def _leave_out(self, rest: Any, base: Path, location: Path) -> None:
        for length in range(1, len(location) + 1):
            self.doubtful.add((*base, *location[:length]))
        holder, key = rest, None
        for part in location:
            inner = _inside(holder, part)
            if isinstance(holder, list) and isinstance(part, int) and part < len(holder):
                holder[part] = self._stand_in(key)
                return
            if not isinstance(holder, dict):
                return
            if part == location[-1] or inner is None or (isinstance(inner, list) and part not in _REPLACED):
                holder.pop(part, None)
                return
            holder, key = inner, part

    def _stand_in(self, key: str | int | None) -> Any:
        number = next(self._numbers)
        stand_ins: dict[str | int | None, Any] = {
            "aliases": f"unread-{number}",
            "expose": "1",
            "ports": {"target": "1"},
            "volumes": {"type": "tmpfs", "target": f"/.unread/{number}-long"},
            "link_local_ips": f"169.254.0.{number % 250 + 1}",
        }
        return stand_ins.get(key, {})

    def _tell(self, model: type[BaseModel], base: Path, location: Path, details: ErrorDetails) -> None:
        path = (*base, *location)
        kind = details["type"]
        if kind == "missing":
            message, hint, path = f"`{path[-1]}` is missing", f"add `{path[-1]}:`", path[:-1]
            self._add(path, message, hint, at_key=True)
        elif kind == "extra_forbidden":
            word = str(path[-1])
            known = _keys_at(model, location[:-1])
            listed_keys = (
                f"known here: {', '.join(known)}" if len(known) <= _TOLD else "docs/attributes.md lists all keys"
            )
            inner = _model_at(model, location[:-1])
            hint = hints.COMPOSE_WORDS.get(word) or hints.misplaced(inner, word, self.places.node(path))
            some = known if len(self.problems) < _MOST_GUESSES else ()
            hint = hint or did_you_mean(word, some, otherwise=listed_keys)
            self._add(path, f"unknown key `{word}`", hint, at_key=True)
        elif kind == "literal_error":
            words = re.findall(r"'([^']+)'", str(details.get("ctx", {}).get("expected", "")))
            listed = [f"`{word}`" for word in words]
            message = f"expected {' or '.join([', '.join(listed[:-1]), listed[-1]] if listed[1:] else listed)}"
            word = str(details["input"])
            hint = hints.for_word(str(path[-1]), word) or did_you_mean(word, words)
            self._add(path, _with_nothing(details, message), hint)
        else:
            message = _expected(path, details)
            self._add(path, _with_nothing(details, message), self._hint(path, kind, message))

    def _add(self, path: Path, message: str, hint: str, *, at_key: bool = False) -> None:
        mark = self.places.mark(path, key=at_key)
        self.problems.append(Problem(mark, message, self.places.written(path), hint))

    def _hint(self, path: Path, kind: str, message: str) -> str:
        node, key = self.places.node(path), path[-1]
        if kind == "tuple_type" and isinstance(node, Mapping):
            return hints.for_list(str(key), node)
        if kind == "model_type" and path[:-1] == ("containers",):
            text = node.text if isinstance(node, Scalar) and node.text else "…"
            missing = re.match(r"[\w.-]+:\S", text)
            return (
                "a space is missing after the `:`"
                if missing and ":" in text and text.partition(":")[0] in Container.model_fields
                else f"write `{key}:`, and below it, further in, `image: {text}`"
            )
        if not isinstance(node, Scalar) or node.value is None:
            return ""
        return self._hint_for_scalar(path, kind, message, node)

    def _hint_for_scalar(self, path: Path, kind: str, message: str, node: Scalar) -> str:
        text, key = node.text, path[-1]
        if kind == "text_pattern":
            return hints.for_text(str(key), text) or did_you_mean(text, hints.known_words(str(key), text, message))
        if kind == "bool_type" and text.lower() in _SPOKEN:
            what = "a number" if text.isdigit() else "text in YAML 1.2"
            return f"`{text}` is {what}; write `{_SPOKEN[text.lower()]}`"
        quoted_right = (kind == "bool_type" and text.lower() in ("true", "false")) or (
            kind == "int_type" and isinstance(node.value, str) and re.fullmatch("[0-9]+", text)
        )
        if quoted_right:
            return "take the quotes away"
        if kind == "address" and text == "localhost":
            return "write `127.0.0.1`"
        if kind == "string_type":
            return "write `no`" if key == "restart" and node.value is False else f'put quotes around it: "{text}"'
        if kind == "tuple_type" or (kind == "dict_type" and key in ("networks", "depends_on")):
            return "" if text.startswith("\u2013") else f"write `[{text}]`, or `- {text}` on the next line"
        if kind == "model_type" and path[-2:-1] == ("depends_on",):
            return f"write `{key}: {{condition: {text}}}`"
        if kind == "model_type" and path[-2:-1] == ("config",):
            return f"write `subnet: {text}`"
        return hints.for_mapping(key, text) if kind in ("dict_type", "model_type") and isinstance(key, str) else ""


_REPLACED = ("aliases", "expose", "ports", "volumes", "config", "link_local_ips")
"""Lists that the rules go through item by item."""

_SPOKEN = {
    "1": "true",
    "0": "false",
    "yes": "true",
    "on": "true",
    "y": "true",
    "no": "false",
    "off": "false",
    "n": "false",
}


def _location(details: ErrorDetails) -> Path:
    return tuple(part for part in details["loc"] if part != "[key]")


def _guesses(model: type[BaseModel], errors: list[ErrorDetails]) -> dict[Path, str]:
    """For each unknown key that looks like a known one, that one."""
    guesses: dict[Path, str] = {}
    unknown = (details for details in errors if details["type"] == "extra_forbidden")
    for details in islice(unknown, _MOST_GUESSES):
        location = _location(details)
        word = str(location[-1])
        guess = "image" if word == "build" else nearest(word, _keys_at(model, location[:-1]))
        if guess:
            guesses[location] = guess
    return guesses


def _meant(missing: Path, guesses: dict[Path, str]) -> bool:
    """Whether a missing key is there after all, misspelt."""
    return any(guess == missing[-1] and wrong[:-1] == missing[:-1] for wrong, guess in guesses.items())


def _expected(path: Path, details: ErrorDetails) -> str:
    """What should stand at `path`; some keys take a short form, too."""
    kind = details["type"]
    if kind == "less_than_equal":
        return f"expected at most {details.get('ctx', {}).get('le')}"
    if kind == "greater_than_equal":
        return f"expected {details.get('ctx', {}).get('ge')} or more"
    if kind == "tuple_type" and path[-1] == "gpus":
        return "expected `all` or a list (`- item`)"
    if kind == "dict_type" and path[-1] in _LIST_OR_MAPPING:
        return "expected a list (`- item`) or a mapping (`name: value`)"
    if kind == "tuple_type" and path[-1] in ("command", "entrypoint", "test"):
        return "expected text or a list (`- item`)"
    return _EXPECTED.get(kind) or details["msg"]


_TOLD = 30  # keys that are listed
_MOST_GUESSES = 200  # a guess takes up to a millisecond, and nobody reads as many
_LIST_OR_MAPPING = (
    "networks",
    "depends_on",
    "environment",
    "labels",
    "extra_hosts",
    "driver_opts",
    "annotations",
    "storage_opt",
    "sysctls",
    "options",
)


def _with_nothing(details: ErrorDetails, message: str) -> str:
    return f"has no value; {message}" if details["input"] is None else message


def _inside(holder: Any, part: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(part)
    return holder[part] if isinstance(holder, list) and isinstance(part, int) and part < len(holder) else None


def _thawed(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _thawed(value) for key, value in data.items()}
    return [_thawed(item) for item in data] if isinstance(data, tuple) else data


def _frozen(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _frozen(value) for key, value in data.items()}
    return tuple(_frozen(item) for item in data) if isinstance(data, list) else data


def _keys_at(model: type[BaseModel], location: Path) -> list[str]:
    """The keys a model, or the model nested in it at `location`, knows."""
    fields = _model_at(model, location).model_fields
    return [field.alias or name for name, field in fields.items()]


def _model_at(model: type[BaseModel], location: Path) -> type[BaseModel]:
    current = model
    for part in location:
        if isinstance(part, str) and part in current.model_fields:
            current = _nested_model(current.model_fields[part].annotation) or current
    return current


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_nested_model(argument) for argument in get_args(annotation))
    return next((model for model in inner if model), None)


_EXPECTED = {
    "dict_type": "expected a mapping (`name: value`)",
    "model_type": "expected a mapping (`name: value`)",
    "tuple_type": "expected a list (`- item`)",
    "string_type": "expected text",
    "bool_type": "expected `true` or `false`",
    "int_type": "expected a whole number",
    "too_short": "is empty; leave it out for the image's own",
}
