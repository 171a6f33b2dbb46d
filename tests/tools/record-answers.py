"""Record what the engine that answers says of a topology: the data of tests/unit/engine/test_answers.py.

    .venv/bin/python tests/tools/record-answers.py
    tests/tools/test-engines.sh run testing record .venv/bin/python tests/tools/record-answers.py

It applies tests/unit/engine/recorded/topology.yaml, brings some of its containers down, writes the engine's inspect
answers beside that file, and removes what it made. What names this machine or is different each time is left out where
netdeploy does not read it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import docker
from docker import DockerClient

from netdeploy.cli import main
from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "unit" / "engine" / "recorded"
FILE = FOLDER / "topology.yaml"
UNREAD = {
    "AppArmorProfile", "ExecIDs", "GraphDriver", "HostnamePath", "HostsPath", "LogPath", "Metadata", "Mountpoint",
    "Platform", "ProcessLabel", "ResolvConfPath", "SandboxID", "SandboxKey", "Storage", "Descriptor", "Comment",
}  # fmt: skip
IMAGE: Json = {
    "Cmd": ["sleep", "100000"],
    "Entrypoint": ["/bin/busybox"],
    "Env": ["LEVEL=info"],
    "ExposedPorts": {"80/tcp": {}},
    "Labels": {"vendor": "acme"},
    "StopSignal": "SIGQUIT",
    "User": "1000",
    "Volumes": {"/var/lib/app": {}},
    "WorkingDir": "/tmp",
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30_000_000_000},
}


def make_images(client: DockerClient, busybox: str) -> None:
    client.images.get(busybox).tag("busybox", "latest")
    made = client.api.create_container(busybox, ["sh"])
    try:
        client.api.commit(made["Id"], repository="rec-image", tag="latest", conf=IMAGE)
    finally:
        client.api.remove_container(made["Id"])


def bring_down(client: DockerClient) -> None:
    client.containers.get("rec-stopped").stop(timeout=5)
    client.containers.get("rec-paused").pause()
    unwell = client.containers.get("rec-unhealthy")
    unwell.exec_run(["rm", "/well"])
    restarting = client.containers.get("rec-restarting")
    while unwell.health != "unhealthy" or restarting.attrs["RestartCount"] < 7 or restarting.status != "restarting":
        time.sleep(0.3)
        unwell.reload()
        restarting.reload()


def cleaned(value: Any, host: str) -> Any:
    """Without what is not read, and without this machine's names."""
    if isinstance(value, dict):
        return {key: cleaned(part, host) for key, part in sorted(value.items()) if key not in UNREAD}
    if isinstance(value, list):
        return [cleaned(part, host) for part in value]
    if isinstance(value, str):
        return "the-host" if value == host else value.replace(str(FILE), "/topologies/recorded.yaml")
    return value


def recorded(client: DockerClient) -> Json:
    api, info = client.api, client.info()
    containers = sorted(
        (c.name, api.inspect_container(c.id)) for c in client.containers.list(all=True, filters={"name": "^/rec-"})
    )
    networks = sorted((n["Name"], api.inspect_network(n["Id"])) for n in api.networks())
    volumes = sorted(
        (v["Name"], api.inspect_volume(v["Name"])) for v in api.volumes(filters={"name": "rec-"})["Volumes"]
    )
    for _, network in networks:
        network["Containers"] = {}
    ours = ("rec-", "bridge", "host", "none")
    found = {
        "engine": client.version()["Version"],
        "api": client.version()["ApiVersion"],
        "containers": [answer for _, answer in containers],
        "networks": [answer for name, answer in networks if name.startswith(ours)],
        "volumes": [answer for _, answer in volumes],
        "images": {name: api.inspect_image(name) for name in ("busybox", "rec-image")},
    }
    return cleaned(found, info["Name"])  # type: ignore[no-any-return]


def run(*arguments: str) -> None:
    if main.run(list(arguments)):
        sys.exit(1)


def write(engine: Engine, client: DockerClient) -> None:
    make_images(client, provide_busybox(engine, print))
    try:
        run("apply", str(FILE))
        bring_down(client)
        answers = recorded(client)
    finally:
        run("teardown", "rec-lab", "--volumes")
        client.images.remove("rec-image", force=True)
    generation = "20.10" if answers["engine"].startswith("20.10") else answers["engine"].split(".")[0]
    target = FOLDER / f"answers-{generation}.json"
    target.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")
    print(f"wrote {target.relative_to(ROOT)}")


if __name__ == "__main__":
    with Engine(find_endpoint(None, None, os.environ)) as reached:
        write(reached, docker.DockerClient(base_url=reached.endpoint.url, version="auto"))
