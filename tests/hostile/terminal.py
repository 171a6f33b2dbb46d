"""What moves a terminal or hides from the eye, and a terminal that sees all that is written to it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

HARMS = (
    *(chr(code) for code in range(0x01, 0x20) if chr(code) != "\n"),
    *(chr(code) for code in range(0x7F, 0xA0)),
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\u2028", "\u2029", "\u2060", "\ufeff", "\u00ad"),
    *(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    *("\u034f", "\u115f", "\u3164", "\ufe00", "\U000e0041", "\U000e007f", "\U000e0100", "\ue000"),
)
COPY = "\x1b]52;c;ZXZpbA==\x07"
HOSTILE = f"A{COPY}\x1b[2J\x1b[31m\x9b2J\r\x08{''.join(HARMS)}\nforged line\tZ"
"""In a field that a stranger fills."""
SHORT = "E\x1b[2J\x1b]52;c;ZXZpbA==\x07\u202eU\u200bZ\u2028L\x9b1mC"
"""Where little fits."""
_OWN = re.compile(
    r"\x1b\[(?:\d{1,3}(?:;\d{1,3})*)?m"  # colours and bold
    r"|\x1b\[\?25[hl]|\x1b\[2K|\x1b\[1A|\r"  # the cursor of a line that shows what is going on
)
_HARM = re.compile(f"[{''.join(map(re.escape, HARMS))}\x00\ud800-\udfff]")


def quoted(text: str) -> str:
    """A text as YAML writes it when it is to be read as it is."""
    return '"' + "".join(f"\\U{ord(char):08x}" if ord(char) > 126 or ord(char) < 32 else char for char in text) + '"'


def harms_in(text: str) -> list[str]:
    """What is left of the harms in a text that was printed, apart from what netdeploy itself does on a terminal."""
    return [ascii(text[max(0, m.start() - 30) : m.end() + 20]) for m in _HARM.finditer(_OWN.sub("", text))]


def on_terminal(
    arguments: Sequence[str | Path | bytes], answer: str = "", environ: dict[str, str] | None = None, limit: float = 100
) -> tuple[int, str]:
    """Run netdeploy on a terminal of its own: its exit code, and every byte it sent there."""
    ours, its = pty.openpty()
    settings = termios.tcgetattr(its)
    settings[1] &= ~termios.OPOST  # or each line end gets a \r
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(its, termios.TCSANOW, settings)
    command = [sys.executable, "-m", "netdeploy", *arguments]
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **(environ or {})}
    running = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=env, start_new_session=True)
    os.close(its)
    said, end = b"", time.monotonic() + limit
    if answer:
        os.write(ours, answer.encode())
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # the other side is closed
                    break
                said += part
                if not part:
                    break
        return running.wait(max(1.0, end - time.monotonic())), said.decode("utf-8", "surrogateescape")
    finally:
        running.kill()
        running.wait()
        os.close(ours)
