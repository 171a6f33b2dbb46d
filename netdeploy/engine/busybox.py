"""A busybox image on an engine, from wherever one is to be had: the engine, a registry, or this machine."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from netdeploy.engine.observe import can_be_pulled, image
from netdeploy.errors import OperationFailed
from netdeploy.files import content_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from netdeploy.engine.engine import Engine
    from netdeploy.engine.observed import ObservedImage
    from netdeploy.engine.reader import Reader

_LARGEST, _HEAD = 64 << 20, 1 << 16
"""Bytes of a busybox that are read at most, and to see what it is."""
OFFICIAL = "busybox:latest"
IMPORTED = "netdeploy/busybox:latest"
"""Made from this machine's own static busybox; a name of our own, so that it never poses as the registry's."""


def find_busybox(reader: Reader) -> tuple[str, ObservedImage] | None:
    """The name and image of a busybox on the engine, the official one first."""
    for name in (OFFICIAL, IMPORTED):
        found = image(reader, name)
        if found:
            return name, found
    return None


def provide_busybox(engine: Engine, say: Callable[[str], None]) -> str:
    """Make sure that the engine has a busybox; returns its name.

    Raises:
        OperationFailed: neither the engine nor a registry nor this machine has one.
    """
    present = find_busybox(engine.reader)
    if present:
        return present[0]
    if can_be_pulled(engine.reader, OFFICIAL):
        say("pulling busybox, which stand-ins and helper containers run")
        for _message in engine.operator().pull(OFFICIAL):
            pass
        return OFFICIAL
    binary = static_busybox()
    if binary is None:
        raise OperationFailed(
            "stand-ins and helper containers run busybox, and none is to be had: not on the engine, from a registry,"
            " or on this machine",
            hint="install a static one (apt-get install busybox-static), or load the image: docker load < busybox.tar",
        )
    say(f"importing {binary} as the image {IMPORTED}, which stand-ins and helper containers run")
    repository, _, tag = IMPORTED.partition(":")
    engine.operator().import_image(archive(binary), repository, tag, ["sh"])
    return IMPORTED


def static_busybox() -> Path | None:
    """This machine's statically linked busybox, if it has one."""
    found = shutil.which("busybox") or shutil.which("busybox", path="/bin:/usr/bin:/usr/local/bin")
    try:
        return Path(found) if found and os.name == "posix" and is_static(Path(found)) else None
    except OSError:  # it may be run, and not be read
        return None


def is_static(binary: Path) -> bool:
    """Whether an ELF program needs no loader: it has no PT_INTERP (3) among its program headers (elf(5))."""
    raw = content_of(binary, _HEAD)
    if raw[:4] != b"\x7fELF":
        return False
    wide = raw[4] == 2
    order = "little" if raw[5] == 1 else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(raw[at : at + size], order)  # type: ignore[arg-type]

    table, size, count = (
        (number(32, 8), number(54, 2), number(56, 2)) if wide else (number(28, 4), number(42, 2), number(44, 2))
    )
    return all(number(table + index * size, 4) != 3 for index in range(count))


def archive(binary: Path) -> bytes:
    """A root file system with nothing but busybox and links to it, as a tar."""
    listed = subprocess.run([str(binary), "--list"], capture_output=True, text=True, check=False)
    applets = [name for name in listed.stdout.split() if name != "busybox" and "/" not in name]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "etc", "tmp", "root", "proc", "sys", "dev"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        _add_file(tar, "bin/busybox", content_of(binary, _LARGEST), 0o755)
        _add_file(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644)
        _add_file(tar, "etc/group", b"root:x:0:\n", 0o644)
        for applet in applets:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return buffer.getvalue()


def _add_file(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
