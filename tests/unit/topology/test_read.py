"""Opening files, and what a Reading is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from unit.topology.reading import messages, only, reading, topology

from netdeploy.errors import NetdeployError, TopologyInvalid
from netdeploy.identity import TopologyId
from netdeploy.topology.read import read, topology_id

GOOD = "containers: {web: {image: nginx}}\n"


def failure(path: Path | str) -> tuple[str, str]:
    with pytest.raises(NetdeployError) as caught:
        read(path)
    return caught.value.message, caught.value.hint


def test_a_missing_file_comes_with_the_name_that_was_meant(tmp_path):
    (tmp_path / "netflix.yaml").write_text(GOOD)
    (tmp_path / "notes.txt").write_text("")
    assert failure(tmp_path / "netflx.yaml") == (
        f"there is no file {tmp_path}/netflx.yaml",
        "did you mean `netflix.yaml`?",
    )


def test_a_missing_file_unlike_the_others_comes_with_what_is_there(tmp_path):
    (tmp_path / "b.yml").write_text(GOOD)
    (tmp_path / "a.yaml").write_text(GOOD)
    assert failure(tmp_path / "something-else.yaml")[1] == f"in {tmp_path}: a.yaml, b.yml"


def test_a_missing_file_in_an_empty_or_missing_folder_says_so(tmp_path):
    assert failure(tmp_path / "lab.yaml")[1] == f"no topology file is in {tmp_path}"
    assert failure(tmp_path / "gone" / "lab.yaml")[1] == f"there is no folder {tmp_path}/gone either"


def test_a_folder_is_no_file(tmp_path):
    assert failure(tmp_path) == (f"{tmp_path} is a folder", "name the topology file in it")


def test_a_name_that_the_system_refuses_is_told_and_not_raised():
    assert failure("x" * 300 + ".yaml")[0].endswith("can't be read: File name too long")
    assert failure("a\0b.yaml")[0] == r"a\x00b.yaml can't be read: embedded null byte"


def test_ten_megabytes_are_refused(tmp_path):
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * 10_000_000)
    done = read(large)
    assert done.topology is None
    (told,) = done.described()
    assert told.splitlines() == [
        f"{large}:1:1: the file is larger than 2 MiB, the most a topology file may have",
        "      = one exercise to a file is plenty",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n  # comments\n", "---\n", "---\n...\n", "null\n", "\ufeff"])
def test_a_file_with_nothing_in_it_is_empty(text):
    assert only(text) == (
        "lab.yaml:1:1: the file is empty\n"
        + (f"    1 | {text.splitlines()[0]}".rstrip() + "\n      | ^\n" if text.strip("\ufeff") else "")
        + "      = a topology file has at least `containers:` with one container"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n- b\n", "1:1: the file is a list, not a mapping"),
        ("nginx\n", "1:1: the file is one value, not a mapping"),
        ("a: 1\n---\n", "2:1: a second document starts here; a file holds one topology"),
        ("a: b\0", "1:5: the character U+0000 can't stand in a YAML file"),
        ("a: b".encode("utf-16"), "1:1: the file is UTF-16 text"),
        ("a: b".encode("utf-32"), "1:1: the file is UTF-16 text"),
        (b"a: \xff\xfe", "1:4: byte 0xff is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_so_once(text, told):
    assert messages(text) == [told]


def test_a_bad_byte_is_shown_in_its_line():
    assert only(b"name: x\nprefix: caf\xe9\n").splitlines()[1:3] == ["    2 | prefix: caf�", "      |            ^"]


def test_the_name_is_the_files_stem_unless_the_file_has_one():
    assert topology(GOOD).name == "lab"
    assert topology("name:\n" + GOOD).name == "lab"
    assert topology("name: other\n" + GOOD).name == "other"


def test_a_file_whose_name_can_name_nothing_needs_a_name_inside():
    file = Path("/topologies/-my lab.yaml")
    assert [p.message for p in reading(GOOD, file=file).problems] == [
        "the file's name `-my lab` can't name the topology"
    ]
    assert reading("name: lab\n" + GOOD, file=file).problems == ()


def test_problems_are_in_file_order_whatever_found_them():
    done = reading("""
        containers:
          web: {image: nginx, networks: [fornt], ports: [http], restart: maybe}
          web: {image: nginx}
        networks: {front: {internal: yes}}
        """)
    marks = [problem.mark for problem in done.problems]
    assert len(marks) == 5
    assert marks == sorted(marks)


def test_wanted_holds_every_problem_as_text():
    with pytest.raises(TopologyInvalid, match=r"lab\.yaml has 2 problems$") as caught:
        reading("containers: {web: {image: nginx, init: 1, user: [a]}}").wanted()
    assert len(caught.value.details) == 2


def test_a_right_file_is_wanted_and_warnings_do_not_count():
    done = reading("containers: {web: {image: nginx, environment: [TOKEN]}}")
    assert [problem.severity for problem in done.problems] == ["warning"]
    assert done.wanted() is done.topology


def test_models_are_frozen():
    made = topology("containers: {web: {image: nginx, ports: [80], networks: [net]}}\nnetworks: {net: }")
    web = made.containers["web"]
    for model, field in ((made, "name"), (web, "image"), (web.ports[0], "target"), (made.networks["net"], "driver")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, field, "other")


def test_the_topologys_name_is_found_in_a_file_with_problems(tmp_path):
    file = tmp_path / "lab.yaml"
    for text, name in (("name: other\ncontainers: 5\n", "other"), ("containers: 5\n", "lab"), ("- a\n", "lab")):
        file.write_text(text)
        assert topology_id(file) == TopologyId(name)
    for text, prefix in (("prefix: a-\ncontainers: 5\n", "a-"), ("prefix: \n", ""), ("prefix: [a]\n", "")):
        file.write_text(text)
        assert topology_id(file) == TopologyId("lab", prefix)


def test_the_topologys_name_of_no_yaml_or_no_file_is_an_error(tmp_path):
    (tmp_path / "lab.yaml").write_text("a: 'b")
    with pytest.raises(TopologyInvalid) as caught:
        topology_id(tmp_path / "lab.yaml")
    assert "this quote is never closed" in caught.value.details[0]
    with pytest.raises(NetdeployError, match="there is no file"):
        topology_id(tmp_path / "gone.yaml")
