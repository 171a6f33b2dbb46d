"""Text of four times the length takes about four times as long, wherever it stands: no reader is quadratic."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from unit.inspect.seen import recorded
from unit.topology.reading import yaml_data

from netdeploy.inspect.tell import tell
from netdeploy.masking import masked_text
from netdeploy.topology import env_files
from netdeploy.topology.read import read_bytes

ROOT = Path(__file__).parents[1] / "unit" / "topology" / "corpus" / "good"
SHORT, LONG = 25_000, 100_000
AT_ONCE = 0.12  # seconds of the processor's time that are no matter; a quadratic reader takes seconds
MOST_TIMES = 12
UNITS = [
    *(" ", "\t", "\u00a0", "\\", "'", '"', "#", "=", ":", "-", ".", "/", ",", "@", "%", "[", "]", "{", "$", "0", "a"),
    *("${", "$$", "\\'", '\\"', " #", "a ", " a", "a=", "a-", "a.", "a/", "a:", "1:", "1-", "1,", "::", "1s", "__"),
    *("--a", "../", "ro,", "/a", "password=", "password: ", "x:x@", "a://"),
    *("\n", "\r", "a\n", "'\n", '"\n', "A='\n", 'A="\n', "A=\\'\n", "\u00a0\n"),
]
AFTER = ["", "x", "!", "#"]


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """What earlier tests have left is no matter to the garbage collector, whose time counts."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def seconds(run: Callable[[], object]) -> float:
    best = 1e9
    for _ in range(2):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
        if best < AT_ONCE:
            break
    return best


def is_linear(run: Callable[[str], object], unit: str, after: str) -> str:
    """What is wrong with the time that a reader takes; "" where nothing is."""
    long = seconds(lambda: run(unit * (LONG // len(unit)) + after))
    if long < AT_ONCE:
        return ""
    short = seconds(lambda: run(unit * (SHORT // len(unit)) + after))
    return f"{unit!r} and {after!r}: {short:.2f} s, {long:.2f} s" if long > MOST_TIMES * short or long > 2 else ""


def read(raw: bytes) -> object:
    return read_bytes(raw, Path("/nowhere/lab.yaml"), "lab.yaml", {}).described()


def inspected(key: str, text: str) -> object:
    """What inspect tells of a container with that text in one of its files."""
    return tell(recorded("28", lambda document: document.update({key: text})))


READERS: dict[str, Callable[[str], object]] = {
    "env file": lambda text: env_files.quoted(text, {}),
    "env file, after =": lambda text: env_files.quoted("A=" + text, {}),
    "env file, quoted": lambda text: env_files.quoted("A='" + text, {}),
    "env file, double quotes": lambda text: env_files.quoted('A="' + text, {}),
    "raw env file": lambda text: env_files.raw(text, {}),
    "mask": masked_text,
    "hosts file": partial(inspected, "hosts"),
    "hosts file, a line": lambda text: inspected("hosts", "192.0.2.7 " + text),
    "resolv.conf": partial(inspected, "resolv_conf"),
    "resolv.conf, Docker's own resolver": lambda text: inspected("resolv_conf", "nameserver 127.0.0.11\n# " + text),
    "resolv.conf, a note of the engine": lambda text: inspected(
        "resolv_conf", "nameserver 127.0.0.11\n# ExtServers: [" + text
    ),
    "topology": lambda text: read(text.encode()),
    "topology, a line": lambda text: read(b"containers: {web: {image: nginx}}\nx: " + text.encode()),
    "topology, a key": lambda text: read(b"containers:\n  web:\n    image: nginx\n    " + text.encode()),
}


@pytest.mark.part(8)
@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_linear(name: str) -> None:
    found = [is_linear(READERS[name], unit, after) for unit in UNITS for after in AFTER[:3]]
    assert [text for text in found if text] == []


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value that is neither list nor mapping."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if pairs is None:
        yield path
    for key, value in pairs or ():
        yield from places(value, (*path, key))


def with_text(document: Any, path: tuple[Any, ...], text: str, *, added: bool) -> bytes:
    """The document with a text in place of a value, or behind it."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = f"{holder[path[-1]]}{text}" if added else text
    return json.dumps(copy).encode()


DOCUMENT = yaml_data((ROOT / "every_attribute.yaml").read_bytes())
PLACES = list(places(DOCUMENT))
PARTS = 8


@pytest.mark.parametrize("part", range(PARTS))
def test_every_attribute_is_linear(part: int, pytestconfig: pytest.Config) -> None:
    step = 4 if pytestconfig.getoption("--whole") else 17
    units = [unit for unit in UNITS if "\n" not in unit and "\r" not in unit]
    found = []
    for number, path in list(enumerate(PLACES))[part::PARTS]:
        for index, unit in enumerate(["/a", *units[number % step :: step]]):
            added = unit == "/a" or bool((index + number) % 2)
            run = partial(_read_with, path, added=added)
            told = is_linear(run, unit, AFTER[(index + number) % len(AFTER)] if unit != "/a" else "")
            found += [f"{path}: {told}"] if told else []
    assert found == []


def _read_with(path: tuple[Any, ...], text: str, *, added: bool) -> object:
    return read(with_text(DOCUMENT, path, text, added=added))
