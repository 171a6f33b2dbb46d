"""Each promise of ARCHITECTURE.md names a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_the_tests_that_show_what_is_promised_exist() -> None:
    named = NAMED.findall((ROOT / "ARCHITECTURE.md").read_text())
    assert len(named) >= 20
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_every_row_of_the_chapter_names_a_test() -> None:
    chapter = (ROOT / "ARCHITECTURE.md").read_text().partition("## Reliability\n")[2].partition("\n## ")[0]
    rows = [line for line in chapter.splitlines() if line.startswith("| ")][1:]
    assert [row for row in rows if not NAMED.search(row)] == []
