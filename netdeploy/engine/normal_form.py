"""One spelling for what engines and people spell in several ways."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SYSTEM_PATHS = "systempaths=unconfined"
"""A security option of the docker command line, which the engine knows as empty lists of hidden paths."""


def folder(path: str) -> str:
    """A path in a container as engines clean it: `//data/./x/../` is `/data`."""
    return posixpath.normpath("/" + path.lstrip("/"))


_OPPOSITES = {"rw": "ro", "exec": "noexec", "suid": "nosuid", "dev": "nodev", "async": "sync", "atime": "noatime"}


def words(options: str) -> frozenset[str]:
    """Options of a mount in memory: they have no order, but of two for one thing the last holds (moby: pkg/mount)."""
    last: dict[str, str] = {}
    for word in filter(None, options.split(",")):
        name = word.partition("=")[0]
        last[_OPPOSITES.get(name, name)] = word
    return frozenset(last.values())


def cpu_numbers(text: str) -> frozenset[int]:
    """`0-2,4` as its numbers; none where an engine takes it for no list of CPUs."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", part, re.ASCII)
        numbers = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not numbers:
            return frozenset()
        found.update(numbers)
    return frozenset(found)


def cpus(text: str) -> str:
    """`2,0-1` as `0,1,2`; what is no list of CPUs stays as it is."""
    return ",".join(map(str, sorted(cpu_numbers(text)))) or text


def port_number(text: str) -> int | None:
    """The number of a port; None for text that is none."""
    return int(text) if re.fullmatch("[0-9]{1,5}", text) else None


def port_range(text: str) -> str:
    """A port of the host, or a range of them: `08080-8080` is `8080`, and `0` is any free one, as is ""."""
    first, _, last = text.partition("-")
    low, high = port_number(first), port_number(last or first)
    if low is None or high is None:
        return text
    return f"{low}-{high}" if high != low else str(low or "")


def exposed(text: str) -> Iterator[str]:
    """`80-81` and `80/TCP` as `80/tcp` and `81/tcp`."""
    ports, _, protocol = text.partition("/")
    first, _, last = ports.partition("-")
    low, high = port_number(first), port_number(last or first)
    if low is None or high is None:
        yield text
    else:
        yield from (f"{port}/{protocol.lower() or 'tcp'}" for port in range(low, high + 1))


def mac_address(text: str) -> str:
    """`02-42-AC-11-00-02` and `0242.ac11.0002` as `02:42:ac:11:00:02`, as Go's net.ParseMAC reads them."""
    digits = re.sub("[:.-]", "", text).lower()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def capability(name: str) -> str:
    """`CAP_NET_ADMIN` and `net_admin` are one; engines know `ALL`, and no `CAP_ALL`."""
    name = name.upper()
    return name if name == "CAP_ALL" else name.removeprefix("CAP_")


def permissions(text: str) -> str:
    """What a container may do with a device: `mr` and `rm` are one."""
    return "".join(letter for letter in "rwm" if letter in text)


def device_rule(text: str) -> str:
    """`c 1:3 mr` with its permissions in one order."""
    head, _, last = text.rpartition(" ")
    return f"{head} {permissions(last)}" if head else text


TRUE = ("1", "t", "T", "true", "True", "TRUE")  # Go: strconv.ParseBool
FALSE = ("0", "f", "F", "false", "False", "FALSE")
_ONCE = ("no-new-privileges", "apparmor", "seccomp", "writable-cgroups")


def security_options(texts: Iterable[str]) -> frozenset[str]:
    """One spelling for each option; of two for one thing the last holds (moby: daemon/daemon_unix.go)."""
    last: dict[str, str] = {}
    for text in texts:
        option = _security_option(text)
        key, _, value = option.partition("=")
        last[key if key in _ONCE else f"{key}={value.partition(':')[0]}"] = option
    return frozenset(last.values())


def _security_option(text: str) -> str:
    """`:` was `=` once, `disable` is a label's, and a boolean has many spellings."""
    if text == "disable":
        return "label=disable"
    colon = re.match("[^=:]*:", text)
    key, _, value = text.partition(":" if colon else "=")
    if key == "no-new-privileges":
        value = "true" if value in TRUE or not value else "false" if value in FALSE else value
    return f"{key}={value}" if value else text


_ARCHITECTURES = {
    "i386": "386", "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm/v7", "armel": "arm/v6",
}  # fmt: skip
_USUAL_VARIANTS = {"amd64": "v1", "arm64": "v8", "arm": "v7"}
_SYSTEMS = ("linux", "windows", "darwin", "freebsd")


def platform(text: str) -> tuple[str, str, str]:
    """System, architecture and variant, "" where not said: `arm64`, `linux`, `Linux/aarch64` (containerd/platforms)."""
    parts = text.lower().split("/")
    if parts[0] not in _SYSTEMS:
        parts = ["", *parts]
    system, architecture, variant = (*parts, "", "")[:3]
    architecture, _, implied = _ARCHITECTURES.get(architecture, architecture).partition("/")
    variant = variant or implied
    return system, architecture, f"v{variant}" if variant.isdecimal() else variant


def usual_variant(architecture: str) -> str:
    """The variant that an architecture without one means."""
    return _USUAL_VARIANTS.get(architecture, "")


def kernel_socket(text: str) -> tuple[str, int]:
    """The address and port of `0100007F:1F90`, as /proc/net/tcp writes them.

    Addresses are 32-bit words in the byte order of the engine's machine (proc(5)), taken to be little-endian.
    """
    address, _, port = text.partition(":")
    words = (bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
    return str(ipaddress.ip_address(b"".join(words))), int(port, 16)
