"""How a container is connected, as a person reads it: each network from the host inwards, then what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from netdeploy.document import for_people
from netdeploy.render.layout import command, labelled, listed, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netdeploy.inspect.report import InspectReport, InterfaceReport, NetworkReport, PortReport, ResolverReport

_COLUMN = 22
_STATUS_STYLES = {"running": "green", "paused": "yellow"}
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
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

    def _network(self, network: NetworkReport) -> None:
        internal = "internal " if network.internal else ""
        kind = f"{internal}{network.driver} network" if network.driver else "a network that is gone"
        self._title(network.name, listed((kind, *network.subnets)))
        about = f"networks.{network.name}"
        if network.bridge:
            there = "  ✗ the host has no such bridge" if network.bridge.exists is False else ""
            text = "  ".join((network.bridge.name, *network.bridge.addresses)) + there
            self._line("bridge on the host", text, f"{about}.bridge")
        if network.host_interface:
            host = network.host_interface
            port = f", a port of {host.bridge}" if host.bridge else ""
            self._line("veth on the host", f"{host.name}  number {host.index}{port}", f"{about}.host_interface")
        if network.interface:
            inside = network.interface
            number = f"  number {inside.index}" if inside.index else ""
            text = f"{inside.name}{number}" + (f", its other end is number {inside.link}" if inside.link else "")
            text += "".join(f", {word}" for word in (inside.state, f"MTU {inside.mtu}" if inside.mtu else None) if word)
            self._line("interface inside", text, f"{about}.interface")
        if network.mac_address:
            self._line("MAC address", network.mac_address, "")
        if network.addresses:
            self._line(_plural("address", network.addresses), listed(network.addresses), f"{about}.addresses")
        if network.gateways or network.default_route is not None:
            self._line("gateway", self._gateway_text(network), f"{about}.gateways", style=_default_style(network))
        if network.names:
            silent = "" if self._report.status == "running" else "  (while it runs)"
            self._line("known as", listed(network.names) + silent, f"{about}.names")
        self._evidence(network, about)
        self._several("ping from the host", list(_pings(network)), f"{about}.pings")
        for note in network.notes:
            self._say(f"Note: {note}.", "dim")

    def _gateway_text(self, network: NetworkReport) -> str:
        if not network.gateways:
            return "none"
        text = listed(network.gateways)
        if network.default_route:
            return f"{text}  → the default route"
        if network.default_route is None:
            return text
        leading = [f"through `{other.name}`" for other in self._report.networks if other.default_route]
        leading += [f"out of {route.interface}" for route in self._report.routes or () if route.default]
        return f"{text}  not used: " + (f"the default route leads {leading[0]}" if leading else "no default route")

    def _evidence(self, network: NetworkReport, about: str) -> None:
        evidence = network.evidence
        if evidence is None:
            return
        parts = [
            f"{'✓' if evidence.interface else '✗'} interface",
            f"{'✓' if evidence.route else '✗'} route to its subnet",
        ]
        if network.name != "bridge":
            parts.append(f"{'✓' if evidence.resolver else '✗'} resolver 127.0.0.11")
        well = all(part.startswith("✓") for part in parts)
        self._line("connected", "  ".join(parts), f"{about}.evidence", style="" if well else "red")

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
        self._say(_resolver_text(resolver, self._report), "dim")

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
    return word if len(items) == 1 else f"{word}es"


def _default_style(network: NetworkReport) -> str:
    return "bold green" if network.default_route else ""


def _pings(network: NetworkReport) -> Iterator[str]:
    for ping in network.pings:
        time = f" in {ping.milliseconds:g} ms" if ping.milliseconds is not None else ""
        yield f"{ping.address} {'✓ answers' + time if ping.answers else '✗ does not answer'}"


def _worth_reading(interface: InterfaceReport) -> list[str]:
    own = [address for address in interface.addresses if not address.startswith("fe80:")]
    return own or [interface.state or "no address"]


def _resolver_text(resolver: ResolverReport, report: InspectReport) -> str:
    if resolver.docker:
        return "127.0.0.11 is Docker's own resolver: it knows the names of other containers on the same network."
    if report.status == "created":
        return "The engine writes it at the first start."
    return "These are the host's resolvers: names of other containers are not known to them."


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
