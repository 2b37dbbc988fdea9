"""Figures as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ui import format as written

FINITE = st.floats(min_value=0, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (7.324, "7.32 s"),
        (59.99, "59.99 s"),
        (59.996, "1:00.00"),
        (723.456, "12:03.46"),
        (3723.4, "1:02:03.40"),
    ],
)
def test_a_duration_is_told_to_a_hundredth_of_a_second(seconds: float, text: str) -> None:
    assert written.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [(0, 0, "0:00"), (59.96, 1, "1:00.0"), (3599.99, 1, "1:00:00.0"), (754.25, 2, "12:34.25"), (3600, 0, "1:00:00")],
)
def test_a_position_carries_over_to_minutes_and_hours(seconds: float, decimals: int, text: str) -> None:
    assert written.clock(seconds, decimals=decimals) == text


@given(FINITE)
def test_a_duration_can_be_read_back_to_a_hundredth(seconds: float) -> None:
    text = written.duration(seconds).removesuffix(" s")
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    assert total == pytest.approx(seconds, abs=0.0051)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 kB"),
        (4_200, "4 kB"),
        (411_600_000, "412 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.0 GB"),
        (3_140_000_000, "3.1 GB"),
    ],
)
def test_memory_is_told_in_decimal_units(value: int, text: str) -> None:
    assert written.memory(value) == text


def test_what_was_not_measured_is_a_dash_and_never_a_number() -> None:
    for view in (
        written.seconds,
        written.clock,
        written.duration,
        written.memory,
        written.factor,
        written.speed,
        written.rate,
        written.points,
        written.count,
    ):
        assert view(None) == "–"
    assert written.rate_interval(None, (0.1, 0.2)) == "–"
    assert written.rate_interval(0.5, None) == "50.0 %"


def test_rates_and_differences_carry_percent_and_sign() -> None:
    assert written.rate(1.25) == "125.0 %"
    assert written.rate_interval(0.1234, (0.098, 0.151)) == "12.3 % (9.8 – 15.1)"
    assert [written.points(value) for value in (0.014, -0.014, 0.0004, -0.0004)] == ["+1.4", "−1.4", "0.0", "0.0"]


def test_speed_is_the_inverse_of_the_real_time_factor() -> None:
    assert written.speed(0.25) == "4.0 × real time"
    assert written.speed(0.01) == "100 × real time"
    assert written.factor(0.1564) == "0.156"


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (75, "75 s"), (170, "3 min"), (4800, "1 h 20 min")])
def test_a_wait_is_told_roughly(seconds: float, text: str) -> None:
    assert written.about(seconds) == text
