"""Networks broken below the engine's API, where it says that all is well: each has its one cause, and a remedy.

The breakages are made as a person would: with ip, iptables and programs inside, in the namespaces of a container or of
the engine's host.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab, free_port
from engine.test_remedies import type_in
from engine.test_verify import causes, proven

NOBODY = "02:00:00:00:00:99"
LIMIT = 30  # seconds for one command
AT_ONCE = 6  # ways of breaking in one test

FILE = """
name: ndt-lab
prefix: ndt-
containers:
  web:
    image: BUSYBOX
    command: [httpd, -f, -v, -p, '80']
    stop_signal: SIGKILL
    networks: [net]
    ports: ['PORT:80']
  app: {image: BUSYBOX, command: KEEP, networks: [net], stop_signal: SIGKILL}
  db:
    image: BUSYBOX
    command: [nc, -ll, -p, '5432', -e, cat]
    expose: ['5432']
    stop_signal: SIGKILL
    networks: [net]
networks:
  net: {ipam: {config: [{subnet: 10.85.7.0/24}]}}
"""


@dataclass(frozen=True)
class Broken:
    """The set-up, and the ways into its namespaces."""

    lab: Lab
    file: Path

    def inside(self, name: str, command: str) -> str:
        """A command of this machine in a container's network."""
        pid = self.lab.container(f"ndt-{name}").attrs["State"]["Pid"]
        return run(f"nsenter --net=/proc/{pid}/ns/net {command}")

    def on_host(self, command: str) -> str:
        """A command in the engine's own network, where the tests are."""
        return run(command)

    def write(self, name: str, command: str) -> None:
        """A command of the image, in a container."""
        code, said = self.lab.in_container(f"ndt-{name}", command)
        assert code == 0, said

    def address(self, name: str) -> str:
        networks = self.lab.container(f"ndt-{name}").attrs["NetworkSettings"]["Networks"]
        return str(networks["ndt-net"]["IPAddress"])

    def address6(self, name: str) -> str:
        networks = self.lab.container(f"ndt-{name}").attrs["NetworkSettings"]["Networks"]
        return str(networks["ndt-net"]["GlobalIPv6Address"])

    def mac(self, name: str) -> str:
        networks = self.lab.container(f"ndt-{name}").attrs["NetworkSettings"]["Networks"]
        return str(networks["ndt-net"]["MacAddress"])

    def takes_for(self, who: str, name: str, mac: str) -> None:
        """One that was asked last and has answered: the entry stays as long as it goes on answering."""
        self.inside(who, f"ip neigh replace {self.address(name)} lladdr {mac} dev eth0 nud stale")

    def never_accepts(self, name: str, port: int) -> None:
        """The program is stopped, and callers fill its backlog."""
        os.kill(self.lab.container(f"ndt-{name}").attrs["State"]["Pid"], signal.SIGSTOP)
        call = f"timeout 60 nc {self.address(name)} {port} >/dev/null 2>&1 </dev/null &"
        self.write("app", "\n".join([call] * 12))

    def end_proxy(self) -> None:
        """Of the published port; the processes are children of this test's own engine, in whose network it runs."""
        own = Path("/proc/self/ns/net").readlink()
        for pid in run(f"pgrep -f '[d]ocker-proxy.* -container-ip {self.address('web')} '").split():
            if Path(f"/proc/{pid}/ns/net").readlink() == own:
                os.kill(int(pid), signal.SIGKILL)

    @property
    def bridge(self) -> str:
        return f"br-{self.lab.client.networks.get('ndt-net').id[:12]}"

    def outer(self, name: str) -> str:
        """The host's end of a container's interface."""
        index = re.search(r"@if(\d+)", self.inside(name, "ip -o link show eth0"))
        assert index is not None
        found = re.search(rf"^{index[1]}: ([^@:]+)", self.on_host("ip -o link"), re.MULTILINE)
        assert found is not None
        return found[1]


def run(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


Way = Callable[[Broken], object]


def iptables(rule: str) -> Way:
    """A rule on the engine's host; DB and APP stand for addresses."""
    return lambda b: b.on_host("iptables " + rule.replace("DB", b.address("db")).replace("APP", b.address("app")))


def nft(family: str, hook: str, rule: str) -> Way:
    """A table of nftables with one rule, on the engine's host."""
    chain = f"nft add table {family} ndt && nft add chain {family} ndt c '{{ {hook} }}'"

    def way(b: Broken) -> None:
        spelt = rule.replace("DB", b.address("db")).replace("APP", b.address("app"))
        b.on_host(f"{chain} && nft add rule {family} ndt c '{spelt}'")

    return way


WAYS: dict[str, tuple[Way, str]] = {
    "link down inside": (
        lambda b: b.inside("db", "ip link set eth0 down"),
        r"`eth0` inside `ndt-db`, its link to `ndt-net`, is down",
    ),
    "link of the asking one down": (
        lambda b: b.inside("app", "ip link set eth0 down"),
        r"`eth0` inside `ndt-app`, its link to `ndt-net`, is down",
    ),
    "link gone": (
        lambda b: b.inside("db", "ip link del eth0"),
        r"`ndt-db` has no interface for `ndt-net` inside",
    ),
    "veth down": (
        lambda b: b.on_host(f"ip link set {b.outer('db')} down"),
        r"veth\w+, the host's end of `eth0` in `ndt-db`, is down",
    ),
    "veth off its bridge": (
        lambda b: b.on_host(f"ip link set {b.outer('db')} nomaster"),
        r"veth\w+, the host's end of `eth0` in `ndt-db`, is a port of no bridge",
    ),
    "veth on another bridge": (
        lambda b: b.on_host(f"ip link set {b.outer('db')} master docker0"),
        r"veth\w+, the host's end of `eth0` in `ndt-db`, is a port of docker0",
    ),
    "bridge down": (
        lambda b: b.on_host(f"ip link set {b.bridge} down"),
        r"the bridge of `ndt-net`, br-\w+, is down on the host",
    ),
    "another address": (
        lambda b: b.inside("db", "sh -c 'ip addr flush dev eth0; ip addr add 10.85.7.200/24 dev eth0'"),
        r"`eth0` inside `ndt-db` has 10.85.7.200, and the engine gave it 10.85.7.\d+ on `ndt-net`",
    ),
    "no address": (
        lambda b: b.inside("db", "ip addr flush dev eth0"),
        r"`eth0` inside `ndt-db` has no address, and the engine gave it",
    ),
    "no route": (
        lambda b: b.inside("app", "ip route flush table main"),
        r"`ndt-app` has no route to `ndt-web` \(10.85.7.\d+\), `ndt-db`",
    ),
    "blackhole": (
        lambda b: b.inside("app", f"ip route add blackhole {b.address('db')}"),
        r"a route inside `ndt-app` throws away what is for 10.85.7.\d+/32",
    ),
    "unreachable route back": (
        lambda b: b.inside("db", f"ip route add unreachable {b.address('app')}"),
        r"a route inside `ndt-db` throws away what is for 10.85.7.\d+/32",
    ),
    "a way over somebody else": (
        lambda b: b.inside("app", f"ip route add {b.address('db')} via 10.85.7.250"),
        r"a route inside `ndt-app` sends what is for 10.85.7.\d+/32 to `eth0` over 10.85.7.250",
    ),
    "a fixed neighbour": (
        lambda b: b.inside(
            "app", f"ip neigh replace {b.address('db')} lladdr 02:00:00:00:00:99 dev eth0 nud permanent"
        ),
        r"`ndt-app` has a fixed neighbour entry that sends what is for 10.85.7.\d+ to 02:00:00:00:00:99",
    ),
    "another resolver": (
        lambda b: b.write("app", "echo nameserver 10.85.7.77 > /etc/resolv.conf"),
        r"`ndt-app` asks 10.85.7.77 for names, by its /etc/resolv.conf, and not Docker's resolver",
    ),
    "no resolver": (
        lambda b: b.write("app", ": > /etc/resolv.conf"),
        r"/etc/resolv.conf in `ndt-app` names no resolver",
    ),
    "loopback down": (
        lambda b: b.inside("app", "ip link set lo down"),
        r"the loopback interface inside `ndt-app` is down",
    ),
    "hosts file": (
        lambda b: b.write("app", "echo 10.85.7.9 ndt-db >> /etc/hosts"),
        r"/etc/hosts of `ndt-app` has 10.85.7.9 for `ndt-db`",
    ),
    "DOCKER-USER drops": (
        iptables("-I DOCKER-USER -d DB -p tcp --dport 5432 -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain DOCKER-USER \(.*--dport 5432 -j DROP\)",
    ),
    "DOCKER-USER rejects": (
        iptables("-I DOCKER-USER -s APP -j REJECT"),
        r"a firewall on the host rejects packets: rule 1 of the chain DOCKER-USER \(.*-j REJECT.*\)",
    ),
    "raw drops": (
        iptables("-t raw -I PREROUTING -s DB -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain PREROUTING \(.*-j DROP\) of the table raw",
    ),
    "FORWARD drops": (
        iptables("-I FORWARD 1 -d DB -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain FORWARD",
    ),
    "input drops inside": (
        lambda b: b.inside("db", "iptables -A INPUT -p tcp --dport 5432 -j DROP"),
        r"a firewall inside `ndt-db` drops packets: rule 1 of the chain INPUT",
    ),
    "input policy inside": (
        lambda b: b.inside("db", "iptables -P INPUT DROP"),
        r"a firewall inside `ndt-db` drops packets: the policy of the chain INPUT \(DROP\)",
    ),
    "input rejects inside": (
        lambda b: b.inside("db", "iptables -A INPUT -p tcp --dport 5432 -j REJECT"),
        r"a firewall inside `ndt-db` rejects packets: rule 1 of the chain INPUT",
    ),
    "output drops inside": (
        lambda b: b.inside("app", "iptables -A OUTPUT -p tcp --dport 5432 -j DROP"),
        r"a firewall inside `ndt-app` drops packets: rule 1 of the chain OUTPUT",
    ),
    "answers are dropped inside": (
        lambda b: b.inside("db", "iptables -A OUTPUT -p tcp --sport 5432 -j DROP"),
        r"a firewall inside `ndt-db` drops packets: rule 1 of the chain OUTPUT",
    ),
    "output of the host": (
        lambda b: b.on_host(f"iptables -I OUTPUT -d {b.address('web')} -p tcp --dport 80 -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain OUTPUT",
    ),
    "a rule with several ports": (
        iptables(
            "-I DOCKER-USER -p tcp -m multiport --dports 80,5432 -d DB -m comment --comment 'no database' -j DROP"
        ),
        r"a firewall on the host drops packets: rule 1 of the chain DOCKER-USER",
    ),
    "a rule for all but one": (
        iptables("-I DOCKER-USER ! -s 10.85.7.99/32 -d DB -p tcp -m tcp --dport 5000:6000 -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain DOCKER-USER",
    ),
    "a chain of their own": (
        lambda b: b.on_host(
            f"iptables -N NDT && iptables -A NDT -p tcp -j DROP && iptables -I FORWARD -d {b.address('db')} -j NDT"
        ),
        r"a firewall on the host drops packets: rule 1 of the chain NDT",
    ),
    "mangle drops": (
        iptables("-t mangle -I FORWARD -s APP -d DB -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain FORWARD .* of the table mangle",
    ),
    "new connections are dropped": (
        iptables("-I DOCKER-USER -d DB -m conntrack --ctstate NEW -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain DOCKER-USER",
    ),
    "answers are dropped on the host": (
        iptables("-I DOCKER-USER -s DB -p tcp --sport 5432 -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain DOCKER-USER",
    ),
    "reset inside": (
        lambda b: b.inside("app", "iptables -A OUTPUT -p tcp --dport 5432 -j REJECT --reject-with tcp-reset"),
        r"a firewall inside `ndt-app` rejects packets: rule 1 of the chain OUTPUT",
    ),
    "input of the host": (
        lambda b: b.on_host(f"iptables -I INPUT -s {b.address('web')} -j DROP"),
        r"a firewall on the host drops packets: rule 1 of the chain INPUT",
    ),
    "input of a web server": (
        lambda b: b.inside("web", "iptables -A INPUT -p tcp --dport 80 -j DROP"),
        r"a firewall inside `ndt-web` drops packets: rule 1 of the chain INPUT",
    ),
    "questions for names are dropped": (
        lambda b: b.inside("app", "iptables -A OUTPUT -d 127.0.0.11 -j DROP"),
        r"a firewall inside `ndt-app` drops packets: rule 1 of the chain OUTPUT",
    ),
    "prohibited": (
        lambda b: b.inside("app", f"ip route add prohibit {b.address('db')}"),
        r"a route inside `ndt-app` throws away what is for 10.85.7.\d+/32",
    ),
    "an address of its own": (
        lambda b: b.inside("db", f"sh -c 'ip addr flush dev eth0; ip addr add {b.address('db')}/32 dev eth0'"),
        r"`ndt-db` has no route to",
    ),
    "nobody is told its address": (
        lambda b: b.inside("db", "ip link set eth0 arp off"),
        r"`eth0` inside `ndt-db` answers nobody who asks for its address",
    ),
    "a port that its bridge blocks": (
        lambda b: b.on_host(f"bridge link set dev {b.outer('db')} state 0"),
        r"veth\w+, the host's end of `eth0` in `ndt-db`, is a port that br-\w+ keeps blocked",
    ),
    "ports that are isolated": (
        lambda b: [b.on_host(f"bridge link set dev {b.outer(name)} isolated on") for name in ("app", "db")],
        r"veth\w+ and veth\w+, the host's ends of `ndt-(app|db)` and `ndt-(app|db)`, are isolated ports of br-\w+",
    ),
    "small packets only, by the host's end": (
        lambda b: b.on_host(f"ip link set {b.outer('db')} mtu 1000"),
        r"large packets are lost and small ones get through: veth\w+, the host's end of `eth0` in `ndt-db`, takes up",
    ),
    "small packets only, by a link inside": (
        lambda b: b.inside("db", "ip link set eth0 mtu 900"),
        r"large packets are lost and small ones get through: `eth0` inside `ndt-db`, takes up to 900 bytes",
    ),
    "packets that are too large": (
        lambda b: b.inside("app", "ip link set eth0 mtu 3000"),
        r"large packets are lost and small ones get through: `eth0` inside `ndt-app`, takes up to 3000 bytes",
    ),
    "traffic control on the host": (
        lambda b: b.on_host(f"tc qdisc add dev {b.outer('db')} root tbf rate 1kbit burst 10b latency 1ms"),
        r"traffic control on veth\w+, the host's end of `eth0` in `ndt-db` holds packets back or drops them \(tbf",
    ),
    "traffic control inside": (
        lambda b: b.inside("db", "tc qdisc add dev eth0 root tbf rate 1kbit burst 10b latency 1ms"),
        r"traffic control on `eth0` inside `ndt-db` holds packets back or drops them \(tbf",
    ),
    "nftables drops on the host": (
        nft("inet", "type filter hook forward priority 0;", "ip daddr DB tcp dport 5432 drop"),
        r"a firewall on the host drops packets: the rule with handle \d+ of nftables' chain inet ndt c",
    ),
    "nftables rejects by a set": (
        nft("ip", "type filter hook forward priority 10;", "ip saddr { 10.99.0.1, APP } tcp dport 5432 reject"),
        r"a firewall on the host rejects packets: the rule with handle \d+ of nftables' chain ip ndt c",
    ),
    "nftables for bridges": (
        nft("bridge", "type filter hook forward priority 0;", "ether type ip ip daddr DB drop"),
        r"a firewall on the host drops packets: the rule with handle \d+ of nftables' chain bridge ndt c",
    ),
    "nftables inside": (
        lambda b: b.inside(
            "db",
            "sh -c 'nft add table inet own; nft add chain inet own in \"{ type filter hook input priority 0;"
            " policy drop; }\"; nft add rule inet own in iifname lo accept'",
        ),
        r"a firewall inside `ndt-db` drops packets: the policy of nftables' chain inet own in",
    ),
    "a rule for routes": (
        lambda b: b.inside("app", f"ip rule add to {b.address('db')} blackhole pref 50"),
        r"a routing rule inside `ndt-app` throws away what is for `ndt-db` \(50: from all to 10.85.7.\d+ blackhole\)",
    ),
    "another table of routes": (
        lambda b: b.inside(
            "db",
            f"sh -c 'ip route add unreachable default table 77; ip rule add to {b.address('app')} lookup 77 pref 9'",
        ),
        r"a routing rule inside `ndt-db` looks up in another table of routes what is for `ndt-app` \(9: from all to",
    ),
    "redirected inside": (
        lambda b: b.inside("db", "iptables -t nat -A PREROUTING -p tcp --dport 5432 -j REDIRECT --to-ports 9"),
        r"a firewall inside `ndt-db` leads packets elsewhere: rule 1 of the chain PREROUTING",
    ),
    "an address taken by another": (
        lambda b: (
            b.inside("web", f"ip addr add {b.address('db')}/24 dev eth0"),
            b.takes_for("app", "db", b.mac("web")),
        ),
        r"`eth0` inside `ndt-web` has 10.85.7.\d+, too, the address of `ndt-db` on `ndt-net`",
    ),
    "an address taken by the host": (
        lambda b: (
            b.on_host(f"ip addr add {b.address('db')}/24 dev {b.bridge}"),
            b.takes_for("app", "db", b.on_host(f"ip -o link show {b.bridge}").split("link/ether ")[1].split()[0]),
        ),
        r"`br-\w+` on the host has 10.85.7.\d+, too, the address of `ndt-db` on `ndt-net`",
    ),
    "nobody is answered who asks for addresses": (
        lambda b: (
            b.inside("db", "nft add table arp own"),
            b.inside("db", "nft 'add chain arp own out { type filter hook output priority 0; }'"),
            b.inside("db", "nft add rule arp own out drop"),
            *(b.inside(name, "ip neigh flush all") for name in ("app", "web", "db")),
        ),
        r"a firewall inside `ndt-db` drops packets: the rule with handle \d+ of nftables' chain arp own out",
    ),
    "no way to the resolver": (
        lambda b: b.inside("app", "iptables -t nat -F"),
        r"the rules inside `ndt-app` that lead to Docker's resolver \(127.0.0.11\) are gone",
    ),
    "no proxy": (
        lambda b: b.end_proxy(),
        r"nothing listens on the host's port \d+: the engine's port proxy \(docker-proxy\) for `ndt-web` is gone",
    ),
    "no ping": (
        lambda b: b.inside("app", "sysctl -w net.ipv4.icmp_echo_ignore_all=1"),
        r"`ndt-app` answers no ping: `net.ipv4.icmp_echo_ignore_all` is 1 inside",
    ),
    "stopped": (lambda b: b.lab.container("ndt-db").kill(), r"`ndt-db` is stopped"),
    "paused": (lambda b: b.lab.container("ndt-db").pause(), r"`ndt-db` is paused"),
    "disconnected": (
        lambda b: b.lab.client.networks.get("ndt-net").disconnect("ndt-db"),
        r"`ndt-db` is not on `ndt-net`",
    ),
    "renamed": (lambda b: b.lab.container("ndt-db").rename("ndt-other"), r"`ndt-db` is called `ndt-other`"),
    "a program takes nobody in": (
        lambda b: b.never_accepts("db", 5432),
        r"`ndt-db` listens on port 5432 and takes nobody in: \d+ connections wait, and its backlog is full",
    ),
}


@pytest.fixture
def broken(lab: Lab) -> Any:
    file = lab.write(FILE.replace("PORT", str(free_port())))
    lab.apply(file)
    saved = run("iptables-save")
    yield Broken(lab, file)
    restored = subprocess.run(["iptables-restore"], input=saved, text=True, timeout=LIMIT, check=False)
    assert restored.returncode == 0
    run("iptables -t raw -F; for family in inet ip bridge; do nft delete table $family ndt 2>/dev/null; done; true")


FILE6 = """
name: ndt-lab
prefix: ndt-
containers:
  app: {image: BUSYBOX, command: KEEP, networks: [net], stop_signal: SIGKILL}
  db:
    image: BUSYBOX
    command: [nc, -ll, -p, '5432', -e, cat]
    expose: ['5432']
    stop_signal: SIGKILL
    networks: [net]
networks:
  net: {enable_ipv6: true, ipam: {config: [{subnet: 10.85.7.0/24}, {subnet: 'fd00:85::/64'}]}}
"""
WAYS6: dict[str, tuple[Way, str]] = {
    "a route that throws away": (
        lambda b: b.inside("app", f"ip -6 route add blackhole {b.address6('db')}"),
        r"a route inside `ndt-app` throws away what is for fd00:85::\d+/128",
    ),
    "a fixed neighbour": (
        lambda b: b.inside("app", f"ip -6 neigh replace {b.address6('db')} lladdr {NOBODY} dev eth0 nud permanent"),
        rf"`ndt-app` has a fixed neighbour entry that sends what is for fd00:85::\d+ to {NOBODY}",
    ),
    "a firewall for IPv6": (
        lambda b: b.inside("db", "ip6tables -A INPUT -p tcp --dport 5432 -j DROP"),
        r"a firewall inside `ndt-db` drops packets: rule 1 of the chain INPUT",
    ),
    "no IPv6": (
        lambda b: b.inside("db", "sysctl -w net.ipv6.conf.eth0.disable_ipv6=1"),
        r"`eth0` inside `ndt-db` has 10.85.7.\d+, and the engine gave it fd00:85::\d+ on `ndt-net`",
    ),
    "a routing rule": (
        lambda b: b.inside("app", f"ip -6 rule add to {b.address6('db')} prohibit pref 60"),
        r"a routing rule inside `ndt-app` throws away what is for `ndt-db` \(60: from all to fd00:85::\d+ prohibit\)",
    ),
}
BATCHES = [tuple(WAYS)[first : first + AT_ONCE] for first in range(0, len(WAYS), AT_ONCE)]


@pytest.mark.part(1)
@pytest.mark.timeout(AT_ONCE * LIMIT)
@pytest.mark.parametrize("names", BATCHES, ids=lambda names: names[0].replace(" ", "-"))
def test_each_way_of_breaking_has_its_one_cause(broken: Broken, names: tuple[str, ...]) -> None:
    """What one remedy has mended is what the next one breaks."""
    for name in names:
        has_its_one_cause(broken, name, *WAYS[name])


@pytest.mark.part(1)
@pytest.mark.timeout(AT_ONCE * LIMIT)
def test_so_has_each_over_ipv6(lab: Lab) -> None:
    """Over IPv4 all is well meanwhile."""
    file = lab.write(FILE6)
    lab.apply(file)
    for name, way in WAYS6.items():
        has_its_one_cause(Broken(lab, file), name, *way)


def has_its_one_cause(broken: Broken, name: str, way: Way, expected: str) -> None:
    """And its remedy mends it."""
    way(broken)
    report = proven(broken.lab, broken.file)
    told = causes(report)
    assert len(told) == 1, (name, told)
    assert re.match(expected, told[0]), (name, told)
    assert report["causes"][0]["shown_by"], (name, told)
    remedies = commands(report["causes"][0]["hint"])
    for command in remedies:
        type_in(broken.lab, command, broken.lab.folder)
    if not remedies:
        assert broken.lab.run("teardown", broken.file).code == 0
        broken.lab.apply(broken.file)
    if "taken" in name:  # who was asked last is asked again within seconds
        broken.inside("app", "ip neigh flush all")
    after = proven(broken.lab, broken.file)
    assert after["passed"], (name, remedies, causes(after))


def commands(hint: str) -> list[str]:
    """The commands of a hint, as a person would type them."""
    restart = re.search(r"docker restart [\w-]+", hint)
    if restart:
        return [restart[0]]
    hint = hint.partition(", or netdeploy apply")[0]
    return (
        [hint]
        if hint.startswith(
            (
                "docker exec",
                "docker network",
                "docker start",
                "docker un",
                "docker rename",
                "bridge ",
                "ip ",
                "iptables ",
                "nft ",
                "nsenter ",
                "tc ",
            )
        )
        else []
    )
