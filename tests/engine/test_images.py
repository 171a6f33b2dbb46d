"""Where images come from: pulled before anything is touched, or stood in for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lab import Lab, free_port, http_get
from engine.registry import Registry, rootfs
from netdeploy.engine.busybox import archive, is_static, static_busybox

SLEEPER = "{image: BUSYBOX, command: KEEP, init: true"
UNREACHABLE = "localhost:9/ndt/nowhere:1"  # nobody listens there, so the engine is refused at once


@pytest.fixture
def registry(lab: Lab) -> Iterator[Registry]:
    binary = static_busybox()
    assert binary is not None
    with Registry(rootfs(binary)) as running:
        yield running
        lab.run("teardown", "ndt-lab")
        for name in ("one", "two"):
            lab.remove_image(f"{running.address}/ndt/{name}:1")


def test_missing_images_are_pulled_first(lab: Lab, registry: Registry) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          one: {{image: "{registry.address}/ndt/one:1", init: true}}
          two: {{image: "{registry.address}/ndt/two:1", init: true}}
        """
    )
    result = lab.apply(file)
    lines = result.err.splitlines()
    pulled = [lines.index(f"✓ pull {registry.address}/ndt/{name}:1") for name in ("one", "two")]
    assert max(pulled) < min(lines.index(line) for line in lines if line.startswith("✓ create"))
    assert "7000/tcp" in lab.container("ndt-one").attrs["Config"]["ExposedPorts"]


def moved_by_the_pull(lab: Lab, registry: Registry, folder: Path) -> Path:
    """A container that stands as its file says, until the image under its tag is pulled: that is another one."""
    name = f"{registry.address}/ndt/one"
    lab.client.images.get(lab.busybox).tag(name, "1")
    folder.mkdir()
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web:
            image: "{name}:1"
            command: KEEP
            stop_signal: SIGKILL
            volumes: [{{type: bind, source: {folder}, target: /bound}}]
        """
    lab.apply(lab.write(text))
    return lab.write(text.replace("command:", "pull_policy: always\n            command:"))


def test_what_a_pull_changes_in_the_plan_is_shown_once_before_it_is_done(lab: Lab, registry: Registry) -> None:
    file = moved_by_the_pull(lab, registry, lab.folder / "bound")
    assert lab.diff(file) == []
    result = lab.run("apply", file)
    assert result.code == 0, result.both
    lines = result.err.splitlines()
    shown = [number for number, line in enumerate(lines) if "± replace    container ndt-web: the tag of its" in line]
    created = next(number for number, line in enumerate(lines) if line.startswith("✓ create"))
    pulled = lines.index(f"✓ pull {registry.address}/ndt/one:1")
    assert len(shown) == 1
    assert pulled < shown[0] < created
    assert lab.run("apply", file).out.startswith("No changes.")


def test_what_stands_in_the_way_of_what_a_pull_changes_is_told_before_it_is_done(lab: Lab, registry: Registry) -> None:
    folder = lab.folder / "bound"
    file = moved_by_the_pull(lab, registry, folder)
    before = lab.identities("ndt-web")
    folder.rmdir()
    result = lab.run("apply", file)
    assert result.code == 2
    assert f"! containers.web.volumes: the host has no folder or file {folder}" in result.err
    assert "nothing was touched" in result.err
    assert lab.identities("ndt-web") == before


def test_images_that_cannot_be_had_are_all_named_and_nothing_is_touched(lab: Lab, registry: Registry) -> None:
    text = f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {SLEEPER}}}\n"
    file = lab.write(text)
    lab.apply(file)
    before = lab.identities("ndt-web")
    more = f"""
  a1: {{image: "{registry.address}/ndt/absent-one:1"}}
  a2: {{image: "{registry.address}/ndt/absent-two:1"}}
"""
    lab.write(text.replace("KEEP", "[sleep, '99']") + more)
    result = lab.run("apply", file)
    assert result.code == 2
    assert "absent-one" in result.err
    assert "absent-two" in result.err
    assert "nothing was changed" in result.err
    assert lab.identities("ndt-web") == before
    assert lab.names() == {"ndt-web"}


def test_auto_stands_in_only_for_what_is_not_to_be_had(lab: Lab, registry: Registry) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          present: {SLEEPER}}}
          pulled: {{image: "{registry.address}/ndt/one:1", init: true}}
          absent: {{image: "{registry.address}/ndt/absent:1", expose: [80]}}
          unreachable: {{image: "{UNREACHABLE}", expose: [80]}}
        """
    )
    wanted = lab.run("diff", file, "--stand-ins", "auto", "-o", "json")
    assert wanted.json["stand_ins"] == ["ndt-absent", "ndt-unreachable"]
    lab.apply(file, "--stand-ins", "auto")
    labels = {name: lab.container(f"ndt-{name}").labels for name in ("present", "pulled", "absent", "unreachable")}
    assert {name for name, found in labels.items() if "netdeploy.stand-in" in found} == {"absent", "unreachable"}
    assert lab.run("apply", file, "--stand-ins", "auto").out.startswith("No changes.")


FILE = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web:
        image: BUSYBOX
        command: [nothing, here]
        user: nobody
        working_dir: /nowhere
        environment: {{MODE: demo}}
        volumes: ["data:/data"]
        tmpfs: [/bin]
        group_add: [nobody-knows]
        devices: [/dev/nothing]
        runtime: nothing
        ports: ["{port}:3000"]
        expose: [8080, 53/udp]
        networks: {{net: {{aliases: [shop], ipv4_address: 10.83.1.7}}}}
        healthcheck: {{test: [CMD, nothing]}}
        depends_on: {{job: {{condition: service_completed_successfully}}, db: {{condition: service_healthy}}}}
      db: {{image: BUSYBOX, expose: [9042], networks: [net]}}
      job: {{image: BUSYBOX, command: [nothing]}}
    networks: {{net: {{ipam: {{config: [{{subnet: 10.83.1.0/24}}]}}}}}}
    volumes: {{data: }}
"""


def test_stand_ins_keep_the_wiring_and_answer_on_every_port(lab: Lab) -> None:
    port = free_port()
    file = lab.write(FILE.format(port=port))
    lab.apply(file, "--stand-ins", "always")
    assert "web" in http_get(f"http://localhost:{port}/any/path")
    for _ in range(3):  # a listener serves more than one
        assert "web" in lab.in_container("ndt-db", "timeout 5 wget -qO- http://shop:8080/")[1]
    web = lab.container("ndt-web").attrs
    assert "MODE=demo" in web["Config"]["Env"]
    assert web["NetworkSettings"]["Networks"]["ndt-net"]["IPAMConfig"] == {"IPv4Address": "10.83.1.7"}
    assert web["Mounts"] == []
    assert web["State"]["Health"]["Status"] in {"starting", "healthy"}
    assert lab.container("ndt-db").attrs["State"]["Health"]["Status"] == "healthy"
    assert lab.container("ndt-job").attrs["State"]["ExitCode"] == 0


def test_a_stand_in_stays_one_until_never_brings_the_real_image(lab: Lab) -> None:
    text = f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {SLEEPER}, expose: [80]}}\n"
    file = lab.write(text)
    lab.apply(file, "--stand-ins", "always")
    assert "sleep" not in str(lab.container("ndt-web").attrs["Config"]["Cmd"][:1])
    lab.write(f"{text}  more: {SLEEPER}}}\n")
    assert lab.told(file) == [("create", "ndt-more", None)]
    lab.apply(file)
    assert "netdeploy.stand-in" in lab.container("ndt-web").labels
    assert "netdeploy.stand-in" not in lab.container("ndt-more").labels
    (change,) = lab.diff(file, "--stand-ins", "never")
    assert (change["action"], change["name"]) == ("replace", "ndt-web")
    lab.apply(file, "--stand-ins", "never")
    assert "netdeploy.stand-in" not in lab.container("ndt-web").labels


def test_an_image_made_from_this_machines_busybox_runs(lab: Lab) -> None:
    binary = static_busybox()
    assert binary is not None
    assert is_static(binary)
    lab.engine.operator().import_image(archive(binary), "ndt/imported", "latest", ["sh"])
    try:
        output = lab.client.containers.run(
            "ndt/imported:latest", ["sh", "-c", "echo from $(busybox | head -1)"], name="ndt-imported"
        )
        assert b"BusyBox" in output
    finally:
        lab.container("ndt-imported").remove()
        lab.remove_image("ndt/imported:latest")
