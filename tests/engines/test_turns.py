"""The line for the device: who still wants a turn has it, who does not is out."""

from __future__ import annotations

import threading
import time

import pytest

from workbench.engines.turns import given_up_by, turn


class Gone(Exception):
    """Of a client."""


def leave() -> None:
    raise Gone


def test_a_turn_is_exclusive_with_and_without_a_check() -> None:
    lock, inside, most = threading.RLock(), [0], [0]

    def work(checked: bool) -> None:
        for _ in range(20):
            if checked:
                with given_up_by(lambda: None), turn(lock):
                    stay()
            else:
                with turn(lock):
                    stay()

    def stay() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.0005)
        inside[0] -= 1

    threads = [threading.Thread(target=work, args=(checked,)) for checked in (True, False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside[0], most[0]) == (0, 1)


def test_who_has_gone_gets_no_turn_and_leaves_the_lock_to_others() -> None:
    lock = threading.RLock()
    with given_up_by(leave), pytest.raises(Gone), turn(lock):
        raise AssertionError("there was no turn")
    taken = []
    other = threading.Thread(target=lambda: taken.append(lock.acquire(timeout=1)))
    other.start()
    other.join()
    assert taken == [True]


def test_who_has_gone_does_not_wait_for_another_s_turn_to_end() -> None:
    lock, waited = threading.RLock(), []

    def wait() -> None:
        began = time.monotonic()
        with given_up_by(leave), pytest.raises(Gone), turn(lock):
            raise AssertionError("there was no turn")
        waited.append(time.monotonic() - began)

    with lock:
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join(timeout=10)
    assert len(waited) == 1
    assert waited[0] < 1.0


def test_outside_nobody_asks() -> None:
    with given_up_by(leave):
        pass
    with turn(threading.RLock()):
        pass
