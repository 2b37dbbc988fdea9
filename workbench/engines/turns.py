"""Whose turn it is at the device, and whether whoever waits for it still wants it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock

_ASKS_SECONDS = 0.2
"""How soon somebody who has gone is out of the line."""

_STILL_WANTED: ContextVar[Callable[[], None] | None] = ContextVar("workbench_still_wanted", default=None)


@contextmanager
def given_up_by(check: Callable[[], None]) -> Generator[None]:
    """Inside, and in this thread, whoever waits for the device asks whether that is still wanted.

    Args:
        check: Raises where it is not.
    """
    token = _STILL_WANTED.set(check)
    try:
        yield
    finally:
        _STILL_WANTED.reset(token)


@contextmanager
def turn(lock: RLock) -> Generator[None]:
    """Hold the lock; who is not wanted any more gets no turn, and a call of theirs is not begun."""
    check = _STILL_WANTED.get()
    if check is None:
        with lock:
            yield
        return
    while not lock.acquire(timeout=_ASKS_SECONDS):
        check()
    try:
        check()
        yield
    finally:
        lock.release()
