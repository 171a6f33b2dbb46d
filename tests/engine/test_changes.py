"""Changes in the file: what is replaced, what is moved, what is left alone, and what is nobody's to touch."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.lab import Lab, answers, free_port

SLEEPER = "{image: BUSYBOX, command: KEEP, init: true"


@pytest.mark.whole
def test_every_attribute_comes_back_as_it_was_sent(lab: Lab) -> None:
    """In sync after the first apply and after a restart, and but for the stop while stopped."""
    port = free_port()
    (lab.folder / "conf").mkdir()
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          all:
            image: BUSYBOX
            command: KEEP
            entrypoint: [env, X=1]
            environment: {{A: "1", B: 1.10, C: "with space=and equals"}}
            hostname: someone
            user: "0:0"
            working_dir: /tmp/
            labels: {{team: blue, empty: ""}}
            networks:
              one: {{aliases: [first, second], ipv4_address: 10.83.1.9, ipv6_address: "fd83:0:0::9"}}
              two:
            ports: ["{port}:80", "127.0.0.1::81/udp"]
            expose: [9000, 82/sctp, "9001-9003/udp"]
            volumes:
              - data:/data:ro
              - ./conf:/conf:ro
              - /anonymous
              - {{type: tmpfs, target: /memory, tmpfs: {{size: 1m, mode: 0o1770}}}}
              - {{type: bind, source: ./conf, target: /conf2, bind: {{propagation: private}}}}
              - {{type: volume, source: data, target: /data2, volume: {{nocopy: true}}}}
            restart: on-failure:3
            healthcheck: {{test: "true", interval: 1s, timeout: 5s, retries: 2, start_period: 1m30s}}
            extra_hosts: ["db:10.0.0.9", "six:::1"]
            dns: [127.0.0.1]
            init: true
            stop_signal: SIGINT
            stop_grace_period: 1s
          again:
            image: BUSYBOX
            command: KEEP
            init: true
            depends_on: {{all: {{condition: service_healthy}}}}
            networks: [one]
        networks:
          one:
            driver_opts: {{com.docker.network.bridge.enable_icc: "true"}}
            attachable: true
            enable_ipv6: true
            ipam:
              config:
                - subnet: 10.83.1.0/24
                  ip_range: 10.83.1.128/25
                  gateway: 10.83.1.1
                  aux_addresses: {{printer: 10.83.1.200}}
                - {{subnet: "fd83::/64"}}
            labels: [team=blue]
          two: {{internal: true}}
        volumes:
          data: {{labels: {{keep: "yes"}}}}
        """
    )
    lab.apply(file, "--timeout", "30")
    all_, again = lab.container("ndt-all"), lab.container("ndt-again")
    assert all_.attrs["Config"]["Env"][1] == "B=1.10"
    assert all_.exec_run("hostname").output == b"someone\n"
    for container in (all_, again):
        container.restart(timeout=1)
    assert lab.diff(file) == []
    for container in (all_, again):
        container.stop(timeout=1)
    assert lab.told(file) == [("start", "ndt-all", None), ("start", "ndt-again", None)]
    ids = (all_.id, again.id)
    lab.apply(file)
    assert (lab.container("ndt-all").id, lab.container("ndt-again").id) == ids


def test_image_settings_are_inherited_and_are_no_drift(lab: Lab) -> None:
    image = lab.image(
        "ndt/inherit",
        'ENTRYPOINT ["env", "X=1"]',
        'CMD ["sleep", "100000"]',
        "ENV FROM_IMAGE=yes BOTH=image",
        "EXPOSE 7000",
        "VOLUME /kept",
        "WORKDIR /tmp",
        "USER 0",
        "LABEL made=here",
        "HEALTHCHECK --interval=1h CMD true",
    )
    try:
        file = lab.write(
            f"""
            name: ndt-lab
            prefix: ndt-
            containers:
              plain: {{image: "{image}", init: true}}
              own:
                image: "{image}"
                init: true
                environment: {{BOTH: file}}
                healthcheck: {{retries: 5}}
                expose: [7001]
              other: {{image: "{image}", entrypoint: sleep, command: "100000", init: true}}
              bare: {{image: "{image}", entrypoint: [], command: [sleep, "100000"], init: true}}
            """
        )
        lab.apply(file)
        (lab.folder / "mark").write_text("")
        written = "echo mine > /kept/file"
        lab.in_container("ndt-plain", written)
        file.write_text(file.read_text().replace('plain: {image: "', 'plain: {hostname: anew, image: "'))
        lab.apply(file)
        assert lab.in_container("ndt-plain", "cat /kept/file") == (0, "mine\n")  # anonymous volumes move along
        assert lab.in_container("ndt-plain", "hostname") == (0, "anew\n")
    finally:
        lab.run("teardown", "ndt-lab", "--volumes")
        lab.remove_image(image)


@pytest.mark.whole
def test_a_teardown_takes_anonymous_volumes_that_moved_along_too(lab: Lab) -> None:
    """An engine removes a container's anonymous volumes with it, and takes for named what it was given by name."""
    before = {volume.name for volume in lab.client.volumes.list()}
    body = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {SLEEPER}, hostname: one, volumes: [/kept]}}
    """
    lab.apply(lab.write(body))
    lab.apply(lab.write(body.replace("one", "two")))
    lab.apply(lab.write(body.replace("one", "three")))
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert {volume.name for volume in lab.client.volumes.list()} == before


def test_anonymous_volumes_that_no_container_uses_any_more_are_told_and_go_with_a_teardown(lab: Lab) -> None:
    """They are kept for their data, as named ones are: of a container that left the file, of a mount that did."""
    before = {volume.name for volume in lab.client.volumes.list()}
    sleeper = f"{SLEEPER}, stop_signal: SIGKILL"
    web, gone = f"web: {sleeper}, volumes: ['/kept']}}", f"gone: {sleeper}, volumes: [/v, /w]}}"
    head = "name: ndt-lab\nprefix: ndt-\nvolumes: {named: }\ncontainers:\n  "
    lab.apply(lab.write(f"{head}{web}\n  {gone}\n"))
    assert lab.in_container("ndt-web", "echo mine > /kept/file")[0] == 0
    (kept,) = (mount["Name"] for mount in lab.container("ndt-web").attrs["Mounts"])
    file = lab.write(head + web.replace("/kept", "named:/kept"))
    planned = lab.run("diff", file)
    lab.apply(file)
    for told in (planned.both, lab.run("diff", file).both):
        assert (
            f"the anonymous volume of `web` at /kept is kept with its data (docker volume rm {kept} removes it)" in told
        )
        assert "2 anonymous volumes of `gone` at /v, /w are kept with their data" in told
    assert lab.run("teardown", "ndt-lab").code == 0
    assert kept in lab.run("status", "ndt-lab").both
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert {volume.name for volume in lab.client.volumes.list()} == before


def test_borrowed_volumes_go_when_their_borrower_is_gone(lab: Lab) -> None:
    """It ends later than the container they were made for, and the engine refuses to remove what it still uses."""
    before = {volume.name for volume in lab.client.volumes.list()}
    slow = f"{SLEEPER.replace('init: true', 'init: false')}, stop_grace_period: 2s"
    lab.apply(
        lab.write(
            f"""
            name: ndt-lab
            prefix: ndt-
            containers:
              owner: {SLEEPER}, stop_signal: SIGKILL, volumes: ["data:/data", /v]}}
              borrower: {slow}, volumes_from: [owner]}}
              again: {SLEEPER}, stop_signal: SIGKILL, volumes_from: ["borrower:ro"]}}
            volumes: {{data: }}
            """
        )
    )
    result = lab.run("teardown", "ndt-lab", "--volumes")
    assert result.code == 0, result.both
    assert {volume.name for volume in lab.client.volumes.list()} == before


def test_a_tag_that_moved_is_a_replacement_with_that_reason(lab: Lab) -> None:
    image = lab.image("ndt/moving", 'CMD ["sleep", "100000"]', "ENV V=1")
    try:
        file = lab.write(f'name: ndt-lab\nprefix: ndt-\ncontainers: {{web: {{image: "{image}", init: true}}}}\n')
        lab.apply(file)
        lab.image("ndt/moving", 'CMD ["sleep", "100000"]', "ENV V=2")
        (change,) = lab.diff(file)
        assert change["action"] == "replace"
        assert change["reason"] == "the tag of its `image` has moved to another image"
        assert "the tag has moved" in change["attributes"][0]["after"]
        lab.apply(file)
        assert "V=2" in lab.container("ndt-web").attrs["Config"]["Env"]
    finally:
        lab.run("teardown", "ndt-lab")
        lab.remove_image(image)


def test_a_network_with_another_subnet_keeps_its_containers(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {SLEEPER}, networks: {{front: {{aliases: [shop], ipv4_address: 10.83.1.10}}}}}}
          db: {SLEEPER}, networks: [front]}}
          idle: {SLEEPER}, networks: [front]}}
          lone: {SLEEPER}, networks: [other]}}
        networks:
          front: {{ipam: {{config: [{{subnet: 10.83.1.0/24}}]}}}}
          other:
        """
    file = lab.write(text)
    lab.apply(file)
    before = lab.identities("ndt-web", "ndt-db", "ndt-lone")
    idle = lab.container("ndt-idle")
    idle.stop(timeout=0)
    lab.write(text.replace("10.83.1.", "10.83.0.").replace("/24", "/16"))
    lab.apply(file)
    assert lab.identities("ndt-web", "ndt-db", "ndt-lone") == before
    assert lab.container("ndt-idle").id == idle.id
    assert lab.container("ndt-idle").status == "running"
    assert lab.resolves("ndt-db", "shop")
    assert lab.in_container("ndt-web", "ip -4 addr")[1].count("10.83.0.10/16") == 1


@pytest.mark.whole
def test_a_subnet_goes_from_a_removed_network_to_a_new_one(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers: {{web: {SLEEPER}, networks: [old]}}}}
        networks: {{old: {{ipam: {{config: [{{subnet: 10.83.1.0/24}}]}}}}}}
        """
    file = lab.write(text)
    lab.apply(file)
    before = lab.identities("ndt-web")
    lab.write(text.replace("old", "new"))
    newer = lab.engine.reader.api_version >= (1, 44)
    # a newer engine can't connect a container that is on no network once the network it was made with is gone
    assert ("replace", "ndt-web", None) in lab.told(file) or not newer
    lab.apply(file)
    assert (lab.identities("ndt-web") == before) != newer
    assert lab.names() == {"ndt-web", "ndt-new"}


@pytest.mark.whole
def test_a_container_that_lost_all_its_networks_is_brought_back(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers: {{web: {SLEEPER}, networks: [old, new]}}}}
        networks: {{old: , new: }}
        """
    file = lab.write(text)
    lab.apply(file)
    lab.write(text.replace("[old, new]", "[new]").replace("{old: , new: }", "{new: }"))
    lab.apply(file)
    lab.client.networks.get("ndt-new").disconnect("ndt-web")
    lab.apply(file)
    assert set(lab.container("ndt-web").attrs["NetworkSettings"]["Networks"]) == {"ndt-new"}


@pytest.mark.whole
def test_two_containers_swap_their_host_ports(lab: Lab) -> None:
    one, two = free_port(), free_port()
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          first: {SLEEPER}, ports: ["{one}:80"]}}
          second: {SLEEPER}, ports: ["{two}:80"]}}
        """
    file = lab.write(text)
    lab.apply(file)
    lab.write(text.replace(str(one), "@").replace(str(two), str(one)).replace("@", str(two)))
    lab.apply(file)
    assert lab.names() == {"ndt-first", "ndt-second"}


def test_fixed_addresses_are_taken_before_free_ones_and_can_be_swapped(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          a1: {SLEEPER}, networks: [net]}}
          a2: {SLEEPER}, networks: [net]}}
          b1: {SLEEPER}, networks: {{net: {{ipv4_address: 10.83.1.2}}}}}}
          b2: {SLEEPER}, networks: {{net: {{ipv4_address: 10.83.1.3}}}}}}
        networks: {{net: {{ipam: {{config: [{{subnet: 10.83.1.0/24}}]}}}}}}
        """
    file = lab.write(text)
    lab.apply(file)
    before = lab.identities("ndt-a1", "ndt-a2", "ndt-b1", "ndt-b2")
    lab.write(text.replace("1.2", "@").replace("1.3", "1.2").replace("@", "1.3"))
    lab.apply(file)
    assert lab.identities("ndt-a1", "ndt-a2", "ndt-b1", "ndt-b2") == before


def test_foreign_objects_with_our_names_stop_everything(lab: Lab) -> None:
    other = lab.foreign("ndt-web")
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {SLEEPER}, networks: [front]}}
          app: {SLEEPER}}}
        networks: {{front: }}
        """
    )
    before = lab.identities("ndt-web")
    result = lab.run("apply", file)
    assert result.code == 2
    assert "no netdeploy label" in result.err
    assert "nothing was touched" in result.err
    assert lab.identities("ndt-web") == before
    assert lab.names() == {"ndt-web"}
    (conflict, *_) = [change for change in lab.diff(file) if change["action"] == "conflict"]
    assert conflict["name"] == "ndt-web"
    assert conflict["attributes"]
    other.remove(force=True)
    lab.apply(file)


def test_a_conflict_says_which_topology_or_compose_project_owns_the_name(lab: Lab) -> None:
    mine = lab.write(f"name: ndt-mine\nprefix: ndt-\ncontainers: {{web: {SLEEPER}}}}}\n", "mine")
    theirs = lab.write(f"name: ndt-theirs\nprefix: ndt-\ncontainers: {{web: {SLEEPER}}}}}\n", "theirs")
    lab.apply(theirs)
    result = lab.run("apply", mine)
    assert result.code == 2
    assert "`ndt-theirs`" in result.err
    assert str(theirs) in result.err
    lab.run("teardown", "ndt-theirs")
    lab.foreign("ndt-web", labels={"com.docker.compose.project": "shop"})
    assert "Docker Compose project `shop`" in lab.run("diff", mine).out


def test_a_container_run_from_a_committed_image_is_not_ours(lab: Lab) -> None:
    text = f"name: ndt-lab\nprefix: ndt-\ncontainers: {{web: {SLEEPER}}}}}\n"
    file = lab.write(text)
    lab.apply(file)
    lab.container("ndt-web").commit("ndt/committed", "latest")
    try:
        lab.client.containers.run("ndt/committed:latest", name="ndt-copy", detach=True)
        before = lab.identities("ndt-copy")
        assert lab.diff(file) == []
        lab.write(text.replace("BUSYBOX", "ndt/committed"))
        lab.apply(file)  # the image's labels are no hindrance to its use
        lab.apply(file)
        assert lab.run("teardown", "ndt-lab").code == 0
        assert lab.names() == {"ndt-copy"}
        assert lab.identities("ndt-copy") == before
    finally:
        lab.container("ndt-copy").remove(force=True)
        lab.remove_image("ndt/committed:latest")


def test_a_network_with_a_foreign_container_is_not_replaced_or_removed(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers: {{web: {SLEEPER}, networks: [front]}}}}
        networks: {{front: {{ipam: {{config: [{{subnet: 10.83.1.0/24}}]}}}}}}
        """
    file = lab.write(text)
    lab.apply(file)
    lab.foreign("ndt-guest", network="ndt-front")
    assert lab.diff(file) == []
    before = lab.identities("ndt-web", "ndt-guest")
    lab.write(text.replace("10.83.1.", "10.83.2."))
    result = lab.run("apply", file)
    assert result.code == 2
    assert "ndt-guest" in result.err
    assert lab.identities("ndt-web", "ndt-guest") == before
    result = lab.run("teardown", "ndt-lab")
    assert result.code == 2
    assert "`ndt-front` stays" in result.err
    assert "ndt-guest" in result.err
    assert lab.names() == {"ndt-front", "ndt-guest"}
    assert lab.identities("ndt-guest")["ndt-guest"] == before["ndt-guest"]


def test_a_volume_is_never_replaced(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers: {{web: {SLEEPER}, volumes: ["data:/data"]}}}}
        volumes: {{data: {{labels: {{v: "1"}}}}}}
        """
    file = lab.write(text)
    lab.apply(file)
    lab.in_container("ndt-web", "echo kept > /data/file")
    lab.write(text.replace('v: "1"', 'v: "2"'))
    result = lab.run("apply", file)
    assert result.code == 2
    assert "losing its data" in result.err
    assert lab.in_container("ndt-web", "cat /data/file") == (0, "kept\n")


def test_a_container_that_shares_a_network_follows_its_owner(lab: Lab) -> None:
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {SLEEPER}}}
          side: {SLEEPER}, network_mode: "container:web"}}
          host: {SLEEPER}, network_mode: host}}
          none: {SLEEPER}, network_mode: none}}
          default: {SLEEPER}, network_mode: bridge}}
        """
    file = lab.write(text)
    lab.apply(file)
    shared = [lab.in_container(name, "readlink /proc/1/ns/net") for name in ("ndt-web", "ndt-side")]
    assert shared[0] == shared[1]
    before = lab.identities("ndt-host", "ndt-none", "ndt-default")
    lab.write(text.replace("web: {", "web: {hostname: other, "))
    assert {(c["action"], c["name"]) for c in lab.diff(file)} == {("replace", "ndt-web"), ("replace", "ndt-side")}
    lab.apply(file)
    shared = [lab.in_container(name, "readlink /proc/1/ns/net") for name in ("ndt-web", "ndt-side")]
    assert shared[0] == shared[1]
    assert lab.identities("ndt-host", "ndt-none", "ndt-default") == before


def test_external_networks_and_volumes_are_used_and_never_changed(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        containers:
          ndt-web: {SLEEPER}, networks: {{ours: {{aliases: [shop]}}, bridge: }}, volumes: ["theirs:/data"]}}
        networks:
          ours: {{external: true, name: ndt-theirs}}
          bridge: {{external: true}}
        volumes:
          theirs: {{external: true, name: ndt-their-data}}
        """
    )
    result = lab.run("apply", file)
    assert result.code == 2
    assert "no such network" in result.err
    assert "no such volume" in result.err
    lab.client.networks.create("ndt-theirs")
    lab.client.volumes.create("ndt-their-data")
    lab.apply(file)
    assert set(lab.container("ndt-web").attrs["NetworkSettings"]["Networks"]) == {"ndt-theirs", "bridge"}
    assert lab.run("teardown", "ndt-lab", "--volumes").code == 0
    assert lab.names() == {"ndt-theirs"}
    assert lab.volumes() == {"ndt-their-data"}


@pytest.mark.whole
def test_copies_live_side_by_side_and_find_their_own_neighbours(lab: Lab) -> None:
    files = [
        lab.write(
            f"""
            name: ndt-copy{number}
            prefix: ndt-{number}-
            containers:
              web: {SLEEPER}, networks: [net]}}
              db: {SLEEPER}, networks: [net], volumes: ["data:/data"]}}
            networks: {{net: }}
            volumes: {{data: }}
            """,
            f"copy{number}",
        )
        for number in (1, 2)
    ]
    for file in files:
        lab.apply(file)
    for number in (1, 2):
        own = lab.container(f"ndt-{number}-db").attrs["NetworkSettings"]["Networks"][f"ndt-{number}-net"]["IPAddress"]
        assert own in lab.in_container(f"ndt-{number}-web", "nslookup db 127.0.0.11")[1]
    assert lab.run("teardown", files[0], "--volumes").code == 0
    assert lab.names() == {"ndt-2-web", "ndt-2-db", "ndt-2-net"}
    assert lab.diff(files[1]) == []


def test_dependencies_are_waited_for(lab: Lab) -> None:
    file = lab.write(
        """
        name: ndt-lab
        prefix: ndt-
        containers:
          last:
            image: BUSYBOX
            command: KEEP
            init: true
            depends_on: {slow: {condition: service_healthy}, job: {condition: service_completed_successfully}}
          slow:
            image: BUSYBOX
            command: [sh, -c, "sleep 2; touch /ready; sleep 100000"]
            init: true
            healthcheck: {test: test -e /ready, interval: 500ms, retries: 20}
          job: {image: BUSYBOX, command: [sh, -c, "sleep 1"]}
        """
    )
    lab.apply(file)
    started = {name: lab.container(f"ndt-{name}").attrs["State"]["StartedAt"] for name in ("last", "slow", "job")}
    assert started["last"] > lab.container("ndt-job").attrs["State"]["FinishedAt"]
    assert started["last"] > started["slow"]
    before = lab.identities("ndt-last", "ndt-slow")
    assert lab.run("apply", file).out.startswith("No changes.")  # the finished job is in order
    assert lab.identities("ndt-last", "ndt-slow") == before


@pytest.mark.as_long_as_users_wait
def test_a_container_that_exits_at_once_fails_with_its_last_words(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          broken: {{image: BUSYBOX, command: [sh, -c, "echo no such upstream; exit 3"]}}
          waiting: {SLEEPER}, depends_on: [broken]}}
        """
    )
    result = lab.run("apply", file)
    assert result.code == 2
    assert "`ndt-broken` exited at once (exit code 3)" in result.err
    assert "no such upstream" in result.err


def test_an_unhealthy_dependency_fails_with_what_its_check_said(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          sick:
            image: BUSYBOX
            command: KEEP
            init: true
            healthcheck: {{test: "echo my disk is full; false", interval: 200ms, retries: 1}}
          waiting: {SLEEPER}, depends_on: {{sick: {{condition: service_healthy}}}}}}
        """
    )
    result = lab.run("apply", file)
    assert result.code == 2
    assert "`ndt-sick` is unhealthy: my disk is full" in result.err
    assert "ndt-waiting" not in lab.names()  # what could not be started is not left half-made


@pytest.mark.as_long_as_users_wait
def test_a_replacement_that_fails_leaves_the_old_container_running(lab: Lab) -> None:
    port = free_port()
    text = f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {{image: BUSYBOX, command: [sh, -c, "while :; do sleep 1; done"], init: true, ports: ["{port}:80"]}}
        """
    file = lab.write(text)
    lab.apply(file)
    before = lab.container("ndt-web").id
    lab.write(text.replace("while :; do sleep 1; done", "exit 7"))
    result = lab.run("apply", file)
    assert result.code == 2
    assert "exit code 7" in result.err
    assert "taken back" in result.err
    again = lab.container("ndt-web")
    assert (again.id, again.status) == (before, "running")
    assert lab.names() == {"ndt-web"}
    lab.write(text)
    assert lab.diff(file) == []


@pytest.mark.parametrize("holder", ["a container", "a process"])
def test_a_port_that_is_taken_is_named_with_what_to_do(lab: Lab, holder: str) -> None:
    port = free_port()
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          web: {SLEEPER}, ports: ["{port}:80"]}}
          app: {SLEEPER}}}
        """
    )
    with socket.socket() as taken:
        if holder == "a process":
            taken.bind(("0.0.0.0", port))
            taken.listen()
        else:
            lab.foreign("ndt-holder", ports={"80/tcp": port})
        result = lab.run("apply", file)
    assert result.code == 2
    assert str(port) in result.err
    assert ("held by the container `ndt-holder`" in result.err) == (holder == "a container")
    assert (f"(process {os.getpid()})" in result.err) == (holder == "a process")
    assert "ndt-web" not in lab.names()  # no half-made container is left
    if holder == "a process":
        assert not answers(port)
        lab.apply(file)


def test_ctrl_c_finishes_the_step_in_flight_and_the_next_apply_the_job(lab: Lab) -> None:
    file = lab.write(
        f"""
        name: ndt-lab
        prefix: ndt-
        containers:
          slow: {SLEEPER}, healthcheck: {{test: "false", interval: 1h}}}}
          last: {SLEEPER}, depends_on: {{slow: {{condition: service_healthy}}}}}}
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "netdeploy", "apply", str(file)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while "ndt-slow" not in lab.names() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(2)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, out + err
    assert "the same command finishes the job" in err
    assert "Traceback" not in err
    file.write_text(file.read_text().replace('"false"', '"true"').replace("1h", "1s"))
    lab.apply(file)


def test_a_file_that_moved_is_no_drift(lab: Lab) -> None:
    file = lab.write(
        f"name: ndt-lab\nprefix: ndt-\ncontainers: {{web: {SLEEPER}, networks: [net]}}}}\nnetworks: {{net: }}\n"
    )
    lab.apply(file)
    moved = Path(file).rename(lab.folder / "elsewhere.yaml")
    assert lab.diff(moved) == []
