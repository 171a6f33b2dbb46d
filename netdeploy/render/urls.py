"""Where published ports answer, in as few words as they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netdeploy.plan.reasons import spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WRITTEN_OUT = 3
"""URLs of one container; more are told as ranges of ports."""


def url_lines(urls: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """For each container its name and its URLs, in the order given; `urls` are pairs of name and URL."""
    by_name: dict[str, list[str]] = {}
    for name, url in urls:
        by_name.setdefault(name, []).append(url)
    return [(name, _short(found)) for name, found in by_name.items()]


def _short(urls: Sequence[str]) -> str:
    if len(urls) <= _WRITTEN_OUT:
        return ", ".join(urls)
    ports: dict[str, list[int]] = {}
    for url in urls:
        host, _, port = url.rpartition(":")
        ports.setdefault(host, []).append(int(port))
    listed = ", ".join(f"{host}:{spans(numbers)}" for host, numbers in ports.items())
    return f"{listed} ({len(urls)} ports)"
