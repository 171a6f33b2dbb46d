from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from unit.builders import wishes_of

from netdeploy.attributes import reference
from netdeploy.attributes.table import RELEASES, Attribute, Effect
from netdeploy.topology.model import Attachment, Container, Network, Volume

UNIT = Path(__file__).parents[1]
TABLES = {table.model: table for table in reference.TABLES}
ROWS = [(table.model.__name__, row) for table in reference.TABLES for row in table.rows]


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_each_field_of_a_model_has_a_row_or_a_reason_to_have_none(model: type[BaseModel]) -> None:
    table = TABLES[model]
    fields, rows = set(model.model_fields), {row.path.split(".")[0] for row in table.rows}
    of_containers = {"links"} if model is Attachment else set()
    assert rows - of_containers | set(table.without_row) == fields
    assert not rows & set(table.without_row)


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_no_two_rows_share_a_path_or_an_argument(model: type[BaseModel]) -> None:
    paths = [row.path for row in TABLES[model].rows]
    arguments = [row.argument for row in TABLES[model].rows if row.argument]
    assert len(set(paths)) == len(paths)
    assert len(set(arguments)) == len(arguments)


def test_the_page_of_attributes_is_current() -> None:
    stored = Path(__file__).parents[3] / "docs" / "attributes.md"
    assert stored.read_text() == reference.markdown(), "make docs writes it anew"


@pytest.mark.parametrize(("model", "row"), ROWS, ids=[f"{model}.{row.path}" for model, row in ROWS])
def test_each_row_says_what_silence_means_and_where_its_value_is_sent(model: str, row: Attribute[Any, Any]) -> None:
    assert row.default
    assert isinstance(row.effect, Effect)
    assert not row.follows or row.follows in {other.path for name, other in ROWS if name == model}
    if row.since:
        assert row.since in RELEASES


def test_a_file_that_sets_everything_sends_everything() -> None:
    file = UNIT / "topology" / "corpus" / "good" / "every_attribute.yaml"
    made = wishes_of(file.read_text(), source=file)
    wishes = {
        Container: made.containers,
        Attachment: [attachment for wish in made.containers for attachment in wish.attachments],
        Network: made.networks,
        Volume: made.volumes,
    }
    for table in reference.TABLES:
        for row in table.rows:
            assert any(row.is_given(wish) for wish in wishes[table.model]), row.path  # type: ignore[index]
