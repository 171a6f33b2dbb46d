from __future__ import annotations

from pathlib import Path

import pytest
from unit.builders import wishes_of

from netdeploy.attributes import reference
from netdeploy.attributes.table import RELEASES
from netdeploy.plan.too_old import too_old

EVERYTHING = Path(__file__).parents[1] / "topology" / "corpus" / "good" / "every_attribute.yaml"
NEWER = {(row.path, row.since) for table in reference.TABLES for row in table.rows if row.since}


@pytest.mark.parametrize("api", [(1, 41), (1, 44), (1, 48), (1, 51)])
def test_each_attribute_that_the_engine_lacks_is_named_with_the_version_that_has_it(api: tuple[int, int]) -> None:
    told = too_old(wishes_of(EVERYTHING.read_text(), source=EVERYTHING), api)
    lacking = {(path, since) for path, since in NEWER if since > api}
    assert len({line.partition(":")[0].rpartition(".")[2] for line in told}) == len(lacking)
    for path, since in lacking:
        end = f".{path}: needs Docker {RELEASES[since]} (API {since[0]}.{since[1]})"
        assert any(line.endswith(end) for line in told), (path, told)


def test_a_silent_file_asks_for_nothing_new() -> None:
    text = """
    containers: {web: {image: app, healthcheck: {test: "true"}, networks: [net]}}
    networks: {net: {enable_ipv4: true}}
    """
    assert too_old(wishes_of(text), (1, 41)) == []
