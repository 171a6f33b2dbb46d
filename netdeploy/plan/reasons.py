"""Reasons, in the words of whoever has to act on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdeploy.attributes.containers.image import TAG_MOVED
from netdeploy.attributes.table import AttributeChange
from netdeploy.engine.observed import ObservedNetwork


def listed(names: Sequence[str]) -> str:
    """Names in a row."""
    return ", ".join(f"`{name}`" for name in names)


def waits_for_it(names: Sequence[str]) -> str:
    """Such as "`a`, `b` wait for it"."""
    return f"{listed(names)} {'waits' if len(names) == 1 else 'wait'} for it"


def spans(numbers: Iterable[int]) -> str:
    """Numbers in order, such as `80, 8000-8029`."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def disconnect_hint(network: ObservedNetwork, strangers: list[str]) -> str:
    """How to free a network of what is not ours."""
    return f"disconnect it first (docker network disconnect {network.name} {strangers[0]}), or let --force do it"


def difference(attributes: tuple[AttributeChange, ...]) -> str:
    """Which attributes differ; "" if none does."""
    names = [attribute.name for attribute in attributes]
    if any(str(attribute.after).endswith(TAG_MOVED) for attribute in attributes):
        return "the tag of its `image` has moved to another image"
    if len(names) > 3:
        return f"{len(names)} attributes differ"
    return f"{listed(names)} {'differs' if len(names) == 1 else 'differ'}" if names else ""


def attachment_difference(attributes: tuple[AttributeChange, ...]) -> str:
    """In the words of whoever asks why a name does not resolve."""
    parts: list[str] = []
    for attribute in attributes:
        missing, extra = alias_differences(attribute)
        parts += [aliases_text(missing, "missing")] if missing else []
        parts += [aliases_text(extra, "not in the file")] if extra else []
        parts += [] if missing or extra else [f"`{attribute.name}` differs"]
    return ", ".join(parts)


def alias_differences(attribute: AttributeChange) -> tuple[list[str], list[str]]:
    """The aliases that are missing, and those too many; both empty for another attribute."""
    before, after = attribute.before, attribute.after
    if attribute.name != "aliases" or not isinstance(before, list) or not isinstance(after, list):
        return [], []
    return [str(alias) for alias in after if alias not in before], [
        str(alias) for alias in before if alias not in after
    ]


def aliases_text(aliases: list[str], what: str) -> str:
    """Such as "aliases `a`, `b` are missing"."""
    one = len(aliases) == 1
    return f"{'alias' if one else 'aliases'} {listed(aliases)} {'is' if one else 'are'} {what}"
