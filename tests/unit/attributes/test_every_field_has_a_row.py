from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from unit.builders import container_wish, wishes_of

from netdeploy.attributes import attachment, container, network, volume
from netdeploy.attributes.table import Attribute, Effect
from netdeploy.topology.model import Attachment, Container, Network, Volume

NO_ATTRIBUTE = {
    Container: {
        "networks": "each is an attachment with a table of its own",
        "depends_on": "orders the plan; the engine knows nothing of it",
    },
    Attachment: {},
    Network: {"external": "says that the network is not ours to make or compare"},
    Volume: {"external": "says that the volume is not ours to make or compare"},
}
TABLES: dict[type[BaseModel], Sequence[Attribute[Any, Any]]] = {
    Container: container.ROWS,
    Attachment: attachment.ROWS,
    Network: network.ROWS,
    Volume: volume.ROWS,
}
ROWS = [(model.__name__, row) for model, rows in TABLES.items() for row in rows]


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_each_field_of_a_model_has_a_row_or_a_reason_to_have_none(model: type[BaseModel]) -> None:
    fields, rows = set(model.model_fields), {row.path for row in TABLES[model]}
    assert rows | set(NO_ATTRIBUTE[model]) == fields
    assert not rows & set(NO_ATTRIBUTE[model])


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_no_two_rows_share_a_path_or_an_argument(model: type[BaseModel]) -> None:
    paths = [row.path for row in TABLES[model]]
    arguments = [row.argument for row in TABLES[model] if row.argument]
    assert len(set(paths)) == len(paths)
    assert len(set(arguments)) == len(arguments)


@pytest.mark.parametrize(("model", "row"), ROWS, ids=[f"{model}.{row.path}" for model, row in ROWS])
def test_each_row_says_what_silence_means_and_where_its_value_is_sent(model: str, row: Attribute[Any, Any]) -> None:
    assert row.default
    assert isinstance(row.effect, Effect)
    if not row.argument:
        sent = row.encode(container_wish("volumes: ['data:/data', './here:/conf', /anonymous]"))
        assert len(sent) > 1
        assert all(value is not None for value in sent.values())


def test_a_file_that_sets_everything_sends_everything() -> None:
    text = """
    containers:
      other: {image: app}
      web:
        image: app
        command: [serve]
        entrypoint: [run]
        environment: {A: b}
        hostname: host
        user: me
        working_dir: /srv
        labels: {team: web}
        networks: {net: {aliases: [www], ipv4_address: 10.0.0.9, ipv6_address: "fd00::9"}}
        ports: ["8080:80"]
        expose: [81]
        volumes: [data:/data, ./here:/conf, /anonymous]
        restart: always
        healthcheck: {test: [CMD, "true"]}
        extra_hosts: {db: 10.0.0.1}
        dns: [10.0.0.53]
        init: true
        stop_signal: SIGINT
        stop_grace_period: 3s
    networks:
      net:
        driver_opts: {opt: value}
        internal: true
        attachable: true
        enable_ipv6: true
        ipam: {config: [{subnet: 10.0.0.0/24}, {subnet: "fd00::/64"}]}
        labels: {team: net}
    volumes: {data: {driver_opts: {type: tmpfs}, labels: {team: data}}}
    """
    made = wishes_of(text)
    web = next(wish for wish in made.containers if wish.key == "web")
    for rows, wish in (
        (container.ROWS, web),
        (attachment.ROWS, web.attachments[0]),
        (network.ROWS, made.networks[0]),
        (volume.ROWS, made.volumes[0]),
    ):
        for row in rows:
            assert row.encode(wish) not in (None, {}, []), row.path  # type: ignore[attr-defined, arg-type]
