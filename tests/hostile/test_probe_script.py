"""The script that runs inside containers' networks, fed with what a server, a resolver or /etc/hosts may say."""

from __future__ import annotations

import shutil
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from netdeploy.topology.model import HttpCheck
from netdeploy.verify.claim import Probe
from netdeploy.verify.probing import Outcome, _beginnings, _environment, _outcomes, _rounds, script

BUSYBOX = shutil.which("busybox")
needs_busybox = pytest.mark.skipif(BUSYBOX is None, reason="there is no busybox on PATH")


@contextmanager
def server(answer: bytes, *, endless: bool = False, pause: float = 0.0) -> Iterator[int]:
    """Answers whoever connects, whatever is asked."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            try:
                self.request.sendall(answer)
                time.sleep(pause)
                while endless:
                    self.request.sendall(b"x" * 65536)
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield serving.server_address[1]
        serving.shutdown()


def tried(probes: dict[int, Probe], folder: Path, hosts: str = "") -> dict[int, Outcome]:
    """Runs the script with busybox's own shell and programs."""
    programs = folder / "bin"
    if not programs.exists():
        programs.mkdir()
        assert BUSYBOX
        for name in (
            "sh",
            "awk",
            "sed",
            "tr",
            "head",
            "cat",
            "dd",
            "rm",
            "nc",
            "timeout",
            "nslookup",
            "ping",
            "sleep",
            "true",
            "od",
            "ls",
        ):
            (programs / name).symlink_to(BUSYBOX)
    text = script().replace("/tmp/$number", f"{folder}/$number").replace("/etc/hosts", f"{folder}/hosts")
    (folder / "hosts").write_text(hosts)
    environment = {**_environment(probes), "FAMILIES": "a", "PATH": str(programs), "TMPDIR": str(folder)}
    done = subprocess.run(
        [str(programs / "sh"), "-c", text], env=environment, capture_output=True, timeout=60, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    output = done.stdout.decode("utf-8", "replace")
    began = dict(_beginnings(output, probes))
    return {number: replace(outcome, said=began.get(number, b"")) for number, outcome in _outcomes(output, probes)}


def asked(port: int, path: str = "/", contains: str | None = None) -> Probe:
    return Probe("http", "127.0.0.1", port, within=0, http=HttpCheck(path=path, contains=contains))


HEAD = b"HTTP/1.0 200 OK\r\nServer: OK\r\n\r\n"


@needs_busybox
@pytest.mark.parametrize(
    ("answer", "contains", "word"),
    [
        (HEAD + b"hello", "hello", "ok"),
        (HEAD + b"hello", "OK", "lacks"),  # the head is no part of what it answers
        (HEAD + b"one\ntwo\n", "one\ntwo\n", "ok"),
        (HEAD + b"one\nthree\n", "one\ntwo\n", "lacks"),
        (HEAD + b"two\n", "one\ntwo\n", "lacks"),
        (HEAD + b"a.c", "a*c", "lacks"),
        (HEAD + b"x" * 65000, "y", "lacks"),
        (HEAD + b"a\0b", "ab", "ok"),
        (b"HTTP/1.1 200\r\n\r\n", None, "ok"),
        (b"HTTP/1.0 404 no\r\n\r\n", None, "status"),
        (b"HTTP/1.0 200\f\nR 2 ok 10.0.0.1\n", None, "ok"),
        (b"HTTP/1.0 404\x0bR 2 ok 10.0.0.1\n", None, "status"),
        (b"HTTP/1.0 2001 OK\r\n\r\n", None, "garbled"),
        (b"HTTP/1.0 $(reboot) OK\r\n\r\n", None, "garbled"),
        (b"R 2 ok 10.0.0.1\nHTTP/1.0 200 OK\r\n\r\n", None, "garbled"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", None, "garbled"),
        (b"HTTP/1.1\nfoo 200 OK\n", None, "garbled"),
        (b"\x1b]52;c;aGk=\x07", None, "garbled"),
        (b"", None, "empty"),
    ],
)
def test_what_a_server_says_is_data(answer: bytes, contains: str | None, word: str, tmp_path: Path) -> None:
    with server(answer) as port:
        found = tried({1: asked(port, contains=contains)}, tmp_path)
    assert set(found) == {1}, "no other probe has a result"
    assert found[1].word == word
    body = answer.partition(b"\r\n\r\n")[2] if word in ("status", "lacks") else answer
    assert found[1].said == (body[:200].replace(b"\0", b"") if word in ("status", "lacks", "garbled") else b"")


@needs_busybox
def test_an_endless_answer_comes_to_an_end(tmp_path: Path) -> None:
    with server(HEAD, endless=True) as port:
        assert tried({1: asked(port, contains="y")}, tmp_path)[1].word == "lacks"


@needs_busybox
@pytest.mark.parametrize(
    ("answer", "contains", "word"),
    [
        (b"", None, "mute"),
        (b"HTT", None, "slow"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nall", "all is well", "slow"),
        (b"HTTP/1.0 200 OK\r\n\r\nall is well", "all is well", "ok"),
    ],
)
def test_a_server_that_takes_its_time(answer: bytes, contains: str | None, word: str, tmp_path: Path) -> None:
    with server(answer, pause=30) as port:
        assert tried({1: asked(port, contains=contains)}, tmp_path)[1].word == word


@needs_busybox
def test_any_path_and_text_arrive_as_they_are(tmp_path: Path) -> None:
    with server(HEAD + b"x") as port:
        found = tried({1: asked(port, "/a|b'\"$(reboot)`id`*"), 2: asked(port, "/-lp9", "x")}, tmp_path)
    assert {number: outcome.word for number, outcome in found.items()} == {1: "ok", 2: "ok"}


@needs_busybox
@pytest.mark.parametrize(
    ("hosts", "addresses"),
    [
        ("10.0.0.2 web\n", ("10.0.0.2",)),
        ("-lp9 web\n10.0.0.2 web\n", ("10.0.0.2",)),
        ("* web\n$(reboot) web\n10.0.0.2 * web\n", ("10.0.0.2",)),
        ("10.0.0.2\fR web\n999 web\nfe80::1 web\n", ("fe80::1",)),
        ("10.0.0.2 web # other\n10.0.0.3 WEB\n", ("10.0.0.2", "10.0.0.3")),
    ],
)
def test_what_etc_hosts_says_is_data(hosts: str, addresses: tuple[str, ...], tmp_path: Path) -> None:
    found = tried({1: Probe("lookup", "web", within=0)}, tmp_path, hosts)
    assert found == {1: Outcome("ok", addresses, by_hosts=True)}


@needs_busybox
@pytest.mark.parametrize("name", ["-lp9", "*", "$(reboot)", "-type=any", "a;id", "x" * 300])
def test_a_name_is_no_option_and_no_pattern(name: str, tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    found = tried({1: Probe("lookup", name, within=0)}, tmp_path, "10.0.0.9 bin\n10.0.0.9 etc\n")
    assert found == {1: Outcome("unresolved")}


def test_probes_that_do_not_fit_into_one_environment_go_in_rounds() -> None:
    many = {number: Probe("lookup", f"{number:04}" + "x" * 200) for number in range(2000)}
    many |= {5000 + number: asked(80, contains="y" * 60_000) for number in range(3)}
    parts = list(_rounds(many))
    assert [number for part in parts for number in part] == list(many)
    assert all(max(len(value) for value in _environment(part).values()) < 128 << 10 for part in parts)
    assert 4 < len(parts) < 12
    assert list(_rounds({})) == [{}]
