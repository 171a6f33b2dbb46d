from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from rich.cells import cell_len
from unit.inspect.seen import GENERATIONS, Json, recorded

from netdeploy.inspect.tell import tell
from netdeploy.render.inspect_text import inspect_text
from netdeploy.render.layout import command, printable

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = [None, 80, 140]
OLD = GENERATIONS[0]


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_reads_as_reviewed(width: int | None, explain: bool) -> None:
    text = inspect_text(tell(recorded(OLD), explain=explain), width=width).plain
    file = GOLDEN / f"inspect{'_explained' if explain else ''}_{width or 'unwrapped'}.txt"
    if os.environ.get("REFRESH"):
        file.write_text(text)
    assert text == file.read_text()


def unknown(document: Json) -> None:
    document.update(inside=None, host=None, resolv_conf=None, no_resolv_conf="the container has no such file")


def stopped(document: Json) -> None:
    unknown(document)
    document["container"]["State"].update(Status="exited", Running=False)


def long_names(document: Json) -> None:
    long = "a-network-with-a-very-long-name-that-nobody-would-want-to-type-" * 2
    networks = document["container"]["NetworkSettings"]["Networks"]
    networks[long] = networks.pop("ndt-front")
    next(item for item in document["networks"] if item["Name"] == "ndt-front")["Name"] = long


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("change", [lambda _: None, unknown, stopped], ids=["whole", "unknown", "stopped"])
@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal_or_ends_in_a_space(
    width: int, explain: bool, change: object, generation: str
) -> None:
    assert callable(change)
    for line in inspect_text(tell(recorded(generation, change), explain=explain), width=width).plain.split("\n"):
        assert line == line.rstrip()
        if not line.strip().startswith(("$", "'")) and not line.endswith("\\"):  # a word of a command is never broken
            assert cell_len(line) <= width, line


def test_long_names_do_not_break_the_page() -> None:
    text = inspect_text(tell(recorded(OLD, long_names)), width=80).plain
    assert "nobody-would-want-to-type" in text


def test_a_command_that_goes_on_can_be_copied() -> None:
    line = "docker network inspect front --format '{{range .IPAM.Config}}{{.Gateway}} {{end}}' | grep \"a b\" | wc -l"
    text = command(line, 60, 4).plain
    assert "\\\n" in text
    assert all(len(part) <= 60 for part in text.splitlines())
    joined = text.strip().removeprefix("$ ").replace("\\\n", " ")
    assert shlex.split(joined) == shlex.split(line)
    assert command(line, None, 4).plain == f"    $ {line}\n"


def test_nothing_in_a_resolv_conf_moves_the_cursor() -> None:
    def spoil(document: Json) -> None:
        document["resolv_conf"] = "nameserver 192.0.2.1\x1b[2J\nsearch\ta\x07\n# a remark\n"

    text = inspect_text(tell(recorded(OLD, spoil))).plain
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "nameserver 192.0.2.1\\x1b[2J" in text
    assert "a remark" not in text
    assert printable("a\tb\n") == "a b⏎"
