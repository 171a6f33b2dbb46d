"""Log lines of well-known programs that ended at their start, and what is said about them."""

from __future__ import annotations

import pytest

from netdeploy.apply.last_words import _KNOWN, meaning_of

LINES = [
    (
        '[emerg] 1#1: host not found in upstream "netflix-frontend:3000" in /etc/x.conf:4',
        "nginx ends because `netflix-frontend`, which its configuration names, is not there yet",
    ),
    ("nslookup: bad address 'netflix-catalog'", "does not find `netflix-catalog`"),
    ("wget: bad address 'db:5432'", "does not find `db`"),
    ('psycopg2.OperationalError: could not translate host name "postgres" to address', "does not find `postgres`"),
    ("Error: getaddrinfo ENOTFOUND mongo", "does not find `mongo`"),
    ("curl: (6) Could not resolve host: yolo-service", "does not find `yolo-service`"),
    ("dial tcp: lookup influxdb on 127.0.0.11:53: no such host", "does not find `influxdb`"),
    ("java.net.UnknownHostException: cassandra-db", "does not find `cassandra-db`"),
    ("socket.gaierror: [Errno -2] Name or service not known", "a host by its name"),
    ("Error: connect ECONNREFUSED 172.18.0.3:27017", "does not listen yet"),
    ("redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.", "refuses"),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "port it listens on is taken"),
    ("Error: listen EADDRINUSE: address already in use :::3000", "port it listens on is taken"),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "below 1024"),
    ("exec /usr/local/bin/app: exec format error", "another kind of processor"),
    ("# There is insufficient memory for the Java Runtime Environment to continue.", "too little memory"),
    ("Error: Database is uninitialized and superuser password is not specified.", "needs a password"),
    ("    You need to specify one of the following as an environment variable:", "needs a password"),
    ("write /data/x: no space left on device", "disk is full"),
    ("mkdir: can't create directory '/x': Read-only file system", "may only read"),
]


@pytest.mark.parametrize(("line", "words"), LINES)
def test_a_known_line_gets_a_sentence_and_what_to_do(line: str, words: str) -> None:
    found = meaning_of(["starting", line, "bye"])
    assert found is not None
    assert words in found[0]
    assert found[1]


def test_the_last_known_line_counts_and_others_say_nothing() -> None:
    assert meaning_of([]) is None
    assert meaning_of(["hello", "listening on port 80"]) is None
    found = meaning_of(["connect: connection refused", "exec format error"])
    assert found is not None
    assert "processor" in found[0]


def test_every_row_was_met() -> None:
    hints = {(meaning_of([line]) or ("", ""))[1] for line, _ in LINES}
    assert {hint for _, _, hint in _KNOWN} == hints
