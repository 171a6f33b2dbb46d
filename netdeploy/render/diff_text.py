"""A diff as a person reads it, in one screen: a symbol, the object, the reason, and what changes from what to what."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from netdeploy.plan.report import AttributeReport, ChangeReport, DiffReport

_SYMBOLS = {
    "create": ("+", "green"),
    "connect": ("+", "green"),
    "update": ("~", "yellow"),
    "reconnect": ("~", "yellow"),
    "rename": ("~", "yellow"),
    "start": ("~", "yellow"),
    "stop": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "disconnect": ("-", "red"),
    "remove": ("-", "red"),
    "conflict": ("!", "bold red"),
}
_LEGEND = {
    "+": "made",
    "~": "changed in place",
    "±": "replaced by a new one",
    "-": "taken away",
    "!": "in the way: a person must decide",
}
_EFFECTS = {"update": "while it runs", "reconnect": "reconnects", "replace": "needs a new one"}
_ACTION_WIDTH = 11
_LONGEST_VALUE = 300


def diff_text(report: DiffReport, *, width: int | None = None) -> Text:
    """The diff as text; lines are wrapped at `width` columns, or not at all."""
    if report.in_sync:
        return _in_sync(report)
    lines = Text()
    source = f"  ({report.source})" if report.source else ""
    lines.append(report.topology, "bold").append(f"{source}\n\n")
    for change in report.changes:
        lines.append_text(_change(change, width))
    lines.append("\n")
    symbols = dict.fromkeys(_SYMBOLS[change.action][0] for change in report.changes)
    if len(symbols) > 1 or "±" in symbols:
        legend = ", ".join(f"{symbol} {_LEGEND[symbol]}" for symbol in symbols)
        lines.append(f"{legend}\n", "dim")
    lines.append_text(_notes(report))
    lines.append(summary(report) + "\n", "bold")
    return lines


def _in_sync(report: DiffReport) -> Text:
    where = f"as {report.source} says" if report.source else "as it should be"
    lines = Text().append("No changes. ", "bold green").append(f"`{report.topology}` stands {where}.\n")
    return lines.append_text(_notes(report))


def _notes(report: DiffReport) -> Text:
    lines = Text()
    if report.stand_ins:
        names = ", ".join(report.stand_ins)
        lines.append(f"Stand-ins for their images: {names} (--stand-ins never brings the real ones).\n", "dim")
    for note in report.notes:
        lines.append(f"Note: {note}.\n", "dim")
    return lines


def summary(report: DiffReport) -> str:
    """One line, such as `2 to create, 1 to replace.`."""
    conflicts = report.summary.get("conflict", 0)
    parts = [f"{count} to {action}" for action, count in report.summary.items() if action != "conflict"]
    if conflicts:
        parts.append("1 conflict" if conflicts == 1 else f"{conflicts} conflicts")
    return ", ".join(parts) + "."


def _change(change: ChangeReport, width: int | None) -> Text:
    symbol, style = _SYMBOLS[change.action]
    head = f"  {symbol} {change.action:<{_ACTION_WIDTH}}"
    what = _object(change)
    lines = Text()
    first, *rest = _wrapped(f"{what}: {change.reason}", width, len(head))
    lines.append(head, style).append(first + "\n")
    for line in rest:
        lines.append(" " * len(head) + line + "\n")
    for attribute in change.attributes:
        lines.append_text(_attribute(attribute, change, width))
    if change.hint:
        for line in _wrapped(f"→ {change.hint}", width, len(head)):
            lines.append(" " * len(head) + line + "\n", "cyan")
    return lines


def _object(change: ChangeReport) -> str:
    if change.kind != "attachment":
        return f"{change.kind} {change.name}"
    preposition = "from" if change.action == "disconnect" else "to"
    return f"{change.name} {preposition} {change.network}"


def _attribute(attribute: AttributeReport, change: ChangeReport, width: int | None) -> Text:
    indent = " " * (4 + _ACTION_WIDTH)
    effect = "" if change.action == "conflict" else f"  ({_EFFECTS[attribute.effect]})"
    name = attribute.path.removeprefix(f"{change.kind}s.")
    text = f"{name}: {_value(attribute.before)} → {_value(attribute.after)}{effect}"
    lines = Text()
    for number, line in enumerate(_wrapped(text, width, len(indent) + 2)):
        lines.append(indent + ("  " if number else "") + line + "\n", "dim" if number else "")
    return lines


def _value(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "⏎")
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _wrapped(text: str, width: int | None, indent: int) -> list[str]:
    if width is None or width - indent < 20:
        return [text]
    return textwrap.wrap(text, width - indent, break_on_hyphens=False) or [""]
