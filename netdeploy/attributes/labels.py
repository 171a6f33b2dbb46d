"""Labels: which are ours, and which are the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.engine.observed import LABEL_KIND, LABEL_NAME, LABEL_PREFIX, LABEL_SOURCE, LABEL_TOPOLOGY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netdeploy.attributes.wish import Origin

KIND_ANONYMOUS = "anonymous-volume"
"""The kind of a volume without a name; its `netdeploy.name` is the container's key and the target, as `db:/data`."""
_OURS = "netdeploy."
ADDED_BY_OTHERS = ("desktop.docker.io/",)
"""Docker Desktop marks bind mounts with labels of its own; one that the file gives is compared all the same."""


def own_labels(origin: Origin, kind: str, key: str) -> dict[str, str]:
    """The labels that make an object ours; ownership is these, never the name."""
    labels = {LABEL_TOPOLOGY: origin.topology, LABEL_PREFIX: origin.prefix, LABEL_KIND: kind, LABEL_NAME: key}
    return labels | ({LABEL_SOURCE: str(origin.source)} if origin.source and "volume" not in kind else {})


def users_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that a file may set, and that are compared."""
    return {name: value for name, value in labels.items() if not name.startswith(_OURS)}
