"""What looks secret is masked: in plans and documents, in errors and log lines, and in what is saved.

The one list of what looks so. Names and shapes tell, never an entropy or a list of known values: `DB_PASSWORD`,
`--requirepass x`, `user:x@host`, `password=x`, the key of a cloud. It errs on the side of hiding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

MASK = "•••"


class Masked(str):
    """A text that has been masked: a second time would take its words for values (`DB_PASSWORD: must be a text`)."""

    __slots__ = ()


# -- names -------------------------------------------------------------------------------------------------------------

_STRONG = re.compile(
    r"passw|passphrase|passcode|secret(?!ar)|credential|(api|private|access|account|encryption|signing|master)[_.-]?key"
    r"|token(s?\d*$|s?\d*[_.-])|authorization|requirepass|masterauth",
    re.IGNORECASE,
)
"""Telling wherever they stand in a name."""
_WEAK = re.compile(r"(^|[_.-])(auth|pwd|keys?|jwt)\d*([_.-]|$)|(?<!by)(?<!com)pass\d*$|[_.-]pass[_.-]", re.IGNORECASE)
"""Telling as a word of their own: KEYBOARD, MONKEY, AUTHOR and PASSIVE are none."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ALONE = re.compile(r"-*(key|keys|auth)", re.IGNORECASE)
"""Before `: ` these are words of a sentence."""
_IN_HEADER = re.compile(r"(proxy-)?authorization", re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """Whether the value of a variable or option of this name is to be masked."""
    parts = name if name.isupper() or name.islower() else _CAMEL.sub("_", name)
    return bool(_STRONG.search(parts) or _WEAK.search(parts) or _STRONG.search(name))


# -- values ------------------------------------------------------------------------------------------------------------

# every repetition has an end or gives nothing back, so that a text of any length takes a time in proportion to it
_HINT = re.compile(
    r"[=:@]|--|eyJ|AKIA|ASIA|AIza|gh[pousr]_|github_pat_|glpat-|xox|sk[-_]|npm_| -|earer|EARER|asic|ASIC"
)
_ASSIGNMENT = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)(?P<quoted>\\?[\"'])?"
    r"(?P<sign>[ \t]{0,4}+=[ \t]{0,4}+|[ \t]{0,4}+:[ \t]{1,8}+|:(?=[\"'\[{])|(?<=[\"']):)"
)
# a comma or a bracket ends a value, unless it goes on at once, and not with the next name and its sign
_GOES_ON = r"[,;&|)}\]'\"`](?=[^ \t\r\n,;&|)}\]'\"`])(?![\w .-]{1,64}(?:=|\\?[\"']?:\s))"
_BARE = rf"(?:[^ \t\r\n,;&|)}}\]'\"`]++|{_GOES_ON})++"
_VALUE = re.compile(rf"\\\"(?:[^\"\\\n]|\\[^\"])*+|\"(?:[^\"\\\n]|\\.)*+|'(?:[^'\\\n]|\\.)*+|{_BARE}")
_REFERENCE = re.compile(r"\$\{[^}\n]{0,200}\}[\"']?|\$[A-Za-z_]\w*[\"']?(?!\S)|•+|\*[\w-]+(?!\S)|<[^<>\n]{0,64}>")
"""What a secret is called by, rather than a secret: a variable, an anchor of YAML, a word to fill in."""
_OPENS = re.compile(r"[{\[]|[|>][-+0-9]*[ \t]*(?:#|$)", re.MULTILINE)
"""A mapping, a list or a block text follows."""
_HEADER_SCHEME = re.compile(r"(?:Bearer|Basic|Digest|Token|Negotiate)[ \t]+", re.IGNORECASE)
_HEADER = re.compile(
    r"(?<![\w-])(?:(?:Proxy-)?Authorization|(?:Set-)?Cookie)[\"']?[ \t]*[:=][ \t]*[\"']?", re.IGNORECASE
)
_OPTION = re.compile(r"(?<!\S)[\"']?--?(?P<name>[\w.-]++)[\"']?[ \t]{1,4}+(?=[^\s-])")
_QUERY = re.compile(r"[?&;](?:key|sig|signature|code|X-Amz-Signature)=(?P<value>[^&\s\"'#]+)", re.IGNORECASE)
_SCHEME_WORD = re.compile(
    r"\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)\s{1,4}(?P<value>(?=[a-z/+.~-]*[0-9A-Z=_])[A-Za-z0-9+/=._~-]{8,})"
)
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeprs]-[\w-]{10,}|sk[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{20,}|AIza[\w-]{30,}|npm_[A-Za-z0-9]{30,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?)"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?P<value>.*?)(?:-----END|\Z)", re.DOTALL
)
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30}+)://(?P<rest>(?:(?!,[A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s\"'`<>]){1,512}+)"
)
_PAIR = re.compile(
    r"(?<![\w./:@%+-])(?P<user>[\w.+-]{1,64}+):(?!\d+/|//)(?P<value>[^\s:@\"'`,;<>(){}\[\]•]{1,128}+)@(?!sha\d)(?=[\w(\[])"
)
_WEB = ("http", "https", "ws", "wss", "tcp", "git+https", "ftp")
_BY_COMMAND = re.compile(
    r"(?<![\w-])(?:(?:mysql|mariadb)[\w-]*+\s(?:[^\n|;&]{0,200}?\s)??-p(?P<sql>[^\s\"']++)"
    r"|redis-cli\s(?:[^\n|;&]{0,200}?\s)??-a\s+(?P<redis>\S++)|sshpass\s+-p\s*(?P<ssh>\S++)"
    r"|(?:curl|wget)\s(?:[^\n|;&]{0,200}?\s)??(?:-u|--user)[\s=]+[\"']?[^\s:\"']{1,64}+:(?P<web>[^\s\"']++))"
)
Span = tuple[int, int]


def masked_text(text: str) -> str:
    """A text with the values masked that look secret in it (`redis://user:•••@host`, `--password=•••`)."""
    if isinstance(text, Masked):
        return text
    pieces, at = [], 0
    for start, end in _spans(text):
        pieces += [text[at:start], MASK]
        at = end
    return Masked("".join([*pieces, text[at:]]))


def masked_line(line: str) -> str:
    """As `masked_text`, with every column where it was: a caret may stand below it. Line ends stay, too."""
    pieces, at = [], 0
    for start, end in _spans(line):
        pieces += [line[at:start], re.sub(r"[^\n]", "•", line[start:end])]
        at = end
    return "".join([*pieces, line[at:]])


def without_secrets(value: Any) -> Any:
    """A JSON value with what looks secret masked, in texts, lists of arguments and mappings."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list):
        return _arguments(value)
    if isinstance(value, dict):
        return {key: hidden(item) if looks_secret(str(key)) else without_secrets(item) for key, item in value.items()}
    return value


def hidden(value: Any) -> Any:
    """A value that is secret as a whole; nothing stays nothing."""
    return None if value is None else MASK


def _arguments(arguments: list[Any]) -> list[Any]:
    """An option and its value may be two arguments of a command, and what one means may depend on the command."""
    told = [without_secrets(argument) for argument in arguments]
    for index, (before, argument) in enumerate(pairwise(arguments), start=1):
        if not isinstance(before, str) or not isinstance(argument, str):
            continue
        if before.startswith("-") and looks_secret(before) and "=" not in before and not argument.startswith("-"):
            told[index] = MASK
        elif " " not in argument and arguments[0] != argument:
            words = (
                f"{str(arguments[0]).rpartition('/')[2]} {before} "
                if index > 1
                else f"{str(before).rpartition('/')[2]} "
            )
            found = _BY_COMMAND.fullmatch(words + argument)
            if found and found.start(found.lastindex or 0) >= len(words):
                told[index] = argument[: found.start(found.lastindex or 0) - len(words)] + MASK
    return told


# -- where they stand --------------------------------------------------------------------------------------------------


def _spans(text: str) -> Iterator[Span]:
    """Where the secrets are, in order, none over another."""
    if not _HINT.search(text):
        return
    found = sorted(span for find in _FINDERS for span in find(text) if span[0] < span[1])
    start = end = -1
    for next_start, next_end in found:
        if next_start <= end:
            end = max(end, next_end)
            continue
        if start >= 0:
            yield start, end
        start, end = next_start, next_end
    if start >= 0:
        yield start, end


def _assigned(text: str) -> Iterator[Span]:
    covered = 0
    for match in _ASSIGNMENT.finditer(text):
        if match.start() < covered:
            continue
        name, by_colon = match["name"], ":" in match["sign"]
        a_word = not match["quoted"] and _ALONE.fullmatch(name) and (by_colon or "key" in name.lower())
        if a_word or not looks_secret(name) or _IN_HEADER.fullmatch(name):
            continue
        for value in _value(text, match.end(), by_colon=by_colon):
            covered = value[1]
            yield value


def _value(text: str, at: int, *, by_colon: bool) -> Iterator[Span]:
    """The value that begins there, without its quotes."""
    if (by_colon and _OPENS.match(text, at)) or _REFERENCE.match(text, at):
        return
    value = _VALUE.match(text, at)
    if value:
        quote = 2 if value.group().startswith('\\"') else 1 if value.group()[0] in "\"'" else 0
        if not _REFERENCE.fullmatch(text, at + quote, value.end()):
            yield at + quote, value.end()


def _options(text: str) -> Iterator[Span]:
    for match in _OPTION.finditer(text):
        if looks_secret(match["name"]) and not _ALONE.fullmatch(match["name"]):
            yield from _value(text, match.end(), by_colon=False)


def _headers(text: str) -> Iterator[Span]:
    """All that follows in the line, or up to the quote that closes it: a header's value may hold anything."""
    header = _HEADER.search(text)
    while header:
        quote = header.group()[-1] if header.group()[-1] in "\"'" else text[header.start() - 1 : header.start()]
        scheme = _HEADER_SCHEME.match(text, header.end())
        start = scheme.end() if scheme else header.end()
        line_end = text.find("\n", start)
        end = line_end if line_end >= 0 else len(text)
        closed = text.find(quote, start, end) if quote in ("'", '"') else -1
        end = closed if closed >= 0 else end
        if not _REFERENCE.match(text, start):
            yield start, start + len(text[start:end].rstrip())
        header = _HEADER.search(text, end)


def _urls(text: str) -> Iterator[Span]:
    for match in _URL.finditer(text):
        at, rest = match.start("rest"), match["rest"]
        web = match["scheme"].lower() in _WEB
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        user, colon, tail = authority.partition(":")
        if "@" in authority:
            end = (authority if web else re.split(r"[?#]", rest, maxsplit=1)[0]).rfind("@")
        elif colon and not (web and tail.isdigit()):  # people forget to encode a slash in a password
            end = rest.rfind("@")
        else:
            continue
        if end < 0:
            continue
        if colon and len(user) < end:
            yield at + len(user) + 1, at + end
        elif match["scheme"].lower().endswith(("http", "https")):  # nobody has a name only: it is a token
            yield at, at + end


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[Span]]:
    """Where a pattern's value is: the group that took part, or all of it."""

    def find(text: str) -> Iterator[Span]:
        return (match.span(match.lastindex or 0) for match in pattern.finditer(text))

    return find


_FINDERS: Sequence[Callable[[str], Iterator[Span]]] = (
    _assigned,
    _options,
    _headers,
    _urls,
    *map(_matches, (_QUERY, _SCHEME_WORD, _SHAPES, _PRIVATE_KEY, _PAIR, _BY_COMMAND)),
)
