"""One-shots: containers that are to end, since another one waits for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab

pytestmark = pytest.mark.as_long_as_users_wait
FILE = """
    name: ndt-lab
    prefix: ndt-
    containers:
      job: {{image: BUSYBOX, command: [sh, -c, "{script}"], stop_signal: SIGKILL{more}}}
      web:
        image: BUSYBOX
        command: KEEP
        stop_signal: SIGKILL
        depends_on: {{job: {{condition: service_completed_successfully}}}}
"""


def job(lab: Lab, script: str, more: str = "") -> Path:
    """A one-shot that runs `script`, and a container that waits for its end."""
    return lab.write(FILE.format(script=script, more=more))


def health(lab: Lab, file: Path) -> list[tuple[str, str]]:
    document = lab.run("diff", file, "-o", "json").json
    return [(item["status"], item["message"]) for item in document["health"]]


def state(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.container(name).attrs["State"]
    return found


@pytest.mark.part(1)
@pytest.mark.parametrize("takes", ["", "sleep 2; "], ids=["at once", "after a while"])
def test_a_changed_one_that_fails_is_told_and_the_old_one_is_back(lab: Lab, takes: str) -> None:
    lab.apply(job(lab, "echo one"))
    before = lab.identities("ndt-job", "ndt-web")
    result = lab.run("apply", job(lab, f"{takes}echo the table is missing; exit 3"))
    assert result.code == 2
    assert "`ndt-job` failed: it ended with exit code 3, and `ndt-web` waits for it" in result.err
    assert "the table is missing" in result.err
    assert "bug of netdeploy" not in result.both
    assert "docker logs" not in result.err  # the one that failed is gone, and the old one's log would mislead
    assert "taken back, so that it is as it was before: `ndt-job`" in result.err
    assert lab.identities("ndt-job", "ndt-web") == before
    assert lab.names() == {"ndt-job", "ndt-web"}
    lab.apply(job(lab, "echo one"))
    assert lab.identities("ndt-job", "ndt-web") == before


def test_a_changed_one_that_succeeds_is_waited_for_while_its_waiter_runs_on(lab: Lab) -> None:
    lab.apply(job(lab, "true"))
    before = lab.identities("ndt-web")
    file = job(lab, "sleep 2")
    lab.apply(file)
    assert (state(lab, "ndt-job")["Status"], state(lab, "ndt-job")["ExitCode"]) == ("exited", 0)
    assert lab.identities("ndt-web") == before
    assert lab.run("apply", file).out.startswith("No changes.")


def test_a_new_one_that_fails_names_what_was_not_started_and_keeps_its_log(lab: Lab) -> None:
    file = job(lab, "echo no such table; exit 3")
    result = lab.run("apply", file)
    assert result.code == 2
    assert "`ndt-job` failed: it ended with exit code 3" in result.err
    assert "no such table" in result.err
    assert "not started because of this: `ndt-web`" in result.err
    reasons = {change["name"]: change["reason"] for change in lab.diff(file)}
    assert reasons["ndt-job"] == "it ended with exit code 3, and `ndt-web` waits for it to succeed"
    lab.apply(job(lab, "true"))


def test_one_that_was_started_again_and_fails(lab: Lab) -> None:
    """It is in place, so there is nothing to take back."""
    file = job(lab, "test ! -e /tmp/ran || { echo again; exit 4; }; touch /tmp/ran; exit 137")
    assert "it was killed" in lab.run("apply", file).err
    result = lab.run("apply", file)
    assert result.code == 2
    assert "`ndt-job` failed: it ended with exit code 4" in result.err
    assert "again" in result.err
    assert "bug of netdeploy" not in result.both


@pytest.mark.parametrize("stands", [True, False], ids=["changed", "new"])
def test_one_that_hangs_is_told_with_the_time_and_its_last_words(lab: Lab, stands: bool) -> None:
    if stands:
        lab.apply(job(lab, "true"))
        before = lab.identities("ndt-job", "ndt-web")
    result = lab.run("apply", job(lab, "echo waiting for godot; sleep 1000"), "--timeout", "2")
    assert result.code == 2
    assert "`ndt-job` has not ended after 2 seconds" in result.err
    assert "waiting for godot" in result.err
    assert "--timeout" in result.err
    if stands:
        assert lab.identities("ndt-job", "ndt-web") == before
        assert "docker logs" not in result.err
    else:
        assert "not started because of this: `ndt-web`" in result.err


def test_one_that_still_runs_is_told_at_run_time(lab: Lab) -> None:
    file = job(lab, "sleep 1000")
    text = file.read_text()
    lab.apply(lab.write(text.replace("service_completed_successfully", "service_started")))
    file.write_text(text)
    assert lab.diff(file) == []
    assert health(lab, file) == [("not ended", "still runs, and `ndt-web` waits for it to end")]


def test_one_that_nobody_waits_for_fails_when_it_ends_and_the_hint_says_how_it_may(lab: Lab) -> None:
    file = lab.write("name: ndt-lab\nprefix: ndt-\ncontainers: {job: {image: BUSYBOX, command: ['true']}}\n")
    result = lab.run("apply", file)
    assert result.code == 2
    assert "`ndt-job` exited at once (exit code 0)" in result.err
    assert "service_completed_successfully" in result.err


@pytest.mark.whole
def test_one_that_was_to_keep_running_and_ends_after_a_while_is_told(lab: Lab) -> None:
    """It has stayed up for as long as is waited for; the rest of the apply takes longer."""
    file = lab.write(
        """
        name: ndt-lab
        prefix: ndt-
        containers:
          short: {image: BUSYBOX, command: [sh, -c, "sleep 2; echo the disk is full; exit 7"]}
          job: {image: BUSYBOX, command: [sleep, '4']}
          web:
            image: BUSYBOX
            command: KEEP
            stop_signal: SIGKILL
            depends_on: {job: {condition: service_completed_successfully}}
        """
    )
    result = lab.run("apply", file)
    assert result.code == 2
    assert "`ndt-short` ended soon after it was started (exit code 7)" in result.err
    assert "the disk is full" in result.err
    assert "bug of netdeploy" not in result.err


def test_one_that_the_engine_would_start_again_for_ever_is_refused(lab: Lab) -> None:
    for policy in ("always", "unless-stopped"):
        file = job(lab, "true", f", restart: {policy}")
        result = lab.run("apply", file)
        assert result.code == 2
        assert "containers.job.restart" in result.err
        assert "restart: on-failure:3" in result.err
        assert lab.names() == set()
        assert lab.run("validate", file).code == 1


@pytest.mark.whole
def test_one_that_is_tried_again_a_few_times(lab: Lab) -> None:
    more = ", restart: 'on-failure:5'"
    lab.apply(job(lab, "test -e /tmp/two && exit 0; test -e /tmp/one && touch /tmp/two; touch /tmp/one; exit 3", more))
    assert state(lab, "ndt-job")["ExitCode"] == 0
    before = lab.identities("ndt-job", "ndt-web")
    result = lab.run("apply", job(lab, "exit 3", ", restart: 'on-failure:2'"))
    assert result.code == 2
    assert "it ended with exit code 3, after 2 restarts" in result.err
    assert lab.identities("ndt-job", "ndt-web") == before


def test_one_that_is_tried_again_without_an_end_is_warned_of_and_the_time_out_says_why(lab: Lab) -> None:
    file = job(lab, "echo not yet; exit 3", ", restart: on-failure")
    assert "write `on-failure:3`" in lab.run("validate", file).out
    result = lab.run("apply", file, "--timeout", "2")
    assert result.code == 2
    assert "`ndt-job` has not succeeded after 2 seconds: it keeps restarting (" in result.err
    assert "not yet" in result.err


SHARING = """
    name: ndt-lab
    prefix: ndt-
    containers:
      job:
        image: BUSYBOX
        command: [sh, -c, "sleep 3"]
        stop_signal: SIGKILL
        ipc: shareable
        networks: [lan]
      other: {{image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, {how}}}
      web:
        image: BUSYBOX
        command: KEEP
        stop_signal: SIGKILL
        networks: [lan]
        depends_on: {{job: {{condition: service_completed_successfully}}}}
    networks: {{lan: }}
"""


@pytest.mark.part(1)
@pytest.mark.parametrize("kind", ["network_mode", "pid", "ipc"])
def test_who_shares_with_one_that_ended_is_not_started_again_for_ever(lab: Lab, kind: str) -> None:
    how = f'{kind}: "container:job"' + ("" if kind == "network_mode" else ", networks: [lan]")
    file = lab.write(SHARING.format(how=how))
    lab.apply(file)
    before = lab.identities("ndt-job", "ndt-other", "ndt-web")
    result = lab.run("apply", file)
    assert result.code == 0, result.both
    assert result.out.startswith("No changes.")
    assert lab.identities("ndt-job", "ndt-other", "ndt-web") == before
    lab.container("ndt-other").stop()
    assert lab.diff(file) == []
    ((_, message),) = health(lab, file)
    assert "of `ndt-job`, which has ended" in message
    assert "ends" in lab.run("validate", file).out


@pytest.mark.whole
def test_who_links_to_one_that_ended_is_not_started_again_for_ever(lab: Lab) -> None:
    file = lab.write(
        FILE.format(script="sleep 3", more="")
        + "      other: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, links: [job]}\n"
    )
    lab.apply(file)
    assert lab.run("apply", file).out.startswith("No changes.")
    lab.container("ndt-other").stop()
    assert lab.diff(file) == []
    ((_, message),) = health(lab, file)
    assert "links to `ndt-job`, which has ended" in message
