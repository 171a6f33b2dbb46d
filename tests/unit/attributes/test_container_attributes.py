"""How a container of the file is sent, and how what the engine has is compared with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit.builders import IMAGES, container_wish, image_json
from unit.paper_engine import Json, PaperEngine

from netdeploy.attributes import container as rows
from netdeploy.attributes.container import create_body
from netdeploy.attributes.containers.image import full_image_name
from netdeploy.attributes.table import AttributeChange, compare
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import ObservedContainer

PLAIN = image_json("app")
RICH = image_json(
    "app",
    Cmd=["serve"],
    Entrypoint=["/entry"],
    Env=["PATH=/bin", "LEVEL=info"],
    Labels={"vendor": "acme", "netdeploy.x": "kept out"},
    User="app",
    WorkingDir="/srv/",
    StopSignal="SIGQUIT",
    ExposedPorts={"80/tcp": {}},
    Volumes={"/var/lib/app": {}},
    Healthcheck={"Test": ["CMD", "check"], "Interval": 5_000_000_000, "Retries": 2},
)


def made(wish: ContainerWish, image: Json) -> ObservedContainer:
    """The container as an engine echoes it."""
    engine = PaperEngine({**IMAGES, "app": image})
    engine.volumes["data"] = {"Name": "data"}
    engine.foreign_network("net")
    body = create_body(wish)
    engine._create_container("web", body)
    return engine.snapshot().containers[0]


def differences(before: str, after: str, image: Json = PLAIN) -> list[AttributeChange]:
    """What changes on a container that was made from `before` when the file says `after`."""
    live = made(container_wish(before, image=image), image)
    return list(compare(rows.ROWS, container_wish(after, image=image), live, "containers.web"))


FILES = [
    "",
    "command: [run, fast]",
    "command: run fast",
    "entrypoint: [/other]",
    "entrypoint: []\ncommand: [x]",
    "entrypoint: [/other]\ncommand: [x]",
    "environment: {LEVEL: debug, EMPTY: '', 'with.dot': 'a=b'}",
    "labels: {vendor: me, 'com.example/a.b': x}",
    "hostname: web-1",
    "user: '1000:1000'",
    "working_dir: /other",
    "network_mode: host",
    "network_mode: none",
    "ports: ['8080:80', '127.0.0.1:53:53/udp', '81', '9000-9002:9000-9002', '9100-9110:90', '[::1]:82:82']",
    "expose: [7000, '7001-7003/udp']",
    "volumes: ['data:/data:ro', './conf:/conf', '/anonymous']",
    "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0o1777}}]",
    "volumes: [{type: bind, source: /srv, target: /srv, read_only: true, bind: {propagation: rslave}}]",
    "volumes: [{type: volume, source: data, target: /d, volume: {nocopy: true}}]",
    "restart: on-failure:3",
    "restart: 'no'",
    "restart: on-failure:0",
    "healthcheck: {test: [CMD, look], interval: 1m30s, timeout: 500ms, retries: 5, start_period: 2s}",
    "healthcheck: {interval: 9s}",
    "healthcheck: {disable: true}",
    "healthcheck: {test: [NONE]}",
    "extra_hosts: {b: 10.0.0.2, a: [10.0.0.1, 'fd00::1']}",
    "dns: [10.0.0.53, 'fd00::53']",
    "init: true",
    "init: false",
    "stop_signal: SIGINT",
    "stop_signal: '2'",
    "stop_grace_period: 10s",
    "stop_grace_period: 1m",
]


@pytest.mark.parametrize("image", [PLAIN, RICH], ids=["plain-image", "rich-image"])
@pytest.mark.parametrize("text", FILES)
def test_what_was_made_from_a_file_does_not_differ_from_it(text: str, image: Json) -> None:
    assert differences(text, text, image) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "command: [x]", ("command", ["serve"], ["x"], "replace")),
        ("entrypoint: [a]", "", ("command", [], ["serve"], "replace")),
        ("environment: {A: '1'}", "environment: {A: '2'}", ("environment.A", "1", "2", "replace")),
        ("environment: {A: '1'}", "", ("environment.A", "1", None, "replace")),
        ("", "environment: {a.b: ''}", ("environment.a.b", None, "", "replace")),
        ("labels: {a.b/c: x}", "labels: {a.b/c: y}", ("labels.a.b/c", "x", "y", "replace")),
        ("hostname: one", "", ("hostname", "one", None, "replace")),
        ("user: me", "", ("user", "me", None, "replace")),
        ("working_dir: /a", "", ("working_dir", "/a", "/", "replace")),
        ("network_mode: host", "network_mode: none", ("network_mode", "host", "none", "replace")),
        ("expose: [7]", "expose: [8]", ("expose", ["7/tcp"], ["8/tcp"], "replace")),
        ("ports: ['1:1']", "ports: ['2:1']", ("ports", ["1:1"], ["2:1"], "replace")),
        ("volumes: ['data:/d']", "volumes: ['data:/d:ro']", ("volumes", ["data:/d"], ["data:/d:ro"], "replace")),
        ("restart: always", "", ("restart", "always", "no", "update")),
        ("dns: [10.0.0.1, 10.0.0.2]", "dns: [10.0.0.2, 10.0.0.1]",
         ("dns", ["10.0.0.1", "10.0.0.2"], ["10.0.0.2", "10.0.0.1"], "replace")),
        ("extra_hosts: {a: 10.0.0.1}", "", ("extra_hosts", ["a:10.0.0.1"], [], "replace")),
        ("init: true", "", ("init", True, "the engine's default", "replace")),
        ("stop_signal: SIGINT", "stop_signal: SIGQUIT", ("stop_signal", "SIGINT", "SIGQUIT", "replace")),
        ("stop_grace_period: 1s", "", ("stop_grace_period", "1s", "10s", "replace")),
        ("healthcheck: {test: [CMD, a], interval: 90s, retries: 4}", "",
         ("healthcheck", {"test": ["CMD", "a"], "interval": "1m30s", "retries": 4}, None, "replace")),
    ],
)  # fmt: skip
def test_one_changed_line_is_one_change(before: str, after: str, expected: tuple[Any, ...]) -> None:
    changes = {change.name: change for change in differences(before, after)}
    name, was, is_, effect = expected
    change = changes.pop(name)
    assert (change.before, change.after, change.effect) == (was, is_, effect)
    assert change.path == f"containers.web.{name}"
    assert not set(changes) - {"entrypoint", "ports", "expose"}  # the same line means these too


def test_a_change_by_hand_of_what_the_file_does_not_mention_is_drift() -> None:
    wish = container_wish("", image=RICH)
    live = replace(made(wish, RICH), restart="always", dns=("1.1.1.1",), user="root")
    changed = {change.name for change in compare(rows.ROWS, wish, live, "containers.web")}
    assert changed == {"restart", "dns", "user"}


def test_images_own_values_are_inherited_field_by_field() -> None:
    wish = container_wish("healthcheck: {interval: 9s}\nenvironment: {LEVEL: debug}", image=RICH)
    live = made(wish, RICH)
    assert live.healthcheck
    assert (live.healthcheck.test, live.healthcheck.interval) == (("CMD", "check"), 9_000_000_000)
    assert live.environment == {"PATH": "/bin", "LEVEL": "debug"}
    assert compare(rows.ROWS, wish, live, "containers.web") == ()


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("team/app", "docker.io/team/app:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("registry.example/app", "registry.example/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("app@sha256:" + "0" * 64, "docker.io/library/app@sha256:" + "0" * 64),
    ],
)
def test_image_names_are_compared_in_full(short: str, full: str) -> None:
    assert full_image_name(short) == full


def test_a_moved_tag_is_told_from_another_image() -> None:
    wish = container_wish("", image=PLAIN)
    live = replace(made(wish, PLAIN), image_id="sha256:0123456789abcdef")
    [change] = compare(rows.ROWS, wish, live, "containers.web")
    assert change.before == "app (0123456789ab)"
    assert str(change.after).endswith("the tag has moved")
    [change] = compare(rows.ROWS, wish, replace(live, image="other:1"), "containers.web")
    assert (change.before, change.after) == ("other:1", "app")


def test_a_stand_in_differs_from_the_real_container_and_not_by_its_busybox() -> None:
    real = container_wish("", image=PLAIN)
    wish = replace(real, stand_in_for="app", spec=real.spec.model_copy(update={"image": "busybox"}))
    live = made(wish, PLAIN)
    assert compare(rows.ROWS, wish, replace(live, image_id="sha256:other"), "containers.web") == ()
    change = compare(rows.ROWS, real, live, "containers.web")[0]
    assert (change.before, change.after) == ("stand-in for app", "app")


def test_ranges_are_published_port_by_port_and_one_target_gets_any_of_a_range() -> None:
    body = create_body(container_wish("ports: ['9000-9001:90-91', '9100-9110:92', '93', '10.0.0.1:94:94/udp']"))
    assert body["HostConfig"]["PortBindings"] == {
        "90/tcp": [{"HostIp": "", "HostPort": "9000"}],
        "91/tcp": [{"HostIp": "", "HostPort": "9001"}],
        "92/tcp": [{"HostIp": "", "HostPort": "9100-9110"}],
        "93/tcp": [{"HostIp": "", "HostPort": ""}],
        "94/udp": [{"HostIp": "10.0.0.1", "HostPort": "94"}],
    }
    assert set(body["ExposedPorts"]) == set(body["HostConfig"]["PortBindings"])


def test_a_short_bind_makes_the_folder_and_a_long_one_refuses_a_missing_one() -> None:
    host = create_body(container_wish("volumes: ['/a:/a:ro', {type: bind, source: /b, target: /b}]"))["HostConfig"]
    assert host["Binds"] == ["/a:/a:ro"]
    assert host["Mounts"] == [{"Type": "bind", "Target": "/b", "ReadOnly": False, "Source": "/b"}]


def test_an_empty_file_sends_only_the_image_the_network_and_our_labels() -> None:
    body = create_body(container_wish(""))
    assert body == {
        "Image": "app",
        "Labels": {
            "netdeploy.topology": "lab",
            "netdeploy.prefix": "",
            "netdeploy.kind": "container",
            "netdeploy.name": "web",
            "netdeploy.source": "/topologies/lab.yaml",
        },
        "HostConfig": {"NetworkMode": "bridge"},
    }
    json.dumps(body)
