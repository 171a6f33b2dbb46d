"""Whose certificate an engine has is checked by both who talk to it, as the docker command checks it."""

from __future__ import annotations

import http.server
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netdeploy.cli import main
from netdeploy.engine.connect import Endpoint, TlsFiles
from netdeploy.engine.operate import Operator
from netdeploy.engine.reader import Reader
from netdeploy.errors import EngineUnreachable, NetdeployError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on PATH")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root, and certificates signed by it: a good one, one for another name, and one that has expired."""
    folder = tmp_path_factory.mktemp("tls")
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=root")
    openssl(folder, *new, "-keyout", "root.key", "-out", "root.pem", "-addext", "keyUsage=critical,keyCertSign")
    openssl(folder, *new, "-keyout", "self.key", "-out", "self.pem", "-addext", "subjectAltName=IP:127.0.0.1")
    for name, subject, days in (
        ("good", "IP:127.0.0.1", "2"),
        ("other", "DNS:elsewhere", "2"),
        ("old", "IP:127.0.0.1", "-1"),
    ):
        (folder / "ext").write_text(f"subjectAltName={subject}\n")
        request = ("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=engine")
        openssl(folder, *request, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signing = ("x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial")
        openssl(folder, *signing, "-days", days, "-extfile", "ext", "-out", f"{name}.pem")
    return folder


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say({"ApiVersion": "1.41", "Version": "20.10"} if self.path == "/version" else [])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"Name": "v", "Labels": {"a": "b"}})

    def _say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def engine(folder: Path, name: str) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as serving:
        serving.daemon_threads = True
        serving.handle_error = lambda *_: None  # type: ignore[method-assign]
        serving.socket = context.wrap_socket(serving.socket, server_side=True)
        threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"tcp://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()


def look(endpoint: Endpoint) -> None:
    reader = Reader(endpoint)
    try:
        assert reader.get("/networks") == []
    finally:
        reader.close()


def change(endpoint: Endpoint) -> None:
    operator = Operator(endpoint, "1.41")
    try:
        assert operator.create_volume("v", {}) == {"a": "b"}
    finally:
        operator.close()


BOTH = pytest.mark.parametrize("talk", [look, change], ids=["looking", "changing"])


@BOTH
@pytest.mark.parametrize("name", ["good", "self", "other", "old"])
@pytest.mark.parametrize("ca", [True, False], ids=["its root", "the system's roots"])
def test_only_a_certificate_that_is_vouched_for_is_taken(
    certificates: Path, talk: Callable[[Endpoint], None], name: str, *, ca: bool
) -> None:
    with engine(certificates, name) as url:
        endpoint = Endpoint(url, "--host", TlsFiles(certificates / "root.pem" if ca else None, None, None))
        if name == "good" and ca:
            talk(endpoint)
            return
        with pytest.raises(NetdeployError, match="certificate"):
            talk(endpoint)


@BOTH
def test_the_systems_roots_are_those_of_the_environment(
    certificates: Path, talk: Callable[[Endpoint], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "root.pem"))
    with engine(certificates, "good") as url:
        talk(Endpoint(url, "--host", TlsFiles(None, None, None)))
    with engine(certificates, "self") as url, pytest.raises(EngineUnreachable, match="not trusted"):
        talk(Endpoint(url, "--host", TlsFiles(None, None, None)))


@BOTH
def test_a_check_that_is_skipped_is_skipped(certificates: Path, talk: Callable[[Endpoint], None]) -> None:
    with engine(certificates, "self") as url:
        talk(Endpoint(url, "docker context `lax`", TlsFiles(None, None, None, verify=False)))


def test_a_check_that_is_skipped_is_told_each_time(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import hashlib  # noqa: PLC0415

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    folder = tmp_path / "contexts" / "meta" / hashlib.sha256(b"lax").hexdigest()
    folder.mkdir(parents=True)
    with engine(certificates, "self") as url:
        meta = {"Name": "lax", "Endpoints": {"docker": {"Host": url, "SkipTLSVerify": True}}}
        (folder / "meta.json").write_text(json.dumps(meta))
        for _ in range(2):
            main.run(["--context", "lax", "status"])
            assert "warning: docker context `lax` says to skip the check of the certificate" in capsys.readouterr().err
