"""Whatever can go wrong between us and an engine is one error, which says where, what, and what to do."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import docker.errors
import pytest
import requests
import urllib3.exceptions

from netdeploy.engine.connect import Endpoint, TlsFiles
from netdeploy.engine.operate import Operator
from netdeploy.engine.reader import Reader
from netdeploy.engine.transport import unreachable
from netdeploy.errors import EngineUnreachable, NetdeployError

HERE = Endpoint("unix:///run/x.sock", "DOCKER_HOST")
REFUSED = ConnectionRefusedError(111, "Connection refused")
RAISED: list[Exception] = [
    TimeoutError("timed out"),
    PermissionError(13, "Permission denied"),
    FileNotFoundError(2, "No such file or directory"),
    REFUSED,
    ConnectionResetError(104, "Connection reset by peer"),
    BrokenPipeError(32, "Broken pipe"),
    OSError(113, "No route to host"),
    socket.gaierror(-2, "Name or service not known"),
    ssl.SSLError(1, "[SSL] record layer failure"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"),
    ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
    http.client.RemoteDisconnected("Remote end closed connection without response"),
    http.client.IncompleteRead(b"{", 10),
    http.client.BadStatusLine("garbage"),
    http.client.LineTooLong("header line"),
    http.client.CannotSendRequest(),
    http.client.ResponseNotReady(),
    UnicodeError("label too long"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    json.JSONDecodeError("Expecting value", "x", 0),
    ValueError("garbage"),
    OverflowError("cannot fit 'int' into an index-sized integer"),
    RecursionError("maximum recursion depth exceeded"),
    EOFError(),
]
BY_THE_SDK: list[Exception] = [
    requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", REFUSED)),
    requests.ReadTimeout("Read timed out."),
    requests.exceptions.SSLError(ssl.SSLError(1, "bad")),
    requests.exceptions.ChunkedEncodingError("cut"),
    requests.exceptions.JSONDecodeError("Expecting value", "x", 0),
    urllib3.exceptions.ReadTimeoutError(None, "/x", "Read timed out."),  # type: ignore[arg-type]
    urllib3.exceptions.ProtocolError("Connection broken", http.client.IncompleteRead(b"")),
    urllib3.exceptions.DecodeError("bad gzip"),
    docker.errors.StreamParseError("garbage"),
    KeyError("Id"),
    TypeError("'NoneType' object is not subscriptable"),
    AttributeError("'list' object has no attribute 'get'"),
]


def named(error: Exception) -> str:
    return type(error).__name__


# -- what is said ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [*RAISED, *BY_THE_SDK], ids=named)
def test_each_is_told_with_the_place_and_what_to_do(error: Exception) -> None:
    told = unreachable(HERE, error)
    assert "unix:///run/x.sock (DOCKER_HOST)" in told.message
    assert told.hint
    assert told.may_pass
    assert not any(word in told.message for word in ("ConnectionPool", "object at 0x", "Errno", "()", "_ssl.c"))
    assert not told.message.endswith((": ", ":"))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (requests.ReadTimeout("UnixHTTPConnectionPool(host='localhost'): Read timed out."), "does not answer in time"),
        (BY_THE_SDK[0], "no Docker engine answers"),
        (
            ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed"),
            "is not trusted: certificate verify failed",
        ),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), "does not speak TLS"),
        (http.client.RemoteDisconnected("Remote end closed"), "closed the connection"),
        (http.client.IncompleteRead(b"{", 10), "was cut short"),
        (http.client.BadStatusLine("SSH-2.0"), "is not HTTP"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
    ],
    ids=lambda value: value if isinstance(value, str) else named(value),
)
def test_the_cause_inside_is_found(error: Exception, says: str) -> None:
    assert says in unreachable(HERE, error).message


# -- an engine that answers what the test says -------------------------------------------------------------------------

VERSION = b'{"ApiVersion": "1.41", "Version": "20.10"}'


def answer(body: bytes, status: str = "200 OK", length: int | str | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode() + body


CUT = b""
SILENCE = b"silence"


class Scripted:
    """Listens on a socket; each connection gets the next list of answers, the last one to all that follow."""

    def __init__(self, path: Path, *scripts: Sequence[bytes]) -> None:
        self._scripts = list(scripts)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        self.endpoint = Endpoint(f"unix://{path}", "--host")
        self.connections = 0
        self.end = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                script = self._scripts[min(self.connections, len(self._scripts) - 1)]
                self.connections += 1
                threading.Thread(target=self._serve, args=(client, script), daemon=True).start()

    def _serve(self, client: socket.socket, script: Sequence[bytes]) -> None:
        with suppress(OSError), client:
            for item in script:
                client.recv(65536)
                if item is SILENCE:
                    self.end.wait(10)
                client.sendall(item)

    def close(self) -> None:
        self.end.set()
        self._listener.close()


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*scripts: Sequence[bytes]) -> Scripted:
        made.append(Scripted(tmp_path / f"{len(made)}.sock", *scripts))
        return made[-1]

    yield make
    for one in made:
        one.close()


SPOILT = {
    "cut": CUT,
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "not JSON": answer(b"<html>"),
    "not UTF-8": answer(b'"\xff\xfe"'),
    "half": answer(b'{"a"', length=900),
    "deep": answer(b"[" * 200_000),
    "endless": answer(b"{}", length=10**30),
    "no length": answer(b"{", length="much"),
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
    "silence": SILENCE,
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_look_that_is_spoilt_on_a_kept_connection_and_on_a_new_one(
    kind: str, scripted: Callable[..., Scripted]
) -> None:
    for scripts in ([[answer(VERSION), SPOILT[kind]], [SPOILT[kind]]], [[answer(VERSION), CUT], [SPOILT[kind]]]):
        reader = Reader(scripted(*scripts).endpoint, timeout=0.3)
        with pytest.raises(EngineUnreachable):
            reader.get("/networks")
        reader.close()


@pytest.mark.parametrize("kind", SPOILT)
def test_an_engine_that_is_none(kind: str, scripted: Callable[..., Scripted]) -> None:
    with pytest.raises(EngineUnreachable):
        Reader(scripted([SPOILT[kind]]).endpoint, timeout=0.3)


@pytest.mark.parametrize("version", [b"[]", b"{}", b'{"ApiVersion": "new"}', b'{"ApiVersion": null}', b'"1.41"'])
def test_what_answers_and_is_no_engine(version: bytes, scripted: Callable[..., Scripted]) -> None:
    with pytest.raises(EngineUnreachable, match="not a Docker engine"):
        Reader(scripted([answer(version)]).endpoint, timeout=0.3)


@pytest.mark.parametrize("kind", SPOILT)
def test_a_change_that_is_spoilt(kind: str, scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdeploy.engine.operate._CALL_TIMEOUT", 0.3)
    operator = Operator(scripted([SPOILT[kind]]).endpoint, "1.41")
    changes: list[Callable[[], object]] = [
        lambda: operator.create_network("n", {}),
        lambda: operator.create_volume("v", {}),
        lambda: operator.create_container("c", {"Image": "i"}),
        lambda: operator.update("1", "c", {}),
        lambda: list(operator.pull("busybox")),
    ]
    for change in changes if kind != "silence" else changes[:1]:
        with pytest.raises(NetdeployError):
            change()
    operator.close()


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'"x"', b"7"])
def test_an_answer_of_another_shape(body: bytes, scripted: Callable[..., Scripted]) -> None:
    for status in ("201 Created", "404 Not Found"):
        operator = Operator(scripted([answer(body, status)]).endpoint, "1.41")
        with pytest.raises(NetdeployError):
            operator.create_network("n", {})
        with pytest.raises(NetdeployError):
            operator.create_container("c", {"Image": "i"})
        operator.close()


def test_a_kept_connection_that_the_engine_closed_is_opened_anew_once(scripted: Callable[..., Scripted]) -> None:
    engine = scripted([answer(VERSION), CUT], [answer(b"[]"), CUT], [answer(b"[1]")])
    reader = Reader(engine.endpoint)
    assert reader.get("/networks") == []
    assert reader.get("/anything") == [1]
    assert engine.connections == 3
    reader.close()


def test_who_does_not_answer_in_time_is_not_asked_again(scripted: Callable[..., Scripted]) -> None:
    engine = scripted([answer(VERSION), SILENCE], [answer(b"[]")])
    reader = Reader(engine.endpoint, timeout=0.2)
    with pytest.raises(EngineUnreachable, match="does not answer in time"):
        reader.get("/networks")
    assert engine.connections == 1
    reader.close()


@pytest.mark.parametrize("error", RAISED, ids=named)
@pytest.mark.parametrize("place", ["request", "getresponse"])
def test_every_error_on_a_kept_connection_is_ours(
    error: Exception, place: str, scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise error

    reader = Reader(scripted([answer(VERSION)]).endpoint, timeout=0.2)
    monkeypatch.setattr(http.client.HTTPConnection, place, broken)
    for look in (lambda: reader.get("/networks"), lambda: reader.get_bytes("/containers/1/archive", path="/")):
        with pytest.raises(EngineUnreachable):
            look()
    reader.close()


@pytest.mark.parametrize("error", [*RAISED, *BY_THE_SDK], ids=named)
def test_every_error_of_a_change_is_ours(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise error

    operator = Operator(HERE, "1.41")
    monkeypatch.setattr(requests.Session, "request", broken)
    for change in (
        lambda: operator.create_network("n", {}),
        lambda: operator.start("1", "c"),
        lambda: operator.remove_volume("v"),
        lambda: list(operator.pull("busybox")),
    ):
        with pytest.raises(EngineUnreachable):
            change()
    operator.close()


# -- addresses and keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["ca", "cert"])
def test_a_tls_file_that_is_not_there_is_named(missing: str, tmp_path: Path) -> None:
    absent = tmp_path / f"{missing}.pem"
    files = TlsFiles(absent, None, None) if missing == "ca" else TlsFiles(None, absent, absent)
    endpoint = Endpoint("tcp://127.0.0.1:1", "--host", files)
    with pytest.raises(NetdeployError) as caught:
        Reader(endpoint, timeout=0.2)
    assert f"{missing}.pem" in caught.value.message
    assert "no Docker engine answers" not in caught.value.message
    with pytest.raises(NetdeployError):
        Operator(endpoint, "1.41")


def test_a_tls_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    endpoint = Endpoint("tcp://127.0.0.1:1", "--host", TlsFiles(tmp_path / "ca.pem", None, None))
    with pytest.raises(NetdeployError, match=r"ca\.pem"):
        Reader(endpoint, timeout=0.2)
