"""The kinds of text that a topology file holds, each with its check, its message and its JSON Schema.

A value is checked by the same pattern that the schema publishes, so an editor and `netdeploy validate` agree.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from netdeploy.identity import NAME
from netdeploy.topology.amounts import CPUS, DURATION, SIGNALS, SIZE, cpus, duration, microseconds, quota, size, whole


def _matching(pattern: str, message: str, **schema: Any) -> Any:
    """Pydantic metadata: text that matches the whole of `pattern`, refused with `message` otherwise."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError("text_pattern", "{message}", {"message": message})
        return value

    return _both(AfterValidator(check), {"type": "string", "pattern": f"^(?:{pattern})$", **schema})


def _both(validator: AfterValidator | BeforeValidator, schema: dict[str, Any]) -> tuple[Any, Any]:
    return validator, WithJsonSchema(schema)


OBJECT_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"
"""Names an engine takes for containers and volumes (moby: daemon/names, RestrictedNamePattern)."""
OBJECT_NAME_RULE = "a name has at least two characters: letters, digits, `_`, `.`, `-`; the first is a letter or digit"

LABEL_NAME = NAME
"""Names that no engine looks at as strictly: networks, topologies, prefixes."""
LABEL_NAME_RULE = "a name has letters, digits, `_`, `.`, `-`; the first is a letter or digit"


def _any_case(*words: str) -> str:
    """A pattern for words in upper or lower case, which means the same in Python and in ECMA 262."""
    each = ("".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else re.escape(c) for c in word) for word in words)
    return f"(?:{'|'.join(each)})"


CONTAINER_KEY = r"[a-zA-Z0-9_.-]+"
"""How containers and volumes are called in a file; on the engine, with the prefix, they need an OBJECT_NAME."""

_PORT_RANGE = r"[0-9]{1,5}(-[0-9]{1,5})?"
PROTOCOL = _any_case("tcp", "udp", "sctp")


def _address(version: int | None, *words: str, bracketed: bool = False) -> AfterValidator:
    def check(value: str) -> str:
        if value in words:
            return value
        value = re.fullmatch(r"\[?(.*?)\]?", value, re.DOTALL)[1] if bracketed else value  # type: ignore[index]
        kind = f"IPv{version}" if version else "IP"
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            address = None
        scoped = "%" in value  # fe80::1%eth0 names an interface of one host: no engine takes it
        if address is None or scoped or version not in (None, address.version):
            raise PydanticCustomError("address", "`{value}` is not an {kind} address", {"value": value, "kind": kind})
        return str(address)

    return AfterValidator(check)


_SUBNET = re.compile(r"[0-9a-fA-F.:]+/[0-9]{1,3}")  # not 10.0.0.0/255.0.0.0, which Python knows and no engine does


def _subnet(value: str) -> str:
    try:
        network = ipaddress.ip_network(value, strict=False) if _SUBNET.fullmatch(value) else None
    except ValueError:
        network = None
    if network is None:
        raise PydanticCustomError("subnet", "`{value}` is not a subnet such as 172.28.0.0/16", {"value": value})
    if ipaddress.ip_address(value.partition("/")[0]) == network.network_address:
        return str(network)
    raise PydanticCustomError(
        "subnet",
        "`{value}` has host bits set; the subnet is {network}",
        {"value": value, "network": str(network)},
    )


def _cpu_list(value: str) -> str:
    for part in value.split(","):
        first, _, last = part.partition("-")
        if last and int(last) < int(first):
            message = "`{part}` ends before it starts; write `{last}-{first}`"
            raise PydanticCustomError("cpuset", message, {"part": part, "first": first, "last": last})
    return value


def _mac_address(value: str) -> str:
    """As Go's net.ParseMAC reads it: `02-42-AC-11-00-02` and `0242.ac11.0002` too."""
    digits = re.sub("[:.-]", "", value).lower()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


VolumeName = Annotated[str, *_matching(CONTAINER_KEY, OBJECT_NAME_RULE)]
NetworkName = Annotated[str, *_matching(LABEL_NAME, LABEL_NAME_RULE)]
ImageName = Annotated[
    str,
    *_matching(
        r"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?",
        "expected an image such as `nginx`, `nginx:1.27` or `registry.example/team/app:2` (lower case)",
    ),
]
Alias = Annotated[
    str,
    *_matching(
        r"[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?",
        "an alias is a host name: letters, digits, `_`, `.`, `-`; it starts and ends with a letter, digit or `_`",
    ),
]
Hostname = Annotated[
    str,
    *_matching(
        r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}",
        "a host name has letters, digits, `_`, `-`, `.` and at most 64 characters; the first is a letter, digit or `_`",
    ),
]
PortRange = Annotated[str, *_matching(_PORT_RANGE, "expected a port (1 to 65535) or a range such as `8000-8010`")]
ExposedPort = Annotated[
    str,
    *_matching(rf"{_PORT_RANGE}(/{PROTOCOL})?", "expected a port such as `8080`, `53/udp` or `8000-8010`"),
]
Restart = Annotated[
    str,
    *_matching(
        r"no|always|unless-stopped|on-failure(:[0-9]{1,9})?",
        "expected `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:5`",
    ),
]
NetworkMode = Annotated[
    str,
    *_matching(
        rf"bridge|host|none|container:{CONTAINER_KEY}",
        "expected `bridge`, `host`, `none` or `container:NAME`",
    ),
]
StopSignal = Annotated[
    str,
    *_matching(
        rf"{_any_case('SIG')}?(?:{_any_case(*SIGNALS)}|{_any_case('RTMIN')}(?:\+(?:[1-9]|1[0-5]))?"
        rf"|{_any_case('RTMAX')}(?:-(?:[1-9]|1[0-4]))?)|[1-9][0-9]?",
        "expected a signal such as `SIGQUIT`",
    ),
]
_IP_SCHEMAS = [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]
_IN_BRACKETS = {"type": "string", "pattern": r"^\[[0-9a-fA-F:.]+\]$"}
HostAddress = Annotated[
    str,
    *_both(
        _address(None, "host-gateway", bracketed=True),
        {"anyOf": [{"const": "host-gateway"}, *_IP_SCHEMAS, _IN_BRACKETS]},
    ),
]
Address = Annotated[str, *_both(_address(None), {"anyOf": _IP_SCHEMAS})]
Ipv4 = Annotated[str, *_both(_address(4), {"type": "string", "format": "ipv4"})]
Ipv6 = Annotated[str, *_both(_address(6), {"type": "string", "format": "ipv6"})]
Subnet = Annotated[str, *_both(AfterValidator(_subnet), {"type": "string", "pattern": f"^{_SUBNET.pattern}$"})]
Nanoseconds = Annotated[
    int,
    *_both(
        BeforeValidator(duration),
        {"anyOf": [{"const": 0}, {"type": "string", "pattern": f"^(?:{DURATION.pattern})$"}]},
    ),
]
Bytes = Annotated[
    int,
    *_both(
        BeforeValidator(size),
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
                {"type": "string", "pattern": f"^(?:{SIZE.pattern})$"},
            ]
        },
    ),
]
SwapLimit = Annotated[
    int,
    *_both(
        BeforeValidator(lambda value: -1 if value in (-1, "-1") else size(value)),
        {
            "anyOf": [
                {"type": "integer", "minimum": -1, "maximum": 2**63 - 1},
                {"type": "string", "pattern": f"^(?:-1|{SIZE.pattern})$"},
            ]
        },
    ),
]
Cpus = Annotated[
    int,
    *_both(
        BeforeValidator(cpus),
        {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^(?:{CPUS.pattern})$"}]},
    ),
]
Microseconds = Annotated[
    int,
    *_both(
        BeforeValidator(microseconds),
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 2**53},
                {"type": "string", "pattern": f"^(?:{DURATION.pattern})$"},
            ]
        },
    ),
]
Quota = Annotated[
    int,
    *_both(
        BeforeValidator(quota),
        {
            "anyOf": [
                {"type": "integer", "minimum": -1, "maximum": 2**53},
                {"type": "string", "pattern": f"^(?:-1|{DURATION.pattern})$"},
            ]
        },
    ),
]
CpuSet = Annotated[
    str,
    *_matching(
        r"(?:[0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*)?", "expected CPUs such as `0-2` or `0,3`"
    ),
    AfterValidator(_cpu_list),
]
Capability = Annotated[str, *_matching(r"[A-Za-z_]+", "expected a capability such as `NET_ADMIN`, or `ALL`")]
DeviceRule = Annotated[
    str, *_matching(r"[abc] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}", "expected a rule such as `c 1:3 rwm`")
]
DevicePermissions = Annotated[str, *_matching(r"[rwm]{1,3}", "expected permissions such as `rwm` or `r`")]
_BYTE = "[0-9a-fA-F]{2}"
MacAddress = Annotated[
    str,
    *_matching(
        rf"(?:{_BYTE}:){{5}}{_BYTE}|(?:{_BYTE}-){{5}}{_BYTE}|(?:{_BYTE}{_BYTE}\.){{2}}{_BYTE}{_BYTE}",
        "expected a MAC address such as `02:42:ac:11:00:02`",
    ),
    AfterValidator(_mac_address),
]
InterfaceName = Annotated[
    str, *_matching(r"[^\s/:%]{1,15}", "expected an interface's name, such as `eth0` (at most 15 characters)")
]
IpcMode = Annotated[
    str,
    *_matching(
        rf"private|shareable|host|none|container:{CONTAINER_KEY}",
        "expected `private`, `shareable`, `host`, `none` or `container:NAME`",
    ),
]
PidMode = Annotated[str, *_matching(rf"host|container:{CONTAINER_KEY}", "expected `host` or `container:NAME`")]
Link = Annotated[
    str, *_matching(rf"{CONTAINER_KEY}(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?", "expected a container, or `container:alias`")
]
VolumeSource = Annotated[
    str,
    *_matching(
        rf"(?:container:)?{CONTAINER_KEY}(?::(?:ro|rw))?", "expected a container of this file, or `container:ro`"
    ),
]
UserLimit = Literal[
    "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
]  # fmt: skip
"""Limits that an engine knows (docker/go-units: ulimit.go)."""
Platform = Annotated[
    str,
    *_matching(r"[a-zA-Z0-9_-]+(?:/[a-zA-Z0-9_-]+){0,2}", "expected a platform such as `linux/amd64`"),
]
PullPolicy = Literal["always", "never", "missing", "if_not_present"]
Count = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(whole)]
FileMode = Annotated[int, Field(ge=0, le=0o7777), BeforeValidator(whole)]
_HOST_NAME = r"[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?"
_PLACE = rf"(?P<name>{_HOST_NAME}|[0-9a-fA-F]*:[0-9a-fA-F:.]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"


def _place(value: str) -> str:
    match = re.fullmatch(_PLACE, value)
    if not match or not 1 <= int(match["port"] or 1) <= 65_535:
        raise PydanticCustomError(
            "place", "expected `name:port`, `address:port`, or a name or address alone, such as `db:5432`"
        )
    return value


def place_parts(text: str) -> tuple[str, int | None]:
    """The name or address of `db:5432`, `[fd00::2]:80` or `fd00::2`, and the port if there is one."""
    if text.count(":") > 1 and not text.startswith("["):
        return text, None
    match = re.fullmatch(_PLACE, text)
    if match is None:
        raise ValueError(text)
    return match["name"].strip("[]"), int(match["port"]) if match["port"] else None


PlaceText = Annotated[
    str,
    *_both(AfterValidator(_place), {"type": "string", "pattern": "^" + re.sub(r"\?P<\w+>", "", _PLACE) + "$"}),
]
HttpPath = Annotated[str, *_matching(r"/[!-~]*", "expected a path that starts with `/`, such as `/status`")]
AbsolutePath = Annotated[str, *_matching(r"/[^\x00]*", "expected an absolute path, such as `/data`")]


def numbers(text: str) -> range:
    """The ports of `80` or `8000-8010`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
