"""Stop and Run without a browser: which click's work is asked to stop, and what the page says of it."""

from __future__ import annotations

import copy
from collections.abc import Generator

from workbench.ui.stopping import Attempt, Stop, until_stopped


def test_a_stop_is_of_the_newest_click_alone() -> None:
    stop = Stop()
    stop.begin()
    first = stop.take()
    assert stop.ask(), "it had begun, and will say itself that it has stopped"
    assert (first.asked, first.over) == (True, False)
    stop.begin()
    second = stop.take()
    assert (second.asked, second.over) == (False, False)
    assert first.asked, "a new click does not take the stop back"


def test_what_waits_is_over_at_once_and_a_new_click_counts() -> None:
    stop = Stop()
    stop.begin()
    assert not stop.ask()
    stop.begin()
    waited, works = stop.take(), stop.take()
    assert (waited.asked, waited.over) == (True, True)
    assert (works.asked, works.over) == (False, False)


def test_nothing_to_do_leaves_later_clicks_alone() -> None:
    stop = Stop()
    stop.begin(over=True)
    stop.begin()
    assert stop.take().over
    assert not stop.take().asked


def test_each_visitor_has_a_state_of_his_own() -> None:
    one = Stop()
    other = copy.deepcopy(one)  # as gradio does at the beginning of a visit
    one.begin()
    assert other.waiting == []


def test_events_end_with_the_one_that_is_worked_on_and_the_work_is_closed() -> None:
    closed: list[bool] = []

    def work() -> Generator[int, None, None]:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    attempt, seen = Attempt(), list[int]()
    for number in until_stopped(work(), attempt):
        seen.append(number)
        attempt.asked = number == 3
    assert (seen, closed) == ([0, 1, 2, 3], [True])
    assert list(until_stopped(work(), Attempt(asked=True))) == []
    assert list(until_stopped(work(), Attempt())) == list(range(10))
