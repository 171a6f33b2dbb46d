"""Whatever stands where a file is meant is told at once: nothing waits, nothing is read without end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from unit.topology.test_limits import measured

from netdeploy.cli.main import run
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.transport import _loading
from netdeploy.errors import NetdeployError
from netdeploy.files import write_file
from netdeploy.topology.read import Reading, read
from netdeploy.workflow import saved

GOOD = "containers: {web: {image: nginx}}\n"
SECONDS = 2.0


@pytest.fixture
def strange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what is no file, each called by what it is."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link-to-pipe").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    Path("folder").mkdir()
    Path("proc").symlink_to("/proc")
    Path("good.yaml").write_text(GOOD)
    return tmp_path


STRANGE = ["pipe", "link-to-pipe", "socket", "folder", "/dev/zero", "/dev/null", "/dev/random", "/dev/tty", "/dev/ptmx"]
STRANGE += [
    "/dev/stdin",
    "/proc/self/environ",
    "proc/version",
    "/proc/kmsg",
    "/proc/kcore",
    "/sys/kernel/uevent_seqnum",
]
PLACES: dict[str, Callable[[str], str]] = {
    "env_file": lambda name: f"containers: {{web: {{image: x, env_file: [{name}]}}}}",
    "raw env_file": lambda name: f"containers: {{web: {{image: x, env_file: [{{path: {name}, format: raw}}]}}}}",
    "label_file": lambda name: f"containers: {{web: {{image: x, label_file: [{name}]}}}}",
    "seccomp": lambda name: f"containers: {{web: {{image: x, security_opt: ['seccomp={name}']}}}}",
    "seccomp:": lambda name: f"containers: {{web: {{image: x, security_opt: ['seccomp:{name}']}}}}",
}


def reading(folder: Path, text: str) -> Reading:
    file = folder / "lab.yaml"
    file.write_text(text)
    began = time.monotonic()
    found = read(file, {})
    assert time.monotonic() - began < SECONDS
    return found


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_a_file_names_is_a_file(place: str, name: str, strange: Path) -> None:
    if not os.path.lexists(name):
        pytest.skip(f"no {name} here")
    (problem,) = reading(strange, PLACES[place](name)).problems
    assert f"{name} can't be read: " in problem.message
    assert problem.path[:2] == ("containers", "web")


@pytest.mark.parametrize("name", ["pipe", "link-to-pipe", "socket", "folder", "/dev/zero", "/dev/null"])
@pytest.mark.parametrize("section", ["configs", "secrets"])
def test_a_config_or_secret_is_a_file(section: str, name: str, strange: Path) -> None:
    text = f"containers: {{web: {{image: x, {section}: [one]}}}}\n{section}: {{one: {{file: {name}}}}}"
    (problem,) = reading(strange, text).problems
    assert f"{name} is a" in problem.message


@pytest.mark.parametrize("name", [name for name in STRANGE if name != "/dev/stdin"])
def test_a_topology_is_a_file(name: str, strange: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not os.path.lexists(name):
        pytest.skip(f"no {name} here")
    for command in (
        ["validate"],
        ["graph"],
        ["--host", "unix:///nowhere", "apply"],
        ["--host", "unix:///nowhere", "diff"],
    ):
        began = time.monotonic()
        assert run([*command, name]) == 2
        assert time.monotonic() - began < SECONDS
        said = capsys.readouterr()
        assert "bug of netdeploy" not in said.err
        assert f"error: {name} " in said.err
    assert strange.is_dir()


@pytest.mark.parametrize("shown", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
def test_a_topology_comes_through_a_pipe_that_a_shell_made(shown: str) -> None:
    command = [sys.executable, "-m", "netdeploy", "validate", shown]
    text = f"name: lab\n{GOOD}"
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    zero = subprocess.run(
        ["bash", "-c", f"yes | {sys.executable} -m netdeploy validate {shown}"],
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert zero.returncode == 1
    assert b"larger than 2 MiB" in zero.stdout


# -- files that are large, and many of them --

MANY = {
    "spaces": (1, "A=x" + " " * 900_000 + "y\n"),
    "quotes": (1, "A='\nB=\"\n" * 100_000),
    "escapes": (1, "A='" + "\\'" * 400_000),
    "lines": (30, "".join(f"A{n}=x\n" for n in range(90_000))),
    "broken lines": (30, "=x\n" * 300_000),
    "as many as there may be": (15, "".join(f"A{n}=x\n" for n in range(5_000))),
    "one too many": (40, "".join(f"A{n}=x\n" for n in range(4_999))),
    "large": (4_000, "A=" + "x" * 900_000),
}


@pytest.mark.whole
@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("form", ["raw", ""])
def test_variables_from_files_take_neither_long_nor_much(name: str, form: str, tmp_path: Path) -> None:
    count, text = MANY[name]
    (tmp_path / "v.env").write_text(text)
    form = ", format: raw" if form else ""
    containers = (f"  c{n:04}: {{image: x, env_file: [{{path: v.env{form}}}]}}\n" for n in range(count))
    file = tmp_path / "lab.yaml"
    file.write_text("containers:\n" + "".join(containers))
    took, peak = measured([file])
    assert took[str(file)] < 2.0
    assert peak < 200


def test_too_much_is_told_once_and_where(tmp_path: Path) -> None:
    (tmp_path / "v.env").write_text("".join(f"A{n}=x\n" for n in range(4_000)))
    containers = "".join(f"  c{n:02}: {{image: x, env_file: v.env}}\n" for n in range(30))
    (problem,) = reading(tmp_path, f"containers:\n{containers}").problems
    assert problem.message == "with v.env, more than 75,000 variables are taken from files in all"
    assert problem.mark.line == 20


def test_a_file_is_read_once_however_often_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from netdeploy.topology import beside  # noqa: PLC0415

    (tmp_path / "v.env").write_text("A=1\n")
    read_files: list[Path] = []
    real = beside.content_of
    monkeypatch.setattr(beside, "content_of", lambda path, limit: (read_files.append(path), real(path, limit))[1])
    containers = "".join(f"  c{n}: {{image: x, env_file: v.env, label_file: v.env}}\n" for n in range(20))
    assert reading(tmp_path, f"containers:\n{containers}").topology
    assert len(read_files) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000, "nested too deep"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "1" * 5_000 + "}", "not JSON"),
        ('{"a": 1, "a": 2}', "`a` is written twice"),
        (r'{"a": "\ud800"}', "surrogate"),
        ("[]", "not a mapping"),
        ('{"a": 1', "not JSON"),
    ],
    ids=lambda text: text[:12],
)
def test_a_profile_that_is_none(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text(text)
    (problem,) = reading(tmp_path, PLACES["seccomp"]("./profile.json")).problems
    assert problem.message.startswith("./profile.json can't be read: ")
    assert says in problem.message


# -- files of the docker command --

CONFIGS = [
    "[" * 100_000,
    '{"currentContext": "\\ud800"}',
    '{"currentContext": 5}',
    '{"currentContext": ["a"]}',
    "",
    "\0",
    "[]",
]
CONFIGS += ['{"currentContext": "a\\u0000b"}', '{"currentContext": "' + "x" * 100_000 + '"}', '{"a": NaN}', "\ufeff{}"]


@pytest.mark.parametrize("text", CONFIGS, ids=lambda text: text[:25])
def test_a_configuration_of_docker_is_broken(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    try:
        assert find_endpoint(None, None, environ).url.startswith("unix://")
    except NetdeployError as error:
        assert "there is no docker context" in error.message  # noqa: PT017


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"Endpoints": {"docker": []}}', "[]", "5", '{"Endpoints": "\\ud800"}', ""]
)
def test_a_context_of_docker_is_broken(text: str, tmp_path: Path) -> None:
    import hashlib  # noqa: PLC0415

    folder = tmp_path / "contexts" / "meta" / hashlib.sha256(b"lab").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(text)
    with pytest.raises(NetdeployError, match="context `lab`"):
        find_endpoint(None, "lab", {"DOCKER_CONFIG": str(tmp_path)})


def test_files_of_docker_that_are_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.json")
    began = time.monotonic()
    assert find_endpoint(None, None, {"DOCKER_CONFIG": str(tmp_path)}).url.startswith("unix://")
    with pytest.raises(NetdeployError, match="a pipe, not a file"), _loading(tmp_path / "config.json"):
        pass
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "a\0b"}, {"HOME": "~nobody-here"}, {"HOME": "\ud800"}])
def test_there_is_no_home(environ: dict[str, str]) -> None:
    assert find_endpoint(None, None, environ).url.startswith("unix://")


# -- what is written --


@pytest.mark.parametrize("link", ["lab.yaml", "./lab.yaml", "symlink.svg", "hard.svg", "folder/../lab.yaml"])
@pytest.mark.parametrize("command", ["graph", "diff"])
def test_the_topology_is_never_written_over(
    command: str, link: str, strange: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = strange / "lab.yaml"
    file.write_text(GOOD)
    (strange / "symlink.svg").symlink_to("lab.yaml")
    (strange / "hard.svg").hardlink_to(file)
    if command == "graph":
        assert run(["graph", "lab.yaml", "--format", "svg", "-o", link]) == 2
        assert "is the topology file itself" in capsys.readouterr().err
    else:
        with pytest.raises(NetdeployError, match="is the topology file itself"):
            saved._refuse_to_overwrite(Path(link), file)
    assert file.read_text() == GOOD


@pytest.mark.parametrize("name", ["pipe", "link-to-pipe", "socket", "folder"])
def test_nothing_is_written_to_what_is_no_file(name: str, strange: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert run(["graph", "good.yaml", "--format", "svg", "-o", name]) == 2
    assert f"{name} can't be written: " in capsys.readouterr().err
    with pytest.raises(NetdeployError):
        saved._refuse_to_overwrite(Path(name), strange / "good.yaml")
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/null"])
def test_what_a_shell_gave_and_dev_null_are_written_to(name: str, strange: Path) -> None:
    command = [sys.executable, "-m", "netdeploy", "graph", "good.yaml", "--format", "dot", "-o", name]
    piped = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert ("web" in piped.stdout) == (name != "/dev/null")
    with (strange / "out").open("w") as out:
        out.write("before\n")
        out.flush()
        subprocess.run(command, stdout=out, check=True, timeout=60)
    assert (strange / "out").read_text() == "before\n" + piped.stdout


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "out.svg", tmp_path / "link.svg"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to("out.svg")
    with pytest.raises(ValueError, match="surrogate"):
        write_file(file, "half\ud800")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_file(link, "after")
    assert [file.read_text(), sorted(p.name for p in tmp_path.iterdir())] == ["before", ["link.svg", "out.svg"]]
    write_file(link, "after")
    assert (file.read_text(), file.stat().st_mode & 0o777, link.is_symlink()) == ("after", 0o640, True)
    write_file(file, "secret", private=True)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_plan_is_a_file(strange: Path) -> None:
    Path("endless.json").symlink_to("/dev/zero")
    Path("pipe.json").symlink_to("pipe")
    for name in ("endless.json", "pipe.json"):
        assert saved.plan_in(Path(name)) is None  # and what is meant as a topology then says what it is
    assert strange.is_dir()
