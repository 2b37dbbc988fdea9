"""Time that counts, and time that does not."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager


class Stopwatch:
    """Adds up the seconds spent in `running` blocks.

    Args:
        seconds: What had been counted before.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    @contextmanager
    def running(self) -> Generator[None]:
        """Count the block, however it ends."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start
