from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[1] / "seeds.py"
FAILS = """
from hypothesis import given, settings, strategies as st

@settings(max_examples=5)
@given(st.integers(0, 2**64))
def test_it(number):
    print("drawn:", number)
    assert not number
"""


def test_a_failure_is_printed_with_the_command_that_repeats_it(tmp_path: Path) -> None:
    """Also in CI, where Hypothesis would draw the same every time, and keeps no examples."""
    shutil.copy(PLUGIN, tmp_path / "conftest.py")
    (tmp_path / "test_property.py").write_text(FAILS)
    first, command = failing_run(tmp_path)
    others, _ = failing_run(tmp_path)
    again, same = failing_run(tmp_path, *command.removeprefix("pytest ").replace("'", "").split())
    assert again == first != others
    assert same == command


def failing_run(folder: Path, *arguments: str) -> tuple[list[str], str]:
    """The examples of one run, and the command to repeat it."""
    shutil.rmtree(folder / ".hypothesis", ignore_errors=True)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | {"CI": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    (command,) = re.findall(r"^pytest 'test_property.py::test_it' --hypothesis-seed=\d+$", run.stdout, re.MULTILINE)
    return re.findall(r"drawn: (\d+)", run.stdout), command
