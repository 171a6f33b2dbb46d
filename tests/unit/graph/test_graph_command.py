"""The command: formats by name and by ending, and what can't be done."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from unit.graph.drawings import ROOT, drawn_file

from netdeploy.cli.main import run
from netdeploy.graph.formats import ENDINGS, written

FILE = str(ROOT / "topologies" / "netflix.yaml")


@pytest.mark.parametrize("form", ["text", "svg", "html", "mermaid", "dot"])
def test_the_result_goes_to_stdout(form, capsys) -> None:
    assert run(["graph", FILE, "--format", form]) == 0
    out, err = capsys.readouterr()
    assert out == written(drawn_file(Path(FILE)), form)
    assert err == ""


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_ending_says_the_format(ending, tmp_path, capsys) -> None:
    target = tmp_path / f"picture{ending.upper()}"
    assert run(["graph", FILE, "-o", str(target)]) == 0
    assert target.read_text() == written(drawn_file(Path(FILE)), ENDINGS[ending])
    assert capsys.readouterr() == ("", "")


def test_a_format_given_by_name_comes_first(tmp_path) -> None:
    target = tmp_path / "picture.svg"
    assert run(["graph", FILE, "-o", str(target), "--format", "dot"]) == 0
    assert target.read_text().startswith("graph ")


def test_an_ending_that_says_nothing(tmp_path, capsys) -> None:
    assert run(["graph", FILE, "-o", str(tmp_path / "picture.png")]) == 2
    assert "name the --format" in capsys.readouterr().err
    assert not (tmp_path / "picture.png").exists()


def test_a_folder_can_not_be_written(tmp_path, capsys) -> None:
    (tmp_path / "x.svg").mkdir()
    assert run(["graph", FILE, "-o", str(tmp_path / "x.svg")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/x.svg can't be written: Is a directory\n"


def test_a_folder_that_is_not_there(tmp_path, capsys) -> None:
    assert run(["graph", FILE, "-o", str(tmp_path / "no" / "x.svg")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/no/x.svg can't be written: No such file or directory\n"


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/proc/version").exists(), reason="root may write anything else")
def test_what_even_root_may_not_write(capsys) -> None:
    assert run(["graph", FILE, "-o", "/proc/version", "--format", "svg"]) == 2
    assert "/proc/version can't be written: " in capsys.readouterr().err


def test_a_full_disk(capsys) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    assert run(["graph", FILE, "-o", "/dev/full", "--format", "svg"]) == 2
    assert capsys.readouterr().err == "error: /dev/full can't be written: No space left on device\n"


def test_the_topology_file_is_not_written_over(tmp_path, capsys) -> None:
    file = tmp_path / "lab.yaml"
    file.write_bytes(Path(FILE).read_bytes())
    (tmp_path / "lab.svg").symlink_to(file)
    assert run(["graph", str(file), "-o", str(tmp_path / "lab.svg")]) == 2
    assert "is the topology file itself" in capsys.readouterr().err
    assert file.read_bytes() == Path(FILE).read_bytes()


def on_a_terminal(columns: int) -> str:
    """What a terminal of so many columns gets."""
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns)}
    code = f"from netdeploy.cli.main import main; main(['graph', {FILE!r}])"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=side, env=environment)
    os.close(side)
    chunks = []
    with contextlib.suppress(OSError):  # Linux tells the end of a terminal as an error
        while chunk := os.read(main, 65536):
            chunks.append(chunk)
    os.close(main)
    assert process.wait() == 0
    return b"".join(chunks).decode().replace("\r\n", "\n")


def test_on_a_terminal_it_is_as_wide_as_that() -> None:
    assert on_a_terminal(80) == written(drawn_file(Path(FILE)), "text")
    narrower = on_a_terminal(60)
    assert narrower == written(drawn_file(Path(FILE)), "text", width=60)
    assert "▶│ netflix-frontend │" in narrower
    assert "├─ netflix-frontend" in on_a_terminal(40)


def test_every_problem_of_a_file_is_told(tmp_path, capsys) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("containers:\n  web: {image: app, networks: [gone], init: yes}\n")
    assert run(["graph", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no network `gone`" in err
    assert "expected `true` or `false`" in err
    assert f"{file} has 2 problems" in err


def test_warnings_are_for_validate(tmp_path, capsys) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text('containers:\n  web: {image: app, network_mode: none, ports: ["80:80"]}\n')
    assert run(["graph", str(file), "--format", "mermaid"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("flowchart")
    assert err == ""
    assert run(["validate", str(file)]) == 0
    assert "warning" in capsys.readouterr().out


def test_no_file(tmp_path, capsys) -> None:
    assert run(["graph", str(tmp_path / "lab.yaml")]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_live_without_an_engine(capsys, tmp_path) -> None:
    assert run(["--host", f"unix://{tmp_path}/no.sock", "graph", FILE, "--live"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err
