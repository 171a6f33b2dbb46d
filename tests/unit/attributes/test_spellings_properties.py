"""Any value that a file may give a row is read back as it was given; and what is told apart is what differs in fact."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.attributes.test_spellings import KINDS, differs

from netdeploy.topology.amounts import SIGNALS
from netdeploy.topology.read import read_bytes

DIGITS = st.text("0123456789", min_size=1, max_size=3)
NUMBER = st.integers(0, 40).map(str) | DIGITS
CPUS = st.lists(
    st.builds(lambda first, last: first if last is None else f"{first}-{last}", NUMBER, st.none() | NUMBER),
    min_size=1, max_size=4,
).map(",".join)  # fmt: skip
WORDS = st.sampled_from(("ro", "rw", "exec", "noexec", "nosuid", "size=1m", "size=2m", "mode=700", "mode=1777"))
PARTS = st.lists(st.sampled_from(("a", "b", ".", "..", "", "c d")), max_size=5)
PATHS = PARTS.map(lambda parts: "/" + "/".join(parts))
SIGNAL = st.sampled_from([*SIGNALS, *(str(n) for n in range(1, 65)), "RTMIN+3", "RTMAX", "RTMAX-14"])
SPELT = st.sampled_from((str.upper, str.lower, str.title, lambda name: name if name.isdigit() else f"SIG{name}"))
SECURITY = st.sampled_from(
    (
        *("no-new-privileges", "no-new-privileges:false", "no-new-privileges=true", "label=disable", "disable"),
        *("label:user:a", "label=user:b", "label=level:a", "apparmor=x", "apparmor:y", "seccomp=unconfined"),
    )
)
ADDRESSES = st.sampled_from(("10.0.0.1", "10.0.0.2", "::1", "[::1]", "0:0::1", "host-gateway"))
PORTS = st.builds(
    "{}{}{}{}".format, st.sampled_from(("", "127.0.0.1:", "[::1]:", "0.0.0.0:")),
    st.sampled_from(("", "8080:", "08080:", "0:", "8080-8080:", "8080-8082:", ":")),
    st.sampled_from(("80", "080", "80-80", "80-82")), st.sampled_from(("", "/tcp", "/UDP")),
)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "cpuset": CPUS,
    "tmpfs": st.builds(lambda path, words: f"{path}:{','.join(words)}", PATHS, st.lists(WORDS, max_size=4)),
    "working_dir": PATHS,
    "stop_signal": st.builds(lambda name, spelt: spelt(name), SIGNAL, SPELT),
    "restart": st.sampled_from(("no", "always", "unless-stopped")) | NUMBER.map("on-failure:{}".format),
    "security_opt": st.lists(SECURITY, max_size=4),
    "extra_hosts": st.dictionaries(st.sampled_from("abC"), st.lists(ADDRESSES, min_size=1, max_size=3)),
    "ports": st.lists(PORTS, max_size=3),
    "expose": st.lists(st.sampled_from(("80", "80-82", "081/TCP", "82/udp", "80/sctp")), max_size=4),
    "volumes": st.lists(
        st.builds(
            lambda source, path, modes: f"{source}{path}" + (f":{','.join(modes)}" if source and modes else ""),
            st.sampled_from(("", "data:", "/tmp/./:")), PATHS,
            st.lists(st.sampled_from(("ro", "rw", "z", "Z", "nocopy", "cached", "rslave")), max_size=3),
        ), max_size=3,
    ),
    "healthcheck": st.fixed_dictionaries(
        {},
        optional={
            "test": st.sampled_from(("x", ["CMD", "x"], ["NONE"])), "retries": st.integers(0, 2),
            "interval": st.sampled_from(("0s", "1s", "1m")), "disable": st.booleans(),
        },
    ),
    "environment": st.dictionaries(st.text("AB_", min_size=1, max_size=2), st.text(max_size=3), max_size=3),
    "labels": st.dictionaries(st.sampled_from(("a", "desktop.docker.io/x")), st.none() | st.text("x ", max_size=2)),
    "cap_add": st.lists(st.sampled_from(("net_admin", "CAP_NET_ADMIN", "ALL", "all", "SYS_TIME")), max_size=3),
    "mem_limit": st.sampled_from(("0", "64m", "64MiB", "0.5g", "1t", "67108864b")),
    "devices": st.lists(st.builds("/dev/null:/dev/{}:{}".format, st.sampled_from("xy"), st.sampled_from(("r", "mr")))),
    "entrypoint": st.lists(st.sampled_from(("", "x", "y z")), max_size=2),
    "command": st.lists(st.sampled_from(("", "x", "y z")), min_size=1, max_size=2),
    "volumes_from": st.lists(st.sampled_from(("one", "two", "one:ro", "two:rw", "container:one")), max_size=3),
}  # fmt: skip


FILE = Path("/topologies/lab.yaml")


@cache
def is_right(text: str) -> bool:
    whole = KINDS["container"].file.replace("BODY", f"    {text}\n")
    return read_bytes(whole.encode(), FILE, FILE.name, {}).topology is not None


@pytest.mark.parametrize("row", VALUES)
def test_what_a_file_may_say_is_what_is_read_back(row: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(VALUES[row])
    def holds(value: Any) -> None:
        text = f"{row}: {json.dumps(value)}"
        if is_right(text):
            assert differs("container", text, text) == []

    holds()


def cpus_of(text: str) -> frozenset[int] | None:
    """As the kernel reads a list of CPUs; None for what engines refuse."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if int(last or first) < int(first):
            return None
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def options_of(text: str) -> tuple[str, dict[str, str]]:
    """As mount(8) takes options: one after the other."""
    path, _, words = text.partition(":")
    said: dict[str, str] = {}
    for word in filter(None, words.split(",")):
        key = {"ro": "rw", "noexec": "exec"}.get(word, word.partition("=")[0])
        said[key] = word
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts), said


def signal_of(text: str) -> int:
    name = re.sub("^SIG", "", text.upper())
    real_time = {"RTMIN": 34, "RTMIN+3": 37, "RTMAX": 64, "RTMAX-14": 50}
    return int(name) if name.isdigit() else real_time.get(name) or SIGNALS[name]


MEANINGS: dict[str, Callable[[str], Any]] = {"cpuset": cpus_of, "tmpfs": options_of, "stop_signal": signal_of}


@pytest.mark.parametrize("row", MEANINGS)
def test_two_values_are_one_exactly_when_they_mean_one(row: str) -> None:
    @settings(max_examples=80, deadline=None)
    @given(VALUES[row], VALUES[row])
    def holds(one: str, two: str) -> None:
        first, second = (f"{row}: {json.dumps(value)}" for value in (one, two))
        meaning = MEANINGS[row]
        if row == "cpuset":
            assert is_right(first) == (meaning(one) is not None)
        if is_right(first) and is_right(second):
            assert (differs("container", first, second) == []) == (meaning(one) == meaning(two))

    holds()
