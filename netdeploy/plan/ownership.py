"""Whose an object is: the labels decide, never the name."""

from __future__ import annotations

from collections.abc import Mapping

from netdeploy.engine.observed import (
    LABEL_INSTANCE,
    LABEL_KIND,
    LABEL_SOURCE,
    LABEL_TOPOLOGY,
    ObservedContainer,
    Snapshot,
)

TEMPORARY = ".netdeploy-new"
"""Ends the name under which a replacement is made, before it takes the old container's place."""
ASIDE = ".netdeploy-old"
"""Ends the name of a container that is replaced, until it is removed; it comes back if the new one fails."""


def is_ours(labels: Mapping[str, str], topology: str, kind: str) -> bool:
    """Whether an object's labels say that it belongs to `topology`."""
    return labels.get(LABEL_TOPOLOGY) == topology and labels.get(LABEL_KIND) == kind


def our_containers(seen: Snapshot, topology: str) -> tuple[ObservedContainer, ...]:
    """The containers of `topology`.

    An image committed from one of them has its labels, and gives them to whatever is run from it by hand: those are
    not ours. Each container that netdeploy makes has an instance label of its own, so an inherited one is known.
    """
    labelled = (c for c in seen.containers if is_ours(c.labels, topology, "container"))
    return tuple(c for c in labelled if not _inherited(c, seen))


def inheritors(seen: Snapshot, topology: str) -> tuple[ObservedContainer, ...]:
    """The containers that have the labels of `topology` from an image committed from one of its containers."""
    labelled = (c for c in seen.containers if is_ours(c.labels, topology, "container"))
    return tuple(c for c in labelled if _inherited(c, seen))


def is_interim(name: str) -> bool:
    """Whether a container bears the name of one that is being replaced, or of the one to replace it."""
    return TEMPORARY in name or ASIDE in name


def was_never_used(container: ObservedContainer) -> bool:
    """Whether it is the new one of a replacement, or another, that was never started: there is nothing in it."""
    return TEMPORARY in container.name or container.state.status == "created"


def _inherited(container: ObservedContainer, seen: Snapshot) -> bool:
    image = seen.image_of(container)
    instance = image.labels.get(LABEL_INSTANCE) if image else None
    return instance is not None and container.labels.get(LABEL_INSTANCE) == instance


def owner_text(labels: Mapping[str, str]) -> str:
    """Whose an object is, as far as its labels tell."""
    if labels.get(LABEL_TOPOLOGY):
        source = labels.get(LABEL_SOURCE)
        return f"belongs to the topology `{labels[LABEL_TOPOLOGY]}`" + (f" ({source})" if source else "")
    project = labels.get("com.docker.compose.project")
    if project:
        return f"belongs to the Docker Compose project `{project}`"
    return "was not made by netdeploy (it has no netdeploy label)"
