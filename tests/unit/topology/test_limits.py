"""No file takes long or much, thousands of ordinary containers are right, and what is no file is told in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netdeploy.cli.main import run

CORPUS = Path(__file__).parent / "corpus"
SECONDS = 1.0  # of the processor's time, so that a busy machine does not count
MEGABYTES = 200
MOST_SECONDS, MOST_MEGABYTES = 3.0, 200  # of the largest files that are read at all
MEASURED = """
import json, resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))  # a bomb ends here, and not with the machine
from netdeploy.topology.read import read
took = {}
for name in sys.argv[1:]:
    began = time.process_time()
    reading = read(name, {})
    shown = reading.described()
    assert shown or reading.topology
    took[name] = time.process_time() - began
status = Path("/proc/self/status")  # getrusage counts what the parent had before the exec, too
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0 kB"]
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
print(json.dumps([took, peak]))
"""

LARGE = {
    "ten_megabytes": b"containers:\n" + b"".join(b"  c%07d: {image: nginx}\n" % n for n in range(400_000)),
    "ten_megabytes_in_a_line": b"a: " + b"x" * 10_000_000,
    "just_small_enough": b"containers:\n" + b"".join(b"  c%06d: {imag: nginx}\n" % n for n in range(2_900)),
    "as_many_errors_as_values": b"containers: {web: {image: x, ports: [" + b"x, " * 11_900 + b"]}}\n",
    "keys_without_a_space": b"containers: {web: {image: x, environment: {" + b"".join(b"a:%d, " % n for n in range(4_900)) + b"}}}\n",  # noqa: E501
    "one_long_key": b"a" * 900_000 + b": 1\n",
    "brackets": b"[" * 1_000_000,
    "quotes": b'"' * 1_000_000,
    "anchors": b"".join(b"a%d: &a%d x\n" % (n, n) for n in range(4_900)),
    "colons": b"password: " * 100_000,
    "comments": b"# x\n" * 250_000,
    "many_networks": b"networks:\n" + b"".join(b"  n%d: {ipam: {config: [{subnet: 10.%d.%d.0/24}]}}\n" % (n, n // 250, n % 250) for n in range(1_000)),  # noqa: E501
    "many_dependencies": b"containers:\n" + b"".join(b"  c%d: {image: x, depends_on: [c%d]}\n" % (n, n + 1) for n in range(1_700)),  # noqa: E501
    "many_ports": b"containers: {web: {image: x, ports: [" + b"".join(b"'%d:%d', " % (n, n) for n in range(1, 5_900)) + b"]}}\n",  # noqa: E501
}  # fmt: skip


ORDINARY = """
  web-{n:04}:
    image: nginx:1.27
    environment: {{MODE: production, LEVEL: info, NUMBER: {n}}}
    networks:
      net-{net}: {{aliases: [www-{n}, shop-{n}]}}
    ports: ["{port}:80"]
    volumes: [data-{net}:/data, ./conf:/etc/app:ro]
    restart: unless-stopped
    healthcheck: {{test: [CMD, curl, -f, http://localhost], interval: 30s}}
    depends_on: [first]
    labels: {{team: blue}}"""
MERGED = "\n  web-{n:04}: {{<<: *ordinary, ports: ['{port}:80']}}"
ANCHOR = (
    "x-ordinary: &ordinary {image: nginx, environment: {MODE: a, LEVEL: b}, networks: {net-0: {}}, restart: always,"
    " healthcheck: {test: [CMD, x], interval: 30s}, labels: {team: blue}, depends_on: [first]}\n"
)


def ordinary(count: int, container: str, head: str = "") -> str:
    """A right file with so many containers."""
    texts = (container.format(n=n, net=n % 20, port=10_000 + n) for n in range(count))
    sections = [f"{kind}:\n" + "".join(f"  {name}-{n}:\n" for n in range(20)) for kind, name in SECTIONS]
    return "".join([head, "containers:\n  first: {image: nginx}", *texts, "\n", *sections])


SECTIONS = (("networks", "net"), ("volumes", "data"))
THOUSANDS = {
    "three_hundred_and_seventy_five": (ordinary(375, ORDINARY), SECONDS),
    "a_thousand": (ordinary(1_000, ORDINARY), SECONDS),
    "three_thousand": (ordinary(3_000, ORDINARY), MOST_SECONDS),
    "three_thousand_that_are_alike": (ordinary(3_000, MERGED, ANCHOR), MOST_SECONDS),
}
LARGEST = {
    "broken_containers": b"containers:\n" + b"".join(b"  c%06d: {imag: nginx}\n" % n for n in range(4_900)),
    "broken_rules": b"containers:\n" + b"".join(b"  c%06d: {image: nginx, ports: ['80:80'], networks: [zz]}\n" % n for n in range(4_900)),  # noqa: E501
    "chains": b"containers:\n" + b"".join(b"  c%d: {image: x, depends_on: [c%d]}\n" % (n, n + 1) for n in range(4_900)),
    "networks": b"networks:\n" + b"".join(b"  n%d: {ipam: {config: [{subnet: 10.%d.%d.0/24}]}}\n" % (n, n // 250, n % 250) for n in range(4_900)),  # noqa: E501
    "bombs": b"x-a: &a {image: nginx, environment: {" + b"".join(b"a%d: x, " % n for n in range(5_000)) + b"}}\ncontainers:\n" + b"".join(b"  c%d: *a\n" % n for n in range(1_000)),  # noqa: E501
    "as_many_as_there_may_be": b"containers:\n" + b"".join(b"  c%d: {image: x, environment: [A=1, B=2, C=3, D=4, E=5, F=6, G=7, H=8], networks: [n]}\n" % n for n in range(4_900)) + b"networks: {n: }\n",  # noqa: E501
    "too_many_of_all": b"".join(b"%s:\n" % kind + b"".join(b"  c%06d: {}\n" % n for n in range(40_000)) for kind in (b"containers", b"networks")),  # noqa: E501
    "a_bomb_of_lists": b"x-0: &a0 [1, 1]\n" + b"".join(b"x-%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 30)),  # noqa: E501
}  # fmt: skip


def measured(files: list[Path]) -> tuple[dict[str, float], float]:
    """How long each file took, in seconds of the processor, and the most memory in MB."""
    command = [sys.executable, "-c", MEASURED, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    took, peak = json.loads(done.stdout)
    return took, peak


def test_no_file_of_the_corpus_takes_long_or_much() -> None:
    took, peak = measured(sorted(CORPUS.glob("*/*.yaml")))
    assert {name: seconds for name, seconds in took.items() if seconds > SECONDS} == {}
    assert peak < MEGABYTES


@pytest.mark.parametrize("name", LARGE)
def test_no_large_file_takes_long_or_much(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_bytes(LARGE[name])
    took, peak = measured([file])
    assert took[str(file)] < SECONDS
    assert peak < MEGABYTES


@pytest.mark.whole
@pytest.mark.parametrize("name", THOUSANDS)
def test_thousands_of_ordinary_containers_are_right(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, seconds = THOUSANDS[name]
    file = tmp_path / f"{name}.yaml"
    file.write_text(text)
    assert run(["validate", str(file)]) == 0
    assert f"{name}.yaml is right" in capsys.readouterr().out
    took, peak = measured([file])
    assert took[str(file)] < seconds
    assert peak < MOST_MEGABYTES


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_files_come_to_an_end(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_bytes(LARGEST[name])
    took, peak = measured([file])
    assert took[str(file)] < MOST_SECONDS
    assert peak < MOST_MEGABYTES


# -- what is no file ---------------------------------------------------------------------------------------------------


@contextmanager
def not_root() -> Iterator[None]:
    """Root may read everything."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert run(["validate", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert told(capsys, tmp_path) == f"error: {tmp_path} is a folder\n  → name the topology file in it\n"


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("")
    said = told(capsys, tmp_path / "shp.yaml")
    assert said == f"error: there is no file {tmp_path}/shp.yaml\n  → did you mean `shop.yaml`?\n"
    assert "there is no folder" in told(capsys, tmp_path / "no" / "shop.yaml")


def test_a_file_that_may_not_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text("containers: {web: {image: nginx}}\n")
    file.chmod(0)
    with not_root():
        said = told(capsys, file)
    assert said.startswith(f"error: {file} can't be read: Permission denied\n  → ")


def test_names_that_no_file_can_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert "can't be read: File name too long" in told(capsys, "x" * 5_000)
    assert "can't be read" in told(capsys, "a\0b")


def test_a_device_that_never_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/dev/zero can't be read: it is a device, not a file" in told(capsys, "/dev/zero")


def test_the_others_are_still_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text("containers: {web: {image: nginx}}\n")
    assert run(["validate", str(tmp_path), str(good)]) == 2
    assert f"{good} is right" in capsys.readouterr().out
