"""What is masked, what is not, and that a masked line keeps its columns."""

from __future__ import annotations

import time

import pytest
from hostile.secrets import ARGUMENTS, HARMLESS, NAMES, OTHER_NAMES, SECRET, TEXTS

from netdeploy.masking import MASK, looks_secret, masked_line, masked_text, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis-server --requirepass hunter2 --port 1", f"redis-server --requirepass {MASK} --port 1"),
        ("mysqladmin --password=hunter2 ping", f"mysqladmin --password={MASK} ping"),
        ("MYSQL_ROOT_PASSWORD=hunter2", f"MYSQL_ROOT_PASSWORD={MASK}"),
        ("export DB_PASSWORD='two words' && run", f"export DB_PASSWORD='{MASK}' && run"),
        ("o: username=ada,password=hunter2,vers=3.0", f"o: username=ada,password={MASK},vers=3.0"),
        ("postgres://db/x?user=a&password=hunter2&ssl=1", f"postgres://db/x?user=a&password={MASK}&ssl=1"),
        ("{'API_TOKEN': 'hunter2', 'MODE': 'x'}", f"{{'API_TOKEN': '{MASK}', 'MODE': 'x'}}"),
        ('{"api_key":"hunter2"}', f'{{"api_key":"{MASK}"}}'),
        ("      DB_PASSWORD: hunter2", f"      DB_PASSWORD: {MASK}"),
        ("Authorization: Bearer abcdef123456", f"Authorization: Bearer {MASK}"),
        ("postgres://u:hunter2@h/db", f"postgres://u:{MASK}@h/db"),
    ],
)
def test_values_that_look_secret_are_masked_in_texts(text: str, shown: str) -> None:
    assert masked_text(text) == shown
    line = masked_line(text)
    assert len(line) == len(text)
    assert "hunter2" not in line


@pytest.mark.parametrize(
    "text",
    [
        "environment.DB_PASSWORD: ••• → •••",
        "starting `web`: the host's port 8080 is held by another container",
        "containers.web.secrets[0]: there is no secret `token` in this file",
        "nginx -g 'daemon off;'",
        "a password is asked for by the registry",
        "http://host:8080/path",
        "unknown key `passwort`",
        "compassion: yes",
        "  token: {file: ./token}",
        "  DB_PASSWORD: ${DB_PASSWORD}",
    ],
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert masked_text(text).replace(MASK, "") == text.replace(MASK, "")


def test_arguments_and_mappings() -> None:
    assert without_secrets(["redis-server", "--requirepass", "hunter2"]) == ["redis-server", "--requirepass", MASK]
    assert without_secrets(["run", "--token", "--verbose"]) == ["run", "--token", "--verbose"]
    assert without_secrets({"options": {"splunk-token": "x", "tag": "y"}, "n": 1}) == {
        "options": {"splunk-token": MASK, "tag": "y"},
        "n": 1,
    }
    assert without_secrets([1, None, ["password=x"]]) == [1, None, [f"password={MASK}"]]


@pytest.mark.parametrize("name", ["splunk-token", "awslogs.secret", "x-api-key", "auth", "DB_PASS"])
def test_names_with_dashes_and_dots(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        *("password" * 20_000, "a." * 50_000, "-" * 100_000, "'" * 50_000, "x://" + "a:" * 30_000, "x" * 1_000_000),
        *(
            "DB_PASS=${" * 20_000,
            "token=<" * 30_000,
            "Cookie: " * 20_000,
            "Cookie: " + " x" * 100_000,
            "a://b:" * 30_000,
        ),
        *("-----BEGIN PRIVATE KEY-----" * 5_000, "curl -u " * 30_000, "mysql " * 20_000, "password=" + "a'" * 100_000),
        *("passw='" * 30_000, 'password="\\"' * 20_000, "--token " * 20_000, "://@" * 30_000, "x= " * 100_000),
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    masked_text(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:60])
def test_every_shape_of_a_secret_is_masked(text: str) -> None:
    assert SECRET not in masked_text(text)
    assert SECRET not in masked_text(f"before {text} after")
    line = masked_line(text)
    assert SECRET not in line
    assert [len(part) for part in line.split("\n")] == [len(part) for part in text.split("\n")]


@pytest.mark.parametrize("text", TEXTS[:20])
def test_a_masked_text_is_masked_once(text: str) -> None:
    assert masked_text(masked_text(text)) == masked_text(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_secret_is_left_alone(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize("name", NAMES)
def test_names_that_tell(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_that_only_sound_so(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_arguments_of_commands(arguments: list[str]) -> None:
    assert SECRET not in str(without_secrets(arguments))
