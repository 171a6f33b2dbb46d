"""Debian's headless Chromium, its librsvg and its Graphviz, installed where they are missing and that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from browser.chromium import Browser

APT = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]  # another may be installing
UPDATE = [*APT, "update"]
INSTALL = [*APT, "install", "-y", "--no-install-recommends", "fonts-dejavu-core"]


def _program(name: str, package: str) -> str:
    """A program of Debian's, installed where it is missing; the test is skipped where that can't be."""
    found = shutil.which(name)
    if found is None:
        reason = _install(name, package)
        if reason:
            pytest.skip(reason)
        found = shutil.which(name)
    assert found, f"{package} was installed, and {name} is not on PATH"
    return found


def _install(name: str, package: str) -> str:
    """Why it could not be installed; empty if it was."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"there is no {name} on PATH, and only root on Debian can install it"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (UPDATE, [*INSTALL, package]):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900, check=False)
        if done.returncode:
            return f"{name} can't be installed: {' '.join(command)}: {done.stderr.strip()[-300:]}"
    return ""


@pytest.fixture(scope="session")
def chromium() -> str:
    return _program("chromium", "chromium")


@pytest.fixture(scope="session")
def rsvg_convert() -> str:
    return _program("rsvg-convert", "librsvg2-bin")


@pytest.fixture(scope="session")
def dot() -> str:
    return _program("dot", "graphviz")


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Browser:
    return Browser(chromium, tmp_path)
