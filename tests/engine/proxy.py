"""A proxy in front of the engine's socket: it writes down each call, and can spoil one of them."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

Kind = Literal[
    "cut before", "cut after", "call before", "call after", "500", "truncated", "slow", "silent", "garbage", "not JSON"
]
_HEAD = re.compile(rb"^(\S+) (\S+) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LOOKING = {"GET", "HEAD"}
_DELAYS = {"slow": 1.0, "silent": 3.0}  # seconds


@dataclass(frozen=True)
class Fault:
    """What happens at the `number`-th call (from 1) that changes something, or, with `looking`, that does not.

    "before" is before the engine hears of it, "after" is before the answer is passed on; `call` is called then.
    "silent", "garbage" and "not JSON" stand in the place of an answer, of a call that the engine carried out.
    """

    kind: Kind
    number: int
    looking: bool = False
    after: int = 0
    """How many calls that change something come before the first one that is counted."""
    call: Callable[[], None] = lambda: None


class Cut(Exception):
    """The connection is closed on purpose."""


class Proxy:
    """Listens on a socket of its own; `calls` holds (method, path)."""

    def __init__(self, upstream: str, path: Path, fault: Fault | None = None) -> None:
        self._upstream = upstream.removeprefix("unix://")
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.fault = fault
        self.struck = False
        """Whether the fault has happened."""
        self.calls: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    @property
    def changing(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] not in _LOOKING]

    def __enter__(self) -> Self:
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # it wakes the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink(missing_ok=True)
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, Cut, http.client.HTTPException),
            client,
            socket.socket(socket.AF_UNIX) as engine,
        ):
            engine.connect(self._upstream)
            self._open += [client, engine]
            while request := _request(client):
                self._exchange(request, client, engine)

    def _exchange(self, request: bytes, client: socket.socket, engine: socket.socket) -> None:
        method, path = (part.decode() for part in _HEAD.match(request).groups())  # type: ignore[union-attr]
        fault = self._fault_of(method, path)
        kind = fault.kind if fault else ""
        if fault and kind == "call before":
            fault.call()
        if kind == "cut before":
            raise Cut
        if kind == "500":
            client.sendall(_answer(500, b'{"message": "the engine is not itself"}'))
            return
        engine.sendall(request)
        response = http.client.HTTPResponse(engine, method=method)
        response.begin()
        answer = _answer(response.status, response.read(), method, response.getheader("Content-Type") or "")
        if fault and kind == "call after":
            fault.call()
        time.sleep(_DELAYS.get(kind, 0))
        client.sendall(_spoilt(kind, answer))
        if kind in {"cut after", "truncated", "silent", "garbage"}:
            raise Cut

    def _fault_of(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.calls.append((method, path))
            fault, looking = self.fault, method in _LOOKING
            changes = [index for index, call in enumerate(self.calls) if call[0] not in _LOOKING]
            if fault is None or fault.looking != looking or len(changes) < fault.after:
                return None
            counted = self.calls[changes[fault.after - 1] + 1 :] if fault.after else self.calls
            if len([call for call in counted if (call[0] in _LOOKING) == looking]) != fault.number:
                return None
            self.struck = True
            return fault


def _request(client: socket.socket) -> bytes:
    """One whole request; empty when the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if _CHUNKED.search(head):
        while not body.endswith(b"0\r\n\r\n"):
            body += client.recv(65536)
    while length and len(body) < int(length.group(1)):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def _spoilt(kind: str, answer: bytes) -> bytes:
    """What is passed on in the place of an answer."""
    match kind:
        case "cut after" | "silent":
            return b""
        case "truncated":
            return answer[:-4]
        case "garbage":
            return b"SSH-2.0-OpenSSH_9.2\r\n\r\n"
        case "not JSON":
            return _answer(200, b"<html>")
    return answer


def _answer(status: int, body: bytes, method: str = "POST", kind: str = "application/json") -> bytes:
    empty = method == "HEAD" or status in {204, 304}
    head = f"HTTP/1.1 {status} {http.client.responses.get(status, '')}\r\nContent-Type: {kind}\r\n"
    head += "" if empty else f"Content-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + (b"" if empty else body)
