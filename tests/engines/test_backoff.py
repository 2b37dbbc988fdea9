from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.backoff import LONGEST_ASKED_SECONDS, Backoff, read_retry_after


@given(tries=st.integers(1, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_the_longest_and_are_drawn_from_all_below(tries: int, draw: float) -> None:
    backoff = Backoff(first_seconds=0.5, longest_seconds=30, draw=lambda: draw)
    limit = min(30.0, 0.5 * 2.0 ** min(tries - 1, 60))
    assert backoff.seconds(tries) == pytest.approx(draw * limit)


def test_the_same_seed_waits_the_same() -> None:
    one, other = (Backoff(draw=random.Random(7).random) for _ in range(2))
    waits = [one.seconds(tries) for tries in range(1, 6)]
    assert waits == [other.seconds(tries) for tries in range(1, 6)]
    assert len(set(waits)) == 5


@pytest.mark.parametrize(
    ("asked", "seconds"), [("0", 0.0), ("7", 7.0), (" 7 ", 7.0), ("9" * 400, LONGEST_ASKED_SECONDS)]
)
def test_what_the_server_asks_for_is_waited_within_bounds(asked: str, seconds: float) -> None:
    assert Backoff(draw=lambda: 0.0).seconds(1, asked) == seconds
    assert Backoff(first_seconds=0.5, draw=lambda: 0.9).seconds(9, asked) == seconds + 0.45


@pytest.mark.parametrize("asked", [None, "", "soon", "-1", "1.5", "٣", "Wed, 99 Nov 2026 99:99:99 GMT"])
def test_what_makes_no_sense_is_not_waited(asked: str | None) -> None:
    assert read_retry_after(asked) is None
    assert Backoff(first_seconds=1, draw=lambda: 0.25).seconds(2, asked) == 0.5


def test_a_date_is_waited_for_and_one_gone_by_is_not() -> None:
    now = datetime.now(UTC)
    asked = read_retry_after(format_datetime(now + timedelta(seconds=60), usegmt=True))
    assert asked is not None
    assert 50 < asked <= 60
    assert read_retry_after(format_datetime(now - timedelta(days=1), usegmt=True)) == 0.0
