"""The attributes of a container: the rows of all topics, and the bodies they make."""

from __future__ import annotations

from collections.abc import Iterable

from netdeploy.attributes.attachment import ROWS as ATTACHMENT_ROWS
from netdeploy.attributes.containers import image, mounts, network, privileges, process, resources
from netdeploy.attributes.table import Attribute, AttributeChange, Effect, Json, body, declared
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import LABEL_DECLARED, LABEL_DEPENDS_ON, ObservedContainer

Row = Attribute[ContainerWish, ObservedContainer]
ROWS: tuple[Row, ...] = (
    *image.ROWS,
    *process.ROWS,
    *network.ROWS,
    *mounts.ROWS,
    *resources.ROWS,
    *privileges.ROWS,
)


def create_body(wish: ContainerWish) -> Json:
    """The body of `POST /containers/create`, without endpoints."""
    made = body(ROWS, wish)
    given = declared(ROWS, wish)
    for attachment in wish.attachments:
        given += [f"networks.{attachment.network}.{name}" for name in declared(ATTACHMENT_ROWS, attachment)]
    if given:
        made["Labels"][LABEL_DECLARED] = " ".join(sorted(given))
    if wish.spec.depends_on:
        made["Labels"][LABEL_DEPENDS_ON] = " ".join(sorted(wish.spec.depends_on))
    return made


def update_body(wish: ContainerWish, changes: Iterable[AttributeChange]) -> Json:
    """The body of `POST /containers/{id}/update` that makes these changes."""
    names = {change.name for change in changes if change.effect is Effect.UPDATE}
    made: Json = {}
    for row in ROWS:
        if row.path in names:
            made |= row.update_body(wish)
    return made
