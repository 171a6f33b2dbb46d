"""Inputs made from others by small spoilings, for as long as there is time; what breaks a reader is kept.

Each reader has a folder below corpus/: what was found once is tried first in every run.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"
SHORT, LONG = 2.0, 60.0
MOST_BYTES = 200_000
SLOW = 2.0  # seconds of the processor's time for one input
PIECES = [
    *(
        b"\0",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b"'",
        b'"',
        b"\\",
        b"#",
        b"=",
        b":",
        b": ",
        b"- ",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
    ),
    *(b"&a ", b"*a", b"<<: ", b"!!", b"%", b"@", b"|\n", b">\n", b"---\n", b"$", b"${A}", b"\\ud800", b"\xed\xa0\x80"),
    *(
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"\xe2\x80\xae",
        b"\x1b[2J",
        b"null",
        b"true",
        b"NaN",
        b"1e999",
        b"-1",
        b"~",
    ),
    *(
        b"9" * 30,
        b"9" * 5000,
        b"0x",
        b"[" * 50,
        b'{"a":' * 50,
        b"/dev/zero",
        b"../",
        b"a" * 300,
        b"password=",
        b"\xc2\x85",
    ),
]


def budget(config: pytest.Config) -> float:
    """How long to look for new ones, in seconds: NETDEPLOY_FUZZ_SECONDS, or a minute with --whole."""
    return float(os.environ.get("NETDEPLOY_FUZZ_SECONDS") or (LONG if config.getoption("--whole") else SHORT))


def kept(reader: str) -> list[Path]:
    """What broke a reader once."""
    return sorted((CORPUS / reader).iterdir()) if (CORPUS / reader).is_dir() else []


def fuzz(reader: str, seeds: Sequence[bytes], check: Callable[[bytes], object], config: pytest.Config) -> None:
    """Let a reader read spoilt seeds until the time is over; `check` raises what must not be.

    An input that fails, or takes long, is kept in the reader's folder, and the test fails with its name.
    """
    draw = random.Random(config.option.hypothesis_seed)
    seeds = [*(path.read_bytes() for path in kept(reader)), *seeds]
    end, tried = time.monotonic() + budget(config), 0
    while time.monotonic() < end:
        raw = _spoilt(draw, seeds)
        tried += 1
        began = time.process_time()
        try:
            check(raw)
        except Exception as error:
            raise AssertionError(f"after {tried:,}: kept as {_keep(reader, raw)}: {error!r}") from error
        took = time.process_time() - began
        if took > SLOW:
            raise AssertionError(f"after {tried:,}: {took:.1f} s for what is kept as {_keep(reader, raw)}")
    print(f"{reader}: {tried:,} inputs")


def _keep(reader: str, raw: bytes) -> Path:
    path = CORPUS / reader / f"found-{hashlib.sha256(raw).hexdigest()[:12]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def _spoilt(draw: random.Random, seeds: Sequence[bytes]) -> bytes:
    raw = draw.choice(seeds)
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        raw = draw.choice(_WAYS)(draw, raw, seeds)[:MOST_BYTES]
    return raw


def _span(draw: random.Random, raw: bytes) -> tuple[int, int]:
    start = draw.randint(0, len(raw))
    return start, min(len(raw), start + draw.choice((0, 1, 2, 8, 40, 400)))


def _insert(draw: random.Random, raw: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, end = _span(draw, raw)
    return raw[:start] + draw.choice(PIECES) + raw[draw.choice((start, end)) :]


def _delete(draw: random.Random, raw: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, end = _span(draw, raw)
    return raw[:start] + raw[end:]


def _repeat(draw: random.Random, raw: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, end = _span(draw, raw)
    return raw[:start] + raw[start:end] * draw.choice((2, 3, 50, 2_000)) + raw[end:]


def _flip(draw: random.Random, raw: bytes, _seeds: Sequence[bytes]) -> bytes:
    start = draw.randrange(len(raw)) if raw else 0
    return raw[:start] + bytes([draw.randrange(256)]) + raw[start + 1 :]


def _splice(draw: random.Random, raw: bytes, seeds: Sequence[bytes]) -> bytes:
    other = draw.choice(seeds)
    start, end = _span(draw, other)
    place = draw.randint(0, len(raw))
    return raw[:place] + other[start:end] + raw[place:]


def _cut(draw: random.Random, raw: bytes, _seeds: Sequence[bytes]) -> bytes:
    return raw[: draw.randint(0, len(raw))]


def _move(draw: random.Random, raw: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, end = _span(draw, raw)
    rest = raw[:start] + raw[end:]
    place = draw.randint(0, len(rest))
    return rest[:place] + raw[start:end] + rest[place:]


_WAYS = (_insert, _insert, _delete, _repeat, _flip, _splice, _cut, _move)
