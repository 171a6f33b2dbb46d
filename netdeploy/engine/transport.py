"""Connections to an engine, and the one place that knows what can go wrong on them, whoever uses them.

Looking uses http.client, changing and streaming the SDK's requests and urllib3, and each has its own errors for the
same few troubles. All of them leave this room as EngineUnreachable.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netdeploy.errors import EngineUnreachable
from netdeploy.files import content_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from netdeploy.engine.connect import Endpoint, TlsFiles

_LARGEST_TLS_FILE = 4 << 20
BROKEN: tuple[type[Exception], ...] = (
    OSError,  # sockets, names, TLS, and all of requests
    http.client.HTTPException,
    ValueError,  # what is no JSON, no UTF-8, no number
    OverflowError,  # a length that no memory has
    RecursionError,  # JSON that is nested without end
    EOFError,
)
"""What a connection, and reading what came over it, can raise."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connection(endpoint: Endpoint, timeout: float) -> http.client.HTTPConnection:
    """A connection to `endpoint`, not yet opened; `timeout` is seconds without a byte.

    Raises:
        EngineUnreachable: its TLS files can't be used.
    """
    if endpoint.is_local:
        return _UnixConnection(endpoint.url.removeprefix("unix://"), timeout)
    host, port = endpoint.address
    if not endpoint.uses_tls:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=_context(endpoint.tls))


def _context(files: TlsFiles | None) -> ssl.SSLContext:
    ca = files.ca if files and files.verify else None
    with _loading(ca):
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
    if files and not files.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if files and files.cert:
        with _loading(files.cert, files.key):
            context.load_cert_chain(files.cert, files.key)
    return context


@contextmanager
def _loading(*files: Path | None) -> Iterator[None]:
    """Name the file that can't be loaded: the errors of ssl do not."""
    named = [file for file in files if file]
    hint = "DOCKER_CERT_PATH or the docker context names the folder of ca.pem, cert.pem and key.pem"
    try:
        for file in named:
            content_of(file, _LARGEST_TLS_FILE)
        yield
    except (OSError, ValueError) as error:
        file_error = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
        reason = _words(error) if file_error else "it holds no certificate or key that can be used"
        shown = str(error.filename) if isinstance(error, OSError) and error.filename else " and ".join(map(str, named))
        message = f"the TLS file {shown} can't be used: {reason}"
        raise EngineUnreachable(message, hint=hint, may_pass=False) from None


@contextmanager
def talking(endpoint: Endpoint, *more: type[Exception]) -> Iterator[None]:
    """Talk to an engine inside; `more` is what else the library in use can raise.

    Raises:
        EngineUnreachable: whatever went wrong on the connection.
    """
    try:
        yield
    except (*BROKEN, *more) as error:
        raise unreachable(endpoint, error) from None


# -- in words ----------------------------------------------------------------------------------------------------------

_CLOSED = (
    http.client.RemoteDisconnected,
    http.client.CannotSendRequest,
    http.client.ResponseNotReady,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
    EOFError,
)
_CUT = {"IncompleteRead", "ChunkedEncodingError", "ProtocolError"}
_AGAIN = "run the command again; if it stays, look at the engine's log"
_NOT_AN_ENGINE = "`docker version` shows what the docker CLI reaches; is a proxy or a port forwarding in between?"


def unreachable(endpoint: Endpoint, error: Exception) -> EngineUnreachable:
    """Why nobody answered at `endpoint`, or not in a way that can be read, and what to do about it."""
    where = f"{endpoint.url} ({endpoint.origin})"
    for cause in _causes(error):
        told = _told(where, cause)
        if told:
            return EngineUnreachable(told[0], hint=told[1])
    if isinstance(error, OSError) and not isinstance(error, ValueError):
        words = _words(error)
        said = f": {words}" if words else ""
        return EngineUnreachable(f"the Docker engine at {where} can't be reached{said}", hint="try again")
    message = f"what the Docker engine at {where} answers can't be read"
    return EngineUnreachable(message, hint=_NOT_AN_ENGINE)


def _told(where: str, cause: BaseException) -> tuple[str, str] | None:
    """What happened and what to do, where this very error tells."""
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    match cause:
        case PermissionError():
            hint = "run as root, or join the group: sudo usermod -aG docker $USER, then log in again"
            return f"you may not talk to the Docker engine at {where}", hint
        case FileNotFoundError() | ConnectionRefusedError():
            hint = "start it (systemctl start docker, Docker Desktop, or make engine), or name another with --host"
            return f"no Docker engine answers at {where}", hint
        case ssl.SSLCertVerificationError():
            hint = "is ca.pem the one it was signed with, and the address one that the certificate names?"
            return f"the certificate of the Docker engine at {where} is not trusted: {_words(cause)}", hint
        case ssl.SSLError() if re.search("WRONG_VERSION_NUMBER|HTTP_REQUEST|UNKNOWN_PROTOCOL", str(cause)):
            hint = "unset DOCKER_TLS_VERIFY, or name the port on which it does (2376 by custom)"
            return f"what answers at {where} does not speak TLS", hint
    if kinds & {"TimeoutError", "Timeout"}:  # urllib3 and requests have their own
        return f"the Docker engine at {where} does not answer in time", "is it overloaded?"
    if isinstance(cause, _CLOSED):
        return f"the Docker engine at {where} closed the connection", _AGAIN
    if isinstance(cause, ssl.SSLError):
        return f"the TLS connection to the Docker engine at {where} broke: {_words(cause)}", _AGAIN
    if kinds & _CUT:
        return f"an answer of the Docker engine at {where} was cut short", _AGAIN
    if isinstance(cause, http.client.HTTPException):
        return f"what answers at {where} is not HTTP", _NOT_AN_ENGINE
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors that an error wraps, the innermost first, and then itself."""
    inside = [error.__cause__, getattr(error, "reason", None), *error.args]
    for cause in inside:
        if isinstance(cause, BaseException) and cause is not error:
            yield from _causes(cause)
    yield error


def _words(error: BaseException) -> str:
    """An error's own words, without what only a programmer reads."""
    innermost = next(_causes(error))
    verified = getattr(innermost, "verify_message", "") if isinstance(innermost, ssl.SSLError) else ""
    text = str(verified or getattr(innermost, "strerror", "") or innermost)
    return re.sub(r"^\[[^\]]*\] *|\s*\(_ssl\.c:\d+\)", "", text).strip()
