from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.concurrent_calls import Pause, call_concurrently


@given(st.lists(st.integers(), max_size=20), st.integers(1, 6))
def test_is_map_whatever_the_limit(given: list[int], limit: int) -> None:
    assert call_concurrently(lambda one, _: one * 2, given, limit=limit) == [one * 2 for one in given]


def test_as_many_at_once_as_allowed() -> None:
    meet = threading.Barrier(3, timeout=5)  # broken unless three are there together
    assert call_concurrently(lambda one, _: (meet.wait(), one)[1], list(range(9)), limit=3) == list(range(9))


def test_the_first_failure_ends_waiting_and_begins_nothing_new() -> None:
    begun: list[int] = []

    def call(one: int, pause: Pause) -> int:
        begun.append(one)
        if one == 1:
            raise ValueError("the first to fail")
        if pause(30):
            raise RuntimeError("gave up, since another had failed")
        return one

    began = time.monotonic()
    with pytest.raises(ValueError, match="the first to fail"):
        call_concurrently(call, list(range(50)), limit=2)
    assert time.monotonic() - began < 10
    assert sorted(begun) == [0, 1]
