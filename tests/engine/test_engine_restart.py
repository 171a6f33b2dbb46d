"""The engine stopped and started in the middle of an apply: an engine of the test's own, so that no other suffers."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lab import Lab, Result
from engine.proxy import Fault, Proxy
from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine
from netdeploy.errors import EngineUnreachable

BODY = """
name: ndt-restart
containers:
  web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, environment: {V: "1"}, networks: [front]}
  db: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [front, back], volumes: ["data:/data"]}
networks: {front: , back: }
volumes: {data: }
"""


class OwnEngine:
    """A dockerd with folders and a network of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "own.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def volumes(self) -> Path:
        return self._folder / "data" / "volumes"

    def start(self) -> None:
        command = [
            *("unshare", "--net", "--mount", "--", "dockerd", "--dns", "127.0.0.1", "--host", self.url),
            *("--data-root", str(self._folder / "data"), "--exec-root", str(self._folder / "exec")),
            *("--pidfile", str(self._folder / "own.pid")),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while True:
            try:
                with Engine(find_endpoint(self.url, None, {})):
                    return
            except EngineUnreachable:
                assert time.monotonic() < end, (self._folder / "log").read_text()[-2000:]
                time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=60)

    def restart(self) -> None:
        self.stop()
        self.start()


@pytest.fixture
def own_engine() -> Iterator[OwnEngine]:
    """In a folder with a short name: the path of a socket has at most 107 bytes, and containerd's is deep."""
    with tempfile.TemporaryDirectory(prefix="ndt-") as folder:
        engine = OwnEngine(Path(folder))
        engine.start()
        yield engine
        engine.stop()


def _remove_the_nameless_volume(engine: OwnEngine, result: Result) -> None:
    """An engine makes a volume's folder before it writes down whose it is: stopped between the two, it forgets."""
    assert result.code == 2
    assert "volume data: a volume of this name was not made by netdeploy" in result.err
    said = re.search(r"remove it: (docker volume rm data)", result.err)
    assert said, result.err
    subprocess.run(["docker", "--host", engine.url, *said[1].split()[1:]], check=True, timeout=60, capture_output=True)


def test_a_volume_that_the_engine_forgot_the_labels_of_is_left_to_a_person(own_engine: OwnEngine, lab: Lab) -> None:
    file = lab.write("name: ndt-restart\nvolumes: {data: }\n")
    own_engine.stop()
    (own_engine.volumes / "data" / "_data").mkdir(parents=True)
    own_engine.start()
    result = lab.run("apply", file, url=own_engine.url)
    _remove_the_nameless_volume(own_engine, result)
    assert lab.run("apply", file, url=own_engine.url).code == 0
    assert lab.run("diff", file, url=own_engine.url).code == 0


@pytest.mark.whole
def test_apply_goes_on_when_the_engine_is_back(own_engine: OwnEngine, lab: Lab) -> None:
    with Engine(find_endpoint(own_engine.url, None, {})) as engine:
        busybox = provide_busybox(engine, lambda _text: None)
    file = lab.write(BODY.replace("BUSYBOX", busybox))
    for version, number in enumerate((4, 6, 3), start=1):
        file.write_text(file.read_text().replace(f'"{version - 1}"', f'"{version}"'))
        path = lab.folder / f"{number}.sock"
        with Proxy(own_engine.url, path, Fault("call before", number, call=own_engine.restart)) as proxy:
            result = lab.run("apply", file, url=proxy.url)
            assert proxy.struck
        # whether a call was cut off, or found the engine back already, is a matter of chance
        if result.code:
            _remove_the_nameless_volume(own_engine, result)
            result = lab.run("apply", file, url=own_engine.url)
        assert result.code == 0, result.both
        assert lab.run("diff", file, url=own_engine.url).code == 0
    assert lab.run("teardown", "ndt-restart", "--volumes", url=own_engine.url).code == 0
