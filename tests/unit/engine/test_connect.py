from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from netdeploy.engine.connect import DEFAULT_SOCKET, Endpoint, TlsFiles, find_endpoint
from netdeploy.engine.operate import Operator
from netdeploy.errors import EngineUnreachable, NetdeployError

URL = "tcp://10.0.0.7:2376"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A docker configuration folder with the context `remote`, which is not the current one."""
    context(tmp_path, "remote", Host=URL)
    return tmp_path


def context(config: Path, name: str, **endpoint: Any) -> Path:
    """Returns the folder where the context's TLS files lie."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    return config / "contexts" / "tls" / digest / "docker"


def use(config: Path, name: Any) -> None:
    (config / "config.json").write_text(json.dumps({"currentContext": name}))


def env(config: Path, **more: str) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(config), **more}


def test_without_any_word_it_is_the_default_socket(config: Path) -> None:
    assert find_endpoint(None, None, env(config)) == Endpoint(DEFAULT_SOCKET, "the default socket")
    assert find_endpoint(None, None, env(config)).is_local


@pytest.mark.parametrize("name", ["default", "", None])
def test_the_context_default_is_the_default_socket(config: Path, name: str | None) -> None:
    use(config, name)
    assert find_endpoint(None, None, env(config)).url == DEFAULT_SOCKET
    assert find_endpoint(None, "default", env(config)).url == DEFAULT_SOCKET


def test_the_current_context_of_the_docker_cli_is_used(config: Path) -> None:
    use(config, "remote")
    found = find_endpoint(None, None, env(config))
    assert found == Endpoint(URL, "docker context `remote`")
    assert not found.is_local


def test_the_configuration_is_looked_for_in_the_home_folder(tmp_path: Path) -> None:
    context(tmp_path / ".docker", "remote", Host=URL)
    use(tmp_path / ".docker", "remote")
    assert find_endpoint(None, None, {"HOME": str(tmp_path)}).url == URL


def test_each_word_is_stronger_than_the_next(config: Path) -> None:
    context(config, "other", Host="tcp://other:1")
    use(config, "remote")
    words = env(config, DOCKER_HOST="tcp://env:1", DOCKER_CONTEXT="other")
    assert find_endpoint("tcp://flag:1", None, words).origin == "--host"
    assert find_endpoint(None, "remote", words).url == URL
    assert find_endpoint(None, None, words) == Endpoint("tcp://env:1", "DOCKER_HOST")
    assert find_endpoint(None, None, env(config, DOCKER_CONTEXT="other")).url == "tcp://other:1"
    assert find_endpoint(None, None, env(config, DOCKER_HOST="")).url == URL


def test_the_default_context_means_what_the_environment_says(config: Path) -> None:
    assert find_endpoint(None, "default", env(config, DOCKER_HOST="tcp://env:1")).url == "tcp://env:1"


def test_two_flags_exclude_each_other() -> None:
    with pytest.raises(NetdeployError, match="exclude each other"):
        find_endpoint(URL, "remote", {})


@pytest.mark.parametrize("content", ["", "[]", "{", '"text"'])
def test_a_broken_configuration_counts_as_none(config: Path, content: str) -> None:
    (config / "config.json").write_text(content)
    assert find_endpoint(None, None, env(config)).url == DEFAULT_SOCKET


@pytest.mark.parametrize("meta", [None, "{", "[]", '{"Endpoints": {}}', '{"Endpoints": {"docker": []}}'])
def test_a_context_that_is_not_there_or_broken_is_named(config: Path, meta: str | None) -> None:
    if meta is not None:
        folder = config / "contexts" / "meta" / hashlib.sha256(b"gone").hexdigest()
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(meta)
    with pytest.raises(NetdeployError, match="no docker context `gone`") as caught:
        find_endpoint(None, "gone", env(config))
    assert "docker context ls" in caught.value.hint


def test_tls_files_of_the_environment(config: Path) -> None:
    words = env(config, DOCKER_HOST=URL, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH="/certs")
    files = TlsFiles(Path("/certs/ca.pem"), Path("/certs/cert.pem"), Path("/certs/key.pem"))
    assert find_endpoint(None, None, words).tls == files
    assert find_endpoint(URL, None, words).tls == files
    assert find_endpoint(None, None, words | {"DOCKER_TLS_VERIFY": ""}).tls is None
    del words["DOCKER_CERT_PATH"]
    at_home = find_endpoint(None, None, words | {"HOME": "/home/me"}).tls
    assert at_home
    assert at_home.ca == Path("/home/me/.docker/ca.pem")


def test_tls_files_of_a_context_are_those_that_are_there(config: Path) -> None:
    tls = context(config, "safe", Host=URL)
    tls.mkdir(parents=True)
    (tls / "ca.pem").touch()
    assert find_endpoint(None, "safe", env(config)).tls == TlsFiles(tls / "ca.pem", None, None)
    (tls / "cert.pem").touch()
    (tls / "key.pem").touch()
    assert find_endpoint(None, "safe", env(config)).tls == TlsFiles(tls / "ca.pem", tls / "cert.pem", tls / "key.pem")


def test_a_context_may_say_that_the_engines_certificate_is_not_checked(config: Path) -> None:
    tls = context(config, "lax", Host=URL, SkipTLSVerify=True)
    tls.mkdir(parents=True)
    (tls / "ca.pem").touch()
    assert find_endpoint(None, "lax", env(config)).tls == TlsFiles(tls / "ca.pem", None, None, verify=False)


@pytest.mark.parametrize(
    "url", ["localhost:2375", "unix://", "npipe:////./pipe/docker_engine", "tcp:/x", "/run/x.sock"]
)
def test_what_is_no_address_is_told_with_who_named_it(url: str) -> None:
    with pytest.raises(EngineUnreachable, match="no address of an engine") as caught:
        find_endpoint(None, None, {"DOCKER_HOST": url})
    assert f"DOCKER_HOST names `{url}`" in caught.value.message
    assert "unix:///var/run/docker.sock" in caught.value.hint


def test_ssh_is_told_how_to_forward(config: Path) -> None:
    context(config, "far", Host="ssh://me@host")
    with pytest.raises(EngineUnreachable, match="ssh") as caught:
        find_endpoint(None, "far", env(config))
    assert "me@host" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "tcp://host:99999",
        "tcp://host:port",
        "tcp://[::1",
        "tcp://" + "a" * 64 + ".example:2375",
        "tcp://ho st:2375",
        "tcp://host:0",
        "unix:///run/\0.sock",
        "tcp://a\nb:1",
    ],
)
def test_an_address_that_can_be_none_is_refused_before_it_is_tried(config: Path, url: str) -> None:
    with pytest.raises(EngineUnreachable, match="address"):
        find_endpoint(url, None, env(config))


@pytest.mark.parametrize(
    ("url", "address"),
    [("tcp://10.0.0.7", ("10.0.0.7", 2375)), ("tcp://:2400", ("localhost", 2400)), ("https://lab", ("lab", 2376))],
)
def test_an_address_without_host_or_port_means_the_usual_ones(config: Path, url: str, address: tuple[str, int]) -> None:
    endpoint = find_endpoint(url, None, env(config))
    assert endpoint.address == address
    operator = Operator(endpoint, "1.41")  # the SDK by itself refuses some of them
    operator.close()
