"""What looks like a secret, and how it is masked in every output."""

from __future__ import annotations

import re
from typing import Any

MASK = "•••"
_SECRET = re.compile(
    r"passw|pass(phrase)?$|secret|token|api_?key|private_?key|access_?key|credential|(^|_)(auth|pwd|keys?)(_|$)",
    re.IGNORECASE,
)
# greedy up to the last @ of the host part: people forget to encode one in a password
_USER_INFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://[^:/@\s]*):[^/\s]+@", re.IGNORECASE)


def names_a_secret(name: str) -> bool:
    """Whether a variable or option of this name likely holds a secret."""
    return _SECRET.search(name) is not None


def without_passwords(value: Any) -> Any:
    """A value with the passwords in URLs masked (`redis://user:•••@host`)."""
    if isinstance(value, str):
        return _USER_INFO.sub(rf"\g<scheme>:{MASK}@", value)
    if isinstance(value, list):
        return [without_passwords(item) for item in value]
    if isinstance(value, dict):
        return {key: without_passwords(item) for key, item in value.items()}
    return value
