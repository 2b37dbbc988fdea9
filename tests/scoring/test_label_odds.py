"""The Bayes factor against a label, held against sums done otherwise and against what must be so."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from scipy.stats import betabinom

from workbench.scoring import label_odds
from workbench.scoring.label_odds import Evidence, weigh_labels


def clip(units: float, alike: float = 0, apart: float = 0, *, group: str = "en", part: float = 1.0) -> Evidence:
    return Evidence(group=group, units=units, alike=alike, apart=apart, open=alike * part)


USUAL = [clip(10)] * 40 + [clip(10, 1)] * 4 + [clip(12, 1, 1)] * 3 + [clip(20, 0, 2)] * 3


def odds_of(one: Evidence, *others: Evidence) -> float | None:
    return weigh_labels([one, *(others or USUAL)])[0]


def test_nothing_speaks_against_a_label_that_the_systems_have() -> None:
    assert odds_of(clip(10)) is None
    assert odds_of(clip(10, 0, 4)) is None
    assert weigh_labels([]) == []


def test_it_is_the_ratio_of_the_two_sums_of_the_formula() -> None:
    """With whole counts, scipy's beta-binomial gives both sums."""
    seen = clip(9, 3, 1)
    clips = [seen, *USUAL]
    habits = label_odds._Habits.of(clips, label_odds._Habits.of(clips, None))

    def parameters(habit: object) -> tuple[float, float]:
        mean, strength = 1 / (1 + math.exp(-habit[0])), math.exp(habit[1])  # type: ignore[index]
        return mean * strength, (1 - mean) * strength

    def right(alike: int, apart: int, units: int) -> float:
        errors = betabinom(units, *parameters(habits.errors)).pmf(alike + apart)
        return errors * betabinom(alike + apart, *parameters(habits.alike)).pmf(alike)

    wrong = sum((2.0 ** -(k + 1) + 1 / 18) * right(3 - k, 1, 9 - k) for k in (1, 2, 3))
    assert weigh_labels(clips)[0] == pytest.approx(math.log10(wrong / right(3, 1, 9)), rel=1e-9)


def test_more_agreement_against_a_label_weighs_more() -> None:
    found = [odds_of(clip(10, alike)) for alike in (1, 2, 4, 8)]
    assert None not in found
    assert found == sorted(found, key=lambda one: one or 0.0)


def test_disagreement_among_the_systems_weighs_less_than_agreement() -> None:
    alike, mixed = odds_of(clip(10, 4)), odds_of(clip(10, 4, 5))
    assert alike is not None
    assert mixed is not None
    assert mixed < alike


def test_the_same_errors_are_less_remarkable_where_such_errors_are_usual() -> None:
    hard = [clip(10, alike, apart, group="yue") for alike in range(5) for apart in range(4)] * 3
    easy = [clip(10, group="en")] * 60
    among = weigh_labels([clip(10, 3, group="yue"), clip(10, 3, group="en"), *hard, *easy])
    assert among[0] is not None
    assert among[1] is not None
    assert among[1] > among[0] + 0.5


def test_what_the_systems_do_elsewhere_too_weighs_less() -> None:
    own, usual = odds_of(clip(10, 2)), odds_of(clip(10, 2, part=0.3))
    assert own is not None
    assert usual is not None
    assert usual < own


@profile(deadline=None, max_examples=50)
@given(
    units=st.integers(1, 400),
    alike=st.floats(0, 1),
    apart=st.floats(0, 1),
    part=st.floats(0, 1),
)
def test_it_is_a_number_or_nothing(units: int, alike: float, apart: float, part: float) -> None:
    found = weigh_labels([clip(units, units * alike, units * (1 - alike) * apart, part=part), clip(5), clip(6, 1)])
    assert all(one is None or math.isfinite(one) for one in found)
