"""Time that counts, and time that does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager


class Stopwatch:
    """The seconds in which at least one `running` block was under way, in whichever threads.

    Args:
        seconds: What had been counted before.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._counted = seconds
        self._running = 0
        self._since = 0.0
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Counted so far, blocks that are under way included."""
        with self._lock:
            return self._counted + (time.perf_counter() - self._since if self._running else 0.0)

    @contextmanager
    def running(self) -> Generator[None]:
        """Count the block, however it ends."""
        with self._lock:
            if not self._running:
                self._since = time.perf_counter()
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self._counted += time.perf_counter() - self._since
