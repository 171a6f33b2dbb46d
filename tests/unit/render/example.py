"""A diff with something of everything."""

from __future__ import annotations

from unit.builders import compared, standing, wishes_of

from netdeploy.plan.report import DiffReport, report

BEFORE = """
name: shop
containers:
  web:
    image: nginx
    command: [nginx, -g, daemon off;]
    networks: {front: {aliases: [www]}, back: }
    ports: ["8080:80", "127.0.0.1:8443:443"]
    environment: {DB_PASSWORD: old, MODE: a, GREETING: "", URL: "postgres://shop:hunter2@db/shop"}
    healthcheck: {test: [CMD, wget, -q, localhost], interval: 10s, retries: 3}
  cache: {image: redis, networks: [back], restart: always, volumes: ["data:/data", "./conf:/conf:ro"]}
  db: {image: busybox, networks: {back: {aliases: [database, sql], ipv4_address: 10.1.0.9}}}
  old: {image: busybox, networks: [front]}
  paused: {image: busybox, networks: [front]}
networks:
  front:
  back: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
  gone:
volumes: {data: , unused: }
"""

AFTER = """
name: shop
containers:
  web:
    image: nginx
    command: [sh, -c, "while :; do echo 'still here'; sleep 10; done"]
    networks: {front: {aliases: [www]}, back: }
    ports: ["8081:80", "127.0.0.1:8443:443"]
    environment: {DB_PASSWORD: new, MODE: " a", URL: "postgres://shop:hunter3@db/shop", NOTES: "one\\ntwo"}
    healthcheck: {test: [CMD, wget, -q, localhost], interval: 1m30s}
  cache: {image: redis, networks: [back, front], volumes: ["data:/data", "./conf:/conf:ro"]}
  db: {image: busybox, networks: {back: {aliases: [database], ipv4_address: 10.2.0.9}}}
  paused: {image: busybox, networks: [front]}
  new: {image: cassandra, networks: [front], volumes: ["foreign:/var/lib/cassandra"]}
networks:
  front:
  back: {ipam: {config: [{subnet: 10.2.0.0/24, gateway: 10.2.0.254}]}}
volumes: {data: , foreign: }
"""


def rich_report() -> DiffReport:
    engine = standing(BEFORE)
    engine.pause("paused")
    engine.rename("cache", "cash")
    labels = {"com.docker.compose.project": "elsewhere"}
    engine.volumes["foreign"] = {"Name": "foreign", "Driver": "nfs", "Labels": labels}
    changes, _ = compared(wishes_of(AFTER), engine)
    return report(changes, "topologies/shop.yaml")
