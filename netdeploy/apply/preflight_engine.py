"""What a plan asks for and the engine does not have, by its own word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netdeploy.apply.obstacle import Obstacle, made_networks, making, starting
from netdeploy.attributes.network import declared_subnets
from netdeploy.engine.host import has_plugin
from netdeploy.engine.normal_form import capability
from netdeploy.plan.changes import Action, Changes, VolumeChange
from netdeploy.plan.reasons import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.attributes.wish import ContainerWish, VolumeWish
    from netdeploy.engine.observed import Snapshot
    from netdeploy.engine.surroundings import Surroundings

_LOG_DRIVERS = {"none", "json-file", "local"}  # every engine has these
_IPAM_DRIVERS = {"default", "null", "windows"}
_LOCAL_OPTIONS = ("type", "device", "o", "size")
_NEW_CAPABILITIES = {"BPF", "PERFMON", "CHECKPOINT_RESTORE"}
_WITH_NEW_CAPABILITIES = (1, 42)  # 20.10 (1.41) does not know them, nor the word `builtin` for a seccomp profile
_PICKS_IPV6 = (1, 46)  # engine 27: release notes, "IPv6 networks without a subnet"
_REFUSES_INTERFACE_SYSCTLS = (1, 48)
_RUNC = {"runc", "io.containerd.runc.v2", "io.containerd.runtime.v1.linux"}
_ON_THE_HOST = "set it on the engine's host (sysctl -w), and take it out of the file"
_IPC_SYSCTLS = (
    *("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax"),
    *("kernel.shmmni", "kernel.shm_rmid_forced"),
)


def engine_obstacles(seen: Snapshot, changes: Changes, around: Surroundings) -> Iterator[Obstacle]:
    """What the engine lacks for the changes."""
    check = _Check(seen.api_version, around)
    for wish in starting(changes):
        yield from check.runtime(wish)
        yield from check.log_driver(wish)
        yield from check.sysctls(wish)
    for wish in making(changes):
        yield from check.capabilities(wish)
        yield from check.security(wish)
        yield from check.system(wish)
        yield from check.storage(wish)
        yield from check.platform(wish, seen)
    for wish in making(changes, Action.UPDATE):
        yield from check.cpus(wish)
    yield from check.plugins(changes)
    yield from check.ipv6(changes)


class _Check:
    def __init__(self, api_version: tuple[int, int], around: Surroundings) -> None:
        self._api = api_version
        self._around = around
        self._can = around.abilities

    def runtime(self, wish: ContainerWish) -> Iterator[Obstacle]:
        """Since engine 23 (API 1.42) a name with a dot may be that of a shim, which only containerd can find."""
        name, known = wish.spec.runtime, self._can.runtimes
        if name and known and name not in known and ("." not in name or self._api < (1, 42)):
            hint = f"it has {listed(sorted(known))}; or leave `runtime` out"
            yield Obstacle(f"containers.{wish.key}.runtime", f"the engine has no runtime `{name}`", hint)

    def log_driver(self, wish: ContainerWish) -> Iterator[Obstacle]:
        name, known = (wish.spec.logging.driver if wish.spec.logging else None), self._can.log_drivers
        if name and known and name not in known | _LOG_DRIVERS and not self._may_be_plugin(name):
            hint = f"it has {listed(sorted(known | {'none'}))}"
            yield Obstacle(f"containers.{wish.key}.logging.driver", f"the engine has no log driver `{name}`", hint)

    def plugins(self, changes: Changes) -> Iterator[Obstacle]:
        for change in changes.changes:
            if isinstance(change, VolumeChange) and change.action is Action.CREATE and change.wish:
                name = change.wish.spec.driver
                if self._can.volume_drivers and name not in self._can.volume_drivers and not self._may_be_plugin(name):
                    yield _no_plugin(f"volumes.{change.wish.key}.driver", "volume", name)
                elif name == "local" and self._can.system == "linux":
                    yield from _local_options(change.wish)
        for network in made_networks(changes):
            name = network.spec.ipam.driver
            if self._can.volume_drivers and name not in _IPAM_DRIVERS and not self._may_be_plugin(name):
                yield _no_plugin(f"networks.{network.key}.ipam.driver", "IPAM", name)

    def _may_be_plugin(self, name: str) -> bool:
        """A plugin of the older kind shows once it was used; before that only the engine's host knows of it."""
        if self._can.plugins is None or name.removesuffix(":latest") in self._can.plugins:
            return True
        return not self._around.local or has_plugin(name)

    def capabilities(self, wish: ContainerWish) -> Iterator[Obstacle]:
        if self._api >= _WITH_NEW_CAPABILITIES:
            return
        for field, names in (("cap_add", wish.spec.cap_add), ("cap_drop", wish.spec.cap_drop)):
            for name in sorted(_NEW_CAPABILITIES & {capability(text) for text in names}):
                message = f"this engine is too old to know the capability `{name}`"
                yield Obstacle(f"containers.{wish.key}.{field}", message, "take it out of the file, or update Docker")

    def security(self, wish: ContainerWish) -> Iterator[Obstacle]:
        if self._api < _WITH_NEW_CAPABILITIES and {"seccomp=builtin", "seccomp:builtin"} & {*wish.spec.security_opt}:
            message = "this engine is too old to know `seccomp=builtin`"
            yield Obstacle(
                f"containers.{wish.key}.security_opt", message, "leave it out: its own profile is the default"
            )

    def system(self, wish: ContainerWish) -> Iterator[Obstacle]:
        if self._can.system == "linux" and wish.spec.isolation in ("process", "hyperv"):
            message = f"an engine on Linux has no isolation `{wish.spec.isolation}`"
            yield Obstacle(f"containers.{wish.key}.isolation", message, "leave it out: that is for Windows")

    def storage(self, wish: ContainerWish) -> Iterator[Obstacle]:
        """moby: daemon/graphdriver/overlay2, `projectQuotaSupported`."""
        below = self._can.file_system
        if wish.spec.storage_opt and self._can.storage_driver == "overlay2" and below not in ("", "xfs"):
            message = f"the engine keeps containers on {below}, where none can have options of its own"
            hint = "leave it out; it needs a disk with XFS, mounted with `pquota`"
            yield Obstacle(f"containers.{wish.key}.storage_opt", message, hint)

    def platform(self, wish: ContainerWish, seen: Snapshot) -> Iterator[Obstacle]:
        """An image that is to be pulled first may be another one."""
        image, wanted = seen.images.get(wish.spec.image), wish.spec.platform
        if not wanted or not image or not image.platform or wish.stand_in_for or wish.spec.pull_policy == "always":
            return
        if not self._can.many_platforms and _system_and_machine(wanted) != _system_and_machine(image.platform):
            name = wish.spec.image
            message = f"the engine's image `{name}` is for {image.platform}, not for {wanted}"
            hint = f"docker pull --platform {wanted} {name}, or leave `platform` out"
            yield Obstacle(f"containers.{wish.key}.platform", message, hint)

    def cpus(self, wish: ContainerWish) -> Iterator[Obstacle]:
        most = self._can.cpus
        if most and wish.spec.cpus and wish.spec.cpus > most * 1_000_000_000:
            message = f"the engine's host has {most} CPUs, and {wish.spec.cpus / 1e9:g} are wanted"
            yield Obstacle(
                f"containers.{wish.key}.cpus", message, f"write {most} or less, or leave it out for no limit"
            )

    def sysctls(self, wish: ContainerWish) -> Iterator[Obstacle]:
        """Only what is known of runc; others, such as those with a kernel for each container, may take more."""
        if (wish.spec.runtime or self._can.default_runtime) not in _RUNC:
            return
        for key in wish.spec.sysctls:
            message, hint = self._sysctl(key, wish)
            if message:
                yield Obstacle(f"containers.{wish.key}.sysctls.{key}", message, hint)

    def _sysctl(self, written: str, wish: ContainerWish) -> tuple[str, str]:
        """What is wrong with one, and what to do (runc: libcontainer/configs/validate, `sysctl`)."""
        key = _with_dots(written)
        if key.startswith("net."):
            return self._of_an_interface(written, wish.spec.sysctls[written])
        if key == "kernel.hostname":
            return "a container's host name is not set this way", "write `hostname` instead"
        if key in _IPC_SYSCTLS or key.startswith("fs.mqueue."):
            shared, mode = wish.spec.ipc == "host", "ipc"
        elif key == "kernel.domainname":
            shared, mode = wish.spec.uts == "host", "uts"
        elif key.startswith("user.") and self._can.own_users:
            return "", ""
        else:
            return f"a container has no `{key}` of its own", _ON_THE_HOST
        return (f"with `{mode}: host` this is a setting of the host", _ON_THE_HOST) if shared else ("", "")

    def _of_an_interface(self, key: str, value: str) -> tuple[str, str]:
        """moby: api/server/router/container, `handleSysctlBC`."""
        if self._api < _REFUSES_INTERFACE_SYSCTLS or not re.match(r"net\.[^.]+\.(?:conf|neigh)\.eth[^.]*\.", key):
            return "", ""
        option = (
            "com.docker.network.endpoint.sysctls: " + re.sub(r"\.eth[^.]*\.", ".IFNAME.", key, count=1) + f"={value}"
        )
        hint = f"write it at the container's network: driver_opts: {{{option}}}"
        return "this engine takes the settings of one interface with its network only", hint

    def ipv6(self, changes: Changes) -> Iterator[Obstacle]:
        if self._api >= _PICKS_IPV6 or any(":" in pool.base for pool in self._around.pools):
            return
        for wish in made_networks(changes):
            declared = any(subnet.version == 6 for subnet in declared_subnets(wish))
            if wish.spec.enable_ipv6 and not declared and wish.spec.ipam.driver == "default":
                hint = "give the network one under `ipam` (such as fd00:1::/64), or leave out `enable_ipv6`"
                message = "this engine gives no IPv6 subnets of its own"
                yield Obstacle(f"networks.{wish.key}.enable_ipv6", message, hint)


def _local_options(wish: VolumeWish) -> Iterator[Obstacle]:
    """moby: volume/local, `validateOpts`."""
    options, path = wish.spec.driver_opts, f"volumes.{wish.key}.driver_opts"
    for name in options:
        if name not in _LOCAL_OPTIONS:
            hint = f"it has {listed(sorted(_LOCAL_OPTIONS))}"
            yield Obstacle(f"{path}.{name}", f"the volume driver `local` has no option `{name}`", hint)
    missing = [f"`{name}`" for name in ("type", "device") if name not in options]
    if missing and {"type", "device", "o"} & set(options):
        hint = "such as `type: none`, `device: /data`, `o: bind`"
        yield Obstacle(path, f"the volume driver `local` needs {' and '.join(missing)} too", hint)


def _no_plugin(path: str, kind: str, name: str) -> Obstacle:
    hint = f"install its plugin (docker plugin install {name}), or leave `driver` out"
    return Obstacle(path, f"the engine has no {kind} driver `{name}`", hint)


_MACHINES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386"}


def _system_and_machine(platform: str) -> tuple[str, str]:
    """Of `linux/arm64/v8`: engines take several variants of one machine."""
    system, _, rest = platform.lower().partition("/")
    machine = rest.partition("/")[0]
    return system, _MACHINES.get(machine, machine)


def _with_dots(key: str) -> str:
    """`net/ipv4/ip_forward` as sysctl(8) takes it, too: the first separator tells which one is used."""
    first = re.search(r"[./]", key)
    return key.translate(str.maketrans("./", "/.")) if first and first[0] == "/" else key
