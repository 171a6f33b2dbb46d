"""The attributes of a volume. The engine can't change a volume; replacing one would lose its data."""

from __future__ import annotations

from netdeploy.attributes.labels import ADDED_BY_OTHERS, own_labels, users_labels
from netdeploy.attributes.table import Attribute, Effect, Json, body
from netdeploy.attributes.wish import VolumeWish
from netdeploy.engine.observed import ObservedVolume

Row = Attribute[VolumeWish, ObservedVolume]


def _labels(wish: VolumeWish) -> dict[str, str]:
    return {**wish.spec.labels, **own_labels(wish.origin, "volume", wish.key)}


ROWS: tuple[Row, ...] = (
    Row(
        "driver", "Driver", lambda w: w.spec.driver, lambda w: w.spec.driver, lambda v: v.driver, Effect.REPLACE,
        default="local", untested="needs a volume plugin; `local` is tested by all",
    ),
    Row(
        "driver_opts", "DriverOpts", lambda w: dict(w.spec.driver_opts), lambda w: dict(w.spec.driver_opts) or None,
        lambda v: dict(v.driver_opts), Effect.REPLACE, default="none", by_key=True,
    ),
    Row(
        "labels", "Labels", lambda w: dict(w.spec.labels), _labels,
        lambda v: users_labels(v.labels), Effect.REPLACE, default="none", by_key=True, by_others=ADDED_BY_OTHERS,
    ),
    Row("name", "Name", lambda w: w.name, lambda w: w.name, lambda v: v.name, Effect.REPLACE, default="its key"),
)  # fmt: skip


def create_body(wish: VolumeWish) -> Json:
    """The body of `POST /volumes/create`."""
    return body(ROWS, wish)
