"""What the last log lines of a container that does not run mean, where they are well known."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ON_ONE_NETWORK = "it must run, and be on a network with this container, under that name or alias: see `depends_on`"
_NO_SUCH_HOST = (
    r"bad address '?|could not translate host name \"?|getaddrinfo (?:ENOTFOUND|EAI_AGAIN) |"
    r"Could not resolve host: |lookup |UnknownHostException: "
)
_REFUSED = (
    "let it wait with `depends_on` and `condition: service_healthy`; `localhost` is this container itself, and"
    " between containers the container's own port counts, not the published one"
)
_KNOWN = (
    (
        r"host not found in upstream \"(?P<name>[^\":]+)",
        "nginx ends because `{name}`, which its configuration names, is not there yet",
        _ON_ONE_NETWORK,
    ),
    (
        rf"(?:{_NO_SUCH_HOST})(?P<name>[\w.-]+)",
        "it does not find `{name}`",
        _ON_ONE_NETWORK,
    ),
    (
        r"(?:Name or service not known|Temporary failure in name resolution|nodename nor servname)",
        "it does not find a host by its name",
        _ON_ONE_NETWORK,
    ),
    (
        r"(?:ECONNREFUSED|[Cc]onnection refused)",
        "what it connects to refuses: it does not listen yet, or on another port",
        _REFUSED,
    ),
    (
        r"(?:[Aa]ddress already in use|EADDRINUSE)",
        "the port it listens on is taken",
        "two programs of this container, or of those that share its network, want one port",
    ),
    (
        r"bind\(\) to \S+ failed \(13: Permission denied\)|EACCES: permission denied.*(?:listen|bind)",
        "its user may not listen on a port below 1024",
        "let it listen on a higher port, or give it `cap_add: [NET_BIND_SERVICE]`",
    ),
    (
        r"exec format error",
        "its image is for another kind of processor",
        "set `platform`, or choose an image that is made for this machine",
    ),
    (
        r"(?:insufficient memory for the Java Runtime|OutOfMemoryError|Cannot allocate memory|ENOMEM)",
        "it has too little memory",
        "raise `mem_limit`, or let it use less (for Cassandra: MAX_HEAP_SIZE and HEAP_NEWSIZE)",
    ),
    (
        r"(?:[Dd]atabase is uninitialized and .*password .*is not specified|You need to specify one of)",
        "its image needs a password to begin with",
        "set the variable that the lines above name, under `environment`",
    ),
    (r"[Nn]o space left on device", "the engine's disk is full", "`docker system df` shows what takes the room"),
    (
        r"(?:[Rr]ead-only file system|EROFS)",
        "it writes where it may only read",
        "mount a volume or `tmpfs` there, or leave out `read_only` or `:ro`",
    ),
)
_PATTERNS = tuple((re.compile(pattern), message, hint) for pattern, message, hint in _KNOWN)


def meaning_of(lines: Iterable[str]) -> tuple[str, str] | None:
    """What happened and what to do, told by the last line that is known; None where none is."""
    for line in reversed(list(lines)):
        for pattern, message, hint in _PATTERNS:
            found = pattern.search(line)
            if found:
                return message.format(**found.groupdict()), hint
    return None
