"""Pictures as pixels: what librsvg and Chromium write, without a library for it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

Colour = tuple[int, int, int]
_CHANNELS = {2: 3, 6: 4}  # RGB, RGBA


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    rows: list[bytes]
    channels: int

    def at(self, x: float, y: float) -> Colour:
        start = round(x) * self.channels
        red, green, blue = self.rows[round(y)][start : start + 3]
        return red, green, blue

    def within(self, x: int, y: int, w: int, h: int) -> list[Colour]:
        """All pixels of a rectangle, as far as it lies in the picture."""
        columns, lines = range(max(x, 0), min(x + w, self.width)), range(max(y, 0), min(y + h, self.height))
        return [self.at(column, line) for line in lines for column in columns]


def read_png(file: Path) -> Picture:
    """A PNG of eight bits a channel that is not interlaced (PNG specification, 9: filtering)."""
    data, head, packed, at = file.read_bytes(), b"", b"", 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        kind, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        head, packed = (chunk, packed) if kind == b"IHDR" else (head, packed + chunk if kind == b"IDAT" else packed)
        at += length + 12
    width, height = int.from_bytes(head[:4]), int.from_bytes(head[4:8])
    assert (head[8], head[12]) == (8, 0), "eight bits, not interlaced"
    channels = _CHANNELS[head[9]]
    raw, stride, rows = zlib.decompress(packed), width * channels, [bytes(width * channels)]
    for number in range(height):
        start = number * (stride + 1)
        rows.append(_unfiltered(raw[start], raw[start + 1 : start + 1 + stride], rows[-1], channels))
    return Picture(width, height, rows[1:], channels)


def _unfiltered(kind: int, line: bytes, above: bytes, channels: int) -> bytes:
    if kind == 0:
        return line
    if kind == 2:
        return bytes((value + up) & 255 for value, up in zip(line, above, strict=True))
    found = bytearray(channels) + bytearray(line)
    for index, value in enumerate(line, channels):
        left, up = found[index - channels], above[index - channels]
        corner = above[index - 2 * channels] if index >= 2 * channels else 0
        guess = {1: left, 3: (left + up) // 2, 4: _paeth(left, up, corner)}[kind]
        found[index] = (value + guess) & 255
    return bytes(found[channels:])


def _paeth(left: int, up: int, corner: int) -> int:
    return min((left, up, corner), key=lambda one: abs(left + up - corner - one))
