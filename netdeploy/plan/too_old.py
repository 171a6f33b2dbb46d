"""What a topology asks of an engine that is too old for it."""

from __future__ import annotations

from netdeploy.attributes import attachment as attachment_rows
from netdeploy.attributes import container as container_rows
from netdeploy.attributes import network as network_rows
from netdeploy.attributes.table import too_new
from netdeploy.attributes.wish import Wishes


def too_old(wishes: Wishes, api_version: tuple[int, int]) -> list[str]:
    """Each attribute that an engine with this API version does not have, with the version that has it."""
    found: list[str] = []
    for network in wishes.networks:
        if not network.spec.external:
            found += too_new(network_rows.ROWS, network, f"networks.{network.key}", api_version)
    for container in wishes.containers:
        path = f"containers.{container.key}"
        found += too_new(container_rows.ROWS, container, path, api_version)
        for attachment in container.attachments:
            place = f"{path}.networks.{attachment.network_key}"
            found += too_new(attachment_rows.ROWS, attachment, place, api_version)
    return found
