"""Rules across the fields of a file, decided without an engine. Each returns what it found; none stops at the first."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from netdeploy.topology.draft import BUILT_IN_NETWORKS, DEFAULT_BRIDGE, Draft, Found
from netdeploy.topology.model import BindOptions
from netdeploy.topology.modes import MODES, shared_namespaces
from netdeploy.topology.problem import did_you_mean
from netdeploy.topology.rules_addresses import fixed_address_rules, host_port_rules, subnet_rules
from netdeploy.topology.rules_checks import check_rules
from netdeploy.topology.rules_drivers import driver_rules
from netdeploy.topology.rules_files import file_rules, file_targets
from netdeploy.topology.rules_kernel import kernel_rules
from netdeploy.topology.rules_macs import mac_rules
from netdeploy.topology.rules_mounts import volume_rules
from netdeploy.topology.rules_names import name_rules
from netdeploy.topology.rules_one_shots import one_shot_rules
from netdeploy.topology.rules_settings import limit_rules, mode_rules, network_rules, reference_rules
from netdeploy.topology.rules_subnets import bridge_subnet_rules
from netdeploy.topology.text_types import (
    CONTAINER_KEY,
    LABEL_NAME,
    LABEL_NAME_RULE,
    OBJECT_NAME,
    OBJECT_NAME_RULE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netdeploy.topology.model import Container, Healthcheck, Mount, Network, Volume
    from netdeploy.topology.problem import Path

LABEL_NAMESPACE = "netdeploy."
_TOLD = 12  # containers of a cycle that are named


def check(draft: Draft) -> list[Found]:
    """All broken rules of the file, in no particular order."""
    rules = (
        _names,
        _network_references,
        _volume_references,
        _dependencies,
        _cycles,
        _network_modes,
        _default_bridge,
        _mounts,
        volume_rules,
        _labels,
        _settings,
        name_rules,
        _unreachable_ports,
        subnet_rules,
        bridge_subnet_rules,
        fixed_address_rules,
        host_port_rules,
        limit_rules,
        mode_rules,
        reference_rules,
        network_rules,
        one_shot_rules,
        check_rules,
        file_rules,
        mac_rules,
        kernel_rules,
        driver_rules,
    )
    return [found for rule in rules for found in rule(draft)]


def _names(draft: Draft) -> Iterator[Found]:
    if not draft.unread_sections and not any((draft.container_names, draft.network_names, draft.volume_names)):
        yield Found((), "the file has nothing to make", "it needs `containers:` with at least one container")
    yield from _refused("containers", dict.fromkeys(draft.container_names), OBJECT_NAME, OBJECT_NAME_RULE, draft)
    networks = {key: draft.networks.get(key) for key in draft.network_names}
    yield from _refused("networks", networks, LABEL_NAME, LABEL_NAME_RULE, draft)
    volumes = {key: draft.volumes.get(key) for key in draft.volume_names}
    yield from _refused("volumes", volumes, OBJECT_NAME, OBJECT_NAME_RULE, draft)
    yield from _names_on_the_engine("networks", draft.networks, draft)
    yield from _names_on_the_engine("volumes", draft.volumes, draft)
    for key, network in draft.networks.items():
        name = network.name or key
        if draft.is_doubtful(key, "name", "external"):
            continue
        if not network.external and draft.prefix + name in (*BUILT_IN_NETWORKS, "default"):
            message = f"`{name}` is a name the engine keeps for itself"
            hint = "add `external: true` to use Docker's own" if name == DEFAULT_BRIDGE else "choose another name"
            yield Found(("networks", key), message, hint, at_key=True)
        elif network.external and name in ("host", "none"):
            hint = f"write `network_mode: {name}` at the container"
            yield Found(("networks", key), f"`{name}` is not a network to hang on", hint, at_key=True)


def _refused(
    section: str, objects: Mapping[str, Network | Volume | None], pattern: str, rule: str, draft: Draft
) -> Iterator[Found]:
    """Names that no engine takes. A prefix belongs to the name, and makes a valid one of `a`."""
    for key, spec in objects.items():
        name = _on_the_engine(key, spec, draft)
        if not re.fullmatch(CONTAINER_KEY, key):
            yield Found((section, key), f"the engine refuses the name `{key}`", rule, at_key=True)
        elif not re.fullmatch(pattern, name):
            own = spec is not None and spec.name is not None
            path = (section, key, "name") if own else (section, key)
            yield Found(path, f"the engine refuses the name `{name}`", rule, at_key=not own)


def _on_the_engine(key: str, spec: Network | Volume | None, draft: Draft) -> str:
    """The name on the engine; what is external has no prefix."""
    name = (spec.name if spec else None) or key
    return name if spec and spec.external else draft.prefix + name


def _names_on_the_engine(
    section: str, objects: dict[str, Network] | dict[str, Volume], draft: Draft
) -> Iterator[Found]:
    seen: dict[str, str] = {}
    for key, value in objects.items():
        name = _on_the_engine(key, value, draft)
        if name in seen:
            message = f"`{seen[name]}` and `{key}` are both called `{name}` on the engine"
            first: Path = (section, seen[name])
            yield Found(
                (section, key),
                message,
                "give one another `name`",
                elsewhere=(("the other", first),),
                at_key=True,
            )
        seen.setdefault(name, key)


def _network_references(draft: Draft) -> Iterator[Found]:
    if "networks" in draft.unread_sections:
        return
    known = set(draft.network_names)
    for name, container in draft.containers.items():
        for network in container.networks:
            if network in known:
                continue
            if network == DEFAULT_BRIDGE:
                hint = "for Docker's default bridge, declare `bridge: {external: true}` under `networks`"
            elif network in ("host", "none"):
                hint = f"write `network_mode: {network}` at the container, and no `networks`"
            else:
                hint = did_you_mean(network, draft.network_names, otherwise=f"declare `{network}:` under `networks`")
            path: Path = ("containers", name, "networks", network)
            yield Found(path, f"there is no network `{network}` in this file", hint, at_key=True)


def _volume_references(draft: Draft) -> Iterator[Found]:
    if "volumes" in draft.unread_sections:
        return
    known = set(draft.volume_names)
    for name, container in draft.containers.items():
        for index, mount in enumerate(container.volumes):
            if mount.type == "volume" and mount.source and mount.source not in known:
                otherwise = f"declare `{mount.source}:` under `volumes`; a folder starts with `./` or `/`"
                hint = did_you_mean(mount.source, draft.volume_names, otherwise=otherwise)
                path: Path = ("containers", name, "volumes", index, "source")
                yield Found(path, f"there is no volume `{mount.source}` in this file", hint)


def _dependencies(draft: Draft) -> Iterator[Found]:
    known = set(draft.container_names)
    for name, container in draft.containers.items():
        for other, dependency in container.depends_on.items():
            path: Path = ("containers", name, "depends_on", other)
            if other not in known:
                hint = did_you_mean(other, draft.container_names, otherwise="a dependency is a container of this file")
                yield Found(path, f"there is no container `{other}` in this file", hint, at_key=True)
                continue
            healthcheck = draft.containers[other].healthcheck if other in draft.containers else None
            if dependency.condition == "service_healthy" and healthcheck and _is_off(healthcheck):
                message = f"`{other}` has its healthcheck turned off, so it never becomes healthy"
                yield Found(path, message, "use `service_started`, or give it a healthcheck", at_key=True)


def _is_off(healthcheck: Healthcheck) -> bool:
    return healthcheck.disable or healthcheck.test == ("NONE",)


def _cycles(draft: Draft) -> Iterator[Found]:
    """A cycle for each dependency that closes one, told from the container that the search met first."""
    edges = {
        name: [other for other in _waits_for(container) if other in draft.containers]
        for name, container in draft.containers.items()
    }
    done: set[str] = set()
    for start in edges:
        trail = {} if start in done else {start: None}
        pending = [iter(edges[name]) for name in trail]
        while pending:
            following = next(pending[-1], None)
            if following is None:
                done.add(trail.popitem()[0])
                pending.pop()
            elif following in trail:
                names = list(trail)
                yield _cycle(names[names.index(following) :], draft)
            elif following not in done:
                trail[following] = None
                pending.append(iter(edges[following]))


def _cycle(cycle: list[str], draft: Draft) -> Found:
    first, second = cycle[0], cycle[1 % len(cycle)]
    tail = _where_it_waits(draft.containers[first], second)
    told = cycle if len(cycle) <= _TOLD else [*cycle[: _TOLD - 2], "…", cycle[-1]]
    message = f"these containers wait for each other: {' → '.join([*told, first])}"
    hint = "take one of the dependencies out"
    if len(cycle) == 1:
        message, hint = f"`{first}` waits for itself", "take it out"
    return Found(("containers", first, *tail), message, hint, at_key=True)


def _where_it_waits(container: Container, other: str) -> Path:
    if other in container.depends_on:
        return ("depends_on", other)
    kind = next((kind for kind, name in shared_namespaces(container).items() if name == other), None)
    if kind:
        return (MODES[kind],)
    return ("links",) if any(link.partition(":")[0] == other for link in container.links) else ("volumes_from",)


def _waits_for(container: Container) -> Iterable[str]:
    linked = (link.partition(":")[0] for link in container.links)
    mounted = (source.removeprefix("container:").partition(":")[0] for source in container.volumes_from)
    return dict.fromkeys((*container.depends_on, *shared_namespaces(container).values(), *linked, *mounted))


def _network_modes(draft: Draft) -> Iterator[Found]:
    for name, container in draft.containers.items():
        mode, base = container.network_mode, ("containers", name)
        if mode is None:
            continue
        if container.networks:
            message = f"`network_mode: {mode}` and `networks` exclude each other"
            where = (("`networks` stands here", (*base, "networks")),)
            yield Found((*base, "network_mode"), message, "keep one of them", elsewhere=where, at_key=True)
        shared = shared_namespaces(container).get("network")
        if shared:
            yield from _shared_network(name, container, shared, draft)
        elif mode in ("host", "none") and container.ports:
            message = f"with `network_mode: {mode}` no port is published: `ports` is ignored"
            listens = "what listens in it, listens on the host itself" if mode == "host" else "it has no network"
            yield Found((*base, "ports"), message, f"leave `ports` out; {listens}", severity="warning", at_key=True)


def _shared_network(name: str, container: Container, shared: str, draft: Draft) -> Iterator[Found]:
    base: Path = ("containers", name)
    if shared not in draft.container_names:
        hint = did_you_mean(shared, draft.container_names, otherwise="it must be a container of this file")
        yield Found((*base, "network_mode"), f"there is no container `{shared}` in this file", hint)
    for field in ("ports", "expose", "hostname", "domainname", "dns", "dns_opt", "dns_search", "extra_hosts"):
        if getattr(container, field):
            message = f"`{field}` can't be set with `network_mode: container:{shared}`: the network is `{shared}`'s"
            yield Found((*base, field), message, f"set it at `{shared}`", at_key=True)


def _default_bridge(draft: Draft) -> Iterator[Found]:
    for name, container in draft.containers.items():
        for network, attachment in container.networks.items():
            if attachment.aliases and draft.is_default_bridge(network):
                path: Path = ("containers", name, "networks", network, "aliases")
                message = "Docker's default bridge has no names, so aliases can't be given on it"
                yield Found(path, message, "use a network of your own", at_key=True)


def _mounts(draft: Draft) -> Iterator[Found]:
    for name, container in draft.containers.items():
        targets: dict[str, Path] = {}
        for index, mount in enumerate(container.volumes):
            path: Path = ("containers", name, "volumes", index)
            yield from _mount(path, mount)
            target = _folder(mount.target)
            yield from _taken(path, target, targets)
        for index, text in enumerate(container.tmpfs):
            path = ("containers", name, "tmpfs", index)
            target = text.partition(":")[0]
            if not target.startswith("/"):
                message = f"`{target}` is not an absolute path"
                yield Found(path, message, "write `/run` or `/run:size=64m,mode=1777`")
                continue
            yield from _taken(path, _folder(target), targets)
        for path, target in file_targets(name, container):
            yield from _taken(path, _folder(target), targets)


def _taken(path: Path, target: str, targets: dict[str, Path]) -> Iterator[Found]:
    if target in targets:
        where = (("the first one", targets[target]),)
        yield Found(path, f"two mounts at `{target}`", "keep one of them", elsewhere=where)
    targets.setdefault(target, path)


def _folder(target: str) -> str:
    """One spelling for each folder: `/a//b/` is `/a/b`."""
    return posixpath.normpath("/" + target.lstrip("/"))


def _mount(path: Path, mount: Mount) -> Iterator[Found]:
    if mount.type == "bind" and not mount.source:
        yield Found(path, "a bind mount needs a `source`", "write the host's folder or file")
    if mount.type == "tmpfs" and mount.source:
        yield Found((*path, "source"), "a tmpfs mount has no `source`", "leave it out", at_key=True)
    if mount.type == "bind" and mount.source and ":" in mount.source:
        yield Found((*path, "source"), "the engine can't bind a path with a `:` in it", "use another folder")
    if _folder(mount.target) == "/":
        yield Found((*path, "target"), "nothing can be mounted over the container's root", "choose a folder below `/`")
    for kind in ("bind", "volume", "tmpfs"):
        if kind != mount.type and getattr(mount, kind) is not None and not _only_labels(mount, kind):
            message = f"`{kind}` settings do not belong to a {mount.type} mount"
            yield Found((*path, kind), message, "leave them out", at_key=True)


def _only_labels(mount: Mount, kind: str) -> bool:
    """Whether `bind` says only what a volume takes too."""
    bind = mount.bind
    return kind == "bind" and mount.type == "volume" and bind is not None and bind == BindOptions(selinux=bind.selinux)


def _labels(draft: Draft) -> Iterator[Found]:
    sections: tuple[tuple[str, dict[str, Container] | dict[str, Network] | dict[str, Volume]], ...] = (
        ("containers", draft.containers),
        ("networks", draft.networks),
        ("volumes", draft.volumes),
    )
    for section, objects in sections:
        for name, value in objects.items():
            for label in value.labels:
                if label.startswith(LABEL_NAMESPACE) or not label:
                    reserved = f"labels that start with `{LABEL_NAMESPACE}` are netdeploy's own"
                    message, hint = (reserved, "choose another name") if label else ("a label has a name", "")
                    yield Found((section, name, "labels", label), message, hint, at_key=True)


def _settings(draft: Draft) -> Iterator[Found]:
    for name, container in draft.containers.items():
        base: Path = ("containers", name)
        for variable in container.environment:
            if not variable or "=" in variable or "\x00" in variable:
                path = (*base, "environment", variable)
                yield Found(path, "a variable's name is not empty and has no `=`", at_key=True)
        for host in container.extra_hosts:
            if not re.fullmatch(r"[^:=\s]+", host):
                yield Found((*base, "extra_hosts", host), "a host's name is one word without `:` or `=`", at_key=True)
        grace = container.stop_grace_period
        if grace is not None and grace % 1_000_000_000:
            yield Found((*base, "stop_grace_period"), "the engine counts whole seconds here", "round it, as in `1s`")
        if container.healthcheck:
            yield from _healthcheck((*base, "healthcheck"), container.healthcheck)


def _healthcheck(path: Path, healthcheck: Healthcheck) -> Iterator[Found]:
    test = healthcheck.test
    if test is not None:
        known = ("CMD", "CMD-SHELL", "NONE")
        if not test or test[0] not in known:
            message = "a check in list form starts with CMD, CMD-SHELL or NONE"
            yield Found((*path, "test"), message, "or write it as one text for the shell")
        elif test[0] != "NONE" and not any(word.strip() for word in test[1:]):
            yield Found((*path, "test"), "there is no command to check with", "`disable: true` turns the check off")
    if healthcheck.disable and (test not in (None, ("NONE",))):
        yield Found((*path, "disable"), "`disable` and `test` exclude each other", "keep one of them", at_key=True)
    for field in ("interval", "timeout", "start_period", "start_interval"):
        value: int | None = getattr(healthcheck, field)
        if value is not None and 0 < value < 1_000_000:
            yield Found((*path, field), "the engine refuses less than 1ms", "write `1ms` or more")


def _unreachable_ports(draft: Draft) -> Iterator[Found]:
    for name, container in draft.containers.items():
        networks = [draft.networks.get(key) for key in container.networks]  # None: unknown or broken, so who knows
        if container.ports and networks and all(network and network.internal for network in networks):
            path: Path = ("containers", name, "ports")
            message = "the engine publishes nothing for a container that is on internal networks only"
            yield Found(path, message, "add a network that is not internal", severity="warning", at_key=True)
