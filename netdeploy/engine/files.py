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
_HEADERS = 1 << 13  # bytes before a file in an archive: its header, and extended ones for long names and times


def text_of(reader: Reader, container_id: str, path: str) -> tuple[str | None, str]:
    """The first 64 KiB of a text file of a container, or (then None) why it can't be read."""
    try:
        raw = reader.get_start(f"/containers/{container_id}/archive", _HEADERS + _MOST, path=path)
    except EngineAnswer as refused:
        return None, "the container has no such file" if refused.status == 404 else f"the engine said: {refused}"
    # the archive may end in the middle of the file: what there is of it counts
    with suppress(tarfile.TarError, OSError), tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        member = tar.next()
        if member and member.isfile():
            start = member.offset_data
            return raw[start : start + min(member.size, _MOST)].decode("utf-8", "replace"), ""
    return None, "what the container has under that name is no file"
