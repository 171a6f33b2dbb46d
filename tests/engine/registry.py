"""A registry of images on loopback: just what an engine asks for when it pulls (OCI distribution specification)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """Serves one image, busybox in one layer, under any name and tag but those that contain `absent`."""

    def __init__(self, rootfs: bytes) -> None:
        layer = gzip.compress(rootfs, mtime=0)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sleep", "100000"], "ExposedPorts": {"7000/tcp": {}}},
            "rootfs": {"type": "layers", "diff_ids": [_digest(rootfs)]},
            "history": [{"created_by": "test"}],
        }
        raw = json.dumps(config).encode()
        self.blobs = {_digest(raw): raw, _digest(layer): layer}
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(raw),
                "digest": _digest(raw),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": len(layer),
                    "digest": _digest(layer),
                }
            ],
        }
        self.manifest = json.dumps(manifest).encode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def address(self) -> str:
        return f"localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, content = _found(registry, self.path)
            self.send_response(200 if content is not None else 404)
            body = (
                content
                if content is not None
                else b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'
            )
            self.send_header("Content-Type", kind)
            self.send_header("Docker-Content-Digest", _digest(body))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    return Handler


def _found(registry: Registry, path: str) -> tuple[str, bytes | None]:
    if path.rstrip("/") == "/v2":
        return "application/json", b"{}"
    name = path.rpartition("/")[2]
    if "absent" in path:
        return "application/json", None
    if "/manifests/" in path:
        return _MANIFEST, registry.manifest
    return "application/octet-stream", registry.blobs.get(name)


def rootfs(busybox: Path) -> bytes:
    """The smallest file system that can run busybox."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("bin/busybox")
        content = busybox.read_bytes()
        entry.size, entry.mode = len(content), 0o755
        tar.addfile(entry, io.BytesIO(content))
        for applet in ("sh", "sleep"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return buffer.getvalue()
