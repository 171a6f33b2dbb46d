"""One spelling for what engines and people spell in several ways."""

from __future__ import annotations

import ipaddress
import re

SYSTEM_PATHS = "systempaths=unconfined"
"""A security option of the docker command line, which the engine knows as empty lists of hidden paths."""


def words(options: str) -> frozenset[str]:
    """Mount options, which have no order."""
    return frozenset(options.split(",")) - {""}


def cpus(text: str) -> frozenset[int]:
    """`0-2,4` as the set of its numbers."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1)) if first else set()
    return frozenset(found)


def capability(name: str) -> str:
    """`CAP_NET_ADMIN` and `net_admin` are one."""
    return name.upper().removeprefix("CAP_")


def security_option(text: str) -> str:
    """One spelling for each option: `no-new-privileges:true` is `no-new-privileges`, `:` was `=` once."""
    if re.fullmatch("no-new-privileges(?:[:=]true)?", text):
        return "no-new-privileges"
    key, colon, value = text.partition(":")
    return f"{key}={value}" if colon and "=" not in key else text


def kernel_socket(text: str) -> tuple[str, int]:
    """The address and port of `0100007F:1F90`, as /proc/net/tcp writes them.

    Addresses are 32-bit words in the byte order of the engine's machine (proc(5)), taken to be little-endian.
    """
    address, _, port = text.partition(":")
    words = (bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
    return str(ipaddress.ip_address(b"".join(words))), int(port, 16)
