"""A small HTTP client that can only GET, so that looking changes nothing by construction.

Connections are kept alive and shared; a few threads read as fast as the socket gives. Decoded JSON leaves this room
only as the types of observed.py.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from netdeploy.engine import shapes
from netdeploy.engine.errors import EngineAnswer, message_of
from netdeploy.engine.transport import BROKEN, connection, talking
from netdeploy.engine.watch import TooLong, Watch
from netdeploy.errors import EngineTooOld, EngineUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netdeploy.engine.connect import Endpoint

T = TypeVar("T")
R = TypeVar("R")

OLDEST_API = (1, 41)  # engine 20.10, in the oldest Debian and Ubuntu releases that are still looked after
NEWEST_API = (1, 51)  # the newest whose answers were seen; newer engines answer in this dialect
READERS = 8
TIMEOUT = 60.0  # seconds without a byte of an answer
TOTAL_TIME = 180.0  # seconds for all of an answer
MOST_BYTES = 64 << 20  # of one answer; a list of a thousand containers with large labels has a few
_CHUNK = 1 << 16
_ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_API = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


class Reader:
    """Asks the engine; see the module.

    Every method raises EngineUnreachable when nobody answers and EngineAnswer when the engine says no.
    """

    def __init__(self, endpoint: Endpoint, *, timeout: float | None = None) -> None:
        self.endpoint = endpoint
        self._timeout = TIMEOUT if timeout is None else timeout
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._watch = Watch()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        try:
            self.engine_version, self.api_version = self._negotiate()
        except BaseException:
            self.close()
            raise

    def _negotiate(self) -> tuple[str, tuple[int, int]]:
        answer = self._get("/version")
        found = _API.fullmatch(str(answer.get("ApiVersion"))) if isinstance(answer, dict) else None
        if found is None:
            raise EngineUnreachable(
                f"what answers at {self.endpoint.url} ({self.endpoint.origin}) is not a Docker engine",
                hint="`docker version` shows what the docker CLI reaches",
            )
        offered = (int(found[1]), int(found[2]))
        version = str(answer.get("Version", "unknown"))
        if offered < OLDEST_API:
            raise EngineTooOld(
                f"the engine at {self.endpoint.url} is version {version} (API {found[0]})",
                hint="netdeploy needs Docker 20.10 (API 1.41) or later",
            )
        return version, min(offered, NEWEST_API)

    @property
    def api_text(self) -> str:
        """The API version in use, as in `1.41`."""
        return f"{self.api_version[0]}.{self.api_version[1]}"

    def get(self, path: str, /, **query: str | int | dict[str, list[str]]) -> Any:
        """The decoded JSON at `path` (without the version prefix); dict values of `query` are sent as JSON."""
        answer = self._get(f"/v{self.api_text}{path}{_query(query)}")
        try:
            shapes.check(path, answer)
        except shapes.NotAsExpected as found:
            raise self._not_an_engine(f"answered GET {path} with {found}") from None
        return answer

    def get_bytes(self, path: str, /, **query: str | int) -> bytes:
        """The body at `path` as it is."""
        return bytes(self._fetch(f"/v{self.api_text}{path}{_query(query)}"))

    def get_start(self, path: str, most: int, /, **query: str | int) -> bytes:
        """The first bytes of the body at `path`, `most` at most; the rest is never read."""
        return bytes(self._fetch(f"/v{self.api_text}{path}{_query(query)}", most))

    def get_all(self, look: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
        """`look` at each argument, a few at once, in order."""
        items = list(arguments)
        return [look(item) for item in items] if len(items) < 2 else list(self._pool.map(look, items))

    def close(self) -> None:
        """End threads and connections."""
        self._watch.close()
        self._pool.shutdown()
        with self._lock:
            for opened in self._idle:
                opened.close()
            self._idle.clear()

    def _get(self, path: str) -> Any:
        body = self._fetch(path)
        try:
            answer = json.loads(body, parse_constant=_no_number)
            if _ESCAPED_HALF.search(body):
                json.dumps(answer, ensure_ascii=False).encode()  # half of a pair is no text
        except (ValueError, RecursionError):
            raise EngineUnreachable(
                f"the answer of the engine at {self.endpoint.url} to GET {path} is not complete JSON",
                hint="run the command again; if it stays, look at the engine's log",
            ) from None
        return answer

    def _fetch(self, path: str, most: int | None = None) -> bytearray:
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        with talking(self.endpoint):
            if kept:
                try:
                    return self._once(kept, path, most)
                except TimeoutError:
                    raise
                except BROKEN:
                    pass  # the engine may have ended a kept-alive connection; a GET can be sent again
            return self._once(connection(self.endpoint, self._timeout), path, most)

    def _once(self, opened: http.client.HTTPConnection, path: str, most: int | None) -> bytearray:
        """One request on a connection, which is kept for the next one unless it broke or there is more to come."""
        try:
            with self._watch.over(opened, TOTAL_TIME):
                opened.request("GET", path)
                response = opened.getresponse()
                body = self._body(response, path, most)
        except TooLong:
            opened.close()
            raise self._not_an_engine(f"has not answered GET {path} to its end in {TOTAL_TIME:.0f} seconds") from None
        except BaseException:
            opened.close()
            raise
        if response.isclosed() or response.length == 0:  # read1 leaves the closing to us
            response.close()
            with self._lock:
                self._idle.append(opened)
        else:
            opened.close()
        if response.status >= 400:
            raise EngineAnswer(response.status, message_of(bytes(body)), path)
        return body

    def _body(self, response: http.client.HTTPResponse, path: str, most: int | None) -> bytearray:
        """As much as is wanted; an engine that does not come to an end, or means harm, is left in time."""
        body = bytearray()
        while most is None or len(body) < most:
            chunk = response.read1(_CHUNK)
            if not chunk:
                break
            body += chunk
            if len(body) > MOST_BYTES:
                raise self._not_an_engine(f"answers GET {path} with more than {MOST_BYTES >> 20} MB")
        if most is None and response.length:  # read1 takes an early end for the end
            raise http.client.IncompleteRead(b"", response.length)
        return body[:most] if most else body

    def _not_an_engine(self, what: str) -> EngineUnreachable:
        hint = "is that a Docker engine? `docker version` shows what the docker CLI reaches"
        where = f"{self.endpoint.url} ({self.endpoint.origin})"
        return EngineUnreachable(f"the engine at {where} {what}", hint=hint, may_pass=False)


def _no_number(text: str) -> float:
    raise ValueError(text)


def _query(values: dict[str, Any]) -> str:
    encoded = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in values.items()}
    return f"?{urllib.parse.urlencode(encoded)}" if encoded else ""
