"""What a picture is painted with: colours for light and dark, fonts, lines.

Everything is an attribute of its element, so that viewers without a word of CSS paint it: librsvg, Inkscape, office
programs. The sheet on top of it only makes the picture dark for readers who prefer that.
"""

from __future__ import annotations

from netdeploy.graph.drawing import Mark
from netdeploy.graph.placed import Role

COLOURS = {
    "bg": ("#ffffff", "#0e141b"),
    "frame": ("#f7f8fa", "#151d27"),
    "edge": ("#d0d5dd", "#334152"),
    "box": ("#ffffff", "#1d2835"),
    "ink": ("#16202c", "#e8edf3"),
    "soft": ("#566474", "#a0aebd"),
    "host": ("#eaf1fb", "#172638"),
    "port": ("#1f5fbf", "#7db3ff"),
    Mark.MISSING: ("#b3261e", "#ff8a80"),
    Mark.STOPPED: ("#5d6673", "#aeb8c4"),
    Mark.DIFFERENT: ("#8a5a00", "#f0bf5a"),
    Mark.EXTRA: ("#6b3fc4", "#c0a3ff"),
    Mark.UNWELL: ("#b0400e", "#ffa06b"),
    "c0": ("#2563c9", "#6fa8ff"),
    "c1": ("#b3541e", "#f0995c"),
    "c2": ("#1b7f48", "#57c98a"),
    "c3": ("#9235b0", "#d891f0"),
    "c4": ("#0b7d87", "#4fc8d2"),
    "c5": ("#c02e66", "#ff88b0"),
    "c6": ("#66721b", "#bccb5e"),
    "c7": ("#6a55d9", "#a99aff"),
    "c8": ("#8a5a36", "#d3a27a"),
    "c9": ("#4a6785", "#9db8d4"),
}
"""By name, the colour on light and on dark ground."""
NETWORKS = tuple(name for name in COLOURS if name[0] == "c" and name[1:].isdigit())
"""The colours of networks, which take turns."""
FONT_SIZE: dict[Role, float] = {
    "title": 20,
    "text": 13,
    "zone": 12,
    "bus": 14,
    "fact": 11.5,
    "name": 14,
    "small": 11.5,
    "mark": 12,
    "tap": 11.5,
    "port": 12,
    "legend": 12,
}
_TEXT_COLOUR: dict[Role, str] = {"text": "soft", "zone": "soft", "fact": "soft", "small": "soft", "port": "port"}
_WEIGHT: dict[Role, int] = {"title": 600, "bus": 600, "name": 600, "mark": 700}
FIXED_WIDTH = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
"""The sizes of boxes depend on their width. The first one is Linux's, where viewers are that look at no other."""
PROPORTIONAL = "'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
_PROPORTIONAL_ROLES = ("title", "text")


def sheet() -> str:
    """The rules for a dark ground: a class for what is filled with a colour, and one for lines of it.

    They ask for the class as an attribute. LibreOffice (seen on 7.4) takes the rules inside `@media` for ones that
    always hold, and would paint as much as it understands of the picture dark; of attributes it knows nothing.
    """
    rule = ".nd [class~=f-{0}]{{fill:{1}}}.nd [class~=s-{0}]{{stroke:{1}}}"
    rules = (rule.format(name, dark) for name, (_, dark) in COLOURS.items())
    return "@media (prefers-color-scheme:dark){\n" + "\n".join(rules) + "\n}\n"


def shape(kind: str, *, fill: str = "", line: str = "", width: float = 1, dashes: str = "", cap: str = "") -> str:
    """The attributes of a shape: `kind` is a class to know it by, `fill` and `line` are names of colours."""
    classes = " ".join([kind, *([f"f-{fill}"] if fill else []), *([f"s-{line}"] if line else [])])
    told = f'class="{classes}" fill="{COLOURS[fill][0] if fill else "none"}"'
    told += f' stroke="{COLOURS[line][0]}" stroke-width="{width:g}"' if line else ""
    told += f' stroke-dasharray="{dashes}"' if dashes else ""
    return told + (f' stroke-linecap="{cap}"' if cap else "")


def lettering(role: Role, mark: Mark | None) -> str:
    """The attributes of a text. Marks, and lines of the legend that tell one, have the colour of the `mark`."""
    colour = (mark if role in ("mark", "legend") else None) or _TEXT_COLOUR.get(role, "ink")
    told = f'class="t-{role} f-{colour}" fill="{COLOURS[colour][0]}" font-size="{FONT_SIZE[role]:g}"'
    told += f' font-weight="{_WEIGHT[role]}"' if role in _WEIGHT else ""
    return told + (f' font-family="{PROPORTIONAL}"' if role in _PROPORTIONAL_ROLES else "")
