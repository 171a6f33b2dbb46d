"""The network proven from inside: what holds, and for each tampering the one cause."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from docker.errors import NotFound

from engine.lab import Lab, Result, free_port
from engine.proxy import Proxy
from netdeploy.engine.helpers import LABEL_HELPER
from netdeploy.engine.holder import Holder
from netdeploy.verify.verdict import verify_schema

ROOT = Path(__file__).parents[2]
HEAD = "name: ndt-lab\nprefix: ndt-\n"
SLEEPER = "{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"


@pytest.fixture
def exercise(lab: Lab) -> Path:
    """The exercise the project ships with, under names and a port of the tests."""
    text = (ROOT / "topologies" / "netflix.yaml").read_text()
    port = free_port()
    text = text.replace("name: netflix", HEAD.strip(), 1).replace("3000:3000", f"{port}:3000")
    text = text.replace("localhost:3000", f"localhost:{port}")
    file = lab.write(text)
    lab.apply(file, "--stand-ins", "always")
    return file


def proven(lab: Lab, file: Path, *options: str) -> Any:
    """The report of a verify; no helper container stays behind."""
    result = lab.run("verify", file, "-o", "json", *options)
    assert result.code in {0, 1}, result.both
    report = result.json
    jsonschema.Draft202012Validator(verify_schema()).validate(report)
    assert result.code == (0 if report["passed"] else 1)
    assert helpers(lab) == []
    return report


def helpers(lab: Lab) -> list[str]:
    found = lab.client.api.containers(all=True, filters={"label": LABEL_HELPER})
    return [item["Names"][0] for item in found]


def causes(report: Any) -> list[str]:
    return [cause["text"] for cause in report["causes"]]


def marks(report: Any) -> dict[tuple[str, str], str]:
    return {(cell["source"], cell["target"]): cell["mark"] for cell in report["matrix"]}


# -- the exercise ------------------------------------------------------------------------------------------------------


def test_the_five_truths_of_the_exercise_are_in_the_matrix(lab: Lab, exercise: Path) -> None:
    report = proven(lab, exercise)
    assert report["passed"], causes(report)
    assert report["summary"]["untested"] == 0
    seen = marks(report)
    assert seen["netflix-frontend", "netflix-movie-catalog"] == "reaches"
    assert seen["netflix-movie-catalog", "cassandra"] == "reaches"
    assert seen["netflix-frontend", "cassandra"] == "separate"
    assert seen["host", "netflix-frontend"] == "reaches"
    assert seen["host", "netflix-movie-catalog"] == "separate"
    assert seen["host", "cassandra"] == "separate"
    text = lab.run("verify", exercise).out
    rows = {row.split()[0]: row.split()[1:] for row in text.splitlines() if "✓" in row or "·" in row}
    assert rows["netflix-frontend"] == ["—", "✓", "·"]
    assert rows["netflix-movie-catalog"] == ["✓", "—", "✓"]
    assert rows["this"] == ["host", "✓", "·", "·"]


def disconnected(lab: Lab) -> None:
    lab.client.networks.get("ndt-private-net-1").disconnect("ndt-netflix-movie-catalog")


def alias_taken_away(lab: Lab) -> None:
    network = lab.client.networks.get("ndt-public-net-1")
    network.disconnect("ndt-netflix-movie-catalog")
    network.connect("ndt-netflix-movie-catalog", aliases=["netflix-movie-catalog"])


def stopped(lab: Lab) -> None:
    lab.container("ndt-cassandra").kill()


def connected_besides(lab: Lab) -> None:
    lab.client.networks.get("ndt-private-net-1").connect("ndt-netflix-frontend")


def guest(lab: Lab) -> None:
    lab.foreign("ndt-guest", network="ndt-public-net-1", ports={"80/tcp": None})


def relay(lab: Lab) -> None:
    lab.foreign("ndt-relay", network="ndt-public-net-1")
    lab.client.networks.get("ndt-private-net-1").connect("ndt-relay")


def paused(lab: Lab) -> None:
    lab.container("ndt-cassandra").pause()


def renamed(lab: Lab) -> None:
    lab.container("ndt-cassandra").rename("ndt-other")


def removed(lab: Lab) -> None:
    lab.container("ndt-cassandra").remove(force=True)


TAMPERINGS = {
    disconnected: "`ndt-netflix-movie-catalog` is not on `ndt-private-net-1`; it is on `ndt-public-net-1`",
    alias_taken_away: "the alias `netflix-catalog` of `ndt-netflix-movie-catalog` is missing on `ndt-public-net-1`",
    stopped: "`ndt-cassandra` is stopped (exit code 137)",
    connected_besides: "`ndt-netflix-frontend` is also on `ndt-private-net-1`, where the file does not put it",
    guest: "`ndt-guest`, which is not of this topology, is on `ndt-public-net-1` and publishes port 80 on the host's ",
    relay: "`ndt-relay`, which is not of this topology, is on `ndt-private-net-1`, `ndt-public-net-1`: it can pass on",
    paused: "`ndt-cassandra` is paused",
    renamed: "`ndt-cassandra` is called `ndt-other` on the engine",
    removed: "`ndt-cassandra` is not on the engine",
}


@pytest.mark.part(4)
@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_each_tampering_has_one_cause(lab: Lab, exercise: Path, tamper: Any) -> None:
    tamper(lab)
    report = proven(lab, exercise)
    (cause,) = causes(report)
    assert cause.startswith(TAMPERINGS[tamper])


# -- what listens where ------------------------------------------------------------------------------------------------

LISTENERS = f"""
containers:
  web:
    image: BUSYBOX
    command: [sh, -c, "mkdir /www; echo hello > /www/index.html; exec httpd -f -h /www -p ADDRESS:LISTENED"]
    stop_signal: SIGKILL
    networks: [net]
    ports: ["PORT:80"]
  app: {SLEEPER}, networks: [net]}}
networks: {{net: }}
"""


def listening(lab: Lab, address: str, port: int = 80, more: str = "") -> Path:
    body = LISTENERS.replace("ADDRESS", address).replace("LISTENED", str(port)).replace("PORT", str(free_port()))
    file = lab.write(HEAD + body + more)
    lab.apply(file)
    return file


def test_a_server_that_is_bound_to_127_0_0_1(lab: Lab) -> None:
    report = proven(lab, listening(lab, "127.0.0.1"))
    assert causes(report) == ["`ndt-web` listens on port 80 only at 127.0.0.1, inside itself"]
    failed = [claim for claim in report["claims"] if claim["verdict"] == "failed"]
    assert [(claim["kind"], claim["saw"].split()[0]) for claim in failed] == [
        ("port", "refused"),
        ("published", "empty"),
    ]


def test_a_server_on_another_port(lab: Lab) -> None:
    report = proven(lab, listening(lab, "0.0.0.0", 8080))
    assert causes(report) == ["nothing listens on port 80 in `ndt-web`; it listens on 8080"]


def test_a_published_port_of_a_container_on_internal_networks_only(lab: Lab) -> None:
    body = LISTENERS.replace("{net: }", "{net: {internal: true}}").replace("ADDRESS", "0.0.0.0")
    file = lab.write(HEAD + body.replace("LISTENED", "80").replace("PORT", str(free_port())))
    lab.run("apply", file)
    (cause,) = causes(proven(lab, file))
    assert cause.startswith("`ndt-web` does not publish port ")
    assert cause.endswith(": it is on internal networks only (`ndt-net`)")


# -- published ports ---------------------------------------------------------------------------------------------------


def publishing(lab: Lab, ports: str) -> Path:
    server = "image: BUSYBOX, command: [httpd, -f, -p, '80'], stop_signal: SIGKILL"
    body = f"containers: {{web: {{{server}, networks: [net], ports: [{ports}]}}}}\nnetworks: {{net: }}\n"
    return lab.write(HEAD + body)


def test_every_way_to_publish_a_port_is_tried_where_it_is_bound(lab: Lab) -> None:
    addresses = ("127.0.0.1:", "127.0.0.2:", "[::1]:", "[::]:", "")
    # not both of `80` and `127.0.0.1::80`: 28.5 chooses one number for both, and then finds it in use
    forms = [*(f"{address}{free_port()}:80" for address in addresses), "127.0.0.1::80", "40100-40120:80"]
    file = publishing(lab, ", ".join(f"'{form}'" for form in (*forms, f"{free_port()}:80/udp")))
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    published = [claim["verdict"] for claim in report["claims"] if claim["kind"] == "published"]
    assert sorted(published) == ["passed"] * 7 + ["untested"]


@pytest.mark.part(2)
@pytest.mark.parametrize(
    ("made", "wished", "cause"),
    [
        ("PORT:80", "127.0.0.1:PORT:80", "publishes `0.0.0.0:PORT:80`, and the file says `127.0.0.1:PORT:80`"),
        ("127.0.0.1:PORT:80", "PORT:80", "publishes `127.0.0.1:PORT:80`, and the file says `PORT:80`"),
        ("[::]:PORT:80", "[::1]:PORT:80", "publishes `[::]:PORT:80`, and the file says `[::1]:PORT:80`"),
        (
            "127.0.0.2:PORT:80",
            "127.0.0.1:PORT:80",
            "publishes `127.0.0.2:PORT:80`, and the file says `127.0.0.1:PORT:80`",
        ),
        ("PORT:80/udp", "PORT:80", "publishes port 80 on the host's PORT, which the file does not say"),
    ],
)
def test_a_port_at_another_address_is_published_besides(lab: Lab, made: str, wished: str, cause: str) -> None:
    port = str(free_port())
    file = publishing(lab, f"'{made.replace('PORT', port)}'")
    lab.apply(file)
    file.write_text(file.read_text().replace(made.replace("PORT", port), wished.replace("PORT", port)))
    assert f"`ndt-web` {cause.replace('PORT', port)}" in causes(proven(lab, file))


def test_a_network_may_say_at_which_address_ports_are_published(lab: Lab) -> None:
    file = publishing(lab, f"'{free_port()}:80'")
    option = "driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.3}"
    file.write_text(file.read_text().replace("{net: }", f"{{net: {{{option}}}}}"))
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)


# -- who reaches whom --------------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_a_network_that_keeps_its_containers_apart(lab: Lab) -> None:
    port = free_port()
    body = f"""
containers:
  web: {{image: BUSYBOX, command: [httpd, -f, -p, '80'], stop_signal: SIGKILL, networks: [net], ports: ["{port}:80"]}}
  app: {SLEEPER}, networks: [net]}}
  both: {SLEEPER}, networks: [net, open]}}
  too: {SLEEPER}, networks: [net, open]}}
networks: {{net: {{driver_opts: {{com.docker.network.bridge.enable_icc: "0"}}}}, open: }}
"""
    file = lab.write(HEAD + body)
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    seen = marks(report)
    assert seen["app", "web"] == seen["web", "app"] == "separate"
    assert seen["both", "too"] == seen["host", "web"] == "reaches"
    file.write_text(file.read_text() + 'checks: [{from: app, to: "web:80", within: 0s}]\n')
    (cause,) = causes(proven(lab, file))
    assert cause.startswith(
        "`ndt-net` keeps its containers apart (`com.docker.network.bridge.enable_icc` is off on the"
    )


@pytest.mark.whole
def test_who_shares_a_network_and_keeps_a_dead_one(lab: Lab) -> None:
    body = f"""
containers:
  owner: {SLEEPER}, networks: [net]}}
  guest: {SLEEPER}, network_mode: "container:owner"}}
  app: {SLEEPER}, networks: [net]}}
networks: {{net: }}
"""
    file = lab.write(HEAD + body)
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    assert marks(report)["owner", "guest"] == "reaches"
    lab.container("ndt-owner").restart(timeout=0)
    assert causes(proven(lab, file)) == ["`ndt-guest` shares the network of `ndt-owner`, which was started after it"]
    assert "it shares the network of `ndt-owner`, which was started after it" in lab.run("diff", file).out


def test_one_that_ended_as_meant_is_well(lab: Lab) -> None:
    port = free_port()
    body = f"""
containers:
  migrate: {{image: BUSYBOX, command: ["true"], networks: [net], expose: [80], ports: ["{port}:80"]}}
  app: {SLEEPER}, networks: [net], depends_on: {{migrate: {{condition: service_completed_successfully}}}}}}
networks: {{net: }}
"""
    file = lab.write(HEAD + body)
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    why = {claim["why"] for claim in report["claims"] if claim["verdict"] == "untested"}
    assert why == {"migrate has ended, as it is meant to"}


def test_a_container_called_host_does_not_stand_for_the_host(lab: Lab) -> None:
    server = "command: [httpd, -f, -p, '80'], stop_signal: SIGKILL"
    port = free_port()
    body = f"""
containers:
  host: {{image: BUSYBOX, {server}, networks: [net], ports: ["127.0.0.1:{port}:80"]}}
  app: {SLEEPER}, networks: [net]}}
networks: {{net: }}
checks: [{{from: host, to: "localhost:{port}"}}]
"""
    file = lab.write(HEAD + body)
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    rows = {(cell["source"], cell["from_host"], cell["target"]): cell["mark"] for cell in report["matrix"]}
    assert rows["host", False, "app"] == rows["host", True, "host"] == "reaches"
    assert rows["host", True, "app"] == "separate"


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def edge(lab: Lab) -> str:
    """A network that somebody else made."""
    name: str = lab.client.networks.create("ndt-edge").name
    return name


def on_edge(lab: Lab, name: str, prefix: str, web: str = "") -> Path:
    body = f"""
name: {name}
prefix: {prefix}
containers:
  web: {SLEEPER}, networks: {{edge: {{aliases: [{name}-shop]}}}}}}
  app: {SLEEPER}, networks: [edge]{web}}}
networks: {{edge: {{name: ndt-edge, external: true}}}}
"""
    file = lab.write(body, name)
    lab.apply(file)
    return file


@pytest.mark.whole
def test_two_copies_on_one_external_network_are_named_both(lab: Lab, edge: str) -> None:
    one, two = on_edge(lab, "ndt-one", "ndt-a-"), on_edge(lab, "ndt-two", "ndt-b-")
    report = proven(lab, one)
    both = f"`web` on `{edge}` leads to `ndt-a-web` and also to `ndt-b-web`"
    said = f"{both}, which belongs to the topology `ndt-two` with the prefix `ndt-b-` ({two})"
    assert said in causes(report)
    assert len(causes(report)) == 2  # `app` is another
    assert {claim["text"] for claim in report["claims"] if claim["verdict"] == "failed"} == {
        "web finds app by the name app",
        "app finds web by the name web",
    }
    diff = lab.run("diff", one, "-o", "json").json
    assert diff["in_sync"]
    assert said in diff["notes"]


def test_somebody_elses_alias_on_an_external_network_is_no_stale_address(lab: Lab, edge: str) -> None:
    file = on_edge(lab, "ndt-one", "ndt-a-")
    stranger = lab.foreign("ndt-stranger", network="none")
    lab.client.networks.get("none").disconnect(stranger)
    lab.client.networks.get(edge).connect(stranger, aliases=["ndt-one-SHOP"])
    (cause,) = causes(proven(lab, file))
    assert cause.startswith(
        f"`ndt-one-shop` on `{edge}` leads to `ndt-a-web` and also to `ndt-stranger`, which was not made"
    )


def test_an_own_extra_host_comes_first(lab: Lab, edge: str) -> None:
    file = on_edge(lab, "ndt-one", "ndt-a-", web=", extra_hosts: {NDT-one-shop: 192.0.2.7, gate: host-gateway}")
    report = proven(lab, file)
    assert report["passed"], causes(report)
    names = [claim["text"] for claim in report["claims"] if (claim["kind"], claim["source"]) == ("name", "app")]
    assert "app finds 192.0.2.7 by the name ndt-one-shop, as its extra_hosts say" in names
    assert "app finds web by the name ndt-one-shop" not in names
    lab.in_container("ndt-a-app", "echo '192.0.2.9 web' >> /etc/hosts")
    (cause,) = causes(proven(lab, file))
    assert cause.startswith("/etc/hosts of `ndt-a-app` has 192.0.2.9 for `web`; `ndt-a-web` is at ")


def test_names_that_differ_in_case_only_lead_to_both(lab: Lab) -> None:
    body = "".join(f"  {name}: {SLEEPER}, networks: [net]}}\n" for name in ("Web", "web", "app"))
    file = lab.write(f"{HEAD}containers:\n{body}networks: {{net: }}\n")
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    assert "`web` and `Web` on `net` differ in case only" in lab.run("validate", file).both


@pytest.mark.whole
def test_link_names_on_the_default_bridge_and_stale_ones(lab: Lab) -> None:
    body = f"containers:\n  db: {SLEEPER}}}\n  web: {SLEEPER}, links: ['db:store']}}\n"
    file = lab.write(HEAD + body)
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    told = [claim["text"] for claim in report["claims"] if claim["kind"] == "name"]
    assert told == ["web finds db by the name ndt-db", "web finds db by the name store"]
    web, db = lab.container("ndt-web"), lab.container("ndt-db")
    web.rename("ndt-other")
    web.rename("ndt-web")  # the engine forgets whose /etc/hosts to write anew
    db.kill()
    lab.foreign("ndt-taker")  # takes the address
    db.start()
    (cause,) = causes(proven(lab, file))
    assert cause.startswith("/etc/hosts of `ndt-web` has a stale address for `ndt-db`, `store`: ")


def test_link_names_on_a_network_are_the_sources_alone(lab: Lab) -> None:
    body = "".join(
        f"  {name}: {SLEEPER}, networks: [net]{more}}}\n"
        for name, more in (("db", ""), ("web", ", links: ['db:store']"))
    )
    file = lab.write(f"{HEAD}containers:\n{body}networks: {{net: }}\n")
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)
    assert "web finds db by the name store" in [claim["text"] for claim in report["claims"]]


def test_a_name_that_should_not_resolve_says_where_it_leads(lab: Lab) -> None:
    checks = "checks: [{from: app, to: ndt-guest, expect: does-not-resolve, within: 0s}]\n"
    file = lab.write(f"{HEAD}containers:\n  app: {SLEEPER}, networks: [net]}}\nnetworks: {{net: }}\n{checks}")
    lab.apply(file)
    lab.foreign("ndt-guest", network="ndt-net")
    (cause,) = causes(proven(lab, file))
    assert cause.startswith("`ndt-guest` leads from `ndt-app` to ")
    assert cause.endswith(", which is `ndt-guest`: it has that name on `ndt-net`")


# -- declared checks ---------------------------------------------------------------------------------------------------


def test_declared_checks_that_hold(lab: Lab) -> None:
    checks = """
checks:
  - {from: app, to: "web:80", http: {contains: hello}, name: app gets a greeting}
  - {from: app, to: "WEB:80"}
  - {from: app, to: web}
  - {from: app, to: "web:81", expect: unreachable, within: 0s}
  - {from: app, to: web, expect: resolves}
  - {from: app, to: nobody, expect: does-not-resolve}
  - {from: app, to: "127.0.0.1:1", expect: unreachable, within: 0s}
  - {from: host, to: "127.0.0.1:1", expect: unreachable}
"""
    report = proven(lab, listening(lab, "0.0.0.0", more=checks))
    assert report["passed"], causes(report)
    told = [claim["text"] for claim in report["claims"] if claim["kind"] == "check"]
    assert told[0] == "app gets a greeting"
    assert told[1] == "app: WEB:80 is reachable"
    assert len(told) == 8


def test_declared_checks_that_do_not_hold(lab: Lab) -> None:
    checks = """
checks:
  - {from: app, to: "web:80", http: {status: 404}, within: 0s}
  - {from: app, to: "web:80", http: {contains: good bye}, within: 0s}
  - {from: app, to: "localhost:80", within: 0s}
  - {from: app, to: "nobody:80", within: 0s}
  - {from: app, to: "web:81", within: 0s}
  - {from: app, to: web, expect: unreachable, within: 0s}
  - {from: app, to: web, expect: does-not-resolve, within: 0s}
  - {from: host, to: "localhost:81", within: 0s}
  - {from: app, to: "web:PUBLISHED", within: 0s}
"""
    file = listening(lab, "0.0.0.0")
    published = lab.container("ndt-web").attrs["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"]
    file.write_text(file.read_text() + checks.replace("PUBLISHED", published))
    assert causes(proven(lab, file)) == [
        "web:80/ answers with status 200, not 404; it begins with `hello`",
        "web:80 answers, and its answer does not hold `good bye`; it begins with `hello`",
        "`localhost` inside `ndt-app` is `ndt-app` itself; `ndt-web` listens on 80",
        "nobody on the networks of `ndt-app` (`ndt-net`) is called `nobody`",
        "nothing listens on port 81 in `ndt-web`; it listens on 80",
        "`ndt-app` and `ndt-web` share `ndt-net`",
        "nothing publishes port 81 on the host",
        f"{published} is a port of the host; between containers `ndt-web` is on 80",
    ]


def test_where_the_host_gets_without_a_published_port_is_tried(exercise: Path, lab: Lab) -> None:
    """Against connections from the host itself; an address on the host's own bridges is a neighbour's."""
    report = proven(lab, exercise)
    places = [place for several in report["unpublished"].values() for place in several]
    assert set(report["unpublished"]) == {"cassandra", "netflix-movie-catalog"}
    for place in places:
        address, _, port = place.rpartition(":")
        socket.create_connection((address, int(port)), timeout=5).close()
    text = lab.run("verify", exercise).out
    assert "without publishing it still" in text
    lab.container("ndt-cassandra").stop(timeout=0)
    assert list(proven(lab, exercise)["unpublished"]) == ["netflix-movie-catalog"]


# -- what can't be told ------------------------------------------------------------------------------------------------


def test_udp_is_untested_and_never_passed(lab: Lab) -> None:
    body = f"""
containers:
  dns: {SLEEPER}, networks: [net], ports: ["127.0.0.1:{free_port()}:53/udp"]}}
  app: {SLEEPER}, networks: [net]}}
networks: {{net: }}
"""
    file = lab.write(HEAD + body)
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"]
    untested = [claim["text"] for claim in report["claims"] if claim["verdict"] == "untested"]
    assert untested[0] == "app reaches dns on port 53/udp"
    assert "53/udp" in untested[0]
    assert len(untested) == 2
    assert "untested, since udp can't be told apart from silence" in lab.run("verify", file).out


# -- how it goes about it ----------------------------------------------------------------------------------------------


@pytest.mark.whole
def test_a_helper_that_was_left_behind_is_removed_by_the_next_verify(lab: Lab, exercise: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = Holder.this_process().labels(LABEL_HELPER) | {f"{LABEL_HELPER}.pid": str(process.pid)}
    lab.foreign("netdeploy-helper-ndt-left", labels={LABEL_HELPER: "a test", **dead})
    living = Holder.this_process().labels(LABEL_HELPER)
    lab.foreign("ndt-living", labels={LABEL_HELPER: "a test", **living})
    try:
        assert lab.run("verify", exercise).code == 0
        assert helpers(lab) == ["/ndt-living"]
    finally:
        with contextlib.suppress(NotFound):
            lab.container("netdeploy-helper-ndt-left").remove(force=True)
    lab.container("ndt-living").remove(force=True)


def test_killed_or_interrupted_no_helper_stays(lab: Lab, exercise: Path) -> None:
    command = [sys.executable, "-m", "netdeploy", "--host", lab.engine.endpoint.url, "verify", str(exercise)]
    for how in (signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 30
        while not helpers(lab) and time.monotonic() < end:
            time.sleep(0.02)
        os.kill(process.pid, how)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        if how is signal.SIGINT:
            assert process.returncode == 130, err
            assert helpers(lab) == []
    assert proven(lab, exercise)["passed"]


def test_wait_waits_for_health_and_apply_verifies_at_its_end(lab: Lab) -> None:
    body = f"""
containers:
  slow:
    image: BUSYBOX
    command: [sh, -c, "sleep 3; touch /up; exec nc -ll -p 80 -e true"]
    stop_signal: SIGKILL
    healthcheck: {{test: test -e /up, interval: 1s}}
    expose: [80]
    networks: [net]
  app: {SLEEPER}, networks: [net]}}
networks: {{net: }}
"""
    file = lab.write(HEAD + body)
    result = lab.run("apply", file, "--verify")
    assert result.code == 0, result.both
    assert "waiting for slow" in result.err
    assert "The network is as the file says" in result.out
    lab.container("ndt-slow").restart(timeout=0)
    assert lab.run("verify", file, "--wait").code == 0
    lab.container("ndt-slow").kill()
    result = lab.run("apply", file.with_name("no-such.yaml"), "--verify")
    assert result.code == 2


def test_verify_changes_nothing_but_its_helpers(lab: Lab, exercise: Path) -> None:
    names = ["ndt-netflix-frontend", "ndt-netflix-movie-catalog", "ndt-cassandra"]
    before = lab.identities(*names)
    with Proxy(lab.engine.endpoint.url, lab.folder / "v.sock") as proxy:
        result: Result = lab.run("verify", exercise, url=proxy.url)
        assert result.code == 0, result.both
        paths = [path for _, path in proxy.changing]
        assert all("/containers/" in path for path in paths)
        assert not any(identity.id in path for identity in before.values() for path in paths)
    assert lab.identities(*names) == before
    assert lab.told(exercise) == []


def test_without_a_file_every_topology_is_verified_against_its_own(lab: Lab, exercise: Path) -> None:
    result = lab.run("verify", "-o", "json")
    reports = [report for report in json.loads(result.out) if report["topology"] == "ndt-lab"]
    assert [report["source"] for report in reports] == [str(exercise)]
    assert reports[0]["passed"]


def test_what_was_set_up_by_hand_is_verified_by_name(lab: Lab) -> None:
    body = (
        f"containers:\n  web: {SLEEPER}, networks: [net]}}\n  app: {SLEEPER}, networks: [net]}}\nnetworks: {{net: }}\n"
    )
    file = lab.write(HEAD + body)
    network = lab.client.networks.create("ndt-net")
    for name in ("ndt-web", "ndt-app"):
        made = lab.foreign(name, network="none")
        lab.client.networks.get("none").disconnect(made)
        network.connect(made, aliases=[name.removeprefix("ndt-")])
    report = proven(lab, file)
    assert report["passed"], causes(report)
