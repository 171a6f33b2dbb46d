"""Reasons, in the words of whoever has to act on them."""

from __future__ import annotations

from netdeploy.attributes.table import AttributeChange
from netdeploy.engine.observed import ObservedNetwork


def listed(names: list[str]) -> str:
    """Names in a row."""
    return ", ".join(f"`{name}`" for name in names)


def disconnect_hint(network: ObservedNetwork, strangers: list[str]) -> str:
    """How to free a network of what is not ours."""
    return f"disconnect it first: docker network disconnect {network.name} {strangers[0]}"


def difference(attributes: tuple[AttributeChange, ...]) -> str:
    """Which attributes differ; "" if none does."""
    names = [attribute.name for attribute in attributes]
    if len(names) > 3:
        return f"{len(names)} attributes differ"
    return f"{listed(names)} {'differs' if len(names) == 1 else 'differ'}" if names else ""


def attachment_difference(attributes: tuple[AttributeChange, ...]) -> str:
    """In the words of whoever asks why a name does not resolve."""
    parts: list[str] = []
    for attribute in attributes:
        if attribute.name == "aliases" and isinstance(attribute.before, list) and isinstance(attribute.after, list):
            missing = [str(alias) for alias in attribute.after if alias not in attribute.before]
            extra = [str(alias) for alias in attribute.before if alias not in attribute.after]
            parts += [_aliases_text(missing, "missing")] if missing else []
            parts += [_aliases_text(extra, "not in the file")] if extra else []
        else:
            parts.append(f"`{attribute.name}` differs")
    return ", ".join(parts)


def _aliases_text(aliases: list[str], what: str) -> str:
    one = len(aliases) == 1
    return f"{'alias' if one else 'aliases'} {listed(aliases)} {'is' if one else 'are'} {what}"
