"""What a file may say in several ways, or what only Compose users say: it is made, and means what it says."""

from __future__ import annotations

from engine.lab import Lab, free_port

QUICK = "image: BUSYBOX, command: KEEP, stop_signal: SIGKILL"


def test_an_anonymous_volume_keeps_its_data_however_its_target_is_written(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web:
            {{{QUICK}, environment: {{MODE: a}}, network_mode: none,
              volumes: [/one/, //two/./, {{type: volume, target: /three/, volume: {{nocopy: true}}}}]}}
        """
    )
    lab.apply(file)
    assert lab.in_container("ndt-web", "for v in one two three; do echo $v > /$v/file; done")[0] == 0
    before = len(lab.client.volumes.list())
    file.write_text(file.read_text().replace("MODE: a", "MODE: b"))
    result = lab.apply(file)
    assert "ndt-web" in result.both
    assert lab.in_container("ndt-web", "cat /one/file /two/file /three/file") == (0, "one\ntwo\nthree\n")
    assert len(lab.client.volumes.list()) == before
    assert lab.run("teardown", file, "--volumes", "--yes").code == 0
    assert len(lab.client.volumes.list()) == before - 3


def test_ports_of_the_hosts_network_are_ignored_with_a_warning(lab: Lab) -> None:
    port = free_port()
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          one: {{{QUICK}, network_mode: host, ports: ["{port}:80"]}}
          two: {{{QUICK}, network_mode: host, ports: ["{port}:80"]}}
          three: {{{QUICK}, ports: ["{port}:80"]}}
        """
    )
    validated = lab.run("validate", file)
    assert validated.code == 0, validated.both
    assert validated.both.count("`ports` is ignored") == 2
    lab.apply(file)
    assert lab.container("ndt-one").attrs["HostConfig"]["PortBindings"] in (None, {})


def test_names_of_one_letter_stand_behind_a_prefix(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          a: {{{QUICK}, networks: [n], volumes: ["v:/v:z"], depends_on: [b]}}
          b: {{{QUICK}, network_mode: "container:c"}}
          c: {{{QUICK}, networks: [n]}}
        networks: {{n: }}
        volumes: {{v: }}
        """
    )
    lab.apply(file)
    assert lab.names() == {"ndt-a", "ndt-b", "ndt-c", "ndt-n"}
    assert lab.resolves("ndt-a", "c")


def test_a_container_restarts_with_what_it_depends_on(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          db: {{{QUICK}, network_mode: none, environment: {{MODE: a}}}}
          web: {{{QUICK}, network_mode: none, depends_on: {{db: {{restart: true}}}}}}
          other: {{{QUICK}, network_mode: none, depends_on: [db]}}
        """
    )
    lab.apply(file)
    before = lab.identities("ndt-web", "ndt-other")
    file.write_text(file.read_text().replace("MODE: a", "MODE: b"))
    result = lab.apply(file)
    after = lab.identities("ndt-web", "ndt-other")
    assert "it restarts with `ndt-db`, which is replaced" in result.both
    assert (after["ndt-web"].id, after["ndt-other"]) == (before["ndt-web"].id, before["ndt-other"])
    assert after["ndt-web"].started_at > lab.identities("ndt-db")["ndt-db"].started_at


def test_what_is_not_required_is_a_warning_when_it_does_not_come_true(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          db:
            {{{QUICK}, network_mode: none,
              healthcheck: {{test: "false", interval: 100ms, retries: 1, timeout: 1s, start_interval: 100ms}}}}
          web: {{{QUICK}, network_mode: none, depends_on: {{db: {{condition: service_healthy, required: false}}}}}}
        """
    )
    if lab.engine.reader.api_version < (1, 44):
        file.write_text(file.read_text().replace(", start_interval: 100ms", ""))
    result = lab.run("apply", file)
    assert "`ndt-db` is unhealthy" in result.both
    assert "it is not required" in result.both
    assert lab.container("ndt-web").status == "running"
    assert result.code == 0, result.both


def test_what_is_not_required_need_not_even_start(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          db: {{image: BUSYBOX, command: [/no/such/program], network_mode: none}}
          web: {{{QUICK}, network_mode: none, depends_on: {{db: {{required: false}}}}}}
          other: {{{QUICK}, network_mode: none, depends_on: [db]}}
        """
    )
    assert lab.run("apply", file).code == 2
    assert lab.container("ndt-web").status == "running"
    assert "ndt-other" not in {container.name for container in lab.client.containers.list()}
