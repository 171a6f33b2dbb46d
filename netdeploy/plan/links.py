"""Links on the default bridge, as they lead at this moment.

They are names in the linking container's /etc/hosts. The engine writes them at its start, and again when the target is
started, but that only while the linking container has the name it was made under: after any rename, back to its own
name too, they stay as they are (seen on 20.10 and 28). Once the engine itself is started anew it keeps them again.
"""

from __future__ import annotations

from collections.abc import Callable

from netdeploy.attributes.wish import ContainerWish
from netdeploy.engine.observed import ObservedContainer
from netdeploy.topology.draft import DEFAULT_BRIDGE


def stale_link(
    wish: ContainerWish, live: ObservedContainer, container: Callable[[str], ObservedContainer | None]
) -> str:
    """Which link of a running container leads somewhere else than to its target; empty if none does.

    Args:
        wish: what is wanted.
        live: the container that stands for it.
        container: what stands for the container of a name; None where nothing does.
    """
    if live.link_addresses is None or live.state.paused:
        return ""
    for link in sorted(wish.file_links):
        name, _, alias = link.partition(":")
        target, leads = container(name), live.link_addresses.get(alias)
        place = target.attachments.get(DEFAULT_BRIDGE) if target and target.state.running else None
        if leads is not None and place and place.address and place.address not in leads:
            where = f"leads to {', '.join(sorted(leads))}" if leads else "is not in its /etc/hosts"
            return f"its link `{alias}` {where}, and `{name}` has {place.address}"
    return ""
