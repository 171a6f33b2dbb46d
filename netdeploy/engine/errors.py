"""What the engine answers when it refuses, in plain words and with what to do next.

The wording of the answers differs between engine versions; each row was seen on 20.10 or 28 (or both).
"""

from __future__ import annotations

import json

from netdeploy.engine.meaning import meaning
from netdeploy.engine.meanings_containers import CONTAINER_MEANINGS
from netdeploy.engine.meanings_networks import NETWORK_MEANINGS
from netdeploy.errors import OperationFailed, PortTaken
from netdeploy.masking import masked_text


class EngineAnswer(OperationFailed):
    """The engine's own "no" to a question: HTTP `status`, and its message in words of ours."""

    def __init__(self, status: int, message: str, path: str) -> None:
        super().__init__(
            f"the engine does not answer GET {path}: {message}",
            hint="look at the engine's log" if status >= 500 else "",
            may_pass=status >= 500,
        )
        self.status = status


def message_of(body: bytes) -> str:
    """The reason in the body of an answer that says no."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace").strip() or "no reason given"


_AGAIN = "the same command looks again and does what remains"


_PORT_OF_A_CONTAINER = meaning(
    r"Bind for (?P<port>[^ ]+) failed: port is already allocated",
    "the host's port {port} is held by another container",
    "`docker ps` shows who publishes it: stop that container, or publish another port in the file",
)
_MEANINGS = (
    *CONTAINER_MEANINGS,  # these say more than some below that would match as well
    *NETWORK_MEANINGS,
    _PORT_OF_A_CONTAINER,
    meaning(
        r"(?:listen (?:tcp|udp|sctp)[46]? |failed to bind host port (?:for )?)"
        r"(?P<port>\S*?:\d+|\d+)\S* .*address already in use",
        "the host's port {port} is held by a program outside Docker",
        "`ss -lptn` shows which: end it, or publish another port in the file",
    ),
    meaning(
        r"userland proxy: .*protocol not supported",
        "the engine's host can't publish a port of this protocol",
        "sctp needs the host's sctp module (modprobe sctp); otherwise leave the port out of `ports`",
    ),
    meaning(
        r"Pool overlaps with other one on this address space",
        "the subnet overlaps that of another network",
        "`docker network ls` and `docker network inspect NAME` show subnets: choose a free one in the file",
        may_pass=True,  # it may be our own network, which an apply that was killed had just asked for
        topic="overlap",
    ),
    meaning(
        r"cannot create network \S+ \((?P<bridge>\S+)\): conflicts with network .*same bridge name",
        "another network has the bridge `{bridge}`",
        "give it another `com.docker.network.bridge.name`, or remove the other network",
    ),
    meaning(
        r"existing interface (?P<interface>\S+) is not a bridge",
        "the host has an interface `{interface}` already, and it is not a bridge",
        "give the network another `com.docker.network.bridge.name`",
    ),
    meaning(
        r"network with name (?P<name>\S+) already exists",
        "another network got the name `{name}` meanwhile",
        "`docker network ls` shows it: remove it, or give yours another `name`",
        may_pass=True,
    ),
    meaning(
        r"non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted",
        "the engine has no free subnet left for another network",
        "remove unused networks (docker network prune), or give this one a subnet under `ipam`",
        topic="pools",
    ),
    meaning(
        r"non-overlapping IPv6 address pool",
        "this engine gives no IPv6 subnets of its own",
        "give the network one under `ipam` (such as fd00:1::/64), or leave out `enable_ipv6`",
    ),
    meaning(
        r"already exists in network|is not connected to (?:the )?network",
        "somebody changed the container's networks meanwhile",
        _AGAIN,
        may_pass=True,
    ),
    meaning(
        r"removal of container \S+ is already in progress",
        "the engine is still removing the container",
        _AGAIN,
        may_pass=True,
    ),
    meaning(
        r"no such container: \S+|network \S+ not found|no such network",
        "somebody removed it meanwhile",
        _AGAIN,
        may_pass=True,
    ),
    meaning(
        r"The container name \\?\"/?(?P<name>[^\"\\]+)\\?\" is already in use",
        "another container got the name `{name}` meanwhile",
        "`docker ps -a` shows it: rename or remove it",
        may_pass=True,
    ),
    meaning(
        r"does not belong to any of this network's subnets|no configured subnet or ip-range contain",
        "the fixed address is not inside a subnet of the network",
        "choose an address inside, or declare the subnet that it belongs to under `ipam`",
    ),
    meaning(
        r"network-scoped alias(?:es are only supported| is supported only)",
        "Docker's default bridge has no names, so aliases can't be given on it",
        "use a network of your own",
    ),
    meaning(
        r"cannot be connected to (?:any other|multiple) network",
        "a container with `network_mode` host, none or container:NAME can't hang on a network too",
        "keep either `network_mode` or `networks`",
    ),
    meaning(
        r"has active endpoints",
        "containers still hang on the network",
        "`docker network inspect NAME` lists them: disconnect or remove them first",
        may_pass=True,
        topic="endpoints",
    ),
    meaning(
        r"Address already in use",
        "the fixed address is in use by another container on that network",
        "choose another address in the file, or disconnect the other container",
        topic="address",
    ),
    meaning(
        r"no available (?P<family>IPv[46]) addresses on this network's address pools: (?P<network>\S+)",
        "the network `{network}` has no {family} address left for another container",
        "give it a larger subnet under `ipam`, or take a container off it",
        topic="full",
    ),
    meaning(
        r"user specified IP address is supported only when connecting to networks with user configured subnets",
        "a fixed address needs a network with a declared subnet",
        "declare the subnet under `ipam`",
    ),
    meaning(
        r"(?:exec: \\?\"(?P<program>[^\"\\]+)\\?\"|exec (?P<path>\S+)): .*(?:not found|no such file)",
        "the image has no program `{program}{path}`",
        "check `command` and `entrypoint` against the image",
    ),
    meaning(
        r"cannot join network|(?:failed to|can't) join (?:PID|IPC|network)|Cannot link to a non running container"
        r"|^container [0-9a-f]{64} is not running$",
        "the container whose network, processes or memory it shares, or that it links to, does not run",
        "share with, or link to, a container that keeps running",
    ),
    meaning(
        r"bind source path does not exist: (?P<path>\S+)",
        "the host has no folder or file {path}",
        "make it; for a folder, the short form of `volumes` does",
    ),
    meaning(
        r"get: no such volume",
        "the container that `volumes_from` names has a tmpfs mount, which engines can't pass on",
        "write that mount under `tmpfs` there, or name the volumes here",
    ),
    meaning(
        r"pull access denied for (?P<image>\S+),",
        "the registry has no image `{image}` that you may pull",
        "check the name; for a private one, `docker login` first",
    ),
    meaning(
        r"manifest (?:for (?P<image>\S+) |unknown)|manifest unknown",
        "the registry has no such image or tag",
        "check the image's name and tag",
    ),
    meaning(
        r"(?:Get|Head|Post) \\?\"?https?://.*(?:no such host|server misbehaving|network is unreachable|i/o timeout|"
        r"connection refused|TLS handshake timeout|request canceled|deadline exceeded)",
        "the registry can't be reached from the engine",
        "check the network, or use stand-ins for the images: --stand-ins auto",
    ),
    meaning(
        r"database not open|failed to update store for object",
        "the engine is being shut down",
        _AGAIN,
        may_pass=True,
    ),
    meaning(r"is not a swarm manager", "overlay networks need a swarm", "run `docker swarm init` first"),
    meaning(
        r"No space left on device",
        "the engine's disk is full",
        "`docker system df` shows what takes the room",
    ),
)


def explain(doing: str, status: int, message: str, *, may_pass: bool = False) -> OperationFailed:
    """The engine's answer while `doing` something, as an error a person can act on.

    `may_pass` is for answers that nothing is known about.
    """
    cleaned = masked_text(" ".join(message.split()))  # an answer may repeat a mount's options
    for row in _MEANINGS:
        match = row.pattern.search(cleaned)
        if match:
            groups = {key: value or "" for key, value in match.groupdict().items()}
            text = f"{doing}: {row.message.format(**groups)}"
            details = (f"the engine said: {cleaned}",)
            if row is _PORT_OF_A_CONTAINER:
                return PortTaken(text, hint=row.hint.format(**groups), details=details, port=groups["port"])
            failed = OperationFailed(text, hint=row.hint.format(**groups), details=details, may_pass=row.may_pass)
            failed.topic = row.topic
            return failed
    hint = "look at the engine's log" if status >= 500 else ""
    return OperationFailed(f"{doing}: the engine said: {cleaned}", hint=hint, may_pass=may_pass)
