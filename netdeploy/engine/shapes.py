"""What an engine's answers look like, as far as they are read: held against each before anything is believed.

null, and a key that is missing, stand for "none" wherever Go leaves a value out; keys that end in `!` here are always
there. An item of a list or of a map is never null, where nothing else is said. What is not named is not looked at:
engines say more than is read.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_LARGEST = 2**64
_SHOWN = 40  # characters of a value in an error


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any keys, whose values have one shape."""

    value: Any
    null: bool = False  # whether a value may be null


@dataclass(frozen=True, slots=True)
class Text:
    """Text that means something; "" stands for "none"."""

    means: Callable[[str], bool]
    kind: str


class NotAsExpected(ValueError):
    """A value that is not what the API says; the message is "`found` at `place`, where `kind` was expected"."""


@lru_cache(maxsize=10_000)
def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_interface(text))
    except ValueError:
        return False


@lru_cache(maxsize=10_000)
def _is_subnet(text: str) -> bool:
    try:
        return bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


_ADDRESS, _SUBNET = Text(_is_address, "an address"), Text(_is_subnet, "a subnet")
_TEXTS, _NAMES = [str], MapOf(str)
_NUMBER = (int, float)
_RATES = [{"Path!": str, "Rate": _NUMBER, "Weight": _NUMBER}]
_HEALTHCHECK = {
    "Test": _TEXTS,
    "Interval": _NUMBER,
    "Timeout": _NUMBER,
    "StartPeriod": _NUMBER,
    "Retries": _NUMBER,
    "StartInterval": _NUMBER,
}
_PLACE = {
    "IPAMConfig": {"IPv4Address": _ADDRESS, "IPv6Address": _ADDRESS, "LinkLocalIPs": [_ADDRESS]},
    "Aliases": _TEXTS,
    "DNSNames": _TEXTS,
    "Links": _TEXTS,
    "NetworkID": str,
    "EndpointID": str,
    "Gateway": _ADDRESS,
    "IPAddress": _ADDRESS,
    "IPPrefixLen": _NUMBER,
    "IPv6Gateway": _ADDRESS,
    "GlobalIPv6Address": _ADDRESS,
    "GlobalIPv6PrefixLen": _NUMBER,
    "MacAddress": str,
    "DriverOpts": _NAMES,
    "GwPriority": _NUMBER,
}
_BINDINGS = MapOf([{"HostIp": str, "HostPort": str}], null=True)
_BOUND = MapOf([{"HostIp": _ADDRESS, "HostPort": str}], null=True)
_CONFIG = {
    "Image": str,
    "Labels": _NAMES,
    "Cmd": _TEXTS,
    "Entrypoint": _TEXTS,
    "Env": _TEXTS,
    "Hostname": str,
    "Domainname": str,
    "User": str,
    "WorkingDir": str,
    "ExposedPorts": MapOf(None),
    "Volumes": MapOf(None),
    "Healthcheck": _HEALTHCHECK,
    "StopSignal": str,
    "StopTimeout": _NUMBER,
    "MacAddress": str,
    "Tty": bool,
    "OpenStdin": bool,
}
_HOST = {
    **dict.fromkeys(
        (
            *("NanoCpus", "CpuShares", "CpuQuota", "CpuPeriod", "CpuRealtimeRuntime", "CpuRealtimePeriod", "CpuCount"),
            *("CpuPercent", "Memory", "MemoryReservation", "MemorySwap", "MemorySwappiness", "OomScoreAdj"),
            *("PidsLimit", "ShmSize", "BlkioWeight"),
        ),
        _NUMBER,
    ),
    **dict.fromkeys(
        (
            *("CpusetCpus", "NetworkMode", "IpcMode", "PidMode", "UTSMode", "UsernsMode", "CgroupnsMode"),
            *("CgroupParent", "Isolation", "Runtime"),
        ),
        str,
    ),
    **dict.fromkeys(
        (
            *("ExtraHosts", "Dns", "DnsOptions", "DnsSearch", "Links", "VolumesFrom", "Binds", "CapAdd", "CapDrop"),
            *("SecurityOpt", "GroupAdd", "DeviceCgroupRules", "MaskedPaths", "ReadonlyPaths"),
        ),
        _TEXTS,
    ),
    **dict.fromkeys(("Init", "OomKillDisable", "Privileged", "ReadonlyRootfs"), bool),
    **dict.fromkeys(("Annotations", "Tmpfs", "StorageOpt", "Sysctls"), _NAMES),
    **dict.fromkeys(
        (
            *("BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps"),
            *("BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"),
        ),
        _RATES,
    ),
    "PortBindings": _BINDINGS,
    "RestartPolicy": {"Name": str, "MaximumRetryCount": _NUMBER},
    "LogConfig": {"Type": str, "Config": _NAMES},
    "Ulimits": [{"Name!": str, "Soft!": _NUMBER, "Hard!": _NUMBER}],
    "Devices": [{"PathOnHost": str, "PathInContainer": str, "CgroupPermissions": str}],
    "DeviceRequests": [
        {"Driver": str, "Count": _NUMBER, "DeviceIDs": _TEXTS, "Capabilities": [_TEXTS], "Options": _NAMES}
    ],
    "Mounts": [
        {
            "Type": str,
            "Source": str,
            "Target!": str,
            "ReadOnly": bool,
            "BindOptions": {"Propagation": str},
            "VolumeOptions": {"NoCopy": bool, "Subpath": str},
            "TmpfsOptions": {"SizeBytes": _NUMBER, "Mode": _NUMBER},
        }
    ],
}
_OF_SEVERAL = {"platform": {"os": str, "architecture": str, "variant": str}}
_CONTAINER = {
    "Id!": str,
    "Name!": str,
    "Created": (str, int, float),
    "Image": str,
    "ImageManifestDescriptor": _OF_SEVERAL,
    "RestartCount": _NUMBER,
    "State!": {
        "Status": str,
        "Running": bool,
        "Paused": bool,
        "Restarting": bool,
        "OOMKilled": bool,
        "ExitCode": _NUMBER,
        "Error": str,
        "Pid": _NUMBER,
        "StartedAt": str,
        "Health": {"Status": str, "Log": [{"Output": str}]},
    },
    "Config!": _CONFIG,
    "HostConfig!": _HOST,
    "NetworkSettings!": {"Networks": MapOf(_PLACE, null=True), "Ports": _BOUND},
    "Mounts": [{"Type": str, "Name": str, "Destination!": str}],
}
_LISTED = {
    "Id!": str,
    "Names": _TEXTS,
    "Labels": _NAMES,
    "State": str,
    "Image": str,
    "ImageID": str,
    "ImageManifestDescriptor": _OF_SEVERAL,
    "Created": (str, int, float),
    "Ports": [{"IP": _ADDRESS, "PrivatePort": _NUMBER, "PublicPort": _NUMBER, "Type": str}],
    "NetworkSettings": {"Networks": MapOf(_PLACE, null=True)},
    "HostConfig": {"NetworkMode": str},
}
_NETWORK = {
    "Id!": str,
    "Name!": str,
    "Created": (str, int, float),
    "Driver": str,
    "Options": _NAMES,
    "Internal": bool,
    "Attachable": bool,
    "EnableIPv4": bool,
    "EnableIPv6": bool,
    "Labels": _NAMES,
    "IPAM": {
        "Driver": str,
        "Options": _NAMES,
        "Config": [
            {
                "Subnet": _SUBNET,
                "IPRange": _SUBNET,
                "Gateway": _ADDRESS,
                "AuxiliaryAddresses": MapOf(_ADDRESS),
                "AuxAddress": MapOf(_ADDRESS),
            }
        ],
    },
    "Containers": MapOf(
        {"Name": str, "EndpointID": str, "MacAddress": str, "IPv4Address": _ADDRESS, "IPv6Address": _ADDRESS}
    ),
}
_VOLUME = {"Name!": str, "Driver": str, "Options": _NAMES, "Labels": _NAMES, "CreatedAt": str}
_INFO = {
    "ID!": str,
    "Name": str,
    "OSType": str,
    "Runtimes": MapOf(None),
    "DefaultRuntime": str,
    "Plugins": {"Log": _TEXTS, "Volume": _TEXTS},
    "DriverStatus": [_TEXTS],
    "SecurityOptions": _TEXTS,
    "NCPU": _NUMBER,
    "Driver": str,
    "DefaultAddressPools": [{"Base!": _SUBNET, "Size!": _NUMBER}],
}
_IMAGE = {"Id!": str, "Os": str, "Architecture": str, "Variant": str, "Config": _CONFIG}
_SHAPES: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"/containers/json"), [_LISTED]),
    (re.compile(r"/containers/[^/]+/json"), _CONTAINER),
    (re.compile(r"/networks"), [_NETWORK]),
    (re.compile(r"/networks/[^/]+"), _NETWORK),
    (re.compile(r"/volumes"), {"Volumes!?": [_VOLUME]}),
    (re.compile(r"/volumes/[^/]+"), _VOLUME),
    (re.compile(r"/images/.+/json"), _IMAGE),
    (re.compile(r"/info"), _INFO),
    (re.compile(r"/plugins"), [{"Name": str, "Enabled": bool}]),
)
_KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number"}


def check(path: str, answer: object) -> None:
    """Hold the answer to `GET path` (without the version) against what it has to be.

    Raises:
        NotAsExpected: it is something else.
    """
    shape = of(path)
    if shape is not None:
        if answer is None:
            raise NotAsExpected(f"null, where {_kind(shape)} was expected")
        _hold(answer, shape, "")


def of(path: str) -> Any:
    """The shape of an answer to `GET path`; None where any will do."""
    return next((shape for pattern, shape in _SHAPES if pattern.fullmatch(path)), None)


def _hold(value: Any, shape: Any, place: str) -> None:
    if value is None or shape is None:
        return
    kind = shape.__class__
    if kind is dict:
        _hold_object(_of_class(dict, value, shape, place), shape, place)
    elif kind is list:
        for index, item in enumerate(_of_class(list, value, shape, place)):
            if item is None:
                raise _unlike(item, shape[0], f"{place}[{index}]")
            _hold(item, shape[0], f"{place}[{index}]")
    elif kind is MapOf:
        for key, item in _of_class(dict, value, shape, place).items():
            if item is None and shape.value is not None and not shape.null:
                raise _unlike(item, shape.value, f"{place}.{key}")
            _hold(item, shape.value, f"{place}.{key}")
    else:
        _hold_plain(value, shape, place)


def _of_class(kind: type, value: Any, shape: Any, place: str) -> Any:
    if value.__class__ is not kind:
        raise _unlike(value, shape, place)
    return value


def _hold_object(value: Mapping[str, Any], shape: Mapping[str, Any], place: str) -> None:
    for key, inner in _fields(shape):
        found = value.get(key.name)
        if found is not None:
            _hold(found, inner, f"{place}.{key.name}")
        elif key.required or (key.there and key.name not in value):
            raise NotAsExpected(f"nothing at `{place}.{key.name}`, where {_kind(inner)} was expected")


def _hold_plain(value: Any, shape: Any, place: str) -> None:
    if shape.__class__ is Text:
        if value.__class__ is not str or not (value == "" or shape.means(value)):
            raise _unlike(value, shape, place)
        return
    kinds = shape if shape.__class__ is tuple else (shape,)
    number = value.__class__ in (int, float)
    if value.__class__ not in kinds or (number and not -_LARGEST < value < _LARGEST):
        raise _unlike(value, shape, place)


@dataclass(frozen=True, slots=True)
class _Key:
    """A key of an object: `required` is one that has a value, `there` one that may be null and is never left out."""

    name: str
    required: bool
    there: bool


_known: dict[int, list[tuple[_Key, Any]]] = {}


def _fields(shape: Mapping[str, Any]) -> list[tuple[_Key, Any]]:
    """A shape's keys, taken apart once."""
    found = _known.get(id(shape))
    if found is None:
        found = [(_Key(key.rstrip("!?"), key.endswith("!"), key.endswith("!?")), inner) for key, inner in shape.items()]
        _known[id(shape)] = found
    return found


def _unlike(value: object, shape: Any, place: str) -> NotAsExpected:
    text = ascii(value)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    where = f" at `{place}`" if place else ""
    return NotAsExpected(f"{shown}{where}, where {_kind(shape)} was expected")


def _kind(shape: Any) -> str:
    if isinstance(shape, list):
        return "a list"
    if isinstance(shape, dict | MapOf):
        return "an object"
    if isinstance(shape, Text):
        return shape.kind
    kinds = shape if isinstance(shape, tuple) else (shape,)
    return " or ".join(dict.fromkeys(_KINDS[kind] for kind in kinds))
