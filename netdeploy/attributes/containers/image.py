"""The image, its platform, and what it is run with: what a silent file means follows the image.

The engine's own merge of image and request is moby's: daemon/commit.go, `merge`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from netdeploy.attributes.table import ANY, Attribute, Effect, JsonValue
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.normal_form import platform, usual_variant
from netdeploy.engine.observed import LABEL_STAND_IN, ObservedContainer

Row = Attribute[ContainerWish, ObservedContainer]
TAG_MOVED = "the tag has moved"


@dataclass(frozen=True, slots=True)
class _Image:
    name: str
    id: str
    stand_in: bool


def full_image_name(name: str) -> str:
    """`nginx` as `docker.io/library/nginx:latest` (distribution/reference, familiar names)."""
    head, slash, rest = name.partition("/")
    if not slash or not (re.search(r"[.:]", head) or head == "localhost" or head != head.lower()):
        head, rest = "docker.io", name
    elif head == "index.docker.io":
        head = "docker.io"
    library = "library/" if head == "docker.io" and "/" not in rest else ""
    name = f"{head}/{library}{rest}"
    last = name.rpartition("/")[2]
    return name if ":" in last or "@" in last else f"{name}:latest"


def _image_wish(wish: ContainerWish) -> _Image:
    if wish.stand_in_for:
        return _Image(wish.stand_in_for, "", stand_in=True)
    return _Image(wish.spec.image, wish.image.id if wish.image else "", stand_in=False)


def _image_read(live: ObservedContainer) -> _Image:
    stands_for = live.labels.get(LABEL_STAND_IN, "")
    return _Image(stands_for or live.image, live.image_id, stand_in=bool(stands_for))


def _same_image(wish: _Image, live: _Image) -> bool:
    same_name = full_image_name(wish.name) == full_image_name(live.name)
    same_id = not wish.id or wish.stand_in or wish.id == live.id
    return same_name and wish.stand_in == live.stand_in and same_id


def _image_contrast(live: _Image, wish: _Image) -> tuple[JsonValue, JsonValue]:
    if live.stand_in == wish.stand_in and full_image_name(live.name) == full_image_name(wish.name):
        return f"{live.name} ({_digest(live.id)})", f"{wish.name} ({_digest(wish.id)}): {TAG_MOVED}"
    return _image_text(live), _image_text(wish)


def _image_text(image: _Image) -> str:
    return f"stand-in for {image.name}" if image.stand_in else image.name


def _digest(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


def _same_platform(wish: str, live: str) -> bool:
    """What a wish does not say may be anything; an engine that does not tell is believed."""
    system, architecture, variant = platform(live)
    actual = (system, architecture, variant or usual_variant(architecture))
    return not live or all(said in ("", part) for said, part in zip(platform(wish), actual, strict=True))


ROWS: tuple[Row, ...] = (
    Row(
        "image", "Image", _image_wish, lambda w: w.spec.image, _image_read, Effect.REPLACE,
        default="required", same=_same_image, contrast=_image_contrast,
    ),
    Row(
        "platform", "platform", lambda w: w.spec.platform or ANY, lambda w: w.spec.platform, lambda c: c.platform,
        Effect.REPLACE, default="the image's", same=_same_platform,
        untested="an image for another platform can't be run by most machines",
    ),
)  # fmt: skip
