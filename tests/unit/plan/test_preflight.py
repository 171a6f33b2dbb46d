"""What stands in the way, as far as no engine is needed to see it: pools of the engine, platforms, plugins."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.builders import IMAGES, compared, wishes_of
from unit.paper_engine import PaperEngine

from netdeploy.apply.preflight import obstacles
from netdeploy.engine.abilities import Abilities
from netdeploy.engine.surroundings import AddressPool, Surroundings

V4 = (AddressPool("10.210.0.0/23", 24),)
V6 = (AddressPool("fd00:210::/63", 64),)


def told(text: str, around: Surroundings, api: tuple[int, int] = (1, 51)) -> list[str]:
    """The obstacles of a first apply, as `path: message`."""
    wanted, engine = wishes_of(text), PaperEngine(IMAGES)
    changes, _ = compared(wanted, engine)
    seen = replace(engine.snapshot(), api_version=api, networks=())
    return [f"{obstacle.path}: {obstacle.message}" for obstacle in obstacles(wanted, seen, changes, around)]


THREE = "networks: {n1: {enable_ipv6: SIX}, n2: {driver: macvlan, enable_ipv6: SIX}, n3: {enable_ipv6: SIX}}"


@pytest.mark.parametrize(
    ("six", "pools", "api", "expected"),
    [
        ("false", V4, (1, 51), ["networks: the engine has 2 free subnets left, and `n1`, `n2`, `n3` need 3"]),
        ("false", (*V4, *V6), (1, 51), ["networks: the engine has 2 free subnets left, and `n1`, `n2`, `n3` need 3"]),
        ("false", (*V4, AddressPool("10.212.0.0/24", 24)), (1, 51), []),
        (
            "true",
            (*V4, *V4, AddressPool("10.212.0.0/24", 24), *V6),
            (1, 51),
            ["networks: the engine has 2 free IPv6 subnets left, and `n1`, `n2`, `n3` need 3"],
        ),
        ("true", (*V4, AddressPool("10.212.0.0/24", 24)), (1, 46), []),
    ],
)
def test_each_kind_of_address_has_pools_of_its_own(
    six: str, pools: tuple[AddressPool, ...], api: tuple[int, int], expected: list[str]
) -> None:
    assert told(THREE.replace("SIX", six), Surroundings(pools=pools), api) == expected


def test_an_engine_without_ipv6_pools_is_asked_for_none() -> None:
    text = """
    networks:
      own: {enable_ipv6: true, ipam: {config: [{subnet: "fd00:1::/64"}]}}
      any: {enable_ipv6: true}
    """
    pools = (AddressPool("10.0.0.0/8", 24),)
    assert told(text, Surroundings(pools=pools), (1, 45)) == [
        "networks.any.enable_ipv6: this engine gives no IPv6 subnets of its own"
    ]
    assert told(text, Surroundings(pools=(*pools, *V6)), (1, 45)) == []


DRIVERS = """
containers: {web: {image: nginx, runtime: own, logging: {driver: own}, cpus: 64}}
networks: {net: {ipam: {driver: own}}}
volumes: {data: {driver: own/plugin}}
"""
CAN = Abilities(
    system="linux",
    runtimes=frozenset({"runc"}),
    log_drivers=frozenset({"json-file"}),
    volume_drivers=frozenset({"local"}),
    plugins=frozenset(),
    cpus=2,
)


def test_an_engine_that_tells_nothing_lacks_nothing() -> None:
    assert told(DRIVERS, Surroundings(pools=V4)) == []
    assert told(DRIVERS, Surroundings(pools=V4, local=True)) == []


def test_a_plugin_that_may_be_there_is_not_missed() -> None:
    """One of the older kind shows only where it is: on the engine's host."""
    missing = ["runtime", "logging.driver", "cpus", "volumes.data.driver", "networks.net.ipam.driver"]
    here = told(DRIVERS, Surroundings(pools=V4, local=True, abilities=CAN))
    assert [line for line in here if not any(name in line for name in missing)] == []
    assert len(here) == len(missing)
    far = told(DRIVERS, Surroundings(pools=V4, abilities=CAN))
    assert [line.partition(":")[0] for line in far] == ["containers.web.runtime", "containers.web.cpus"]
    installed = replace(CAN, plugins=frozenset({"own", "own/plugin"}), runtimes=frozenset({"own"}), cpus=64)
    assert told(DRIVERS, Surroundings(pools=V4, local=True, abilities=installed)) == []


@pytest.mark.parametrize(
    ("platform", "refused"),
    [
        ("linux/amd64", False),
        ("linux/x86_64", False),
        ("linux/amd64/v2", False),
        ("linux/arm64", True),
        ("windows/amd64", True),
    ],
)
def test_an_image_for_another_platform(platform: str, refused: bool) -> None:
    images = {**IMAGES, "nginx": {**IMAGES["nginx"], "Os": "linux", "Architecture": "amd64"}}
    wanted, engine = (
        wishes_of(f"containers: {{web: {{image: nginx, platform: {platform}}}}}", images),
        PaperEngine(images),
    )
    changes, _ = compared(wanted, engine)
    found = obstacles(wanted, engine.snapshot(), changes, Surroundings(pools=V4))
    assert [one.path for one in found] == (["containers.web.platform"] if refused else [])
    many = Surroundings(pools=V4, abilities=Abilities(many_platforms=True))
    assert obstacles(wanted, engine.snapshot(), changes, many) == []
