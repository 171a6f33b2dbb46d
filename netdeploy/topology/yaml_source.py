"""YAML text as a tree that remembers where each piece stands.

PyYAML delivers the events; the tree is put together here, because three things are decided while it grows: a
repeated key is a problem with two places, scalars follow YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema:
`22:22`, `yes` and `no` are text), and anchors or merge keys that would explode are refused before they are expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from netdeploy.topology.problem import Mark, Path, Problem
from netdeploy.topology.syntax import syntax_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

try:  # PyYAML comes without libyaml where no compiler was at hand; the pure parser gives the same events
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_BYTES = 2 << 20
MAX_DEPTH = 40
MAX_NODES = 150_000  # after aliases are expanded: some four thousand containers, and it takes two seconds
MAX_OBJECTS = 5_000  # containers, networks or volumes: more than an engine runs
_MOST_IN_ONE = 12_000  # values of one container, network or list: thirty ordinary containers have about a thousand
_TIMES_WRITTEN = 10  # how many times the values that are written aliases may make

ScalarValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `text` is what stands in the file, so that `1.10` can stay `1.10` where text is meant."""

    value: ScalarValue
    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; `made` tells that a short form became it, so that nothing inside stands in the file by itself."""

    items: tuple[Node, ...]
    mark: Mark
    made: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping; `index` is its place where the file has a list instead."""

    key: Scalar
    value: Node
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in file order, without repetitions; `made` as with a list."""

    entries: tuple[Entry, ...]
    mark: Mark
    made: bool = False

    def get(self, key: str) -> Node | None:
        """The value at `key`, or None."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)


Node = Scalar | Sequence | Mapping


class SourceRefused(Exception):
    """The text is not a YAML document that can be read any further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"([-+]?\.(inf|Inf|INF))|\.(nan|NaN|NAN)")
_WORDS: dict[str, ScalarValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_DIGITS = 100  # longer numbers stay text: no setting needs them, and converting them can take seconds


def resolve_plain(text: str) -> ScalarValue:
    """The value of an unquoted scalar by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text, 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text) or _SPECIAL_FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


_NOT_YAML = re.compile("[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]")
"""Characters outside of https://yaml.org/spec/1.2.2/#51-character-set; a byte order mark stands at the start only."""


_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # an escape can write them, and no engine takes them
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_16_LETTERS = re.compile(rb"(?:[\x09-\x7e]\x00){4}|(?:\x00[\x09-\x7e]){4}")
_BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"BZh", b"\0\0\0\0")
_NO_BREAK_SPACE = re.compile("^ *+\u00a0[ \u00a0]*+(?=\\S)|(?<=:)\u00a0", re.MULTILINE)


def decode(raw: bytes) -> str:
    """UTF-8 text of a file.

    Raises:
        SourceRefused: too large, or not UTF-8 text.
    """
    start = Mark(1, 1)
    if len(raw) > MAX_BYTES:
        hint = "one exercise to a file is plenty"
        raise SourceRefused(
            Problem(start, "the file is larger than 2 MiB, the most a topology file may have", hint=hint)
        )
    if raw.startswith(_BINARY):
        raise SourceRefused(Problem(start, "the file is not text", hint="name the topology file"))
    if _is_utf_16(raw):
        raise SourceRefused(Problem(start, "the file is UTF-16 text", hint="save it as UTF-8"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # the error counts without the byte order mark, so the bytes it names are taken from its own copy
        before = error.object[: error.start].decode("utf-8", "replace")
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8 text"
        raise SourceRefused(Problem(_end_of(before), message, hint="save the file as UTF-8")) from None
    found = _NOT_YAML.search(text)
    if found:
        message = f"the character U+{ord(found.group()):04X} can't stand in a YAML file"
        raise SourceRefused(Problem(_end_of(text[: found.start()]), message, hint="delete it"))
    found = _NO_BREAK_SPACE.search(text)
    if found:
        hint = "use plain spaces; text that was copied from a web page often has others"
        message = "this is a no-break space, which means nothing in YAML"
        raise SourceRefused(Problem(_end_of(text[: found.start()]), message, hint=hint))
    return text


def _is_utf_16(raw: bytes) -> bool:
    return raw.startswith(_UTF_16) or _UTF_16_LETTERS.match(raw) is not None


def text_lines(raw: bytes) -> list[str]:
    """The lines of a file as they are shown beside a problem, whatever is wrong with it; none of what is no text."""
    readable = len(raw) <= MAX_BYTES and not raw.startswith(_BINARY) and not _is_utf_16(raw)
    return raw.decode("utf-8-sig", "replace").splitlines() if readable else []


def _end_of(before: str) -> Mark:
    """The place after `before`, with line ends as YAML has them."""
    lines = f"{before}.".splitlines()
    return Mark(len(lines), len(lines[-1]))


def parse(text: str) -> tuple[Node, list[Problem]]:
    """The tree of the only document in `text`, with the problems that did not stop the reading.

    Raises:
        SourceRefused: not YAML, empty, several documents, or more than the limits allow.
    """
    try:
        composer = _compose(text)
    except yaml.MarkedYAMLError as error:
        raise SourceRefused(syntax_problem(error, text)) from None
    except (yaml.YAMLError, ValueError) as error:  # the pure parser lets chr() of a bad escape through
        raise SourceRefused(Problem(Mark(1, 1), f"this is not YAML: {str(error).splitlines()[0]}")) from None
    if composer.root is None or (isinstance(composer.root, Scalar) and composer.root.value is None):
        hint = "a topology file has at least `containers:` with one container"
        raise SourceRefused(Problem(Mark(1, 1), "the file is empty", hint=hint))
    return composer.root, composer.problems


def _compose(text: str) -> _Composer:
    try:
        return _composed(text, Loader)
    except yaml.MarkedYAMLError as error:
        # libyaml 0.2.6 reads a thousand brackets ahead and gives up there; the pure parser goes one by one, so that
        # what is nested too deep is refused at its place
        if "nesting depth" not in (error.problem or ""):
            raise
    return _composed(text, yaml.SafeLoader)


def _composed(text: str, loader: type[yaml.SafeLoader | yaml.CSafeLoader]) -> _Composer:
    composer = _Composer()
    for event in yaml.parse(text, Loader=loader):
        composer.take(event)
    return composer


_LOOKALIKES = (
    *(
        (sign, "a typographic quote is no quote in YAML, but part of the text", 'write "')
        for sign in "\u201c\u201d\u201e"
    ),
    *((sign, "a typographic quote is no quote in YAML, but part of the text", "write '") for sign in "\u2018\u2019"),
    *(
        (f"{sign} ", "this dash makes no list: it is a longer one, and part of the text", "write -")
        for sign in "\u2013\u2014"
    ),
)


def _too_deep(mark: Mark) -> SourceRefused:
    return SourceRefused(Problem(mark, f"nested more than {MAX_DEPTH} levels deep", hint="a topology needs far fewer"))


@dataclass(frozen=True, slots=True)
class _Weight:
    """What a node costs once its aliases are expanded: values in all, and levels of nesting."""

    size: int = 1
    depth: int = 0

    @classmethod
    def of_text(cls, text: str) -> _Weight:
        """A long text counts as several values: repeated by aliases it explodes just as well."""
        return cls(1 + len(text) // 64)

    def holding(self, inner: _Weight) -> _Weight:
        return _Weight(self.size + inner.size, max(self.depth, inner.depth + 1))


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    is_mapping: bool
    mark: Mark
    anchor: str | None
    parts: list[Node]
    weight: _Weight


class _Composer:
    """Takes events one by one; keeps no recursion, so depth is a number and not a crash."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, _Weight] | None] = {}  # None while the anchored node is still open
        self._documents = 0
        self._written = 0
        self._aliases = False
        self._handlers: dict[type[yaml.Event], Callable[[Any, Mark], None]] = {
            yaml.DocumentStartEvent: self._document,
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
        }

    def take(self, event: yaml.Event) -> None:
        handler = self._handlers.get(type(event))
        if handler and event.start_mark:
            handler(event, Mark(event.start_mark.line + 1, event.start_mark.column + 1))

    def _document(self, _event: yaml.DocumentStartEvent, mark: Mark) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a second document starts here; a file holds one topology"
            raise SourceRefused(Problem(mark, message, hint="put it into a file of its own"))

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        value = resolve_plain(event.value) if event.style in (None, "") and event.tag is None else event.value
        self._check_tag(event.tag, "str", mark)
        self._check_start(event, mark)
        bad = _NO_TEXT.search(event.value)
        if bad:
            message = f"a text can't hold the character U+{ord(bad.group()):04X}"
            self.problems.append(Problem(mark, message, self._path(), "delete it"))
            value = _NO_TEXT.sub("\ufffd", event.value)
        text = value if bad and isinstance(value, str) else event.value
        weight = _Weight.of_text(event.value)
        self._written += weight.size
        self._put(Scalar(value, text, mark), weight, event.anchor)

    def _check_start(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        """Signs that look like YAML's own, as word processors and web pages make them."""
        if event.style not in (None, ""):
            return
        for sign, message, hint in _LOOKALIKES:
            if event.value.startswith(sign):
                self.problems.append(Problem(mark, message, self._path(), hint, "warning"))

    def _check_tag(self, tag: str | None, own: str, mark: Mark) -> None:
        if tag not in (None, "!", f"tag:yaml.org,2002:{own}"):
            message = f"the tag `{tag.replace('tag:yaml.org,2002:', '!!')}` means nothing here"
            hint = "leave the tag out, or put quotes around a text that starts with `!`"
            self.problems.append(Problem(mark, message, self._path(), hint))

    def _path(self) -> Path:
        """The way to the node that comes next; a key that is about to come is not part of it."""
        path: list[str | int] = []
        for opened in self._open:
            if not opened.is_mapping:
                path.append(len(opened.parts))
            elif len(opened.parts) % 2 and isinstance(opened.parts[-1], Scalar):
                path.append(opened.parts[-1].text)
        return tuple(path)

    def _alias(self, event: yaml.AliasEvent, mark: Mark) -> None:
        if event.anchor not in self._anchors:
            message = f"the alias `*{event.anchor}` names an anchor that is not defined above"
            raise SourceRefused(Problem(mark, message, hint=f"define it with `&{event.anchor}` first"))
        known = self._anchors[event.anchor]
        if known is None:
            message = f"the alias `*{event.anchor}` stands inside the anchor it names, so it has no end"
            raise SourceRefused(Problem(mark, message, hint="write out here what is meant"))
        node, weight = known
        self._aliases = True
        self._put(node, weight, None, mark)

    def _start(self, event: yaml.CollectionStartEvent, mark: Mark) -> None:
        if len(self._open) >= MAX_DEPTH:  # said at once: what is open is not weighed yet
            raise _too_deep(mark)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._check_tag(event.tag, "map" if is_mapping else "seq", mark)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(is_mapping, mark, event.anchor, [], _Weight()))

    def _end(self, _event: yaml.CollectionEndEvent, _mark: Mark) -> None:
        self._written += 1
        done = self._open.pop()
        node = self._mapping(done) if done.is_mapping else Sequence(tuple(done.parts), done.mark)
        self._put(node, done.weight, done.anchor)

    def _put(self, node: Node, weight: _Weight, anchor: str | None, mark: Mark | None = None) -> None:
        mark = mark or node.mark
        if anchor:
            self._anchors[anchor] = (node, weight)
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        parent.weight = parent.weight.holding(weight)
        self._check_size(parent, mark)
        if len(self._open) + parent.weight.depth > MAX_DEPTH:
            raise _too_deep(mark)
        parent.parts.append(node)

    def _check_size(self, parent: _Open, mark: Mark) -> None:
        """The file and its sections may be large; what stands in them, and what aliases make of it, may not."""
        holds_objects = parent.is_mapping and len(self._open) <= 2
        if holds_objects and len(parent.parts) >= 2 * MAX_OBJECTS:
            hint = "split it into several files"
            raise SourceRefused(Problem(mark, f"more than {MAX_OBJECTS:,} keys in one section", hint=hint))
        most = min(MAX_NODES, max(_MOST_IN_ONE, _TIMES_WRITTEN * self._written)) if holds_objects else _MOST_IN_ONE
        if parent.weight.size > most:
            expanded = " once anchors and merge keys are expanded" if self._aliases else ""
            hint = "split it into several files" if most == MAX_NODES else "a topology needs far fewer"
            raise SourceRefused(Problem(mark, f"more than {most:,} values{expanded}", hint=hint))

    def _mapping(self, done: _Open) -> Mapping:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, value in zip(done.parts[::2], done.parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                message = "a list or mapping can't be a key"
                self.problems.append(
                    Problem(key.mark, message, self._path(), "a key is a word; put quotes around text with braces")
                )
            elif key.text == "<<":
                merged.append(value)
            elif key.text in entries:
                first = entries[key.text].key.mark
                self.problems.append(
                    Problem(
                        key.mark,
                        f"the key `{key.text}` is written twice",
                        (*self._path(), key.text),
                        elsewhere=(("first written here", first),),
                        hint="keep one of them",
                    )
                )
            else:
                entries[key.text] = Entry(key, value)
        for entry in self._merged(merged):
            entries.setdefault(entry.key.text, entry)
        return Mapping(tuple(entries.values()), done.mark)

    def _merged(self, values: list[Node]) -> Iterator[Entry]:
        for value in values:
            for source in value.items if isinstance(value, Sequence) else (value,):
                if isinstance(source, Mapping):
                    yield from source.entries
                else:
                    hint = "write `<<: *name`, where `&name` stands at a mapping"
                    path = (*self._path(), "<<")
                    self.problems.append(Problem(source.mark, "a merge key takes a mapping", path, hint))


def to_data(node: Node) -> Any:
    """Plain Python values: dict, tuple and scalars (lists become tuples, as the frozen models hold them)."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return tuple(to_data(item) for item in node.items)
    return {entry.key.text: to_data(entry.value) for entry in node.entries}
