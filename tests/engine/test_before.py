"""Before the first change: all that stands in the way is told together, and nothing is touched."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.lab import Lab, free_port
from engine.proxy import Proxy

WEB = "{image: BUSYBOX, command: KEEP, init: true"


@contextmanager
def listening(port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> Iterator[None]:
    """A process of this host that holds a port: this one."""
    with socket.socket(type=kind) as held:
        held.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            held.listen()
        yield


def refused(lab: Lab, body: str, *options: str, changed: bool = False) -> str:
    """What apply says when it refuses; it must have touched nothing."""
    file = lab.write(f"name: ndt-lab\nprefix: ndt-\n{body}")
    before, socket_path = lab.names() | lab.volumes(), lab.folder / "before.sock"
    with Proxy(lab.engine.endpoint.url, socket_path) as proxy:
        result = lab.run("apply", file, *options, url=proxy.url)
        assert proxy.changing == [] or changed
    assert result.code == 2, result.both
    assert "nothing was touched" in result.err or "nothing was changed" in result.err
    assert lab.names() | lab.volumes() == before
    return result.err


def test_everything_in_the_way_is_told_at_once(lab: Lab) -> None:
    by_container, by_process = free_port(), free_port()
    lab.foreign("ndt-other", ports={"80/tcp": by_container})
    with listening(by_process):
        said = refused(
            lab,
            f"""
containers:
  web: {WEB}, networks: [net], ports: ["{by_container}:80", "{by_process}:81"]}}
  bad: {WEB}, volumes: [{{type: bind, source: /no/such/folder, target: /x}}]}}
  far: {{image: ndt.invalid/no/such:1}}
networks: {{net: {{}}}}
""",
        )
    assert f"! containers.web.ports: the host's port {by_container}/tcp is held by the container `ndt-other`" in said
    assert "docker stop ndt-other" in said
    assert f"! containers.web.ports: the host's port {by_process}/tcp is held by `" in said
    assert "! containers.bad.volumes: the host has no folder or file /no/such/folder" in said
    assert "! the image `ndt.invalid/no/such:1` is not on the engine and can't be pulled" in said
    assert "4 things stand in the way" in said


def test_a_udp_port_of_a_process(lab: Lab) -> None:
    port = free_port()
    with listening(port, socket.SOCK_DGRAM):
        assert f"{port}/udp is held by" in refused(lab, f"containers:\n  web: {WEB}, ports: ['{port}:53/udp']}}\n")
        file = lab.write(f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {WEB}, ports: ['{port}:53/tcp']}}\n")
        lab.apply(file)


def test_a_port_on_another_address_is_free(lab: Lab) -> None:
    port = free_port()
    with listening(port):
        file = lab.write(f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {WEB}, ports: ['127.0.0.2:{port}:80']}}\n")
        lab.apply(file)


def test_a_fixed_address_that_a_stranger_has(lab: Lab) -> None:
    file = lab.write(
        f"""
name: ndt-lab
prefix: ndt-
containers:
  web: {WEB}, networks: [net]}}
networks: {{net: {{ipam: {{config: [{{subnet: 10.83.30.0/24}}]}}}}}}
"""
    )
    lab.apply(file)
    stranger = lab.foreign("ndt-stranger", network="none")
    lab.client.networks.get("none").disconnect(stranger)
    lab.client.networks.get("ndt-net").connect(stranger, ipv4_address="10.83.30.9")
    said = refused(
        lab,
        f"""
containers:
  web: {WEB}, networks: {{net: {{ipv4_address: 10.83.30.9}}}}, environment: {{V: "2"}}}}
networks: {{net: {{ipam: {{config: [{{subnet: 10.83.30.0/24}}]}}}}}}
""",
    )
    assert "! containers.web.networks.net: 10.83.30.9 is in use by container `ndt-stranger`" in said


def test_a_subnet_that_would_cut_the_host_off(lab: Lab) -> None:
    subprocess.run(["ip", "link", "add", "ndtv0", "type", "veth", "peer", "name", "ndtv1"], check=True)
    try:
        subprocess.run(["ip", "addr", "add", "10.83.77.1/24", "dev", "ndtv0"], check=True)
        subprocess.run(["ip", "link", "set", "ndtv0", "up"], check=True)
        body = f"containers:\n  web: {WEB}}}\nnetworks: {{net: {{ipam: {{config: [{{subnet: SUBNET}}]}}}}}}\n"
        said = refused(lab, body.replace("SUBNET", "10.83.76.0/23"))
        assert "its subnet 10.83.76.0/23 covers 10.83.77.0/24, which this host reaches by ndtv0" in said
        file = lab.write("name: ndt-lab\nprefix: ndt-\n" + body.replace("SUBNET", "10.83.77.128/25"))
        result = lab.apply(file)
        assert "warning: networks.net: its subnet 10.83.77.128/25 lies inside 10.83.77.0/24" in result.err
    finally:
        subprocess.run(["ip", "link", "del", "ndtv0"], check=True)


def test_no_subnets_left(lab: Lab) -> None:
    networks = "".join(f"  n{number}: {{}}\n" for number in range(40))
    said = refused(lab, f"containers:\n  web: {WEB}}}\nnetworks:\n{networks}")
    assert "free subnets left, and `n0`, `n1`" in said
    assert "need 40" in said


@pytest.mark.whole
def test_subnets_are_counted_as_the_engine_counts(lab: Lab) -> None:
    """One network less than what is left can be made; one more can't."""
    many = "".join(f"  n{number}: {{}}\n" for number in range(60))
    said = refused(lab, f"containers:\n  web: {WEB}}}\nnetworks:\n{many}")
    left = int(said.partition("the engine has ")[2].split()[0])
    fitting = "".join(f"  n{number}: {{}}\n" for number in range(left))
    lab.apply(lab.write(f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {WEB}}}\nnetworks:\n{fitting}"))
    assert "free subnets left" in refused(lab, f"containers:\n  web: {WEB}}}\nnetworks:\n{fitting}  more: {{}}\n")


def test_a_topology_of_the_same_name_from_another_file_is_named_first(lab: Lab) -> None:
    body = f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {WEB}}}\n"
    first = lab.write(body)
    lab.apply(first)
    other = lab.write(body.replace("init: true", "init: false"), name="ndt-another")
    result = lab.run("diff", other)
    assert f"Another file made it, and describes it too: {first}" in result.out.splitlines()[1]
    assert lab.run("diff", other, "-o", "json").json["made_from"] == str(first)
    assert "nother file" not in lab.run("diff", lab.write(body.replace("init: true", "init: false"))).out


# -- who is not ours ---------------------------------------------------------------------------------------------------


@pytest.fixture
def with_guest(lab: Lab) -> Path:
    file = lab.write(
        f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {WEB}, networks: [net]}}\nnetworks: {{net: }}\n"
    )
    lab.apply(file)
    lab.foreign("ndt-guest", network="ndt-net")
    return file


def test_a_guest_is_disconnected_with_force_only(lab: Lab, with_guest: Path) -> None:
    guest = lab.identities("ndt-guest")
    with_guest.write_text(with_guest.read_text().replace("{net: }", "{net: {internal: true}}"))
    refusal = lab.run("apply", with_guest)
    assert refusal.code == 2
    assert "`ndt-guest`" in refusal.err
    assert "--force" in refusal.err
    result = lab.run("apply", with_guest, "--force")
    assert result.code == 0, result.both
    assert lab.told(with_guest) == []
    assert lab.identities("ndt-guest") == guest
    assert "ndt-net" not in lab.container("ndt-guest").attrs["NetworkSettings"]["Networks"]


def test_a_teardown_leaves_a_guest_its_network_unless_forced(lab: Lab, with_guest: Path) -> None:
    guest = lab.identities("ndt-guest")
    result = lab.run("teardown", "ndt-lab")
    assert result.code == 2
    assert "ndt-guest" in result.err
    assert lab.names() == {"ndt-guest", "ndt-net"}
    assert lab.run("teardown", "ndt-lab", "--force").code == 0
    assert lab.names() == {"ndt-guest"}
    assert lab.identities("ndt-guest") == guest


def test_a_guest_that_was_never_started_is_one_too(lab: Lab) -> None:
    """Such a container knows its networks by name only, and could not start without them."""
    file = lab.write(
        f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {WEB}, networks: [net]}}\nnetworks: {{net: }}\n"
    )
    lab.apply(file)
    lab.client.containers.create(lab.busybox, ["sleep", "100000"], name="ndt-guest", network="ndt-net")
    result = lab.run("teardown", "ndt-lab")
    assert result.code == 2
    assert "`ndt-guest`" in result.err
    file.write_text(file.read_text().replace("{net: }", "{net: {internal: true}}"))
    assert "`ndt-guest`" in lab.run("apply", file).err
    lab.container("ndt-guest").start()
    assert lab.container("ndt-guest").status == "running"
