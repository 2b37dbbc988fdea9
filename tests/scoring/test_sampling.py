"""Rates estimated from a few labelled clips, drawn where systems disagree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.scoring.sampling import chances, draw_order, drawn_so_far, estimate_rate

Ints = NDArray[np.int64]


def population(seed: int, clips: int = 200) -> tuple[Ints, Ints, Ints, Ints]:
    """Units, errors of two systems that are right and wrong together in half of their errors, and where they differ."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(5, 40, clips)
    hard = np.clip(0.12 * draw.gamma(0.8, 1 / 0.8, clips), 0, 0.9) * 0.5
    both = draw.binomial(lengths, hard)
    one, other = (draw.binomial(lengths - both, hard) for _ in range(2))
    return lengths, both + one, both + other, one + other


def test_intervals_cover_the_rate_and_the_difference_of_all_clips() -> None:
    covered, covered_difference, trials = 0, 0, 400
    for trial in range(trials):
        lengths, a, b, apart = population(trial)
        chance = chances(apart, lengths)
        order = draw_order(chance, 30, seed=trial)
        rate = estimate_rate(a[order], lengths[order], chance[order])
        difference = estimate_rate((b - a)[order], lengths[order], chance[order])
        assert rate.ci95 is not None
        assert difference.ci95 is not None
        covered += rate.ci95[0] <= a.sum() / lengths.sum() <= rate.ci95[1]
        covered_difference += difference.ci95[0] <= (b - a).sum() / lengths.sum() <= difference.ci95[1]
    assert 0.90 <= covered / trials <= 0.98
    assert 0.92 <= covered_difference / trials <= 0.99


def test_drawing_where_systems_differ_tells_them_apart_better_than_drawing_evenly() -> None:
    widths = np.zeros(2)
    for trial in range(100):
        lengths, a, b, apart = population(trial)
        for place, chance in enumerate((chances(apart, lengths), np.full(len(lengths), 1 / len(lengths)))):
            order = draw_order(chance, 30, seed=trial)
            found = estimate_rate((b - a)[order], lengths[order], chance[order])
            assert found.ci95 is not None
            widths[place] += found.ci95[1] - found.ci95[0]
    assert widths[0] < 0.95 * widths[1]


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 300)), min_size=1, max_size=60),
    st.integers(0, 100),
    st.integers(0, 80),
)
@example([(5e-324, 0.0)], 0, 1)  # so little that a product with it is rounded to itself
def test_every_clip_may_be_drawn_and_more_draws_begin_like_fewer(
    clips: list[tuple[float, float]], seed: int, draws: int
) -> None:
    chance = chances([one for one, _ in clips], [one for _, one in clips])
    assert chance.sum() == pytest.approx(1.0)
    assert (chance > 0).all()
    order = draw_order(chance, draws, seed=seed)
    assert draw_order(chance, draws + 7, seed=seed)[:draws] == order
    assert all(0 <= place < len(clips) for place in order)


def test_an_estimate_rests_on_draws_without_a_gap() -> None:
    assert drawn_so_far([3, 1, 3, 2, 1], {3: "a", 1: "b"}) == [3, 1, 3]
    assert drawn_so_far([3, 1], {}) == []
    assert drawn_so_far([3, 1], {1: "x", 3: "y"}) == [3, 1]


def test_few_draws_have_no_interval_and_no_verdict() -> None:
    nine = estimate_rate([1] * 9, [10] * 9, [0.01] * 9)
    assert nine.value == pytest.approx(0.1)
    assert (nine.ci95, nine.p_value, nine.verdict) == (None, None, "no difference shown")
    assert estimate_rate([0] * 12, [0] * 12, [0.01] * 12).value is None
    steady = estimate_rate([-1] * 12, [10] * 12, [0.01] * 12)
    assert steady.verdict == "better"
    assert estimate_rate([0] * 12, [10] * 12, [0.01] * 12).verdict == "no difference shown"
