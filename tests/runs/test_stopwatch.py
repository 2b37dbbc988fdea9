"""Time that counts where several work at once."""

from __future__ import annotations

import threading
import time

import pytest

from workbench.runs.stopwatch import Stopwatch


def test_blocks_at_the_same_time_count_once() -> None:
    watch = Stopwatch(1.0)

    def work() -> None:
        with watch.running():
            time.sleep(0.1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    assert 1.0 < watch.seconds < 1.1  # one that is under way is counted so far
    for thread in threads:
        thread.join()
    time.sleep(0.05)
    assert watch.seconds == pytest.approx(1.1, abs=0.04)
