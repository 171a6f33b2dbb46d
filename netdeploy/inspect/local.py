"""A namespace as any user of the engine's own machine sees it in /proc and /sys: for where no helper can be run.

/proc/PID/net shows a process's routes, listeners and addresses to everybody; only the number of an interface's other
end is not in it, since /sys shows the namespace it was mounted in. proc(5); kernel, net/ipv4/fib_trie.c.
"""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from netdeploy.inspect.space import (
    PING_SECONDS,
    Interface,
    Listener,
    Ping,
    Route,
    Space,
    listener,
    routes4,
    routes6,
)

_LISTENING = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
_LEAF = re.compile(r"\|-- (?P<address>[0-9.]+)\n\s+/32 host LOCAL")
_TIME = re.compile(r"time=(?P<time>[0-9.]+)")
_SYS = Path("/sys/class/net")
_NAME_SECONDS = 5.0


def inside(pid: int, container_id: str) -> Space | str:
    """The namespace of a container's first process, or why it can't be seen."""
    process = Path("/proc") / str(pid)
    try:
        if container_id not in (process / "cgroup").read_text():
            return f"process {pid} of this machine is not the container's"
        return _space(process / "net", _indices(process / "net"))
    except OSError as error:
        return f"{error.filename}: {error.strerror}"


def hostname(pid: int, container_id: str) -> str | None:
    """What the kernel has for a container's processes; None where it can't be seen. Only root may look."""
    try:
        if container_id not in (Path("/proc") / str(pid) / "cgroup").read_text():
            return None
        line = ["nsenter", f"--uts=/proc/{pid}/ns/uts", "uname", "-n"]
        done = subprocess.run(line, capture_output=True, text=True, timeout=_NAME_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def host(addresses: Iterable[str]) -> Space | str:
    """This machine's namespace, with a ping to each address; or why it can't be seen."""
    try:
        space = _space(Path("/proc/net"), {})
        names = {interface.name for interface in space.interfaces}
        if names != {entry.name for entry in _SYS.iterdir() if (entry / "ifindex").exists()}:
            return "/sys shows another network namespace than the one netdeploy runs in"
        interfaces = tuple(_from_sys(interface) for interface in space.interfaces)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return Space(interfaces, space.routes, space.listeners, tuple(_pings(list(addresses))))


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _names(net: Path) -> list[str]:
    return [line.partition(":")[0].strip() for line in _lines(net / "dev")[2:]]


def _space(net: Path, indices: dict[str, int]) -> Space:
    routes = (*routes4(_lines(net / "route")), *routes6(_lines(net / "ipv6_route")))
    names = _names(net)
    addresses: dict[str, list[str]] = {name: [] for name in names} | _addresses(net, routes)
    interfaces = (Interface(name, indices.get(name, 0), 0, "", addresses=tuple(addresses[name])) for name in names)
    return Space(tuple(interfaces), routes, tuple(dict.fromkeys(_listeners(net))))


def _addresses(net: Path, routes: Sequence[Route]) -> dict[str, list[str]]:
    """IPv4 addresses stand in the table without their interface; the route to their subnet tells it.

    One without such a route is that of the only interface, if there is one besides the loopback; its prefix length is
    not known then.
    """
    found: dict[str, list[str]] = {}
    direct = [r for r in routes if not r.gateway and ":" not in r.destination and not r.is_default]
    others = [name for name in _names(net) if name != "lo"]
    for text in dict.fromkeys(_LEAF.findall((net / "fib_trie").read_text())):
        address = ipaddress.ip_address(text)
        if address.is_loopback:
            found.setdefault("lo", []).append(f"{text}/8")
            continue
        subnets = [(route.interface, ipaddress.ip_network(route.destination)) for route in direct]
        placed = [(name, f"{text}/{subnet.prefixlen}") for name, subnet in subnets if address in subnet]
        for name, shown in placed or [(name, text) for name in others if len(others) == 1]:
            found.setdefault(name, []).append(shown)
    for line in _lines(net / "if_inet6"):
        digits, _index, length, _scope, _flags, name = line.split()
        found.setdefault(name, []).append(f"{ipaddress.IPv6Address(bytes.fromhex(digits))}/{int(length, 16)}")
    return found


def _indices(net: Path) -> dict[str, int]:
    """Numbers of interfaces: of those with IPv4 from their multicast groups, of those with IPv6 from their address."""
    found = {}
    for line in _lines(net / "igmp")[1:]:
        if not line[:1].isspace():
            index, name = line.split()[:2]
            found[name.rstrip(":")] = int(index)
    for line in _lines(net / "if_inet6"):
        words = line.split()
        found[words[5]] = int(words[1], 16)
    return found


def _listeners(net: Path) -> Iterator[Listener]:
    for protocol, state in _LISTENING.items():
        for line in _lines(net / protocol)[1:]:
            words = line.split()
            if words[3] == state:
                yield listener(f"{protocol} {words[1]}")


def _from_sys(interface: Interface) -> Interface:
    folder = _SYS / interface.name
    bridge = folder / "master"
    return Interface(
        name=interface.name,
        index=int((folder / "ifindex").read_text()),
        link=int((folder / "iflink").read_text()),
        mac_address=(folder / "address").read_text().strip(),
        state=(folder / "operstate").read_text().strip(),
        is_bridge=(folder / "bridge").is_dir(),
        bridge=bridge.readlink().name if bridge.is_symlink() else "",
        addresses=interface.addresses,
    )


def _pings(addresses: Sequence[str]) -> list[Ping]:
    if shutil.which("ping") is None or not sys.platform.startswith("linux"):
        return []
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(_ping, addresses))


def _ping(address: str) -> Ping:
    line = ["ping", "-c", "1", "-W", str(PING_SECONDS), address]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    time = _TIME.search(done.stdout)
    return Ping(address, done.returncode == 0, float(time["time"]) if time else None)
