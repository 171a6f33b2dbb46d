"""Record what an engine and two helpers tell of a container with everything: tests/unit/inspect/recorded/*.json.

Run it once on an engine of each generation that is to be replayed: `python tests/tools/record-inspect.py 28`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import docker

from netdeploy.engine.busybox import provide_busybox
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine
from netdeploy.engine.helpers import HOST, Errand, run_errands
from netdeploy.inspect.space import FILES_SCRIPT, SCRIPT, ping_script

_NAMES = {"bridge", "ndt-front", "ndt-back", "ndt-six"}
_KEPT = ("Id", "Name", "Image", "Config", "HostConfig", "NetworkSettings", "State", "RestartCount", "Mounts")
FOLDER = Path(__file__).parents[1] / "unit" / "inspect" / "recorded"
_SERVER = "httpd -p 127.0.0.1:443; exec httpd -f -p 80"


def main(generation: str) -> None:
    """Make the container, record, and remove it."""
    with Engine(find_endpoint(None, None, os.environ)) as engine:
        busybox = provide_busybox(engine, print)
        client = docker.DockerClient(base_url=engine.endpoint.url, version="auto")
        networks = [
            client.networks.create("ndt-front"),
            client.networks.create("ndt-back", internal=True),
            client.networks.get(
                client.api.create_network("ndt-six", enable_ipv6=True, ipam={"Config": [{"Subnet": "fd00:77::/64"}]})[
                    "Id"
                ]
            ),
        ]
        container = client.containers.run(
            busybox,
            ["sh", "-c", _SERVER],
            name="ndt-web",
            network="ndt-front",
            hostname="web.lab",
            extra_hosts={"printer": "192.0.2.9", "engine": "host-gateway"},
            ports={"80/tcp": 8080, "443/tcp": ("127.0.0.1", 8443), "81/tcp": 8081},
            detach=True,
        )
        try:
            networks[1].connect(container, aliases=["store", "shop"])
            networks[2].connect(container)
            client.networks.get("bridge").connect(container)
            container.reload()
            own = container.attrs["NetworkSettings"]["Networks"].values()
            addresses = [e[key] for e in own for key in ("IPAddress", "GlobalIPv6Address") if e[key]]
            errands = [
                Errand(f"container:{container.id}", SCRIPT, "recording"),
                Errand(HOST, f"{SCRIPT}\n{FILES_SCRIPT}\n{ping_script(addresses)}", "recording"),
            ]
            inside, host = run_errands(engine, busybox, errands)
            document = {
                "container": engine.reader.get(f"/containers/{container.id}/json"),
                "networks": [n for n in engine.reader.get("/networks") if n["Name"] in _NAMES],
                "resolv_conf": container.exec_run(["cat", "/etc/resolv.conf"]).output.decode(),
                "hosts": container.exec_run(["cat", "/etc/hosts"]).output.decode(),
                "engine_host": engine.reader.get("/info")["Name"],
                "inside": inside.output,
                "host": host.output,
            }
        finally:
            container.remove(force=True)
            for network in networks:
                network.remove()
    document["container"]["NetworkSettings"].pop("SandboxKey")  # a path of the machine
    document["container"] = {key: document["container"][key] for key in _KEPT}
    (FOLDER / f"{generation}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
