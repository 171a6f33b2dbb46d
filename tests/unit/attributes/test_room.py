"""How many containers a network has addresses for, as engines of both generations count."""

from __future__ import annotations

import pytest

from netdeploy.attributes.network import room
from netdeploy.engine.observed import ObservedPool

AUX = frozenset({("printer", "10.7.4.2")})


@pytest.mark.parametrize(
    ("pool", "addresses"),
    [
        (ObservedPool("10.7.0.0/24"), 253),
        (ObservedPool("10.7.0.0/30"), 1),
        (ObservedPool("10.7.0.0/31"), 1),
        (ObservedPool("10.7.0.0/32"), 0),
        (ObservedPool("10.7.0.0/30", ip_range="10.7.0.0/30"), 1),
        (ObservedPool("10.7.1.0/24", ip_range="10.7.1.8/30"), 3),
        (ObservedPool("10.7.1.0/24", ip_range="10.7.1.8/30", gateway="10.7.1.1"), 4),
        (ObservedPool("10.7.1.0/24", ip_range="10.7.1.252/30", gateway="10.7.1.1"), 3),
        (ObservedPool("10.7.4.0/29", gateway="10.7.4.6", aux_addresses=AUX), 4),
        (ObservedPool("fd00:7::/126"), 2),
        (ObservedPool("fd00:7::/64"), 2**64 - 2),
    ],
)
def test_a_pool_has_room_for_so_many(pool: ObservedPool, addresses: int) -> None:
    assert room(pool, {}) == addresses


def test_a_network_without_a_gateway_has_room_for_one_more() -> None:
    isolated = {"com.docker.network.bridge.gateway_mode_ipv4": "isolated"}
    assert room(ObservedPool("10.7.0.0/30"), isolated) == 2
    assert room(ObservedPool("fd00:7::/126"), isolated) == 2
