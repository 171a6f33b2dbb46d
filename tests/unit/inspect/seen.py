"""What an engine and two helpers really told (see tests/tools/record-inspect.py), as inspect has it in hand."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from netdeploy.engine import answers
from netdeploy.engine.networking import Listed, Networking, endpoints
from netdeploy.inspect.look import Inspection, Seen
from netdeploy.inspect.space import parse

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "recorded"
GENERATIONS = sorted(file.stem for file in FOLDER.glob("*.json"))


@cache
def _recorded(generation: str) -> Json:
    document: Json = json.loads((FOLDER / f"{generation}.json").read_text())
    return document


def recorded(generation: str, change: Callable[[Json], object] = lambda _document: None) -> Inspection:
    """The recorded look at a container; `change` may spoil the document before it is read."""
    document = copy.deepcopy(_recorded(generation))
    change(document)
    container = answers.container(document["container"])
    networks = [answers.network(item) for item in document["networks"]]
    return Inspection(
        networking=Networking(
            container,
            None,
            endpoints(document["container"]),
            document["resolv_conf"],
            document.get("no_resolv_conf", ""),
            document["hosts"],
            document.get("no_hosts", ""),
        ),
        networks={network.id: network for network in networks},
        inside=_seen(document["inside"]),
        host=_seen(document["host"]),
        helper_image="busybox:latest",
        containers={container.id: Listed(container.name, container.network_mode)},
        engine_host=document["engine_host"],
        hostname=document.get("hostname"),
    )


def _seen(output: str | None) -> Seen:
    return Seen(parse(output)) if output else Seen(why_not="there is no helper")
