"""Reading topologies from text: what the tests of this room start from."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netdeploy.topology.model import Topology
from netdeploy.topology.read import Reading, read_bytes
from netdeploy.topology.yaml_source import Node, Scalar, Sequence, decode, parse

FILE = Path("/topologies/lab.yaml")


def reading(text: str | bytes, environ: Mapping[str, str] | None = None, file: Path = FILE) -> Reading:
    """What reading `text` gives; an indented text is one."""
    raw = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
    return read_bytes(raw, file, file.name, environ or {})


def topology(text: str, environ: Mapping[str, str] | None = None) -> Topology:
    """The topology of a text that has no errors."""
    done = reading(text, environ)
    assert done.topology is not None, "\n".join(done.described())
    return done.topology


def messages(text: str | bytes) -> list[str]:
    """Each problem as `line:column path: message`, without the excerpt."""
    found = reading(text).described()
    return [problem.splitlines()[0].removeprefix("lab.yaml:") for problem in found]


def only(text: str | bytes) -> str:
    """The only problem, described."""
    described = reading(text).described()
    assert len(described) == 1, "\n".join(described)
    return described[0]


def yaml_data(raw: bytes) -> Any:
    """A file as a JSON Schema validator sees it: plain YAML 1.2 data."""
    return _plain(parse(decode(raw))[0])


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return {entry.key.text: _plain(entry.value) for entry in node.entries}
