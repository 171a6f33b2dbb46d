"""A saved plan is carried out exactly, or not at all."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.lab import Lab
from engine.proxy import Fault, Proxy
from netdeploy.plan.saved import saved_plan_schema

BODY = """
name: ndt-lab
prefix: ndt-
containers:
  web:
    image: BUSYBOX
    command: KEEP
    stop_signal: SIGKILL
    environment: {MODE: a, DB_PASSWORD: hunter2}
    networks: {net: {aliases: [shop]}}
  db: {image: BUSYBOX, command: KEEP, stop_signal: SIGKILL, networks: [net]}
networks: {net: }
volumes: {data: {labels: {purpose: test, api_token: hunter4}}}
"""


def saved(lab: Lab, file: Path, *options: str) -> Path:
    """A plan, saved; the command must have said how to carry it out."""
    plan = lab.folder / "plan.json"
    result = lab.run("diff", file, "--out", plan, *options)
    assert result.code in {0, 1}, result.both
    assert f"netdeploy apply {plan}" in result.err
    return plan


def refused(lab: Lab, plan: Path, *options: str) -> str:
    """What apply says when it refuses a plan; it must have touched nothing."""
    path = lab.folder / "refused.sock"
    path.unlink(missing_ok=True)
    with Proxy(lab.engine.endpoint.url, path) as proxy:
        result = lab.run("apply", plan, *options, url=proxy.url)
        changing = [call for call in proxy.changing if "volumes" not in str(call)]  # the lock is one
        assert changing == []
    assert result.code == 2, result.both
    assert "Traceback" not in result.err
    return result.err


def new_volume(lab: Lab) -> None:
    labels = {**lab.client.volumes.get("ndt-data").attrs["Labels"], "purpose": "other"}
    lab.client.volumes.get("ndt-data").remove()
    lab.client.volumes.create("ndt-data", labels=labels)


def changed(plan: Path, **values: Any) -> Path:
    document = json.loads(plan.read_text())
    document.update(values)
    other = plan.with_name("changed.json")
    other.write_text(json.dumps(document))
    return other


def test_a_plan_does_what_it_shows_and_a_second_time_it_is_stale(lab: Lab) -> None:
    plan = saved(lab, lab.write(BODY))
    jsonschema.Draft202012Validator(saved_plan_schema()).validate(json.loads(plan.read_text()))
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    result = lab.run("apply", plan)
    assert result.code == 0, result.both
    assert lab.names() == {"ndt-web", "ndt-db", "ndt-net"}
    said = refused(lab, plan)
    assert "the plan is stale" in said
    assert "! container `ndt-web` was not there" in said
    assert "! planned, and not to be done now: create container ndt-web" in said
    assert "--out PLAN.json" in said


def test_a_plan_of_nothing_is_carried_out_and_changes_nothing(lab: Lab) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    before = lab.identities("ndt-web", "ndt-db")
    result = lab.run("apply", saved(lab, file))
    assert (result.code, "No changes." in result.out) == (0, True)
    assert lab.identities("ndt-web", "ndt-db") == before


@pytest.mark.whole
def test_run_time_is_no_drift(lab: Lab) -> None:
    """Another process id, start time and address: the plan still holds."""
    file = lab.write(BODY)
    lab.apply(file)
    lab.write(BODY.replace("MODE: a", "MODE: b"))
    plan = saved(lab, file)
    before = lab.identities("ndt-db")
    lab.container("ndt-db").restart(timeout=0)
    lab.container("ndt-web").restart(timeout=0)
    assert lab.identities("ndt-db") != before
    result = lab.run("apply", plan)
    assert result.code == 0, result.both
    assert lab.diff(file) == []


@pytest.mark.whole
def test_what_happened_elsewhere_on_the_engine_is_no_drift(lab: Lab) -> None:
    plan = saved(lab, lab.write(BODY))
    lab.foreign("ndt-other", network="none")
    lab.client.networks.create("ndt-elsewhere")
    lab.client.volumes.create("ndt-vol")
    assert lab.run("apply", plan).code == 0


@pytest.mark.part(1)
@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (lambda lab: lab.container("ndt-db").stop(timeout=0), "container `ndt-db` was running and is exited"),
        (lambda lab: lab.container("ndt-db").pause(), "container `ndt-db` was running and is paused"),
        (lambda lab: lab.container("ndt-db").remove(force=True), "container `ndt-db` is gone"),
        (lambda lab: lab.container("ndt-db").update(mem_limit="64m", memswap_limit="64m"), "`ndt-db` was changed"),
        (lambda lab: lab.container("ndt-db").update(restart_policy={"Name": "always"}), "`ndt-db` was changed"),
        (lambda lab: lab.container("ndt-db").rename("ndt-store"), "container `ndt-db` is gone"),
        (lambda lab: lab.client.networks.get("ndt-net").disconnect("ndt-db"), "container `ndt-db` was changed"),
        (lambda lab: lab.foreign("ndt-guest", network="ndt-net"), "container `ndt-guest` was not there"),
        (lambda lab: lab.client.networks.get("bridge").connect("ndt-db"), "container `ndt-db` was changed"),
        (new_volume, "volume `ndt-data` was changed"),
    ],
)
def test_any_change_by_hand_makes_a_plan_stale(lab: Lab, tamper: Any, words: str) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    lab.write(BODY.replace("MODE: a", "MODE: b"))
    plan = saved(lab, file)
    tamper(lab)
    said = refused(lab, plan)
    assert "the plan is stale" in said
    assert words in said
    assert "nothing was changed" in said


def test_a_network_made_anew_under_the_same_name_is_another_one(lab: Lab) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    plan = saved(lab, file)
    net = lab.client.networks.get("ndt-net")
    for name in ("ndt-web", "ndt-db"):
        net.disconnect(name)
    net.remove()
    lab.client.networks.create("ndt-net", labels=net.attrs["Labels"])
    lab.client.networks.get("ndt-net").connect("ndt-db", aliases=["db"])
    lab.client.networks.get("ndt-net").connect("ndt-web", aliases=["shop", "web"])
    assert lab.diff(file) == []
    assert "network `ndt-net` was made anew" in refused(lab, plan)


def test_what_changes_between_the_look_and_the_lock_is_seen(lab: Lab) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    lab.write(BODY.replace("MODE: a", "MODE: b"))
    plan = saved(lab, file)
    # the first call that changes something takes the lock
    fault = Fault("call before", 1, call=lambda: lab.container("ndt-db").stop(timeout=0))
    with Proxy(lab.engine.endpoint.url, lab.folder / "lock.sock", fault) as proxy:
        result = lab.run("apply", plan, url=proxy.url)
        assert proxy.struck
    assert result.code == 2
    assert "the plan is stale" in result.err
    assert lab.container("ndt-web").attrs["Config"]["Env"][0] == "MODE=a"


def test_a_file_that_changed_or_is_gone_is_not_applied(lab: Lab) -> None:
    file = lab.write(BODY)
    plan = saved(lab, file)
    lab.write(BODY + "# a word\n")
    assert f"{file} changed since the plan was saved" in refused(lab, plan)
    lab.write(BODY)
    file.rename(lab.folder / "aside")
    assert f"there is no file {file}" in refused(lab, plan)


def test_what_the_file_reads_from_elsewhere_counts(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NDT_VALUE", "one")
    plan = saved(lab, lab.write(BODY.replace("{MODE: a, DB_PASSWORD: hunter2}", "[NDT_VALUE]")))
    monkeypatch.setenv("NDT_VALUE", "two")
    assert "reads from elsewhere (a variable of your shell, an env file) changed" in refused(lab, plan)
    monkeypatch.setenv("NDT_VALUE", "one")
    assert lab.run("apply", plan).code == 0


def test_another_engine_another_version_and_edited_plans(lab: Lab) -> None:
    plan = saved(lab, lab.write(BODY))
    engine = {**json.loads(plan.read_text())["engine"], "id": "another", "name": "lab-7"}
    assert "the plan is for the engine on `lab-7`" in refused(lab, changed(plan, engine=engine))
    assert "was saved by netdeploy 99.1" in refused(lab, changed(plan, netdeploy="99.1"))
    said = refused(lab, changed(plan, stand_ins="perhaps"))
    assert "is not as a saved plan has to be: stand_ins: expected 'always', 'auto' or 'never'" in said
    assert "steps: there is no such key" in refused(lab, changed(plan, steps=["rm"]))
    diff = json.loads(plan.read_text())["diff"]
    said = refused(lab, changed(plan, diff={**diff, "changes": diff["changes"][1:]}))
    assert "! not planned: create network ndt-net: it does not exist" in said


def test_no_secret_is_in_a_plan_nor_a_quick_digest_of_one(lab: Lab) -> None:
    file = lab.write(BODY)
    lab.apply(file)
    lab.write(BODY.replace("hunter2", "hunter3"))
    plan = saved(lab, file)
    text = plan.read_text()
    assert "DB_PASSWORD" in text
    assert "hunter" not in text
    lab.write(BODY)
    said = refused(lab, plan)
    assert "changed since the plan was saved" in said
    assert "hunter" not in said
    again = json.loads(saved(lab, file).read_text())
    assert again["objects"] == json.loads(text)["objects"]  # they do not depend on the file's secrets


def test_images_pulled_or_loaded_ahead_are_no_drift_and_a_tag_that_moves_is(lab: Lab) -> None:
    image = lab.image("ndt-image", "ENV A=1", 'CMD ["sleep", "100000"]')
    try:
        file = lab.write(
            f"name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {{image: '{image}', stop_signal: SIGKILL}}\n"
        )
        plan = saved(lab, file)
        lab.image("ndt-image", "ENV A=2", 'CMD ["sleep", "100000"]')
        assert f"image `{image}` is another one" in refused(lab, plan)
        lab.remove_image(image)
        plan = saved(lab, file)
        lab.image("ndt-image", "ENV A=1", 'CMD ["sleep", "100000"]')
        assert lab.run("apply", plan).code == 0
    finally:
        lab.run("teardown", "ndt-lab")
        lab.remove_image(image)


def test_stand_ins_are_as_planned(lab: Lab) -> None:
    file = lab.write("name: ndt-lab\nprefix: ndt-\ncontainers:\n  web: {image: 'ndt.invalid/x:1'}\n")
    plan = saved(lab, file, "--stand-ins", "always")
    assert "does not go with a saved plan" in refused(lab, plan, "--stand-ins", "never")
    assert "--force does not go" in refused(lab, plan, "--force")
    result = lab.run("apply", plan)
    assert (result.code, "Stand-ins" in result.out) == (0, True), result.both


def test_a_failure_half_way_says_what_remains(lab: Lab) -> None:
    file = lab.write(BODY)
    plan = saved(lab, file)
    with Proxy(lab.engine.endpoint.url, lab.folder / "cut.sock", Fault("500", 4)) as proxy:
        result = lab.run("apply", plan, url=proxy.url)
        assert proxy.struck
    assert result.code == 2
    assert "the plan was carried out in part; the rest: netdeploy apply" in result.err
    lab.apply(file)


def test_what_can_not_be_carried_out_is_not_saved(lab: Lab) -> None:
    lab.foreign("ndt-web")
    file = lab.write(BODY)
    plan = lab.folder / "plan.json"
    result = lab.run("diff", file, "--out", plan)
    assert result.code == 2
    assert "no plan was saved" in result.err
    assert not plan.exists()


def test_a_plan_is_saved_over_a_plan_and_over_nothing_else(lab: Lab) -> None:
    file = lab.write(BODY)
    plan = saved(lab, file)
    saved(lab, file)
    assert lab.run("diff", file, "--out", file).code == 2
    assert file.read_text().lstrip().startswith("name: ndt-lab")
    assert "is a folder" in lab.run("diff", file, "--out", lab.folder).err
    said = lab.run("diff", file, "--out", lab.folder / "no" / "where.json")
    assert (said.code, "No such file or directory" in said.err) == (2, True)
    assert [path.name for path in lab.folder.iterdir() if path.name.startswith(".")] == []
    for arguments in ((file, file), (), (file, "--by-name")):
        assert lab.run("diff", *arguments, "--out", plan).code == 2


def test_what_is_no_plan_is_said_to_be_none(lab: Lab) -> None:
    file = lab.write(BODY)
    plan = saved(lab, file)
    assert "this is a saved plan, not a topology file" in lab.run("validate", plan).out
    assert "this is a saved plan, not a topology file" in lab.run("diff", plan).err
    assert "this is a saved plan, not a topology file" in lab.run("teardown", plan).err
    assert "is carried out alone" in refused(lab, plan, str(file))
    other = lab.folder / "other.json"
    for content, words in (
        ("{", "is not JSON: Expecting"),
        ("", "is not JSON: Expecting value"),
        ("[" * 100_000, "is not JSON text"),
        ("[1, 2]", "is no saved plan"),
        ('{"document": "netdeploy saved plan"}', "is not as a saved plan has to be"),
        (lab.run("diff", file, "-o", "json").out, "is what `diff -o json` prints, not a saved plan"),
    ):
        other.write_text(content)
        assert words in refused(lab, other)
    other.write_bytes(b"\xff\xfe\x00")
    assert "is not JSON text" in refused(lab, other)
    topology = {"name": "ndt-lab", "prefix": "ndt-", "networks": {"net": None}}
    other.write_text(json.dumps(topology))
    assert lab.run("apply", other).code == 0
    shutil.copy(plan, lab.folder / "plan.txt")
    assert "stale" in refused(lab, lab.folder / "plan.txt")
