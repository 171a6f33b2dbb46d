"""Files of containers, read through the engine: it gives them out of a stopped one too, and needs no shell in it."""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

from netdeploy.engine.errors import EngineAnswer

if TYPE_CHECKING:
    from netdeploy.engine.reader import Reader

_MOST = 1 << 16  # bytes


def text_of(reader: Reader, container_id: str, path: str) -> tuple[str | None, str]:
    """The first 64 KiB of a text file of a container, or (then None) why it can't be read."""
    try:
        raw = reader.get_bytes(f"/containers/{container_id}/archive", path=path)
    except EngineAnswer as refused:
        return None, "the container has no such file" if refused.status == 404 else f"the engine said: {refused}"
    with suppress(tarfile.TarError, OSError), tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file:
                return file.read(_MOST).decode("utf-8", "replace"), ""
    return None, "what the container has under that name is no file"
