"""How a container is connected, as a person reads it: each network from the host inwards, then what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from netdeploy.document import for_people
from netdeploy.render.inspect_names import hostname_text, hosts_line, hosts_texts, resolver_texts, shares_texts
from netdeploy.render.inspect_network import (
    addresses_text,
    bridge_text,
    evidence_text,
    gateway_text,
    host_interface_text,
    interface_text,
    ping_texts,
)
from netdeploy.render.layout import command, labelled, listed, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netdeploy.inspect.report import InspectReport, InterfaceReport, NetworkReport, PortReport

_COLUMN = 22
_STATUS_STYLES = {"running": "green", "paused": "yellow"}
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
_MOST_HOSTS = 40  # lines of /etc/hosts, in text
_MOST_INTERFACES = 12  # of the host's, in text


def inspect_text(report: InspectReport, *, width: int | None = None) -> Text:
    """The report as text; lines are wrapped at `width` columns, or not at all."""
    return _Page(report, width).text()


class _Page:
    def __init__(self, report: InspectReport, width: int | None) -> None:
        self._report = for_people(report)
        self._resolver_lines = report.resolver.text.splitlines() if report.resolver else []
        self._width = width
        self._commands = {item.about: item for item in report.commands or ()}
        self._lines = Text()

    def text(self) -> Text:
        self._head()
        for network in self._report.networks:
            self._network(network)
        self._other_interfaces()
        self._routes()
        self._resolver()
        self._hosts()
        self._ports()
        self._unknown()
        self._exercise()
        return self._lines

    # -- pieces --

    def _line(self, label: str, value: str, about: str, *, style: str = "") -> None:
        self._several(label, [value], about, style)

    def _several(self, label: str, values: Sequence[str], about: str, style: str = "") -> None:
        """Values below each other, and the commands that find them."""
        found = self._commands.get(about)
        mark = str(found.question) if found and found.question else ""
        for value in values:
            self._lines.append_text(labelled(label, value, _COLUMN, self._width, style=style, mark=mark))
            label = mark = ""
        self._how(about)

    def _how(self, about: str, indent: int = 4) -> None:
        found = self._commands.get(about)
        for text in found.commands if found else ():
            self._lines.append_text(command(text, self._width, indent))

    def _title(self, title: str, rest: str = "", about: str = "") -> None:
        found = self._commands.get(about)
        self._lines.append("\n")
        if found and found.question:
            self._lines.append(f"{found.question} ", "bold cyan")
        self._lines.append(title, "bold")
        fits = self._width is None or len(title) + len(rest) + 4 <= self._width
        if rest and fits:
            self._lines.append(f"  {rest}\n")
        else:
            self._lines.append("\n")
            if rest:
                self._say(rest)
        self._how(about)

    def _say(self, text: str, style: str = "", indent: int = 2) -> None:
        self._lines.append_text(paragraph(text, self._width, style, indent=indent))

    # -- the page, from the top --

    def _head(self) -> None:
        report = self._report
        self._lines.append(report.name, "bold").append("  ")
        self._lines.append(report.status, _STATUS_STYLES.get(report.status, "red"))
        self._lines.append(f"  {report.image}  {report.id[:12]}\n", "dim")
        if report.topology:
            self._say(f"It belongs to the topology `{report.topology}`.", indent=0)
        about = "networks" if report.mode == "networks" else "mode"
        self._lines.append("1 " if about in self._commands else "", "bold cyan")
        self._say(_mode_text(report), indent=0)
        self._how(about)
        text, style = hostname_text(report)
        self._line("hostname", text, "hostname", style=style)
        self._several("shares", shares_texts(report), "shares")
        if report.shared_by:
            self._line("network shared by", listed(f"`{name}`" for name in report.shared_by), "shared_by")

    def _network(self, network: NetworkReport) -> None:
        internal = "internal " if network.internal else ""
        kind = f"{internal}{network.driver} network" if network.driver else "a network that is gone"
        self._title(network.name, listed((kind, *network.subnets)))
        about = f"networks.{network.name}"
        if network.bridge:
            self._line("bridge on the host", bridge_text(network.bridge), f"{about}.bridge")
        if network.host_interface:
            self._line("veth on the host", host_interface_text(network.host_interface), f"{about}.host_interface")
        if network.interface:
            self._line("interface inside", interface_text(network.interface), f"{about}.interface")
        if network.mac_address:
            self._line("MAC address", network.mac_address, "")
        if network.addresses or network.assigned:
            text, style = addresses_text(network)
            self._line(_plural("address", network.addresses), text, f"{about}.addresses", style=style)
        if network.gateways or network.default_route is not None:
            text, style = gateway_text(network, self._report)
            self._line("gateway", text, f"{about}.gateways", style=style)
        if network.names:
            silent = "" if self._report.status == "running" else "  (while it runs)"
            self._line("known as", listed(network.names) + silent, f"{about}.names")
        evidence = evidence_text(network)
        if evidence:
            self._line("connected", evidence[0], f"{about}.evidence", style=evidence[1])
        self._several("ping from the host", list(ping_texts(network)), f"{about}.pings")
        for note in network.notes:
            self._say(f"Note: {note}.", "dim")

    def _other_interfaces(self) -> None:
        """Those that belong to none of the networks; the loopback only where there is nothing else to show."""
        of_networks = {network.interface.name for network in self._report.networks if network.interface}
        skipped = {"lo", *of_networks} if self._report.networks else set()
        interfaces = [i for i in self._report.interfaces or () if i.name not in skipped]
        if not interfaces:
            return
        title = "Other interfaces inside" if self._report.networks else "Interfaces inside"
        self._title("Interfaces of the host" if self._report.mode == "host" else title, about="interfaces")
        shown = [i for i in interfaces if not i.name.startswith("veth")][:_MOST_INTERFACES]
        for interface in shown:
            self._line(
                interface.name, listed((*_worth_reading(interface), *filter(None, (interface.mac_address,)))), ""
            )
        if len(interfaces) > len(shown):
            self._say(f"and {len(interfaces) - len(shown)} more (-o json lists all of them)", "dim")

    def _routes(self) -> None:
        routes = self._report.routes
        if routes is None:
            return
        self._title("Routes", about="routes")
        if not routes:
            self._say("none: every other address is unreachable")
            return
        head = ("", "destination", "gateway", "interface", "network" if self._report.networks else "")
        rows = [
            (
                "→" if route.default else "",
                "default" if route.default else route.destination,
                route.gateway or "–",
                route.interface,
                route.network or "",
            )
            for route in routes
        ]
        first, *rest = table([head, *rows], self._width)
        self._lines.append(f"{first}\n", "dim")
        for line, route in zip(rest, routes, strict=True):
            self._lines.append(f"{line}\n", "bold green" if route.default else "")

    def _resolver(self) -> None:
        resolver = self._report.resolver
        if resolver is None:
            return
        self._title("/etc/resolv.conf", about="resolver")
        for line in self._resolver_lines:
            if line.strip() and not line.lstrip().startswith(("#", ";")):
                self._say(line)
        for text, style in resolver_texts(resolver, self._report):
            self._say(text, style)
        self._how("resolver.upstream")

    def _hosts(self) -> None:
        hosts = self._report.hosts
        if hosts is None:
            return
        self._title("/etc/hosts", "a mount of the container's own" if hosts.mounted else "", about="hosts")
        for line in hosts.lines[:_MOST_HOSTS]:
            text, style = hosts_line(line, self._report)
            label, value = (line.address, text) if len(line.address) < _COLUMN - 2 else ("", f"{line.address}  {text}")
            self._lines.append_text(labelled(label, value, _COLUMN, self._width, style=style))
        for text, style in hosts_texts(hosts, self._report, _MOST_HOSTS):
            self._say(text, style)

    def _ports(self) -> None:
        if not self._report.ports:
            return
        whose = f" of {self._report.shares_with}" if self._report.shares_with else ""
        self._title(f"Ports{whose}", about="ports")
        for port in self._report.ports:
            lines = list(_port_lines(port))
            for number, (text, style) in enumerate(lines):
                label = f"{port.port}/{port.protocol}" if number == 0 else ""
                self._lines.append_text(labelled(label, text, 13, self._width, style=style))

    def _unknown(self) -> None:
        if not self._report.unknown:
            return
        self._title("Not known")
        for item in self._report.unknown:
            self._say(f"{item.what}: {item.why}", "yellow")

    def _exercise(self) -> None:
        if "exercise.6" in self._commands:
            self._title("Connect it to another network", "then look again for 7", about="exercise.6")
        if "helper" in self._commands:
            self._title("Where the image has no ip or route", "a helper shares its network", about="helper")
        if self._commands:
            self._lines.append("\n")
            self._say("The numbers in the margin are those of the exercise's questions.", "dim", indent=0)


def _mode_text(report: InspectReport) -> str:
    match report.mode:
        case "host":
            return "Its network is the host's: it has no interface and no address of its own."
        case "none":
            return "It has no network (mode none): only a loopback of its own."
        case "container":
            return f"It shares the network of `{report.shares_with}`: what follows is that container's."
    if not report.networks:
        return "It is on no network."
    names = listed(f"`{network.name}`" for network in report.networks)
    return f"It is on {names}."


def _plural(word: str, items: tuple[str, ...]) -> str:
    return word if len(items) < 2 else f"{word}es"


def _worth_reading(interface: InterfaceReport) -> list[str]:
    own = [address for address in interface.addresses if not address.startswith("fe80:")]
    return own or [interface.state or "no address"]


def _port_lines(port: PortReport) -> Iterator[tuple[str, str]]:
    """A port's text and style, line by line."""
    if port.published:
        where = listed(f"{_bracketed(item.address)}:{item.port or '(any free port)'}" for item in port.published)
        urls = list(dict.fromkeys(item.url for item in port.published if item.url))
        leads = f" → {port.leads_to}" if port.leads_to else ""
        yield "  ".join((f"{where}{leads}", *urls)), ""
    if port.note:
        fine = port.note.startswith(("exposed", "published once"))
        yield (port.note if fine else f"✗ {port.note}"), "dim" if fine else "red"
    if port.listening and (port.note is None or port.note.startswith("exposed")):
        everywhere = any(address in _EVERYWHERE for address in port.listening)
        where = "every address" if everywhere else listed(map(_bracketed, port.listening))
        yield f"✓ a process listens on {where}", "dim"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
