"""What validate says of containers that are to end, and of those that need them while they run."""

from __future__ import annotations

import pytest
from unit.builders import SOURCE

from netdeploy.topology.read import read_bytes

FILE = """
containers:
  job: {{image: app, ipc: shareable{job}}}
  web: {{image: app, depends_on: {{job: {{condition: {condition}}}}}}}
  other: {{image: app{other}}}
"""


def told(job: str = "", other: str = "", condition: str = "service_completed_successfully") -> list[str]:
    text = FILE.format(job=job, other=other, condition=condition)
    reading = read_bytes(text.encode(), SOURCE, "lab.yaml", {})
    return [f"{problem.severity} {problem.message}: {problem.hint}" for problem in reading.problems]


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
def test_one_that_is_started_again_whenever_it_ends_is_refused(policy: str) -> None:
    (said,) = told(f", restart: {policy}")
    assert said == (
        f"error `web` waits for `job` to end, and with `{policy}` the engine starts it again each time: "
        "leave `restart` out, or write `restart: on-failure:3` to let it try again when it fails"
    )


@pytest.mark.parametrize("policy", ["on-failure", "on-failure:0"])
def test_one_that_is_tried_again_without_end_is_warned_of(policy: str) -> None:
    (said,) = told(f", restart: '{policy}'")
    assert said == (
        "warning `web` waits for `job` to succeed, and while it fails the engine starts it again, without end: "
        "write `on-failure:3` to stop after three tries"
    )


@pytest.mark.parametrize("policy", ["'no'", "'on-failure:3'"])
def test_others_end(policy: str) -> None:
    assert told(f", restart: {policy}") == []


@pytest.mark.parametrize("condition", ["service_started", "service_healthy"])
def test_who_is_not_awaited_to_end_may_be_started_again(condition: str) -> None:
    assert told(", restart: always", ", network_mode: 'container:job'", condition) == []


@pytest.mark.parametrize(
    ("how", "what"),
    [("network_mode", "network"), ("pid", "processes"), ("ipc", "memory")],
)
def test_who_shares_with_one_that_ends_is_warned(how: str, what: str) -> None:
    (said,) = told(other=f", {how}: 'container:job'")
    assert said == (
        f"warning `job` ends, since `web` waits for that, and its {what} with it: "
        "share with a container that keeps running"
    )


def test_who_links_to_one_that_ends_is_warned() -> None:
    (said,) = told(other=", links: [job]")
    assert said == (
        "warning `job` ends, since `web` waits for that, and then the link leads nowhere: "
        "link to a container that keeps running"
    )
