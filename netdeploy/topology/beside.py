"""The files that a topology takes variables, labels and profiles from: each read once, and all within limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netdeploy.files import content_of
from netdeploy.paths import why
from netdeploy.strict_json import loads
from netdeploy.topology import env_files
from netdeploy.topology.env_files import Variables

MAX_BYTES = 1_000_000
"""Of one file."""
MAX_IN_ALL = 16_000_000
"""Characters that all containers of a topology take from files together; what two of them take counts twice."""
MAX_VARIABLES = 5_000
"""That one container takes from files."""
MAX_VARIABLES_IN_ALL = 75_000
"""That all containers of a topology take from files together."""


class Unusable(Exception):
    """A file that can't be used; as text, why."""


class TooMuch(Exception):
    """The topology takes more from files than it may; as text, how much that is."""


@dataclass(slots=True)
class Beside:
    """Reads files, each once however often it is named, and counts what is taken from them."""

    environ: Mapping[str, str]
    _texts: dict[Path, str | OSError | ValueError] = field(default_factory=dict)
    _variables: dict[tuple[Path, bool], Variables] = field(default_factory=dict)
    _profiles: dict[Path, str] = field(default_factory=dict)
    _characters: int = 0
    _names: int = 0

    def variables(self, file: Path, *, raw: bool) -> Variables:
        """The variables in a file.

        Raises:
            FileNotFoundError: there is none.
            Unusable: it can't be read.
            TooMuch: it is one too many.
        """
        text = self._taken(file)
        read = env_files.raw if raw else env_files.quoted
        found = self._variables.get((file, raw)) or read(text, self.environ)
        self._variables[file, raw] = found
        self._names += len(found.values)
        if self._names > MAX_VARIABLES_IN_ALL:
            raise TooMuch(f"{MAX_VARIABLES_IN_ALL:,} variables")
        return found

    def profile(self, file: Path) -> str:
        """The seccomp profile in a file, as JSON without spaces.

        Raises:
            FileNotFoundError: there is none.
            Unusable: it can't be read, or holds no profile.
            TooMuch: it is one too many.
        """
        text = self._taken(file)
        if file not in self._profiles:
            try:
                profile = loads(text)
            except ValueError as error:
                raise Unusable(f"it is not JSON ({error})") from None
            if not isinstance(profile, dict):
                raise Unusable("it is JSON, and not a mapping")
            self._profiles[file] = json.dumps(profile, separators=(",", ":"))
        return self._profiles[file]

    def _taken(self, file: Path) -> str:
        if self._characters > MAX_IN_ALL:
            raise TooMuch(f"{MAX_IN_ALL // 1_000_000} MB")
        if file not in self._texts:
            self._texts[file] = _read(file)
        text = self._texts[file]
        if isinstance(text, FileNotFoundError):
            raise text
        if not isinstance(text, str):
            raise Unusable(why(text))
        self._characters += len(text)
        if self._characters > MAX_IN_ALL:
            raise TooMuch(f"{MAX_IN_ALL // 1_000_000} MB")
        return text


def _read(file: Path) -> str | OSError | ValueError:
    try:
        content = content_of(file, MAX_BYTES)
        text = content.decode("utf-8-sig") if len(content) <= MAX_BYTES else ""
    except UnicodeDecodeError:
        return ValueError("it is not UTF-8 text")
    except (OSError, ValueError) as error:
        return error
    if len(content) > MAX_BYTES:
        return ValueError("it is larger than 1 MB")
    return ValueError("it is not text") if "\0" in text else text
