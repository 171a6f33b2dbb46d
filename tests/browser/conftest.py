"""A real browser: Debian's headless Chromium, installed where it is missing and that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from browser.chromium import Browser

INSTALL = (
    ["apt-get", "-qq", "update"],
    ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
)


def _found() -> str | None:
    return shutil.which("chromium")


def _install() -> str:
    """Why it could not be installed; empty if it was."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "there is no chromium on PATH, and only root on Debian can install it"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in INSTALL:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900, check=False)
        if done.returncode:
            return f"chromium can't be installed: {' '.join(command)}: {done.stderr.strip()[-300:]}"
    return "" if _found() else "chromium was installed and is not on PATH"


@pytest.fixture(scope="session")
def chromium() -> str:
    if not _found():
        reason = _install()
        if reason:
            pytest.skip(reason)
    found = _found()
    assert found
    return found


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Browser:
    return Browser(chromium, tmp_path)
