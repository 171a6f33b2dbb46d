"""Rules about the options of Docker's own drivers, which engines refuse late or in words of their own.

Only options whose values every engine from 20.10 to 28 refuses; an option that nobody knows is none of ours.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from netdeploy.topology.draft import Draft, Found
from netdeploy.topology.problem import did_you_mean
from netdeploy.topology.rules_kernel import TRUTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container, Network
    from netdeploy.topology.problem import Path

_MTU = "com.docker.network.driver.mtu"
_PREFIX = "com.docker.network.container_iface_prefix"
_HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4"
_SWITCHES = tuple(
    f"com.docker.network.bridge.{name}" for name in ("enable_icc", "enable_ip_masquerade", "inhibit_ipv4")
)
_MODES = {
    "macvlan": ("macvlan_mode", ("bridge", "private", "vepa", "passthru")),
    "ipvlan": ("ipvlan_mode", ("l2", "l3", "l3s")),
}
_LOG_FILES = ("json-file", "local")


def driver_rules(draft: Draft) -> Iterator[Found]:
    """Options of networks and of logging that can't be meant."""
    for key, network in draft.networks.items():
        if not network.external:
            yield from _network(("networks", key, "driver_opts"), network)
    for name, container in draft.containers.items():
        yield from _logging(("containers", name, "logging", "options"), container)


def _network(base: Path, network: Network) -> Iterator[Found]:
    options = network.driver_opts
    if network.driver in _MODES:
        option, modes = _MODES[network.driver]
        mode = options.get(option, "")
        if mode and mode not in modes:
            hint = did_you_mean(mode, modes, otherwise=f"write one of {', '.join(modes)}")
            yield Found((*base, option), f"{network.driver} has no mode `{mode}`", hint)
        return
    for name in _SWITCHES:
        if options.get(name, "true") not in TRUTHS:
            yield Found((*base, name), f'expected "true" or "false", got `{options[name]}`')
    if _MTU in options and not _is_mtu(options[_MTU]):
        yield Found((*base, _MTU), f"`{options[_MTU]}` is no MTU", "write a number from 68 to 65535")
    if _HOST_BINDING in options and not _is_address(options[_HOST_BINDING]):
        yield Found((*base, _HOST_BINDING), f"`{options[_HOST_BINDING]}` is not an IP address")
    prefix = options.get(_PREFIX, "")
    if not re.fullmatch(r"[^\s/:]{0,14}", prefix):
        message = f"interfaces can't have names that start with `{prefix}`"
        yield Found((*base, _PREFIX), message, "at most 14 characters, without spaces, `/` and `:`")


def _is_mtu(text: str) -> bool:
    """0 is the engine's default; what is between that and 68 no interface takes."""
    return re.fullmatch(r"[+-]?[0-9]{1,9}", text) is not None and (int(text) == 0 or 68 <= int(text) <= 65_535)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


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
