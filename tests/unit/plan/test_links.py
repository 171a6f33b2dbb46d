"""Links on the default bridge that lead somewhere else than to their targets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.builders import standing, wishes_of

from netdeploy.engine.answers import hosts
from netdeploy.engine.observed import Snapshot
from netdeploy.plan.diff import diff

TEXT = "name: lab\ncontainers: {db: {image: busybox}, web: {image: nginx, links: ['db:store']}}\n"
HOSTS = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost
172.17.0.2\tstore 0123456789ab db
172.17.0.3\tother  # store
"""


def test_the_hosts_file_is_read_as_a_resolver_reads_it() -> None:
    found = hosts(HOSTS, ["Store", "localhost", "other", "nobody"])
    assert found == {
        "Store": {"172.17.0.2"},
        "localhost": {"127.0.0.1", "::1"},
        "other": {"172.17.0.3"},
        "nobody": frozenset(),
    }


def seen_with(addresses: dict[str, frozenset[str]] | None, **state: bool) -> Snapshot:
    seen = standing(TEXT).snapshot()
    containers = [
        replace(c, link_addresses=addresses, state=replace(c.state, **state)) if c.name == "web" else c
        for c in seen.containers
    ]
    return replace(seen, containers=tuple(containers))


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (None, []),
        ({"store": frozenset({"172.17.0.2"})}, []),
        ({"store": frozenset({"172.17.0.9", "172.17.0.2"})}, []),
        ({"store": frozenset({"172.17.0.9"})}, ["its link `store` leads to 172.17.0.9, and `db` has 172.17.0.2"]),
        ({"store": frozenset()}, ["its link `store` is not in its /etc/hosts, and `db` has 172.17.0.2"]),
    ],
)
def test_a_link_that_leads_elsewhere_is_a_difference(
    addresses: dict[str, frozenset[str]] | None, expected: list[str]
) -> None:
    changes = diff(wishes_of(TEXT), seen_with(addresses))
    assert [change.reason for change in changes.changes] == expected


def test_what_is_paused_goes_on_first() -> None:
    changes = diff(wishes_of(TEXT), seen_with({"store": frozenset()}, paused=True))
    assert [change.reason for change in changes.changes] == ["it is paused"]
