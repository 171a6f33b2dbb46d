"""Short forms and long forms give the same model, and their problems stand where the file has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.topology.reading import messages, topology

from netdeploy.topology.model import Container

AROUND = "networks: {front: , back: }\nvolumes: {data: }\n"


def container(body: str, **environ: str) -> Container:
    """One container among two more, with two networks and a volume at hand."""
    text = f"containers:\n  db: {{image: redis}}\n  app: {{image: redis}}\n  web: {{image: nginx, {body}}}\n"
    return topology(text + AROUND, environ).containers["web"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ('command: nginx -g "daemon off;"', 'command: [nginx, -g, "daemon off;"]'),
        ("entrypoint: /entry.sh -v", "entrypoint: [/entry.sh, -v]"),
        ('entrypoint: ""', "entrypoint: []"),
        ("command: [sleep, 10]", 'command: ["sleep", "10"]'),
        ("environment: [A=1, B=, C=x=y]", 'environment: {A: "1", B: "", C: x=y}'),
        ("labels: [a=1, b=]", 'labels: {a: 1, b: ""}'),
        ("labels: [a=1, b]", "labels: {a: 1, b: }"),
        ("annotations: [a]", 'annotations: {a: ""}'),
        ("logging: {options: [labels]}", 'logging: {options: {labels: ""}}'),
        ("user: 1000", 'user: "1000"'),
        ("networks: [front, back]", "networks: {front: {}, back: }"),
        ("depends_on: [db, app]", "depends_on: {db: {condition: service_started}, app: }"),
        ("dns: 9.9.9.9", "dns: [9.9.9.9]"),
        ('extra_hosts: ["a:10.0.0.1", "a=10.0.0.2"]', "extra_hosts: {a: [10.0.0.1, 10.0.0.2]}"),
        ("extra_hosts: {a: '::1'}", "extra_hosts: ['a=[::1]']"),
        ("extra_hosts: {a: '[::1]', b: ['[fd00::1]']}", "extra_hosts: {a: '::1', b: 'fd00::1'}"),
        ("healthcheck: {test: nc -z db 1}", "healthcheck: {test: [CMD-SHELL, nc -z db 1]}"),
        ("healthcheck: {retries: 3.0}", "healthcheck: {retries: 3}"),
        ("expose: [80, 0x51, 82.0]", 'expose: ["80", "81", "82"]'),
        ("ports: [80]", "ports: [{target: 80}]"),
        ("ports: [8080:80]", "ports: [{target: 80, published: 8080}]"),
        ("ports: [8080:80/udp]", "ports: [{target: 80, published: 8080, protocol: udp}]"),
        ("ports: ['127.0.0.1:8080:80']", "ports: [{target: 80, published: 8080, host_ip: 127.0.0.1}]"),
        ("ports: ['127.0.0.1::80']", "ports: [{target: 80, host_ip: 127.0.0.1}]"),
        ("ports: ['[::1]:8080:80']", "ports: [{target: 80, published: 8080, host_ip: '0:0::1'}]"),
        ("ports: ['::1:8080:80']", "ports: ['[::1]:8080:80']"),
        ("ports: ['0:80', '127.0.0.1:0:81/UDP']", "ports: [80, '127.0.0.1::81/udp']"),
        ("ports: [{target: 80, published: 0, protocol: TCP}]", "ports: [80]"),
        ("ports: ['80-81:90-91/sctp']", "ports: [{target: 90-91, published: 80-81, protocol: sctp}]"),
        ("volumes: [data:/data]", "volumes: [{type: volume, source: data, target: /data}]"),
        ("volumes: [/data]", "volumes: [{type: volume, target: /data}]"),
        ("volumes: [data:/d:ro]", "volumes: [{type: volume, source: data, target: /d, read_only: true}]"),
        (
            "volumes: [data:/d:nocopy]",
            "volumes: [{type: volume, source: data, target: /d, volume: {nocopy: true}}]",
        ),
        (
            "volumes: ['./a:/a:rslave']",
            "volumes: [{type: bind, source: ./a, target: /a, bind: {create_host_path: true, propagation: rslave}}]",
        ),
        (
            "volumes: ['data:/d:ro,z,cached']",
            (
                "volumes: [{type: volume, source: data, target: /d, read_only: true, consistency: cached,"
                " bind: {selinux: z}}]"
            ),
        ),
        (
            "volumes: ['./a:/a:delegated,Z,rslave']",
            (
                "volumes: [{type: bind, source: ./a, target: /a, consistency: delegated,"
                " bind: {create_host_path: true, propagation: rslave, selinux: Z}}]"
            ),
        ),
        ("depends_on: [db]", "depends_on: {db: {required: true, restart: false}}"),
        ("mac_address: 02-42-AC-11-00-02", "mac_address: '02:42:ac:11:00:02'"),
        ("mac_address: 0242.ac11.0002", "mac_address: '02:42:ac:11:00:02'"),
        ("volumes: [{type: bind, source: ../a/./b, target: /a}]", "volumes: [{type: bind, source: /a/b, target: /a}]"),
        ("stop_grace_period: 1m30s", "stop_grace_period: 90s"),
        (
            "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 0o1777}}]",
            "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 67108864, mode: 1023}}]",
        ),
    ],
)
def test_the_short_form_means_the_long_one(short, long):
    assert container(short) == container(long)


@pytest.mark.parametrize("written", ["1.10", "0o17", "0x1F", "22:22", "yes", "true", "1e3", "007", "null-ish"])
def test_an_environment_value_stays_as_it_is_written(written):
    assert container(f"environment: {{A: {written}}}").environment == {"A": written}


def test_a_variable_without_value_comes_from_the_users_environment():
    assert container("environment: [TOKEN, A=1]", TOKEN="t").environment == {"TOKEN": "t", "A": "1"}
    assert container("environment: {TOKEN: }", TOKEN="").environment == {"TOKEN": ""}
    assert container("environment: {TOKEN: }").environment == {}


def test_a_home_folder_is_the_users_and_an_unknown_ones_stays_text(monkeypatch):
    monkeypatch.setenv("HOME", "/home/student")
    assert container("volumes: ['~/notes:/n']").volumes[0].source == "/home/student/notes"
    assert (
        container("volumes: ['~nobody-has-this-name/a:/n']").volumes[0].source == "/topologies/~nobody-has-this-name/a"
    )


def test_addresses_and_subnets_have_one_spelling():
    made = topology("networks: {six: {enable_ipv6: true, ipam: {config: [{subnet: 'FD00:0:0::/64'}]}}}")
    assert made.networks["six"].ipam.config[0].subnet == "fd00::/64"


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1s", 10**9),
        ("1.5s", 1_500_000_000),
        ("2000us", 2_000_000),
        ("1h1m1s", 3_661 * 10**9),
        ("1d", 86_400 * 10**9),
        ("1w2d", 9 * 86_400 * 10**9),
        ("1.5h", 5_400 * 10**9),
        (".5s", 500_000_000),
        ("1.s", 10**9),
        ("+1s", 10**9),
        ("1s1ms", 1_001_000_000),
        ("1000000ns", 1_000_000),
        ("1000\u00b5s", 1_000_000),
        ("1000\u03bcs", 1_000_000),
        ("0.1s", 100_000_000),
        ("0", 0),
        ("'0'", 0),
        ("0s", 0),
        ("20ms", 20_000_000),
    ],
)
def test_durations_are_nanoseconds(text, nanoseconds):
    check = container(f"healthcheck: {{start_period: {text}}}").healthcheck
    assert check is not None
    assert check.start_period == nanoseconds


@pytest.mark.parametrize("text", ["5", "1 s", "1D", "1h30", "1y", "1e3s", "-1s", ".s", "s", "1.2.3s", "''"])
def test_what_compose_does_not_take_for_a_duration_is_refused(text):
    assert (
        "expected a duration with its unit"
        in messages(f"containers: {{web: {{image: x, stop_grace_period: {text}}}}}")[0]
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8388608", 8 << 20),
        ("64m", 64 << 20),
        ("64M", 64 << 20),
        ("64mb", 64 << 20),
        ("64MB", 64 << 20),
        ("64MiB", 64 << 20),
        ("64mIb", 64 << 20),
        ("64 mb", 64 << 20),
        ("1.5g", 3 << 29),
        ("1.5GiB", 3 << 29),
        (".5g", 1 << 29),
        ("8192kb", 8 << 20),
        ("8192KiB", 8 << 20),
        ("8388608b", 8 << 20),
        ("8388608B", 8 << 20),
        ("1t", 1 << 40),
        ("0.5TiB", 1 << 39),
        ("1p", 1 << 50),
        ("8388608.", 8 << 20),
        ("0", 0),
    ],
)
def test_sizes_are_bytes(text, size):
    assert container(f"mem_limit: {text}").mem_limit == size


@pytest.mark.parametrize(
    "text", ["512Mi", "1ib", "5bb", "1.5.2g", "half", "-1", "'0x10'", "' 5m'", "'5m '", "1  g", "1e", "9p9", "9000p"]
)
def test_what_docker_does_not_take_for_a_size_is_refused(text):
    assert "expected a size in bytes" in messages(f"containers: {{web: {{image: x, shm_size: {text}}}}}")[0]


def test_a_name_of_one_letter_has_a_prefix_before_it():
    text = "containers: {a: {image: x, network_mode: 'container:b', volumes_from: [b]}, b: {image: x}}\nvolumes: {v: }"
    assert messages(f"prefix: br-\n{text}") == []
    assert [line.split(": ")[1] for line in messages(text)] == ["containers.a", "containers.b", "volumes.v"]


def test_extensions_go_at_every_level():
    text = """
        x-top: 1
        containers:
          db: {image: redis, x-a: 1}
          web:
            image: nginx
            x-a: 1
            networks: {front: {x-a: 1}}
            ports: [{target: 80, x-a: 1}]
            volumes: [{type: tmpfs, target: /t, x-a: 1, tmpfs: {x-a: 1}}]
            healthcheck: {test: "true", x-a: 1}
            depends_on: {db: {x-a: 1}}
        networks: {front: {x-a: 1, ipam: {x-a: 1, config: [{subnet: 10.0.0.0/24, x-a: 1}]}}}
        volumes: {data: {x-a: 1}}
        """
    assert "x-" not in str(topology(text).model_dump())


def test_a_container_network_or_volume_may_be_called_x():
    made = topology("containers: {x-web: {image: nginx, networks: [x-net]}}\nnetworks: {x-net: }\nvolumes: {x-vol: }")
    assert (set(made.containers), set(made.networks), set(made.volumes)) == ({"x-web"}, {"x-net"}, {"x-vol"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("ports: [80, '81:99999']", "ports[1]: 99999: a port is a number from 1 to 65535"),
        ("ports: [{target: 80, published: 70000}]", "ports[0].published: 70000: a port is a number from 1 to 65535"),
        ("ports: ['1.2.3:80:80']", "ports[0]: `1.2.3` is not an IP address"),
        ("volumes: [dta:/data]", "volumes[0]: there is no volume `dta` in this file"),
        ("networks: [front, bakc]", "networks[1]: there is no network `bakc` in this file"),
        ("networks: {bakc: }", "networks.bakc: there is no network `bakc` in this file"),
        ("depends_on: [dbb]", "depends_on[0]: there is no container `dbb` in this file"),
        ("dns: nowhere", "dns: `nowhere` is not an IP address"),
        ("dns: [nowhere]", "dns[0]: `nowhere` is not an IP address"),
        ("extra_hosts: ['a:1.1.1.1', 'a:b']", "extra_hosts[0]: `b` is not an IP address"),
        ("labels: [a=1, =b]", "labels[1]: expected `NAME=value`"),
        ("environment: [A=1, A=2]", "environment[1]: `A` is set twice"),
        ("healthcheck: {test: ''}", "healthcheck.test: there is no command to check with"),
        ("command: ''", "command: is empty; leave it out for the image's own"),
    ],
)
def test_a_problem_in_a_short_form_has_the_path_that_the_file_has(body, told):
    text = f"containers:\n  db: {{image: redis}}\n  web: {{image: nginx, {body}}}\n{AROUND}"
    assert [message.partition("containers.web.")[2] for message in messages(text)] == [told]


def test_a_null_or_a_mapping_among_names_is_told_at_its_place():
    text = f"containers:\n  web:\n    image: nginx\n    networks:\n      - front:\n      -\n{AROUND}"
    assert messages(text) == [
        "5:9: containers.web.networks[0]: expected a name",
        "6:8: containers.web.networks[1]: expected a name",
    ]


def test_a_bind_mount_without_source_does_not_become_the_files_folder():
    text = "containers: {web: {image: nginx, volumes: [{type: bind, source: '', target: /a}]}}"
    assert messages(text)[0].endswith("containers.web.volumes[0]: a bind mount needs a `source`")


def test_relative_paths_start_at_the_files_folder(tmp_path):
    from netdeploy.topology.read import read_bytes  # noqa: PLC0415

    file = Path(tmp_path / "lab.yaml")
    done = read_bytes(b"containers: {web: {image: nginx, volumes: [./a:/a]}}", file, "lab.yaml", {})
    assert done.wanted().containers["web"].volumes[0].source == str(tmp_path / "a")
