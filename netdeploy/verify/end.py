"""The ends of a packet's way: a container on a network, and what its namespace showed."""

from __future__ import annotations

from dataclasses import dataclass

from netdeploy.engine.observed import ObservedAttachment
from netdeploy.inspect.space import Interface, Space
from netdeploy.verify.places import Place
from netdeploy.verify.remedies import beside
from netdeploy.verify.world import Member


@dataclass(frozen=True, slots=True)
class End:
    """A container on a network, as the engine has it (`attachment`) and as it is inside (`place`).

    `over6` is whether it is asked over IPv6.
    """

    member: Member
    place: Place | None
    attachment: ObservedAttachment | None
    over6: bool = False

    @property
    def name(self) -> str:
        """As people are told."""
        return f"`{self.member.wish.name}`"

    @property
    def real(self) -> str:
        """Its name on the engine."""
        live = self.member.owner_live
        return live.name if live else self.member.wish.name

    @property
    def address(self) -> str:
        """The one it is asked at; "" where it has none."""
        if self.attachment is None:
            return ""
        first, second = self.attachment.address, self.attachment.address6
        return second if self.over6 else first or second

    @property
    def space(self) -> Space | None:
        """What it holds, where that was seen."""
        return self.place.space if self.place else None

    @property
    def interface(self) -> Interface | None:
        """Its interface on the network."""
        if self.space is None or self.attachment is None:
            return None
        addresses = [
            a for i in self.space.interfaces for a in i.addresses if a.partition("/")[0] == self.attachment.address
        ]
        return self.space.by_mac(self.attachment.mac_address) or self.space.by_address(addresses)

    @property
    def link_name(self) -> str:
        """Of that interface; the usual name where it is not known."""
        return self.interface.name if self.interface else "eth0"

    def outer(self, host: Space | None) -> Interface | None:
        """The host's end of that interface."""
        return host.by_index(self.interface.link) if host and self.interface else None

    @property
    def enter(self) -> str:
        """What to type before a command that is to run in its network, on the engine's own machine."""
        pid = self.member.owner_live.state.pid if self.member.owner_live else 0
        return f"nsenter --net=/proc/{pid}/ns/net "

    def shown_by(self, command: str) -> str:
        """A command in its network, which its image need not have."""
        return beside(self.real, command)

    @property
    def anew(self) -> str:
        """What mends all of its own side."""
        return f"docker restart {self.real}: at a start the engine makes its side of the network anew"
