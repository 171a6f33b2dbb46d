"""The kinds of text that a topology file holds, each with its check, its message and its JSON Schema.

A value is checked by the same pattern that the schema publishes, so an editor and `netdeploy validate` agree.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


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

LABEL_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]*"
"""Names that no engine looks at as strictly: networks, topologies, prefixes."""
LABEL_NAME_RULE = "a name has letters, digits, `_`, `.`, `-`; the first is a letter or digit"

# fmt: off
SIGNALS = (
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
)
# fmt: on
"""The signals of Linux; an engine refuses to make a container with another (moby/sys: signal/signal_linux.go)."""

_PORT_RANGE = r"[0-9]{1,5}(-[0-9]{1,5})?"


def _address(version: int | None, *words: str) -> AfterValidator:
    def check(value: str) -> str:
        if value in words:
            return value
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


_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:us|ms|s|m|h))+")
_DURATION_PART = re.compile(r"([0-9.]+)(us|ms|s|m|h)")
_NANOSECONDS = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}


def _duration(value: object) -> int:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise PydanticCustomError("duration", "expected a duration with its unit, such as `10s`, `500ms` or `1m30s`")
    nanoseconds = sum(float(amount) * _NANOSECONDS[unit] for amount, unit in _DURATION_PART.findall(value))
    if nanoseconds > 2**62:
        raise PydanticCustomError("duration", "a duration of more than a century")
    return round(nanoseconds)


_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)[bB]?")
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _size(value: object) -> int:
    number = _whole(value)
    text = str(number) if isinstance(number, int) and not isinstance(number, bool) else value
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if not match or len(match[1]) > 15:
        raise PydanticCustomError("size", "expected a size in bytes, such as `64m` or 1048576")
    return int(match[1]) * _BYTES[match[2].lower()]


_CPUS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}")


def _cpus(value: object) -> int:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if number else value
    if not isinstance(text, str) or not _CPUS.fullmatch(text) or float(text) <= 0:
        raise PydanticCustomError("cpus", "expected a number of CPUs above 0, such as 0.5 or 2")
    return round(float(text) * 1_000_000_000)


def _microseconds(value: object) -> int:
    number = _whole(value)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 2**53:
        return number
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return _duration(value) // 1_000
    raise PydanticCustomError("microseconds", "expected microseconds, such as 50000, or a duration such as `50ms`")


def _whole(value: object) -> object:
    """`3.0` is a whole number, as it is in JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Name = Annotated[str, *_matching(OBJECT_NAME, OBJECT_NAME_RULE)]
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
        r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?",
        "a host name has letters, digits, `-`, `.` and at most 63 characters",
    ),
]
PortRange = Annotated[str, *_matching(_PORT_RANGE, "expected a port (1 to 65535) or a range such as `8000-8010`")]
ExposedPort = Annotated[
    str,
    *_matching(_PORT_RANGE + r"(/(tcp|udp|sctp))?", "expected a port such as `8080`, `53/udp` or `8000-8010`"),
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
        rf"bridge|host|none|container:{OBJECT_NAME}",
        "expected `bridge`, `host`, `none` or `container:NAME`",
    ),
]
StopSignal = Annotated[
    str,
    *_matching(
        rf"(?:SIG)?(?:{'|'.join(SIGNALS)}|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?)|[1-9][0-9]?",
        "expected a signal such as `SIGQUIT`",
    ),
]
_IP_SCHEMAS = [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]
HostAddress = Annotated[
    str, *_both(_address(None, "host-gateway"), {"anyOf": [{"const": "host-gateway"}, *_IP_SCHEMAS]})
]
Address = Annotated[str, *_both(_address(None), {"anyOf": _IP_SCHEMAS})]
Ipv4 = Annotated[str, *_both(_address(4), {"type": "string", "format": "ipv4"})]
Ipv6 = Annotated[str, *_both(_address(6), {"type": "string", "format": "ipv6"})]
Subnet = Annotated[str, *_both(AfterValidator(_subnet), {"type": "string", "pattern": f"^{_SUBNET.pattern}$"})]
Nanoseconds = Annotated[
    int, *_both(BeforeValidator(_duration), {"type": "string", "pattern": f"^(?:{_DURATION.pattern})$"})
]
Bytes = Annotated[
    int,
    *_both(
        BeforeValidator(_size),
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
                {"type": "string", "pattern": "^[0-9]{1,15}[kKmMgG]?[bB]?$"},
            ]
        },
    ),
]
SwapLimit = Annotated[
    int,
    *_both(
        BeforeValidator(lambda value: -1 if value in (-1, "-1") else _size(value)),
        {
            "anyOf": [
                {"type": "integer", "minimum": -1, "maximum": 10**15 - 1},
                {"type": "string", "pattern": "^(?:-1|[0-9]{1,15}[kKmMgG]?[bB]?)$"},
            ]
        },
    ),
]
Cpus = Annotated[
    int,
    *_both(
        BeforeValidator(_cpus),
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": f"^(?:{_CPUS.pattern})$"}]},
    ),
]
Microseconds = Annotated[
    int,
    *_both(
        BeforeValidator(_microseconds),
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 2**53},
                {"type": "string", "pattern": f"^(?:{_DURATION.pattern})$"},
            ]
        },
    ),
]
CpuSet = Annotated[
    str,
    *_matching(r"[0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*", "expected CPUs such as `0-2` or `0,3`"),
]
Capability = Annotated[str, *_matching(r"[A-Za-z_]+", "expected a capability such as `NET_ADMIN`, or `ALL`")]
DeviceRule = Annotated[
    str, *_matching(r"[abc] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}", "expected a rule such as `c 1:3 rwm`")
]
DevicePermissions = Annotated[str, *_matching(r"[rwm]{1,3}", "expected permissions such as `rwm` or `r`")]
MacAddress = Annotated[
    str,
    AfterValidator(str.lower),
    *_matching(r"(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", "expected a MAC address such as `02:42:ac:11:00:02`"),
]
InterfaceName = Annotated[
    str, *_matching(r"[^\s/:%]{1,15}", "expected an interface's name, such as `eth0` (at most 15 characters)")
]
IpcMode = Annotated[
    str,
    *_matching(
        rf"private|shareable|host|none|container:{OBJECT_NAME}",
        "expected `private`, `shareable`, `host`, `none` or `container:NAME`",
    ),
]
PidMode = Annotated[str, *_matching(rf"host|container:{OBJECT_NAME}", "expected `host` or `container:NAME`")]
Link = Annotated[
    str, *_matching(rf"{OBJECT_NAME}(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]*)?", "expected a container, or `container:alias`")
]
VolumeSource = Annotated[
    str,
    *_matching(rf"(?:container:)?{OBJECT_NAME}(?::(?:ro|rw))?", "expected a container of this file, or `container:ro`"),
]
UserLimit = Literal[
    "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
]  # fmt: skip
"""Limits that an engine knows (docker/go-units: ulimit.go)."""
Platform = Annotated[
    str,
    *_matching(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?", "expected a platform such as `linux/amd64`"),
]
PullPolicy = Literal["always", "never", "missing", "if_not_present"]
Count = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_whole)]
FileMode = Annotated[int, Field(ge=0, le=0o7777), BeforeValidator(_whole)]
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


def format_duration(nanoseconds: int) -> str:
    """`90_000_000_000` as `1m30s`."""
    if nanoseconds % 1_000_000:
        return f"{nanoseconds // 1_000}us"
    if nanoseconds % 1_000_000_000:
        return f"{nanoseconds // 1_000_000}ms"
    seconds = nanoseconds // 1_000_000_000
    text = ""
    for unit, length in (("h", 3600), ("m", 60), ("s", 1)):
        amount, seconds = divmod(seconds, length)
        text += f"{amount}{unit}" if amount else ""
    return text or "0s"


def numbers(text: str) -> range:
    """The ports of `80` or `8000-8010`."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
