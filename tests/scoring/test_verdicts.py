"""Differences in a sentence."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.verdicts import count_more, say_difference, say_points, say_units

SAME = "no difference shown"


def test_a_difference_that_is_not_shown_says_what_would_show_it() -> None:
    said = say_difference(-0.001, (-0.009, 0.007), SAME, more_needed=412)
    assert said == "no difference shown (−0.1 points, −0.9 … +0.7; about 410 more clips would be needed to show it)"
    said = say_difference(-0.001, (-0.009, 0.007), SAME, more_needed=1, cluster_by="speaker")
    assert said.endswith("about 1 more speaker would be needed to show it)")
    said = say_difference(-0.001, (-0.009, 0.007), SAME, more_needed=1_234_567)
    assert "about 1,200,000 more clips" in said


def test_a_difference_that_is_shown_says_how_large_it_is() -> None:
    assert say_difference(-0.0231, (-0.031, -0.0144), "better") == "better (−2.3 points, −3.1 … −1.4)"
    assert say_difference(0.0004, (0.0002, 0.0006), "worse") == "worse (+0.04 points, +0.02 … +0.06)"


def test_what_is_undefined_is_said_in_words() -> None:
    assert say_difference(None, None, SAME) == "no difference shown (nothing was said in these clips)"
    assert say_difference(0.0, None, SAME) == "no difference shown (0.0 points, no interval)"


@given(st.floats(-2, 2))
def test_points_round_trip_and_zero_has_no_sign(delta: float) -> None:
    said = say_points(delta)
    value = float(said.replace("−", "-"))
    assert value == pytest.approx(100 * delta, abs=0.0501 if abs(delta) >= 0.00095 else 0.00501)
    assert re.fullmatch(r"[+−]\d+\.\d{1,2}|0\.0", said)
    if value == 0:
        assert said == "0.0"


def test_more_is_only_named_where_it_is_wanting() -> None:
    assert count_more(400, 100, SAME) == 300
    assert count_more(400, 100, "better") is None
    assert count_more(80, 100, SAME) is None
    assert count_more(None, 100, SAME) is None


def test_one_of_many_comparisons_needs_more() -> None:
    # Of five, each is held against 0.01: ((2.576 + 0.842) / (1.960 + 0.842))² = 1.488.
    assert count_more(1000, 500, SAME, among=5) == pytest.approx(1488 - 500, abs=2)
    # Seven speakers cannot show anything at 0.01, though three would seem to do: 2 / 2⁷ is 0.0156.
    assert count_more(3, 7, SAME, among=5) == 1


def test_units_have_names() -> None:
    assert (say_units(1, "utterance"), say_units(12, "speaker"), say_units(2, "recording")) == (
        "1 clip",
        "12 speakers",
        "2 recordings",
    )
