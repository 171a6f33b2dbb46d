"""What runs in a container, and how it is started, checked and stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from netdeploy.attributes.labels import ADDED_BY_OTHERS, own_labels, users_labels
from netdeploy.attributes.table import ENGINE_DEFAULT, Attribute, Effect, Json, JsonValue, or_none
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.normal_form import folder
from netdeploy.engine.observed import LABEL_STAND_IN, HealthcheckSetting, ObservedContainer
from netdeploy.topology.amounts import format_duration, signal_name, signal_number

Row = Attribute[ContainerWish, ObservedContainer]
_SECOND = 1_000_000_000
_NO_ENTRYPOINT = ("",)
"""The engine's way to remove an image's entrypoint; it reads back as none."""


def _labels_argument(wish: ContainerWish) -> dict[str, str]:
    stand_in = {LABEL_STAND_IN: wish.stand_in_for} if wish.stand_in_for else {}
    return {**wish.spec.labels, **own_labels(wish.origin, "container", wish.key), **stand_in}


def _command_wish(wish: ContainerWish) -> tuple[str, ...]:
    if wish.spec.command is not None:
        return wish.spec.command
    return () if wish.spec.entrypoint is not None or wish.image is None else wish.image.command


def _entrypoint_wish(wish: ContainerWish) -> tuple[str, ...]:
    if wish.spec.entrypoint is not None:
        return () if wish.spec.entrypoint == _NO_ENTRYPOINT else wish.spec.entrypoint
    return wish.image.entrypoint if wish.image else ()


def _entrypoint_argument(wish: ContainerWish) -> list[str] | None:
    if wish.spec.entrypoint is None:
        return None
    return list(wish.spec.entrypoint or _NO_ENTRYPOINT)


def _environment_wish(wish: ContainerWish) -> dict[str, str]:
    return {**(wish.image.environment if wish.image else {}), **wish.spec.environment}


def _labels_wish(wish: ContainerWish) -> dict[str, str]:
    return users_labels({**(wish.image.labels if wish.image else {}), **wish.spec.labels})


def _user_wish(wish: ContainerWish) -> str:
    return wish.spec.user or (wish.image.user if wish.image else "")


def _working_dir_wish(wish: ContainerWish) -> str:
    return folder(wish.spec.working_dir or (wish.image.working_dir if wish.image else ""))


def _stop_signal_wish(wish: ContainerWish) -> int | str:
    return signal_number(wish.spec.stop_signal or (wish.image.stop_signal if wish.image else "") or "TERM")


def _grace(wish: ContainerWish) -> int | None:
    grace = wish.spec.stop_grace_period
    return None if grace is None else grace // _SECOND


def _own_healthcheck(wish: ContainerWish) -> HealthcheckSetting | None:
    spec = wish.spec.healthcheck
    if spec is None:
        return None
    if spec.disable:
        return HealthcheckSetting(test=("NONE",))
    return HealthcheckSetting(
        spec.test or (),
        spec.interval or 0,
        spec.timeout or 0,
        spec.start_period or 0,
        spec.retries or 0,
        spec.start_interval or 0,
    )


def _healthcheck_wish(wish: ContainerWish) -> HealthcheckSetting | None:
    """Field by field; the start interval has a row of its own."""
    merged = _merged_healthcheck(wish)
    return replace(merged, start_interval=0) if merged else None


def _start_interval_wish(wish: ContainerWish) -> int:
    merged = _merged_healthcheck(wish)
    return merged.start_interval if merged else 0


def _merged_healthcheck(wish: ContainerWish) -> HealthcheckSetting | None:
    own, inherited = _own_healthcheck(wish), wish.image.healthcheck if wish.image else None
    if own is None or own == HealthcheckSetting():  # an engine reads one that says nothing back as none
        return inherited
    if inherited is None:
        return own
    return HealthcheckSetting(
        own.test or inherited.test,
        own.interval or inherited.interval,
        own.timeout or inherited.timeout,
        own.start_period or inherited.start_period,
        own.retries or inherited.retries,
        own.start_interval or inherited.start_interval,
    )


def first_check(wish: ContainerWish) -> float | None:
    """Seconds from the container's start to its first healthcheck; None where it has none.

    A silent interval is 30 seconds (moby, daemon/health.go: defaultProbeInterval).
    """
    merged = _merged_healthcheck(wish)
    if merged is None or merged.test[:1] == ("NONE",):
        return None
    early = merged.start_interval if merged.start_period else 0
    return (early or merged.interval or 30_000_000_000) / 1e9


def _healthcheck_argument(wish: ContainerWish) -> Json | None:
    own = _own_healthcheck(wish)
    if own is None or own == HealthcheckSetting():
        return None
    numbers_ = {
        "Interval": own.interval,
        "Timeout": own.timeout,
        "StartPeriod": own.start_period,
        "Retries": own.retries,
    }
    if own.start_interval:
        numbers_["StartInterval"] = own.start_interval
    return {"Test": list(own.test), **numbers_}


def _healthcheck_read(live: ObservedContainer) -> HealthcheckSetting | None:
    return replace(live.healthcheck, start_interval=0) if live.healthcheck else None


def _show_healthcheck(setting: HealthcheckSetting | None) -> JsonValue:
    if setting is None:
        return None
    shown: dict[str, Any] = {"test": list(setting.test)}
    for name in ("interval", "timeout", "start_period"):
        value: int = getattr(setting, name)
        if value:
            shown[name] = format_duration(value)
    return shown | ({"retries": setting.retries} if setting.retries else {})


def _restart_policy(restart: str) -> Json:
    """`on-failure:5` as the engine takes it."""
    name, _, retries = restart.partition(":")
    return {"Name": name, "MaximumRetryCount": int(retries or 0)}


def _restart_wish(wish: ContainerWish) -> str:
    name, _, retries = (wish.spec.restart or "no").partition(":")
    return f"{name}:{int(retries)}" if int(retries or 0) else name


def _start_interval_given(wish: ContainerWish) -> bool:
    return bool(wish.spec.healthcheck and wish.spec.healthcheck.start_interval)


def _log_driver_wish(wish: ContainerWish) -> Any:
    return (wish.spec.logging.driver if wish.spec.logging else None) or ENGINE_DEFAULT


def _log_options(wish: ContainerWish) -> dict[str, str]:
    return dict(wish.spec.logging.options) if wish.spec.logging else {}


ROWS: tuple[Row, ...] = (
    Row(
        "command", "Cmd", _command_wish, lambda w: list(w.spec.command) if w.spec.command else None,
        lambda c: c.command, Effect.REPLACE, default="the image's; none when `entrypoint` is set",
    ),
    Row(
        "entrypoint", "Entrypoint", _entrypoint_wish, _entrypoint_argument, lambda c: c.entrypoint,
        Effect.REPLACE, default="the image's",
    ),
    Row(
        "environment", "Env", _environment_wish, lambda w: [f"{k}={v}" for k, v in w.spec.environment.items()] or None,
        lambda c: dict(c.environment), Effect.REPLACE, default="the image's", by_key=True,
    ),
    Row(
        "labels", "Labels", _labels_wish, _labels_argument,
        lambda c: users_labels(c.labels), Effect.REPLACE, default="the image's", by_key=True, by_others=ADDED_BY_OTHERS,
    ),
    Row(
        "annotations", "HostConfig.Annotations", lambda w: dict(w.spec.annotations),
        lambda w: dict(w.spec.annotations) or None, lambda c: dict(c.annotations), Effect.REPLACE,
        default="none", by_key=True, since=(1, 43),
    ),
    Row(
        "user", "User", _user_wish, lambda w: w.spec.user, lambda c: c.user, Effect.REPLACE,
        default="the image's", show=or_none,
    ),
    Row(
        "working_dir", "WorkingDir", _working_dir_wish, lambda w: w.spec.working_dir, lambda c: folder(c.working_dir),
        Effect.REPLACE, default="the image's",
    ),
    Row(
        "tty", "Tty", lambda w: bool(w.spec.tty), lambda w: w.spec.tty, lambda c: c.tty, Effect.REPLACE,
        default="false",
    ),
    Row(
        "stdin_open", "OpenStdin", lambda w: bool(w.spec.stdin_open), lambda w: w.spec.stdin_open,
        lambda c: c.stdin_open, Effect.REPLACE, default="false",
    ),
    Row(
        "init", "HostConfig.Init", lambda w: ENGINE_DEFAULT if w.spec.init is None else w.spec.init,
        lambda w: w.spec.init, lambda c: c.init, Effect.REPLACE, default="the engine's default", by_label=True,
    ),
    Row(
        "stop_signal", "StopSignal", _stop_signal_wish, lambda w: w.spec.stop_signal,
        lambda c: signal_number(c.stop_signal or "TERM"), Effect.REPLACE, default="the image's, or SIGTERM",
        show=signal_name,
    ),
    Row(
        "stop_grace_period", "StopTimeout", lambda w: 10 if _grace(w) is None else _grace(w), _grace,
        lambda c: 10 if c.stop_timeout is None else c.stop_timeout, Effect.REPLACE, default="10s",
        show=lambda seconds: f"{seconds}s",
    ),
    Row(
        "restart", "HostConfig.RestartPolicy", _restart_wish,
        lambda w: _restart_policy(w.spec.restart) if w.spec.restart else None, lambda c: c.restart,
        Effect.UPDATE, default="no", update=lambda w: {"RestartPolicy": _restart_policy(w.spec.restart or "no")},
    ),
    Row(
        "healthcheck", "Healthcheck", _healthcheck_wish, _healthcheck_argument, _healthcheck_read,
        Effect.REPLACE, default="the image's, field by field", show=_show_healthcheck,
    ),
    Row(
        "healthcheck.start_interval", "", _start_interval_wish, lambda _w: {},
        lambda c: c.healthcheck.start_interval if c.healthcheck else 0, Effect.REPLACE, default="the image's, or 5s",
        show=lambda time: format_duration(time) if time else None, since=(1, 44), given=_start_interval_given,
    ),
    Row(
        "logging.driver", "HostConfig.LogConfig.Type", _log_driver_wish,
        lambda w: w.spec.logging.driver if w.spec.logging else None, lambda c: c.log_driver, Effect.REPLACE,
        default="the engine's default", by_label=True,
    ),
    Row(
        "logging.options", "HostConfig.LogConfig.Config", _log_options, lambda w: _log_options(w) or None,
        lambda c: dict(c.log_options), Effect.REPLACE, default="the engine's default", by_key=True, by_label=True,
    ),
    Row(
        "runtime", "HostConfig.Runtime", lambda w: w.spec.runtime or ENGINE_DEFAULT, lambda w: w.spec.runtime,
        lambda c: c.privileges.runtime, Effect.REPLACE, default="the engine's default", by_label=True,
    ),
)  # fmt: skip
