"""Where the engine is, found as the docker CLI finds it.

Order (docker/cli, `resolveContextName`): `--host` or `--context`, DOCKER_HOST, DOCKER_CONTEXT, the current context of
the CLI's configuration, the default socket.
"""

from __future__ import annotations

import hashlib
import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netdeploy.errors import EngineUnreachable, NetdeployError
from netdeploy.files import content_of
from netdeploy.paths import is_gone
from netdeploy.strict_json import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_LARGEST = 1 << 20
"""Bytes of a file of the docker command."""
_PORT, _TLS_PORT = 2375, 2376
_THIS_HOST = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of PEM files; without `ca` the system's roots vouch for the engine's certificate.

    `verify` is whether it is checked at all: a context may say that it is not (SkipTLSVerify).
    """

    ca: Path | None
    cert: Path | None
    key: Path | None
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An engine's address: `url` is `unix://…`, `tcp://…`; `origin` says who named it."""

    url: str
    origin: str
    tls: TlsFiles | None = None

    @property
    def is_local(self) -> bool:
        """Whether the engine runs on this machine as far as the address tells."""
        return self.url.startswith("unix://")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of an engine that is not behind a socket of this machine; without them, the usual ones."""
        url = urllib.parse.urlsplit(self.url)
        return url.hostname or "localhost", url.port or (_TLS_PORT if self.uses_tls else _PORT)

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return not self.is_local and (self.tls is not None or self.url.startswith("https://"))

    @property
    def is_unchecked(self) -> bool:
        """Whether anybody could answer in the engine's place: its certificate is not checked."""
        return self.uses_tls and self.tls is not None and not self.tls.verify

    @property
    def host_name(self) -> str:
        """How a browser here calls the engine's host."""
        name = "localhost" if self.is_local else self.address[0]
        return "localhost" if name in _THIS_HOST else name


def find_endpoint(host: str | None, context: str | None, environ: Mapping[str, str]) -> Endpoint:
    """The engine to talk to.

    Raises:
        NetdeployError: both flags given, or the context is not known to the docker CLI.
        EngineUnreachable: an address of a kind that is not supported.
    """
    if host and context:
        raise NetdeployError("--host and --context exclude each other", hint="give one of them")
    if host:
        return _checked(Endpoint(host, "--host", _tls_of_environment(environ)))
    if context in (None, "default") and environ.get("DOCKER_HOST"):  # the default context means the environment's
        return _checked(Endpoint(environ["DOCKER_HOST"], "DOCKER_HOST", _tls_of_environment(environ)))
    folder = Path(environ.get("DOCKER_CONFIG") or _home(environ) / ".docker")
    name = context or environ.get("DOCKER_CONTEXT") or _current_context(folder)
    if name in ("", "default"):
        return Endpoint(DEFAULT_SOCKET, "the default socket")
    return _checked(_context(folder, name))


def _home(environ: Mapping[str, str]) -> Path:
    try:
        return Path(environ.get("HOME") or "~").expanduser()
    except RuntimeError:  # a user without a name and a home, as in a container
        return Path("/")


def _current_context(folder: Path) -> str:
    try:
        configuration = loads(content_of(folder / "config.json", _LARGEST))
    except (OSError, ValueError):
        return ""
    return str(configuration.get("currentContext") or "") if isinstance(configuration, dict) else ""


def _context(folder: Path, name: str) -> Endpoint:
    """The endpoint of a docker context; its files lie under the SHA-256 of its name (docker/cli, context/store)."""
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()
    try:
        meta = loads(content_of(folder / "contexts" / "meta" / digest / "meta.json", _LARGEST))
        endpoint = meta["Endpoints"]["docker"]
        url = str(endpoint["Host"])
    except (OSError, ValueError, KeyError, TypeError):
        hint = "`docker context ls` lists those there are"
        raise NetdeployError(f"there is no docker context `{name}`", hint=hint) from None
    tls_folder = folder / "contexts" / "tls" / digest / "docker"
    tls = None
    if not is_gone(tls_folder) or endpoint.get("SkipTLSVerify"):
        files = {stem: tls_folder / f"{stem}.pem" for stem in ("ca", "cert", "key")}
        found = {stem: None if is_gone(path) else path for stem, path in files.items()}
        tls = TlsFiles(found["ca"], found["cert"], found["key"], verify=not endpoint.get("SkipTLSVerify"))
    return Endpoint(url, f"docker context `{name}`", tls)


def _tls_of_environment(environ: Mapping[str, str]) -> TlsFiles | None:
    if not environ.get("DOCKER_TLS_VERIFY"):
        return None
    folder = Path(environ.get("DOCKER_CERT_PATH") or _home(environ) / ".docker")
    return TlsFiles(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


def _checked(endpoint: Endpoint) -> Endpoint:
    scheme, separator, rest = endpoint.url.partition("://")
    if scheme == "ssh":
        raise EngineUnreachable(
            f"{endpoint.origin} names {endpoint.url}, and netdeploy does not speak ssh itself",
            hint=f"forward the socket: ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock {rest}"
            " & then give --host unix:///tmp/engine.sock",
        )
    if scheme not in ("unix", "tcp", "http", "https") or not separator or not rest or not _is_possible(endpoint.url):
        hint = "an engine's address looks like unix:///var/run/docker.sock or tcp://127.0.0.1:2375"
        shown = endpoint.url if endpoint.url.isprintable() else endpoint.url.encode("unicode_escape").decode()
        raise EngineUnreachable(f"{endpoint.origin} names `{shown}`, which is no address of an engine", hint=hint)
    return endpoint


def _is_possible(url: str) -> bool:
    """Whether a socket's path, or a host's name and port, can be what they are."""
    if not url.isprintable():
        return False
    if url.startswith("unix://"):
        return True
    try:
        parts = urllib.parse.urlsplit(url)
        (parts.hostname or "").encode("idna")
    except ValueError:  # UnicodeError, too
        return False
    try:
        port = parts.port
    except ValueError:
        return False
    return port != 0 and not any(char.isspace() for char in url)
