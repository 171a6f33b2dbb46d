"""Rules about the settings of one container, and about what it takes from others: limits, modes, links, files."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netdeploy.topology.draft import DEFAULT_BRIDGE, Draft, Found
from netdeploy.topology.problem import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.topology.model import Container
    from netdeploy.topology.problem import Path

_LEAST_MEMORY = 6 << 20
_DRIVERS_WITHOUT_PORTS = ("macvlan", "ipvlan")


def limit_rules(draft: Draft) -> Iterator[Found]:
    """Limits that contradict each other, or that no engine takes."""
    for name, container in draft.containers.items():
        base: Path = ("containers", name)
        yield from _memory(base, container)
        yield from _cpu(base, container)
        for limit, values in container.ulimits.items():
            if min(values.soft, values.hard) < -1:
                yield Found((*base, "ulimits", limit), "a limit is a number from 0", "-1 means no limit")
            elif values.hard != -1 and not -1 < values.soft <= values.hard:
                message = f"the soft limit {values.soft} is above the hard limit {values.hard}"
                yield Found((*base, "ulimits", limit), message)
        if container.blkio_config and 0 < (container.blkio_config.weight or 0) < 10:
            yield Found((*base, "blkio_config", "weight"), "a weight is 10 to 1000, or 0 for the kernel's own")


def _memory(base: Path, container: Container) -> Iterator[Found]:
    limit, swap, reserved = container.mem_limit, container.memswap_limit, container.mem_reservation
    if limit and limit < _LEAST_MEMORY:
        yield Found((*base, "mem_limit"), "an engine gives a container 6m of memory at least", "write `6m` or more")
    if swap and not limit:
        message = "`memswap_limit` needs `mem_limit` beside it: it is memory and swap together"
        yield Found((*base, "memswap_limit"), message, "add `mem_limit`", at_key=True)
    elif swap and limit and -1 < swap < limit:
        message = "`memswap_limit` is less than `mem_limit`: it is memory and swap together"
        yield Found((*base, "memswap_limit"), message, "the same as `mem_limit` means no swap")
    if reserved is not None and limit and reserved > limit:
        yield Found((*base, "mem_reservation"), "`mem_reservation` is more than `mem_limit`", "reserve less")
    if reserved and reserved < _LEAST_MEMORY:
        yield Found((*base, "mem_reservation"), "an engine reserves 6m at least", "write `6m` or more")


def _cpu(base: Path, container: Container) -> Iterator[Found]:
    for field in ("cpu_quota", "cpu_period"):
        if container.cpus and (getattr(container, field) or 0) > 0:
            message = f"`cpus` and `{field}` exclude each other: an engine makes a quota of `cpus`"
            where = (("`cpus` stands here", (*base, "cpus")),)
            yield Found((*base, field), message, "keep one of them", elsewhere=where, at_key=True)
    if container.cpu_quota is not None and 0 < container.cpu_quota < 1_000:
        yield Found((*base, "cpu_quota"), "the least quota is 1ms", "write `1ms` or more")
    if container.cpu_period and not 1_000 <= container.cpu_period <= 1_000_000:
        yield Found((*base, "cpu_period"), "a period is 1ms to 1s")
    if container.cpu_shares == 1:
        yield Found((*base, "cpu_shares"), "the least share is 2; 0 is the engine's own", "write `2` or more")


def mode_rules(draft: Draft) -> Iterator[Found]:
    """What goes with which `network_mode`, `pid`, `ipc` and `uts`."""
    for name, container in draft.containers.items():
        base: Path = ("containers", name)
        yield from _network_mode(base, container, container.network_mode or "")
        if container.uts == "host":
            for field in ("hostname", "domainname"):
                if getattr(container, field):
                    message = f"`{field}` can't be set with `uts: host`: the name is the host's"
                    yield Found((*base, field), message, "keep one of them", at_key=True)
        yield from _shared_modes(base, container, draft)


def _network_mode(base: Path, container: Container, mode: str) -> Iterator[Found]:
    if mode in ("host", "none") or mode.startswith("container:"):
        if container.mac_address:
            message = f"with `network_mode: {mode}` it has no interface of its own to give a MAC address"
            yield Found((*base, "mac_address"), message, "leave it out", at_key=True)
        if container.links:
            yield Found((*base, "links"), f"`network_mode: {mode}` takes no links", "leave them out", at_key=True)
    if mode == "host":
        for key in container.sysctls:
            if key.startswith("net."):
                message = f"`{key}` is a setting of the host's network, which this container uses"
                yield Found((*base, "sysctls", key), message, "set it on the host", at_key=True)


def _shared_modes(base: Path, container: Container, draft: Draft) -> Iterator[Found]:
    for field in ("pid", "ipc"):
        mode = getattr(container, field) or ""
        other = mode.removeprefix("container:")
        if other == mode:
            continue
        yield from _unknown_container((*base, field), other, draft)
        donor = draft.containers.get(other)
        if field == "ipc" and donor and donor.ipc not in ("shareable", "host"):
            message = f"`{other}` does not share its memory"
            where = ((f"`{other}` stands here", ("containers", other)),)
            yield Found((*base, field), message, f"add `ipc: shareable` to `{other}`", elsewhere=where)
    if container.ipc == "host" and container.shm_size:
        yield Found(
            (*base, "shm_size"), "with `ipc: host` the shared memory is the host's", "leave it out", at_key=True
        )


def _unknown_container(path: Path, other: str, draft: Draft) -> Iterator[Found]:
    if other not in draft.container_names:
        hint = did_you_mean(other, draft.container_names, otherwise="it must be a container of this file")
        yield Found(path, f"there is no container `{other}` in this file", hint)


def reference_rules(draft: Draft) -> Iterator[Found]:
    """Links, mounts of others, configs and secrets: each names something of this file."""
    for name, container in draft.containers.items():
        base: Path = ("containers", name)
        for index, link in enumerate(container.links):
            other = link.partition(":")[0]
            yield from _unknown_container((*base, "links", index), other, draft)
            yield from _unreachable_link((*base, "links", index), container, other, draft)
        for index, source in enumerate(container.volumes_from):
            other = source.removeprefix("container:").partition(":")[0]
            yield from _unknown_container((*base, "volumes_from", index), other, draft)
        for section, known in (("configs", draft.config_names), ("secrets", draft.secret_names)):
            for index, mount in enumerate(getattr(container, section)):
                if known is not None and mount.source not in known:
                    otherwise = f"declare `{mount.source}:` with its `file` under `{section}`"
                    message = f"there is no `{mount.source}` under `{section}` in this file"
                    hint = did_you_mean(mount.source, known, otherwise=otherwise)
                    yield Found((*base, section, index), message, hint)


def _unreachable_link(path: Path, container: Container, other: str, draft: Draft) -> Iterator[Found]:
    linked = draft.containers.get(other)
    if linked is None or container.network_mode not in (None, DEFAULT_BRIDGE):
        return
    if linked.network_mode not in (None, DEFAULT_BRIDGE):
        message = f"`{other}` has no network of its own (`network_mode: {linked.network_mode}`), so no link leads to it"
        if not container.networks:  # on the default bridge no engine starts it; elsewhere all take it
            yield Found(path, message, "put both on one network")
    elif not {*(container.networks or (DEFAULT_BRIDGE,))} & {*(linked.networks or (DEFAULT_BRIDGE,))}:
        message = f"this container and `{other}` are on no network together, so the link leads nowhere"
        yield Found(path, message, "put both on one network")


def network_rules(draft: Draft) -> Iterator[Found]:
    """What a network's kind and its containers' interfaces allow."""
    for key, network in draft.networks.items():
        base: Path = ("networks", key)
        if network.enable_ipv4 is False and not network.enable_ipv6 and not draft.is_doubtful(key, "enable_ipv6"):
            message = "with neither IPv4 nor IPv6 there are no addresses to give"
            yield Found((*base, "enable_ipv4"), message, "add `enable_ipv6: true`", at_key=True)
        for index, pool in enumerate(network.ipam.config):
            if network.enable_ipv4 is False and pool.subnet and "." in pool.subnet:
                yield Found((*base, "ipam", "config", index, "subnet"), f"{pool.subnet} is IPv4, which is turned off")
    for name, container in draft.containers.items():
        yield from _interfaces(("containers", name), container, draft)


def _interfaces(base: Path, container: Container, draft: Draft) -> Iterator[Found]:
    first: dict[str, str] = {}
    for key, attachment in container.networks.items():
        path: Path = (*base, "networks", key)
        for index, text in enumerate(attachment.link_local_ips):
            if not ipaddress.ip_address(text).is_link_local:
                message = f"{text} is not a link-local address"
                yield Found((*path, "link_local_ips", index), message, "those are 169.254.… and fe80::…")
        named = attachment.interface_name
        if named and named in first:
            where = (("the first one", (*base, "networks", first[named], "interface_name")),)
            yield Found((*path, "interface_name"), f"two interfaces are called `{named}`", elsewhere=where)
        first.setdefault(named or "", key)
    networks = [draft.networks.get(key) for key in container.networks]
    if container.ports and networks and all(n and n.driver in _DRIVERS_WITHOUT_PORTS for n in networks):
        message = "nothing is published for a container that is on macvlan or ipvlan networks only"
        hint = "it has addresses that others reach directly: leave `ports` out"
        yield Found((*base, "ports"), message, hint, severity="warning", at_key=True)
