from __future__ import annotations

from unit.builders import IMAGES, standing, wishes_of
from unit.paper_engine import PaperEngine

from netdeploy.plan.by_name import compare_by_name
from netdeploy.plan.report import report
from netdeploy.render.diff_text import diff_text

TEXT = """
containers:
  cassandra: {image: cassandra, networks: {private-net: {aliases: [cassandra-db, db]}}}
  shop: {image: nginx, networks: {public-net: {aliases: [shop]}, private-net: }, ports: ["3000:80"]}
networks: {private-net: , public-net: }
volumes: {data: }
"""


MORE = "and its alias `extra` is one too many"


def sentences(engine: PaperEngine, text: str = TEXT) -> list[str]:
    return [change.reason for change in compare_by_name(wishes_of(text), engine.snapshot()).changes]


def test_what_stands_as_written_has_full_marks() -> None:
    changes = compare_by_name(wishes_of(TEXT), standing(TEXT).snapshot())
    assert changes.in_sync
    assert changes.right == changes.wanted == 8
    text = diff_text(report(changes, "lab.yaml")).plain
    assert text == "8 of 8 networks, volumes, containers and places on networks are as `lab` says in lab.yaml.\n"


def test_nothing_stands() -> None:
    changes = compare_by_name(wishes_of(TEXT), PaperEngine(IMAGES).snapshot())
    assert [change.reason for change in changes.changes] == [
        "network `private-net` does not exist",
        "network `public-net` does not exist",
        "volume `data` does not exist",
        "container `cassandra` does not exist",
        "container `shop` does not exist",
    ]
    assert (changes.right, changes.wanted) == (0, 8)


def test_the_labels_of_another_are_no_matter() -> None:
    engine = standing(TEXT.replace("containers:", "name: other\ncontainers:", 1))
    assert sentences(engine) == []


def test_one_off_a_network_names_the_aliases_it_lacks() -> None:
    engine = standing(TEXT)
    engine.disconnect("cassandra", "private-net")
    engine.disconnect("shop", "private-net")
    assert sentences(engine) == [
        "container `cassandra` is not on `private-net`; its aliases `cassandra-db`, `db` are missing",
        "container `shop` is not on `private-net`",
    ]


def test_aliases_and_addresses() -> None:
    engine = standing(TEXT)
    engine.endpoint("cassandra", "private-net")["Aliases"] = ["db", "extra"]
    engine.endpoint("shop", "public-net")["IPAMConfig"] = {"IPv4Address": "10.0.0.7"}
    assert sentences(engine) == [
        f"container `cassandra` is on `private-net`, but its alias `cassandra-db` is missing, {MORE}",
        "container `shop` is on `public-net`, but its `ipv4_address` there is not as it should be",
    ]


def test_a_name_that_is_nearly_right_is_offered() -> None:
    engine = standing(TEXT)
    engine.rename("cassandra", "casandra")
    assert sentences(engine) == [
        "container `cassandra` does not exist (there is `casandra`: is that the one?)",
        "container `casandra` is on `private-net`, and the file has no such container",
    ]


def test_attributes_are_shown_below_the_sentence_within_the_width() -> None:
    engine = standing(TEXT)
    changes = compare_by_name(wishes_of(TEXT.replace("3000:80", "3001:80")), engine.snapshot())
    text = diff_text(report(changes, None), width=60).plain
    assert "container `shop` is not as it should be: `ports`" in text
    assert "3000:80 → 3001:80" in text
    assert max(len(line) for line in text.splitlines()) <= 60
