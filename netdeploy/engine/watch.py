"""An end to what drips: a limit on the whole of a request, where a socket's own is on each piece of it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator

_LOOK_AGAIN = 1.0  # seconds


class TooLong(Exception):
    """A request took longer than it may; its connection is ended."""


class Watch:
    """Ends the connections of requests that take too long, from one thread for all of them."""

    def __init__(self) -> None:
        self._ends: dict[http.client.HTTPConnection, float] = {}
        self._overdue: set[http.client.HTTPConnection] = set()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, opened: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
        """Watch over a request.

        Raises:
            TooLong: it took more than `seconds`.
        """
        self._ends[opened] = time.monotonic() + seconds
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
            self._thread.start()
        try:
            yield
        except Exception:
            if opened in self._overdue:
                raise TooLong from None
            raise
        finally:
            del self._ends[opened]
            self._overdue.discard(opened)

    def close(self) -> None:
        """End the thread."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(_LOOK_AGAIN):
            now = time.monotonic()
            for opened in [opened for opened, end in list(self._ends.items()) if now > end]:
                self._overdue.add(opened)
                with suppress(OSError, AttributeError):  # it may end at this moment
                    opened.sock.shutdown(socket.SHUT_RDWR)
