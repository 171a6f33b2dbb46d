"""A proxy in front of the engine's socket that writes down each call, so that "changes nothing" is counted."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_REQUEST = re.compile(rb"^(GET|HEAD|POST|PUT|DELETE) (/\S*) HTTP/1\.1\r\n", re.MULTILINE)


class CountingProxy:
    """Listens on a socket of its own; `calls` holds (method, path)."""

    def __init__(self, upstream: str, path: Path) -> None:
        self._upstream = upstream.removeprefix("unix://")
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.calls: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    @property
    def changing(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] not in {"GET", "HEAD"}]

    def __enter__(self) -> Self:
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._upstream)
            self._open += [client, server]
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, watch: bool) -> None:
        try:
            while data := source.recv(65536):
                if watch:
                    with self._lock:
                        self.calls += [(m.decode(), p.decode()) for m, p in _REQUEST.findall(data)]
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return
