"""What a container is called and whom it asks for names, in sentences: hostname, what it shares, hosts, resolv.conf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.render.layout import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netdeploy.inspect.report import (
        HostsLineReport,
        HostsReport,
        InspectReport,
        ResolverReport,
        ShareReport,
        UpstreamReport,
    )

_DEFAULT_BRIDGE = "bridge"
_WRONG = "red"


def hostname_text(report: InspectReport) -> tuple[str, str]:
    """The hostname with where it comes from, and its style."""
    told = report.hostname
    domain = f", in the domain {told.domain}" if told.domain else ""
    origin = {
        "set": "set with `hostname` (--hostname)",
        "id": "the first digits of its id, since none was set",
        "host": "the host's own",
        "container": f"that of `{report.shares_with}`, whose network it shares",
    }.get(told.origin, told.origin) + domain
    if told.name is None:
        return f"{told.configured} at its start: {origin}; it may have another one now", ""
    if told.name != told.configured:
        return f"{told.name}  ✗ changed inside: the engine set {told.configured}", _WRONG
    when = "" if report.status in ("running", "paused") else " (while it runs)"
    return f"{told.name}  {origin}{when}", ""


_SHARED = {
    "network": "the network",
    "pid": "the list of processes (pid)",
    "ipc": "the shared memory (ipc)",
    "uts": "the hostname (uts)",
    "volumes": "the volumes",
}


def shares_texts(report: InspectReport) -> list[str]:
    """What it shares, one each; of the network the page's head tells."""
    return [_share_text(share) for share in report.shares if share.what != "network"]


def _share_text(share: ShareReport) -> str:
    what = _SHARED.get(share.what, share.what)
    if share.container is None:
        return f"{what} of the host"
    gone = "  ✗ which is gone" if share.gone else ""
    return f"{what} of `{share.container}`{', read only' if share.read_only else ''}{gone}"


def hosts_line(line: HostsLineReport, report: InspectReport) -> tuple[str, str]:
    """A line's names with what it is, and its style."""
    mounted = report.hosts is not None and report.hosts.mounted
    what = {
        "loopback": "the loopback",
        "ipv6": "one of IPv6's fixed addresses",
        "own": "its own name",
        "extra_hosts": "extra_hosts",
        "link": "a link",
        "host": "as in the host's file",
        "other": "the mounted file's" if mounted else "✗ by hand: neither the engine nor extra_hosts has this line",
        "unknown": "where it comes from is not known",
    }.get(line.kind, line.kind)
    if line.kind == "other" and report.hosts and any(other.kind == "host" for other in report.hosts.lines):
        what = "✗ by hand: the host's file does not have this line"
    wrong = what.startswith("✗")
    if line.note:
        wrong |= line.kind in ("own", "link")
        what = f"{what}, {'✗ ' if line.kind in ('own', 'link') else ''}{line.note}"
    return f"{' '.join(line.names)}  – {what}", _WRONG if wrong else ""


def hosts_texts(hosts: HostsReport, report: InspectReport, most: int) -> Iterator[tuple[str, str]]:
    """What is to be said below the lines of the file, of which `most` are shown, with the style of each."""
    if not hosts.lines:
        yield "The engine writes it at the first start." if report.status == "created" else "It is empty.", "dim"
    if len(hosts.lines) > most:
        yield f"and {len(hosts.lines) - most} more (-o json lists all of them)", "dim"
    for text in hosts.missing:
        yield f"✗ not there any more: {text}", _WRONG


_BY_HAND = (
    "✗ These are neither set with `dns` nor the host's resolvers of now: somebody wrote them, or the host's have "
    "changed since the container's start."
)
_ORIGINS = {
    "container": "the container's own `dns`",
    "engine": "dockerd's own --dns",
    "host": "from the host's resolv.conf",
    "engine_or_host": "from the host's /etc/resolv.conf, or dockerd's own --dns",
}


def resolver_texts(resolver: ResolverReport, report: InspectReport) -> Iterator[tuple[str, str]]:
    """Sentences about the servers that are asked, with their styles."""
    if resolver.docker:
        yield "127.0.0.11 is Docker's own resolver: it knows the names of other containers on the same network.", "dim"
        if resolver.upstream:
            yield _upstream_text(resolver.upstream, report), "dim"
    elif report.status == "created":
        yield "The engine writes it at the first start.", "dim"
    elif any(network.name != _DEFAULT_BRIDGE for network in report.networks):
        yield "✗ Docker's own resolver 127.0.0.11 is not asked: names of other containers are not found.", _WRONG
    else:
        yield from _others_text(resolver, report)


def _upstream_text(upstream: UpstreamReport, report: InspectReport) -> str:
    servers = listed(f"{s}, asked from the host" if s in upstream.on_host else s for s in upstream.servers)
    origin = _ORIGINS.get(upstream.origin, upstream.origin)
    text = f"Where names that nobody on these networks has go: {servers} ({origin})."
    internal = bool(report.networks) and all(network.internal for network in report.networks)
    return f"{text} From internal networks only, they may not be reached." if internal else text


def _others_text(resolver: ResolverReport, report: InspectReport) -> Iterator[tuple[str, str]]:
    if resolver.origin == "other":
        yield _BY_HAND if resolver.nameservers else "✗ It names no resolver.", _WRONG
    where = "The default bridge has no resolver of its own: t" if report.networks else "T"
    text = {
        "container": f"{where}hese are set with `dns` (--dns).",
        "engine": f"{where}hese are dockerd's own (--dns), in place of the host's.",
        "host": f"{where}his is a copy of the host's resolv.conf.",
        "engine_or_host": f"{where}his is a copy of the host's /etc/resolv.conf, or dockerd's own --dns.",
        "defaults": f"{where}he host's are all on its loopback, which no container reaches, so the engine took its "
        "defaults.",
    }.get(resolver.origin or "")
    if text:
        yield text, "dim"
    yield "Names of other containers are not known to them.", "dim"
