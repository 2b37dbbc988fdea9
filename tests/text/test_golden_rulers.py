"""Pairs that must, and pairs that must not, become equal (tests/golden/rulers.tsv)."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from workbench.text.rulers import find_ruler, list_rulers

TABLE = Path(__file__).parents[1] / "golden" / "rulers.tsv"


class Row(NamedTuple):
    ruler: str
    relation: str
    left: str
    right: str
    why: str


def unescape(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)


def read_rows() -> list[Row]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [Row(*map(unescape, line.split("\t"))) for line in lines[1:]]


ROWS = read_rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.ruler}-{row.relation}-{row.why}" for row in ROWS])
def test_pair_is_equal_or_different_as_the_table_says(row: Row) -> None:
    ruler = find_ruler(row.ruler)
    left, right = ruler.apply(row.left), ruler.apply(row.right)
    assert (left == right) == (row.relation == "equal"), f"{left!r} and {right!r}"


@pytest.mark.parametrize("name", ["yue", "mixed"])
def test_what_zh_makes_equal_is_equal_under_the_rulers_made_of_it(name: str) -> None:
    ruler = find_ruler(name)
    known = [row for row in ROWS if (row.ruler, row.relation) == ("zh", "equal")]
    assert [row for row in known if ruler.apply(row.left) != ruler.apply(row.right)] == []


def test_no_pair_is_trivial() -> None:
    assert [row for row in ROWS if row.left == row.right] == []


def test_table_is_large_enough_and_knows_every_ruler() -> None:
    counted = Counter(row.relation for row in ROWS)
    assert counted["equal"] >= 300
    assert counted["different"] >= 150
    assert {row.ruler for row in ROWS} == {ruler.name for ruler in list_rulers()}
