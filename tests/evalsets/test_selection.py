"""Parts of sets and sets together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UnknownName, UsageError
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.evalsets.selection import first_items, join_sets, parse_conditions, where


def item(name: str, *, language: str = "en", **tags: str | float | bool) -> EvalItem:
    return EvalItem(id=name, audio=Path(f"/{name}.wav"), reference=name, language=language, tags=tags)


def some_set(name: str, *items: EvalItem, language: str = "en") -> EvalSet:
    return EvalSet(name=name, items=items, language=language)


SET = some_set(
    "s",
    item("a", snr_db=5, noise="hum", clean=False),
    item("b", snr_db=5, noise="babble", clean=True),
    item("c", snr_db=2.5, noise="hum", language="zh"),
    language="mixed",
)


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ({}, "abc"),
        ({"snr_db": "5"}, "ab"),
        ({"snr_db": "2.5"}, "c"),
        ({"clean": "true"}, "b"),
        ({"noise": "hum", "snr_db": "5"}, "a"),
        ({"language": "zh"}, "c"),
        ({"id": "b"}, "b"),
    ],
)
def test_where_keeps_what_meets_all_conditions(conditions: dict[str, str], ids: str) -> None:
    assert "".join(one.id for one in where(SET, conditions).items) == ids


def test_where_then_limit() -> None:
    assert [one.id for one in where(SET, {"noise": "hum"}, limit=1).items] == ["a"]


def test_a_part_of_a_mixed_set_has_the_language_of_its_items() -> None:
    assert where(SET, {"language": "zh"}).language == "zh"
    assert where(SET, {"noise": "hum"}).language == "mixed"


@pytest.mark.parametrize(
    ("conditions", "said"), [({"nois": "hum"}, "Did you mean 'noise'"), ({"noise": "hun"}, "'hum'")]
)
def test_a_condition_that_nothing_meets_names_the_nearest(conditions: dict[str, str], said: str) -> None:
    with pytest.raises(UnknownName) as caught:
        where(SET, conditions)
    assert said in caught.value.hint


def test_conditions_that_are_never_met_together() -> None:
    with pytest.raises(UsageError, match="No item of s has clean=true and noise=hum together"):
        where(SET, {"clean": "true", "noise": "hum"})


@given(st.integers(1, 5))
def test_the_first_items_are_the_first(count: int) -> None:
    assert first_items(SET, count).items == SET.items[:count]


@pytest.mark.parametrize("count", [0, -1])
def test_a_limit_below_one_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match="leaves nothing"):
        first_items(SET, count)


def test_conditions_are_read_from_texts() -> None:
    assert parse_conditions(["a=b", "c=d=e", "f="]) == {"a": "b", "c": "d=e", "f": ""}


@pytest.mark.parametrize("texts", [["a"], ["=b"], ["a=1", "a=2"]])
def test_what_is_no_condition_is_refused(texts: list[str]) -> None:
    with pytest.raises(UsageError, match="not a condition"):
        parse_conditions(texts)


def test_joined_sets_keep_every_item_apart() -> None:
    joined = join_sets([SET, some_set("t", item("a", snr_db=5))])
    assert (joined.name, joined.language) == ("s+t", "mixed")
    assert [one.id for one in joined.items] == ["s/a", "s/b", "s/c", "t/a"]
    assert [one.tags["set"] for one in joined.items] == ["s", "s", "s", "t"]
    assert [one.id for one in where(joined, {"set": "t"}).items] == ["t/a"]


def test_sets_of_one_language_join_in_it() -> None:
    assert join_sets([some_set("a", item("1")), some_set("b", item("1"))]).language == "en"


def test_one_set_joined_is_itself() -> None:
    assert join_sets([SET]) is SET


def test_two_sets_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="named 's'"):
        join_sets([SET, SET])
    with pytest.raises(UsageError, match="No set"):
        join_sets([])
