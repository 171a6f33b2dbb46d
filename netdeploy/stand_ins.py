"""Stand-ins: busybox in place of a real image, listening on the ports that the real one would listen on.

A stand-in keeps what the exercise is about (networks, aliases, addresses, ports, environment) and drops what belongs
to the image (command, user, mounts, devices, confinement). It answers HTTP on each TCP port and names itself. UDP
ports get a listener only where the busybox has `udpsvd` (Debian's has not); SCTP ports get none.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from netdeploy.topology.model import Container, Healthcheck
from netdeploy.topology.text_types import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    Mode = Literal["always", "auto", "never"]

_OF_THE_IMAGE: Final[dict[str, object]] = {
    **dict.fromkeys(("user", "working_dir", "platform", "runtime", "isolation")),
    **dict.fromkeys(("volumes", "tmpfs", "volumes_from", "configs", "secrets"), ()),
    **dict.fromkeys(("gpus", "devices", "device_cgroup_rules", "group_add", "security_opt"), ()),
    "storage_opt": {},
}
"""What the program in the real image needs and busybox may stumble over; as a silent file has it."""


def stand_in(
    key: str,
    container: Container,
    busybox: str,
    *,
    inherited_ports: Iterable[str] = (),
    must_be_healthy: bool = False,
    must_complete: bool = False,
) -> Container:
    """What to run in place of `container`.

    Args:
        key: its name in the file, by which it introduces itself.
        container: as in the file.
        busybox: the image's name on the engine.
        inherited_ports: ports that the real image exposes (`8080/tcp`), as far as it is known.
        must_be_healthy: another container waits for its health, which the real image would report.
        must_complete: another container waits for it to end with exit code 0.
    """
    ports = _ports(container, inherited_ports)
    tcp = sorted(int(port) for port, protocol in ports if protocol == "tcp")
    udp = sorted(int(port) for port, protocol in ports if protocol == "udp")
    script = f"echo {shlex.quote(_greeting(key, container))}" if must_complete else _script(key, container, tcp, udp)
    health = None
    if (container.healthcheck and not container.healthcheck.disable) or must_be_healthy:
        health = _healthcheck(tcp)
    return container.model_copy(
        update={
            "image": busybox,
            "entrypoint": None,
            "command": ("sh", "-c", script),
            "stop_signal": None,
            "healthcheck": health,
            **_OF_THE_IMAGE,
        }
    )


def _ports(container: Container, inherited: Iterable[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = {
        (str(number), port.protocol) for port in container.ports for number in numbers(port.target)
    }
    for text in (*container.expose, *inherited):
        ports, _, protocol = text.partition("/")
        found |= {(str(number), protocol or "tcp") for number in numbers(ports)}
    return found


def _greeting(key: str, container: Container) -> str:
    return f"{key} (a stand-in for {container.image})"


def _script(key: str, container: Container, tcp: list[int], udp: list[int]) -> str:
    """A shell script for busybox: one listener a port, ending at once when asked to stop.

    `nc -ll -e` serves each connection by a program of its own; the loop serves busyboxes whose nc ends after one.
    """
    body = f"Hello from {_greeting(key, container)}"
    length = len(body.encode()) + 1
    head = f"HTTP/1.0 200 OK\\r\\nContent-Type: text/plain; charset=utf-8\\r\\nContent-Length: {length}\\r\\n\\r\\n"
    # the request is read to its empty line first: closing with unread input would reset the connection
    answer = (
        'while read -t 5 -r line; do [ -n "${line%$(printf "\\r")}" ] || break; done; '
        f"printf %b {shlex.quote(head)}; printf '%s\\n' {shlex.quote(body)}"
    )
    lines = ["trap 'exit 0' TERM INT QUIT HUP"]
    lines += [f"(while :; do nc -ll -p {port} -e sh -c {shlex.quote(answer)} || sleep 1; done) &" for port in tcp]
    if udp:
        lines.append("if command -v udpsvd >/dev/null; then")
        lines += [f"  udpsvd -E 0 {port} echo {shlex.quote(body)} &" for port in udp]
        lines.append("fi")
    lines.append("while :; do sleep 3600 & wait $!; done")
    return "\n".join(lines)


def _healthcheck(tcp: list[int]) -> Healthcheck:
    """Each listener listens; looked at each second, since a stand-in is ready at once."""
    checks = " && ".join(f"netstat -ltn | grep -q ':{port} '" for port in tcp) or "true"
    settings = {"test": ("CMD-SHELL", checks), "interval": "1s", "timeout": "5s", "retries": 5}
    return Healthcheck.model_validate(settings)


def waited_for(containers: Mapping[str, Container], condition: str) -> set[str]:
    """The containers for which another one waits with `condition`."""
    return {
        name
        for container in containers.values()
        for name, dependency in container.depends_on.items()
        if dependency.condition == condition
    }
