from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.hallucination import (
    FEWEST_REPEATS,
    FEWEST_UNITS,
    Hallucinations,
    Loop,
    find_loop,
    look_for_hallucinations,
    shortest_seconds,
)

UNITS = st.lists(st.sampled_from("abc"), max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("鹅鹅鹅曲项向天歌", None),
        ("bye bye bye", None),
        ("哈哈哈哈哈哈哈哈", Loop(pattern=("哈",), repeats=8, start=0)),
        ("xabcabcabcy", Loop(pattern=("a", "b", "c"), repeats=3, start=1)),
        ("xabcabcaby", None),  # two and a bit
        ("abcdeabcde", None),  # said twice
        ("ababab", None),  # three times, but short
        ("aaaaaaaaabcdbcdbcdbcd", Loop(pattern=("b", "c", "d"), repeats=4, start=9)),
    ],
)
def test_loops(text: str, expected: Loop | None) -> None:
    units = text.split() if " " in text else list(text)
    assert find_loop(units) == expected


@given(UNITS)
@settings(max_examples=300, deadline=None)
def test_a_loop_is_there_and_none_is_larger(units: list[str]) -> None:
    found = find_loop(units)
    if found:
        assert units[found.start : found.start + found.units] == list(found.pattern) * found.repeats
    largest = max(
        (
            size * repeats
            for size in range(1, len(units) // FEWEST_REPEATS + 1)
            for repeats in range(FEWEST_REPEATS, len(units) // size + 1)
            if size * repeats >= FEWEST_UNITS
            for start in range(len(units) - size * repeats + 1)
            if units[start : start + size * repeats] == units[start : start + size] * repeats
        ),
        default=0,
    )
    assert (found.units if found else 0) == largest


def test_long_text_is_looked_through_in_time() -> None:
    assert find_loop(["a", "b"] * 5000) == Loop(pattern=("a", "b"), repeats=5000, start=0)


def test_signs_of_one_clip() -> None:
    assert look_for_hallucinations([], ["thank", "you"], 5.0) == Hallucinations(
        clips=1, empty_references=1, empty_with_text=1, insertions_on_empty=2, timed=1
    )
    assert look_for_hallucinations([], []) == Hallucinations(clips=1, empty_references=1)
    assert look_for_hallucinations(["好"], ["好"] * 10, 0.9) == Hallucinations(
        clips=1, loops=1, looped_units=9, timed=1, too_long=1
    )
    assert look_for_hallucinations(["哈"] * 9, ["哈"] * 10).loops == 0  # it was said so


def test_time_is_by_script() -> None:
    assert shortest_seconds(["好", "好", "api"]) == pytest.approx(0.325)


@given(st.lists(st.tuples(UNITS, UNITS, st.none() | st.floats(0.1, 60)), max_size=5))
@settings(max_examples=60, deadline=None)
def test_clips_add(clips: list[tuple[list[str], list[str], float | None]]) -> None:
    total = sum((look_for_hallucinations(*clip) for clip in clips), Hallucinations())
    assert total.clips == len(clips)
    assert total.timed == sum(clip[2] is not None for clip in clips)
    assert total.empty_with_text <= total.empty_references <= total.clips
    assert total.insertions_on_empty == sum(len(clip[1]) for clip in clips if not clip[0])
