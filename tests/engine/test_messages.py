"""What commands say, once: warnings where they concern what changes, URLs where something answers, a cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab import Lab, free_port

SLEEPER = "image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"
BODY = f"""
name: ndt-lab
prefix: ndt-
containers:
  web: {{{SLEEPER}, environment: {{V: "1"}}, ports: ["PORT:80"], networks: [net]}}
  db: {{{SLEEPER}, environment: [NOT_SET_ANYWHERE], ports: ["5432"], networks: [inner]}}
networks: {{net: , inner: {{internal: true}}}}
"""


def write(lab: Lab, body: str = BODY, **values: object) -> Path:
    for key, value in values.items():
        body = body.replace(key, str(value))
    return lab.write(body)


@pytest.mark.whole
def test_warnings_are_told_by_validate_and_where_they_concern_what_changes(lab: Lab) -> None:
    port = free_port()
    file = write(lab, PORT=port)
    assert lab.run("validate", file).out.count("warning: ") == 2
    assert lab.run("diff", file).err.count("warning: containers.db") == 2
    assert lab.apply(file).err.count("warning: containers.db") == 2
    for command in ("diff", "apply", "verify"):
        assert "warning: " not in lab.run(command, file).both
    write(lab, BODY.replace('"1"', '"2"'), PORT=port)
    assert "warning: " not in lab.run("diff", file).both
    assert "warning: " not in lab.apply(file).both
    write(lab, BODY.replace("NOT_SET_ANYWHERE", "NOT_SET_EITHER"), PORT=port)
    assert "warning: " not in lab.run("diff", file).both  # nothing changes: neither has a value
    write(lab, BODY.replace("NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE, A=1"), PORT=port)
    assert lab.run("diff", file).err.count("warning: containers.db") == 2


def test_what_is_not_published_has_no_url_and_is_told_once(lab: Lab) -> None:
    port = free_port()
    file = write(lab, BODY.replace('"5432"', '"5432", "5433", "5434"'), PORT=port)
    for _ in range(2):
        result = lab.run("apply", file)
        assert result.code == 0
        assert result.out.splitlines()[1:] == [
            f"  ndt-web: http://localhost:{port}",
            "  ✗ ndt-db does not publish ports 5432-5434/tcp: it is on internal networks only",
        ]
    status = lab.run("status", "ndt-lab")
    assert f"open        ndt-web: http://localhost:{port}\n" in status.out
    assert status.out.count("http://") == 1


@pytest.mark.whole
def test_a_hundred_ports_are_one_line(lab: Lab) -> None:
    file = lab.write(f"""
        name: ndt-lab
        prefix: ndt-
        containers: {{web: {{{SLEEPER}, ports: ["18100-18139:8000-8039", "127.0.0.1:18200:90"], networks: [net]}}}}
        networks: {{net: }}
    """)
    line = "ndt-web: http://localhost:18100-18139, 18200 (41 ports)"
    assert lab.apply(file).out.splitlines()[1:] == [f"  {line}"]
    status = lab.run("status", "ndt-lab")
    assert line in status.out
    assert len(lab.run("status", "-o", "json").json["topologies"][0]["urls"]) == 41


def test_only_what_could_have_changed_something_says_that_nothing_was_changed(lab: Lab) -> None:
    broken = lab.write("containers: {web: {imag: x}}", name="ndt-broken")
    other = lab.write("containers: {web: {imag: x}}", name="ndt-other")
    for command in ("diff", "verify", "graph"):
        result = lab.run(command, broken)
        assert result.code == 2
        assert f"error: {broken} has 1 problem\n" in result.err
    assert f"error: {broken} has 1 problem; nothing was changed\n" in lab.run("apply", broken).err
    both = lab.run("diff", broken, other)
    assert f"error: {broken}, {other} have problems\n" in both.err
    assert both.err.count("unknown key `imag`") == 2
    if lab.engine.reader.api_version < (1, 48):
        young = lab.write(
            f"containers: {{web: {{{SLEEPER}, networks: {{net: {{gw_priority: 3}}}}}}}}\nnetworks: {{net: }}"
        )
        for command in ("diff", "verify"):
            result = lab.run(command, young)
            assert "does not have\n" in result.err
            assert "nothing was changed" not in result.err
        assert "does not have; nothing was changed" in lab.run("apply", young).err


@pytest.mark.whole
def test_health_is_told_once_by_an_apply_that_changes_something(lab: Lab) -> None:
    file = write(lab, PORT=free_port())
    lab.apply(file)
    write(lab, BODY.replace('"1"', '"2"'), PORT=free_port())
    assert lab.run("diff", file).both.count("does not publish") == 1
    assert lab.apply(file).both.count("does not publish") == 1
