"""What an engine would refuse in the middle, or in its own words only, is told before the first change, all of it."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from docker.types import IPAMConfig, IPAMPool

from engine.lab import Lab, free_port
from engine.proxy import Proxy

HEAD = "name: ndt-lab\nprefix: ndt-\n"
SLEEPER = "{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"


def refused(lab: Lab, body: str) -> list[str]:
    """The obstacles that apply tells, each as one line; no call but GETs was made."""
    file = lab.write(HEAD + body)
    with Proxy(lab.engine.endpoint.url, lab.folder / "early.sock") as proxy:
        result = lab.run("apply", file, url=proxy.url)
        assert proxy.changing == []
    assert result.code == 2, result.both
    assert "nothing was touched" in result.err
    lines = [line.strip() for line in result.err.splitlines()]
    told = [f"{line} = {after}" for line, after in itertools.pairwise(lines) if line.startswith("! ")]
    conflicts = [line for line in result.err.splitlines() if line.lstrip().startswith(("!", "conflict"))]
    return told or conflicts


@contextmanager
def veth() -> Iterator[str]:
    """A network interface that macvlan and ipvlan networks can be put on."""
    subprocess.run(["ip", "link", "add", "ndtp0", "type", "veth", "peer", "name", "ndtp1"], check=True)
    try:
        for name in ("ndtp0", "ndtp1"):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        yield "ndtp0"
    finally:
        subprocess.run(["ip", "link", "del", "ndtp0"], check=True)


LACKING = f"""
containers:
  a1: {SLEEPER}, runtime: nosuch}}
  a2: {SLEEPER}, logging: {{driver: nosuch}}}}
  a3: {SLEEPER}, sysctls: {{vm.swappiness: 1, kernel.hostname: x, net.core.somaxconn: 100}}}}
  a4: {SLEEPER}, ipc: host, sysctls: {{kernel.shmmax: 1, net.ipv4.ip_forward: 1}}}}
  a5: {SLEEPER}, cpus: 5000}}
  a6: {SLEEPER}, cpuset: "0,9999"}}
  a7: {SLEEPER}, devices: [/dev/nosuch, /etc/hostname, /dev/null]}}
  a8: {SLEEPER}, blkio_config: {{device_read_bps: [{{path: /dev/null, rate: 1m}}]}}}}
  a9: {SLEEPER}, ulimits: {{nofile: -1}}}}
  b1: {SLEEPER}, ports: ["192.0.2.1:18081:80", "[fe80::9]:18081:80", "127.0.0.9:18081:80"]}}
  b2: {SLEEPER}, storage_opt: {{size: 10g}}}}
  b3: {SLEEPER}, platform: windows/arm}}
  b4: {SLEEPER}, isolation: process}}
  b5: {SLEEPER}, cap_add: [BPF, NET_ADMIN]}}
  b6: {SLEEPER}, security_opt: ["seccomp=builtin"]}}
  b8: {SLEEPER}, volumes: ["folder:/x"]}}
  b7: {SLEEPER}, sysctls: {{net.ipv4.conf.eth0.forwarding: 1}}}}
networks:
  mac: {{driver: macvlan, driver_opts: {{parent: nosuch0}}}}
  six: {{enable_ipv6: true}}
  far: {{ipam: {{driver: nosuch}}}}
volumes:
  data: {{driver: nosuch}}
  odd: {{driver_opts: {{devise: /data, o: bind}}}}
  folder: {{driver_opts: {{type: none, o: bind, device: /no/such/folder}}}}
"""
TOLD = """
! containers.a1.runtime: the engine has no runtime `nosuch` = it has `io.containerd.runc.v2`
! containers.a2.logging.driver: the engine has no log driver `nosuch` = it has `awslogs`
! containers.a3.sysctls.vm.swappiness: a container has no `vm.swappiness` of its own = set it on the engine's host
! containers.a3.sysctls.kernel.hostname: a container's host name is not set this way = write `hostname` instead
! containers.a4.sysctls.kernel.shmmax: with `ipc: host` this is a setting of the host = set it on the engine's host
! containers.a5.cpus: the engine's host has
! containers.a6.cpuset: this host has no CPU 9999
! containers.a7.devices: /dev/nosuch does not exist on this host = check the path
! containers.a7.devices: /etc/hostname is not a device on this host = check the path
! containers.a8.blkio_config.device_read_bps: /dev/null is not a block device on this host = `lsblk`
! containers.a9.ulimits.nofile: this host allows a process
! containers.b1.ports: this host has no address 192.0.2.1 to publish a port on = `ip addr` shows
! containers.b1.ports: this host has no address fe80::9 to publish a port on = `ip addr` shows
! containers.b2.storage_opt: the engine keeps containers on tmpfs
! containers.b3.platform: the engine's image
! containers.b4.isolation: an engine on Linux has no isolation `process`
! networks.mac.driver_opts.parent: this host has no network interface `nosuch0`
! networks.far.ipam.driver: the engine has no IPAM driver `nosuch`
! volumes.odd.driver_opts.devise: the volume driver `local` has no option `devise` = it has `device`
! volumes.odd.driver_opts: the volume driver `local` needs `type` and `device` too
! volumes.folder.driver_opts.device: the host has no folder or file /no/such/folder
! volumes.data.driver: the engine has no volume driver `nosuch`
"""
TOLD_OF_20 = """
! containers.b5.cap_add: this engine is too old to know the capability `BPF`
! containers.b6.security_opt: this engine is too old to know `seccomp=builtin`
! networks.six.enable_ipv6: this engine gives no IPv6 subnets of its own
"""
TOLD_OF_28 = """
! containers.b7.sysctls.net.ipv4.conf.eth0.forwarding: this engine takes the settings of one interface with its network
"""


def test_what_engine_and_host_do_not_have_is_told_at_once(lab: Lab) -> None:
    said = refused(lab, LACKING)
    expected = TOLD + (TOLD_OF_20 if lab.engine.reader.api_version < (1, 42) else TOLD_OF_28)
    if "tmpfs" not in str(lab.client.info()["DriverStatus"]):  # an engine whose disk may be of any kind
        expected = "".join(line for line in expected.splitlines(keepends=True) if "storage_opt" not in line)
        said = [line for line in said if "storage_opt" not in line]
    wanted = expected.strip().splitlines()
    unexpected = [line for line in said if not any(line.startswith(one.partition(" = ")[0]) for one in wanted)]
    missing = [one for one in wanted if not any(line.startswith(one) for line in said)]
    assert (missing, unexpected) == ([], [])


def test_what_engine_and_host_do_have_is_taken(lab: Lab) -> None:
    """As near to what is refused as can be: a false alarm would be worse than a late word."""
    cpus = len(os.sched_getaffinity(0))
    with socket.socket() as everywhere:
        everywhere.bind(("0.0.0.0", 0))
        everywhere.listen()
        busy = everywhere.getsockname()[1]
        file = lab.write(
            HEAD
            + f"""
containers:
  a1: {SLEEPER}, runtime: io.containerd.runc.v2, logging: {{driver: none}}, cpus: {cpus}, cpuset: "0"}}
  a2: {SLEEPER}, sysctls: {{kernel.shmmax: 100000, net/ipv4/ip_forward: 1, kernel.domainname: example.org}}}}
  a3: {SLEEPER}, devices: [/dev/null], ulimits: {{nofile: 1024}}, cap_add: [net_admin, CAP_AUDIT_READ]}}
  a4: {SLEEPER}, ports: ["127.9.9.9:{busy + 1 if busy < 65000 else busy - 1}:80", "[::1]:{busy}:80"]}}
  a5: {SLEEPER}, ports: ["127.0.0.1:{busy}:80"], networks: [inside]}}
  a6: {SLEEPER}, logging: {{driver: json-file, options: {{max-size: 1.5m, max-file: "3"}}}}, user: "4711:0"}}
networks:
  inside: {{internal: true}}
  small: {{driver_opts: {{com.docker.network.driver.mtu: 68, com.docker.network.bridge.enable_icc: f}}}}
"""
        )
        lab.apply(file)


# -- ports -------------------------------------------------------------------------------------------------------------

ADDRESSES = ("", "0.0.0.0", "127.0.0.1", "[::]", "[::1]")


@pytest.mark.part(2)
@pytest.mark.parametrize(
    ("held", "alone", "meets"),
    [
        ("::1", True, {"", "[::]", "[::1]"}),
        ("::", False, {*ADDRESSES}),
        ("::", True, {"", "[::]", "[::1]"}),
        ("::ffff:127.0.0.1", False, {"", "0.0.0.0", "127.0.0.1"}),
        ("127.0.0.1", False, {"", "0.0.0.0", "127.0.0.1"}),
    ],
)
def test_a_process_holds_a_port_on_its_kind_of_address(lab: Lab, held: str, alone: bool, meets: set[str]) -> None:
    """Each kind of address has ports of its own, unless a socket at `::` takes both."""
    with socket.socket(socket.AF_INET6 if ":" in held else socket.AF_INET) as taken:
        if ":" in held:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, alone)
        taken.bind((held, 0))
        taken.listen()
        port = taken.getsockname()[1]
        lines = [
            f"  c{number}: {SLEEPER}, ports: ['{address}{':' if address else ''}{port}:80']}}"
            for number, address in enumerate(ADDRESSES)
        ]
        for number, (address, line) in enumerate(zip(ADDRESSES, lines, strict=True)):
            body = f"containers:\n{line}\n"
            if address in meets:
                (told,) = refused(lab, body)
                assert told.startswith(f"! containers.c{number}.ports: the host's port {port}/tcp is held by `")
            else:
                lab.apply(lab.write(HEAD + body))


# -- networks that stand already ---------------------------------------------------------------------------------------


def test_an_address_that_an_external_network_can_not_give(lab: Lab) -> None:
    pool = IPAMPool(subnet="10.83.60.0/24", gateway="10.83.60.254", aux_addresses={"printer": "10.83.60.9"})
    lab.client.networks.create("ndt-ext", ipam=IPAMConfig(pool_configs=[pool]))
    lab.client.networks.create("ndt-two", ipam=IPAMConfig(pool_configs=[IPAMPool(subnet="10.83.61.0/24")]))
    networks = "networks: {ext: {name: ndt-ext, external: true}, two: {name: ndt-two, external: true}}\n"
    wanted = {
        "10.83.59.5": "is not inside the subnet of the network `ndt-ext` (10.83.60.0/24)",
        "10.83.60.0": "is the subnet's own address",
        "10.83.60.255": "is the broadcast address of 10.83.60.0/24",
        "10.83.60.254": "is the gateway of the network `ndt-ext`",
        "10.83.60.9": "is reserved on the network `ndt-ext`",
    }
    lines = [
        f"  c{number}: {SLEEPER}, networks: {{ext: {{ipv4_address: {address}}}}}}}"
        for number, address in enumerate(wanted)
    ]
    lines += [f"  c5: {SLEEPER}, networks: {{two: {{ipv4_address: 10.83.61.1, ipv6_address: 'fd00::5'}}}}}}"]
    said = refused(lab, "containers:\n" + "\n".join(lines) + "\n" + networks)
    for number, (address, words) in enumerate(wanted.items()):
        place = f"! containers.c{number}.networks.ext.ipv4_address: {address} {words}"
        assert [line for line in said if line.startswith(place)], (place, said)
    assert any("c5.networks.two.ipv4_address: 10.83.61.1 is the gateway" in line for line in said)
    assert any("c5.networks.two.ipv6_address: fd00::5 can't be given: the network `ndt-two`" in line for line in said)
    assert len(said) == 7
    good = f"containers:\n  web: {SLEEPER}, networks: {{ext: {{ipv4_address: 10.83.60.1}}, two: {{}}}}}}\n"
    assert "warning" not in lab.apply(lab.write(HEAD + good + networks)).err
    moved = good.replace("two: {}", "two: {ipv4_address: 10.83.61.0}")
    (told,) = refused(lab, moved + networks)
    assert told.startswith("! containers.web.networks.two.ipv4_address: 10.83.61.0 is the subnet's own address")


def test_an_external_network_whose_subnet_the_engine_chose(lab: Lab) -> None:
    """It looks the same as one with a declared subnet, so it is told as what may come."""
    network = lab.client.networks.create("ndt-ext")
    network.reload()
    subnet = network.attrs["IPAM"]["Config"][0]["Subnet"]
    address = subnet.partition("/")[0].rpartition(".")[0] + ".77"
    file = lab.write(
        HEAD
        + f"""
containers:
  web: {SLEEPER}, networks: {{ext: {{ipv4_address: {address}}}}}}}
networks: {{ext: {{name: ndt-ext, external: true}}}}
"""
    )
    result = lab.run("apply", file)
    assert result.code == 2
    place = "warning: containers.web.networks.ext.ipv4_address: if the engine chose the subnet of `ndt-ext` itself"
    assert place in result.err
    assert "a fixed address needs a network with a declared subnet" in result.err
    network.remove() if not lab.names() - {"ndt-ext"} else lab.run("teardown", "ndt-lab")


def test_a_mac_address_that_somebody_has(lab: Lab) -> None:
    lab.client.networks.create("ndt-ext")
    lab.foreign("ndt-other", network="ndt-ext", mac_address="02:42:0a:53:3c:09")
    networks = "networks: {ext: {name: ndt-ext, external: true}}\n"
    body = f"containers:\n  web: {SLEEPER}, mac_address: '02:42:0A:53:3C:09', networks: [ext]}}\n{networks}"
    (told,) = refused(lab, body)
    path = "containers.web.mac_address"
    assert told.startswith(
        f"! {path}: the MAC address 02:42:0a:53:3c:09 on `ndt-ext` is in use by container `ndt-other`"
    )
    lab.container("ndt-other").stop(timeout=0)
    file = lab.write(HEAD + body)
    lab.apply(file)
    lab.apply(file)


def test_two_networks_of_one_name_are_told_apart_by_nobody(lab: Lab) -> None:
    if lab.engine.reader.api_version >= (1, 44):
        pytest.skip("this engine makes no second network of a name")
    api = lab.client.api
    first, second = (api.create_network("ndt-ext", check_duplicate=False)["Id"] for _ in range(2))
    try:
        for networks in ("{ext: {name: ndt-ext, external: true}}", "{ext: {}}"):
            file = lab.write(HEAD + f"containers:\n  web: {SLEEPER}, networks: [ext]}}\nnetworks: {networks}\n")
            result = lab.run("apply", file)
            assert result.code == 2
            assert "the engine has 2 networks of this name" in result.err
            assert first[:12] in result.err
            assert second[:12] in result.err
            assert "docker network rm ID" in result.err
            assert first[:12] in lab.run("diff", file, "--by-name").out
        api.remove_network(second)
        lab.apply(
            lab.write(
                HEAD + f"containers:\n  web: {SLEEPER}, networks: [ext]}}\n"
                "networks: {ext: {name: ndt-ext, external: true}}\n"
            )
        )
        assert lab.run("teardown", "ndt-lab").code == 0
    finally:
        for network in api.networks(names=["ndt-ext"]):
            api.remove_network(network["Id"])


def test_a_subnet_of_the_default_bridge(lab: Lab) -> None:
    """Docker's own network can't be removed, so nobody is told to."""
    subnet = lab.client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"]
    file = lab.write(HEAD + f"networks: {{net: {{ipam: {{config: [{{subnet: {subnet}}}]}}}}}}\n")
    result = lab.run("apply", file)
    assert result.code == 2
    assert f"its subnet overlaps {subnet} of the network `bridge`, which is Docker's own" in result.err
    assert "network rm" not in result.err
    free = result.err.partition("(such as ")[2].partition(")")[0]
    lab.apply(lab.write(file.read_text().replace(subnet, free)))


# -- macvlan and ipvlan ------------------------------------------------------------------------------------------------


def test_several_subnets_and_parents_in_use(lab: Lab) -> None:
    with veth() as parent:
        several = f"""
networks:
  mac:
    driver: macvlan
    driver_opts: {{parent: {parent}}}
    ipam: {{config: [{{subnet: 10.83.62.0/24}}, {{subnet: 10.83.63.0/24}}]}}
  ip:
    driver: ipvlan
    enable_ipv6: true
    driver_opts: {{parent: {parent}}}
    ipam: {{config: [{{subnet: 10.83.64.0/24}}, {{subnet: "fd00:83::/64"}}, {{subnet: "fd00:84::/64"}}]}}
"""
        body = f"containers:\n  web: {SLEEPER}, networks: {{mac: {{ipv4_address: 10.83.63.7}}}}}}\n"
        file = lab.write(HEAD + body + several)
        lab.apply(file)
        lab.apply(file)
        more = f"  more: {{driver: ipvlan, driver_opts: {{parent: {parent}}}}}\n"
        (told,) = refused(lab, body + several + more)
        assert told.startswith(
            f"! networks.more.driver_opts.parent: `{parent}` is in use by the ipvlan network `ndt-ip`"
        )
        more = more.replace("ipvlan", "macvlan")
        if lab.engine.reader.api_version < (1, 42):
            (told,) = refused(lab, body + several + more)
            assert "is in use by the macvlan network `ndt-mac`" in told
        else:
            lab.apply(lab.write(HEAD + body + several + more))
        assert lab.run("teardown", "ndt-lab").code == 0


def test_a_port_can_be_published_again_after_all_that(lab: Lab) -> None:
    """Asking whether an address is there leaves nothing behind."""
    port = free_port()
    lab.apply(lab.write(HEAD + f"containers:\n  web: {SLEEPER}, ports: ['127.0.0.1:{port}:80']}}\n"))
