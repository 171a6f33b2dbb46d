"""The last gate: whatever happens, one line on stderr, an exit code, and a log file without secrets."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from netdeploy.cli import files, main

GOOD = "containers: {web: {image: nginx}}\n"


def broken(*_: object) -> None:
    raise RuntimeError("{'DB_PASSWORD': 'hunter2'} and redis://u:hunter2@h")


def test_an_unexpected_error_is_one_line_and_a_log_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(files, "_verdict", broken)
    file = tmp_path / "shop.yaml"
    file.write_text(GOOD)
    assert main.run(["--host", "tcp://ada:hunter2@lab", "validate", str(file)]) == 2
    said = capsys.readouterr().err
    (log,) = tmp_path.glob("netdeploy-*.log")
    assert said.startswith("error: this is a bug of netdeploy: RuntimeError: ")
    assert len(said.splitlines()) == 2
    assert str(log) in said
    text = log.read_text()
    assert "in broken" in text
    assert "hunter2" not in said + text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_log_that_can_not_be_written_is_no_second_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.setattr(files, "_verdict", broken)
    (tmp_path / "shop.yaml").write_text(GOOD)
    assert main.run(["validate", str(tmp_path / "shop.yaml")]) == 2
    assert "could not be saved" in capsys.readouterr().err


@pytest.mark.parametrize("redirect", [">&-", "2>&-", ">&- 2>&-", "<&-", "> /dev/full", "| true"])
def test_streams_that_are_closed_or_full_make_no_traceback(redirect: str, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("containers: {web: {imag: nginx}}\n")
    command = f"{sys.executable} -m netdeploy validate {tmp_path}/shop.yaml {redirect}"
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=environ)
    assert "Traceback" not in done.stderr
    assert "bug of netdeploy" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode in {0, 1, 2}
