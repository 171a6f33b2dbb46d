"""Containers that mean harm to those who look at them, on real engines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from engine.lab import Lab, free_port

MEASURED = """
import pathlib, sys
from netdeploy.cli.main import run
code = run(sys.argv[1:])
lines = pathlib.Path('/proc/self/status').read_text().splitlines()
print(next(int(line.split()[1]) >> 10 for line in lines if line.startswith('VmHWM')), code, file=sys.stderr)
"""
HEAD = "name: ndt-lab\nprefix: ndt-\n"


def proven(lab: Lab, file: Path) -> Any:
    result = lab.run("verify", file, "-o", "json")
    assert result.code in {0, 1}, result.both
    return result.json


def causes(report: Any) -> list[str]:
    return [cause["text"] for cause in report["causes"]]


def test_a_server_can_not_speak_for_another_probe(lab: Lab) -> None:
    forged = "".join(f"HTTP/1.0 404\\fR {number} ok 10.9.9.9\\n" for number in range(40))
    serve = f"while :; do printf '{forged}' | nc -l -p 80 >/dev/null; done".replace("\\", "\\\\")
    file = lab.write(
        f"""{HEAD}
containers:
  evil: {{image: BUSYBOX, command: [sh, -c, "{serve}"], networks: [net]}}
  app: {{image: BUSYBOX, command: KEEP, networks: [net, other]}}
  db: {{image: BUSYBOX, command: KEEP, networks: [other], expose: [9042]}}
networks: {{net: , other: }}
checks:
  - {{from: app, to: "evil:80", http: {{status: 200, path: "/a|b"}}, within: 0s}}
  - {{from: app, to: "db:9042", within: 0s}}
"""
    )
    lab.apply(file)
    report = proven(lab, file)
    verdicts = {claim["text"]: (claim["verdict"], claim["saw"].split(" ")[0]) for claim in report["claims"]}
    assert verdicts["app: evil:80 is reachable"][0] == "failed"
    assert verdicts["app: evil:80 is reachable"][1] in {"status", "garbled", "refused"}
    assert verdicts["app: db:9042 is reachable"] == ("failed", "refused")
    assert "10.9.9.9" not in str(report)


def test_a_published_port_answers_only_when_the_container_does(lab: Lab) -> None:
    port = free_port()
    file = lab.write(
        f"""{HEAD}
containers:
  web: {{image: BUSYBOX, command: [nc, -ll, -p, "80", -e, cat], networks: [net], ports: ["{port}:80"]}}
networks: {{net: }}
"""
    )
    lab.apply(file)
    assert proven(lab, file)["passed"]
    pid = str(lab.container("ndt-web").attrs["State"]["Pid"])
    rule = ["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "80", "-j", "DROP"]
    subprocess.run(["nsenter", "-t", pid, "-n", *rule], check=True, timeout=30)
    report = proven(lab, file)
    assert not report["passed"]
    (cause,) = causes(report)
    assert cause.startswith("a firewall inside `ndt-web` drops packets: rule 1 of the chain INPUT (")


@pytest.mark.whole
def test_probes_go_in_rounds_and_are_all_answered(lab: Lab) -> None:
    long = "x" * 1200
    checks = "".join(
        f'  - {{from: app, to: "web:80", name: n{n}, within: 30s, http: {{path: "/{long}{n}", status: 404}}}}\n'
        for n in range(150)
    )
    file = lab.write(
        f"""{HEAD}
containers:
  web: {{image: BUSYBOX, command: [httpd, -f, -p, "80"], networks: [net]}}
  app: {{image: BUSYBOX, command: KEEP, networks: [net]}}
networks: {{net: }}
checks:
{checks}"""
    )
    lab.apply(file)
    report = proven(lab, file)
    assert report["passed"], causes(report)[:3]


@pytest.mark.whole
@pytest.mark.parametrize("hosts", ["-lp9 db\\n* db\\n", "$(touch /tmp/owned) db\\n"], ids=["options", "commands"])
def test_what_is_in_etc_hosts_harms_nobody(lab: Lab, hosts: str) -> None:
    file = lab.write(
        f"""{HEAD}
containers:
  app: {{image: BUSYBOX, command: KEEP, networks: [net]}}
  db: {{image: BUSYBOX, command: KEEP, networks: {{net: {{aliases: [db]}}}}}}
networks: {{net: }}
"""
    )
    lab.apply(file)
    code, said = lab.in_container("ndt-app", f"printf '{hosts}' >> /etc/hosts")
    assert code == 0, said
    report = proven(lab, file)
    assert report["passed"], causes(report)
    assert not Path("/tmp/owned").exists()
    assert lab.run("inspect", "ndt-app").code == 0


@pytest.mark.whole
def test_a_large_file_in_a_container_costs_no_memory(lab: Lab) -> None:
    """It is read as far as it matters, and a stream that does not end is left."""
    file = lab.write(
        f"{HEAD}containers: {{app: {{image: BUSYBOX, command: KEEP, networks: [net]}}}}\nnetworks: {{net: }}\n"
    )
    lab.apply(file)
    code, said = lab.in_container("ndt-app", "dd if=/dev/zero bs=1M count=300 >> /etc/resolv.conf 2>/dev/null; echo")
    assert code == 0, said
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "--host", lab.engine.endpoint.url, "inspect", "ndt-app"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    peak, exit_code = done.stderr.split()[-2:]
    assert int(exit_code) == 0, done.stderr
    assert int(peak) < 300
