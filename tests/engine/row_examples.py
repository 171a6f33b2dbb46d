"""For each row of the table of attributes: how a file sets it, and how a person at docker changes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker import DockerClient

from engine.lab import free_port
from netdeploy.attributes.table import Effect

Json = dict[str, Any]
ByHand = Callable[[DockerClient, str], None]
NETWORK = "ndt-rows"
TARGET = "ndt-target"


@dataclass(frozen=True)
class Example:
    """`given` is what the file says to set the row, beside `keep`; both without it is the same file silent."""

    given: Json
    keep: Json = field(default_factory=dict)
    by_hand: ByHand | None = None
    """What docker can change of it, in place."""
    taken_away: Effect | None = None
    """What taking it out of the file costs, where that is not the row's own effect."""


def _updated(**body: Any) -> ByHand:
    def update(client: DockerClient, name: str) -> None:
        url = f"{client.api.base_url}/v{client.api.api_version}/containers/{name}/update"
        answer = client.api.post(url, json=body)
        assert answer.status_code == 200, answer.text

    return update


def _rejoined(**endpoint: Any) -> ByHand:
    """Disconnected, and connected with other settings."""

    def rejoin(client: DockerClient, name: str) -> None:
        base = f"{client.api.base_url}/v{client.api.api_version}/networks/{NETWORK}"
        client.api.post(f"{base}/disconnect", json={"Container": name, "Force": True})
        own = [name.removeprefix("ndt-")]  # with a prefix each container answers to its name in the file, too
        settings = {**endpoint, "Aliases": [*endpoint.get("Aliases", ()), *own]}
        answer = client.api.post(f"{base}/connect", json={"Container": name, "EndpointConfig": settings})
        assert answer.status_code == 200, answer.text

    return rejoin


def block_device() -> str:
    """A block device of this machine."""
    names = sorted(path.name for path in Path("/sys/block").iterdir() if (Path("/dev") / path.name).exists())
    return f"/dev/{next((name for name in names if not name.startswith('loop')), names[0])}"


def _rate(key: str, value: int | str) -> Example:
    return Example({"blkio_config": {key: [{"path": block_device(), "rate": value}]}})


_M = 1 << 20
QUICK = {"init": False, "stop_signal": "SIGKILL"}
SLEEP = ["sleep", "100000"]

CONTAINERS: dict[str, Example] = {
    "image": Example({"image": "ndt-other-image:latest"}),
    "command": Example({"command": ["sleep", "200000"]}),
    "entrypoint": Example({"entrypoint": ["/bin/busybox"], "command": SLEEP}, keep={"command": SLEEP}),
    "environment": Example({"environment": {"MODE": "fast", "EMPTY": ""}}, keep={"environment": {"EMPTY": ""}}),
    "labels": Example({"labels": {"team": "web"}}),
    "annotations": Example({"annotations": {"io.example.note": "one"}}),
    "user": Example({"user": "1000:1000"}),
    "working_dir": Example({"working_dir": "/tmp/"}),
    "tty": Example({"tty": True}),
    "stdin_open": Example({"stdin_open": True}),
    "init": Example({"init": True}, keep=QUICK),
    "stop_signal": Example({"stop_signal": "SIGINT"}),
    "stop_grace_period": Example({"stop_grace_period": "1s"}),
    "restart": Example({"restart": "on-failure:3"}, by_hand=_updated(RestartPolicy={"Name": "always"})),
    "healthcheck": Example({"healthcheck": {"test": "true", "interval": "5s"}}),
    "healthcheck.start_interval": Example(
        {"healthcheck": {"test": "true", "start_period": "5s", "start_interval": "1s"}},
        keep={"healthcheck": {"test": "true", "start_period": "5s"}},
    ),
    "logging.driver": Example({"logging": {"driver": "local"}}),
    "logging.options": Example(
        {"logging": {"driver": "json-file", "options": {"max-size": "1m"}}}, keep={"logging": {"driver": "json-file"}}
    ),
    "runtime": Example({"runtime": "io.containerd.runc.v2"}),
    "network_mode": Example({"network_mode": "none"}),
    "hostname": Example({"hostname": "web.example"}),
    "domainname": Example({"domainname": "example.test"}),
    "mac_address": Example({"mac_address": "02:42:AC:83:00:07"}),
    "ports": Example({"ports": [f"127.0.0.1:{free_port()}:80"]}, keep={"expose": [80]}),
    "expose": Example({"expose": ["81-82", "53/udp"]}),
    "extra_hosts": Example({"extra_hosts": {"db": "10.83.9.9", "here": "host-gateway"}}),
    "links": Example({"links": ["target:peer"]}),
    "dns": Example({"dns": ["127.0.0.1"]}),
    "dns_opt": Example({"dns_opt": ["ndots:2"]}),
    "dns_search": Example({"dns_search": ["example.test"]}),
    "volumes": Example({"volumes": ["kept:/data:ro", "/anonymous", {"type": "tmpfs", "target": "/m"}]}),
    "volumes.volume.subpath": Example(
        {"volumes": [{"type": "volume", "source": "filled", "target": "/d", "volume": {"subpath": "part"}}]},
        keep={"volumes": [{"type": "volume", "source": "filled", "target": "/d"}]},
    ),
    "volumes_from": Example({"volumes_from": ["target:ro"]}),
    "tmpfs": Example({"tmpfs": ["/run", "/scratch:size=1m,mode=1777"]}, keep={"tmpfs": ["/run"]}),
    "cpus": Example({"cpus": 0.5}, by_hand=_updated(NanoCpus=700_000_000), taken_away=Effect.REPLACE),
    "cpu_shares": Example({"cpu_shares": 512}, by_hand=_updated(CpuShares=600), taken_away=Effect.REPLACE),
    "cpu_quota": Example({"cpu_quota": 50_000}, by_hand=_updated(CpuQuota=60_000)),
    "cpu_period": Example(
        {"cpu_period": "50ms"}, keep={"cpu_quota": "20ms"}, by_hand=_updated(CpuPeriod=60_000),
        taken_away=Effect.REPLACE,
    ),
    "cpuset": Example({"cpuset": "0"}, by_hand=_updated(CpusetCpus="0-1"), taken_away=Effect.REPLACE),
    "mem_limit": Example(
        {"mem_limit": "64m"}, by_hand=_updated(Memory=96 * _M, MemorySwap=192 * _M), taken_away=Effect.REPLACE
    ),
    "memswap_limit": Example(
        {"memswap_limit": "100m"}, keep={"mem_limit": "64m"}, by_hand=_updated(MemorySwap=-1)
    ),
    "mem_reservation": Example({"mem_reservation": "32m"}, by_hand=_updated(MemoryReservation=16 * _M)),
    "mem_swappiness": Example({"mem_swappiness": 10}),
    "oom_kill_disable": Example({"oom_kill_disable": True}, keep={"mem_limit": "64m"}),
    "oom_score_adj": Example({"oom_score_adj": 500}),
    "shm_size": Example({"shm_size": "32m"}),
    "pids_limit": Example({"pids_limit": 100}, by_hand=_updated(PidsLimit=200)),
    "ulimits": Example({"ulimits": {"nofile": {"soft": 512, "hard": 1024}, "core": 0}}, keep={"ulimits": {"core": 0}}),
    "blkio_config.device_read_bps": _rate("device_read_bps", "10m"),
    "blkio_config.device_write_bps": _rate("device_write_bps", "10m"),
    "blkio_config.device_read_iops": _rate("device_read_iops", 1000),
    "blkio_config.device_write_iops": _rate("device_write_iops", 1000),
    "cap_add": Example({"cap_add": ["net_admin", "CAP_SYS_TIME"]}),
    "cap_drop": Example({"cap_drop": ["MKNOD"]}),
    "privileged": Example({"privileged": True}),
    "read_only": Example({"read_only": True}),
    "security_opt": Example({"security_opt": ["no-new-privileges:true", "systempaths=unconfined"]}),
    "group_add": Example({"group_add": [10, 20]}),
    "userns_mode": Example({"userns_mode": "host"}),
    "ipc": Example({"ipc": "shareable"}),
    "pid": Example({"pid": "container:target"}),
    "uts": Example({"uts": "host"}),
    "cgroup": Example({"cgroup": "private"}),
    "cgroup_parent": Example({"cgroup_parent": "/ndt-group"}),
    "devices": Example({"devices": ["/dev/null:/dev/nothing:r"]}),
    "device_cgroup_rules": Example({"device_cgroup_rules": ["c 1:3 rwm"]}),
    "sysctls": Example({"sysctls": {"net.core.somaxconn": 1024}}),
}  # fmt: skip

_SYSCTL = "com.docker.network.endpoint.sysctls"
ATTACHMENTS: dict[str, Example] = {
    "aliases": Example({"aliases": ["shop", "till"]}, by_hand=_rejoined(Aliases=["shop"])),
    "ipv4_address": Example(
        {"ipv4_address": "10.83.90.77"}, by_hand=_rejoined(IPAMConfig={"IPv4Address": "10.83.90.78"})
    ),
    "ipv6_address": Example(
        {"ipv6_address": "fd00:83:90::77"}, by_hand=_rejoined(IPAMConfig={"IPv6Address": "fd00:83:90::78"})
    ),
    "link_local_ips": Example(
        {"link_local_ips": ["169.254.8.8"]}, by_hand=_rejoined(IPAMConfig={"LinkLocalIPs": ["169.254.9.9"]})
    ),
    "mac_address": Example({"mac_address": "02:42:0a:83:90:99"}, by_hand=_rejoined()),
    "driver_opts": Example({"driver_opts": {_SYSCTL: "net.ipv4.conf.IFNAME.log_martians=1"}}, by_hand=_rejoined()),
    "interface_name": Example(
        {"interface_name": "front0"}, by_hand=_rejoined(DriverOpts={"com.docker.network.endpoint.ifname": "back0"})
    ),
    "gw_priority": Example({"gw_priority": 10}, by_hand=_rejoined(GwPriority=5)),
    "links": Example({}, by_hand=_rejoined(Links=["ndt-target:other"])),  # `links` stands at the container
}

NETWORKS: dict[str, Example] = {
    "driver_opts": Example({"driver_opts": {"com.docker.network.bridge.enable_icc": "true"}}),
    "internal": Example({"internal": True}),
    "attachable": Example({"attachable": True}),
    "enable_ipv4": Example(
        {"enable_ipv4": False}, keep={"enable_ipv6": True, "ipam": {"config": [{"subnet": "fd00:83:91::/64"}]}}
    ),
    "enable_ipv6": Example(
        {"enable_ipv6": True, "ipam": {"config": [{"subnet": "10.83.92.0/24"}, {"subnet": "fd00:83:92::/64"}]}},
        keep={"ipam": {"config": [{"subnet": "10.83.92.0/24"}]}},
    ),
    "ipam.config": Example({"ipam": {"config": [{"subnet": "10.83.93.0/24", "gateway": "10.83.93.7"}]}},
        keep={"ipam": {"config": [{"subnet": "10.83.93.0/25"}]}}),
    "ipam.options": Example({"ipam": {"options": {"note": "one"}}}),
    "labels": Example({"labels": {"team": "net"}}),
    "name": Example({"name": "another"}),
}  # fmt: skip

VOLUMES: dict[str, Example] = {
    "driver_opts": Example({"driver_opts": {"type": "tmpfs", "device": "tmpfs"}}),
    "labels": Example({"labels": {"team": "data"}}),
    "name": Example({"name": "kept-otherwise"}),
}
