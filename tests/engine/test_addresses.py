"""Who has which address: places that are none, full networks, fixed addresses of others, names of bridges."""

from __future__ import annotations

import contextlib
import subprocess
from typing import Any

import docker
import pytest
from docker.errors import APIError

from engine.lab import Lab, Result, sweep
from engine.proxy import Fault, Proxy

ENDLESS = "image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"


def with_head(body: str) -> str:
    return f"name: ndt-lab\nprefix: ndt-\n{body}"


def networks(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.container(name).attrs["NetworkSettings"]["Networks"]
    return found


def address(lab: Lab, name: str, network: str = "ndt-net") -> str:
    """The IPv4 address that a container really has; "" for none."""
    return str((networks(lab, name).get(network) or {}).get("IPAddress") or "")


def address6(lab: Lab, name: str, network: str = "ndt-net") -> str:
    return str((networks(lab, name).get(network) or {}).get("GlobalIPv6Address") or "")


def failed(lab: Lab, *arguments: Any, url: str | None = None) -> Result:
    result = lab.run(*arguments, url=url)
    assert result.code == 2, result.both
    assert "No changes" not in result.out
    assert "bug of netdeploy" not in result.both
    return result


# -- places that are none ----------------------------------------------------------------------------------------------

FULL = f"""
containers:
  aa: {{{ENDLESS}, networks: [n]}}
  bb: {{{ENDLESS}, networks: [m]}}
networks:
  n: {{ipam: {{config: [{{subnet: 10.83.40.0/30}}]}}}}
  m:
"""


def failed_connect(lab: Lab, network: str, container: str, **settings: Any) -> None:
    with pytest.raises(APIError):
        lab.client.networks.get(network).connect(container, **settings)
    assert network in networks(lab, container), "this engine leaves no entry behind: nothing to test"


@pytest.mark.whole
def test_a_connect_that_failed_is_no_place_on_a_network(lab: Lab) -> None:
    apart = lab.write(with_head(FULL))
    lab.apply(apart)
    failed_connect(lab, "ndt-n", "ndt-bb")
    assert lab.told(apart) == []
    assert lab.run("diff", apart, "--by-name").code == 0
    file = lab.write(with_head(FULL.replace("networks: [m]", "networks: [m, n]")), name="ndt-both")
    file.write_text(file.read_text().replace("name: ndt-both", "name: ndt-lab"))
    assert lab.told(file) == [("connect", "ndt-bb", "ndt-n")]
    assert "container `ndt-bb` is not on `ndt-n`" in lab.run("diff", file, "--by-name").out
    shown = lab.run("inspect", "ndt-bb", "-o", "json").json
    assert [place["name"] for place in shown["networks"]] == ["ndt-m"]
    verified = lab.run("verify", file)
    assert verified.code == 1, verified.both
    assert "resolver" not in verified.both
    assert "not on `ndt-n`" in verified.both


@pytest.mark.whole
def test_taken_out_of_the_file_it_does_no_harm(lab: Lab) -> None:
    file = lab.write(with_head(FULL))
    lab.apply(file)
    failed_connect(lab, "ndt-n", "ndt-bb")
    before = lab.identities("ndt-aa", "ndt-bb")
    lab.apply(file)
    assert lab.identities("ndt-aa", "ndt-bb") == before
    lab.container("ndt-bb").stop()
    lab.apply(file)  # the engine would try the connect again at the start
    assert set(networks(lab, "ndt-bb")) == {"ndt-m"}


def test_full_networks_are_told_before_the_first_change(lab: Lab) -> None:
    lab.apply(lab.write(with_head(FULL)))
    before = networks(lab, "ndt-bb")
    said = failed(lab, "apply", lab.write(with_head(FULL.replace("networks: [m]", "networks: [m, n]")))).err
    assert "nothing was touched" in said
    assert "! networks.n: 10.83.40.0/30 has 1 address for containers, and 2 need one: `ndt-aa`, `ndt-bb`" in said
    assert networks(lab, "ndt-bb") == before


def test_a_network_that_turns_out_to_be_full_is_named_with_who_is_on_it(lab: Lab) -> None:
    """One that is meant to end may be gone in time, or not: nobody knows before."""
    body = FULL.replace(
        "networks: [m]", "networks: [m], depends_on: {job: {condition: service_completed_successfully}}"
    ).replace("networks:\n", "  job: {image: BUSYBOX, command: ['true'], networks: [n], depends_on: [aa]}\nnetworks:\n")
    said = failed(lab, "apply", lab.write(with_head(body))).err
    assert "starting `ndt-job`: the network `ndt-n` (10.83.40.0/30) has no address left: on it are `ndt-aa`" in said
    assert "looking again" not in said


# -- conflicts stay conflicts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "relies",
    ['network_mode: "container:owner"', 'pid: "container:owner"', "volumes_from: [owner]"],
)
def test_a_stranger_under_the_name_of_one_that_relies_on_a_new_one_stays_a_conflict(lab: Lab, relies: str) -> None:
    stranger = lab.foreign("ndt-probe")
    before = lab.identities("ndt-probe")
    file = lab.write(with_head(f"containers:\n  owner: {{{ENDLESS}}}\n  probe: {{{ENDLESS}, {relies}}}\n"))
    assert ("conflict", "ndt-probe", None) in lab.told(file)
    said = failed(lab, "apply", file)
    assert "a container of this name was not made by netdeploy" in said.both
    assert lab.names() == {"ndt-probe"}
    assert lab.identities("ndt-probe") == before
    stranger.remove(force=True)


# -- reconnects --------------------------------------------------------------------------------------------------------

MOVING = f"""
containers:
  aa: {{{ENDLESS}, networks: {{n: {{ipv4_address: 10.83.41.9, aliases: [old]}}, m: }}}}
  cc: {{{ENDLESS}, networks: [n]}}
networks:
  n: {{ipam: {{config: [{{subnet: 10.83.41.0/28}}]}}}}
  m:
"""


def test_a_reconnect_that_fails_is_taken_back(lab: Lab) -> None:
    """Somebody takes the new address at the last moment."""
    lab.apply(lab.write(with_head(MOVING)))
    stranger = lab.foreign("ndt-stranger", network="ndt-m")

    def take() -> None:
        lab.client.networks.get("ndt-n").connect(stranger, ipv4_address="10.83.41.11")

    file = lab.write(with_head(MOVING.replace("10.83.41.9, aliases: [old]", "10.83.41.11, aliases: [new]")))
    fault = Fault("call before", 3, call=take)  # after the lock and the disconnect
    with Proxy(lab.engine.endpoint.url, lab.folder / "p.sock", fault) as proxy:
        result = failed(lab, "apply", file, url=proxy.url)
        assert proxy.struck
    assert "connect ndt-aa to ndt-n" in result.both
    assert "10.83.41.11 is in use by container `ndt-stranger`" in result.err
    assert address(lab, "ndt-aa", "ndt-n") == "10.83.41.9"
    assert lab.resolves("ndt-cc", "old")
    assert not lab.resolves("ndt-cc", "new")
    stranger.remove(force=True)
    lab.apply(file)
    assert address(lab, "ndt-aa", "ndt-n") == "10.83.41.11"


@pytest.mark.whole
def test_a_network_that_can_not_be_made_anew_comes_back_with_all_on_it(lab: Lab) -> None:
    lab.apply(lab.write(with_head(MOVING)))
    before = lab.identities("ndt-aa", "ndt-cc")

    def take() -> None:
        pool = docker.types.IPAMPool(subnet="10.83.42.0/24")
        lab.client.networks.create("ndt-other", ipam=docker.types.IPAMConfig(pool_configs=[pool]))

    changed = lab.write(with_head(MOVING.replace("10.83.41.", "10.83.42.")))
    fault = Fault("call before", 5, call=take)  # after the lock, two disconnects and the removal
    with Proxy(lab.engine.endpoint.url, lab.folder / "p.sock", fault) as proxy:
        result = failed(lab, "apply", changed, url=proxy.url)
        assert proxy.struck
    assert "ndt-other" in result.both
    assert lab.identities("ndt-aa", "ndt-cc") == before
    assert lab.diff(lab.write(with_head(MOVING))) == []
    assert address(lab, "ndt-aa", "ndt-n") == "10.83.41.9"
    assert lab.resolves("ndt-cc", "old")


@pytest.mark.whole
def test_a_reconnect_to_the_address_of_a_stranger_is_told_before(lab: Lab) -> None:
    lab.apply(lab.write(with_head(MOVING)))
    stranger = lab.foreign("ndt-stranger", network="ndt-m")
    lab.client.networks.get("ndt-n").connect(stranger, ipv4_address="10.83.41.11")
    said = failed(lab, "apply", lab.write(with_head(MOVING.replace("10.83.41.9", "10.83.41.11")))).err
    assert "nothing was touched" in said
    assert "! containers.aa.networks.n: 10.83.41.11 is in use by container `ndt-stranger`" in said
    assert "docker network disconnect ndt-n ndt-stranger" in said
    assert address(lab, "ndt-aa", "ndt-n") == "10.83.41.9"
    joining = MOVING.replace("networks: [n]", "networks: {n: , m: {ipv4_address: 10.83.43.9}}")
    lab.apply(
        lab.write(with_head(joining.replace("m:\n", "m: {ipam: {config: [{subnet: 10.83.43.0/28}]}}\n"))), "--force"
    )
    lab.client.networks.get("ndt-m").connect(stranger, ipv4_address="10.83.43.10")
    joining = joining.replace("10.83.43.9", "10.83.43.10").replace(
        "m:\n", "m: {ipam: {config: [{subnet: 10.83.43.0/28}]}}\n"
    )
    lab.client.networks.get("ndt-m").disconnect("ndt-cc")
    assert (
        "10.83.43.10 is in use by container `ndt-stranger`" in failed(lab, "apply", lab.write(with_head(joining))).err
    )


# -- fixed addresses against our own -----------------------------------------------------------------------------------

PINNED = f"""
containers:
  stat: {{{ENDLESS}, networks: {{net: {{ipv4_address: 10.83.44.2}}}}}}
  dyn: {{{ENDLESS}, networks: {{net: {{aliases: [moving]}}}}}}
networks: {{net: {{ipam: {{config: [{{subnet: 10.83.44.0/28}}]}}}}}}
"""


@pytest.mark.whole
def test_who_has_a_fixed_address_by_chance_makes_room(lab: Lab) -> None:
    """As after a reboot: the one without a fixed address was started first."""
    file = lab.write(with_head(PINNED))
    lab.apply(file)
    for name in ("ndt-stat", "ndt-dyn"):
        lab.container(name).stop()
    lab.container("ndt-dyn").start()
    assert address(lab, "ndt-dyn") == "10.83.44.2"
    before = lab.identities("ndt-dyn")
    assert lab.told(file) == [("start", "ndt-stat", None), ("reconnect", "ndt-dyn", "ndt-net")]
    assert "it has 10.83.44.2, which the file gives to `ndt-stat`" in lab.run("diff", file).out
    result = lab.apply(file)
    assert "failed" not in result.both
    assert address(lab, "ndt-stat") == "10.83.44.2"
    assert lab.identities("ndt-dyn") == before
    assert lab.resolves("ndt-stat", "moving")


@pytest.mark.whole
def test_one_with_a_fixed_mac_address_makes_room_by_a_new_container(lab: Lab) -> None:
    """Engines take a MAC address when a container is made, and ignore it at a connect."""
    body = PINNED.replace("  dyn: {", "  dyn: {mac_address: '02:42:ac:11:00:99', ")
    alone = body.replace(body.splitlines()[2] + "\n", "")
    lab.apply(lab.write(with_head(alone)))
    file = lab.write(with_head(body))
    assert lab.told(file) == [("create", "ndt-stat", None), ("replace", "ndt-dyn", None)]
    result = lab.apply(file)
    assert "looking again" not in result.both
    assert address(lab, "ndt-stat") == "10.83.44.2"
    assert networks(lab, "ndt-dyn")["ndt-net"]["MacAddress"] == "02:42:ac:11:00:99"


@pytest.mark.part(1)
@pytest.mark.parametrize("change", ["", ", environment: {V: '2'}"], ids=["kept", "replaced"])
def test_a_new_pinned_container_gets_the_address_of_another(lab: Lab, change: str) -> None:
    alone = PINNED.replace(PINNED.splitlines()[2] + "\n", "")
    lab.apply(lab.write(with_head(alone)))
    assert address(lab, "ndt-dyn") == "10.83.44.2"
    result = lab.apply(lab.write(with_head(PINNED.replace("{aliases: [moving]}}", "{aliases: [moving]}}" + change))))
    assert "looking again" not in result.both
    assert address(lab, "ndt-stat") == "10.83.44.2"
    assert address(lab, "ndt-dyn") != ""


@pytest.mark.whole
def test_it_makes_room_for_one_that_runs_and_one_that_is_replaced_too(lab: Lab) -> None:
    elsewhere = PINNED.replace("10.83.44.2}", "10.83.44.9}")
    lab.apply(lab.write(with_head(elsewhere)))
    assert address(lab, "ndt-dyn") == "10.83.44.2"
    lab.apply(lab.write(with_head(PINNED)))
    assert address(lab, "ndt-stat") == "10.83.44.2"
    held = address(lab, "ndt-dyn")
    moved = PINNED.replace("10.83.44.2}}", f"{held}}}}}, environment: {{V: '2'}}")
    lab.apply(lab.write(with_head(moved)))
    assert address(lab, "ndt-stat") == held


@pytest.mark.whole
def test_an_ipv6_address_too(lab: Lab) -> None:
    body = PINNED.replace("ipv4_address: 10.83.44.2", "ipv6_address: 'fd00:83:44::2'").replace(
        "{ipam: {config: [{subnet: 10.83.44.0/28}",
        "{enable_ipv6: true, ipam: {config: [{subnet: 10.83.44.0/28}, {subnet: 'fd00:83:44::/64'}",
    )
    alone = body.replace(body.splitlines()[2] + "\n", "")
    lab.apply(lab.write(with_head(alone)))
    held = address6(lab, "ndt-dyn")
    body = body.replace("fd00:83:44::2", held)
    result = lab.apply(lab.write(with_head(body)))
    assert "looking again" not in result.both
    assert address6(lab, "ndt-stat") == held
    assert address6(lab, "ndt-dyn") not in ("", held)


def test_it_waits_for_the_one_that_has_its_address(lab: Lab) -> None:
    """Order alone can't help where the pinned one starts after the other."""
    body = PINNED.replace("10.83.44.2}}", "10.83.44.2}}, depends_on: [dyn]")
    lab.apply(lab.write(with_head(body)))
    assert address(lab, "ndt-stat") == "10.83.44.2"


CIRCLE = f"""
containers:
  c1: {{{ENDLESS}, networks: {{net: {{ipv4_address: 10.83.45.11}}}}}}
  c2: {{{ENDLESS}, networks: {{net: {{ipv4_address: 10.83.45.12}}}}}}
  c3: {{{ENDLESS}, networks: {{net: {{ipv4_address: 10.83.45.13}}}}}}
networks: {{net: {{ipam: {{config: [{{subnet: 10.83.45.0/24}}]}}}}}}
"""


@pytest.mark.part(2)
@pytest.mark.parametrize(
    "turned",
    [("12", "11", "13"), ("12", "13", "11"), ("12", "13", "14")],
    ids=["exchange", "circle", "chain"],
)
@pytest.mark.parametrize("stopped", ["", "ndt-c2"])
def test_fixed_addresses_are_handed_round(lab: Lab, turned: tuple[str, ...], stopped: str) -> None:
    lab.apply(lab.write(with_head(CIRCLE)))
    if stopped:
        lab.container(stopped).stop()
    body = CIRCLE
    for number, last in enumerate(turned, 1):
        body = body.replace(f"10.83.45.1{number}}}", f"10.83.45.{last}>")
    result = lab.apply(lab.write(with_head(body.replace(">", "}"))))
    assert "looking again" not in result.both
    assert [address(lab, f"ndt-c{number}") for number in (1, 2, 3)] == [f"10.83.45.{last}" for last in turned]


@pytest.mark.whole
def test_an_exchange_that_fails_is_taken_back_as_a_whole(lab: Lab) -> None:
    lab.apply(lab.write(with_head(CIRCLE)))
    stranger = lab.foreign("ndt-stranger")

    def take() -> None:
        for last in ("11", "12"):
            with contextlib.suppress(APIError):
                lab.client.networks.get("ndt-net").connect(stranger, ipv4_address=f"10.83.45.{last}")

    body = CIRCLE.replace("45.11", "45.99").replace("45.12", "45.11").replace("45.99", "45.12")
    fault = Fault("call before", 5, call=take)  # after the lock, two disconnects and a connect
    with Proxy(lab.engine.endpoint.url, lab.folder / "p.sock", fault) as proxy:
        result = failed(lab, "apply", lab.write(with_head(body)), url=proxy.url)
        assert proxy.struck
    assert "is in use by container `ndt-stranger`" in result.err
    kept = {address(lab, "ndt-c1"), address(lab, "ndt-c2")}
    assert len(kept & {"10.83.45.11", "10.83.45.12"}) == 1, kept  # the other one is the stranger's by now
    assert "" not in kept
    stranger.remove(force=True)
    lab.apply(lab.write(with_head(body)))


def test_a_place_on_a_full_network_is_handed_on(lab: Lab) -> None:
    lab.apply(lab.write(with_head(FULL)))
    body = FULL.replace("[n]", "[x]").replace("[m]", "[n]").replace("[x]", "[m]")
    result = lab.apply(lab.write(with_head(body)))
    assert "looking again" not in result.both
    assert (address(lab, "ndt-bb", "ndt-n"), set(networks(lab, "ndt-aa"))) == ("10.83.40.2", {"ndt-m"})


def test_a_failed_step_whose_cause_stays_ends_with_its_reason(lab: Lab) -> None:
    """A connect that a newer engine refuses late: the entry that it leaves has an address and an endpoint."""
    option = "{driver_opts: {com.docker.network.endpoint.sysctls: net.ipv4.conf.IFNAME.ndt=1}}"
    lab.apply(lab.write(with_head(MOVING)))
    file = lab.write(with_head(MOVING.replace("networks: [n]", f"networks: {{n: , m: {option}}}")))
    if lab.engine.reader.api_version < (1, 44):
        lab.apply(file)  # an older engine does not know the option
        return
    result = failed(lab, "apply", file)
    assert "connecting `ndt-cc` to `ndt-m`" in result.err
    assert "is not a sysctl file" in result.err
    assert lab.told(file) == [("connect", "ndt-cc", "ndt-m")]
    assert "container `ndt-cc` is not on `ndt-m`" in lab.run("diff", file, "--by-name").out
    assert [place["name"] for place in lab.run("inspect", "ndt-cc", "-o", "json").json["networks"]] == ["ndt-n"]


# -- bridges and other interfaces of the host --------------------------------------------------------------------------


def bridged(*names: str, key: str = "n") -> str:
    made = "".join(
        f"  {key}{number}: {{driver_opts: {{com.docker.network.bridge.name: {name}}}}}\n"
        for number, name in enumerate(names, 1)
    )
    used = ", ".join(f"{key}{number}" for number in range(1, len(names) + 1))
    return with_head(f"containers:\n  web: {{{ENDLESS}, networks: [{used}]}}\nnetworks:\n{made}")


def test_bridges_of_others_are_told_before(lab: Lab) -> None:
    lab.client.networks.create("ndt-other", options={"com.docker.network.bridge.name": "ndtbr9"})
    by_id = "br-" + lab.client.networks.create("ndt-plain").id[:12]
    file = lab.write(bridged("ndtbr9", "docker0", "ndtbr8", by_id))
    before = lab.names()
    assert [(action, name) for action, name, _ in lab.told(file) if action == "conflict"] == [
        ("conflict", "ndt-n1"),
        ("conflict", "ndt-n2"),
        ("conflict", "ndt-n4"),
    ]
    result = failed(lab, "apply", file)
    assert "its bridge `ndtbr9` is that of the network `ndt-other`" in result.both
    assert "its bridge `docker0` is that of the network `bridge`" in result.both
    assert "docker network rm bridge" not in result.both
    assert "nothing was touched" in result.err
    assert lab.names() == before


def test_an_interface_of_the_host_is_told_before(lab: Lab) -> None:
    subprocess.run(["ip", "link", "add", "ndtv0", "type", "veth", "peer", "name", "ndtv1"], check=True)
    subprocess.run(["ip", "link", "add", "ndtbr7", "type", "bridge"], check=True)
    try:
        said = failed(lab, "apply", lab.write(bridged("ndtv0", "ndtbr7"))).err
        assert "! networks.n1.driver_opts: the host has an interface `ndtv0` already, and it is not a bridge" in said
        assert "ndtbr7" not in said
        assert not lab.names()
        lab.apply(lab.write(bridged("ndtbr7")))  # an engine takes a bridge that is there
    finally:
        subprocess.run(["ip", "link", "del", "ndtv0"], check=True)
        sweep(lab.client)
        subprocess.run(["ip", "link", "del", "ndtbr7"], check=False)


@pytest.mark.whole
def test_bridges_are_handed_on(lab: Lab) -> None:
    lab.apply(lab.write(bridged("ndtbr1", "ndtbr2")))
    lab.apply(lab.write(bridged("ndtbr2", "ndtbr1")))
    lab.apply(lab.write(bridged("ndtbr1", "ndtbr3", key="m")))
    assert lab.names() == {"ndt-web", "ndt-m1", "ndt-m2"}


def test_a_parent_of_two_networks(lab: Lab) -> None:
    option = "{driver: macvlan, driver_opts: {parent: ndtv0}}"
    subprocess.run(["ip", "link", "add", "ndtv0", "type", "veth", "peer", "name", "ndtv1"], check=True)
    try:
        file = lab.write(with_head(f"containers:\n  web: {{{ENDLESS}}}\nnetworks:\n  n1: {option}\n  n2: {option}\n"))
        if lab.engine.reader.api_version >= (1, 44):
            lab.apply(file)
            return
        said = failed(lab, "apply", file).err
        assert "! networks.n2.driver_opts.parent: `ndtv0` is in use by the macvlan network `ndt-n1`" in said
        assert not lab.names()
    finally:
        sweep(lab.client)
        subprocess.run(["ip", "link", "del", "ndtv0"], check=True)
