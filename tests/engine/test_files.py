"""What containers get from files: environment, configs, secrets; and when images are pulled."""

from __future__ import annotations

from engine.lab import Lab

BODY = """
    name: ndt-lab
    prefix: ndt-
    containers:
      web:
        image: BUSYBOX
        command: KEEP
        init: true
        env_file: [one.env, {path: two.env, required: false}]
        environment: {OWN: file}
        configs: [settings, {source: settings, target: /etc/app.conf}]
        secrets: [{source: password, target: db}]
    configs: {settings: {file: ./settings.conf}}
    secrets: {password: {file: ./password.txt}}
"""


def test_variables_configs_and_secrets_from_files(lab: Lab) -> None:
    (lab.folder / "one.env").write_text("OWN=env\nA='x y'\n# note\nexport B=2 # note\n")
    (lab.folder / "settings.conf").write_text("colour=blue\n")
    (lab.folder / "password.txt").write_text("hush\n")
    file = lab.write(BODY)
    lab.apply(file)
    said = lab.in_container("ndt-web", "echo $OWN-$A-$B; cat /settings /etc/app.conf /run/secrets/db")[1]
    assert said.splitlines() == ["file-x y-2", "colour=blue", "colour=blue", "hush"]
    code, _ = lab.in_container("ndt-web", "echo no > /run/secrets/db")
    assert code
    before = lab.identities("ndt-web")
    lab.apply(file)
    assert lab.identities("ndt-web") == before


def test_a_changed_env_file_is_a_difference_by_variable(lab: Lab) -> None:
    for name in ("settings.conf", "password.txt"):
        (lab.folder / name).write_text("x")
    (lab.folder / "one.env").write_text("API_TOKEN=old\nMODE=a\n")
    file = lab.write(BODY)
    lab.apply(file)
    (lab.folder / "one.env").write_text("API_TOKEN=new\nMODE=b\n")
    (change,) = lab.diff(file)
    told = {a["path"]: (a["before"], a["after"]) for a in change["attributes"]}
    assert told == {
        "containers.web.environment.API_TOKEN": ("•••", "•••"),
        "containers.web.environment.MODE": ("a", "b"),
    }


def test_a_config_that_is_not_there_starts_nothing(lab: Lab) -> None:
    (lab.folder / "one.env").write_text("")
    (lab.folder / "password.txt").write_text("x")
    result = lab.run("apply", lab.write(BODY))
    assert result.code == 2
    assert f"configs.settings.file: there is no file {lab.folder}/settings.conf" in result.err
    assert lab.names() == set()


def test_an_image_that_is_never_pulled_must_be_there(lab: Lab) -> None:
    file = lab.write("name: ndt-lab\ncontainers:\n  ndt-web: {image: ndt-nowhere, pull_policy: never}\n")
    result = lab.run("apply", file)
    assert result.code == 2
    assert "containers.ndt-web: the engine has no image `ndt-nowhere`" in result.err
    assert lab.names() == set()


def test_an_image_that_is_always_pulled_is_asked_for_each_time(lab: Lab) -> None:
    file = lab.write("name: ndt-lab\ncontainers:\n  ndt-web: {image: BUSYBOX, command: KEEP, init: true}\n")
    lab.apply(file)
    before = lab.identities("ndt-web")
    file = lab.write(
        "name: ndt-lab\ncontainers:\n  ndt-web: {image: BUSYBOX, command: KEEP, init: true, pull_policy: always}\n"
    )
    result = lab.run("apply", file)  # no registry is in reach here
    assert result.code == 2
    assert "pulling image" in result.err
    assert lab.identities("ndt-web") == before
