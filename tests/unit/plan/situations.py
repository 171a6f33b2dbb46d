"""Situations an apply or a teardown can meet: what stood, what somebody did by hand, and what the file says now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from unit.paper_engine import PaperEngine

NETFLIX = (Path(__file__).parents[3] / "topologies" / "netflix.yaml").read_text()


@dataclass(frozen=True)
class Situation:
    name: str
    after: str | None
    """The file now; None is a teardown."""
    before: str | None = None
    """What was applied before; None is an empty engine."""
    by_hand: Callable[[PaperEngine], object] = field(default=lambda _engine: None)
    remove_volumes: bool = False


def _changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the text"
        text = text.replace(old, new)
    return text


TWO = """
name: lab
containers:
  web:
    image: nginx
    networks: {front: {aliases: [www]}, back: }
    ports: ["8080:80"]
    depends_on: [db]
  db:
    image: busybox
    environment: {MODE: a}
    networks: {back: {aliases: [database]}}
networks: {front: , back: }
"""

FIXED = """
name: lab
containers:
  any: {image: busybox, networks: [net]}
  one: {image: busybox, networks: {net: {ipv4_address: 10.1.0.11}}}
  two: {image: busybox, networks: {net: {ipv4_address: 10.1.0.12}}}
networks:
  net: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
"""

PORTS = """
name: lab
containers:
  blue: {image: busybox, networks: [net], ports: ["8001:80"], environment: {SIDE: left}}
  green: {image: busybox, networks: [net], ports: ["8002:80"], environment: {SIDE: right}}
networks: {net: }
"""

DEPENDENT = """
name: lab
containers:
  web:
    image: nginx
    networks: [net]
    depends_on:
      db: {condition: service_healthy}
      migration: {condition: service_completed_successfully}
      cache: {condition: service_started}
  migration: {image: busybox, networks: [net], depends_on: {db: {condition: service_healthy}}}
  db: {image: checked, networks: [net]}
  cache: {image: redis, networks: [net]}
networks: {net: }
"""

RESTARTED = """
name: lab
containers:
  web: {image: nginx, networks: [net], depends_on: {db: {condition: service_healthy, restart: true}}}
  proxy: {image: nginx, networks: [net], depends_on: {web: {restart: true, required: false}}}
  stats:
    image: busybox
    networks: [net]
    depends_on: {db: {condition: service_healthy, required: false}, web: {restart: false}}
  db: {image: checked, networks: [net], environment: {MODE: a}}
networks: {net: }
"""

SHARED = """
name: lab
containers:
  probe: {image: busybox, network_mode: "container:web"}
  web: {image: nginx, networks: [net], environment: {MODE: a}}
networks: {net: }
"""

SHARED_WITH_A_JOB = """
name: lab
containers:
  job: {image: busybox, networks: [net]}
  probe: {image: busybox, network_mode: "container:job"}
  web: {image: nginx, networks: [net], depends_on: {job: {condition: service_completed_successfully}}}
networks: {net: }
"""
JOB_DONE = ", depends_on: {job: {condition: service_completed_successfully}}"

EXTERNAL = """
name: lab
containers:
  web:
    image: nginx
    networks: [shared]
    volumes: ["common:/data"]
networks: {shared: {external: true, name: company}}
volumes: {common: {external: true}}
"""

STATEFUL = """
name: lab
containers:
  db: {image: redis, networks: [net], volumes: ["data:/data"]}
  app: {image: busybox, networks: [net], volumes: ["logs:/logs"]}
networks: {net: }
volumes: {data: , logs: }
"""

BRIDGE = """
name: lab
containers:
  plain: {image: busybox}
"""

LINKED = """
name: lab
containers:
  db: {image: busybox, environment: {V: a}}
  web: {image: nginx, environment: {MODE: a}, links: ["db:store"]}
"""

SUBNET = """
name: lab
containers:
  web: {image: nginx, networks: {net: {aliases: [www], ipv4_address: 10.1.0.10}}}
  job: {image: busybox, networks: [net], environment: {MODE: a}}
  off: {image: busybox, networks: [net]}
networks:
  net: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
"""


SMALL = """
name: lab
containers:
  aa: {image: busybox, networks: [n]}
  bb: {image: busybox, networks: [m]}
networks:
  n: {ipam: {config: [{subnet: 10.1.0.0/30}]}}
  m:
"""

BRIDGES = """
name: lab
containers: {web: {image: busybox, networks: [n, m]}}
networks:
  n: {driver_opts: {com.docker.network.bridge.name: br-one}}
  m: {driver_opts: {com.docker.network.bridge.name: br-two}}
"""


def _started_in_the_wrong_order(engine: PaperEngine) -> None:
    engine.stop("one")
    engine.stop("any")
    engine.stop("two")
    engine.start("any")
    any_has = engine.endpoint("any", "net")["IPAddress"]
    assert any_has == "10.1.0.2", any_has


def _swap(one: str, other: str) -> Callable[[PaperEngine], None]:
    def swap(engine: PaperEngine) -> None:
        first, second = engine.container(one), engine.container(other)
        first["Name"], second["Name"] = second["Name"], first["Name"]

    return swap


def _many(*steps: Callable[[PaperEngine], object]) -> Callable[[PaperEngine], None]:
    def run(engine: PaperEngine) -> None:
        for step in steps:
            step(engine)

    return run


def _network_lost_under_stopped(engine: PaperEngine) -> None:
    engine.stop("web", 137)
    engine.stop("db", 137)
    engine.lose_network("back")


def _network_lost_under_running(engine: PaperEngine) -> None:
    engine.disconnect("web", "back")
    engine.disconnect("db", "back")
    engine.lose_network("back")


def _without_depends_on(engine: PaperEngine) -> None:
    """As an older version made them."""
    for answer in engine.containers.values():
        answer["Config"]["Labels"].pop("netdeploy.depends-on", None)


SITUATIONS = (
    Situation("first_apply_of_netflix", NETFLIX),
    Situation("nothing_to_do", TWO, TWO),
    Situation("disconnected_by_hand", TWO, TWO, lambda e: e.disconnect("web", "back")),
    Situation(
        "alias_gone", NETFLIX, NETFLIX, lambda e: e.endpoint("cassandra", "private-net-1").update(Aliases=[])
    ),
    Situation("alias_too_many", TWO, TWO, lambda e: e.endpoint("db", "back").update(Aliases=["database", "spy"])),
    Situation(
        "connected_by_hand", TWO, TWO, _many(lambda e: e.foreign_network("other"), lambda e: e.connect("db", "other"))
    ),
    Situation("stopped_by_hand", TWO, TWO, lambda e: e.stop("db", 137)),
    Situation("paused_by_hand", TWO, TWO, lambda e: e.pause("db")),
    Situation("removed_by_hand", TWO, TWO, lambda e: e.remove("db")),
    Situation("renamed_by_hand", TWO, TWO, lambda e: e.rename("db", "database")),
    Situation("names_swapped_by_hand", TWO, TWO, _swap("web", "db")),
    Situation(
        "name_taken_by_a_sibling_renamed_by_hand",
        TWO,
        TWO,
        _many(lambda e: e.remove("web"), lambda e: e.rename("db", "web")),
    ),
    Situation("names_swapped_and_one_replaced", _changed(TWO, ("MODE: a", "MODE: b")), TWO, _swap("web", "db")),
    Situation("environment_changed", _changed(TWO, ("MODE: a", "MODE: b")), TWO),
    Situation("restart_policy_changed", _changed(TWO, ("environment:", "restart: always\n    environment:")), TWO),
    Situation(
        "host_ports_swapped",
        _changed(PORTS, ("8001", "9"), ("8002", "8001"), ("9", "8002")),
        PORTS,
    ),
    Situation(
        "host_port_handed_on",
        _changed(PORTS, ("  blue:", "  red:")),
        PORTS,
    ),
    Situation("network_removed_from_the_file", _changed(TWO, (", back: }\n    ports", "}\n    ports"),
        ("networks: {back: {aliases: [database]}}", "networks: [front]"), ("{front: , back: }", "{front: }")), TWO),
    Situation("network_lost_under_stopped_containers", TWO, TWO, _network_lost_under_stopped),
    Situation(
        "stopped_on_a_lost_network_and_to_be_on_the_default_bridge",
        _changed(TWO, ("    networks: {front: {aliases: [www]}, back: }\n", ""), ("{front: , back: }", "{back: }")),
        TWO,
        _network_lost_under_stopped,
    ),
    Situation("network_lost_under_running_containers", TWO, TWO, _network_lost_under_running),
    Situation("subnet_changed", _changed(SUBNET, ("10.1.0", "10.2.0")), SUBNET, lambda e: e.stop("off")),
    Situation(
        "subnet_changed_and_a_container_replaced",
        _changed(SUBNET, ("10.1.0", "10.2.0"), ("MODE: a", "MODE: b")),
        SUBNET,
    ),
    Situation(
        "removed_network_leaves_its_subnet_to_a_new_one",
        _changed(SUBNET, ("  net: {ipam", "  lan: {ipam"), ("{net: {aliases", "{lan: {aliases"), ("[net]", "[lan]")),
        SUBNET,
    ),
    Situation(
        "subnet_moves_to_a_new_network_with_a_replaced_container",
        _changed(SUBNET, ("  net: {ipam", "  lan: {ipam"), ("{net: {aliases", "{lan: {aliases"), ("[net]", "[lan]"),
            ("MODE: a", "MODE: b")),
        SUBNET,
    ),
    Situation(
        "declared_subnet_is_where_the_engine_put_a_sibling",
        "name: lab\ncontainers: {app: {image: busybox, networks: [old, new]}}\n"
        "networks: {old: , new: {ipam: {config: [{subnet: 172.18.0.0/16}]}}}",
        "name: lab\ncontainers: {app: {image: busybox, networks: [old]}}\nnetworks: {old: }",
    ),
    Situation("fixed_addresses_before_dynamic_ones", FIXED),
    Situation("fixed_address_added", FIXED, _changed(FIXED, ("{net: {ipv4_address: 10.1.0.12}}", "[net]"))),
    Situation(
        "addresses_swapped",
        _changed(FIXED, ("0.11", "0.99"), ("0.12", "0.11"), ("0.99", "0.12")),
        FIXED,
    ),
    Situation(
        "address_handed_to_a_new_container",
        _changed(FIXED, ("  two:", "  three:")),
        FIXED,
    ),
    Situation(
        "fixed_address_held_by_a_sibling_that_started_first",
        _changed(FIXED, ("10.1.0.11", "10.1.0.2")),
        _changed(FIXED, ("10.1.0.11", "10.1.0.2")),
        _started_in_the_wrong_order,
    ),
    Situation(
        "fixed_address_wanted_by_a_new_container",
        _changed(FIXED, ("  one:", "  new: {image: busybox, networks: {net: {ipv4_address: 10.1.0.2}}}\n  one:")),
        FIXED,
    ),
    Situation(
        "fixed_address_wanted_by_a_new_container_and_its_holder_replaced",
        _changed(
            FIXED,
            ("  one:", "  new: {image: busybox, networks: {net: {ipv4_address: 10.1.0.2}}}\n  one:"),
            ("any: {image: busybox,", "any: {image: busybox, environment: {MODE: b},"),
        ),
        FIXED,
    ),
    Situation(
        "place_on_a_full_network_handed_on",
        _changed(SMALL, ("[n]", "[none]"), ("[m]", "[n]"), ("[none]", "[m]")),
        SMALL,
    ),
    Situation(
        "bridges_exchanged",
        _changed(BRIDGES, ("br-one", "br-three"), ("br-two", "br-one"), ("br-three", "br-two")),
        BRIDGES,
    ),
    Situation(
        "bridge_of_a_removed_network_goes_to_a_new_one",
        _changed(BRIDGES, ("  n:", "  k:"), ("[n,", "[k,")),
        BRIDGES,
    ),
    Situation(
        "bridge_of_a_foreign_network",
        BRIDGES,
        by_hand=lambda e: e.foreign_network("office", Options={"com.docker.network.bridge.name": "br-two"}),
    ),
    Situation("three_conditions", DEPENDENT),
    Situation("job_done_and_left_alone", DEPENDENT, DEPENDENT),
    Situation("job_changed_while_who_waits_for_it_runs", _changed(DEPENDENT, ("migration: {image: busybox,",
        "migration: {image: busybox, environment: {MODE: a},")), DEPENDENT),
    Situation("job_that_failed", DEPENDENT, DEPENDENT, lambda e: e.stop("migration", 3)),
    Situation("job_done_whose_network_another_shares", SHARED_WITH_A_JOB,
        _changed(SHARED_WITH_A_JOB, (JOB_DONE, "")), lambda e: e.stop("job")),
    Situation("job_done_whose_network_another_shares_that_was_stopped", SHARED_WITH_A_JOB,
        _changed(SHARED_WITH_A_JOB, (JOB_DONE, "")), _many(lambda e: e.stop("job"), lambda e: e.stop("probe", 137))),
    Situation("dependency_unhealthy_when_another_starts", DEPENDENT, DEPENDENT,
        _many(lambda e: e.health("db", "starting"), lambda e: e.remove("web"))),
    Situation("restarts_with_what_it_depends_on", _changed(RESTARTED, ("MODE: a", "MODE: b")), RESTARTED),
    Situation("restarts_not_when_the_other_was_only_stopped", RESTARTED, RESTARTED, lambda e: e.stop("db")),
    Situation("starts_even_if_what_is_not_required_fails", RESTARTED),
    Situation("shared_network_goes_with_its_container", _changed(SHARED, ("MODE: a", "MODE: b")), SHARED),
    Situation("shared_network_container_renamed_by_hand", SHARED, SHARED, lambda e: e.rename("web", "www")),
    Situation("shared_network_container_stopped_by_hand", SHARED, SHARED, lambda e: e.stop("web")),
    Situation("shared_network_container_started_again_by_hand", SHARED, SHARED,
        _many(lambda e: e.stop("web"), lambda e: e.start("web"))),
    Situation("shared_network_made_way_for_host_port",
        _changed(SHARED, ("MODE: a}", "MODE: a}, ports: ['8000:80']")),
        _changed(SHARED, ('network_mode: "container:web"', "networks: [net], ports: ['8000:80']")),
    ),
    Situation("linked_container_replaced_under_its_own_name", _changed(LINKED, ("MODE: a}, l", "MODE: b}, l")), LINKED),
    Situation("linked_container_goes_with_its_target", _changed(LINKED, ("V: a", "V: b")), LINKED),
    Situation("linked_container_whose_replacement_was_cut_short", _changed(LINKED, ("MODE: a}, l", "MODE: b}, l")),
        LINKED, lambda e: e.rename("web", "web.netdeploy-old")),
    Situation("linked_container_whose_name_a_sibling_has", LINKED, LINKED,
        _many(lambda e: e.remove("web"), lambda e: e.rename("db", "web"))),
    Situation("default_bridge", BRIDGE),
    Situation(
        "from_the_default_bridge_to_a_network",
        _changed(BRIDGE, ("image: busybox", "image: busybox, networks: [net]")) + "networks: {net: }\n",
        BRIDGE,
    ),
    Situation(
        "external_objects_that_exist",
        EXTERNAL,
        by_hand=_many(
            lambda e: e.foreign_network("company"),
            lambda e: e.volumes.update(common={"Name": "common", "Driver": "local"}),
        ),
    ),
    Situation("external_objects_that_are_missing", EXTERNAL),
    Situation("with_a_prefix", _changed(TWO, ("name: lab", "name: lab\nprefix: copy-"))),
    Situation("prefix_added", _changed(TWO, ("name: lab", "name: lab\nprefix: copy-"), ("8080", "8081")), TWO),
    Situation("anonymous_volume_is_taken_over", _changed(TWO, ("busybox", "redis"), ("MODE: a", "MODE: b")),
        _changed(TWO, ("busybox", "redis"))),
    Situation(
        "anonymous_volumes_that_nobody_uses_any_more",
        "name: lab\nvolumes: {data: }\ncontainers: {web: {image: redis, volumes: ['data:/data']}}\n",
        "name: lab\ncontainers: {web: {image: redis}, db: {image: cassandra, volumes: [/v]}}\n",
    ),
    Situation(
        "anonymous_volumes_that_nobody_uses_any_more_at_a_teardown",
        None,
        "name: lab\ncontainers: {web: {image: redis}, db: {image: redis, volumes_from: [web]}}\n",
        lambda e: e.remove("web"),
        remove_volumes=True,
    ),
    Situation(
        "names_exchanged_with_one_whose_links_change",
        "name: lab\ncontainers: {web: {image: busybox, links: ['db:store']}, db: {image: busybox}}\n",
        "name: lab\ncontainers: {web: {image: busybox}, db: {image: busybox}}\n",
        _many(lambda e: e.rename("web", "x"), lambda e: e.rename("db", "web"), lambda e: e.rename("x", "db")),
    ),
    Situation(
        "teardown_with_a_volume_whose_lender_is_gone",
        None,
        "name: lab\nvolumes: {data: }\ncontainers:\n"
        "  web: {image: busybox, volumes: ['data:/data']}\n  db: {image: busybox, volumes_from: [web]}\n",
        lambda e: e.remove("web"),
        remove_volumes=True,
    ),
    Situation(
        "replaced_container_leaves_a_network_that_makes_way",
        """
        name: lab
        containers: {web: {image: busybox, environment: {MODE: b}, network_mode: none}}
        networks: {back: {ipam: {config: [{subnet: 10.1.0.0/16}]}}}
        """,
        """
        name: lab
        containers: {web: {image: busybox, environment: {MODE: a}, networks: [front]}}
        networks: {front: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}
        """,
    ),
    Situation(
        "container_removed_from_the_file",
        _changed(STATEFUL, ('  db: {image: redis, networks: [net], volumes: ["data:/data"]}\n', "")),
        STATEFUL,
    ),
    Situation("teardown_keeps_volumes", None, STATEFUL),
    Situation("teardown_with_volumes", None, STATEFUL, remove_volumes=True),
    Situation("teardown_stops_users_first", None, DEPENDENT),
    Situation("teardown_stops_users_first_without_labels", None, SHARED, _without_depends_on),
    Situation("teardown_of_what_is_half_gone", None, TWO, _many(lambda e: e.stop("web"), lambda e: e.remove("db"))),
    Situation("foreign_container_has_the_name", TWO, by_hand=lambda e: e.foreign_container("web")),
    Situation(
        "foreign_container_has_the_name_of_one_that_relies_on_a_new_one",
        SHARED,
        by_hand=lambda e: e.foreign_container("probe"),
    ),
    Situation(
        "compose_network_and_other_topology_have_the_names",
        TWO,
        by_hand=_many(
            lambda e: e.foreign_network("front", {"com.docker.compose.project": "shop"}, Internal=True),
            lambda e: e.foreign_network(
                "back", {"netdeploy.topology": "other", "netdeploy.kind": "network", "netdeploy.source": "/other.yaml"}
            ),
        ),
    ),
    Situation(
        "foreign_network_has_the_subnet",
        FIXED,
        by_hand=lambda e: e.foreign_network("office", IPAM={"Config": [{"Subnet": "10.1.0.0/16"}]}),
    ),
    Situation(
        "foreign_volume_has_the_name",
        STATEFUL,
        by_hand=lambda e: e.volumes.update(data={"Name": "data", "Driver": "local"}),
    ),
    Situation(
        "foreign_container_on_a_network_to_be_replaced",
        _changed(TWO, ("front: , back: }", "front: , back: {internal: true}}")),
        TWO,
        lambda e: e.foreign_container("guest", ["back"]),
    ),
    Situation(
        "foreign_container_on_a_network_to_be_removed",
        None,
        TWO,
        lambda e: e.foreign_container("guest", ["back"]),
    ),
    Situation(
        "leftovers_of_an_interrupted_replacement",
        _changed(TWO, ("MODE: a", "MODE: b")),
        TWO,
        _many(lambda e: e.rename("db", "db.netdeploy-old"), lambda e: e.stop("db.netdeploy-old", 137)),
    ),
)  # fmt: skip
