"""Anonymous volumes that lose their place: they are kept, it is told, and a teardown with --volumes takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lab import Lab

HEAD = "name: ndt-lab\nprefix: ndt-\nvolumes: {named: }\ncontainers:\n  "
WEB = "web: {image: IMAGE, command: KEEP, stop_signal: SIGKILL, VOLUMES}\n"


def write(lab: Lab, volumes: str, image: str = "BUSYBOX", head: str = HEAD) -> Path:
    return lab.write(head + WEB.replace("IMAGE", image).replace("VOLUMES", volumes))


def anonymous(lab: Lab, target: str) -> str:
    """The name of the container's volume at `target`."""
    (name,) = (mount["Name"] for mount in lab.container("ndt-web").attrs["Mounts"] if mount["Destination"] == target)
    return str(name)


@pytest.fixture
def clean(lab: Lab) -> Iterator[None]:
    """A teardown with --volumes leaves no volume that was not there."""
    before = {volume.name for volume in lab.client.volumes.list()}
    yield
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert {volume.name for volume in lab.client.volumes.list()} == before


def left_by(lab: Lab, before: str, after: str, image: str = "BUSYBOX") -> tuple[str, str]:
    """Change the mounts of a container with data at /v; the volume that is left, and what is told of it."""
    lab.apply(write(lab, before, image))
    lab.in_container("ndt-web", "echo precious > /v/file")
    volume = anonymous(lab, "/v")
    file = write(lab, after)
    planned = lab.run("diff", file).out
    applied = lab.run("apply", file)
    assert applied.code == 0, applied.both
    again = lab.run("diff", file)
    assert again.code == 0
    for said in (planned, applied.out, again.out):
        told = next(line for line in said.splitlines() if volume in line)
        assert (
            f"the anonymous volume of `web` at /v is kept with its data (docker volume rm {volume} removes it)" in told
        )
    return volume, told


@pytest.mark.whole
@pytest.mark.part(1)
@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("after", ["volumes: [named:/v]", "volumes: [BIND:/v]"], ids=["named", "bind"])
def test_another_mount_in_its_place_and_the_data_is_copied_as_told(lab: Lab, after: str) -> None:
    folder = lab.folder / "bound"
    folder.mkdir()
    _, told = left_by(lab, "volumes: [/v]", after.replace("BIND", str(folder)))
    command = told.partition("; ")[2].partition(" copies it to what is there now")[0].replace("busybox", lab.busybox)
    _, *words = shlex.split(command)
    source, image = words[words.index("-v") + 1], words.index(lab.busybox)
    volume, place, mode = source.split(":")
    lab.client.containers.run(
        lab.busybox,
        words[image + 1 :],
        remove=True,
        volumes_from=["ndt-web"],
        volumes={volume: {"bind": place, "mode": mode}},
    )
    assert lab.in_container("ndt-web", "cat /v/file") == (0, "precious\n")


@pytest.mark.part(1)
@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("after", ["volumes: [/w]", "tmpfs: [/v]", "restart: always"], ids=["moved", "tmpfs", "gone"])
def test_no_place_for_its_data_any_more(lab: Lab, after: str) -> None:
    _, told = left_by(lab, "volumes: [/v]", after)
    assert "copies" not in told


@pytest.mark.usefixtures("clean")
def test_a_volume_of_the_image_that_another_image_has_not(lab: Lab) -> None:
    image = lab.image("ndt/volume", "VOLUME /v")
    try:
        left_by(lab, "restart: always", "restart: always", image)
    finally:
        lab.run("teardown", "ndt-lab")
        lab.remove_image(image)


@pytest.mark.usefixtures("clean")
def test_a_named_one_that_gives_its_place_to_an_anonymous_one(lab: Lab) -> None:
    lab.apply(write(lab, "volumes: [named:/v]"))
    lab.in_container("ndt-web", "echo precious > /v/file")
    file = write(lab, "volumes: [/v]", head=HEAD.replace("volumes: {named: }\n", ""))
    lab.apply(file)
    assert lab.volumes() == {"ndt-named"}
    assert "volume `ndt-named` is kept with its data" in lab.run("diff", file).out


@pytest.mark.usefixtures("clean")
def test_after_a_teardown_that_kept_it_the_new_container_tells_how_to_copy_it(lab: Lab) -> None:
    file = write(lab, "volumes: [/v]")
    lab.apply(file)
    volume = anonymous(lab, "/v")
    down = lab.run("teardown", "ndt-lab")
    assert f"docker volume rm {volume} removes it" in down.out
    lab.apply(file)
    said = lab.run("diff", file).out
    assert f"docker run --rm --volumes-from ndt-web -v {volume}:/left:ro busybox cp -a /left/. /v/" in said
