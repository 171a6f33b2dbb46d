"""An engine that is broken or means harm: each command ends soon, in little memory, with a word that is true."""

from __future__ import annotations

import copy
import json
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdeploy.engine import answers, operate, shapes
from netdeploy.engine.connect import Endpoint
from netdeploy.engine.operate import Operator
from netdeploy.errors import EngineUnreachable

RECORDED = Path(__file__).parents[1] / "unit" / "engine" / "recorded"
MEASURED = """
import pathlib, sys
from netdeploy.engine import reader
reader.TOTAL_TIME, reader.TIMEOUT = 3.0, 3.0
from netdeploy.cli.main import run
code = run(sys.argv[1:])
lines = pathlib.Path('/proc/self/status').read_text().splitlines()
print(next(int(line.split()[1]) >> 10 for line in lines if line.startswith('VmHWM')), code, file=sys.stderr)
"""
MOST_MEGABYTES = 300
LONGEST = 25.0  # seconds, on a machine that has much else to do

Answer = Callable[[socket.socket], None]


def head(length: int | str | None, status: str = "200 OK", more: str = "") -> bytes:
    size = "" if length is None else f"Content-Length: {length}\r\n"
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{size}{more}\r\n".encode()


def says(body: bytes, status: str = "200 OK", length: int | str | None = -1, more: str = "") -> Answer:
    size = len(body) if length == -1 else length
    return lambda peer: peer.sendall(head(size, status, more) + body)


def for_ever(piece: bytes, pause: float = 0.0, first: bytes = b"") -> Answer:
    def answer(peer: socket.socket) -> None:
        peer.sendall(first)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            peer.sendall(piece)
            time.sleep(pause)

    return answer


def endless_chunks(peer: socket.socket) -> None:
    peer.sendall(head(None, more="Transfer-Encoding: chunked\r\n"))
    for_ever(b"10000\r\n" + b"x" * 65536 + b"\r\n")(peer)


CHUNKED = "Transfer-Encoding: chunked\r\n"
LABELS = {f"label{number}": "x" * 500 for number in range(100)}
MODES: dict[str, Answer] = {
    "endless body": for_ever(b"[" * 65536, first=head(None)),
    "endless by length": for_ever(b"x" * 65536, first=head(1 << 60)),
    "endless chunks": endless_chunks,
    "endless head": for_ever(b"X-A: b\r\n", first=b"HTTP/1.1 200 OK\r\n"),
    "endless line": for_ever(b"x" * 65536, first=b"HTTP/1.1 200 OK\r\nX-A: "),
    "endless reason": for_ever(b"x" * 65536, first=b"HTTP/1.1 200 "),
    "endless 100 Continue": for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "dripping body": for_ever(b" ", 0.2, head(100_000)),
    "dripping head": for_ever(b"X", 0.2, b"HTTP/1.1 200 OK\r\nX-A: "),
    "dripping chunks": for_ever(b"1\r\n \r\n", 0.2, head(None, more=CHUNKED)),
    "silent": lambda _peer: time.sleep(20),
    "closes": lambda _peer: None,
    "no HTTP": lambda peer: peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "HTML of a proxy": says(b"<html>502</html>", "200 OK"),
    "an error of a proxy": says(b"<html>502</html>", "502 Bad Gateway"),
    "an error with status 200": says(b'{"message": "nobody may look"}'),
    "redirect": says(b"", "301 Moved", more="Location: http://127.0.0.1:1/\r\n"),
    "no content": says(b"", "204 No Content"),
    "cut short": says(b'[{"Id": "a"', length=500),
    "negative length": says(b"[]", length="-5"),
    "length that is none": says(b"[]", length="many"),
    "chunk that is none": says(b"zz\r\nhello\r\n", length=None, more=CHUNKED),
    "chunk cut short": says(b"ffff\r\nhello", length=None, more=CHUNKED),
    "huge chunk": says(b"ffffffffffffffffff\r\nhello", length=None, more=CHUNKED),
    "null": says(b"null"),
    "true": says(b"true"),
    "a number": says(b"7"),
    "a text": says(b'"containers"'),
    "an object for a list": says(b"{}"),
    "a list of null": says(b"[null]"),
    "a list of lists": says(b"[[[]]]"),
    "a list of texts": says(b'["a", "b"]'),
    "objects without an id": says(b'[{"Names": ["/a"]}]'),
    "a number for an id": says(b'[{"Id": 7, "Name": "x"}]'),
    "deep": says(b"[" * 100_000 + b"]" * 100_000),
    "half of a pair": says(b'[{"Id": "\\ud800", "Name": "\\udfff"}]'),
    "NaN": says(b'[{"Id": "a", "Created": NaN}]'),
    "a huge number": says(b'[{"Id": "a", "Name": "n", "Created": 1e400}]'),
    "no UTF-8": says(b'[{"Id": "\xff\xfe"}]'),
    "escapes": says(b'{"message": "\\u001b]52;c;aGk=\\u0007"}', "500 Internal Server Error"),
    "zeros": says(b"\0" * 5000),
}
VERSION = says(b'{"ApiVersion": "1.41", "Version": "20.10"}')


@contextmanager
def engine(answer: Answer, folder: Path, *, at_first: bool = False) -> Iterator[str]:
    """Tells its version rightly, unless it is to mean harm `at_first`, and then answers like that."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                while request := self.request.recv(65536):
                    (VERSION if b"GET /version" in request and not at_first else answer)(self.request)
                    if not (b"GET /version" in request and not at_first):
                        return
            except OSError:
                return

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    path = folder / "e.sock"
    with Server(str(path), Handler) as serving:
        threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"unix://{path}"
        serving.shutdown()


def ran(url: str, *command: str) -> tuple[int, int, float, str]:
    """Exit code, megabytes at the most, seconds, and what was written."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "--host", url, *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    peak, code = done.stderr.split()[-2:]
    return int(code), int(peak), time.monotonic() - start, done.stdout + done.stderr


@pytest.mark.part(10)
@pytest.mark.parametrize("at_first", [False, True], ids=["then", "at first"])
@pytest.mark.parametrize("mode", MODES)
def test_whatever_an_engine_answers_is_told(mode: str, tmp_path: Path, *, at_first: bool) -> None:
    with engine(MODES[mode], tmp_path, at_first=at_first) as url:
        code, peak, seconds, said = ran(url, "status")
    assert code == 2, said
    assert "bug of netdeploy" not in said
    assert "Traceback" not in said
    assert "\x1b" not in said
    assert url in said or "error: the engine does not answer GET" in said
    assert peak < MOST_MEGABYTES
    assert seconds < LONGEST


def test_the_answer_to_a_change_has_an_end_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operate, "MOST_BYTES", 1 << 20)
    with engine(for_ever(b"x" * 65536, first=head(1 << 60)), tmp_path) as url:
        operator = Operator(Endpoint(url, "--host"), "1.41")
        with pytest.raises(EngineUnreachable, match="without end"):
            operator.create_volume("v", {})
        operator.close()


def test_a_thousand_containers_with_large_labels_cost_little(tmp_path: Path) -> None:
    listed = [{"Id": f"{number:064x}", "Names": [f"/c{number}"], "Labels": LABELS} for number in range(1000)]
    body = json.dumps(listed).encode()
    with engine(says(body), tmp_path) as url:
        code, peak, _seconds, said = ran(url, "status")
    assert code == 2, said
    assert peak < MOST_MEGABYTES, said


# -- wrong values at every place of what engines really answered -------------------------------------------------------

PARSERS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "containers": ("/containers/x/json", answers.container),
    "networks": ("/networks/x", lambda answer: (answers.network(answer), answers.endpoints(answer))),
    "volumes": ("/volumes/x", answers.volume),
    "images": ("/images/x/json", answers.image),
}
WRONG = (None, True, 7, -1, 1.5, 2**70, "", "x", "1.2.3.4/99", [], [None], ["x"], [[]], [7], {}, {"x": None}, {"": []})


def recorded() -> list[tuple[str, Any]]:
    found = []
    for file in sorted(RECORDED.glob("answers-*.json")):
        for kind, items in json.loads(file.read_text()).items():
            if kind in PARSERS:
                found += [(kind, item) for item in (items.values() if isinstance(items, dict) else items)]
    return found


REAL = recorded()


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield from places(value, (*path, key))


def test_what_engines_really_answer_is_as_expected() -> None:
    assert len(REAL) > 10
    for kind, answer in REAL:
        path, parse = PARSERS[kind]
        shapes.check(path, answer)
        parse(answer)


PLAIN = {
    str: st.sampled_from(["", "x", "1.2.3.4/99", "/x", "80/tcp", "a:b:c", "2026-01-01T00:00:00Z", "0001-01-01"]),
    bool: st.booleans(),
    int: st.sampled_from([0, -1, 7, 2**63]),
    float: st.sampled_from([0.0, 1.5]),
}


def of_shape(shape: Any) -> st.SearchStrategy[Any]:
    """Whatever a shape allows."""
    if isinstance(shape, list):
        return st.lists(of_shape(shape[0]), max_size=2)
    if isinstance(shape, shapes.MapOf):
        value = of_shape(shape.value)
        return st.dictionaries(PLAIN[str], st.none() | value if shape.null else value, max_size=2)
    if isinstance(shape, dict):
        needed = {key.rstrip("!?"): of_shape(inner) for key, inner in shape.items() if key.endswith("!")}
        others = {key: st.none() | of_shape(inner) for key, inner in shape.items() if not key.endswith(("!", "?"))}
        return st.fixed_dictionaries(needed, optional=others)
    if isinstance(shape, shapes.Text):
        return st.sampled_from(
            [text for text in ("", "1.2.3.4", "fd00::/64", "10.0.0.0/8") if not text or shape.means(text)]
        )
    kinds = shape if isinstance(shape, tuple) else (shape,)
    return st.none() if shape is None else st.one_of(*(PLAIN[kind] for kind in kinds))


@pytest.mark.parametrize("kind", PARSERS)
@settings(max_examples=300)
@given(st.data())
def test_what_has_the_right_shape_is_read(kind: str, data: st.DataObject) -> None:
    path, parse = PARSERS[kind]
    answer = data.draw(of_shape(shapes.of(path)))
    shapes.check(path, answer)
    parse(answer)


@settings(max_examples=1500)
@given(st.data())
def test_a_wrong_value_anywhere_is_told_or_harmless(data: st.DataObject) -> None:
    kind, real = data.draw(st.sampled_from(REAL))
    path, parse = PARSERS[kind]
    spoilt: Any = copy.deepcopy({"answer": real})
    for _ in range(data.draw(st.integers(1, 2))):
        where = data.draw(st.sampled_from([place for place in places(spoilt) if place]))
        holder = spoilt
        for key in where[:-1]:
            holder = holder[key]
        if data.draw(st.integers(0, 4)) == 0 and isinstance(holder, dict) and len(where) > 1:
            del holder[where[-1]]
        else:
            holder[where[-1]] = copy.deepcopy(data.draw(st.sampled_from(WRONG)))
    try:
        shapes.check(path, spoilt["answer"])
    except shapes.NotAsExpected:
        return
    parse(spoilt["answer"])
