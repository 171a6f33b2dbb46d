"""The attributes of an attachment: a container's place on one network."""

from __future__ import annotations

from netdeploy.attributes.table import Attribute, Effect, Json, body
from netdeploy.attributes.wish import AttachmentWish
from netdeploy.engine.observed import ObservedAttachment

Row = Attribute[AttachmentWish, ObservedAttachment]

ROWS: tuple[Row, ...] = (
    Row(
        "aliases", "Aliases", lambda w: w.aliases, lambda w: sorted(w.aliases) or None, lambda a: a.aliases,
        Effect.RECONNECT, default="none: only the container's name",
    ),
    Row(
        "ipv4_address", "IPAMConfig.IPv4Address", lambda w: w.ipv4_address, lambda w: w.ipv4_address or None,
        lambda a: a.ipv4_address, Effect.RECONNECT, default="the next free one", show=lambda text: text or None,
    ),
    Row(
        "ipv6_address", "IPAMConfig.IPv6Address", lambda w: w.ipv6_address, lambda w: w.ipv6_address or None,
        lambda a: a.ipv6_address, Effect.RECONNECT, default="the next free one", show=lambda text: text or None,
    ),
)  # fmt: skip


def endpoint_body(wish: AttachmentWish) -> Json:
    """The endpoint's settings, as create and connect take them."""
    return body(ROWS, wish)
