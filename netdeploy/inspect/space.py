"""What one network namespace holds: the shell script that reads it, and what its output means.

The script is busybox's and starts no program for an interface, since a host may have hundreds. Interfaces come from
/sys, routes and listeners from /proc, which every kernel and every busybox has in the same form.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netdeploy.engine.normal_form import kernel_socket

PING_SECONDS = 1

_ADDRESS = re.compile(r"\d+:\s+(?P<name>[^\s@:]+)\S*\s+inet6?\s+(?P<address>[0-9a-fA-F.:]+(?:/\d+)?)")
_IS_UP, _NO_ARP = 0x1, 0x80  # IFF_UP and IFF_NOARP of netdevice(7)
_KNOWN, _FIXED = 0x2, 0x4  # ATF_COM and ATF_PERM of arp(7)
_ROUTE_IS_UP = 0x1
_ROUTE_REJECTS = 0x200
_LAST_RESORT = 0xFFFFFFFF  # the metric of the kernel's own IPv6 route that refuses what has no other
_FORWARDING = "3"  # BR_STATE_FORWARDING of linux/if_bridge.h
_NO_INTERFACE = "*"  # of a blackhole, which has not even that flag
_ANY_IPV6 = "0" * 32

SCRIPT = r"""
cd /sys/class/net
for i in *; do
  index=; link=; address=; state=; flags=; mtu=
  read -r index <"$i/ifindex"; read -r link <"$i/iflink"
  [ -n "$index" ] && [ -n "$link" ] || continue  # no interface, or one that has just gone
  read -r address <"$i/address"; read -r state <"$i/operstate"
  read -r flags <"$i/flags"; read -r mtu <"$i/mtu"
  kind=-; [ -d "$i/bridge" ] && kind=bridge
  echo "link $i $index $link $kind ${state:--} ${address:--} ${flags:--} ${mtu:--}"
  [ $kind = bridge ] && for port in "$i"/brif/*; do
    [ -e "$port" ] || continue
    forwards=; isolated=
    read -r forwards <"$port/state"; read -r isolated <"$port/isolated"
    echo "port $i ${port##*/} ${forwards:--} ${isolated:--}"
  done
done 2>/dev/null
ip -o addr 2>/dev/null | sed 's/^/addr /'
sed 's/^/route4 /' /proc/net/route
sed 's/^/neighbour /' /proc/net/arp
ip -6 neigh 2>/dev/null | sed 's/^/neighbour6 /'
[ -e /proc/net/ipv6_route ] && awk '$2 != "80" || $9 ~ /[2367abef]..$/ { print "route6", $0 }' /proc/net/ipv6_route
for protocol in tcp tcp6; do
  [ -e /proc/net/$protocol ] && awk -v p=$protocol '$4 == "0A" { print "listen", p, $2, $5 }' /proc/net/$protocol
done
for protocol in udp udp6; do
  [ -e /proc/net/$protocol ] && awk -v p=$protocol '$4 == "07" { print "listen", p, $2 }' /proc/net/$protocol
done
true
"""


FILES_SCRIPT = r"""
[ -e /etc/resolv.conf ] && awk '{ print "resolv", $0 }' /etc/resolv.conf
[ -e /etc/hosts ] && awk '{ print "hosts", $0 }' /etc/hosts
true
"""
"""What the engine writes into a helper on the host's network: the host's own files, unless the engine has settings."""


def ping_script(addresses: Sequence[str]) -> str:
    """A ping to each address, all at once, and one more a little later where the first had no answer.

    An IPv6 address that is new answers only after a second or two, when it has turned out that no other has it.
    """
    if not addresses:
        return ""
    calls = [f"(try {address} || {{ sleep 1; try {address}; }}; told {address} $?) &" for address in addresses]
    return "\n".join([_PING_FUNCTIONS, *calls, "wait"])


_PING_FUNCTIONS = f"""
try() {{ said=$(ping -c 1 -W {PING_SECONDS} "$1" 2>&1); }}
told() {{ echo "ping $1 $2 $(echo "$said" | sed -n 's/.*time=\\([0-9.]*\\).*/\\1/p')"; }}
"""


def reach_script(places: Sequence[tuple[str, int]]) -> str:
    """A TCP connection to each address and port, all at once."""
    calls = [
        f"(nc -w 1 {address} {port} -e true >/dev/null 2>&1; echo reach {address} {port} $?) &"
        for address, port in places
    ]
    return "\n".join([*calls, "wait"]) if calls else ""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. `link` is the number of its other end (a veth) or of what it stands on, else its own.

    0 is a number that is not known; a MAC address is "" then.
    `bridge` is the bridge that it is a port of. Addresses are like `172.18.0.2/16`.
    """

    name: str
    index: int
    link: int
    mac_address: str
    state: str = ""
    is_bridge: bool = False
    bridge: str = ""
    addresses: tuple[str, ...] = ()
    is_up: bool = True
    """Whether it was switched on; where that is not known, it counts as on."""
    asks: bool = True
    """Whether it asks and answers for whom an address is (ARP)."""
    mtu: int = 0
    """The largest packet in bytes; 0 where not known."""
    forwards: bool = True
    """Of a bridge's port: whether it takes part."""
    is_isolated: bool = False
    """Of a bridge's port: whether it is kept from the others that are so."""


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a route table: `destination` is like `172.18.0.0/16`; `gateway` "" is reached directly."""

    destination: str
    gateway: str
    interface: str
    metric: int = 0

    @property
    def is_default(self) -> bool:
        """Whether it is where everything goes that has no better route."""
        return self.destination in ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on which a process waits; `address` may be a wildcard."""

    protocol: str
    address: str
    port: int
    waiting: int = field(default=0, compare=False)
    """Connections that the kernel has accepted and the process has not."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Whom an address is taken for on a link; `is_fixed` is an entry that somebody wrote."""

    address: str
    mac_address: str
    interface: str
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Ping:
    """Whether an address answered, and after how many milliseconds where that was told."""

    address: str
    answers: bool
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """A network namespace, as read."""

    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    listeners: tuple[Listener, ...] = ()
    pings: tuple[Ping, ...] = ()
    reached: Mapping[tuple[str, int], bool] = field(default_factory=dict)
    """Whether a TCP connection to an address and port came about, of those that were tried."""
    refused: tuple[str, ...] = ()
    """Subnets to which a route sends nothing (blackhole, unreachable, prohibit)."""
    neighbours: tuple[Neighbour, ...] = ()
    resolv_conf: str | None = None
    """/etc/resolv.conf of the helper that looked, where it was asked for."""
    hosts: str | None = None
    """/etc/hosts of the helper that looked, where it was asked for."""

    def by_mac(self, mac_address: str) -> Interface | None:
        """The interface with a MAC address."""
        return next((i for i in self.interfaces if mac_address and i.mac_address == mac_address), None)

    def by_index(self, index: int) -> Interface | None:
        """The interface with a number."""
        return next((i for i in self.interfaces if index and i.index == index), None)

    def by_name(self, name: str) -> Interface | None:
        """The interface with a name."""
        return next((i for i in self.interfaces if i.name == name), None)

    def by_address(self, addresses: Iterable[str]) -> Interface | None:
        """The interface that has one of the addresses, whatever their prefix lengths."""
        wanted = set(bare(addresses))
        return next((i for i in self.interfaces if wanted & set(bare(i.addresses))), None)


def parse(output: str) -> Space:
    """What SCRIPT (and `ping_script`) wrote; lines of other kinds are passed over."""
    lines: dict[str, list[str]] = {}
    for line in output.splitlines():
        kind, _, rest = line.partition(" ")
        lines.setdefault(kind, []).append(rest)
    ports = {port: (bridge, *more) for bridge, port, *more in map(str.split, lines.get("port", ()))}
    addresses = _addresses(lines.get("addr", ()))
    interfaces = [
        replace(_as_port(interface, ports), addresses=tuple(addresses.get(interface.name, ())))
        for interface in map(_interface, lines.get("link", ()))
    ]
    return Space(
        interfaces=tuple(sorted(interfaces, key=lambda interface: interface.index)),
        routes=(*routes4(lines.get("route4", ())), *routes6(lines.get("route6", ()))),
        listeners=tuple(dict.fromkeys(map(listener, lines.get("listen", ())))),
        pings=tuple(map(_ping, lines.get("ping", ()))),
        reached=dict(map(_reach, lines.get("reach", ()))),
        refused=(*_refused(lines.get("route4", ())), *_refused6(lines.get("route6", ()))),
        neighbours=(*_neighbours(lines.get("neighbour", ())), *_neighbours6(lines.get("neighbour6", ()))),
        resolv_conf="\n".join(lines["resolv"]) if "resolv" in lines else None,
        hosts="\n".join(lines["hosts"]) if "hosts" in lines else None,
    )


def _as_port(interface: Interface, ports: Mapping[str, Sequence[str]]) -> Interface:
    """With what its bridge does with it, if it is a port of one."""
    bridge, state, isolated = [*ports.get(interface.name, ()), "", "", ""][:3]
    forwards = state in ("", "-", _FORWARDING)
    return replace(interface, bridge=bridge, forwards=forwards, is_isolated=isolated == "1")


def _interface(line: str) -> Interface:
    name, index, link, kind, *more = line.split()
    state, mac, flags, mtu = ("" if text == "-" else text for text in [*more, "-", "-", "-", "-"][:4])
    return Interface(
        name,
        int(index),
        int(link),
        mac,
        state,
        is_bridge=kind == "bridge",
        is_up=not flags or bool(int(flags, 16) & _IS_UP),
        asks=not flags or not int(flags, 16) & _NO_ARP,
        mtu=int(mtu or 0),
    )


def _addresses(lines: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        match = _ADDRESS.match(line)
        if match:
            found.setdefault(match["name"], []).append(match["address"])
    return found


def routes4(lines: Sequence[str]) -> list[Route]:
    """Of /proc/net/route: hexadecimal, in the byte order of the engine's machine, taken to be little-endian."""
    found = []
    for line in lines:
        columns = line.split()
        if len(columns) < 8 or columns[0] == "Iface":
            continue
        flags = int(columns[3], 16)
        if flags & _ROUTE_IS_UP and not flags & _ROUTE_REJECTS and columns[0] != _NO_INTERFACE:
            destination, gateway, mask = (_ipv4(columns[column]) for column in (1, 2, 7))
            subnet = ipaddress.ip_network(f"{destination}/{mask}", strict=False)
            via = "" if gateway == "0.0.0.0" else gateway  # noqa: S104 - it means none
            found.append(Route(str(subnet), via, columns[0], int(columns[6])))
    return sorted(found, key=lambda route: not route.is_default)


def _refused(lines: Sequence[str]) -> Iterator[str]:
    for columns in map(str.split, lines):
        if (
            len(columns) >= 8
            and columns[0] != "Iface"
            and (int(columns[3], 16) & _ROUTE_REJECTS or columns[0] == _NO_INTERFACE)
        ):
            yield str(ipaddress.ip_network(f"{_ipv4(columns[1])}/{_ipv4(columns[7])}", strict=False))


def _neighbours(lines: Sequence[str]) -> Iterator[Neighbour]:
    for columns in map(str.split, lines):
        if len(columns) == 6 and columns[2].startswith("0x") and int(columns[2], 16) & _KNOWN:
            yield Neighbour(columns[0], columns[3], columns[5], is_fixed=bool(int(columns[2], 16) & _FIXED))


def _refused6(lines: Sequence[str]) -> Iterator[str]:
    for columns in map(str.split, lines):
        if len(columns) >= 10 and int(columns[8], 16) & _ROUTE_REJECTS and int(columns[5], 16) != _LAST_RESORT:
            yield f"{ipaddress.IPv6Address(bytes.fromhex(columns[0]))}/{int(columns[1], 16)}"


def _neighbours6(lines: Sequence[str]) -> Iterator[Neighbour]:
    """From `ADDRESS dev INTERFACE lladdr MAC [router] STATE`, as ip writes it."""
    for words in map(str.split, lines):
        if len(words) >= 6 and words[1::2][:2] == ["dev", "lladdr"]:
            yield Neighbour(words[0], words[4], words[2], is_fixed=words[-1] == "PERMANENT")


def _ipv4(text: str) -> str:
    return socket.inet_ntoa(struct.pack("<I", int(text, 16)))


def routes6(lines: Sequence[str]) -> list[Route]:
    """Of /proc/net/ipv6_route, without those of the loopback, to single addresses, and to multicast."""
    found = []
    for line in lines:
        columns = line.split()
        if len(columns) < 10 or int(columns[8], 16) & _ROUTE_REJECTS or columns[9] == "lo":
            continue
        length = int(columns[1], 16)
        destination = ipaddress.IPv6Address(bytes.fromhex(columns[0]))
        if length == 128 or destination.is_multicast:
            continue
        via = "" if columns[4] == _ANY_IPV6 else str(ipaddress.IPv6Address(bytes.fromhex(columns[4])))
        found.append(Route(f"{destination}/{length}", via, columns[9], int(columns[5], 16)))
    return sorted(found, key=lambda route: not route.is_default)


def listener(line: str) -> Listener:
    """From `tcp ADDRESS:PORT`, in hexadecimal as in /proc/net/tcp."""
    protocol, text, *queues = line.split()
    waiting = int(queues[0].rpartition(":")[2], 16) if queues else 0
    return Listener(protocol.removesuffix("6"), *kernel_socket(text), waiting)


def _ping(line: str) -> Ping:
    address, code, *time = line.split()
    return Ping(address, code == "0", float(time[0]) if time else None)


def _reach(line: str) -> tuple[tuple[str, int], bool]:
    address, port, code = line.split()
    return (address, int(port)), code == "0"


def bare(addresses: Iterable[str]) -> Iterator[str]:
    """Addresses without their prefix lengths."""
    return (address.partition("/")[0] for address in addresses)
