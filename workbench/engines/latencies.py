"""How long requests took, how many there were at once and which were sent again: a histogram of a few hundred bytes."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_SHORTEST = 0.001  # seconds; what is faster counts as this
_GROWTH = 1.05  # each bin ends so much later than the one before: a quantile is at most 5 % too high


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """Requests of one stretch of work.

    Attributes:
        bins: How many answers came in each bin of time; bin k ends at 1 ms × 1.05 ᵏ.
        longest_seconds: The slowest answer; None without any.
        most_at_once: Requests that were ever under way together.
        repeated: Why requests were sent again, and how often.
    """

    bins: Mapping[int, int]
    longest_seconds: float | None
    most_at_once: int
    repeated: Mapping[str, int]

    @property
    def answers(self) -> int:
        return sum(self.bins.values())

    def quantile(self, share: float) -> float | None:
        """Seconds within which that share of the answers came, at most 5 % too high; None without any."""
        if self.longest_seconds is None:
            return None
        wanted, seen = math.ceil(share * self.answers), 0
        for bin_ in sorted(self.bins):
            seen += self.bins[bin_]
            if seen >= wanted:
                return min(_SHORTEST * _GROWTH**bin_, self.longest_seconds)
        return self.longest_seconds

    def sentences(self, server: str) -> tuple[str, ...]:
        """For a run's record; nothing where nothing was asked."""
        said: list[str] = []
        if self.longest_seconds is not None:
            shares = ", ".join(f"{share:.0%} within {self.quantile(share):.2f} s" for share in (0.5, 0.9, 0.99))
            said.append(
                f"{self.answers} answers from {server}: {shares}, the slowest in {self.longest_seconds:.2f} s; "
                f"at most {self.most_at_once} requests at once."
            )
        if self.repeated:
            listed = ", ".join(f"{number} after {why}" for why, number in sorted(self.repeated.items()))
            said.append(f"{sum(self.repeated.values())} requests to {server} were sent again: {listed}.")
        return tuple(said)


class RequestLog:
    """Counts requests, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._clear()

    def _clear(self) -> None:
        self._bins: Counter[int] = Counter()
        self._repeated: Counter[str] = Counter()
        self._longest: float | None = None
        self._most = self._under_way

    @contextmanager
    def request(self) -> Generator[None]:
        """One request, from sending to the end of its answer; what breaks off is no answer."""
        with self._lock:
            self._under_way += 1
            self._most = max(self._most, self._under_way)
        began = time.monotonic()
        try:
            yield
            self._add(time.monotonic() - began)
        finally:
            with self._lock:
                self._under_way -= 1

    def _add(self, seconds: float) -> None:
        place = max(0, math.ceil(math.log(max(seconds, _SHORTEST) / _SHORTEST, _GROWTH)))
        with self._lock:
            self._bins[place] += 1
            self._longest = seconds if self._longest is None else max(self._longest, seconds)

    def repeat(self, why: str) -> None:
        """A request is about to be sent again."""
        with self._lock:
            self._repeated[why] += 1

    def take(self) -> RequestFigures:
        """What was counted since this was last asked."""
        with self._lock:
            taken = RequestFigures(
                bins=dict(self._bins),
                longest_seconds=self._longest,
                most_at_once=self._most,
                repeated=dict(self._repeated),
            )
            self._clear()
        return taken
