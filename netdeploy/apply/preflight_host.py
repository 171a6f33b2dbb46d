"""What a plan asks of the engine's host, and the host does not have. For an engine on this machine only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.apply.obstacle import ANY_ADDRESS, Obstacle, is_published, made_networks, making, starting
from netdeploy.attributes.containers.network import port_bindings
from netdeploy.engine import host
from netdeploy.engine.normal_form import cpu_numbers
from netdeploy.plan.changes import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.attributes.wish import ContainerWish, NetworkWish, Wishes
    from netdeploy.engine.observed import Snapshot
    from netdeploy.plan.changes import Changes


def host_obstacles(wishes: Wishes, seen: Snapshot, changes: Changes) -> Iterator[Obstacle]:
    """What this host lacks for the changes."""
    for wish in starting(changes):
        if is_published(wish, wishes, seen):
            yield from _addresses(wish)
        yield from _devices(wish)
        yield from _bound_volumes(wish, wishes)
        yield from _open_files(wish)
    for wish in making(changes, Action.UPDATE):
        yield from _cpus(wish)
    for network in made_networks(changes):
        yield from _parent(network)


def _addresses(wish: ContainerWish) -> Iterator[Obstacle]:
    path = f"containers.{wish.key}.ports"
    bindings = port_bindings(wish)
    for address in sorted({binding.host_ip for binding in bindings} - {"", *ANY_ADDRESS}):
        if not host.has_address(address):
            hint = "`ip addr` shows those it has; without an address a port is published on all of them"
            yield Obstacle(path, f"this host has no address {address} to publish a port on", hint)
    if any(binding.protocol == "sctp" for binding in bindings) and not host.knows_sctp():
        hint = "load its module (modprobe sctp), or leave the port out"
        yield Obstacle(path, "this host's kernel has no SCTP, so no such port can be published", hint)


def _devices(wish: ContainerWish) -> Iterator[Obstacle]:
    hint = "check the path, or whether the device is plugged in"
    for device in wish.spec.devices:
        problem = host.device_problem(device.source)
        if problem:
            yield Obstacle(f"containers.{wish.key}.devices", f"{device.source} {problem} on this host", hint)
    limits = wish.spec.blkio_config
    if limits is None:
        return
    for field in ("device_read_bps", "device_write_bps", "device_read_iops", "device_write_iops"):
        for limited in getattr(limits, field):
            problem = host.block_device_problem(limited.path)
            if problem:
                place = f"containers.{wish.key}.blkio_config.{field}"
                yield Obstacle(place, f"{limited.path} {problem} on this host", "`lsblk` lists them")


def _bound_volumes(wish: ContainerWish, wishes: Wishes) -> Iterator[Obstacle]:
    """A folder of the host as a volume: the engine mounts it when a container needs it."""
    used = {mount.source for mount in wish.spec.volumes if mount.type == "volume"}
    for volume in wishes.volumes:
        options = volume.spec.driver_opts
        bound = volume.spec.driver == "local" and "bind" in options.get("o", "").split(",")
        if volume.key in used and not volume.spec.external and bound and host.is_missing(options.get("device", "")):
            message = f"the host has no folder or file {options['device']}"
            yield Obstacle(f"volumes.{volume.key}.driver_opts.device", message, "make it, or name another")


def _open_files(wish: ContainerWish) -> Iterator[Obstacle]:
    limit, most = wish.spec.ulimits.get("nofile"), host.most_open_files()
    if limit and most and (limit.hard == -1 or limit.hard > most):
        wanted = "no limit" if limit.hard == -1 else str(limit.hard)
        message = f"this host allows a process {most} open files at most (fs.nr_open), and {wanted} is wanted"
        yield Obstacle(f"containers.{wish.key}.ulimits.nofile", message, f"write {most} or less")


def _cpus(wish: ContainerWish) -> Iterator[Obstacle]:
    last = host.last_cpu()
    beyond = [number for number in cpu_numbers(wish.spec.cpuset or "") if last is not None and number > last]
    if beyond:
        message = f"this host has no CPU {min(beyond)}: the last one is {last}"
        yield Obstacle(f"containers.{wish.key}.cpuset", message, "`lscpu` lists them")


def _parent(network: NetworkWish) -> Iterator[Obstacle]:
    """moby: drivers/macvlan/macvlan_setup.go, `createVlanLink`; ipvlan does the same."""
    parent = network.spec.driver_opts.get("parent", "")
    if network.spec.driver not in ("macvlan", "ipvlan") or not parent:
        return
    path = f"networks.{network.key}.driver_opts.parent"
    known = host.interfaces()
    hint = "`ip link` lists them; `eth0.10` makes a VLAN of `eth0`"
    base, dot, vlan = parent.partition(".")
    if parent in known or parent.startswith(("dm-", "di-")):
        return
    if base not in known:
        yield Obstacle(path, f"this host has no network interface `{base if dot else parent}`", hint)
    elif not dot or not vlan.isdigit():  # which numbers there are, the file's own rules tell
        yield Obstacle(path, f"`{vlan}` is no VLAN", "a VLAN's number is 1 to 4094")
