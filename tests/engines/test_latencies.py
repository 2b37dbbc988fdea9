from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.latencies import RequestLog

SECONDS = st.lists(st.floats(0, 5_000), min_size=1, max_size=60)


def logged(seconds: list[float]) -> RequestLog:
    log = RequestLog()
    for one in seconds:
        log._add(one)
    return log


@given(SECONDS, st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_quantiles_are_at_most_five_percent_too_high(seconds: list[float], share: float) -> None:
    figures = logged(seconds).take()
    exact = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    found = figures.quantile(share)
    assert found is not None
    assert exact * (1 - 1e-9) <= found <= max(exact, 0.001) * 1.0500001
    assert figures.longest_seconds == max(seconds)
    assert figures.answers == len(seconds)


def test_nothing_asked_is_nothing_said() -> None:
    figures = RequestLog().take()
    assert figures.quantile(0.5) is None
    assert figures.sentences("x") == ()


def test_what_breaks_off_is_no_answer() -> None:
    log = RequestLog()
    with pytest.raises(ZeroDivisionError), log.request():
        raise ZeroDivisionError
    log.repeat("status 429")
    log.repeat("a broken connection")
    log.repeat("status 429")
    figures = log.take()
    assert (figures.answers, figures.most_at_once) == (0, 1)
    assert figures.sentences("http://127.0.0.1/v1") == (
        "3 requests to http://127.0.0.1/v1 were sent again: 1 after a broken connection, 2 after status 429.",
    )


def test_a_sentence_has_the_figures() -> None:
    (said,) = logged([0.1] * 98 + [1.0, 2.0]).take().sentences("here")
    assert said == (
        "100 answers from here: 50% within 0.10 s, 90% within 0.10 s, 99% within 1.02 s, "
        "the slowest in 2.00 s; at most 0 requests at once."
    )


def test_threads_lose_nothing() -> None:
    log, gate = RequestLog(), threading.Barrier(8)

    def work() -> None:
        gate.wait()
        for _ in range(200):
            with log.request():
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures = log.take()
    assert figures.answers == 1600
    assert 1 <= figures.most_at_once <= 8
    assert log.take().answers == 0
