"""Whether a container has its labels from us, or from its image.

A container gets all labels of its image, and an image may have any: a Dockerfile gives them, and one that is committed
from a container of ours has all of that one's. Whatever is run from it by hand would be taken for ours, and removed.

So each container that netdeploy makes says in its instance label which image it runs. No image can say so of itself:
its id is the digest of all that is in it, of its labels too. So this holds also where the image is gone (with force,
engines remove it under a stopped container, seen on 20.10 and 28.5; the container keeps its id).

Older versions made labels that name no image. Those are a container's own where its image has none of ours.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace

from netdeploy.engine.observed import LABEL_INSTANCE, Claim, ObservedContainer, ObservedImage, Runs

_OURS = "netdeploy."
_INSTANCE = re.compile(r"[0-9a-f]{32}@(?:sha256:)?([0-9a-f]{64})")


def for_new(labels: Mapping[str, str], image: ObservedImage | None) -> dict[str, str]:
    """The labels of a container that is to be made from an image, with an instance label.

    Labels of ours that only the image has would be the container's, too: they are given empty.

    Args:
        labels: those that it is to have.
        image: None where the engine does not have it.
    """
    inherited = {label: "" for label in image.labels if label.startswith(_OURS)} if image else {}
    instance = uuid.uuid4().hex + (f"@{image.id}" if image else "")
    return {**inherited, **labels, LABEL_INSTANCE: instance}


def claims_to_be_ours(labels: Mapping[str, str]) -> bool:
    """Whether there is any label of ours, wherever it is from."""
    return any(label.startswith(_OURS) for label in labels)


def names_its_image(labels: Mapping[str, str], image_id: str) -> bool:
    """Whether a container's instance label names the image that it runs: then its labels are from us."""
    instance = _INSTANCE.fullmatch(labels.get(LABEL_INSTANCE, ""))
    return instance is not None and instance[1] == image_id.removeprefix("sha256:")


def are_own(labels: Mapping[str, str], runs: Runs, image: ObservedImage | None) -> bool:
    """Whether a container's labels are from us, as far as can be known: a doubt counts against it.

    Args:
        labels: the container's.
        runs: what it runs, as the container tells it.
        image: the image of that id; None where it is gone or can't be read.
    """
    return names_its_image(labels, runs.id) or (
        image is not None and runs.platform in ("", image.platform) and not claims_to_be_ours(image.labels)
    )


def with_own_labels(container: ObservedContainer, image: ObservedImage | None) -> ObservedContainer:
    """A container without those labels of ours that it may have from its image: they are a claim, and no more."""
    if not claims_to_be_ours(container.labels) or are_own(container.labels, container.runs, image):
        return container
    claim = Claim({k: v for k, v in container.labels.items() if k.startswith(_OURS)}, from_image=image is not None)
    return replace(container, labels=without_ours(container.labels), claim=claim)


def without_ours(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that are none of ours."""
    return {label: value for label, value in labels.items() if not label.startswith(_OURS)}
