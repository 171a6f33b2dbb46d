"""Variables are not filled in, and whoever writes one is told so: at its place, once, and not in hundreds of lines."""

from __future__ import annotations

import pytest
from unit.topology.reading import messages, reading

LITERALLY = "is passed on literally; Compose would fill it in"


def told(body: str) -> list[str]:
    return [line.partition("containers.web.")[2] for line in messages(f"containers: {{web: {{image: x, {body}}}}}")]


@pytest.mark.parametrize("written", ["${X}", "${X:-y}", "a${X}b", "${X:?no}", "$X", "x-$X_1y"])
def test_a_variable_is_told_at_its_place(written):
    (line,) = told(f"environment: {{A: '{written}'}}")
    shown = "${X}" if "{" in written else "$X_1y" if "_" in written else "$X"
    assert line == f"environment.A: `{shown}` {LITERALLY}"


@pytest.mark.parametrize("written", ["$", "5$", "$5", "a $ b", "$(date)", "$/x", "US$"])
def test_another_sign_is_none(written):
    assert told(f"environment: {{A: '{written}'}}") == []


@pytest.mark.parametrize("written", ["$$", "$${X}", "pa$$word"])
def test_two_signs_stay_two(written):
    assert told(f"labels: {{a: '{written}'}}") == ["labels.a: `$$` stays two signs; Compose would make it one `$`"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("labels: ['a=${X}']", "labels[0]"),
        ("hostname: '${X}'", "hostname"),
        ("mem_limit: '${X}'", "mem_limit"),
        ("ports: ['${X}:80']", "ports[0]"),
        ("restart: '${X}'", "restart"),
        ("tty: '${X}'", "tty"),
        ("healthcheck: {interval: '${X}'}", "healthcheck.interval"),
        ("volumes: [{type: bind, source: '/${X}', target: /t}]", "volumes[0].source"),
        ("tmpfs: '/run:size=${X}'", "tmpfs"),
        ("command: 'echo ${X}'", "command"),
        ("healthcheck: {test: [CMD-SHELL, 'echo ${X}']}", "healthcheck.test[1]"),
        ("dns: ['${X}']", "dns[0]"),
        ("user: '${X}:${Y}'", "user"),
        ("logging: {options: {max-size: '${X}'}}", "logging.options.max-size"),
    ],
)
def test_it_is_told_everywhere_a_text_may_stand_and_once(body, path):
    (problem,) = reading(f"containers: {{web: {{image: x, {body}}}}}").problems
    assert path in told(body)[0]
    assert "netdeploy fills in no variables" in problem.hint


@pytest.mark.parametrize(
    "body", ["command: 'echo $X'", "entrypoint: [sh, -c, 'echo $X']", "healthcheck: {test: '[ $X ]'}"]
)
def test_a_bare_name_for_the_containers_own_shell_is_right(body):
    assert told(body) == []


def test_a_file_with_variables_in_its_texts_is_right_all_the_same():
    done = reading("containers: {web: {image: x, environment: {A: '${X}', B: '$$'}}}")
    assert done.wanted().containers["web"].environment == {"A": "${X}", "B": "$$"}


def test_what_an_alias_repeats_is_one_place_and_keys_and_extensions_are_none():
    text = """
        x-unused: ${A}
        x-shared: &shared {"${KEY}": 1, LEVEL: "${B}"}
        containers:
          one: {image: x, environment: *shared}
          two: {image: x, environment: {<<: *shared}}
          x-three: {image: x, environment: {A: "${C}"}}
        """
    assert messages(text) == [
        "3:40: warning: containers.one.environment.LEVEL: `${B}` " + LITERALLY,
        "7:40: warning: containers.x-three.environment.A: `${C}` " + LITERALLY,
    ]


def test_a_hundred_places_are_eleven_lines():
    lines = [f"      A{n:03}: ${{X}}\n" for n in range(100)]
    found = messages("containers:\n  web:\n    image: x\n    environment:\n" + "".join(lines))
    assert len(found) == 11
    assert found[-1].endswith("warning: 90 more places with variables follow, the last one in line 104")
