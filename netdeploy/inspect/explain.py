"""The commands by which a person finds what the report tells. Pure.

The questions are those of an exercise on container networking: 1 which network; 2 its interface as the host sees it;
3 as the container sees it; 4 its address; 5 its default gateway; 6 connect it to another network; 7 the evidence that
it is connected; 8 ping its addresses from the host.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from netdeploy.inspect.report import CommandReport, InspectReport, NetworkReport, ResolverReport
from netdeploy.inspect.resolver import EXT_SERVERS

_ANOTHER = "my-net"
_NETWORKS = "{{json .NetworkSettings.Networks}}"
_NAMED_BY_ID = re.compile(r"br-[0-9a-f]{12}")
_BRIDGE_BY_ID = "br-{{slice .Id 0 12}}"
_BRIDGE_BY_OPTION = '{{index .Options "com.docker.network.bridge.name"}}'
_SHARED = {
    "pid": "{{.HostConfig.PidMode}}",
    "ipc": "{{.HostConfig.IpcMode}}",
    "uts": "{{.HostConfig.UTSMode}}",
    "volumes": "{{json .HostConfig.VolumesFrom}}",
}
_GATEWAYS = "{{range .IPAM.Config}}{{.Gateway}} {{end}}"


def commands(report: InspectReport, helper_image: str = "") -> tuple[CommandReport, ...]:
    """For each line of the report, what to type; `helper_image` is a busybox that the engine has."""
    return tuple(_Commands(report, helper_image or "busybox").all())


class _Commands:
    def __init__(self, report: InspectReport, helper_image: str) -> None:
        self._report = report
        self._name = shlex.quote(report.name)
        self._helper = f"docker run --rm --network container:{self._name} {helper_image}"
        self._helper_image = helper_image
        # the engine refuses an exec in a paused container; a helper beside it shares the same network
        self._inside = self._helper if report.status == "paused" else f"docker exec {self._name}"

    def all(self) -> Iterator[CommandReport]:
        report = self._report
        running = report.status in ("running", "paused")
        if report.mode == "networks":
            yield _found("networks", 1, self._inspect(_NETWORKS))
        else:
            yield _found("mode", 1, self._inspect("{{.HostConfig.NetworkMode}}"))
        yield from self._of_the_name()
        for network in report.networks:
            yield from self._of_network(network)
        if running:
            yield _found("interfaces", 3, f"{self._inside} ip addr")
            yield _found("routes", 5, f"{self._inside} route -n")
        yield from self._of_files(running=running)
        if report.ports:
            configured = f"docker inspect {self._owner} --format '{{{{json .HostConfig.PortBindings}}}}'"
            yield _found("ports", None, f"docker port {self._owner}" if running else configured)
        if report.mode == "networks":
            make = f"docker network create --driver bridge {_ANOTHER}"
            yield _found("exercise.6", 6, make, f"docker network connect {_ANOTHER} {self._name}")
        if report.status == "running" and report.mode != "host":
            yield _found("helper", None, f"{self._helper} ip addr")

    def _of_the_name(self) -> Iterator[CommandReport]:
        """Its hostname, which no helper beside it shares, and what it shares with others."""
        report, owner = self._report, self._owner
        if report.status == "running":
            yield _found("hostname", None, f"docker exec {self._name} hostname")
        elif report.hostname.origin == "host":
            yield _found("hostname", None, "docker info --format '{{.Name}}'")
        else:
            yield _found("hostname", None, f"docker inspect {owner} --format '{{{{.Config.Hostname}}}}'")
        shared = dict.fromkeys(share.what for share in report.shares if share.what in _SHARED)
        if shared:
            yield _found("shares", None, *(self._inspect(_SHARED[what]) for what in shared))
        if report.shared_by:
            ids = f"$(docker inspect {owner} --format '{{{{.Id}}}}')"
            modes = "docker ps --all --quiet | xargs docker inspect --format '{{.Name}} {{.HostConfig.NetworkMode}}'"
            yield _found("shared_by", None, f'{modes} | grep -e "container:{ids}" -e "container:{owner}$"')

    @property
    def _owner(self) -> str:
        """The container whose network it is."""
        return shlex.quote(self._report.shares_with or self._report.name)

    def _of_files(self, *, running: bool) -> Iterator[CommandReport]:
        resolver, hosts = self._report.resolver, self._report.hosts
        show = f"{self._inside} cat /etc/{{}}" if running else f"docker cp {self._name}:/etc/{{}} - | tar xO"
        yield _found("resolver", 7, show.format("resolv.conf"))
        if resolver and resolver.upstream:
            yield _found("resolver.upstream", None, self._upstream(resolver, show.format("resolv.conf")))
        extra = hosts and any(line.kind == "extra_hosts" for line in hosts.lines)
        configured = [f"docker inspect {self._owner} --format '{{{{json .HostConfig.ExtraHosts}}}}'"] if extra else []
        yield _found("hosts", None, show.format("hosts"), *configured)

    def _upstream(self, resolver: ResolverReport, show: str) -> str:
        """The engine's note in the file is there on newer ones only."""
        if resolver.upstream and resolver.upstream.origin == "container":
            return f"docker inspect {self._owner} --format '{{{{json .HostConfig.Dns}}}}'"
        if EXT_SERVERS in resolver.text:
            return f"{show} | grep {EXT_SERVERS}"
        return f"docker run --rm --network host {self._helper_image} cat /etc/resolv.conf"

    def _inspect(self, template: str) -> str:
        return f"docker inspect {self._name} --format '{template}'"

    def _of_network(self, network: NetworkReport) -> Iterator[CommandReport]:
        about, net = f"networks.{network.name}", shlex.quote(network.name)
        if network.bridge:
            template = _BRIDGE_BY_ID if _NAMED_BY_ID.fullmatch(network.bridge.name) else _BRIDGE_BY_OPTION
            yield _found(f"{about}.bridge", 2, f"docker network inspect {net} --format '{template}'")
        if network.interface:
            yield from self._of_interface(network)
        elif network.addresses:
            yield _found(f"{about}.addresses", 4, self._inspect(_NETWORKS))
        if network.default_route:
            yield _found(f"{about}.gateways", 5, *self._default_route(network))
        elif network.gateways:
            yield _found(f"{about}.gateways", None, f"docker network inspect {net} --format '{_GATEWAYS}'")
        if network.names and network.interface:
            ask = f"docker run --rm --network {net} {self._helper_image} nslookup"
            yield _found(f"{about}.names", None, *(f"{ask} {shlex.quote(name)}" for name in network.names))
        if network.pings:
            yield _found(f"{about}.pings", 8, *(f"ping -c 1 {ping.address}" for ping in network.pings))

    def _of_interface(self, network: NetworkReport) -> Iterator[CommandReport]:
        about, interface = f"networks.{network.name}", network.interface
        if interface is None:
            return
        if network.host_interface:
            link = f"{self._inside} cat /sys/class/net/{interface.name}/iflink"
            yield _found(f"{about}.host_interface", 2, link, f"ip link | grep '^{network.host_interface.index}:'")
        yield _found(f"{about}.interface", 3, f"{self._inside} ip link show {interface.name}")
        yield _found(f"{about}.addresses", 4, f"{self._inside} ip addr show {interface.name}")
        yield _found(
            f"{about}.evidence",
            7,
            f"{self._inside} ip addr",
            f"{self._inside} route -n | grep {interface.name}",
            f"{self._inside} cat /etc/resolv.conf",
        )

    def _default_route(self, network: NetworkReport) -> Iterator[str]:
        yield f"{self._inside} route -n | grep '^0.0.0.0'"
        if any(":" in gateway for gateway in network.gateways):
            yield f"{self._inside} ip -6 route | grep '^default'"


def _found(about: str, question: int | None, *lines: str) -> CommandReport:
    return CommandReport(about=about, question=question, commands=lines)
