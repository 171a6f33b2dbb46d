"""One page in a headless Chromium: what a script finds out in it, and what the browser fetched and complained about."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-pings",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing leaves the machine
)
_ITSELF = "not an origin"
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_DARK = "--blink-settings=preferredColorScheme=0"


@dataclass(frozen=True)
class Visit:
    """A page as it was when it had come to rest."""

    dom: str
    complaints: list[str]
    """Lines of its console."""
    requests: list[str]
    """URLs that the page asked for."""


class Browser:
    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._count = 0

    def visit(self, page: Path, *options: str) -> Visit:
        """Open a file."""
        self._count += 1
        log = self._folder / f"net-{self._count}.json"
        done = subprocess.run(
            [
                self._program,
                *_QUIET,
                f"--user-data-dir={self._folder / f'profile-{self._count}'}",
                f"--log-net-log={log}",
                "--enable-logging=stderr",
                "--window-size=1400,1000",
                "--virtual-time-budget=4000",
                *options,
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        complaints = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
        return Visit(done.stdout, complaints, _requests(log))

    def shoot(self, page: Path, width: int, height: int, *, dark: bool = False) -> Path:
        """A picture of a file, at least as large as asked for."""
        self._count += 1
        shot = self._folder / f"shot-{self._count}.png"
        profile = f"--user-data-dir={self._folder / f'profile-{self._count}'}"
        size = f"--window-size={max(width, 600)},{height + 200}"  # some of the height is not the page's
        scheme = [_DARK] if dark else []
        command = [self._program, *_QUIET, profile, size, *scheme, f"--screenshot={shot}", page.as_uri()]
        subprocess.run(command, capture_output=True, timeout=120, check=True)
        return shot

    def ask(self, page: str, script: str, *, dark: bool = False) -> Any:
        """What the body of a function, run in a copy of a page without its policy, returns.

        Raises:
            AssertionError: it threw something.
        """
        told = (
            "<script>let told; try { told = {value: (() => {" + textwrap.dedent(script) + "})()}; }"
            " catch (error) { told = {error: String(error)}; }"
            ' const at = document.createElement("script"); at.type = "application/json"; at.id = "told";'
            " at.textContent = encodeURIComponent(JSON.stringify(told)); document.body.append(at);</script>"
        )
        copy = self._folder / f"copy-{self._count}.html"
        copy.write_text(_POLICY.sub("", page).replace("</body>", f"{told}</body>"))
        dom = self.visit(copy, *([_DARK] if dark else [])).dom
        found = re.search(r'id="told">([^<]*)<', dom)
        assert found, dom[-2000:]
        answer = json.loads(unquote(found[1]))
        assert "error" not in answer, answer["error"]
        return answer["value"]


def _requests(log: Path) -> list[str]:
    """The URLs that a page asked for, from a network log, which the browser writes when it ends.

    The browser has questions of its own (the time, updates, accounts), whatever flags say; those have no origin.
    """
    events = [event.get("params") or {} for event in json.loads(log.read_text())["events"]]
    asked = {event["url"] for event in events if "url" in event and event.get("initiator", _ITSELF) != _ITSELF}
    return sorted(asked)
