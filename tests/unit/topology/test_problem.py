"""Problems as text: the place, the line, the caret, and nothing that moves a terminal's cursor."""

from __future__ import annotations

import pytest

from netdeploy.topology.problem import Mark, Problem, describe, did_you_mean, excerpt, nearest, path_text


def test_a_problem_has_its_place_path_line_caret_other_places_and_hint():
    problem = Problem(
        Mark(2, 3), "wrong", ("containers", "web", "ports", 0), "mend it", "warning", (("first here", Mark(1, 1)),)
    )
    assert describe(problem, "lab.yaml", ["first", "a line"]).splitlines() == [
        "lab.yaml:2:3: warning: containers.web.ports[0]: wrong",
        "    2 | a line",
        "      |   ^",
        "lab.yaml:1:1: first here",
        "    1 | first",
        "      | ^",
        "      = mend it",
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("a", 0, "b"), "a[0].b"), (("a", ""), 'a.""'), (("",), '""')],
)
def test_a_path_is_written_as_a_person_would(path, text):
    assert path_text(path) == text


def test_the_caret_stands_below_the_column_in_a_line_that_is_cut():
    line = "x" * 200 + "HERE" + "y" * 200
    shown, caret = excerpt([line], Mark(1, 201)).splitlines()
    assert shown[caret.index("^")] == "H"
    assert shown.startswith("    1 | …")
    assert shown.endswith("…")
    assert len(shown) < 120


def test_the_caret_stands_right_after_tabs_and_wide_characters():
    assert excerpt(["a\tb"], Mark(1, 3)).splitlines() == ["    1 | a b", "      |   ^"]
    assert excerpt(["日本: x"], Mark(1, 5)).splitlines()[1] == "      |       ^"
    assert excerpt(["e\u0301: x"], Mark(1, 5)).splitlines()[1] == "      |    ^"


def test_a_place_after_the_last_line_shows_an_empty_one():
    assert excerpt([], Mark(3, 1)) == "    3 |\n      | ^"


def test_nothing_in_a_file_moves_the_cursor():
    problem = Problem(Mark(1, 1), "`\x1b[2J\n`", ("a\rb",), "\x07", elsewhere=(("\x1b", Mark(1, 1)),))
    told = describe(problem, "lab.yaml", ["\x1b[2J\x9b"])
    assert all(char.isprintable() or char == "\n" for char in told)
    assert told.splitlines()[0] == r"lab.yaml:1:1: a\rb: `\x1b[2J\n`"


def test_a_message_has_an_end():
    assert len(describe(Problem(Mark(1, 1), "x" * 10_000), "lab.yaml", [])) < 400


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("imag", ["image", "init"], "image"),
        ("IMAGE", ["image"], "image"),
        ("zzz", ["image"], None),
        ("x" * 100, ["x" * 99], None),
        ("image", [], None),
    ],
)
def test_the_nearest_word_is_the_one_that_was_probably_meant(word, known, meant):
    assert nearest(word, known) == meant


def test_a_hint_names_the_nearest_word_or_says_something_else():
    assert did_you_mean("imag", ["image"]) == "did you mean `image`?"
    assert did_you_mean("zzz", ["image"], otherwise="known here: image") == "known here: image"
