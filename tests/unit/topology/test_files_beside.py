"""Variables from files beside the topology file, as Compose and `docker run --env-file` read them."""

from __future__ import annotations

from pathlib import Path

from netdeploy.topology.read import Reading, read_bytes

RAW = b"""\xef\xbb\xbf# a comment
A="x
B='it''s' # not a comment
  C=  spaced\t
D=a=b
E=

FROM_SHELL
NOT_THERE
F=caf\xc3\xa9\r
"""


def reading(folder: Path, content: bytes, form: str) -> Reading:
    (folder / "vars.env").write_bytes(content)
    text = f"containers: {{web: {{image: x, env_file: [{{path: vars.env{form}}}]}}}}"
    return read_bytes(text.encode(), folder / "lab.yaml", "lab.yaml", {"FROM_SHELL": "me"})


def test_a_raw_file_is_read_line_by_line_and_its_values_stay_as_they_are(tmp_path: Path) -> None:
    done = reading(tmp_path, RAW, ", format: raw")
    assert done.described() == []
    assert done.wanted().containers["web"].environment == {
        "A": '"x',
        "B": "'it''s' # not a comment",
        "C": "  spaced\t",
        "D": "a=b",
        "E": "",
        "FROM_SHELL": "me",
        "F": "café",
    }


def test_what_is_no_variable_in_a_raw_file_is_told_with_its_line(tmp_path: Path) -> None:
    done = reading(tmp_path, b"A=1\nexport B=2\n=3\n", ", format: raw")
    assert [p.message for p in done.problems] == [
        "line 2 of vars.env is not a variable",
        "line 3 of vars.env is not a variable",
    ]


def test_another_file_has_quotes_and_comments_and_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path: Path) -> None:
    done = reading(tmp_path, b'\xef\xbb\xbfA="x y"\nB=1 # one\n', "")
    assert done.wanted().containers["web"].environment == {"A": "x y", "B": "1"}


def test_a_variable_in_a_file_is_told_once_and_none_where_compose_fills_in_none(tmp_path: Path) -> None:
    content = b"A=1\nB=${A}/x\nC='${A}'\nD=$A\n"
    done = reading(tmp_path, content, "")
    (problem,) = done.problems
    assert problem.message == (
        "`${A}` in line 2 of vars.env is passed on literally, as in 1 more; Compose would fill it in"
    )
    assert (problem.severity, problem.path) == ("warning", ("containers", "web", "env_file", 0))
    assert done.wanted().containers["web"].environment == {"A": "1", "B": "${A}/x", "C": "${A}", "D": "$A"}
    assert reading(tmp_path, content, ", format: raw").problems == ()
