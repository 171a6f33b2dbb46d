"""Variables, as Compose fills them in and netdeploy does not: whoever writes one is told that it stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netdeploy.topology.problem import Mark, Path, Problem
from netdeploy.topology.yaml_source import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_TOLD = 10
"""Places that are told one by one; the rest is one line."""
HINT = "netdeploy fills in no variables: write the value itself"
_SHELL_HINT = "netdeploy fills in no variables; a shell in the container may, with those of the container"
_BRACED = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)?")
_ANY = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)?|\$([A-Za-z_][A-Za-z0-9_]*)")
_FOR_A_SHELL = ("command", "entrypoint", "test")
"""Keys below which `$NAME` is mostly meant for the container's own shell."""


def variables(root: Mapping) -> list[Problem]:
    """A warning for each place with a variable, in file order. What an alias repeats is one place."""
    found: dict[Mark, Problem] = {}
    for path, scalar in _scalars(root, ()):
        if "$" in scalar.text and scalar.mark not in found:
            warning = _warning(scalar, path)
            found |= {scalar.mark: warning} if warning else {}
    return sorted(found.values(), key=lambda problem: problem.mark)


def shortened(warnings: list[Problem]) -> list[Problem]:
    """Of very many warnings the first ones, and one that counts the rest."""
    rest = warnings[MOST_TOLD:]
    if len(rest) < 2:
        return warnings
    message = f"{len(rest)} more places with variables follow, the last one in line {rest[-1].mark.line}"
    return [*warnings[:MOST_TOLD], Problem(rest[0].mark, message, (), HINT, "warning")]


def _is_for_a_shell(path: Path) -> bool:
    return any(part in _FOR_A_SHELL for part in path[2:])


def _scalars(node: Node, path: Path) -> Iterator[tuple[Path, Scalar]]:
    """All values with their paths; what stands below `x-…` is the user's own."""
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _scalars(item, (*path, index))
    else:
        for entry in node.entries:
            if not entry.key.text.startswith("x-") or len(path) == 1:  # a container may be called `x-…`
                yield from _scalars(entry.value, (*path, entry.key.text))


def first_variable(text: str, pattern: re.Pattern[str] = _ANY) -> str:
    """The first variable in a text, as `${NAME}` or `$NAME`; "" where there is none."""
    match = next((match for match in pattern.finditer(text) if match[0] != "$$"), None)
    if match is None:
        return ""
    name = next((group for group in match.groups() if group), "…")
    return f"${{{name}}}" if match[0].startswith("${") else f"${name}"


def _warning(scalar: Scalar, path: Path) -> Problem | None:
    for_a_shell = _is_for_a_shell(path)
    pattern = _BRACED if for_a_shell else _ANY
    first = first_variable(scalar.text, pattern)
    parts = [f"`{first}` is passed on literally; Compose would fill it in"] if first else []
    if any(match[0] == "$$" for match in pattern.finditer(scalar.text)):
        parts.append("`$$` stays two signs; Compose would make it one `$`")
    hint = (_SHELL_HINT if for_a_shell else HINT) if first else "write one `$`"
    return Problem(scalar.mark, ", and ".join(parts), path, hint, "warning") if parts else None
