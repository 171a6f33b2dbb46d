"""Grading what somebody set up by hand: by name, in sentences, and without a touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab import Lab
from engine.proxy import Proxy

FILE = """
    name: ndt-lab
    containers:
      ndt-cassandra: {image: BUSYBOX, command: KEEP, networks: {ndt-private: {aliases: [cassandra-db]}}}
      ndt-catalog: {image: BUSYBOX, command: KEEP, networks: [ndt-private, ndt-public]}
      ndt-shop: {image: BUSYBOX, command: KEEP, networks: {ndt-public: {aliases: [shop, store]}}}
    networks:
      ndt-private: {ipam: {config: [{subnet: 10.83.61.0/24}]}}
      ndt-public:
"""


MORE = "and its alias `till` is one too many"


def by_hand(lab: Lab) -> Path:
    """The set-up as a student makes it, all right."""
    private = lab.client.networks.create("ndt-private", ipam=subnet("10.83.61.0/24"))
    public = lab.client.networks.create("ndt-public")
    for name in ("ndt-cassandra", "ndt-catalog", "ndt-shop"):
        container = lab.client.containers.create(lab.busybox, ["sleep", "100000"], name=name, network="bridge")
        lab.client.networks.get("bridge").disconnect(container)
    private.connect("ndt-cassandra", aliases=["cassandra-db"])
    private.connect("ndt-catalog")
    public.connect("ndt-catalog")
    public.connect("ndt-shop", aliases=["store", "shop"])
    for name in ("ndt-cassandra", "ndt-catalog", "ndt-shop"):
        lab.container(name).start()
    return lab.write(FILE)


def subnet(text: str) -> dict[str, object]:
    return {"Driver": "default", "Config": [{"Subnet": text}]}


def sentences(lab: Lab, file: Path) -> list[str]:
    result = lab.run("diff", "--by-name", file, "-o", "json")
    assert result.code == 1, result.both
    assert result.json["by_name"]
    return [change["reason"] for change in result.json["changes"]]


def test_a_right_set_up_made_by_hand_has_full_marks(lab: Lab) -> None:
    file = by_hand(lab)
    result = lab.run("diff", "--by-name", file)
    assert (result.code, result.both) == (
        0,
        f"9 of 9 networks, volumes, containers and places on networks are as `ndt-lab` says in {file}.\n",
    )


def test_each_mistake_is_a_sentence_for_a_learner(lab: Lab) -> None:
    file = by_hand(lab)
    networks = {name: lab.client.networks.get(name) for name in ("ndt-private", "ndt-public")}
    networks["ndt-private"].disconnect("ndt-cassandra")
    networks["ndt-public"].disconnect("ndt-shop")
    networks["ndt-public"].connect("ndt-shop", aliases=["shop", "till"])
    networks["ndt-private"].connect("ndt-shop")
    lab.container("ndt-catalog").rename("ndt-katalog")
    assert sentences(lab, file) == [
        "container `ndt-cassandra` is not on `ndt-private`; its alias `cassandra-db` is missing",
        "container `ndt-catalog` does not exist (there is `ndt-katalog`: is that the one?)",
        f"container `ndt-shop` is on `ndt-public`, but its alias `store` is missing, {MORE}",
        "container `ndt-shop` is on `ndt-private`, where it does not belong",
        "container `ndt-katalog` is on `ndt-private`, and the file has no such container",
        "container `ndt-katalog` is on `ndt-public`, and the file has no such container",
    ]


def test_what_is_missing_stopped_or_set_up_otherwise(lab: Lab) -> None:
    file = by_hand(lab)
    lab.container("ndt-shop").stop(timeout=0)
    lab.container("ndt-cassandra").remove(force=True)
    lab.client.networks.get("ndt-private").disconnect("ndt-catalog")
    lab.client.networks.get("ndt-private").remove()
    lab.client.networks.create("ndt-private", ipam=subnet("10.83.62.0/24"))
    told = sentences(lab, file)
    assert told == [
        "network `ndt-private` is not as it should be: `ipam.config`",
        "container `ndt-cassandra` does not exist",
        "container `ndt-catalog` is not on `ndt-private`",
        "container `ndt-shop` does not run",
    ]
    text = lab.run("diff", "--by-name", file).out
    assert "10.83.62.0/24" in text
    assert "exited with code 137" in text


@pytest.mark.whole
def test_it_never_changes_anything(lab: Lab, proxy: Proxy) -> None:
    file = by_hand(lab)
    lab.client.networks.get("ndt-private").disconnect("ndt-cassandra")
    before = lab.identities("ndt-cassandra", "ndt-catalog", "ndt-shop")
    assert lab.run("diff", "--by-name", file, url=proxy.url).code == 1
    assert {method for method, _ in proxy.calls} == {"GET"}
    assert lab.identities("ndt-cassandra", "ndt-catalog", "ndt-shop") == before


def test_what_netdeploy_itself_made_is_compared_alike(lab: Lab) -> None:
    file = lab.write(FILE)
    lab.apply(file)
    assert lab.run("diff", "--by-name", file).code == 0


def test_it_needs_a_file(lab: Lab) -> None:
    result = lab.run("diff", "--by-name")
    assert result.code == 2
    assert "--by-name needs the FILE" in result.err
