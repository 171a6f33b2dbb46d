"""Amounts: durations, sizes, CPUs, signals. What engines count with, from all the ways that people write it."""

from __future__ import annotations

import re
from decimal import Decimal

from pydantic_core import PydanticCustomError

# fmt: off
SIGNALS = {
    "ABRT": 6, "ALRM": 14, "BUS": 7, "CHLD": 17, "CLD": 17, "CONT": 18, "FPE": 8, "HUP": 1, "ILL": 4, "INT": 2,
    "IO": 29, "IOT": 6, "KILL": 9, "PIPE": 13, "POLL": 29, "PROF": 27, "PWR": 30, "QUIT": 3, "SEGV": 11,
    "STKFLT": 16, "STOP": 19, "SYS": 31, "TERM": 15, "TRAP": 5, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23,
    "USR1": 10, "USR2": 12, "VTALRM": 26, "WINCH": 28, "XCPU": 24, "XFSZ": 25,
}
# fmt: on
"""The signals of Linux, whatever this machine's are (moby/sys: signal/signal_linux.go)."""
_FIRST_REAL_TIME, _LAST_REAL_TIME = 34, 64


def signal_number(text: str) -> int | str:
    """`SIGINT`, `int` and `2` as 2; what is no signal stays as it is."""
    name = text.upper().removeprefix("SIG")
    real_time = re.fullmatch(r"RT(?:MIN(?:\+([0-9]{1,2}))?|(MAX)(?:-([0-9]{1,2}))?)", name, re.ASCII)
    if real_time:
        return _LAST_REAL_TIME - int(real_time[3] or 0) if real_time[2] else _FIRST_REAL_TIME + int(real_time[1] or 0)
    return int(name) if re.fullmatch("[0-9]{1,3}", name, re.ASCII) else SIGNALS.get(name, text)


def signal_name(number: int | str) -> str:
    """2 as `SIGINT`."""
    if isinstance(number, str):
        return number
    names = {value: name for name, value in reversed(SIGNALS.items())}
    if number in names:
        return f"SIG{names[number]}"
    if _FIRST_REAL_TIME <= number <= _LAST_REAL_TIME:
        return f"SIGRTMIN+{number - _FIRST_REAL_TIME}".removesuffix("+0")
    return str(number)


_AMOUNT = r"(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})"
DURATION = re.compile(rf"\+?(?:0|(?:{_AMOUNT}(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h|d|w)){{1,20}})")
_DURATION_PART = re.compile(r"([0-9.]+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h|d|w)")
_HOUR = 3_600_000_000_000
_NANOSECONDS = {
    "ns": 1, "us": 1_000, "\u00b5s": 1_000, "\u03bcs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": _HOUR // 60,
    "h": _HOUR, "d": 24 * _HOUR, "w": 7 * 24 * _HOUR,
}  # fmt: skip
"""The units of Compose: those of Go's time.ParseDuration, with both signs for micro, and days and weeks."""


def duration(value: object) -> int:
    """Nanoseconds of `1m30s`, `1.5h`, `1w2d` or 0."""
    value = "0" if whole(value) == 0 and not isinstance(value, bool) else value
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        raise PydanticCustomError("duration", "expected a duration with its unit, such as `10s`, `500ms` or `1m30s`")
    nanoseconds = sum(Decimal(amount) * _NANOSECONDS[unit] for amount, unit in _DURATION_PART.findall(value))
    if nanoseconds > 2**62:
        raise PydanticCustomError("duration", "a duration of more than a century")
    return int(nanoseconds)


SIZE = re.compile(rf"({_AMOUNT}) ?(?:([kKmMgGtTpP])[iI]?[bB]|([kKmMgGtTpP])|[bB])?")
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


def size(value: object) -> int:
    """As docker/go-units reads sizes (RAMInBytes): `1.5g`, `512 MiB`, `1024b`."""
    number = whole(value)
    text = str(number) if isinstance(number, int) and not isinstance(number, bool) else value
    match = SIZE.fullmatch(text) if isinstance(text, str) else None
    size = int(Decimal(match[1]) * _BYTES[(match[2] or match[3] or "").lower()]) if match else -1
    if not 0 <= size < 2**63:
        raise PydanticCustomError("size", "expected a size in bytes, such as `64m` or 1048576")
    return size


CPUS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}")


def cpus(value: object) -> int:
    """Billionths; 0 is no limit."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if number else value
    if not isinstance(text, str) or not CPUS.fullmatch(text):
        raise PydanticCustomError("cpus", "expected a number of CPUs, such as 0.5 or 2")
    return round(float(text) * 1_000_000_000)


def microseconds(value: object) -> int:
    """Of a number of them, or of a duration."""
    number = whole(value)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= 2**53:
        return number
    if isinstance(value, str) and DURATION.fullmatch(value):
        return duration(value) // 1_000
    raise PydanticCustomError("microseconds", "expected microseconds, such as 50000, or a duration such as `50ms`")


def quota(value: object) -> int:
    """-1 is no limit."""
    return -1 if value in (-1, "-1") else microseconds(value)


def whole(value: object) -> object:
    """`3.0` is a whole number, as it is in JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def format_duration(nanoseconds: int) -> str:
    """`90_000_000_000` as `1m30s`."""
    if nanoseconds % 1_000:
        return f"{nanoseconds}ns"
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
