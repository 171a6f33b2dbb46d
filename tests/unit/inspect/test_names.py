"""Hostname, /etc/hosts, resolv.conf and what is shared: from what was seen to what is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from unit.inspect.seen import GENERATIONS, Json, recorded

from netdeploy.engine.networking import Listed
from netdeploy.inspect.report import InspectReport
from netdeploy.inspect.tell import tell
from netdeploy.render.inspect_text import inspect_text

OLD, NEW = GENERATIONS
Change = Callable[[Json], object]


def config(**values: object) -> Change:
    return lambda document: document["container"]["Config"].update(values)


def host_config(**values: object) -> Change:
    return lambda document: document["container"]["HostConfig"].update(values)


def told(generation: str, *changes: Change) -> InspectReport:
    def change(document: Json) -> None:
        for one in changes:
            one(document)

    return tell(recorded(generation, change), explain=True)


def one_line(report: InspectReport) -> str:
    return inspect_text(report).plain


def commands(report: InspectReport) -> dict[str, tuple[str, ...]]:
    return {item.about: item.commands for item in report.commands or ()}


# -- hostname ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "origin", "text"),
    [
        (config(), "set", "web.lab  set with `hostname` (--hostname)"),
        (config(Domainname="example"), "set", "(--hostname), in the domain example"),
        (lambda d: d["container"]["Config"].update(Hostname=d["container"]["Id"][:12]), "id", "first digits of its id"),
        (host_config(UTSMode="host"), "host", "the host's own"),
        (
            lambda d: (config(Hostname=d["engine_host"])(d), host_config(NetworkMode="host")(d)),
            "host",
            "the host's own",
        ),
        (host_config(NetworkMode="container:0123"), "container", "web.lab  that of `0123`, whose network it shares"),
    ],
)
def test_where_a_hostname_comes_from(change: Change, origin: str, text: str) -> None:
    report = told(OLD, change)
    assert report.hostname.origin == origin
    assert (report.hostname.name, report.hostname.seen) == (report.hostname.configured, False)
    assert text in one_line(report)


def test_a_hostname_that_was_changed_inside() -> None:
    report = told(OLD, lambda document: document.update(hostname="elsewhere"))
    assert (report.hostname.name, report.hostname.configured, report.hostname.seen) == ("elsewhere", "web.lab", True)
    assert "elsewhere  ✗ changed inside: the engine set web.lab" in one_line(report)


@pytest.mark.parametrize("may", [host_config(Privileged=True), host_config(CapAdd=["CAP_SYS_ADMIN"])])
def test_one_that_may_have_another_hostname_by_now(may: Change) -> None:
    report = told(OLD, may)
    assert report.hostname.name is None
    assert "web.lab at its start" in one_line(report)
    assert [item.what for item in report.unknown] == ["its hostname now"]
    stopped = told(OLD, may, lambda document: document["container"]["State"].update(Running=False, Status="exited"))
    assert stopped.hostname.name == "web.lab"
    assert "(while it runs)" in one_line(stopped)
    assert commands(stopped)["hostname"] == ("docker inspect ndt-web --format '{{.Config.Hostname}}'",)


# -- hosts -------------------------------------------------------------------------------------------------------------


def added(line: str) -> Change:
    return lambda document: document.update(hosts=document["hosts"] + line + "\n")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_line_that_an_engine_wrote_is_known(generation: str) -> None:
    report = told(generation)
    assert report.hosts is not None
    kinds = [line.kind for line in report.hosts.lines]
    assert kinds[:6] == ["loopback", "loopback", "ipv6", "ipv6", "ipv6", "ipv6"]
    assert set(kinds[6:8]) == {"extra_hosts"}
    assert set(kinds[8:]) == {"own"}
    assert (report.hosts.missing, report.hosts.mounted) == ((), False)


@pytest.mark.parametrize(
    ("line", "kind", "note"),
    [
        ("192.0.2.9 printer # a remark", "extra_hosts", None),
        ("192.0.2.9 printer copier", "other", None),
        ("192.0.2.8 printer", "other", None),
        ("127.0.0.1 printer", "other", None),
        ("127.0.0.1 localhost", "loopback", None),
        ("0:0:0:0:0:0:0:1 localhost", "loopback", None),
        (
            "192.0.2.1 engine",
            "unknown",
            "extra_hosts has host-gateway, and this is no address of the host that is known",
        ),
        ("192.0.2.1 web", "own", "no interface inside has this address"),
        ("192.0.2.1", "other", None),
        ("nonsense shop", "other", None),
    ],
)
def test_a_line_more(line: str, kind: str, note: str | None) -> None:
    report = told(NEW, added(line))
    assert report.hosts is not None
    last = report.hosts.lines[-1]
    assert (last.address, last.kind, last.note) == (line.split(maxsplit=1)[0], kind, note)


def test_what_the_engine_wrote_and_is_not_there_any_more() -> None:
    report = told(NEW, lambda document: document.update(hosts="127.0.0.1 localhost\n"))
    assert report.hosts is not None
    printer, engine, own = report.hosts.missing[1], report.hosts.missing[0], report.hosts.missing[2]
    assert printer == "192.0.2.9 printer (of extra_hosts)"
    assert engine == "engine (host-gateway, of extra_hosts)"
    assert own.endswith(" web.lab (its own)")
    mount = {"Type": "bind", "Source": "/hosts", "Target": "/etc/hosts"}
    mounted = told(NEW, host_config(Mounts=[mount]), lambda document: document.update(hosts="192.0.2.7 shop\n"))
    assert mounted.hosts is not None
    assert (mounted.hosts.missing, mounted.hosts.mounted) == ((), True)
    assert "shop  – the mounted file's" in one_line(mounted)


def test_a_file_of_thousands_of_lines_is_shown_in_part() -> None:
    text = one_line(told(NEW, lambda document: document.update(hosts="192.0.2.7 shop\n" * 5000)))
    assert text.count("192.0.2.7") == 40
    assert "and 4960 more" in text


def test_a_hosts_file_moves_no_cursor_and_no_long_word_breaks_the_page() -> None:
    lines = "192.0.2.7 a\x1b[2Jb\n" + "2001:db8:1111:2222:3333:4444:5555:6666 shop\n"
    report = told(NEW, lambda document: document.update(hosts=lines))
    text = inspect_text(report, width=80).plain
    assert "\x1b" not in text
    assert "2001:db8:1111:2222:3333:4444:5555:6666  shop" in text


# -- resolv.conf -------------------------------------------------------------------------------------------------------


def resolv_conf(text: str) -> Change:
    return lambda document: document.update(resolv_conf=text)


def helper(resolv: str | None) -> Change:
    """What the engine wrote for the helper on the host's network."""

    def change(document: Json) -> None:
        lines = [line for line in document["host"].splitlines() if not line.startswith("resolv ")]
        document["host"] = "\n".join([*lines, *(f"resolv {line}" for line in (resolv or "").splitlines())])

    return change


DOCKER = "nameserver 127.0.0.11\n"


@pytest.mark.parametrize(
    ("changes", "servers", "on_host", "origin"),
    [
        ((host_config(Dns=["10.0.0.2"]),), ("10.0.0.2",), (), "container"),
        (
            (resolv_conf(f"{DOCKER}# ExtServers: [10.0.0.2 host(127.0.0.53)]\n"),),
            ("10.0.0.2", "127.0.0.53"),
            ("127.0.0.53",),
            "host",
        ),
        ((resolv_conf(DOCKER), helper("nameserver 10.0.0.2")), ("10.0.0.2",), (), "engine_or_host"),
        (
            (resolv_conf(DOCKER), helper("# Generated by Docker Engine.\nnameserver 10.0.0.2\n# Overrides: []")),
            ("10.0.0.2",),
            (),
            "host",
        ),
    ],
)
def test_whom_dockers_resolver_asks(
    changes: tuple[Change, ...], servers: tuple[str, ...], on_host: tuple[str, ...], origin: str
) -> None:
    report = told(OLD, *changes)
    assert report.resolver is not None
    upstream = report.resolver.upstream
    assert upstream is not None
    assert (upstream.servers, upstream.on_host, upstream.origin) == (servers, on_host, origin)
    assert f"Where names that nobody on these networks has go: {servers[0]}" in one_line(report)
    assert commands(report)["resolver.upstream"]


@pytest.mark.parametrize(
    ("resolv", "why"),
    [("nameserver 127.0.0.53", "systemd-resolved"), (None, "none could be run"), ("search a", "no ser")],
)
def test_what_can_not_be_told_is_not(resolv: str | None, why: str) -> None:
    report = told(OLD, resolv_conf(DOCKER), helper(resolv))
    assert report.resolver is not None
    assert report.resolver.upstream is None
    (unknown,) = report.unknown
    assert why in unknown.why
    assert "resolver.upstream" not in commands(report)


def on_the_default_bridge(document: Json) -> None:
    networks = document["container"]["NetworkSettings"]["Networks"]
    document["container"]["NetworkSettings"]["Networks"] = {"bridge": networks["bridge"]}


@pytest.mark.parametrize(
    ("given", "there", "origin", "text"),
    [
        ("nameserver 10.0.0.2", "nameserver 10.0.0.2", "engine_or_host", "a copy of the host's /etc/resolv.conf, or"),
        ("nameserver 127.0.0.1\nnameserver 10.0.0.2", "nameserver 10.0.0.2", "host", "a copy of the host's"),
        ("nameserver 127.0.0.1", "nameserver 8.8.8.8\nnameserver 8.8.4.4", "defaults", "the engine took its defaults"),
        ("nameserver 127.0.0.53", "nameserver 10.0.0.2", None, "Names of other containers are not known to them"),
        ("nameserver 10.0.0.2", "nameserver 10.0.0.9", "other", "✗ These are neither set"),
        (None, "nameserver 10.0.0.9", None, "Names of other containers are not known to them"),
    ],
)
def test_resolvers_on_the_default_bridge(given: str | None, there: str, origin: str | None, text: str) -> None:
    report = told(OLD, on_the_default_bridge, helper(given), resolv_conf(there))
    assert report.resolver is not None
    assert (report.resolver.origin, report.resolver.upstream) == (origin, None)
    assert text in one_line(report)


# -- shared ------------------------------------------------------------------------------------------------------------


def test_what_is_shared_is_named() -> None:
    inspection = recorded(
        OLD,
        host_config(
            PidMode="container:0123", IpcMode="container:gone", VolumesFrom=["ndt-db:ro", "ndt-db"], UTSMode="host"
        ),
    )
    guest = Listed("ndt-guest", f"container:{inspection.networking.container.id}")
    others = {"0123": Listed("ndt-db", "bridge"), "4567": guest, "89": Listed("ndt-late", "container:ndt-web")}
    report = tell(replace(inspection, containers={**inspection.containers, **others}), explain=True)
    assert [(share.what, share.container, share.read_only, share.gone) for share in report.shares] == [
        ("pid", "ndt-db", False, False),
        ("ipc", "gone", False, True),
        ("uts", None, False, False),
        ("volumes", "ndt-db", True, False),
        ("volumes", "ndt-db", False, False),
    ]
    assert report.shared_by == ("ndt-guest", "ndt-late")
    text = one_line(report)
    assert "the list of processes (pid) of `ndt-db`" in text
    assert "the shared memory (ipc) of `gone`  ✗ which is gone" in text
    assert "network shared by   `ndt-guest`, `ndt-late`" in text
    assert {"shares", "shared_by"} <= set(commands(report))
