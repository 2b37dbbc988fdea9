"""How errors are spread: nothing is lost, nothing is counted twice, rates are of sums."""

from __future__ import annotations

from functools import reduce
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.clusters import Clusters
from workbench.scoring.counts import ErrorCounts, tally_all
from workbench.scoring.distributions import (
    DURATION_BUCKETS,
    count_durations,
    count_positions,
    count_rates,
    duration_bucket,
)
from workbench.scoring.score import align, count_all

NUMBERS = st.integers(0, 30)
COUNTS = st.builds(ErrorCounts, hits=NUMBERS, substitutions=NUMBERS, deletions=NUMBERS, insertions=NUMBERS)
TEXTS = st.text(alphabet="一二三四 ab", max_size=24)


@given(st.lists(COUNTS, max_size=40))
def test_each_clip_is_in_one_bin_and_within_its_bounds(counts: list[ErrorCounts]) -> None:
    found = count_rates(counts)
    assert sum(one.clips for one in found.bins) + found.empty_references == len(counts)
    for one in found.bins:
        rates = [count.rate for count in counts if count.rate is not None]
        low, high = -1.0 if one.above is None else one.above, float("inf") if one.up_to is None else one.up_to
        assert one.clips == sum(low < rate <= high for rate in rates)


def test_bins_are_named_by_their_upper_bound() -> None:
    def clips(errors: int, length: int) -> list[int]:
        counts = ErrorCounts(hits=max(0, length - errors), insertions=max(0, errors - length))
        counts += ErrorCounts(substitutions=min(errors, length))
        return [one.clips for one in count_rates([counts]).bins]

    assert clips(0, 7).index(1) == 0
    assert clips(1, 10).index(1) == 1
    assert clips(3, 10).index(1) == 3
    assert clips(10, 10).index(1) == 10
    assert clips(11, 10).index(1) == 11


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_tenths_add_up_to_the_corpus(texts: list[tuple[str, str]]) -> None:
    references, hypotheses = ([pair[side] for pair in texts] for side in (0, 1))
    found = count_positions([align(said, heard, "char") for said, heard in texts])
    whole = tally_all(count_all(references, hypotheses, "char"))
    assert reduce(add, (tenth.counts for tenth in found.tenths), ErrorCounts()) == whole.counts
    assert found.insertions_on_empty == whole.insertions_on_empty


def places(said: str, heard: str) -> list[int]:
    return [tenth.counts.errors for tenth in count_positions([align(said, heard, "char")]).tenths]


def test_an_error_is_in_the_tenth_where_it_happens() -> None:
    assert places("abcdefghij", "Xbcdefghij") == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert places("abcdefghij", "abcdefghi") == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert places("abcdefghij", "abcdeXXfghij") == [0, 0, 0, 0, 0, 2, 0, 0, 0, 0]
    assert places("abcdefghij", "abcdefghijXX") == [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert places("ab", "aX") == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert places("a", "X") == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_a_tenth_counts_the_clips_that_have_a_unit_there() -> None:
    found = count_positions([align("abcdefghij", "", "char"), align("ab", "ab", "char"), align("", "xy", "char")])
    assert [tenth.items for tenth in found.tenths] == [1, 1, 2, 1, 1, 1, 1, 2, 1, 1]
    assert found.tenths[0].rate == 1.0
    assert found.tenths[2].rate == 0.5
    assert found.insertions_on_empty == 2


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, "< 5 s"), (4.99, "< 5 s"), (5.0, "5–10 s"), (10.0, "10–20 s"), (19.99, "10–20 s"), (20.0, "20–30 s"),
     (29.99, "20–30 s"), (30.0, "≥ 30 s"), (7200.0, "≥ 30 s")],
)  # fmt: skip
def test_duration_buckets_meet_without_a_gap(seconds: float, bucket: str) -> None:
    assert duration_bucket(seconds) == bucket


def test_counts_of_a_bucket_are_added_and_not_averaged() -> None:
    counts = [ErrorCounts(substitutions=1), ErrorCounts(hits=9), ErrorCounts(insertions=3), ErrorCounts(deletions=4)]
    found = count_durations(counts, [1.0, 2.0, 3.0, None])
    short = found.rows[0].metric
    assert (short.rate, short.items, short.insertions_on_empty) == (0.1, 2, 3)
    assert short.ci95 is not None
    assert (found.unknown, [row.bucket for row in found.rows]) == (1, list(DURATION_BUCKETS))
    assert all(row.metric.rate is None and row.metric.ci95 is None for row in found.rows[1:])


def test_intervals_draw_whole_speakers_where_they_are_told() -> None:
    counts = [ErrorCounts(hits=9, substitutions=1), ErrorCounts(hits=5, substitutions=5)] * 6
    aligned = [align("abcdefghij", "abcdefghiX", "char"), align("abcdefghij", "abcdefghij", "char")] * 6
    together = Clusters(by="speaker", labels=(0, 1) * 6)
    for alone, drawn in (
        (count_durations(counts, [1.0] * 12).rows[0], count_durations(counts, [1.0] * 12, clusters=together).rows[0]),
    ):
        assert alone.metric.rate == drawn.metric.rate
        assert (alone.metric.clusters, drawn.metric.clusters) == (12, 2)
    last = count_positions(aligned, clusters=together).tenths[-1]
    assert (last.clusters, last.ci95) == (2, (0.0, 1.0))
    assert count_positions(aligned).tenths[-1].ci95 != (0.0, 1.0)


def test_a_length_for_each_clip() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        count_durations([ErrorCounts()], [])
