"""What a container may use: CPU, memory, processes, devices' bandwidth.

The engine's update call takes most of these while the container runs. To it a zero means "leave", so a limit can be
taken away only where another value says so: -1 for a quota, a reservation or processes. All else needs a new container.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netdeploy.attributes.table import ENGINE_DEFAULT, Attribute, Effect, Json, JsonValue, or_none
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.normal_form import cpus
from netdeploy.engine.observed import BlkioSetting, ObservedContainer
from netdeploy.topology.model import RateDevice

Row = Attribute[ContainerWish, ObservedContainer]
_UNITS = (("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10))


def format_size(size: int) -> str:
    """`67_108_864` as `64m`."""
    for unit, factor in _UNITS:
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def _show_size(size: int | None) -> JsonValue:
    return format_size(size) if size else None


def _microseconds(value: int) -> JsonValue:
    return f"{value}us" if value else None


def _only_given(value: Callable[[ContainerWish], Any]) -> Callable[[ContainerWish, ObservedContainer], Effect]:
    """An update, unless the file has no value: the engine's update call can't take this one away."""
    return lambda wish, _live: Effect.UPDATE if value(wish) else Effect.REPLACE


_TO_TAKE_AWAY = "a new container to take it away"

# -- cpu -------------------------------------------------------------------------------------------------------------


def _cpus_cost(wish: ContainerWish, live: ObservedContainer) -> Effect:
    """An engine refuses `cpus` where a quota or period was ever set."""
    set_otherwise = live.resources.cpu_quota or live.resources.cpu_period
    return Effect.UPDATE if wish.spec.cpus and not set_otherwise else Effect.REPLACE


def _quota_cost(_wish: ContainerWish, live: ObservedContainer) -> Effect:
    return Effect.REPLACE if live.resources.cpus else Effect.UPDATE


def _period_cost(wish: ContainerWish, live: ObservedContainer) -> Effect:
    return Effect.REPLACE if live.resources.cpus or not wish.spec.cpu_period else Effect.UPDATE


_CPU_ROWS: tuple[Row, ...] = (
    Row(
        "cpus", "HostConfig.NanoCpus", lambda w: w.spec.cpus or 0, lambda w: w.spec.cpus, lambda c: c.resources.cpus,
        Effect.UPDATE, default="no limit", show=lambda value: value / 1e9 if value else None, cost=_cpus_cost,
        remark=f"{_TO_TAKE_AWAY}, or where a quota or period was set",
    ),
    Row(
        "cpu_shares", "HostConfig.CpuShares", lambda w: w.spec.cpu_shares or 0, lambda w: w.spec.cpu_shares,
        lambda c: c.resources.cpu_shares, Effect.UPDATE, default="the engine's (1024)", show=or_none,
        cost=_only_given(lambda w: w.spec.cpu_shares), remark=_TO_TAKE_AWAY,
    ),
    Row(
        "cpu_quota", "HostConfig.CpuQuota", lambda w: max(w.spec.cpu_quota or 0, 0), lambda w: w.spec.cpu_quota,
        lambda c: c.resources.cpu_quota, Effect.UPDATE, default="no limit", show=_microseconds, cost=_quota_cost,
        remark="a new container where `cpus` was set", update=lambda w: {"CpuQuota": w.spec.cpu_quota or -1},
    ),
    Row(
        "cpu_period", "HostConfig.CpuPeriod", lambda w: w.spec.cpu_period or 0, lambda w: w.spec.cpu_period,
        lambda c: c.resources.cpu_period, Effect.UPDATE, default="100ms", show=_microseconds, cost=_period_cost,
        remark=f"{_TO_TAKE_AWAY}, or where `cpus` was set",
    ),
    Row(
        "cpu_rt_runtime", "HostConfig.CpuRealtimeRuntime", lambda w: w.spec.cpu_rt_runtime or 0,
        lambda w: w.spec.cpu_rt_runtime, lambda c: c.resources.cpu_rt_runtime, Effect.UPDATE, default="none",
        show=_microseconds, cost=_only_given(lambda w: w.spec.cpu_rt_runtime), remark=_TO_TAKE_AWAY,
        untested="needs a kernel with real-time group scheduling",
    ),
    Row(
        "cpu_rt_period", "HostConfig.CpuRealtimePeriod", lambda w: w.spec.cpu_rt_period or 0,
        lambda w: w.spec.cpu_rt_period, lambda c: c.resources.cpu_rt_period, Effect.UPDATE, default="none",
        show=_microseconds, cost=_only_given(lambda w: w.spec.cpu_rt_period), remark=_TO_TAKE_AWAY,
        untested="needs a kernel with real-time group scheduling",
    ),
    Row(
        "cpu_count", "HostConfig.CpuCount", lambda w: w.spec.cpu_count or 0, lambda w: w.spec.cpu_count,
        lambda c: c.resources.cpu_count, Effect.REPLACE, default="no limit", show=or_none,
        untested="an engine on Windows",
    ),
    Row(
        "cpu_percent", "HostConfig.CpuPercent", lambda w: w.spec.cpu_percent or 0, lambda w: w.spec.cpu_percent,
        lambda c: c.resources.cpu_percent, Effect.REPLACE, default="no limit", show=or_none,
        untested="an engine on Windows",
    ),
    Row(
        "cpuset", "HostConfig.CpusetCpus", lambda w: cpus(w.spec.cpuset or ""), lambda w: w.spec.cpuset,
        lambda c: c.resources.cpuset, Effect.UPDATE, default="all CPUs", show=or_none,
        cost=_only_given(lambda w: w.spec.cpuset), remark=_TO_TAKE_AWAY,
    ),
)  # fmt: skip

# -- memory ----------------------------------------------------------------------------------------------------------


def _swap_wish(wish: ContainerWish) -> int:
    """Without a word, twice the memory (moby: daemon/daemon_unix.go, adaptContainerSettings)."""
    return wish.spec.memswap_limit or 2 * (wish.spec.mem_limit or 0)


def _swap_read(live: ObservedContainer) -> int:
    """Without a limit on memory, -1 and 0 are both no limit."""
    return live.resources.memory_swap if live.resources.memory else max(live.resources.memory_swap, 0)


def _memory_update(wish: ContainerWish) -> Json:
    """Both at once: the engine refuses a limit above the swap limit that it has."""
    return {"Memory": wish.spec.mem_limit, "MemorySwap": _swap_wish(wish)}


def _show_swap(size: int) -> JsonValue:
    return "unlimited" if size < 0 else _show_size(size)


_MEMORY_ROWS: tuple[Row, ...] = (
    Row(
        "mem_limit", "HostConfig.Memory", lambda w: w.spec.mem_limit or 0, lambda w: w.spec.mem_limit,
        lambda c: c.resources.memory, Effect.UPDATE, default="no limit", show=_show_size,
        cost=_only_given(lambda w: w.spec.mem_limit), remark=_TO_TAKE_AWAY, update=_memory_update,
    ),
    Row(
        "memswap_limit", "HostConfig.MemorySwap", _swap_wish, lambda w: w.spec.memswap_limit, _swap_read,
        Effect.UPDATE, default="twice `mem_limit`", show=_show_swap, cost=_only_given(_swap_wish),
        remark=_TO_TAKE_AWAY, update=_memory_update, follows="mem_limit",
    ),
    Row(
        "mem_reservation", "HostConfig.MemoryReservation", lambda w: w.spec.mem_reservation or 0,
        lambda w: w.spec.mem_reservation, lambda c: c.resources.memory_reservation, Effect.UPDATE, default="none",
        show=_show_size, update=lambda w: {"MemoryReservation": w.spec.mem_reservation or -1},
    ),
    Row(
        "mem_swappiness", "HostConfig.MemorySwappiness",
        lambda w: None if w.spec.mem_swappiness == -1 else w.spec.mem_swappiness, lambda w: w.spec.mem_swappiness,
        lambda c: c.resources.memory_swappiness, Effect.REPLACE,
        default="the host's",
    ),
    Row(
        "oom_kill_disable", "HostConfig.OomKillDisable", lambda w: bool(w.spec.oom_kill_disable),
        lambda w: w.spec.oom_kill_disable, lambda c: c.resources.oom_kill_disable, Effect.REPLACE, default="false",
    ),
    Row(
        "oom_score_adj", "HostConfig.OomScoreAdj", lambda w: w.spec.oom_score_adj or 0, lambda w: w.spec.oom_score_adj,
        lambda c: c.resources.oom_score_adj, Effect.REPLACE, default="0",
    ),
    Row(
        "shm_size", "HostConfig.ShmSize", lambda w: w.spec.shm_size or ENGINE_DEFAULT,
        lambda w: w.spec.shm_size or None, lambda c: c.resources.shm_size, Effect.REPLACE,
        default="the engine's default", show=_show_size, by_label=True,
    ),
)  # fmt: skip

# -- processes, devices ----------------------------------------------------------------------------------------------


def _pids(wish: ContainerWish) -> int:
    return max(wish.spec.pids_limit or 0, 0)


def _ulimits(wish: ContainerWish) -> dict[str, tuple[int, int]]:
    return {name: (limit.soft, limit.hard) for name, limit in wish.spec.ulimits.items()}


def _ulimits_argument(wish: ContainerWish) -> list[Json] | None:
    return [{"Name": name, "Soft": soft, "Hard": hard} for name, (soft, hard) in _ulimits(wish).items()] or None


def _show_ulimit(limit: tuple[int, int] | None) -> JsonValue:
    if limit is None:
        return None
    soft, hard = limit
    return soft if soft == hard else {"soft": soft, "hard": hard}


def _rates(devices: tuple[RateDevice, ...]) -> dict[str, int]:
    return {device.path: device.rate for device in devices}


def _blkio(wish: ContainerWish) -> BlkioSetting:
    spec = wish.spec.blkio_config
    if spec is None:
        return BlkioSetting()
    return BlkioSetting(
        weight=spec.weight or 0,
        weight_device={device.path: device.weight for device in spec.weight_device},
        device_read_bps=_rates(spec.device_read_bps),
        device_write_bps=_rates(spec.device_write_bps),
        device_read_iops=_rates(spec.device_read_iops),
        device_write_iops=_rates(spec.device_write_iops),
    )


def _devices_row(name: str, argument: str, unit: str = "Rate", untested: str = "") -> Row:
    """The rates of devices, by the device's path."""

    def wish(w: ContainerWish) -> dict[str, int]:
        found: dict[str, int] = getattr(_blkio(w), name)
        return found

    def encode(w: ContainerWish) -> list[Json] | None:
        return [{"Path": path, unit: rate} for path, rate in wish(w).items()] or None

    return Row(
        f"blkio_config.{name}", f"HostConfig.{argument}", wish, encode, lambda c: getattr(c.resources.blkio, name),
        Effect.REPLACE, default="none", by_key=True, untested=untested,
    )  # fmt: skip


_NO_WEIGHT = "needs a kernel with I/O weights (CFQ, BFQ or io.cost)"
ROWS: tuple[Row, ...] = (
    *_CPU_ROWS,
    *_MEMORY_ROWS,
    Row(
        "pids_limit", "HostConfig.PidsLimit", _pids, lambda w: w.spec.pids_limit, lambda c: c.resources.pids_limit,
        Effect.UPDATE, default="no limit", show=or_none, update=lambda w: {"PidsLimit": _pids(w)},
    ),
    Row(
        "ulimits", "HostConfig.Ulimits", _ulimits, _ulimits_argument, lambda c: dict(c.resources.ulimits),
        Effect.REPLACE, default="the engine's default", show=_show_ulimit, by_key=True, by_label=True,
    ),
    Row(
        "storage_opt", "HostConfig.StorageOpt", lambda w: dict(w.spec.storage_opt),
        lambda w: dict(w.spec.storage_opt) or None, lambda c: dict(c.resources.storage_opt), Effect.REPLACE,
        default="none", by_key=True, untested="needs overlay2 on XFS with project quotas, or another storage driver",
    ),
    Row(
        "blkio_config.weight", "HostConfig.BlkioWeight", lambda w: _blkio(w).weight,
        lambda w: _blkio(w).weight or None, lambda c: c.resources.blkio.weight, Effect.UPDATE, default="the kernel's",
        show=or_none, cost=_only_given(lambda w: _blkio(w).weight), remark=_TO_TAKE_AWAY, untested=_NO_WEIGHT,
    ),
    _devices_row("weight_device", "BlkioWeightDevice", "Weight", untested=_NO_WEIGHT),
    _devices_row("device_read_bps", "BlkioDeviceReadBps"),
    _devices_row("device_write_bps", "BlkioDeviceWriteBps"),
    _devices_row("device_read_iops", "BlkioDeviceReadIOps"),
    _devices_row("device_write_iops", "BlkioDeviceWriteIOps"),
)  # fmt: skip
