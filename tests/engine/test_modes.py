"""Containers with the host's network, none, the default bridge, or another container's namespaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab import Lab, answers, free_port

SHARING = """
    name: ndt-lab
    prefix: ndt-
    containers:
      owner: {image: BUSYBOX, command: KEEP, init: true, ipc: shareable, environment: {MODE: "MARK"}, networks: [lan]}
      net: {image: BUSYBOX, command: KEEP, init: true, network_mode: "container:owner"}
      pids: {image: BUSYBOX, command: KEEP, init: true, pid: "container:owner", networks: [lan]}
      memory: {image: BUSYBOX, command: KEEP, init: true, ipc: "container:owner", networks: [lan]}
      disks: {image: BUSYBOX, command: KEEP, init: true, volumes_from: [owner], networks: [lan]}
    networks: {lan: }
"""
ALL = ("ndt-owner", "ndt-net", "ndt-pids", "ndt-memory", "ndt-disks")


def sharing(lab: Lab, mark: str) -> Path:
    return lab.write(SHARING.replace("MARK", mark))


def mended(lab: Lab, file: Path) -> None:
    lab.apply(file)
    assert lab.in_container("ndt-pids", "ps")[1].count("sleep 100000") > 2
    lab.in_container("ndt-owner", "touch /dev/shm/shared")
    assert "shared" in lab.in_container("ndt-memory", "ls /dev/shm")[1]
    addresses = [lab.in_container(name, "ip -4 -o addr show eth0")[1].split()[3] for name in ("ndt-owner", "ndt-net")]
    assert addresses[0] == addresses[1]


def test_the_hosts_network(lab: Lab) -> None:
    port = free_port()
    command = f"[nc, -ll, -p, '{port}', -e, echo, hello]"
    file = lab.write(f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {{image: BUSYBOX, command: {command}, init: true, network_mode: host}}
        """)
    lab.apply(file)
    assert answers(port)
    before = lab.identities("ndt-web")
    lab.apply(file)
    assert lab.identities("ndt-web") == before


def test_no_network_and_back_to_one_of_its_own(lab: Lab) -> None:
    body = """
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {{image: BUSYBOX, command: KEEP, init: true, {where}}}
        networks: {{lan: }}
        """
    lab.apply(lab.write(body.format(where="network_mode: none")))
    assert "eth0" not in lab.in_container("ndt-web", "ip link")[1]
    before = lab.identities("ndt-web")
    file = lab.write(body.format(where="networks: [lan]"))
    (change,) = lab.diff(file)
    assert (change["action"], change["reason"]) == ("replace", "`network_mode` differs")
    lab.apply(file)
    assert lab.identities("ndt-web") != before
    assert "eth0" in lab.in_container("ndt-web", "ip link")[1]


def test_the_default_bridge_said_or_not(lab: Lab) -> None:
    body = "name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {{image: BUSYBOX, command: KEEP, init: true{}}}\n"
    lab.apply(lab.write(body.format("")))
    before = lab.identities("ndt-web")
    lab.apply(lab.write(body.format(", network_mode: bridge")))
    assert lab.identities("ndt-web") == before


def test_a_link_on_the_default_bridge_follows_its_container(lab: Lab) -> None:
    body = """
        name: ndt-lab
        prefix: ndt-
        containers:
          db: {{image: BUSYBOX, command: KEEP, init: true, environment: {{MODE: "{mark}"}}}}
          web: {{image: BUSYBOX, command: KEEP, init: true, links: ["db:store"]}}
        """
    lab.apply(lab.write(body.format(mark=1)))
    lab.apply(lab.write(body.format(mark=2)))
    address = lab.container("ndt-db").attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    assert f"{address}\tstore" in lab.in_container("ndt-web", "cat /etc/hosts")[1]


def test_who_shares_follows_the_owner_when_it_is_replaced(lab: Lab) -> None:
    mended(lab, sharing(lab, "one"))
    before = lab.identities(*ALL)
    file = sharing(lab, "two")
    reasons = {change["name"]: change["reason"] for change in lab.diff(file)}
    assert reasons == {
        "ndt-owner": "`environment.MODE` differs",
        "ndt-net": "it shares the network of `ndt-owner`, which is made anew",
        "ndt-pids": "it shares the processes of `ndt-owner`, which is made anew",
        "ndt-memory": "it shares the memory of `ndt-owner`, which is made anew",
        "ndt-disks": "it has the mounts of `ndt-owner`, which is made anew",
    }
    mended(lab, file)
    after = lab.identities(*ALL)
    assert all(before[name].id != after[name].id for name in ALL)


def test_who_shares_is_started_again_with_the_owner(lab: Lab) -> None:
    file = sharing(lab, "one")
    mended(lab, file)
    before = lab.identities(*ALL)
    lab.container("ndt-owner").restart(timeout=5)
    assert {(action, name) for action, name, _ in lab.told(file)} == {
        ("start", "ndt-net"),
        ("start", "ndt-pids"),
        ("start", "ndt-memory"),
    }
    mended(lab, file)
    after = lab.identities(*ALL)
    assert {name: one.id for name, one in after.items()} == {name: one.id for name, one in before.items()}
    assert after["ndt-disks"] == before["ndt-disks"]


@pytest.mark.whole
def test_who_shares_survives_the_owners_new_name(lab: Lab) -> None:
    file = sharing(lab, "one")
    mended(lab, file)
    before = lab.identities("ndt-net", "ndt-pids", "ndt-memory", "ndt-disks")
    lab.container("ndt-owner").rename("ndt-else")
    assert lab.told(file) == [("rename", "ndt-owner", None)]
    mended(lab, file)
    assert lab.identities("ndt-net", "ndt-pids", "ndt-memory", "ndt-disks") == before


@pytest.mark.whole
def test_the_owner_stopped_by_hand(lab: Lab) -> None:
    file = sharing(lab, "one")
    mended(lab, file)
    lab.container("ndt-owner").stop(timeout=5)
    mended(lab, file)
