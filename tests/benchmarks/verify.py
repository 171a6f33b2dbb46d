"""How long a verify takes: 30 containers on 10 networks. Run it with `make bench`; medians are what counts.

Each container is on two networks and listens on a port; the topology stands before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from netdeploy.cli.main import run
from netdeploy.engine.connect import find_endpoint
from netdeploy.engine.engine import Engine
from netdeploy.topology.read import read
from netdeploy.verify.run import Options, verify
from netdeploy.workflow.views import Target

NAME = "ndt-bench"


def topology(containers: int, networks: int) -> str:
    lines = [f"name: {NAME}", f"prefix: {NAME}-", "containers:"]
    for number in range(containers):
        places = sorted({number % networks, (number * 7 + 3) % networks})
        listed = ", ".join(f"net{place}: {{aliases: [service{number}]}}" for place in places)
        lines.append(f"  app{number}: {{image: app, expose: [8080], networks: {{{listed}}}}}")
    lines += ["networks:", *(f"  net{number}: {{}}" for number in range(networks))]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--containers", type=int, default=30)
    parser.add_argument("--networks", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{NAME}.yaml"
        file.write_text(topology(options.containers, options.networks))
        if run(["apply", str(file), "--stand-ins", "always"]) != 0:
            return 1
        try:
            with Engine(find_endpoint(None, None, os.environ)) as engine:
                times = [_once(engine, file) for _ in range(options.rounds)]
        finally:
            run(["teardown", NAME])
    listed = ", ".join(f"{seconds:.1f}" for seconds in times)
    print(f"verify of {options.containers} containers on {options.networks} networks: ", end="")
    print(f"median {statistics.median(times):.1f} s of {options.rounds} ({listed}); load {os.getloadavg()[0]:.1f}")
    return 0


def _once(engine: Engine, file: Path) -> float:
    reading = read(file)
    began = time.perf_counter()
    report = verify(engine, Target(reading.wanted(), reading.source), file.name, Options())
    seconds = time.perf_counter() - began
    if not report.passed:
        print("\n".join(cause.text for cause in report.causes), file=sys.stderr)
        raise SystemExit(1)
    print(f"{report.summary.passed} claims hold, {seconds:.1f} s", file=sys.stderr)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
