"""Which labels of a container are from netdeploy, and which may be its image's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from unit.builders import image_json, standing

from netdeploy.engine import answers, instance
from netdeploy.engine.observed import LABEL_INSTANCE, LABEL_NAME, LABEL_STAND_IN, LABEL_TOPOLOGY, ObservedImage, Runs
from netdeploy.identity import TopologyId

OURS = {LABEL_TOPOLOGY: "lab", LABEL_NAME: "web", "netdeploy.kind": "container", "netdeploy.prefix": ""}


def image(**labels: str) -> ObservedImage:
    """An image whose id is the digest of its configuration, as an engine's is."""
    made = image_json("app", Labels={f"netdeploy.{label}": value for label, value in labels.items()})
    digest = hashlib.sha256(json.dumps(made["Config"]).encode()).hexdigest()
    return answers.image({**made, "Id": f"sha256:{digest}"})


def committed(labels: dict[str, str]) -> ObservedImage:
    """An image made of a container with those labels."""
    return image(**{label.removeprefix("netdeploy."): value for label, value in labels.items()})


@pytest.mark.parametrize("gone", [False, True], ids=["image there", "image gone"])
def test_what_is_made_is_ours_whatever_becomes_of_its_image(*, gone: bool) -> None:
    for runs in (image(), image(**OURS), committed(instance.for_new(OURS, image()))):
        labels = instance.for_new(OURS, runs)
        assert instance.are_own(labels, Runs(runs.id), None if gone else runs)


@pytest.mark.parametrize("gone", [False, True], ids=["image there", "image gone"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {LABEL_NAME: "other"},
        {LABEL_TOPOLOGY: "lab"},
        {LABEL_INSTANCE: "made-up"},
        {LABEL_INSTANCE: "0" * 32},
        {LABEL_INSTANCE: f"{'0' * 32}@"},
        {LABEL_INSTANCE: f"{'0' * 32}@sha256:{'0' * 64}"},
        {LABEL_INSTANCE: ""},
    ],
)
def test_no_labels_of_an_image_make_a_container_ours(given: dict[str, str], *, gone: bool) -> None:
    first = instance.for_new(OURS, image())
    second = {**committed(first).labels, **given}
    for runs in (committed(OURS), committed(first), committed(second), committed({LABEL_NAME: "web"})):
        labels = {**runs.labels, **given}
        assert not instance.are_own(labels, Runs(runs.id), None if gone else runs)


def test_older_labels_are_a_containers_own_where_its_image_has_none() -> None:
    plain = answers.image(image_json("app", Labels={"vendor": "acme"}))
    for labels in (OURS, {**OURS, LABEL_INSTANCE: "0" * 32}):
        assert instance.are_own(labels, Runs(plain.id), plain)
        assert not instance.are_own(labels, Runs(plain.id), None), "nobody can tell"
        assert not instance.are_own(labels, Runs(plain.id), image(name="web"))


def test_an_image_of_several_platforms_shows_the_labels_of_one_of_them() -> None:
    shown = replace(answers.image(image_json("app")), platform="linux/amd64")
    assert instance.are_own(OURS, Runs(shown.id, "linux/amd64"), shown)
    for other in ("linux/arm64", "linux/amd64/v2"):
        assert not instance.are_own(OURS, Runs(shown.id, other), shown)
        assert instance.are_own(instance.for_new(OURS, shown), Runs(shown.id, other), shown)
    told = {"Image": shown.id, "ImageManifestDescriptor": {"platform": {"os": "linux", "architecture": "arm64"}}}
    assert answers.runs(told) == Runs(shown.id, "linux/arm64")
    assert answers.runs({"Image": "app:latest", "ImageID": shown.id}) == Runs(shown.id)


def test_no_empty_id_is_an_image() -> None:
    assert not instance.are_own({**OURS, LABEL_INSTANCE: f"{'0' * 32}@"}, Runs(""), None)


def test_podman_spells_an_id_without_its_kind() -> None:
    runs = image()
    assert instance.names_its_image(instance.for_new(OURS, runs), runs.id.removeprefix("sha256:"))


def test_labels_that_only_the_image_has_are_given_empty() -> None:
    made = instance.for_new(OURS, image(**{"stand-in": "nginx", "name": "db"}))
    assert made[LABEL_STAND_IN] == ""
    assert made[LABEL_NAME] == "web"
    assert LABEL_STAND_IN not in instance.for_new(OURS, None)


def test_a_claim_is_kept_apart() -> None:
    engine = standing("name: lab\ncontainers:\n  web: {image: nginx, labels: {vendor: acme}}\n")
    (live,) = engine.snapshot().containers
    assert live.claim is None
    foreign = instance.with_own_labels(live, None)
    assert foreign.labels == {"vendor": "acme"}
    assert foreign.claim
    assert foreign.claim.labels[LABEL_TOPOLOGY] == "lab"
    assert not foreign.claim.from_image
    unmarked = replace(live, labels={"vendor": "acme"})
    assert instance.with_own_labels(unmarked, None) == unmarked


@pytest.mark.parametrize("name", ["", "..", "../x", "a b", "a\n", "a\x1b[2J", "-x", "a/b", "\u202ea", "ä"])
def test_names_that_no_file_can_have_are_no_topology(name: str) -> None:
    assert not TopologyId(name).is_possible
    assert not name or not TopologyId("lab", name).is_possible
    assert TopologyId("lab-2.x", "a-").is_possible
