"""A real engine for each test. What the tests make is known by label or name and removed; all else is left alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker import DockerClient

from engine.engines import own_engine
from engine.lab import Lab, sweep
from engine.proxy import Proxy
from netdeploy.apply import calls, execute
from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine


@pytest.fixture(scope="session")
def engine(engine_generation: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine of this worker and generation, as DOCKER_HOST names it."""
    if engine_generation == "answering":
        with Engine(find_endpoint(None, None, os.environ)) as engine:
            yield engine
        return
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with own_engine(engine_generation, worker) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", url)
        with Engine(find_endpoint(url, None, {})) as engine:
            yield engine


@pytest.fixture(scope="session")
def by_hand(engine: Engine) -> Iterator[DockerClient]:
    """The engine as a person at the docker command line changes it."""
    client = docker.DockerClient(base_url=engine.endpoint.url, version="auto")
    yield client
    client.close()


@pytest.fixture(scope="session")
def busybox(engine: Engine, by_hand: DockerClient) -> Iterator[str]:
    """An image of the tests' own: nobody knows what settings the engine's busybox has."""
    lab = Lab(engine, by_hand, provide_busybox(engine, lambda _text: None), Path())
    image = lab.image("ndt-busybox", 'CMD ["sh"]')
    yield image
    lab.remove_image(image)


@pytest.fixture(autouse=True)
def quick_to_settle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests wait for containers that stay up; the tests of those that don't are marked, and wait as users do."""
    if request.node.get_closest_marker("as_long_as_users_wait") is None:
        monkeypatch.setattr(calls, "SETTLED", 0.1)
        monkeypatch.setattr(execute, "LOOK_AGAIN", 0.1)


@pytest.fixture
def lab(engine: Engine, by_hand: DockerClient, busybox: str, tmp_path: Path) -> Iterator[Lab]:
    """A clean bench: files, commands, and a look at what stands."""
    sweep(by_hand)
    yield Lab(engine, by_hand, busybox, tmp_path)
    sweep(by_hand)


@pytest.fixture
def proxy(engine: Engine, tmp_path: Path) -> Iterator[Proxy]:
    """Between netdeploy and the engine's socket; it counts the calls."""
    with Proxy(engine.endpoint.url, tmp_path / "engine.sock") as running:
        yield running
