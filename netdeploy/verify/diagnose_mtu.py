"""Why large packets are lost where small ones get through: a link on the way takes less than the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from netdeploy.verify.cause import Cause
from netdeploy.verify.end import End
from netdeploy.verify.places import Place

_USUAL = 1500


@dataclass(frozen=True, slots=True)
class _Link:
    mtu: int
    what: str
    mends: str
    shows: str


def too_large(host: Place | None, source: End, target: End) -> Iterator[Cause]:
    """The links that take other packets than most of those between two containers."""
    links = [link for end in (source, target) for link in _links(host, end)]
    count = Counter(link.mtu for link in links)
    usual = max(count, key=lambda mtu: (count[mtu], mtu == _USUAL, mtu), default=0)
    for link in links:
        if link.mtu != usual:
            text = (
                f"large packets are lost and small ones get through: {link.what}, takes up to {link.mtu} bytes (its"
                f" MTU), and the other links of the way {usual}"
            )
            yield Cause(text, link.mends.format(usual), shown_by=link.shows)
    text = f"large packets are lost between {source.name} and {target.name}, and small ones get through"
    yield Cause(text, "ip link shows what each link takes (its MTU), inside the containers and on the host")


def _links(host: Place | None, end: End) -> Iterator[_Link]:
    outer = end.outer(host.space) if host else None
    if outer is not None:
        what = f"{outer.name}, the host's end of `{end.link_name}` in {end.name}"
        yield _Link(outer.mtu, what, f"ip link set {outer.name} mtu {{}}", f"ip link show {outer.name}")
    if end.interface is not None:
        inside = f"`{end.link_name}` inside {end.name}"
        yield _Link(end.interface.mtu, inside, end.anew, end.shown_by(f"ip link show {end.link_name}"))
