"""Each refusal in the engine's own words, of 20.10 and of 28, and what a person reads instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netdeploy.engine.connect import Endpoint
from netdeploy.engine.errors import _MEANINGS, explain
from netdeploy.engine.transport import unreachable

REFUSALS = json.loads((Path(__file__).parent / "recorded" / "refusals.json").read_text())


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal["case"])
def test_a_refusal_says_what_happened_and_what_to_do_and_keeps_the_engines_words(refusal: dict[str, Any]) -> None:
    error = explain("starting `web`", refusal["status"], refusal["message"])
    assert error.message.startswith("starting `web`: ")
    assert refusal["told"] in error.message
    assert error.hint
    assert error.details == (f"the engine said: {refusal['message']}",)


@pytest.mark.parametrize(("status", "hint"), [(500, "look at the engine's log"), (409, "")])
def test_an_unknown_refusal_is_told_in_the_engines_words(status: int, hint: str) -> None:
    error = explain("starting `web`", status, "something\n new ")
    assert error.message == "starting `web`: the engine said: something new"
    assert error.hint == hint


def test_what_fails_behind_the_engine_is_not_taken_for_the_registry() -> None:
    error = explain("starting `web`", 500, "error while mounting volume: dial tcp 10.0.0.1:2049: connection refused")
    assert "registry" not in error.message


@pytest.mark.parametrize(
    ("error", "words", "hint"),
    [
        (PermissionError(), "may not talk", "usermod"),
        (FileNotFoundError(), "no Docker engine answers", "start it"),
        (ConnectionRefusedError(), "no Docker engine answers", "start it"),
        (TimeoutError(), "does not answer in time", "overloaded"),
        (OSError("no route to host"), "no route to host", "again"),
    ],
)
def test_an_engine_that_can_not_be_reached_is_named_with_who_named_it(error: Exception, words: str, hint: str) -> None:
    told = unreachable(Endpoint("unix:///run/x.sock", "DOCKER_HOST"), error)
    assert words in told.message
    assert "unix:///run/x.sock (DOCKER_HOST)" in told.message
    assert hint in told.hint


def test_every_row_was_met() -> None:
    said = [refusal["message"] for refusal in REFUSALS]
    assert [row.message for row in _MEANINGS if not any(row.pattern.search(text) for text in said)] == []
