"""The course's main exercise, from the shipped file, as stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab import Lab, answers, free_port, http_get
from engine.proxy import Proxy
from netdeploy.topology.read import read

ROOT = Path(__file__).parents[2]
CONTAINERS = ("ndt-netflix-frontend", "ndt-netflix-movie-catalog", "ndt-cassandra")
FRONTEND, CATALOG, CASSANDRA = CONTAINERS


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def exercise(lab: Lab, port: int) -> Path:
    """The shipped file under names of the tests', so that a running demo is left alone."""
    text = (ROOT / "topologies" / "netflix.yaml").read_text()
    text = text.replace("name: netflix\n", "name: ndt-netflix\nprefix: ndt-\n").replace("3000:3000", f"{port}:3000")
    file = lab.write(text, "ndt-netflix")
    assert read(file).wanted().prefix == "ndt-"
    return file


@pytest.fixture
def running(lab: Lab, exercise: Path) -> Path:
    lab.apply(exercise, "--stand-ins", "always")
    return exercise


def test_who_reaches_whom(lab: Lab, running: Path, port: int) -> None:
    assert "netflix-frontend" in http_get(f"http://localhost:{port}/")
    code, text = lab.in_container(FRONTEND, "timeout 5 wget -qO- http://netflix-catalog:8080/status")
    assert (code, "netflix-movie-catalog" in text) == (0, True)
    code, text = lab.in_container(CATALOG, "timeout 5 wget -qO- http://cassandra-db:9042/")
    assert (code, "cassandra" in text) == (0, True)
    assert lab.resolves(CATALOG, "cassandra-db")
    assert not lab.resolves(FRONTEND, "cassandra-db")
    networks = lab.container(CASSANDRA).attrs["NetworkSettings"]["Networks"]
    address = networks["ndt-private-net-1"]["IPAddress"]
    assert lab.in_container(FRONTEND, f"timeout 2 nc {address} 9042 </dev/null")[0] != 0


def test_only_the_frontend_is_published(lab: Lab, running: Path, port: int) -> None:
    bindings = {name: lab.container(name).attrs["HostConfig"]["PortBindings"] for name in CONTAINERS}
    assert bindings[FRONTEND] == {"3000/tcp": [{"HostIp": "", "HostPort": str(port)}]}
    assert not bindings[CATALOG]
    assert not bindings[CASSANDRA]
    assert answers(port)


def test_a_second_apply_changes_nothing(lab: Lab, running: Path, proxy: Proxy) -> None:
    before = lab.identities(*CONTAINERS)
    result = lab.run("apply", running, url=proxy.url)
    assert result.code == 0
    assert result.out.startswith("No changes.")
    assert proxy.calls
    assert proxy.changing == []
    assert lab.identities(*CONTAINERS) == before


def test_diff_sends_nothing_but_get(lab: Lab, running: Path, proxy: Proxy) -> None:
    lab.container(CASSANDRA).stop(timeout=0)
    lab.client.networks.get("ndt-public-net-1").disconnect(FRONTEND)
    result = lab.run("diff", running, url=proxy.url)
    assert result.code == 1
    assert {method for method, _ in proxy.calls} == {"GET"}


def test_a_plain_diff_after_the_demo_is_in_sync_and_names_the_stand_ins(lab: Lab, running: Path) -> None:
    result = lab.run("diff", running)
    assert result.code == 0
    assert result.out.startswith("No changes.")
    assert all(name in result.out for name in CONTAINERS)


def test_teardown_without_the_file_leaves_nothing(lab: Lab, running: Path) -> None:
    running.unlink()
    result = lab.run("teardown", "ndt-netflix")
    assert result.code == 0, result.both
    assert lab.names() == set()
    assert lab.volumes() == {"ndt-cassandra-data"}
    assert "ndt-cassandra-data" in result.out  # what is kept is said
    assert lab.run("teardown", "ndt-netflix", "--volumes").code == 0
    assert lab.volumes() == set()


def test_a_new_environment_replaces_that_container_alone(lab: Lab, running: Path, port: int) -> None:
    before = lab.identities(*CONTAINERS)
    running.write_text(running.read_text().replace("http://netflix-catalog:8080", "http://netflix-catalog:9999"))
    (change,) = lab.diff(running)
    assert (change["action"], change["name"]) == ("replace", FRONTEND)
    (attribute,) = change["attributes"]
    assert attribute == {
        "path": "containers.netflix-frontend.environment.MOVIE_CATALOG_SERVICE",
        "before": "http://netflix-catalog:8080",
        "after": "http://netflix-catalog:9999",
        "effect": "replace",
    }
    lab.apply(running)
    after = lab.identities(*CONTAINERS)
    assert after[FRONTEND].id != before[FRONTEND].id
    assert {name: after[name] for name in (CATALOG, CASSANDRA)} == {name: before[name] for name in (CATALOG, CASSANDRA)}
    assert lab.names() == {*CONTAINERS, "ndt-public-net-1", "ndt-private-net-1"}
    assert "netflix-frontend" in http_get(f"http://localhost:{port}/")


def test_what_goes_from_the_file_goes_from_the_engine(lab: Lab, running: Path) -> None:
    before = lab.identities(FRONTEND, CATALOG)
    text = running.read_text()
    start, end = text.index("  cassandra:\n"), text.index("networks:\n  public-net-1:\n")
    text = text[:start] + text[end:]
    text = text.replace("      private-net-1:\n", "").replace("  private-net-1:\n", "")
    text = text.replace("volumes:\n  cassandra-data:\n", "")
    running.write_text(text)
    assert set(lab.told(running)) == {
        ("remove", CASSANDRA, None),
        ("remove", "ndt-private-net-1", None),
        ("disconnect", CATALOG, "ndt-private-net-1"),
    }
    result = lab.apply(running)
    assert lab.names() == {FRONTEND, CATALOG, "ndt-public-net-1"}
    assert lab.identities(FRONTEND, CATALOG) == before
    assert "ndt-cassandra-data" in result.out  # its data is kept, and that is said
    assert lab.volumes() == {"ndt-cassandra-data"}
