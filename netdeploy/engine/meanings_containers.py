"""Refusals to make or start a container because of its settings; each was seen on 20.10 or 28 (or both)."""

from __future__ import annotations

from netdeploy.engine.meaning import meaning

_QUOTED = r"\\?[\"']"

CONTAINER_MEANINGS = (
    # -- what the engine does not have --
    meaning(
        r"(?:unknown runtime specified|unknown or invalid runtime name:) (?P<name>\S+)"
        r"|runtime " + _QUOTED + r"(?P<shim>[^\s\"\\]+)" + _QUOTED + r" binary not installed",
        "the engine has no runtime `{name}{shim}`",
        "`docker info` lists those it has; or leave `runtime` out",
    ),
    meaning(
        r"unknown capability: " + _QUOTED + r"(?P<name>\w+)",
        "the engine does not know the capability `{name}`",
        "check `cap_add` and `cap_drop`; newer capabilities need a newer engine",
    ),
    meaning(
        r"error looking up logging plugin (?P<name>\S+):",
        "the engine has no log driver `{name}`",
        "`docker info` lists those it has; or install its plugin",
    ),
    meaning(
        r"error looking up volume plugin (?P<name>\S+):",
        "the engine has no volume driver `{name}`",
        "install its plugin (docker plugin install {name}), or leave `driver` out",
    ),
    meaning(
        r"could not select device driver \S+ with capabilities: (?P<what>\S+)",
        "the engine's host has no driver that gives {what}",
        "for GPUs of NVIDIA, install the NVIDIA Container Toolkit there; or leave `gpus` out",
    ),
    meaning(
        r"image with reference (?P<image>\S+) was found but (?:does not match the specified|its) platform",
        "the engine's image `{image}` is for another platform",
        "pull the one for yours (docker pull --platform PLATFORM {image}), or leave `platform` out",
    ),
    meaning(
        r"invalid --security-opt \d+: " + _QUOTED + r"(?P<option>[^\"\\]+)",
        "the engine does not know the security option `{option}`",
        "check `security_opt`",
    ),
    meaning(
        r"--storage-opt is supported only for",
        "the engine's disk can't give a container storage options",
        "leave `storage_opt` out; overlay2 needs XFS mounted with `pquota`",
    ),
    meaning(r"Unknown option (?P<option>\S+)$", "the storage driver has no option `{option}`", "check `storage_opt`"),
    meaning(
        r"linux only supports 'default'",
        "an engine on Linux has no other isolation than `default`",
        "leave `isolation` out",
    ),
    # -- logging --
    meaning(
        r"unknown log opt '(?P<option>[^']+)' for (?:log driver )?(?P<driver>[\w-]+)",
        "the log driver `{driver}` has no option `{option}`",
        "check `logging`",
    ),
    meaning(
        r"failed to initialize logging driver: (?P<why>.+)",
        "the log driver does not start: {why}",
        "check `logging`: its options, and whether the service it writes to runs",
    ),
    meaning(
        r"logger: (?P<why>.+)|(?P<option>[\w-]+ is a required parameter)",
        "the engine refuses the log settings: {why}{option}",
        "check `logging`",
    ),
    # -- kernel settings --
    meaning(
        r"sysctl " + _QUOTED + r"(?P<name>[\w./-]+)" + _QUOTED + r" (?:is not in a separate|(?:is )?not allowed)",
        "a container like this one has no setting `{name}` of its own",
        "set it on the engine's host (sysctl -w), and take it out of `sysctls`",
    ),
    meaning(
        r"interface specific sysctl setting " + _QUOTED + r"(?P<name>[\w./-]+)",
        "this engine takes `{name}` with the container's network only",
        "write it there: driver_opts: {{com.docker.network.endpoint.sysctls: net.X.Y.IFNAME.Z=VALUE}}",
    ),
    meaning(
        r"unrecognised network interface sysctl '(?P<name>[^']*)'",
        "`{name}` is no setting of an interface",
        "in com.docker.network.endpoint.sysctls write `net.X.Y.IFNAME.Z=VALUE`",
    ),
    meaning(
        r"(?:write (?:fsmount:fscontext:proc/\./sys|/proc/sys)/(?P<name>\S+)): invalid argument",
        "the kernel does not take this value for `{name}`",
        "check `sysctls`",
    ),
    meaning(
        r"container init: open (?:sysctl (?P<name>\S+) file: .*|/proc/sys/(?P<path>\S+): )"
        r"(?:no such file|permission denied)"
        r"|/proc/sys/(?P<other>\S+) is not a sysctl file",
        "the kernel has no setting `{name}{path}{other}` that a container may change",
        "check the name, or set it on the engine's host",
    ),
    # -- limits --
    meaning(
        r"Range of CPUs is from \S+ to (?P<most>[0-9.]+)",
        "the engine's host has no more CPUs than {most}",
        "write a smaller number of `cpus`",
    ),
    meaning(
        r"Requested CPUs are not available - requested (?P<wanted>\S+), available: (?P<there>\S+)",
        "the engine's host has the CPUs {there}, and {wanted} are wanted",
        "check `cpuset`",
    ),
    meaning(
        r"failed to write \S+ [^/]*write \S*/(?P<file>blkio\.throttle\.\w+|io\.max): no such device",
        "the host has no block device like the one to be limited ({file})",
        "check the paths under `blkio_config`; `lsblk` lists the host's",
    ),
    meaning(
        r"failed to write .{0,80}: write \S*/(?P<file>(?:cpu|pids|memory|blkio|io)\.\w+): invalid argument",
        "the kernel does not take this limit ({file})",
        "check the limits on CPUs, memory and processes",
    ),
    meaning(
        r"error setting rlimit type (?P<number>\d+): operation not permitted",
        "the host allows no limit as high as one under `ulimits` (number {number} of setrlimit(2); 7 is `nofile`)",
        "write a lower one",
    ),
    meaning(r"wrong rlimit value: (?P<name>\w+)", "Linux has no limit `{name}`", "check `ulimits`"),
    # -- files and folders --
    meaning(
        r"Duplicate mount point: (?P<target>\S+)",
        "two mounts are at `{target}`",
        "keep one of them",
    ),
    meaning(
        r"error mounting \S+ to rootfs at "
        + _QUOTED
        + r"(?P<target>[^\"\\]+).*data(?:: |=)(?P<options>[^:]+): invalid arg",
        "the kernel does not take the options `{options}` of the tmpfs at `{target}`",
        "write them like `size=64m,mode=1777`",
    ),
    meaning(
        r"invalid tmpfs option \[?" + _QUOTED + r"(?P<option>[^\"\\]+)",
        "the engine knows no option `{option}` of a tmpfs",
        "write them like `size=64m,mode=1777`",
    ),
    meaning(
        r"error while mounting volume .*mount (?P<device>\S+?):\S+, flags: \S+ (?P<why>.+)",
        "a volume can't be mounted from {device}: {why}",
        "check `driver_opts` of the volume",
    ),
    meaning(
        r"to rootfs at " + _QUOTED + r"(?P<target>[^\"\\]+).*mount a directory onto a file",
        "a folder can't be mounted over a file, nor a file over a folder: what is at {target} is of the other kind",
        "check source and target of the mount",
    ),
    meaning(
        r"(?P<source>\S+): not a directory: .*mount a directory onto a file",
        "there is no folder {source} to mount",
        "check the source of the mount",
    ),
    meaning(
        r"to rootfs at " + _QUOTED + r"(?P<target>/proc[^\"\\]*).*cannot be mounted because it is",
        "nothing can be mounted at {target}: a container's /proc is the kernel's",
        "choose another target",
    ),
    meaning(
        r"path (?P<path>\S+) is mounted on (?P<on>\S+) but it is not a (?:shared|slave)",
        "the host does not share the mounts below {on}, so those of {path} can't spread",
        "take the propagation out of the file, or share it (mount --make-shared {on})",
    ),
    meaning(
        r"cannot access path \S*/_data/(?P<path>\S+): .*no such file",
        "the volume has no folder `{path}`",
        "make it, or take `subpath` out",
    ),
    meaning(
        r"Cannot mkdir: (?P<path>\S+) is not a directory",
        "`{path}` in the image is no folder to start in",
        "choose another `working_dir`",
    ),
    # -- users, devices, privileges --
    meaning(
        r"unable to find (?P<kind>user|group) (?P<name>\S+): no matching entries",
        "the image has no {kind} `{name}`",
        "check `user` and `group_add`; a number needs no entry in the image",
    ),
    meaning(r"uids and gids must be in range", "there is no user or group of that number", "check `user`"),
    meaning(
        r"adding custom device " + _QUOTED + r"(?P<path>[^\"\\]+)" + _QUOTED + r": (?P<why>not a device|no such file)",
        "the engine's host has no device {path} ({why})",
        "check `devices`, and whether it is plugged in",
    ),
    meaning(
        r"Decoding seccomp profile failed: (?P<why>.+)|(?P<action>string \S+ is not a valid action for seccomp)",
        "the engine does not understand the seccomp profile: {why}{action}",
        "check `security_opt`",
    ),
    meaning(
        r"unable to apply caps: operation not permitted",
        "the engine may not give a container all these capabilities",
        "name the ones it needs in `cap_add` rather than `ALL` or `privileged`",
    ),
    meaning(
        r"exec: " + _QUOTED + r"(?P<program>[^\"\\]+)" + _QUOTED + r": (?:is a directory: )?permission denied",
        "`{program}` in the image is no program that may be run",
        "check `command` and `entrypoint`",
    ),
)
