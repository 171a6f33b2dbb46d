"""The attributes of an attachment: a container's place on one network."""

from __future__ import annotations

from netdeploy.attributes.table import Attribute, Effect, Json, JsonValue, body, plain
from netdeploy.attributes.wish import AttachmentWish
from netdeploy.engine.observed import ObservedAttachment

Row = Attribute[AttachmentWish, ObservedAttachment]


def _asked_for(live: ObservedAttachment, wish: frozenset[str]) -> frozenset[str]:
    """Without what the engine added on its own; an alias of that name that was asked for counts."""
    return live.aliases - (live.added_by_engine - wish)


def _same_aliases(wish: frozenset[str], live: ObservedAttachment) -> bool:
    return _asked_for(live, wish) == wish


def _contrast_aliases(live: ObservedAttachment, wish: frozenset[str]) -> tuple[JsonValue, JsonValue]:
    return plain(_asked_for(live, wish)), plain(wish)


ROWS: tuple[Row, ...] = (
    Row(
        "aliases", "Aliases", lambda w: w.aliases, lambda w: sorted(w.aliases) or None, lambda a: a,
        Effect.RECONNECT, default="none: only the container's name", same=_same_aliases, contrast=_contrast_aliases,
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
