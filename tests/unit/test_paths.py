"""Paths that can't be looked at: a clear sentence, or simply "not there" where that is the honest answer."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netdeploy import paths
from netdeploy.cli import main
from netdeploy.engine.connect import find_endpoint
from netdeploy.errors import NetdeployError
from netdeploy.identity import TopologyId
from netdeploy.workflow import saved, status

GOOD = "containers: {web: {image: nginx}}\n"
NOWHERE = ("--host", "unix:///nowhere/engine.sock")
COMMANDS: dict[str, Callable[[str, str], tuple[str, ...]]] = {
    "validate": lambda bad, _good: ("validate", bad),
    "diff": lambda bad, _good: (*NOWHERE, "diff", bad),
    "diff --out": lambda bad, good: (*NOWHERE, "diff", good, "--out", bad),
    "apply": lambda bad, _good: (*NOWHERE, "apply", bad),
    "apply two": lambda bad, good: (*NOWHERE, "apply", good, bad),
    "verify": lambda bad, _good: (*NOWHERE, "verify", bad),
    "graph": lambda bad, _good: ("graph", bad),
    "graph -o": lambda bad, good: ("graph", good, "--format", "text", "-o", bad),
    "teardown": lambda bad, _good: (*NOWHERE, "teardown", bad),
}
UNUSABLE = [
    "locked/shop.yaml",
    "locked/deep/shop.yaml",
    "no-mode.yaml",
    "x" * 300 + ".yaml",
    "loop.yaml",
    "loop/shop.yaml",
]
UNUSABLE += [
    "good.yaml/shop.yaml",
    "missing/shop.yaml",
    "y/" * 3000 + "shop.yaml",
    "shop\0.yaml",
    "",
    "dangling.yaml",
    ".",
]


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user whom permissions stop: root may do everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with what is behind the paths of UNUSABLE."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "no-mode.yaml").write_text(GOOD)
    (tmp_path / "locked" / "deep").mkdir(parents=True)
    (tmp_path / "locked" / "shop.yaml").write_text(GOOD)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling.yaml").symlink_to("nothing-here.yaml")
    (tmp_path / "no-mode.yaml").chmod(0)
    (tmp_path / "locked").chmod(0)
    "x".encode("idna")  # what is imported late is imported by who may read it
    above = [tmp_path, *list(tmp_path.parents)[:3]]
    modes = {one: one.stat().st_mode for one in above}
    for one in above:
        one.chmod(modes[one] | 0o755)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for one in above:
        one.chmod(modes[one])
    (tmp_path / "locked").chmod(0o755)


@pytest.mark.parametrize("bad", UNUSABLE, ids=lambda bad: repr(bad[:20]))
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_can_not_be_used_is_a_sentence(
    command: str, bad: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in COMMANDS.values():
        main.run(list(one("good.yaml", "good.yaml")))
    capsys.readouterr()
    assert folder.is_dir()
    with as_nobody():
        code = main.run(list(COMMANDS[command](bad, "good.yaml")))
    said = capsys.readouterr()
    assert code == 2, said
    assert "bug of netdeploy" not in said.err
    assert "Traceback" not in said.err
    assert "rror: " in said.err or "Usage: " in said.err


def test_questions_to_the_file_system_have_an_answer(folder: Path) -> None:
    gone = {"missing/shop.yaml", "good.yaml/shop.yaml", "dangling.yaml", "x" * 300 + ".yaml", "y/" * 3000 + "shop.yaml"}
    gone |= {"shop\0.yaml"}
    assert folder.is_dir()
    with as_nobody():
        assert not any(paths.is_file(Path(bad)) for bad in set(UNUSABLE) - {"no-mode.yaml"})
        assert {bad for bad in UNUSABLE if paths.is_folder(Path(bad))} == {"", "."}
        assert {bad for bad in UNUSABLE if paths.is_gone(Path(bad))} == gone
        assert paths.is_file(Path("good.yaml"))


def test_the_folder_one_is_in_may_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(GOOD)
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    (tmp_path / "away").rmdir()
    for command in COMMANDS.values():
        for file in ("shop.yaml", str(good)):
            assert main.run(list(command(file, str(good)))) in {0, 2}
            assert "bug of netdeploy" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("locked/shop.yaml", "Permission denied"),
        ("loop.yaml", "Too many levels"),
        ("missing.yaml", "not on this machine"),
        ("x" * 300, "not on this machine"),
        (".", "is a folder"),
    ],
)
def test_status_says_why_a_file_can_not_be_compared(source: str, says: str, folder: Path) -> None:
    with as_nobody():
        found = status._compare(None, TopologyId("shop"), source)  # type: ignore[arg-type]
    assert folder.is_dir()
    assert says in found.why_not
    assert found.changes is None


def save(path: Path) -> None:
    saved._refuse_to_overwrite(path, Path("good.yaml"))
    saved._write(path, "{}")


@pytest.mark.parametrize("bad", [bad for bad in UNUSABLE if bad != "dangling.yaml"], ids=lambda bad: repr(bad[:20]))
def test_a_plan_is_not_saved_where_it_can_not_be(bad: str, folder: Path) -> None:
    assert folder.is_dir()
    with as_nobody(), pytest.raises(NetdeployError) as caught:
        save(Path(bad))
    assert caught.value.hint or "can't be read" in caught.value.message


def test_the_docker_configuration_may_be_out_of_reach(folder: Path) -> None:
    assert folder.is_dir()
    with as_nobody():
        for place in ("locked", "loop", "good.yaml", "x" * 300, "a\0b"):
            assert find_endpoint(None, None, {"DOCKER_CONFIG": place}).is_local
            with pytest.raises(NetdeployError, match="no docker context `lab`"):
                find_endpoint(None, "lab", {"DOCKER_CONFIG": place})
    assert find_endpoint(None, None, {"HOME": "~nobody-of-that-name"}).is_local


def test_keys_of_a_context_that_may_not_be_read_are_named(tmp_path: Path, folder: Path) -> None:
    digest = hashlib.sha256(b"lab").hexdigest()
    meta = folder / "docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "tcp://127.0.0.1:1"}}}))
    keys = folder / "docker" / "contexts" / "tls" / digest / "docker"
    keys.mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (keys / f"{name}.pem").write_text("")
    (folder / "docker" / "contexts" / "tls").chmod(0)
    with as_nobody():
        endpoint = find_endpoint(None, "lab", {"DOCKER_CONFIG": str(folder / "docker")})
    (folder / "docker" / "contexts" / "tls").chmod(0o755)
    assert endpoint.tls is not None
    assert endpoint.tls.ca == keys / "ca.pem"
    assert tmp_path == folder
