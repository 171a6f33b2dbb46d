"""Rules about the options of drivers, of networks and logs: kernel and engines have limits, or take each value once.

What engines refuse was seen on 20.10 and 28.5.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found
from netdeploy.topology.problem import did_you_mean
from netdeploy.topology.rules_kernel import TRUTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netdeploy.topology.model import Container, Network
    from netdeploy.topology.problem import Path

BRIDGE_NAME = "com.docker.network.bridge.name"
"""The bridge driver's option that names the bridge on the host."""
PARENT = "parent"
"""The option of macvlan and ipvlan that names the host's interface."""
_LONGEST = 15  # bytes: IFNAMSIZ of the kernel, less one
_KEPT = (".", "..", "all", "default")  # folders in /proc/sys/net/ipv4/conf that are none of an interface's
_LAST_VLAN = 4094


def driver_rules(draft: Draft) -> Iterator[Found]:
    """Options that no kernel or engine takes, and bridges that two networks want to have."""
    bridges: dict[str, Path] = {}
    for key, network in draft.networks.items():
        if network.external or draft.is_doubtful(key, "external", "driver", "driver_opts"):
            continue
        for option, value in network.driver_opts.items():
            path: Path = ("networks", key, "driver_opts", option)
            problem = _problem(network, option, value)
            if problem:
                yield Found(path, *problem)
            elif option == BRIDGE_NAME and network.driver == "bridge":
                if value in bridges:
                    where = (("first given here", bridges[value]),)
                    message = f"`{value}` is the bridge of `{bridges[value][1]}` already"
                    yield Found(path, message, "give each network a bridge of its own", elsewhere=where)
                bridges.setdefault(value, path)
    yield from _interfaces(draft)
    for name, container in draft.containers.items():
        yield from _logging(("containers", name, "logging", "options"), container)


def _interfaces(draft: Draft) -> Iterator[Found]:
    """What the pattern of `interface_name` lets pass."""
    for name, container in draft.containers.items():
        for network, attachment in container.networks.items():
            problem = interface_name(attachment.interface_name) if attachment.interface_name else None
            if problem:
                yield Found(("containers", name, "networks", network, "interface_name"), *problem)


def _problem(network: Network, option: str, value: str) -> tuple[str, str] | None:
    drivers, check = _OPTIONS.get(option, ((), interface_name))
    return check(value) if network.driver in drivers else None


def interface_name(text: str) -> tuple[str, str] | None:
    """Why a text can't be the name of a new interface, and what to do; None where it can."""
    if text == "lo":
        return "`lo` is the loopback interface", "choose another name"
    return _named(text, _LONGEST)


def _prefix(text: str) -> tuple[str, str] | None:
    """The engine adds a number; empty means `eth`."""
    return _named(text, _LONGEST - 1) if text else None


def _named(text: str, longest: int) -> tuple[str, str] | None:
    if not text:
        return "an interface needs a name", "write one, or leave the option out"
    if len(text.encode()) > longest:
        return f"`{text}` is too long: the kernel takes at most {longest} bytes here", "choose a shorter name"
    if text in _KEPT:
        return f"the kernel keeps the name `{text}` for itself", "choose another name"
    if re.search(r"[\s/:%\x00]", text):
        return f"`{text}` is not a name for an interface", "leave out spaces, `/`, `:` and `%`"
    return None


def _parent(text: str) -> tuple[str, str] | None:
    """An interface of the host, or `eth0.50` for a VLAN of one, which the engine makes."""
    if text == "lo":
        return "the loopback interface can't be a parent", "name a network card of the host"
    vlan = text.rpartition(".")[2] if "." in text.strip(".") else ""
    if vlan.isdigit() and not 1 <= int(vlan) <= _LAST_VLAN:
        return f"{vlan} is not a VLAN: they go from 1 to {_LAST_VLAN}", "write such as `eth0.50`"
    return _named(text, _LONGEST) if text else None


def _mtu(text: str) -> tuple[str, str] | None:
    sound = re.fullmatch(r"\+?[0-9]{1,9}", text) and (int(text) == 0 or 68 <= int(text) <= 65535)
    return None if sound else (f"`{text}` is not an MTU", "write a number of bytes from 68 to 65535, such as 1500")


def _boolean(text: str) -> tuple[str, str] | None:
    return None if text in TRUTHS else (f"`{text}` is neither true nor false", "write `true` or `false`")


def _address(text: str) -> tuple[str, str] | None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return f"`{text}` is not an address", "write an address of the host, such as 127.0.0.1"
    return None


def _one_of(*words: str) -> Callable[[str], tuple[str, str] | None]:
    listed = ", ".join(f"`{word}`" for word in words)

    def check(text: str) -> tuple[str, str] | None:
        if text in ("", *words):
            return None
        return f"`{text}` is not a mode of this driver", did_you_mean(text, words, otherwise=f"write one of {listed}")

    return check


_Check = tuple[tuple[str, ...], "Callable[[str], tuple[str, str] | None]"]
_OPTIONS: dict[str, _Check] = {
    BRIDGE_NAME: (("bridge",), interface_name),
    "com.docker.network.container_iface_prefix": (("bridge",), _prefix),
    "com.docker.network.driver.mtu": (("bridge",), _mtu),
    "com.docker.network.bridge.enable_icc": (("bridge",), _boolean),
    "com.docker.network.bridge.enable_ip_masquerade": (("bridge",), _boolean),
    "com.docker.network.bridge.inhibit_ipv4": (("bridge",), _boolean),
    "com.docker.network.bridge.host_binding_ipv4": (("bridge",), _address),
    PARENT: (("macvlan", "ipvlan"), _parent),
    "macvlan_mode": (("macvlan",), _one_of("bridge", "private", "vepa", "passthru")),
    "ipvlan_mode": (("ipvlan",), _one_of("l2", "l3", "l3s")),
}


_LOG_FILES = ("json-file", "local")


def _logging(base: Path, container: Container) -> Iterator[Found]:
    logging = container.logging
    if logging is None or logging.driver not in _LOG_FILES:
        return
    size, files, compress = (logging.options.get(name) for name in ("max-size", "max-file", "compress"))
    if size is not None and not re.fullmatch(r"[0-9.]*[1-9][0-9.]*(?:[eE][+-]?[0-9]+)? ?[a-zA-Z]*", size):
        yield Found((*base, "max-size"), f"`{size}` is not a size", "write one such as `10m`")
    if files is not None and not re.fullmatch(r"\+?0*[1-9][0-9]*", files):
        yield Found((*base, "max-file"), f"`{files}` is not a number of files", "write 1 or more")
    if compress is not None and compress not in TRUTHS:
        yield Found((*base, "compress"), f'expected "true" or "false", got `{compress}`')
