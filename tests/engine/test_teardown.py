"""Teardown: in which order containers stop, and several topologies side by side."""

from __future__ import annotations

from pathlib import Path

from engine.lab import Lab
from engine.proxy import Proxy

USERS = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], depends_on: [app]}
      app: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], depends_on: [db]}
      db: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], ipc: shareable, volumes: [/data]}
      side: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, network_mode: "container:db"}
      peek: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], pid: "container:db"}
      shm: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], ipc: "container:db"}
      disks: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [lan], volumes_from: [db]}
      base: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL}
      linked: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, links: [base]}
    networks: {lan: }
"""


def finished(lab: Lab, *arguments: str | Path) -> list[str]:
    """The containers that a command stopped, as the engine was asked, in that order."""
    with Proxy(lab.engine.endpoint.url, lab.folder / "stops.sock") as proxy:
        names = {container.id: container.name for container in lab.client.containers.list(all=True)}
        result = lab.run(*arguments, url=proxy.url)
        assert result.code == 0, result.both
        stops = [path.split("/")[3] for method, path in proxy.calls if method == "POST" and "/stop" in path]
    return [names[id_].removeprefix("ndt-") for id_ in stops]


def before(order: list[str], one: str, other: str) -> bool:
    return order.index(one) < order.index(other)


def test_who_uses_another_stops_first(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    order = finished(lab, "teardown", "ndt-lab")
    for user in ("web", "app", "side", "peek", "shm", "disks"):
        assert before(order, user, "db"), order
    assert before(order, "web", "app"), order
    assert before(order, "linked", "base"), order
    assert lab.names() == set()


def test_who_leaves_the_file_stops_in_that_order_too(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    file = lab.write("name: ndt-lab\nprefix: ndt-\ncontainers: {base: {image: BUSYBOX, command: KEEP}}\n")
    order = finished(lab, "apply", file)
    assert before(order, "web", "app"), order
    assert before(order, "app", "db"), order


def test_one_that_stands_between_and_is_stopped_already_changes_nothing(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    lab.container("ndt-app").stop()
    assert before(finished(lab, "teardown", "ndt-lab"), "web", "db")


def test_what_depends_on_what_is_never_a_difference(lab: Lab) -> None:
    lab.apply(lab.write(USERS))
    file = lab.write(USERS.replace("depends_on: [app]", "depends_on: [db]"))
    assert lab.diff(file) == []
