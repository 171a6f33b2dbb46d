"""What must hold, and what is told, without an engine: claims of topologies, and verdicts on evidence made here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from unit.builders import standing
from unit.verify_bench import EXERCISE, all_is_well, between, causes, judged, marks, world_of

from netdeploy.render.verify_text import verify_text
from netdeploy.verify.claim import Claim, Probe
from netdeploy.verify.claims import claims
from netdeploy.verify.probing import Evidence, Listener, Outcome, _line, _listener, _outcomes
from netdeploy.verify.verdict import judge

GOLDEN = Path(__file__).parent / "golden"


# -- claims ------------------------------------------------------------------------------------------------------------


def test_the_claims_of_a_topology() -> None:
    told = "\n".join(f"{claim.kind}: {claim.text}{_untested(claim)}" for claim in claims(world_of()))
    compare("claims.txt", told + "\n")


def _untested(claim: Claim) -> str:
    return f" (untested: {claim.untested})" if claim.untested else ""


def test_a_name_that_two_containers_share_leads_to_both() -> None:
    text = """
    name: lab
    containers:
      one: {image: busybox, networks: {net: {aliases: [both]}}}
      two: {image: busybox, networks: {net: {aliases: [both]}}}
      web: {image: busybox, networks: [net]}
    networks: {net: }
    """
    around = world_of(text)
    (claim,) = [c for c in claims(around) if c.text == "web finds one by the name both"]
    assert claim.expected == {*around.members["one"].addresses, *around.members["two"].addresses}


def test_who_shares_a_network_is_found_at_its_owner_and_has_no_names() -> None:
    text = """
    name: lab
    containers:
      owner: {image: busybox, networks: [net]}
      guest: {image: busybox, network_mode: "container:owner"}
      web: {image: busybox, networks: [net]}
    networks: {net: }
    """
    around = world_of(text)
    assert between(around, "web", "guest") == [("address", "web reaches guest over net")]
    shared = "share one network, where each is the other's localhost"
    assert between(around, "owner", "guest") == [("shared", f"owner and guest {shared}")]
    assert between(around, "guest", "owner") == [("shared", f"guest and owner {shared}")]
    assert marks(judged(around))["owner", "guest"] == "reaches"


def test_the_default_bridge_has_addresses_and_no_names() -> None:
    text = "name: lab\ncontainers:\n  one: {image: busybox}\n  two: {image: busybox}\n"
    assert between(world_of(text), "one", "two") == [
        ("apart", "one does not find two by the name two"),
        ("address", "one reaches two over bridge"),
    ]


# -- what comes back ---------------------------------------------------------------------------------------------------


def test_a_probe_as_a_line_for_the_script() -> None:
    assert _line(7, Probe("tcp", "10.0.0.2", 80, "apart", 0)) == "7|tcp|10.0.0.2|80|apart|0|||0"
    assert _line(8, Probe("lookup", "web", within=5)) == "8|lookup|web|0|yes|500|||0"


def test_the_lines_of_the_script() -> None:
    output = "R 1 ok 10.0.0.2 10.0.0.3\nnoise\nR 2 unresolved\nR 3 status 404 10.0.0.2\nR 4 refused 10.0.0.2\n"
    output += "H 5 ok 10.0.0.9\n"
    assert dict(_outcomes(output, range(9))) == {
        1: Outcome("ok", ("10.0.0.2", "10.0.0.3")),
        2: Outcome("unresolved"),
        3: Outcome("status", ("10.0.0.2",), "404"),
        4: Outcome("refused", ("10.0.0.2",)),
        5: Outcome("ok", ("10.0.0.9",), by_hosts=True),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0100007F:1F90", Listener("127.0.0.1", 8080)),
        ("00000000:0050", Listener("0.0.0.0", 80)),
        ("00000000000000000000000000000000:0050", Listener("::", 80)),
        ("00000000000000000000000001000000:0050", Listener("::1", 80)),
        ("0000000000000000FFFF00000100007F:0050", Listener("127.0.0.1", 80)),
    ],
)
def test_a_listening_socket_as_the_kernel_writes_it(text: str, expected: Listener) -> None:
    assert _listener(text) == expected
    assert expected.is_local == (expected.address in {"127.0.0.1", "::1"})


# -- verdicts ----------------------------------------------------------------------------------------------------------


def test_all_is_well() -> None:
    report = judged(world_of())
    assert report.passed, causes(report)
    assert report.summary.untested == 2


@pytest.mark.parametrize(
    ("text", "outcome", "cause"),
    [
        (
            "web reaches app on port 9000 over front",
            Outcome("refused"),
            "nothing listens on port 9000 in `app`; it listens on 9001",
        ),
        (
            "web reaches app on port 9000 over front",
            Outcome("timeout"),
            "`app` does not answer on port 9000, and does not refuse either: something drops the packets",
        ),
        ("web reaches app on port 9000 over front", Outcome("unreachable"), "no route leads to `app`"),
        (
            "web finds app by the name shop",
            Outcome("ok", ("192.0.2.9",)),
            "`shop` leads from `web` to 192.0.2.9, which no container has; `app` is at `172.17.0.3`",
        ),
        (
            "web finds app by the name shop",
            Outcome("unresolved"),
            "`web` is on `front` and does not find `shop` there: Docker's resolver (127.0.0.11) does not answer",
        ),
        (
            "web does not find db by the name store",
            Outcome("ok", ("ADDRESS OF db",)),
            "`web` reaches `db` (at ADDRESS OF db) though they share no network",
        ),
        ("the host reaches web on localhost:8080", Outcome("empty"), "nothing listens on port 80 in `web`"),
        ("the site finds its shop", Outcome("nothing"), "`app` does not answer on port 9000"),
    ],
)
def test_each_failure_has_its_cause(text: str, outcome: Outcome, cause: str) -> None:
    around = world_of()
    address = around.members["db"].addresses[0]
    addresses = tuple(item.replace("ADDRESS OF db", address) for item in outcome.addresses)
    listeners = {"app": (Listener("0.0.0.0", 9001), Listener("127.0.0.11", 40000)), "web": ()}
    report = judged(around, {text: replace(outcome, addresses=addresses)}, listeners=listeners)
    (told,) = causes(report)
    app = ", ".join(f"`{item}`" for item in sorted(around.members["app"].addresses))
    assert told.startswith(cause.replace("ADDRESS OF db", address).replace("`172.17.0.3`", app))


def test_one_that_can_not_be_entered_is_told_with_the_reason() -> None:
    from netdeploy.errors import OperationFailed  # noqa: PLC0415

    around = world_of()
    wanted = claims(around)
    seen = all_is_well(around)
    left = {n: outcome for n, outcome in seen.outcomes.items() if wanted[n].source != "db"}
    blind = {"db": OperationFailed("starting the helper: the engine said: no", hint="look at its log")}
    report = judge(around, wanted, replace(seen, outcomes=left, blind=blind), "lab.yaml")
    assert not report.passed
    assert not report.summary.failed
    assert causes(report) == ["what is missing could not be tried from `db`: starting the helper: the engine said: no"]


def test_isolation_of_one_that_does_not_run_is_untested_and_not_passed() -> None:
    engine = standing(EXERCISE)
    engine.stop("db", 1)
    report = judged(world_of(engine=engine))
    assert marks(report)["web", "db"] == "untested"
    assert marks(report)["app", "db"] == "wrong"
    assert causes(report) == ["`db` is stopped (exit code 1)"]


def test_of_one_that_does_not_run_nothing_is_known_not_even_that_it_fails_to_reach() -> None:
    text = EXERCISE + "  - {from: db, to: web, expect: unreachable, name: db is kept away}\n"
    engine = standing(text)
    engine.remove("db")
    engine.remove("web")
    around = world_of(text, engine)
    wanted = claims(around)
    outcomes = {n: o for n, o in all_is_well(around).outcomes.items() if wanted[n].source not in {"db", "web"}}
    report = judge(around, wanted, Evidence(outcomes), "lab.yaml")
    (check,) = [claim for claim in report.claims if claim.text == "db is kept away"]
    assert (check.verdict, check.why) == ("untested", "db and web do not run")
    assert causes(report) == ["`web` is not on the engine", "`db` is not on the engine"]


# -- as text -----------------------------------------------------------------------------------------------------------


def many() -> str:
    containers = "".join(f"  service-number-{n}: {{image: busybox, networks: [net{n % 3}]}}\n" for n in range(12))
    return f"name: many\ncontainers:\n{containers}networks: {{net0: , net1: , net2: }}\n"


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", ["well", "ill", "many"])
def test_as_text(name: str, width: int) -> None:
    if name == "many":
        report = judged(world_of(many()))
    elif name == "well":
        report = judged(world_of())
    else:
        engine = standing(EXERCISE)
        engine.disconnect("app", "back")
        engine.stop("web", 137)
        report = judged(world_of(engine=engine))
    text = verify_text(report, width=width).plain
    assert all(len(line) <= width for line in text.splitlines())
    compare(f"{name}_{width}.txt", text)


def compare(name: str, text: str) -> None:
    """REFRESH=1 writes the golden files anew: read the difference."""
    import os  # noqa: PLC0415

    path = GOLDEN / name
    if os.environ.get("REFRESH"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text
