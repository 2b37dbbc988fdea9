from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.counts import ErrorCounts

COUNTS = st.builds(
    ErrorCounts,
    hits=st.integers(0, 10**6),
    substitutions=st.integers(0, 10**6),
    deletions=st.integers(0, 10**6),
    insertions=st.integers(0, 10**6),
)


@given(COUNTS)
@settings(deadline=None)
def test_nothing_added_changes_nothing(counts: ErrorCounts) -> None:
    assert counts + ErrorCounts() == ErrorCounts() + counts == counts


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_order_of_adding_does_not_matter(left: ErrorCounts, right: ErrorCounts) -> None:
    assert left + right == right + left


@given(COUNTS, COUNTS, COUNTS)
@settings(deadline=None)
def test_grouping_of_adding_does_not_matter(one: ErrorCounts, two: ErrorCounts, three: ErrorCounts) -> None:
    assert (one + two) + three == one + (two + three)


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_errors_and_lengths_add(left: ErrorCounts, right: ErrorCounts) -> None:
    assert (left + right).errors == left.errors + right.errors
    assert (left + right).reference_length == left.reference_length + right.reference_length


@given(COUNTS)
@settings(deadline=None)
def test_rate_is_none_exactly_where_there_is_no_reference(counts: ErrorCounts) -> None:
    assert (counts.rate is None) == (counts.hits + counts.substitutions + counts.deletions == 0)


@given(COUNTS, COUNTS)
@settings(deadline=None)
def test_rate_of_a_sum_lies_between_the_rates(left: ErrorCounts, right: ErrorCounts) -> None:
    if left.rate is not None and right.rate is not None:
        together = (left + right).rate
        assert together is not None
        assert min(left.rate, right.rate) - 1e-12 <= together <= max(left.rate, right.rate) + 1e-12
