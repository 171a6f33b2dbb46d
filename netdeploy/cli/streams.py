"""What is printed and asked: the only module that writes to a stream, and nothing gets past its gate.

Results go to stdout, everything else to stderr. Each text is masked and made visible here, whatever was done before;
our own colours are added behind the gate. A stream that is gone or full never breaks off what is under way: what can't
be written is let go. A lost result is told at the end (`finished`); of lost messages the exit code says enough.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from netdeploy.errors import NetdeployError
from netdeploy.masking import masked_text
from netdeploy.visible import Visible, visible, visible_json, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console
    from rich.text import Text


class _Stream(io.TextIOBase):
    """stdout or stderr, whichever it is at the moment; after its first failure it lets go of all it is given."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.lost: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def _stream(self) -> TextIO | None:
        stream: TextIO | None = getattr(sys, self._name)
        return stream

    def write(self, text: str) -> int:
        stream = self._stream
        if self.lost or not text:
            return len(text)
        try:
            if stream is None or stream.closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            try:
                stream.write(text)
            except UnicodeEncodeError:  # a terminal of another age: ✓ is \u2713 there
                stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
        except OSError as error:
            self.lose(error)
        return len(text)

    def flush(self) -> None:
        stream = self._stream
        if self.lost or stream is None or stream.closed:
            return
        try:
            stream.flush()
        except OSError as error:
            self.lose(error)

    def isatty(self) -> bool:
        stream = self._stream
        return bool(stream and not stream.closed and stream.isatty())

    def fileno(self) -> int:
        stream = self._stream
        if stream is None:
            raise io.UnsupportedOperation("fileno")
        return stream.fileno()

    def lose(self, error: OSError) -> None:
        """Nothing more is written, nor tried once more when Python ends."""
        self.lost = error
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
        except (OSError, ValueError):  # it is no file
            pass


_OUT, _ERR = _Stream("stdout"), _Stream("stderr")


# -- a command's beginning and end -------------------------------------------------------------------------------------


def fill_closed_places() -> None:
    """Where stdin, stdout or stderr is closed, keep its number taken: a connection would get it, and be written to."""
    while True:
        number = os.open(os.devnull, os.O_RDONLY)
        if number > 2:
            os.close(number)
            break
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:  # whoever writes to it learns that it can't be written to
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False))


def begin() -> None:
    """Before a command: nothing is lost yet."""
    _OUT.lost = _ERR.lost = None


def finished(code: int) -> int:
    """The exit code of a command that came to `code`: 2 where a part of its result could not be written."""
    _OUT.flush()
    if not _OUT.lost or code == 130:
        return code
    if not isinstance(_OUT.lost, BrokenPipeError):  # `netdeploy diff | head`: nobody wants to read on
        tell_error(f"the output can't be written: {_OUT.lost.strerror}")
    return 2


def lost_result(error: OSError) -> None:
    """Told of an output that somebody else could not write."""
    _OUT.lose(error)


# -- results -----------------------------------------------------------------------------------------------------------


def result(text: str = "", *, end: str = "\n") -> None:
    """Print a line, or lines, of the result."""
    _put(_OUT, _said(text), end)


def picture(text: str, styles: Mapping[str, str] | None = None) -> None:
    """Print a text that ends its own lines; where it is coloured, these words in these colours."""
    shown: str = visible_lines(text)
    for words, style in (styles or {}).items() if _colours(_OUT) else ():
        shown = shown.replace(words, click.style(words, fg=style, bold=True))
    _put(_OUT, Visible(shown), "")


def document(value: Any) -> None:
    """Print the result as one JSON document."""
    _put(_OUT, visible_json(_without_secrets(value)), "\n")


def schema(value: Any) -> None:
    """Print a schema, which is ours: words such as `password=` are examples in it."""
    _put(_OUT, visible_json(value), "\n")


def show(text: Text) -> None:
    """Print styled text that ends its own lines."""
    console().print(text, end="")


def on_terminal() -> bool:
    """Whether a person reads the result as it comes."""
    return _OUT.isatty()


# -- everything else ---------------------------------------------------------------------------------------------------


def tell(text: str = "") -> None:
    """Tell a line, or lines, on stderr."""
    _put(_ERR, _said(text), "\n")


def tell_error(message: str, hint: str = "", details: Iterable[str] = ()) -> None:
    """Tell an error: its details, each of one line or more, what happened, and what to do next."""
    for detail in details:
        tell("\n".join(_one_line(line) for line in masked_text(detail).split("\n")))
    head = click.style("error: ", fg="red", bold=True) if _colours(_ERR) else "error: "
    _put(_ERR, Visible(head + _one_line(message)), "\n")
    if hint:
        _put(_ERR, Visible(f"  → {_one_line(hint)}"), "\n")


def tell_usage(error: click.ClickException) -> None:
    """Tell that a command was called in a way that there is not."""
    shown = io.StringIO()
    error.show(shown)
    text, said = shown.getvalue(), error.format_message()
    if not isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        text = text.replace(said, _one_line(said))
    _put(_ERR, visible_lines(text), "")


def tell_at_once(text: str) -> None:
    """Tell a line from within a signal handler, whatever is being written at the moment."""
    try:
        os.write(2, f"\n{visible(text)}\n".encode())
    except OSError as error:
        _ERR.lose(error)


def can_ask() -> bool:
    """Whether there is somebody to answer a question, who can see it."""
    return bool(sys.stdin and sys.stdin.isatty()) and not _ERR.lost


def ask(question: str) -> None:
    """Ask on the terminal.

    Raises:
        click.Abort: the answer is not yes.
        NetdeployError: the question could not be asked.
    """
    while True:
        _put(_ERR, Visible(f"{_one_line(question)} [y/N]: "), "")
        if _ERR.lost:
            raise NetdeployError(f"the question can't be asked: {_ERR.lost.strerror}", hint="nothing was done")
        answer = sys.stdin.readline()
        if answer.strip().lower() in ("y", "yes"):
            return
        if not answer or answer.strip().lower() in ("", "n", "no"):
            tell("" if answer else "\n")
            raise click.Abort
        tell("Please answer y or n.")


def console(*, stderr: bool = False) -> Console:
    """A console that colours on a terminal only, and never with NO_COLOR; what it shows passes the gate, too."""
    from netdeploy.cli.gated_console import GatedConsole  # noqa: PLC0415 - rich is for those who need it

    return GatedConsole(_ERR if stderr else _OUT)


# -- the gate ----------------------------------------------------------------------------------------------------------


def _put(stream: _Stream, text: Visible, end: str) -> None:
    stream.write(text + end)
    stream.flush()


def _said(text: str) -> Visible:
    return visible_lines(masked_text(text))


def _one_line(text: str) -> Visible:
    return visible(masked_text(text))


def _without_secrets(value: Any) -> Any:
    """A document with its texts masked. Its keys are ours, or names of containers, and tell nothing."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_secrets(item) for key, item in value.items()}
    return value


def _colours(stream: _Stream) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")
