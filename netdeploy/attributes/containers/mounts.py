"""What a container finds in its file system: mounts, configs, secrets, memory."""

from __future__ import annotations

from dataclasses import replace

from netdeploy.attributes.labels import KIND_ANONYMOUS, own_labels
from netdeploy.attributes.table import Attribute, Effect, Json, JsonValue
from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.normal_form import folder, words
from netdeploy.engine.observed import MountSetting, ObservedContainer
from netdeploy.topology.model import Mount

Row = Attribute[ContainerWish, ObservedContainer]


def _mount_wish(wish: ContainerWish, mount: Mount) -> MountSetting:
    propagation = (mount.bind.propagation if mount.bind else None) or ""
    return MountSetting(
        kind=mount.type,
        source=_source(wish, mount),
        target=folder(mount.target),
        read_only=mount.read_only,
        propagation="" if propagation == "rprivate" else propagation,
        nocopy=bool(mount.volume and mount.volume.nocopy),
        size=(mount.tmpfs.size if mount.tmpfs else None) or 0,
        mode=(mount.tmpfs.mode if mount.tmpfs else None) or 0,
        subpath=(mount.volume.subpath if mount.volume else None) or "",
        selinux=(mount.bind.selinux if mount.bind else None) or "",
    )


def _source(wish: ContainerWish, mount: Mount) -> str:
    if mount.type == "volume":
        return wish.volume_names.get(mount.source, "") if mount.source else ""
    return folder(mount.source) if mount.source else ""


def _file_mounts(wish: ContainerWish) -> set[MountSetting]:
    """Configs and secrets are files of the host, bound so that the container may only read them."""
    return {MountSetting("bind", source, folder(target), read_only=True) for source, target in wish.files}


def mounts(wish: ContainerWish) -> frozenset[MountSetting]:
    """All mounts, with those the image asks for."""
    own = {_mount_wish(wish, mount) for mount in wish.spec.volumes} | _file_mounts(wish)
    targets = {mount.target for mount in own}
    inherited = (wish.image.volumes if wish.image else frozenset()) - targets
    return frozenset(own | {MountSetting("volume", "", target) for target in inherited})


def anonymous_mounts(wish: ContainerWish) -> list[MountSetting]:
    """Its volumes without a name, by target."""
    unnamed = (mount for mount in mounts(wish) if mount.kind == "volume" and not mount.source)
    return sorted(unnamed, key=lambda mount: mount.target)


def anonymous_targets(wish: ContainerWish) -> list[str]:
    """Where it has a volume without a name, sorted."""
    return [mount.target for mount in anonymous_mounts(wish)]


def bound_paths(wish: ContainerWish) -> list[str]:
    """The host's folders and files that must be there before it can start."""
    return [mount.source or "" for mount in wish.spec.volumes if mount.type == "bind" and not _made_by_engine(mount)]


def _made_by_engine(mount: Mount) -> bool:
    return mount.type == "bind" and bool(mount.bind and mount.bind.create_host_path)


def _as_bind(mount: Mount) -> bool:
    """Binds makes a missing folder on the host, Mounts refuses it; only Binds takes a label for SELinux."""
    return _made_by_engine(mount) or bool(mount.bind and mount.bind.selinux)


def _is_bare(setting: MountSetting) -> bool:
    """An anonymous volume of which nothing more is said."""
    return setting == MountSetting("volume", "", setting.target)


def _mounts_argument(wish: ContainerWish) -> list[Json] | None:
    settings = [_mount_wish(wish, mount) for mount in wish.spec.volumes if not _as_bind(mount)]
    settings += sorted(_file_mounts(wish), key=lambda setting: setting.target)
    named = [mount_json(setting) for setting in settings if setting.source or setting.kind == "tmpfs"]
    return named + [_anonymous_json(wish, setting) for setting in _asked_for(wish)] or None


def _asked_for(wish: ContainerWish) -> list[MountSetting]:
    """Volumes without a name that get labels of ours, those of the image too, so that they are found later.

    Asked for like this, a volume takes the place of another container's mount at its target (`volumes_from`), and is
    refused where a `tmpfs` is (moby: daemon/volumes.go). There it is left to the engine whether one is made, unless
    the file says more about it than its target.
    """
    labelled = [] if wish.volumes_from else [m for m in anonymous_mounts(wish) if m.target not in _tmpfs(wish)]
    return [mount for mount in anonymous_mounts(wish) if mount in labelled or not _is_bare(mount)]


def _anonymous_json(wish: ContainerWish, setting: MountSetting) -> Json:
    labels = own_labels(wish.origin, KIND_ANONYMOUS, f"{wish.key}:{setting.target}")
    made = mount_json(setting)
    return made | {"VolumeOptions": {**made.get("VolumeOptions", {}), "Labels": labels}}


def mount_json(setting: MountSetting) -> Json:
    """One item of the create call's `Mounts`."""
    made: Json = {"Type": setting.kind, "Target": setting.target, "ReadOnly": setting.read_only}
    if setting.source:
        made["Source"] = setting.source
    if setting.propagation:
        made["BindOptions"] = {"Propagation": setting.propagation}
    options: Json = {"NoCopy": True} if setting.nocopy else {}
    options |= {"Subpath": setting.subpath} if setting.subpath else {}
    if options:
        made["VolumeOptions"] = options
    if setting.size or setting.mode:
        made["TmpfsOptions"] = {"SizeBytes": setting.size, "Mode": setting.mode}
    return made


def _binds_argument(wish: ContainerWish) -> list[str] | None:
    binds = []
    for setting in (_mount_wish(wish, mount) for mount in wish.spec.volumes if _as_bind(mount)):
        modes = ("ro" if setting.read_only else "rw", setting.propagation, setting.selinux, _nocopy(setting))
        binds.append(f"{setting.source}:{setting.target}:{','.join(filter(None, modes))}")
    return binds or None


def _nocopy(setting: MountSetting) -> str:
    return "nocopy" if setting.nocopy else ""


def _anonymous_argument(wish: ContainerWish) -> Json | None:
    own = {folder(m.target) for m in wish.spec.volumes if m.type == "volume" and not m.source}
    return {target: {} for target in sorted(own.difference(mount.target for mount in _asked_for(wish)))} or None


def _mount_arguments(wish: ContainerWish) -> Json:
    return {
        "HostConfig.Mounts": _mounts_argument(wish),
        "HostConfig.Binds": _binds_argument(wish),
        "Volumes": _anonymous_argument(wish),
    }


def _show_mounts(mounts: frozenset[MountSetting]) -> JsonValue:
    return sorted(_mount_text(mount) for mount in mounts)


def _mount_text(mount: MountSetting) -> str:
    source = "tmpfs" if mount.kind == "tmpfs" else mount.source
    size = f"size={mount.size}" if mount.size else ""
    mode = f"mode={mount.mode:o}" if mount.mode else ""
    words = ["ro" if mount.read_only else "", mount.propagation, mount.selinux, _nocopy(mount), size, mode]
    modes = ",".join(word for word in words if word)
    return f"{source}:{mount.target}".lstrip(":") + (f":{modes}" if modes else "")


def _without_subpaths(mounts: frozenset[MountSetting]) -> frozenset[MountSetting]:
    """A subpath has a row of its own, since only newer engines know it."""
    return frozenset(replace(mount, subpath="") for mount in mounts)


def _subpaths(mounts: frozenset[MountSetting]) -> dict[str, str]:
    return {mount.target: mount.subpath for mount in mounts if mount.subpath}


def _tmpfs(wish: ContainerWish) -> dict[str, str]:
    return {folder(target): options for target, _, options in (text.partition(":") for text in wish.spec.tmpfs)}


def _show_options(options: frozenset[str] | None) -> JsonValue:
    return None if options is None else ",".join(sorted(options)) or "(defaults)"


ROWS: tuple[Row, ...] = (
    Row(
        "volumes", "", lambda w: _without_subpaths(mounts(w)), _mount_arguments, lambda c: _without_subpaths(c.mounts),
        Effect.REPLACE, default="the image's anonymous volumes", show=_show_mounts,
    ),
    Row(
        "volumes.volume.subpath", "", lambda w: _subpaths(mounts(w)), lambda _w: {}, lambda c: _subpaths(c.mounts),
        Effect.REPLACE, default="the volume's root", by_key=True, since=(1, 45),
        given=lambda w: bool(_subpaths(mounts(w))),
    ),
    Row(
        "volumes_from", "HostConfig.VolumesFrom", lambda w: w.volumes_from, lambda w: list(w.volumes_from) or None,
        lambda c: c.volumes_from, Effect.REPLACE, default="none",
    ),
    Row(
        "tmpfs", "HostConfig.Tmpfs", lambda w: {target: words(text) for target, text in _tmpfs(w).items()},
        lambda w: _tmpfs(w) or None, lambda c: dict(c.tmpfs), Effect.REPLACE, default="none", by_key=True,
        show=_show_options,
    ),
)  # fmt: skip
