from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.scoring.interval import (
    bootstrap_rate,
    paired_difference,
    permutation_p_value,
    utterances_needed,
    verdict,
)

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


def draw_speakers(generator: np.random.Generator, speakers: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Errors, lengths and speakers: 15 % on the whole, and a speaker's utterances are as hard as the speaker."""
    labels = np.repeat(np.arange(speakers), 12)
    lengths = generator.integers(3, 30, len(labels))
    return generator.binomial(lengths, generator.beta(2.8, 15.87, speakers)[labels]), lengths, labels.tolist()


class TestClusters:
    @given(ERRORS, ERRORS, LENGTHS)
    @settings(deadline=None, max_examples=25)
    def test_clusters_of_one_are_utterances(self, first: np.ndarray, second: np.ndarray, lengths: np.ndarray) -> None:
        alone = list(range(12))
        assert bootstrap_rate(first, lengths, clusters=alone, resamples=99) == bootstrap_rate(
            first, lengths, resamples=99
        )
        assert paired_difference(first, second, lengths, clusters=alone, resamples=99) == paired_difference(
            first, second, lengths, resamples=99
        )
        assert utterances_needed(first, second, lengths, clusters=alone) == utterances_needed(first, second, lengths)

    @given(ERRORS, ERRORS, LENGTHS)
    @settings(deadline=None, max_examples=25)
    def test_a_cluster_counts_as_the_utterance_that_its_sums_make(
        self, first: np.ndarray, second: np.ndarray, lengths: np.ndarray
    ) -> None:
        labels = np.arange(12) // 3
        spoken = lengths > 0
        sums = [np.bincount(labels, np.where(spoken, one, 0), 4).astype(int) for one in (first, second, lengths)]
        whole = paired_difference(*sums, resamples=99)
        clustered = paired_difference(first, second, lengths, clusters=labels.tolist(), resamples=99)
        assert (clustered.delta, clustered.ci95, clustered.p_value, clustered.units) == (
            whole.delta,
            whole.ci95,
            whole.p_value,
            whole.units,
        )
        assert clustered.wins + clustered.losses + clustered.ties == spoken.sum()
        assert bootstrap_rate(first, lengths, clusters=labels.tolist(), resamples=99) == bootstrap_rate(
            sums[0], sums[2], resamples=99
        )

    def test_names_and_order_of_clusters_do_not_matter(self) -> None:
        errors, lengths, speakers = draw_speakers(np.random.default_rng(0), 9)
        renamed = [100 - 7 * speaker for speaker in speakers]
        assert bootstrap_rate(errors, lengths, clusters=speakers) == bootstrap_rate(
            errors[::-1], lengths[::-1], clusters=renamed[::-1]
        )

    def test_whole_speakers_are_swapped(self) -> None:
        # One speaker is 100 times one error better, five are no different: by utterance that cannot be chance.
        first, second = np.array([1] * 100 + [1] * 500), np.array([0] * 100 + [1] * 500)
        lengths, speakers = np.full(600, 10), np.repeat(np.arange(6), 100).tolist()
        by_speaker = paired_difference(first, second, lengths, clusters=speakers)
        assert (by_speaker.p_value, by_speaker.units, by_speaker.wins) == (1.0, 6, 100)
        by_utterance = permutation_p_value(first, second, lengths)
        assert by_utterance is not None
        assert by_utterance < 0.001

    def test_five_speakers_show_nothing_and_six_may(self) -> None:
        for speakers, shown in ((5, False), (6, True)):
            labels = np.repeat(np.arange(speakers), 40).tolist()
            ones = np.ones(len(labels), int)
            p_value = permutation_p_value(ones, 0 * ones, 10 * ones, clusters=labels)
            assert p_value == pytest.approx(2 / 2**speakers, abs=0.008)
            assert (p_value < 0.05) == shown
            assert utterances_needed(ones, 0 * ones, 10 * ones, clusters=labels) == 6

    def test_intervals_of_speakers_cover_where_those_of_utterances_do_not(self) -> None:
        generator = np.random.default_rng(41)
        trials, by_speaker, by_utterance = 250, 0, 0
        for trial in range(trials):
            errors, lengths, speakers = draw_speakers(generator, 30)
            wide = bootstrap_rate(errors, lengths, clusters=speakers, resamples=300, seed=trial)
            narrow = bootstrap_rate(errors, lengths, resamples=300, seed=trial)
            assert wide is not None
            assert narrow is not None
            by_speaker += wide[0] <= 0.15 <= wide[1]
            by_utterance += narrow[0] <= 0.15 <= narrow[1]
        assert by_speaker / trials >= 0.89
        assert by_utterance / trials <= 0.75

    def test_more_speakers_are_needed_than_there_would_be_with_independent_utterances(self) -> None:
        errors, lengths, speakers = draw_speakers(np.random.default_rng(6), 30)
        better = np.maximum(errors - (np.array(speakers) < 3), 0)
        by_speaker = utterances_needed(errors, better, lengths, clusters=speakers)
        by_utterance = utterances_needed(errors, better, lengths)
        assert by_speaker is not None
        assert by_utterance is not None
        assert 12 * by_speaker > 2 * by_utterance

    def test_labels_for_other_utterances_are_refused(self) -> None:
        with pytest.raises(ValueError, match="same length"):
            bootstrap_rate(np.array([1, 2]), np.array([3, 3]), clusters=[0])


def test_drawing_by_kind_and_drawing_one_by_one_agree() -> None:
    # Multiplied errors are the same corpus in other units, but too many kinds to draw by kind.
    generator = np.random.default_rng(12)
    errors = generator.integers(0, 3, 4000)
    few_kinds = bootstrap_rate(errors, np.full(4000, 10))
    shifted = bootstrap_rate(1000 * errors + np.arange(4000) % 400, np.full(4000, 10_000))
    assert few_kinds is not None
    assert shifted is not None
    assert shifted == pytest.approx(np.add(few_kinds, 199.5 / 10_000), abs=0.0008)


def test_ten_thousand_resamples_of_ten_thousand_utterances_take_about_a_second() -> None:
    errors, lengths = draw_corpus(np.random.default_rng(5), 10_000)
    other = np.maximum(errors - np.random.default_rng(6).integers(-1, 2, 10_000), 0)
    started = time.process_time()
    bootstrap_rate(1000 * errors + np.arange(10_000), 1000 * lengths)  # all utterances differ: the slowest case
    assert time.process_time() - started < 2.5
    started = time.process_time()
    paired_difference(errors, other, lengths)
    assert time.process_time() - started < 2.5


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
