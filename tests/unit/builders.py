"""Topologies from text, and their wishes: what the tests of everything pure start from."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from unit.paper_engine import PaperEngine

from netdeploy.attributes.wish import ContainerWish, Wishes, nothing, wishes
from netdeploy.engine import answers
from netdeploy.engine.observed import ObservedImage
from netdeploy.identity import TopologyId
from netdeploy.plan.changes import Changes
from netdeploy.plan.diff import DiffOptions, diff
from netdeploy.plan.operations import Plan
from netdeploy.plan.plan import plan
from netdeploy.topology.model import Container, Topology
from netdeploy.topology.read import read_bytes

Json = dict[str, Any]
SOURCE = Path("/topologies/lab.yaml")


def image_json(name: str, **config: Any) -> Json:
    """An image as inspect answers it."""
    defaults = {"Cmd": ["serve"], "Env": ["PATH=/bin"], "Labels": None, "Entrypoint": None, "WorkingDir": ""}
    return {"Id": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}", "Config": {**defaults, **config}}


IMAGES = {
    "busybox": image_json("busybox"),
    "nginx": image_json("nginx", ExposedPorts={"80/tcp": {}}, StopSignal="SIGQUIT", Entrypoint=["/entry"]),
    "cassandra": image_json(
        "cassandra", ExposedPorts={"9042/tcp": {}}, Volumes={"/var/lib/cassandra": {}}, Labels={"vendor": "apache"}
    ),
    "checked": image_json("checked", Healthcheck={"Test": ["CMD", "check"], "Interval": 5_000_000_000}),
    "alonithuji/netflix-frontend:0.0.1": image_json("alonithuji/netflix-frontend:0.0.1"),
    "alonithuji/netflix-movie-catalog:0.0.1": image_json("alonithuji/netflix-movie-catalog:0.0.1"),
    "redis": image_json("redis", Volumes={"/data": {}}, WorkingDir="/data", User="redis"),
}


def topology(text: str, source: Path = SOURCE) -> Topology:
    """A topology from YAML; the test fails with its problems where it has any."""
    reading = read_bytes(textwrap.dedent(text).encode(), source, str(source), {})
    assert reading.topology is not None, "\n".join(reading.described())
    return reading.topology


def wishes_of(
    text: str,
    images: Mapping[str, Json] | None = None,
    stand_ins: Mapping[str, Container] | None = None,
    source: Path = SOURCE,
) -> Wishes:
    """The wishes of a YAML text, with the settings that `images` give."""
    known = {name: answers.image(image) for name, image in (IMAGES if images is None else images).items()}

    def image_of(_key: str, spec: Container) -> ObservedImage | None:
        return known.get(spec.image)

    return wishes(topology(text, source), source, image_of, stand_ins)


def container_wish(text: str = "", *, key: str = "web", image: Json | None = None) -> ContainerWish:
    """The wish of one container; `text` is its YAML without the image."""
    lines = textwrap.indent(textwrap.dedent(text), "    ")
    made = wishes_of(
        f"containers:\n  {key}:\n    image: app\n{lines}\nnetworks: {{net: }}\nvolumes: {{data: }}\n",
        {"app": image} if image else {},
    )
    return made.containers[0]


def taken_down(name: str = "lab", prefix: str = "") -> Wishes:
    """The wish for nothing, as a teardown has it."""
    return nothing(TopologyId(name, prefix))


def compared(wanted: Wishes, engine: PaperEngine, *, remove_volumes: bool = False) -> tuple[Changes, Plan]:
    """The diff and the plan of one look."""
    seen = engine.snapshot()
    changes = diff(wanted, seen, DiffOptions(remove_volumes=remove_volumes))
    return changes, plan(wanted, seen, changes, remove_volumes=remove_volumes)


def depends_on(wanted: Wishes) -> dict[str, list[str]]:
    """By engine name, the engine names of the containers that start before."""
    names = {wish.key: wish.name for wish in wanted.containers}
    return {wish.name: [names[key] for key in wish.spec.depends_on] for wish in wanted.containers}


def standing(text: str, api_version: tuple[int, int] = (1, 41)) -> PaperEngine:
    """An engine on which a topology stands."""
    engine, wanted = PaperEngine(IMAGES, api_version=api_version), wishes_of(text)
    _, steps = compared(wanted, engine)
    engine.run(steps, depends_on=depends_on(wanted))
    changes, _ = compared(wanted, engine)
    assert changes.in_sync, [(c.name, c.reason, c.attributes) for c in changes.changes]
    engine.calls.clear()
    return engine


def without_id(image: ObservedImage) -> ObservedImage:
    return replace(image, id="")
