from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.scoring.interval import bootstrap_rate, paired_difference, utterances_needed, verdict

ERRORS = arrays(np.int64, 12, elements=st.integers(0, 9))
LENGTHS = arrays(np.int64, 12, elements=st.integers(0, 20))


def draw_corpus(generator: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Utterances of uneven length whose error rates differ from one to the next, 15 % on the whole."""
    lengths = generator.integers(3, 30, size)
    return generator.binomial(lengths, generator.beta(3, 17, size)), lengths


class TestRate:
    @given(ERRORS, LENGTHS)
    @settings(deadline=None, max_examples=40)
    def test_lies_within_the_utterances_rates(self, errors: np.ndarray, lengths: np.ndarray) -> None:
        interval = bootstrap_rate(errors, lengths, resamples=200)
        rates = errors[lengths > 0] / lengths[lengths > 0]
        if len(rates) < 2:
            assert interval is None
        else:
            assert interval is not None
            assert rates.min() <= interval[0] <= interval[1] <= rates.max() + 1e-12

    def test_is_none_where_it_cannot_be(self) -> None:
        nothing = np.array([], dtype=np.int64)
        assert bootstrap_rate(nothing, nothing) is None
        assert bootstrap_rate(np.array([1]), np.array([5])) is None
        assert bootstrap_rate(np.array([1, 2, 3]), np.array([0, 0, 4])) is None

    def test_equal_utterances_leave_no_doubt(self) -> None:
        assert bootstrap_rate(np.full(9, 2), np.full(9, 8)) == (0.25, 0.25)

    def test_empty_references_do_not_move_it(self) -> None:
        errors, lengths = draw_corpus(np.random.default_rng(0), 40)
        padded = bootstrap_rate(np.append(errors, [9, 9]), np.append(lengths, [0, 0]))
        assert padded == bootstrap_rate(errors, lengths)

    def test_order_of_utterances_does_not_matter_and_seed_does(self) -> None:
        errors, lengths = draw_corpus(np.random.default_rng(0), 60)
        assert bootstrap_rate(errors, lengths, seed=1) == bootstrap_rate(errors[::-1], lengths[::-1], seed=1)
        assert bootstrap_rate(errors, lengths, seed=1) != bootstrap_rate(errors, lengths, seed=2)

    def test_agrees_with_scipy(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        errors, lengths = draw_corpus(np.random.default_rng(3), 80)
        theirs = stats.bootstrap(
            (errors, lengths),
            lambda above, below, axis: above.sum(axis=axis) / below.sum(axis=axis),
            paired=True, method="percentile", n_resamples=10_000, rng=np.random.default_rng(0),
        ).confidence_interval  # fmt: skip
        assert bootstrap_rate(errors, lengths) == pytest.approx(tuple(theirs), abs=0.002)

    def test_covers_the_truth_about_as_often_as_it_says(self) -> None:
        generator = np.random.default_rng(11)
        trials, covered = 400, 0
        for trial in range(trials):
            interval = bootstrap_rate(*draw_corpus(generator, 100), resamples=500, seed=trial)
            assert interval is not None
            covered += interval[0] <= 0.15 <= interval[1]
        assert 0.91 <= covered / trials <= 0.98

    def test_ten_thousand_utterances_fit_time_and_memory(self) -> None:
        errors, lengths = draw_corpus(np.random.default_rng(5), 10_000)
        started = time.perf_counter()
        interval = bootstrap_rate(errors, lengths)
        assert time.perf_counter() - started < 10
        assert interval is not None
        assert 0 < interval[1] - interval[0] < 0.01

    def test_lists_of_unequal_length_are_refused(self) -> None:
        with pytest.raises(ValueError, match="same length"):
            bootstrap_rate(np.array([1, 2]), np.array([3]))


class TestPairedDifference:
    @given(ERRORS, ERRORS, LENGTHS)
    @settings(deadline=None, max_examples=40)
    def test_turns_round_with_the_systems(self, first: np.ndarray, second: np.ndarray, lengths: np.ndarray) -> None:
        there = paired_difference(first, second, lengths, resamples=200)
        back = paired_difference(second, first, lengths, resamples=200)
        assert (there.wins, there.losses, there.ties) == (back.losses, back.wins, back.ties)
        assert there.wins + there.losses + there.ties == (lengths > 0).sum()
        assert there.p_value == back.p_value
        if there.delta is None:
            assert back.delta is None
        else:
            assert there.delta == -(back.delta or 0)

    def test_known_numbers(self) -> None:
        result = paired_difference(np.array([2, 3, 1, 0]), np.array([1, 3, 0, 1]), np.array([10, 10, 5, 5]))
        assert (result.wins, result.losses, result.ties) == (2, 1, 1)
        assert result.delta == pytest.approx(-1 / 30)
        assert result.ci95 is not None

    def test_the_same_system_shows_no_difference(self) -> None:
        errors, lengths = draw_corpus(np.random.default_rng(0), 50)
        result = paired_difference(errors, errors, lengths)
        assert (result.delta, result.ci95, result.p_value) == (0, (0, 0), 1)
        assert verdict(result.delta, result.ci95, result.p_value) == "no difference shown"

    def test_without_a_reference_nothing_is_said(self) -> None:
        result = paired_difference(np.array([1]), np.array([2]), np.array([0]))
        assert (result.delta, result.ci95, result.p_value, result.ties) == (None, None, None, 0)
        assert verdict(result.delta, result.ci95, result.p_value) == "no difference shown"

    def test_p_value_is_never_zero(self) -> None:
        worse = paired_difference(np.zeros(200, int), np.full(200, 3), np.full(200, 10), resamples=999)
        assert worse.p_value == 1 / 1000
        assert verdict(worse.delta, worse.ci95, worse.p_value) == "worse"

    def test_p_value_of_few_utterances_can_be_counted_out(self) -> None:
        # Of the 8 ways to sign 1, 2 and 3, only +++ and −−− are as far from zero as 6.
        result = paired_difference(np.zeros(3, int), np.array([1, 2, 3]), np.full(3, 9), resamples=40_000)
        assert result.p_value == pytest.approx(2 / 8, abs=0.01)

    def test_agrees_with_scipy(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        generator = np.random.default_rng(8)
        first, lengths = draw_corpus(generator, 60)
        second = np.maximum(first - generator.integers(-2, 4, 60), 0)
        theirs = stats.permutation_test(
            (second - first,), lambda values, axis: values.sum(axis=axis),
            permutation_type="samples", vectorized=True, n_resamples=20_000, rng=np.random.default_rng(0),
        )  # fmt: skip
        ours = paired_difference(first, second, lengths, resamples=20_000)
        assert 0.001 < theirs.pvalue < 0.3
        assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.01)

    def test_null_is_rejected_about_as_often_as_allowed(self) -> None:
        generator = np.random.default_rng(17)
        trials, rejected = 500, 0
        for trial in range(trials):
            lengths = generator.integers(3, 30, 60)
            hardness = generator.beta(3, 17, 60)  # both systems fail at the same utterances, as systems do
            first, second = generator.binomial(lengths, hardness), generator.binomial(lengths, hardness)
            result = paired_difference(first, second, lengths, resamples=500, seed=trial)
            assert result.p_value is not None
            rejected += result.p_value < 0.05
        assert 0.025 <= rejected / trials <= 0.08

    def test_interval_of_the_difference_covers_it(self) -> None:
        generator = np.random.default_rng(23)
        trials, covered = 300, 0
        for trial in range(trials):
            lengths = generator.integers(3, 30, 100)
            hardness = generator.beta(3, 17, 100)
            first, second = generator.binomial(lengths, hardness), generator.binomial(lengths, hardness * 0.8)
            result = paired_difference(first, second, lengths, resamples=500, seed=trial)
            assert result.ci95 is not None
            covered += result.ci95[0] <= -0.03 <= result.ci95[1]
        assert 0.91 <= covered / trials <= 0.985

    def test_a_clear_improvement_is_called_better(self) -> None:
        generator = np.random.default_rng(2)
        first, lengths = draw_corpus(generator, 300)
        result = paired_difference(first, generator.binomial(first, 0.5), lengths)
        assert verdict(result.delta, result.ci95, result.p_value) == "better"


class TestUtterancesNeeded:
    def test_as_many_show_the_difference_four_times_in_five(self) -> None:
        generator = np.random.default_rng(31)

        def run_both(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            lengths = generator.integers(3, 30, size)
            hardness = generator.beta(3, 17, size)
            return generator.binomial(lengths, hardness), generator.binomial(lengths, 0.7 * hardness), lengths

        needed = utterances_needed(*run_both(20_000))
        assert needed is not None
        assert 20 < needed < 500
        trials, shown = 300, 0
        for trial in range(trials):
            p_value = paired_difference(*run_both(needed), resamples=400, seed=trial).p_value
            shown += p_value is not None and p_value < 0.05
        assert 0.72 <= shown / trials <= 0.88

    def test_is_none_where_nothing_can_be_said(self) -> None:
        assert utterances_needed(np.array([1, 2]), np.array([2, 1]), np.array([9, 9])) is None
        assert utterances_needed(np.array([1]), np.array([2]), np.array([9])) is None
        assert utterances_needed(np.array([1, 2]), np.array([2, 3]), np.array([0, 0])) is None

    def test_the_clearer_the_fewer(self) -> None:
        errors, lengths = draw_corpus(np.random.default_rng(4), 200)
        little = utterances_needed(errors, np.maximum(errors - (np.arange(200) % 5 == 0), 0), lengths)
        much = utterances_needed(errors, np.maximum(errors - 1, 0), lengths)
        assert little is not None
        assert much is not None
        assert much < little


@pytest.mark.parametrize(
    ("delta", "ci95", "p_value", "expected"),
    [
        (-0.02, (-0.03, -0.01), 0.01, "better"),
        (0.02, (0.01, 0.03), 0.01, "worse"),
        (-0.02, (-0.03, 0.001), 0.01, "no difference shown"),
        (-0.02, (-0.03, -0.01), 0.05, "no difference shown"),
        (0.0, (0.0, 0.0), 1.0, "no difference shown"),
        (-0.02, None, 0.01, "no difference shown"),
        (-0.02, (-0.03, -0.01), None, "no difference shown"),
        (None, None, None, "no difference shown"),
    ],
)
def test_verdict_needs_interval_and_test(delta, ci95, p_value, expected: str) -> None:
    assert verdict(delta, ci95, p_value) == expected
