"""Several calls at once that wait for something else than this process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

Pause = Callable[[float], bool]
"""Wait for some seconds, or until the others gave up: then True, and there is no use in going on."""


def call_concurrently(call: Callable[[A, Pause], B], given: Sequence[A], *, limit: int) -> list[B]:
    """The answers in order, with at most `limit` calls at once.

    The first call that fails ends it: no other is begun, and those under way are waited for. An interrupt (Ctrl-C)
    does not wait: what is under way ends in threads of its own, and nobody looks at it.

    Args:
        call: Given one of `given` and a way to wait.
        given: What to call it with.
        limit: At least one; with one, everything happens in the caller's thread.
    """
    stop = threading.Event()
    if min(limit, len(given)) < 2:
        return [call(one, stop.wait) for one in given]
    answers: dict[int, B] = {}
    faults: list[BaseException] = []
    left = deque(range(len(given)))

    def work() -> None:
        while left and not stop.is_set():
            try:
                place = left.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                answers[place] = call(given[place], stop.wait)
            except BaseException as fault:
                faults.append(fault)
                stop.set()

    threads = [threading.Thread(target=work, daemon=True, name="call") for _ in range(min(limit, len(given)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stop.set()
    if faults:
        raise faults[0]
    return [answers[place] for place in range(len(given))]
