"""Claims of topologies that are easily got wrong: who is kept apart, which names lead where, what is published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.builders import standing, wishes_of
from unit.verify_bench import all_is_well, between, causes, claim, judged, marks, world_of

from netdeploy.engine.observed import PortBinding
from netdeploy.render.verify_text import verify_text
from netdeploy.verify.claims import claims
from netdeploy.verify.probing import Outcome
from netdeploy.verify.run import _count
from netdeploy.verify.world import HOST, World, world

ICC = "com.docker.network.bridge.enable_icc"


# -- published ports ---------------------------------------------------------------------------------------------------


def published(ports: str, *bound: tuple[int, str, str, str], settings: str = "") -> World:
    """One container whose ports are bound as `bound` says: target, protocol, address, host port."""
    text = f"name: lab\ncontainers: {{web: {{image: busybox, networks: [net], ports: {ports}}}}}\n"
    text += f"networks: {{net: {{{settings}}}}}\n"
    seen = standing(text).snapshot()
    (web,) = seen.containers
    live = replace(web, bound_ports=frozenset(PortBinding(*one) for one in bound))
    return world(wishes_of(text), replace(seen, containers=(live,)))


@pytest.mark.parametrize(
    ("ports", "bound"),
    [
        ("['127.0.0.1:8080:80']", [(80, "tcp", "127.0.0.1", "8080")]),
        ("['8080:80']", [(80, "tcp", "0.0.0.0", "8080"), (80, "tcp", "::", "8080")]),
        ("['8080:80']", [(80, "tcp", "0.0.0.0", "8080")]),
        ("['[::1]:8080:80']", [(80, "tcp", "::1", "8080")]),
        ("['[::]:8080:80']", [(80, "tcp", "::", "8080")]),
        ("['80']", [(80, "tcp", "0.0.0.0", "49153"), (80, "tcp", "::", "49154")]),
        ("['127.0.0.1::80']", [(80, "tcp", "127.0.0.1", "49153")]),
        ("['8100-8110:80']", [(80, "tcp", "0.0.0.0", "8107")]),
        ("['127.0.0.1:8080:80', '127.0.0.2:8080:80']", [(80, "tcp", f"127.0.0.{n}", "8080") for n in (1, 2)]),
        ("['8080:80/udp', '8080:80']", [(80, kind, "0.0.0.0", "8080") for kind in ("tcp", "udp")]),
    ],
)
def test_what_is_published_as_asked_for_is_well(ports: str, bound: list[Any]) -> None:
    report = judged(published(ports, *bound))
    assert report.passed, causes(report)


@pytest.mark.parametrize(
    ("ports", "bound", "cause"),
    [
        (
            "['127.0.0.1:8080:80']",
            [(80, "tcp", "0.0.0.0", "8080")],
            "`web` publishes `0.0.0.0:8080:80`, and the file says `127.0.0.1:8080:80`",
        ),
        (
            "['[::1]:8080:80']",
            [(80, "tcp", "::", "8080")],
            "`web` publishes `[::]:8080:80`, and the file says `[::1]:8080:80`",
        ),
        (
            "['8080:80']",
            [(80, "tcp", "127.0.0.1", "8080")],
            "`web` publishes `127.0.0.1:8080:80`, and the file says `8080:80`",
        ),
        (
            "['127.0.0.1::80']",
            [(80, "tcp", "0.0.0.0", "49153")],
            "`web` publishes `0.0.0.0:49153:80`, and the file says `127.0.0.1::80`",
        ),
        (
            "['127.0.0.1:8080:80']",
            [(80, "tcp", "127.0.0.1", "8080"), (80, "tcp", "127.0.0.2", "8080")],
            "`web` publishes `127.0.0.2:8080:80`, and the file says `127.0.0.1:8080:80`",
        ),
        (
            "['8100-8110:80']",
            [(80, "tcp", "0.0.0.0", "8107"), (80, "tcp", "0.0.0.0", "8200")],
            "`web` publishes port 80 on the host's 8200, which the file does not say",
        ),
        (
            "['8080:80']",
            [(80, "tcp", "0.0.0.0", "8080"), (80, "udp", "0.0.0.0", "8080")],
            "`web` publishes port 80 on the host's 8080, which the file does not say",
        ),
        (
            "[]",
            [(port, "tcp", address, str(port)) for port in (81, 82, 83) for address in ("0.0.0.0", "::")],
            "`web` publishes port 81 on the host's 81 and 2 more, which the file does not say",
        ),
    ],
)
def test_the_address_is_part_of_what_is_published(ports: str, bound: list[Any], cause: str) -> None:
    report = judged(published(ports, *bound))
    assert cause in causes(report)
    (besides,) = [one for one in report.claims if one.kind == "not published"]
    assert (besides.verdict, besides.why) == ("failed", cause)


def test_where_no_address_is_given_the_networks_own_counts() -> None:
    settings = "driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.3}"
    there = published("['8080:80']", (80, "tcp", "127.0.0.3", "8080"), settings=settings)
    assert judged(there).passed
    probe = claim(there, "the host reaches web on 127.0.0.3:8080").probe
    assert probe is not None
    assert probe.host == "127.0.0.3"
    everywhere = published("['8080:80']", (80, "tcp", "0.0.0.0", "8080"), settings=settings)
    assert not judged(everywhere).passed


def test_each_is_tried_where_it_is_bound() -> None:
    around = published("['[::]:8080:80', '81']", (80, "tcp", "::", "8080"), (81, "tcp", "0.0.0.0", "49153"))
    tried = {c.text: (c.probe.host, c.probe.port) for c in claims(around) if c.probe}
    assert tried == {
        "the host reaches web on [::1]:8080": ("::1", 8080),
        "the host reaches web on localhost:49153": ("127.0.0.1", 49153),
    }


def test_what_is_not_bound_is_told_without_a_try_and_udp_too() -> None:
    report = judged(published("['8080:80', '127.0.0.1:53:53/udp']"))
    failed = {one.text for one in report.claims if one.verdict == "failed"}
    assert failed == {"the host reaches web on localhost:8080", "the host reaches web on localhost:53/udp"}
    assert causes(report) == ["`web` does not publish ports 53, 8080: the host does not listen"]


def test_many_ports_that_fail_by_one_cause_are_told_in_one_line() -> None:
    text = "name: lab\ncontainers: {web: {image: busybox, networks: [net], ports: ['8000-8119:8000-8119', '80:80']}}\n"
    around = world_of(text + "networks: {net: }\n")
    report = judged(around, {c.text: Outcome("refused") for c in claims(around) if c.kind == "published"})
    assert causes(report) == ["nothing listens on ports 80, 8000-8119 in `web`"]
    assert len(report.causes[0].claims) == 121
    assert {one.why for one in report.claims if one.verdict == "failed"} == set(causes(report))
    assert len(verify_text(report, width=80).plain.splitlines()) < 20


# -- networks that keep their containers apart -------------------------------------------------------------------------


def apart(value: str, *, external: bool = False, both_on: str = "net") -> World:
    options = "external: true" if external else f"driver_opts: {{{ICC}: {value!r}}}"
    text = f"""
    name: lab
    containers:
      web: {{image: busybox, expose: [80], networks: [{both_on}]}}
      app: {{image: busybox, networks: [{both_on}]}}
    networks: {{net: {{{options}}}, open: }}
    """
    if not external:
        return world_of(text)
    own = text.replace("external: true", f"driver_opts: {{{ICC}: {value!r}}}")
    return world(wishes_of(text), standing(own).snapshot())


@pytest.mark.parametrize("external", [False, True])
@pytest.mark.parametrize("value", ["false", "0", "f", "F", "FALSE", "False"])
def test_containers_of_a_network_without_icc_are_apart_and_find_each_others_names(value: str, external: bool) -> None:
    around = apart(value, external=external)
    where = "over net, which keeps its containers apart"
    assert between(around, "app", "web") == [
        ("name", "app finds web by the name web"),
        ("apart", f"app does not reach web {where}, port 80"),
    ]
    assert between(around, "web", "app")[1:] == [("apart", f"web does not reach app {where}")]
    report = judged(around)
    assert report.passed
    assert marks(report)["app", "web"] == "separate"
    reached = judged(around, {f"app does not reach web {where}, port 80": Outcome("refused", ("10.0.0.2",))})
    assert causes(reached) == ["`app` reaches `web` (at 10.0.0.2) over `net`, which should keep its containers apart"]
    assert marks(reached)["app", "web"] == "wrong"


@pytest.mark.parametrize("value", ["true", "1", "t"])
def test_with_icc_they_reach_each_other(value: str) -> None:
    assert ("port", "app reaches web on port 80 over net") in between(apart(value), "app", "web")


def test_over_another_network_they_reach_each_other() -> None:
    around = apart("false", both_on="net, open")
    assert between(around, "app", "web") == [
        ("name", "app finds web by the name web"),
        ("port", "app reaches web on port 80 over open"),
        ("apart", "app does not reach web over net, which keeps its containers apart, port 80"),
    ]
    assert marks(judged(around))["app", "web"] == "reaches"


def test_a_network_that_keeps_apart_by_no_word_of_the_file_is_the_cause() -> None:
    text = "name: lab\ncontainers: {a1: {image: busybox, networks: [net]}, b1: {image: busybox, networks: [net]}}\n"
    text += "networks: {net: {driver_opts: {%s: 'true'}}}\n" % ICC  # noqa: UP031
    seen = standing(text).snapshot()
    closed = tuple(replace(n, driver_opts={ICC: "false"}) if n.name == "net" else n for n in seen.networks)
    around = world(wishes_of(text), replace(seen, networks=closed))
    report = judged(around, {"a1 reaches b1 over net": Outcome("timeout")})
    (cause,) = causes(report)
    assert cause.startswith(f"`net` keeps its containers apart (`{ICC}` is off on the engine)")
    opened = world(wishes_of(text.replace("'true'", "'false'")), seen)
    text = "a1 does not reach b1 over net, which keeps its containers apart"
    (cause,) = causes(judged(opened, {text: Outcome("ok", ("10.0.0.2",))}))
    assert cause == f"`net` does not keep its containers apart: `{ICC}` is not off on the engine"


# -- names -------------------------------------------------------------------------------------------------------------

NAMES = """
name: lab
containers:
  web: {image: busybox, networks: [net], extra_hosts: {Shop: 192.0.2.7, gate: host-gateway, db: 192.0.2.8}}
  app: {image: busybox, networks: {net: {aliases: [shop]}}}
  db: {image: busybox, networks: [back]}
networks: {net: , back: }
"""


def test_what_extra_hosts_say_comes_first() -> None:
    around = world_of(NAMES)
    assert between(around, "web", "app") == [
        ("name", "web finds app by the name app"),
        ("address", "web reaches app over net"),
    ]
    assert ("apart", "web does not find db by the name db") not in between(around, "web", "db")
    told = {c.text: c.expected for c in claims(around) if c.source == "web" and not c.target}
    assert told == {
        "web finds 192.0.2.7 by the name shop, as its extra_hosts say": {"192.0.2.7"},
        "web finds the host by the name gate, as its extra_hosts say": None,
        "web finds 192.0.2.8 by the name db, as its extra_hosts say": {"192.0.2.8"},
    }
    report = judged(around)
    assert report.passed, causes(report)


def test_where_hosts_was_changed_or_made_otherwise_is_told() -> None:
    around = world_of(NAMES)
    text = "web finds 192.0.2.7 by the name shop, as its extra_hosts say"
    (cause,) = causes(judged(around, {text: Outcome("ok", ("192.0.2.9",), by_hosts=True)}))
    assert cause == "/etc/hosts of `web` has 192.0.2.9 for `shop`, and its `extra_hosts` say something else"
    without = NAMES.replace(", extra_hosts: {Shop: 192.0.2.7, gate: host-gateway, db: 192.0.2.8}", "")
    made = world(wishes_of(NAMES), standing(without).snapshot())
    (cause,) = causes(judged(made, {text: Outcome("unresolved")}))
    assert cause == "`web` was made without `shop` in its `extra_hosts`"
    live = world(wishes_of(without), standing(NAMES).snapshot())
    seen = Outcome("ok", ("192.0.2.7",), by_hosts=True)
    (cause,) = causes(judged(live, {"web finds app by the name shop": seen}))
    assert cause.startswith(
        "/etc/hosts of `web` has 192.0.2.7 for `shop`, from its `extra_hosts` on the engine; `app` is"
    )


def test_names_that_differ_in_case_lead_to_both() -> None:
    text = "name: lab\ncontainers: {Web: {image: busybox, networks: [net]}, web: {image: busybox, networks: [net]},\n"
    text += "  app: {image: busybox, networks: [net], hostname: WEB}}\nnetworks: {net: }\n"
    around = world_of(text)
    everybody = {address for member in around.members.values() for address in member.addresses}
    assert claim(around, "app finds web by the name web").expected == everybody
    assert claim(around, "app finds Web by the name Web").expected == everybody


@pytest.mark.parametrize("name", ["localhost", "42"])
def test_a_name_that_nobody_can_be_found_by_is_told(name: str) -> None:
    text = (
        "name: lab\ncontainers: {app: {image: busybox, networks: [net]}, 'NAME': {image: busybox, networks: [net]}}\n"
    )
    around = world_of(text.replace("NAME", name) + "networks: {net: }\n")
    outcome = Outcome("ok", ("127.0.0.1",), by_hosts=True) if name == "localhost" else Outcome("ok", ("42",))
    (cause,) = causes(judged(around, {f"app finds {name} by the name {name}": outcome}))
    assert cause in {
        "every container is `localhost` to itself, so nobody finds another one by that name",
        "`42` reads as an address, so nobody looks it up as a name",
    }


LINKS = """
name: lab
containers:
  web: {image: busybox, links: ["db:store", other]}
  db: {image: busybox}
  other: {image: busybox}
"""


def test_links_on_the_default_bridge_are_names() -> None:
    around = world_of(LINKS)
    assert between(around, "web", "db") == [
        ("name", "web finds db by the name db"),
        ("name", "web finds db by the name store"),
        ("address", "web reaches db over bridge"),
    ]
    assert between(around, "db", "web")[0] == ("apart", "db does not find web by the name web")
    assert between(around, "other", "db")[0] == ("apart", "other does not find db by the name db")
    assert claim(around, "web finds db by the name store").expected == set(around.members["db"].addresses)
    assert judged(around).passed


def test_a_link_opens_exposed_ports_on_a_default_bridge_that_keeps_apart() -> None:
    text = LINKS.replace("db: {image: busybox}", "db: {image: busybox, expose: [80]}")
    seen = standing(text).snapshot()
    closed = tuple(replace(n, driver_opts={ICC: "false"}) if n.name == "bridge" else n for n in seen.networks)
    around = world(wishes_of(text), replace(seen, networks=closed))
    apart = "over bridge, which keeps its containers apart"
    assert between(around, "web", "db")[-1] == ("port", "web reaches db on port 80 over bridge")
    assert between(around, "db", "web")[-1] == ("apart", f"db does not reach web {apart}")
    assert between(around, "web", "other")[-1] == ("apart", f"web does not reach other {apart}")


def test_a_stale_link_is_one_cause_for_all_its_names() -> None:
    around = world_of(LINKS)
    stale = Outcome("ok", ("172.17.0.99",), by_hosts=True)
    report = judged(around, {f"web finds db by the name {name}": stale for name in ("db", "store")})
    address = around.members["db"].addresses[0]
    assert causes(report) == [
        f"/etc/hosts of `web` has a stale address for `db`, `store`: 172.17.0.99, and `db` is at `{address}`"
    ]
    gone = judged(around, {"web finds db by the name store": Outcome("unresolved")})
    assert causes(gone) == ["/etc/hosts of `web` has no address for `store`"]


def test_links_on_a_network_are_names_there() -> None:
    text = LINKS.replace("busybox", "busybox, networks: [net]") + "networks: {net: }\n"
    around = world_of(text)
    assert ("name", "web finds db by the name store") in between(around, "web", "db")
    assert ("name", "other finds db by the name store") not in between(around, "other", "db")
    assert judged(around).passed


def test_a_name_that_somebody_else_has_too_names_both() -> None:
    text = "name: lab\nprefix: a-\nnetworks: {net: }\n"
    text += "containers: {web: {image: busybox, networks: [net]}, app: {image: busybox, networks: [net]}}\n"
    engine = standing(text)
    engine.foreign_container("b-web", ["a-net"], {"netdeploy.topology": "two"})
    seen = engine.snapshot()
    stranger = next(c for c in seen.containers if c.name == "b-web")
    places = {"a-net": replace(stranger.attachments["a-net"], aliases=frozenset({"web"}))}
    ours = tuple(c for c in seen.containers if c.name != "b-web")
    near = replace(seen, containers=ours, neighbours=(replace(stranger, attachments=places),))
    around = world(wishes_of(text), near)
    sentence = "`web` on `a-net` leads to `a-web` and also to `b-web`, which belongs to the topology `two`"
    well = judged(around)
    assert (well.passed, well.warnings) == (True, (sentence,))
    assert sentence in " ".join(verify_text(well, width=None).plain.split())
    both = (*around.members["web"].addresses, places["a-net"].address)
    report = judged(around, {"app finds web by the name web": Outcome("ok", both)})
    assert (causes(report), report.warnings) == ([sentence], ())


def test_a_name_that_should_not_resolve_says_where_it_leads() -> None:
    text = "name: lab\ncontainers: {app: {image: busybox, networks: [net]}}\nnetworks: {net: }\n"
    text += "checks: [{from: app, to: theclient, expect: does-not-resolve}]\n"
    engine = standing(text)
    engine.foreign_container("theclient", ["net"])
    around = world_of(text, engine)
    address = engine.endpoint("theclient", "net")["IPAddress"]
    report = judged(around, {"app: theclient does not resolve": Outcome("ok", (address,))})
    assert causes(report) == [
        f"`theclient` leads from `app` to {address}, which is `theclient`: it has that name on `net`"
    ]
    report = judged(around, {"app: theclient does not resolve": Outcome("ok", ("192.0.2.1",))})
    assert causes(report) == ["`theclient` leads from `app` to 192.0.2.1, which no container has"]


# -- who can be asked --------------------------------------------------------------------------------------------------

ONE_SHOT = """
name: lab
containers:
  migrate: {image: busybox, networks: [net], expose: [80], ports: ["8080:80"]}
  guest: {image: busybox, network_mode: "container:migrate"}
  app: {image: busybox, networks: [net], depends_on: {migrate: {condition: service_completed_successfully}}}
networks: {net: }
checks: [{from: migrate, to: app}, {from: app, to: "migrate:80"}]
"""


def test_one_that_ended_as_meant_is_well_and_the_rest_untested() -> None:
    text = ONE_SHOT.replace('  guest: {image: busybox, network_mode: "container:migrate"}\n', "")
    engine = standing(text)
    engine.stop("migrate")
    report = judged(world_of(text, engine))
    assert report.passed, causes(report)
    about = [one for one in report.claims if "migrate" in (one.source, one.target)]
    assert {one.why for one in about if one.verdict == "untested"} == {"migrate has ended, as it is meant to"}
    passed = [one.text for one in about if one.verdict == "passed"]
    assert passed == ["migrate has ended, as it is meant to"]
    engine.stop("migrate", 3)
    report = judged(world_of(text, engine))
    assert causes(report) == ["`migrate` is stopped (exit code 3)"]


def test_who_shares_the_network_of_one_that_ended_can_not_be_asked() -> None:
    engine = standing(ONE_SHOT.replace(", depends_on: {migrate: {condition: service_completed_successfully}}", ""))
    engine.stop("migrate")
    report = judged(world_of(ONE_SHOT, engine))
    assert report.passed, causes(report)
    assert marks(report)["app", "guest"] == "untested"


def test_who_keeps_a_dead_network_is_told_as_diff_tells_it() -> None:
    text = "name: lab\ncontainers: {owner: {image: busybox, networks: [net]}, app: {image: busybox, networks: [net]},\n"
    text += "  guest: {image: busybox, network_mode: 'container:owner'}}\nnetworks: {net: }\n"
    engine = standing(text)
    engine.stop("owner")
    engine.start("owner")
    around = world_of(text, engine)
    report = judged(around, {"app reaches guest over net": Outcome("ok", around.members["owner"].addresses)})
    assert causes(report) == ["`guest` shares the network of `owner`, which was started after it"]
    assert marks(report)["owner", "guest"] == marks(report)["guest", "owner"] == "wrong"
    failing = {c.text: Outcome("unresolved") for c in claims(around) if c.source == "guest" and c.probe}
    assert causes(judged(around, failing)) == causes(report)


def test_a_container_called_host_is_not_the_host() -> None:
    text = "name: lab\ncontainers: {host: {image: busybox, networks: [net], ports: ['8080:80']},\n"
    text += (
        "  app: {image: busybox, networks: [net]}}\nnetworks: {net: }\nchecks: [{from: host, to: 'localhost:8080'}]\n"
    )
    around = world_of(text)
    assert [c.kind for c in claims(around) if c.source == HOST] == [
        "published",
        "not published",
        "not published",
        "check",
    ]
    report = judged(around)
    rows = [(cell.source, cell.from_host, cell.target) for cell in report.matrix]
    assert rows == [
        ("host", False, "app"),
        ("app", False, "host"),
        ("host", True, "host"),
        ("host", True, "app"),
    ]
    broken = judged(around, {"host reaches app over net": Outcome("timeout")})
    text = verify_text(broken, width=80).plain
    assert [line.split() for line in text.splitlines() if line.startswith(("  host ", "  this host "))] == [
        ["host", "—", "✗"],
        ["this", "host", "✓", "·"],
    ]


def test_every_place_in_the_matrix_has_a_claim() -> None:
    text = """
    name: lab
    containers:
      owner: {image: busybox, networks: [net]}
      guest: {image: busybox, network_mode: "container:owner"}
      lonely: {image: busybox, network_mode: none}
      alone: {image: busybox, network_mode: none}
      bare: {image: busybox, network_mode: host}
      naked: {image: busybox, network_mode: host}
      dns: {image: busybox, networks: [net], expose: [53/udp]}
      far: {image: busybox, networks: [other]}
    networks: {net: , other: }
    """
    around = world_of(text)
    told = {(c.source, c.target) for c in claims(around)}
    wanted = {(a, b) for a in (*around.members, HOST) for b in around.members if a != b}
    assert wanted <= told
    report = judged(around)
    assert report.passed, causes(report)
    assert all(one.why for one in report.claims if one.verdict == "untested")
    seen = marks(report)
    assert seen["owner", "guest"] == seen["bare", "naked"] == "reaches"
    assert seen["lonely", "alone"] == seen["owner", "lonely"] == seen["lonely", "owner"] == "separate"
    assert seen["owner", "bare"] == "untested"


# -- words -------------------------------------------------------------------------------------------------------------


def test_one_is_told_in_the_singular() -> None:
    assert (_count(1, "probe"), _count(0, "probe"), _count(2, "place")) == ("1 probe", "0 probes", "2 places")
    text = "name: lab\ncontainers: {web: {image: busybox, network_mode: none}}\n"
    around = world_of(text)
    assert verify_text(judged(around), width=80).plain.endswith(": 2 of 2 hold.\n")
    engine = standing(text)
    engine.stop("web", 1)
    report = judged(world_of(text, engine))
    assert verify_text(report, width=80).plain.endswith(": 1 of 1 fails, 1 untested.\n")


def test_what_failed_by_no_known_cause_is_expected_and_seen() -> None:
    text = "name: lab\ncontainers: {web: {image: busybox, network_mode: none}}\n"
    text += "checks: [{from: web, to: '192.0.2.1:80', expect: unreachable}]\n"
    around = world_of(text)
    report = judged(around, {"web: 192.0.2.1:80 is not reachable": Outcome("ok", ("192.0.2.1",))})
    assert causes(report) == ["web: 192.0.2.1:80 is not reachable: expected none, and it answered at 192.0.2.1"]


def test_evidence_of_a_well_network_is_well_for_all_kinds() -> None:
    around = world_of(NAMES)
    assert set(all_is_well(around).outcomes) == {n for n, c in enumerate(claims(around)) if c.probe}
