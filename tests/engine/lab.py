"""The bench of the engine tests: topology files, the command line, and what stands on the engine."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import textwrap
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.networks import Network

from netdeploy.cli import main
from netdeploy.engine.engine import Engine

OURS = "ndt-"  # topologies, containers, networks and volumes of the tests start with it
_END = "-- end of output --"


def sweep(client: DockerClient) -> None:
    """Remove what tests left behind, and nothing else."""
    containers = [
        container
        for container in client.containers.list(all=True, ignore_removed=True)
        # one that goes at this moment may have no name any more
        if (container.name or "").startswith(OURS) or container.labels.get("netdeploy.topology", "").startswith(OURS)
    ]
    with ThreadPoolExecutor() as pool:  # most of it is waiting for the kernel
        list(pool.map(_remove, containers))
        list(pool.map(Network.remove, (n for n in client.networks.list() if n.name.startswith(OURS))))
    for volume in client.volumes.list():
        if volume.name.startswith(OURS) or (volume.attrs["Labels"] or {}).get("netdeploy.topology", "").startswith(
            OURS
        ):
            volume.remove(force=True)


def _remove(container: Container) -> None:
    with contextlib.suppress(NotFound):
        container.remove(force=True, v=True)


def free_port() -> int:
    """A port of this host that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Identity:
    """What changes when a container is touched."""

    id: str
    started_at: str
    pid: int


class Lab:
    def __init__(self, engine: Engine, client: DockerClient, busybox: str, folder: Path) -> None:
        self.engine = engine
        self.client = client
        self.busybox = busybox
        self.folder = folder

    # -- files and commands --

    def write(self, body: str, name: str = "ndt-lab") -> Path:
        """A topology file; `BUSYBOX` in it is an image whose containers keep running with `command: KEEP`."""
        text = textwrap.dedent(body).replace("BUSYBOX", self.busybox).replace("KEEP", "[sleep, '100000']")
        file = self.folder / f"{name}.yaml"
        file.write_text(text)
        return file

    def run(self, *arguments: str | Path, url: str | None = None) -> Result:
        """One netdeploy command, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.run(["--host", url or self.engine.endpoint.url, *map(str, arguments)])
        return Result(code, out.getvalue(), err.getvalue())

    def apply(self, file: Path, *options: str) -> Result:
        """An apply that must succeed, after which the diff is empty."""
        result = self.run("apply", file, *options)
        assert result.code == 0, result.both
        after = self.run("diff", file)
        assert after.code == 0, after.both
        return result

    def diff(self, file: Path, *options: str) -> list[dict[str, Any]]:
        """The changes that diff sees."""
        result = self.run("diff", file, "-o", "json", *options)
        assert result.code in {0, 1}, result.both
        changes: list[dict[str, Any]] = result.json["changes"]
        assert (result.code == 0) == (not changes)
        return changes

    def told(self, file: Path) -> list[tuple[str, str, str | None]]:
        """The changes that diff sees, as (action, name, network)."""
        return [(change["action"], change["name"], change["network"]) for change in self.diff(file)]

    # -- what stands --

    def container(self, name: str) -> Container:
        return self.client.containers.get(name)

    def identities(self, *names: str) -> dict[str, Identity]:
        found = {}
        for name in names:
            attrs = self.container(name).attrs
            state = attrs["State"]
            found[name] = Identity(attrs["Id"], state["StartedAt"], state["Pid"])
        return found

    def names(self) -> set[str]:
        """Containers and networks of the tests that stand on the engine."""
        containers = {c.name for c in self.client.containers.list(all=True) if c.name.startswith(OURS)}
        return containers | {n.name for n in self.client.networks.list() if n.name.startswith(OURS)}

    def volumes(self) -> set[str]:
        return {volume.name for volume in self.client.volumes.list() if volume.name.startswith(OURS)}

    def in_container(self, name: str, command: str) -> tuple[int, str]:
        """A shell command inside a container: exit code and output.

        Engines may lose the output of a command that ends while they are busy (seen on 20.10 and 28.5); then it is run
        again.
        """
        telling = f"({command}\n) 2>&1; code=$?; echo '{_END}'; exit $code"
        for _ in range(5):
            result = self.container(name).exec_run(["sh", "-c", telling])
            output, end, _ = result.output.decode().partition(f"{_END}\n")
            if end:
                return int(result.exit_code or 0), output
        raise AssertionError(f"the engine loses the output of `{command}`: {result.output!r}")

    def resolves(self, name: str, host: str) -> bool:
        """Whether Docker's own resolver knows `host` as seen from a container."""
        _, output = self.in_container(name, f"timeout 3 nslookup {host} 127.0.0.11 2>&1")
        answer = output.partition("Name:")[2]
        return "Address" in answer

    def foreign(self, name: str, **settings: Any) -> Container:
        """A container that somebody else started."""
        container: Container = self.client.containers.run(
            self.busybox, ["sleep", "100000"], name=name, detach=True, **settings
        )
        return container

    def image(self, repository: str, *changes: str) -> str:
        """An image with settings of its own (Dockerfile words), made from busybox's files.

        Its containers end at once when they are stopped: `sleep` as the first process does not hear TERM, and would
        have ten seconds to.
        """
        api, name = self.client.api, f"{repository}:latest"
        exported = api.create_container(self.busybox, ["sh"])["Id"]
        data = b"".join(api.export(exported))
        api.import_image_from_data(data, repository=repository, tag="latest", changes=list(changes))
        imported = api.create_container(name, None if any("CMD" in change for change in changes) else ["sh"])["Id"]
        api.commit(imported, repository=repository, tag="latest", conf={"StopSignal": "SIGKILL"})  # no import takes it
        for made in (exported, imported):
            api.remove_container(made, v=True)
        return name

    def remove_image(self, name: str) -> None:
        with contextlib.suppress(APIError):
            self.client.images.remove(name, force=True)


def http_get(url: str) -> str:
    """The body at a URL of this host."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def answers(port: int) -> bool:
    """Whether something listens on a port of this host."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
