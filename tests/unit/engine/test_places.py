"""Entries of a container's networks that are no places: what a connect leaves that fails on a running container."""

from __future__ import annotations

from typing import Any

import pytest

from netdeploy.engine.answers import places

ON = {"NetworkID": "aaaa", "EndpointID": "eeee", "IPAddress": "10.1.0.2"}
FAILED = {"NetworkID": "", "EndpointID": "", "IPAMConfig": {}, "Aliases": ["web"]}


def told(**state: bool) -> set[str]:
    networks: dict[str, Any] = {"on": ON, "failed": FAILED, "null": None}
    return set(places({"State": state, "NetworkSettings": {"Networks": networks}}))


def test_a_running_container_is_not_where_a_connect_failed() -> None:
    assert told(Running=True) == {"on"}
    assert told(Running=True, Paused=True) == {"on"}


@pytest.mark.parametrize("state", [{"Running": False}, {"Running": True, "Restarting": True}, {}])
def test_the_next_start_joins_it(state: dict[str, bool]) -> None:
    assert told(**state) == {"on", "failed", "null"}
