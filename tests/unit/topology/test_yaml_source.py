"""YAML text as a tree: scalars of YAML 1.2, places, and what is refused before it grows."""

from __future__ import annotations

import pytest
import yaml
from unit.topology.reading import messages, only, yaml_data

from netdeploy.topology import yaml_source
from netdeploy.topology.problem import Mark
from netdeploy.topology.yaml_source import MAX_BYTES, MAX_DEPTH, SourceRefused, decode, parse, resolve_plain, to_data


@pytest.fixture(params=["fast", "pure"], autouse=True)
def parser(request, monkeypatch):
    """The parser with libyaml, and the one that PyYAML has where no compiler was."""
    if request.param == "pure":
        monkeypatch.setattr(yaml_source, "Loader", yaml.SafeLoader)
    return request.param


def refused(text: str) -> str:
    with pytest.raises(SourceRefused) as caught:
        parse(text)
    problem = caught.value.problem
    return f"{problem.mark.line}:{problem.mark.column} {problem.message}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:22", "22:22"),
        ("yes", "yes"),
        ("off", "off"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("0b11", "0b11"),
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("-12", -12),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.INF", float("-inf")),
        ("9" * 101, "9" * 101),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text, value):
    assert resolve_plain(text) == value
    assert type(resolve_plain(text)) is type(value)


def test_quoted_scalars_and_tagged_texts_stay_text():
    assert yaml_data(b"""{a: "1", b: '~', c: !!str 5, d: ! 6}""") == {"a": "1", "b": "~", "c": "5", "d": "6"}


def test_keys_are_text_whatever_they_look_like():
    assert yaml_data(b"{1: a, true: b, ~: c, 1.10: d}") == {"1": "a", "true": "b", "~": "c", "1.10": "d"}


def test_not_a_number_is_a_number():
    assert str(resolve_plain(".NaN")) == "nan"


def test_lists_become_tuples_as_the_frozen_models_hold_them():
    assert to_data(parse("a: [1, {b: []}]")[0]) == {"a": (1, {"b": ()})}


def test_merge_keys_yield_to_written_keys_and_the_first_source_wins():
    root, problems = parse("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 3}")
    assert problems == []
    assert to_data(root)["z"] == {"a": 3, "b": 1, "c": 2}


# -- refused before it grows -----------------------------------------------------------------------------------------


def test_a_billion_laughs_are_refused():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "more than 12,000 values once anchors and merge keys are expanded" in refused("\n".join(lines))


def test_merge_keys_that_double_are_refused():
    lines = ["a0: &a0 {k0: v}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: v}}" for n in range(1, 30)]
    assert "once anchors and merge keys are expanded" in refused("\n".join(lines))


def test_a_long_text_repeated_by_aliases_is_refused():
    text = f"a: &a {'x' * 500_000}\nb: [{', '.join(['*a'] * 10_000)}]"
    assert "once anchors and merge keys are expanded" in refused(text)


def test_a_file_of_many_values_is_refused():
    assert "more than 12,000 values" in refused(f"a: [{', '.join(['1'] * 12_001)}]")


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: {c: *a}}", "a: &a\n  <<: *a"])
def test_an_alias_inside_its_own_anchor_is_refused(text):
    assert "stands inside the anchor it names" in refused(text)


def test_deep_nesting_is_refused_where_it_goes_too_deep():
    assert refused("[" * 50_000) == f"1:{MAX_DEPTH + 1} nested more than {MAX_DEPTH} levels deep"
    assert "nested more than" in refused("a: " + "{a: " * MAX_DEPTH)


def test_deep_nesting_through_chained_anchors_is_refused():
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, MAX_DEPTH + 5)]
    assert "nested more than" in refused("\n".join(lines))


def test_what_is_just_deep_enough_is_read():
    root, _ = parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert to_data(root)


def test_an_alias_without_anchor_names_it():
    assert refused("a: *nowhere") == "1:4 the alias `*nowhere` names an anchor that is not defined above"


# -- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "mark", "message"),
    [
        (b"x" * (MAX_BYTES + 1), Mark(1, 1), "the file is larger than 2 MiB, the most a topology file may have"),
        ("a: 1".encode("utf-16"), Mark(1, 1), "the file is UTF-16 text"),
        (b"a: 1\nb: \xe4", Mark(2, 4), "byte 0xe4 is not UTF-8 text"),
        (b"\xef\xbb\xbfa: 1\nb: \xe4", Mark(2, 4), "byte 0xe4 is not UTF-8 text"),
        (b"a: 1\r\nb: \0", Mark(2, 4), "the character U+0000 can't stand in a YAML file"),
        (b"\x1b[2J", Mark(1, 1), "the character U+001B can't stand in a YAML file"),
        ("a: 1\nb: \uffff".encode(), Mark(2, 4), "the character U+FFFF can't stand in a YAML file"),
    ],
)
def test_bytes_that_are_no_yaml_text_are_told_with_their_place(raw, mark, message):
    with pytest.raises(SourceRefused) as caught:
        decode(raw)
    assert (caught.value.problem.mark, caught.value.problem.message) == (mark, message)


def test_one_mebibyte_is_still_read():
    raw = b"a: 1\n#" + b"x" * (MAX_BYTES - 6)
    assert to_data(parse(decode(raw))[0]) == {"a": 1}


def test_a_byte_order_mark_and_crlf_change_no_place():
    assert messages(b"\xef\xbb\xbfcontainers:\r\n  web:\r\n    imag: x\r\n") == [
        "3:5: containers.web.imag: unknown key `imag`"
    ]


# -- syntax ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first_line"),
    [
        ("containers:\n  web:\n\timage: x\n", "3:1: a tab can't indent YAML"),
        ("name: 'x\nprefix: y\n", "1:7: this quote is never closed"),
        ("name: [a, b\n", "1:7: this `[` is never closed"),
        ("name: {a: b\n", "1:7: this `{` is never closed"),
        ("name: a: b", "1:8: a second `:` stands in this line"),
        ("name: @x", "1:7: this character can't start a value"),
        ("a:\n  - b\n c: d\n", "3:2: this line does not fit the ones above it"),
        ("name: x\nprefix\n", "2:1: a `:` is missing after this key"),
        ('name: "a\\q"', "1:9: this `\\` escape is not known"),
    ],
)
def test_a_mistake_in_syntax_is_told_in_plain_words(text, first_line, parser):
    told = messages(text)
    if parser == "pure":  # it stops at other places now and then, but it stops, and once
        assert len(told) == 1
    else:
        assert told == [first_line]


def test_several_documents_are_refused_at_the_second():
    assert only("a: 1\n---\nb: 2\n").startswith("lab.yaml:2:1: a second document starts here")


def test_tags_mean_nothing_on_values_lists_and_mappings():
    assert [
        problem.split(": ", 1)[1] for problem in messages("x-a: !one 1\nx-b: !two [1]\nx-c: !three {a: 1}\n")[1:]
    ] == [
        "x-a: the tag `!one` means nothing here",
        "x-b: the tag `!two` means nothing here",
        "x-c: the tag `!three` means nothing here",
    ]
