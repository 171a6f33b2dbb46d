"""How the topologies on an engine are, as it leaves the program: the JSON document, and what the text is made from.

The schema `schemas/status.schema.json` is made from these models.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from netdeploy.document import Document, schema_of
from netdeploy.engine.observed import LABEL_STAND_IN
from netdeploy.masking import without_secrets
from netdeploy.plan.health import Ailing
from netdeploy.plan.ownership import is_interim

if TYPE_CHECKING:
    from netdeploy.engine.observed import ObservedContainer
    from netdeploy.workflow.status import EngineStatus, Leftover, TopologyStatus

FORMAT_VERSION: Literal["1.0"] = "1.0"


class ContainerStatus(Document):
    """A container of a topology."""

    name: str
    """Its name on the engine."""
    status: str
    """`running`, `paused`, `exited` …, as the engine says it."""
    health: str | None
    """`healthy`, `unhealthy` or `starting`; null without a healthcheck."""
    stand_in_for: str | None
    """The image it stands for, where it is a stand-in."""


class NetworkStatus(Document):
    """A network of a topology."""

    name: str
    """Its name on the engine."""
    subnets: tuple[str, ...]
    """Its subnets."""


class UrlStatus(Document):
    """A published TCP port."""

    container: str
    """The container it leads to."""
    url: str
    """Where a browser finds it."""


class AilmentStatus(Document):
    """Something that is not well with a container at this moment."""

    container: str
    """Its name on the engine."""
    status: Ailing
    """What it is."""
    message: str
    """The same in words."""
    exit_code: int | None
    """Of one that ended."""


class TopologyReport(Document):
    """A topology on the engine."""

    name: str
    """Its name."""
    prefix: str
    """Its prefix: with its name, what it is known by."""
    source: str | None
    """The file it came from, as its labels say."""
    in_sync: bool | None
    """Whether it is as that file says; null where that can't be told."""
    unknown: str | None
    """Why it can't be told."""
    hint: str | None
    """What to do about that."""
    summary: dict[str, Annotated[int, Field(ge=1)]]
    """How many changes of each action an apply of the file would make."""
    running: int
    """How many of its containers run; paused and restarting ones do not."""
    healthy: int
    """How many are healthy, of those that have a healthcheck."""
    checked: int
    """How many have a healthcheck."""
    total: int
    """How many containers it has."""
    containers: tuple[ContainerStatus, ...]
    """Its containers, by name."""
    networks: tuple[NetworkStatus, ...]
    """Its networks, by name."""
    volumes: tuple[str, ...]
    """The names of its volumes."""
    urls: tuple[UrlStatus, ...]
    """Where its published TCP ports answer."""
    health: tuple[AilmentStatus, ...]
    """What is not well at run time, which does not count for `in_sync`."""
    changed_by: str | None
    """Who is changing it at this moment."""


class LeftoverReport(Document):
    """Something with netdeploy's label that no topology needs any more."""

    kind: Literal["helper", "lock", "interim", "volume", "inheritor"]
    """`helper`: a helper container of a process that died. `lock`: a lock of one. `interim`: a container of a
    replacement that was interrupted. `volume`: of a topology of which nothing else is left. `inheritor`: run by hand
    from an image that was made of one of our containers."""
    name: str
    """The name of the container or volume."""
    topology: str | None
    """The name of the topology that it belongs to, if any."""
    prefix: str | None
    """That topology's prefix."""
    message: str
    """What it is, in words."""
    hint: str
    """How to be rid of it."""


class StatusReport(Document):
    """The topologies on an engine."""

    format_version: Literal["1.0"] = FORMAT_VERSION
    """The version of this format; the number before the dot changes when something is taken away."""
    engine: str
    """The engine's version."""
    topologies: tuple[TopologyReport, ...]
    """Each of them, by name."""
    leftovers: tuple[LeftoverReport, ...]
    """What was left behind."""


def status_report(status: EngineStatus, host_name: str = "localhost") -> StatusReport:
    """The report; `host_name` is how a browser here calls the engine's host."""
    return StatusReport(
        engine=status.engine_version,
        topologies=tuple(_topology(topology, host_name) for topology in status.topologies),
        leftovers=tuple(map(_leftover, status.leftovers)),
    )


def _topology(topology: TopologyStatus, host_name: str) -> TopologyReport:
    containers = [container for container in topology.containers if not is_interim(container.name)]
    changes = topology.comparison.changes
    counts = Counter(change.action.value for change in changes.changes) if changes else Counter[str]()
    healths = [container.state.health for container in containers if container.state.health]
    return TopologyReport(
        name=topology.id.name,
        prefix=topology.id.prefix,
        source=topology.source or None,
        in_sync=changes.in_sync if changes else None,
        unknown=None if changes else without_secrets(topology.comparison.why_not),
        hint=topology.comparison.hint or None,
        summary=dict(counts),
        running=sum(container.state.status == "running" for container in containers),
        healthy=healths.count("healthy"),
        checked=len(healths),
        total=len(containers),
        containers=tuple(map(_container, containers)),
        networks=tuple(
            NetworkStatus(name=network.name, subnets=tuple(pool.subnet for pool in network.pools if pool.subnet))
            for network in topology.networks
        ),
        volumes=tuple(sorted(volume.name for volume in topology.volumes)),
        urls=tuple(UrlStatus(container=c.name, url=url) for c in containers for url in c.urls(host_name)),
        health=tuple(
            AilmentStatus(
                container=a.container, status=a.status, message=without_secrets(a.message), exit_code=a.exit_code
            )
            for a in topology.ailments
        ),
        changed_by=topology.changed_by.text if topology.changed_by else None,
    )


def _container(container: ObservedContainer) -> ContainerStatus:
    return ContainerStatus(
        name=container.name,
        status=container.state.status,
        health=container.state.health or None,
        stand_in_for=container.labels.get(LABEL_STAND_IN) or None,
    )


def _leftover(leftover: Leftover) -> LeftoverReport:
    return LeftoverReport(
        kind=leftover.kind,
        name=leftover.name,
        topology=leftover.topology.name if leftover.topology else None,
        prefix=leftover.topology.prefix if leftover.topology else None,
        message=leftover.message,
        hint=leftover.hint,
    )


def status_schema() -> dict[str, Any]:
    """The JSON Schema of what `status -o json` prints."""
    return schema_of(StatusReport, "netdeploy status", "What `netdeploy status -o json` prints.")
