"""A diff as a person reads it, in one screen: a symbol, the object, the reason, and what changes from what to what."""

from __future__ import annotations

import json
import re
import shlex
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from rich.text import Text

from netdeploy.document import for_people
from netdeploy.visible import shortened

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
_LONGEST_VALUE = 200
_CONTEXT = 40  # characters of what is the same, shown before the place where long values part
_SECTIONS = ("containers", "networks", "volumes")


def diff_text(report: DiffReport, *, width: int | None = None) -> Text:
    """The diff as text; lines are wrapped at `width` columns, or not at all."""
    report = for_people(report, limit=sys.maxsize)  # long values are cut where they part
    if report.by_name:
        return graded_text(report, width)
    if report.in_sync:
        return _in_sync(report, width)
    lines = Text()
    source = f"  ({report.source})" if report.source else ""
    lines.append(report.topology, "bold").append(f"{source}\n")
    lines.append_text(_another_file(report, width))
    lines.append("\n")
    for change in report.changes:
        lines.append_text(_change(change, width))
    lines.append("\n")
    symbols = dict.fromkeys(_SYMBOLS[change.action][0] for change in report.changes)
    if len(symbols) > 1 or "±" in symbols:
        legend = ", ".join(f"{symbol} {_LEGEND[symbol]}" for symbol in symbols)
        lines.append_text(_paragraph(legend, width, "dim"))
    lines.append_text(_notes(report, width))
    lines.append_text(health_text(report, width))
    return lines.append_text(_paragraph(summary(report), width, "bold"))


def graded_text(report: DiffReport, width: int | None) -> Text:
    """A comparison by name, as sentences."""
    where = f" says in {report.source}" if report.source else " says"
    lines = Text()
    for change in report.changes:
        first, *rest = _wrapped(change.reason, width, 4)
        lines.append("  ✗ ", "red").append(first + "\n")
        for line in rest:
            lines.append(f"    {line}\n")
        if change.kind != "attachment":
            for attribute in change.attributes:
                lines.append_text(_attribute(attribute, change, width))
    lines.append("\n" if report.changes else "")
    lines.append_text(_notes(report, width)).append_text(health_text(report, width))
    style = "bold green" if report.in_sync else "bold"
    score = f"{report.right} of {report.wanted} networks, volumes, containers and places on networks"
    return lines.append_text(_paragraph(f"{score} are as `{report.topology}`{where}.", width, style))


def health_text(report: DiffReport, width: int | None) -> Text:
    """What is not well at run time, apart from what differs."""
    lines = Text()
    if not report.health:
        return lines
    lines.append("At run time:\n")
    for ailment in report.health:
        first, *rest = _wrapped(f"{ailment.container} {ailment.message}", width, 4)
        lines.append("  ✗ ", "red").append(first + "\n")
        for line in rest:
            lines.append(f"    {line}\n")
    return lines.append("\n") if report.changes else lines


def _in_sync(report: DiffReport, width: int | None) -> Text:
    where = f" with {report.source}" if report.source else ""
    lines = Text().append("No changes. ", "bold green").append(f"`{report.topology}` is up to date{where}.\n")
    lines.append_text(_another_file(report, width))
    return lines.append_text(_notes(report, width)).append_text(health_text(report, width))


def _another_file(report: DiffReport, width: int | None) -> Text:
    if not report.made_from:
        return Text()
    if report.contested:
        text = f"Another file made it, and describes it too: {report.made_from} (apply asks before it takes it over)"
        return _paragraph(text, width, "bold yellow")
    text = f"Another file made it, which is gone or describes something else now: {report.made_from}"
    return _paragraph(text, width, "yellow")


def _notes(report: DiffReport, width: int | None) -> Text:
    lines = Text()
    if report.stand_ins:
        text = f"Stand-ins for their images: {', '.join(report.stand_ins)} (--stand-ins never brings the real ones)."
        lines.append_text(_paragraph(text, width, "dim"))
    for note in report.notes:
        lines.append_text(_paragraph(f"Note: {note}.", width, "dim"))
    return lines


def _paragraph(text: str, width: int | None, style: str) -> Text:
    return Text("\n").join([Text(line, style) for line in _wrapped(text, width, 0)]).append("\n")


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
    section, _, name = attribute.path.partition(".")
    if section not in _SECTIONS:
        name = attribute.path
    before, after = _contrast(_value(attribute.before, name), _value(attribute.after, name))
    remark = _remark(attribute, change, masked=before == after)
    whole = f"{name}: {before} → {after}{remark}"
    lines = Text()
    if width is None or len(indent) + len(whole) <= width:
        return lines.append(f"{indent}{whole}\n")
    lines.append(f"{indent}{name}:\n")
    for part in (before, f"→ {after}{remark}"):
        for line in _wrapped(part, width, len(indent) + 2):
            lines.append(f"{indent}  {line}\n")
    return lines


def _remark(attribute: AttributeReport, change: ChangeReport, *, masked: bool) -> str:
    """Which attribute is to blame, where not all of a change cost the same."""
    effects = {other.effect for other in change.attributes}
    blame = f"  ({_EFFECTS[attribute.effect]})" if len(effects) > 1 and change.action != "conflict" else ""
    return ("  (another one)" if masked else "") + blame


def _value(value: Any, name: str) -> str:
    if value is None or value in ([], {}):
        return "(none)"
    if name.endswith((".command", ".entrypoint")) and isinstance(value, list):
        return " ".join(_shell_word(str(item)) for item in value)
    return _flow(value) if isinstance(value, list | dict) else _scalar(value)


def _shell_word(word: str) -> str:
    """Quoted for a shell, and for a reader: double quotes around single ones."""
    return f'"{word}"' if "'" in word and not re.search(r'["$`\\!]', word) else shlex.quote(word)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if text != text.strip() or not text else text


def _flow(value: Any, *, nested: bool = False) -> str:
    """As a file would write it in one line."""
    if isinstance(value, list):
        text = ", ".join(_flow(item, nested=True) for item in value)
        return f"[{text}]" if nested else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item, nested=True)}" for key, item in value.items()) + "}"
    return _scalar(value)


def _contrast(before: str, after: str) -> tuple[str, str]:
    """Long values are cut so that the place where they part is seen."""
    if max(len(before), len(after)) <= _LONGEST_VALUE:
        return before, after
    same = next((i for i, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    start = same - _CONTEXT if same > _LONGEST_VALUE - _CONTEXT else 0
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    if len(text) <= _LONGEST_VALUE:
        return text
    head, end = ("…" if start else ""), start + _LONGEST_VALUE
    tail = "…" if len(text) > end else ""
    return f"{head}{text[start:end].strip()}{tail} ({len(text):,} characters)"


def _wrapped(text: str, width: int | None, indent: int) -> list[str]:
    text = shortened(text)
    if width is None or width - indent < 20:
        return [text]
    return textwrap.wrap(text, width - indent, break_on_hyphens=False) or [""]
