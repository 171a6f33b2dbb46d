"""Changes made by hand: each is named by diff, mended by apply, and the rest is not touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.lab import Lab

FILE = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web:
        image: BUSYBOX
        command: KEEP
        networks: {front: {aliases: [shop]}}
        init: true
      app:
        image: BUSYBOX
        command: KEEP
        networks:
          front: {aliases: [api, gate]}
          back:
        init: true
      db:
        image: BUSYBOX
        command: KEEP
        networks: {back: {aliases: [store], ipv4_address: 10.83.77.20}}
        init: true
    networks:
      front:
      back: {ipam: {config: [{subnet: 10.83.77.0/24}]}}
"""
ALL = ("ndt-web", "ndt-app", "ndt-db")


@pytest.fixture
def file(lab: Lab) -> Path:
    file = lab.write(FILE)
    lab.apply(file)
    return file


def network(lab: Lab, name: str):
    return lab.client.networks.get(name)


def disconnect(lab: Lab) -> None:
    network(lab, "ndt-back").disconnect("ndt-app")


def extra_connect(lab: Lab) -> None:
    network(lab, "ndt-back").connect("ndt-web")


def extra_foreign_network(lab: Lab) -> None:
    lab.client.networks.create("ndt-foreign").connect("ndt-web")


def alias_gone(lab: Lab) -> None:
    network(lab, "ndt-front").disconnect("ndt-app")
    network(lab, "ndt-front").connect("ndt-app")


def alias_changed(lab: Lab) -> None:
    network(lab, "ndt-front").disconnect("ndt-app")
    network(lab, "ndt-front").connect("ndt-app", aliases=["api", "gate", "more"])


def address_gone(lab: Lab) -> None:
    network(lab, "ndt-back").disconnect("ndt-db")
    network(lab, "ndt-back").connect("ndt-db", aliases=["store"])


def address_changed(lab: Lab) -> None:
    network(lab, "ndt-back").disconnect("ndt-db")
    network(lab, "ndt-back").connect("ndt-db", aliases=["store"], ipv4_address="10.83.77.30")


def stopped(lab: Lab) -> None:
    lab.container("ndt-app").stop(timeout=0)


def killed(lab: Lab) -> None:
    lab.container("ndt-app").kill()


def paused(lab: Lab) -> None:
    lab.container("ndt-app").pause()


def renamed(lab: Lab) -> None:
    lab.container("ndt-app").rename("ndt-other")


def names_swapped(lab: Lab) -> None:
    lab.container("ndt-app").rename("ndt-aside")
    lab.container("ndt-db").rename("ndt-app")
    lab.container("ndt-aside").rename("ndt-db")


def restart_policy(lab: Lab) -> None:
    lab.container("ndt-app").update(restart_policy={"Name": "always"})


def network_removed(lab: Lab) -> None:
    for name in ("ndt-web", "ndt-app"):
        network(lab, "ndt-front").disconnect(name)
    network(lab, "ndt-front").remove()


def network_removed_under_stopped(lab: Lab) -> None:
    """Docker lets it happen, and the containers can't start any more."""
    for name in ("ndt-web", "ndt-app"):
        lab.container(name).stop(timeout=0)
    network(lab, "ndt-front").remove()


def stopped_and_disconnected(lab: Lab) -> None:
    lab.container("ndt-app").stop(timeout=0)
    network(lab, "ndt-back").disconnect("ndt-app")


def updated(lab: Lab, **body: object) -> None:
    """As `docker update` does it."""
    api = lab.client.api
    answer = api.post(f"{api.base_url}/v{api.api_version}/containers/ndt-app/update", json=body)
    assert answer.status_code == 200, answer.text


def rejoined(lab: Lab, **endpoint: object) -> None:
    """Out of `back` and in again, with settings that are not the file's."""
    api = lab.client.api
    network(lab, "ndt-back").disconnect("ndt-app")
    url = f"{api.base_url}/v{api.api_version}/networks/ndt-back/connect"
    settings = {"Aliases": ["app"], **endpoint}
    answer = api.post(url, json={"Container": "ndt-app", "EndpointConfig": settings})
    assert answer.status_code == 200, answer.text


def processes_limited(lab: Lab) -> None:
    updated(lab, PidsLimit=50)


def cpu_quota_given(lab: Lab) -> None:
    updated(lab, CpuQuota=50_000)


def memory_reserved(lab: Lab) -> None:
    updated(lab, MemoryReservation=32 << 20)


def endpoint_option_given(lab: Lab) -> None:
    rejoined(lab, DriverOpts={"com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1"})


def link_local_address_given(lab: Lab) -> None:
    rejoined(lab, IPAMConfig={"LinkLocalIPs": ["169.254.8.8"]})


def address_given(lab: Lab) -> None:
    rejoined(lab, IPAMConfig={"IPv4Address": "10.83.77.99"})


def link_given(lab: Lab) -> None:
    rejoined(lab, Links=["ndt-db:other"])


def on_the_default_bridge(lab: Lab) -> None:
    network(lab, "bridge").connect("ndt-app")


def off_all_networks(lab: Lab) -> None:
    network(lab, "ndt-back").disconnect("ndt-app")
    network(lab, "ndt-front").disconnect("ndt-app")


def memory_limited(lab: Lab) -> None:
    updated(lab, Memory=64 << 20, MemorySwap=128 << 20)


def cpus_limited(lab: Lab) -> None:
    updated(lab, NanoCpus=500_000_000)


def pinned_to_a_cpu(lab: Lab) -> None:
    updated(lab, CpusetCpus="0")


def cpu_share_given(lab: Lab) -> None:
    updated(lab, CpuShares=512)


def removed(lab: Lab) -> None:
    lab.container("ndt-app").remove(force=True)


RECONNECTED = {("reconnect", "ndt-app", "ndt-back")}
UPDATED = {("update", "ndt-app", None)}
REPLACED = {
    memory_limited: {("replace", "ndt-app", None)},
    cpus_limited: {("replace", "ndt-app", None)},
    pinned_to_a_cpu: {("replace", "ndt-app", None)},
    cpu_share_given: {("replace", "ndt-app", None)},
    removed: {("create", "ndt-app", None)},
}
"""What the engine can't take back in place."""


Told = set[tuple[str, str, str | None]]
KEPT: list[tuple[Callable[[Lab], None], Told, set[str]]] = [
    (disconnect, {("connect", "ndt-app", "ndt-back")}, {"ndt-app"}),
    (extra_connect, {("disconnect", "ndt-web", "ndt-back")}, {"ndt-web"}),
    (extra_foreign_network, {("disconnect", "ndt-web", "ndt-foreign")}, {"ndt-web"}),
    (alias_gone, {("reconnect", "ndt-app", "ndt-front")}, {"ndt-app"}),
    (alias_changed, {("reconnect", "ndt-app", "ndt-front")}, {"ndt-app"}),
    (address_gone, {("reconnect", "ndt-db", "ndt-back")}, {"ndt-db"}),
    (address_changed, {("reconnect", "ndt-db", "ndt-back")}, {"ndt-db"}),
    (stopped, {("start", "ndt-app", None)}, {"ndt-app"}),
    (killed, {("start", "ndt-app", None)}, {"ndt-app"}),
    (paused, {("start", "ndt-app", None)}, {"ndt-app"}),
    (renamed, {("rename", "ndt-app", None)}, {"ndt-app"}),
    (names_swapped, {("rename", "ndt-app", None), ("rename", "ndt-db", None)}, {"ndt-app", "ndt-db"}),
    (restart_policy, UPDATED, {"ndt-app"}),
    (processes_limited, UPDATED, {"ndt-app"}),
    (cpu_quota_given, UPDATED, {"ndt-app"}),
    (memory_reserved, UPDATED, {"ndt-app"}),
    (endpoint_option_given, RECONNECTED, {"ndt-app"}),
    (link_local_address_given, RECONNECTED, {"ndt-app"}),
    (address_given, RECONNECTED, {"ndt-app"}),
    (link_given, RECONNECTED, {"ndt-app"}),
    (on_the_default_bridge, {("disconnect", "ndt-app", "bridge")}, {"ndt-app"}),
    (
        off_all_networks,
        {("connect", "ndt-app", "ndt-back"), ("connect", "ndt-app", "ndt-front")},
        {"ndt-app"},
    ),
    (
        network_removed,
        {
            ("create", "ndt-front", None),
            ("connect", "ndt-web", "ndt-front"),
            ("connect", "ndt-app", "ndt-front"),
        },
        {"ndt-web", "ndt-app"},
    ),
    (
        network_removed_under_stopped,
        {
            ("create", "ndt-front", None),
            ("reconnect", "ndt-web", "ndt-front"),
            ("reconnect", "ndt-app", "ndt-front"),
            ("start", "ndt-web", None),
            ("start", "ndt-app", None),
        },
        {"ndt-web", "ndt-app"},
    ),
    (
        stopped_and_disconnected,
        {("connect", "ndt-app", "ndt-back"), ("start", "ndt-app", None)},
        {"ndt-app"},
    ),
]


@pytest.mark.part(8)
@pytest.mark.parametrize(("tamper", "told", "touched"), KEPT, ids=[case[0].__name__ for case in KEPT])
def test_tampering_is_named_and_mended_in_place(
    lab: Lab, file: Path, tamper: Callable[[Lab], None], told: Told, touched: set[str]
) -> None:
    before = lab.identities(*ALL)
    tamper(lab)
    assert set(lab.told(file)) == told
    lab.apply(file)
    after = lab.identities(*ALL)
    assert {name: one.id for name, one in after.items()} == {name: one.id for name, one in before.items()}
    untouched = set(ALL) - touched
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}
    assert lab.resolves("ndt-web", "gate")
    assert lab.resolves("ndt-app", "store")


def test_a_connected_container_keeps_running_while_it_is_mended(lab: Lab, file: Path) -> None:
    before = lab.identities("ndt-app")
    alias_gone(lab)
    disconnect(lab)
    lab.apply(file)
    assert lab.identities("ndt-app") == before


@pytest.mark.part(2)
@pytest.mark.parametrize("tamper", REPLACED, ids=lambda tamper: tamper.__name__)
def test_tampering_that_only_a_new_container_mends(lab: Lab, file: Path, tamper: Callable[[Lab], None]) -> None:
    before = lab.identities(*ALL)
    tamper(lab)
    assert set(lab.told(file)) == REPLACED[tamper]
    lab.apply(file)
    after = lab.identities(*ALL)
    assert after["ndt-app"].id != before["ndt-app"].id
    assert [after[name] for name in ("ndt-web", "ndt-db")] == [before[name] for name in ("ndt-web", "ndt-db")]
    assert lab.resolves("ndt-web", "gate")


@pytest.mark.whole
def test_changing_an_alias_on_twenty_containers_restarts_none(lab: Lab) -> None:
    names = [f"one{number}" for number in range(20)]

    def write(alias: str) -> Path:
        here = {name: KEPT_RUNNING | {"networks": {"lan": {"aliases": [f"{alias}-{name}"]}}} for name in names}
        return lab.write(json.dumps({"name": "ndt-lab", "prefix": "ndt-", "containers": here, "networks": {"lan": {}}}))

    lab.apply(write("before"))
    before = lab.identities(*(f"ndt-{name}" for name in names))
    file = write("after")
    assert {(action, network) for action, _, network in lab.told(file)} == {("reconnect", "ndt-lan")}
    lab.apply(file)
    assert lab.identities(*(f"ndt-{name}" for name in names)) == before
    assert lab.resolves("ndt-one0", "after-one19")
    assert not lab.resolves("ndt-one0", "before-one19")


KEPT_RUNNING = {"image": "BUSYBOX", "command": ["sleep", "100000"], "init": True}


def test_the_reason_names_the_missing_alias(lab: Lab, file: Path) -> None:
    alias_gone(lab)
    (change,) = lab.diff(file)
    assert change["reason"] == "aliases `api`, `app`, `gate` are missing"
    (attribute,) = change["attributes"]
    assert attribute["path"] == "containers.app.networks.front.aliases"
    assert (attribute["before"], attribute["after"]) == ([], ["api", "app", "gate"])


def test_a_network_made_anew_by_hand_is_foreign(lab: Lab, file: Path) -> None:
    network_removed(lab)
    lab.client.networks.create("ndt-front")
    result = lab.run("apply", file)
    assert result.code == 2
    assert "ndt-front" in result.err
    assert "no netdeploy label" in result.err
