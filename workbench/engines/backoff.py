"""How long to wait before asking a server again, and when not to."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
"""A server that is busy, or whose process behind it failed; it may do better in a moment."""

LONGEST_ASKED_SECONDS = 120.0
"""The longest wait that a server's Retry-After is granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential backoff with full jitter: of n clients that were refused together, no two come back together.

    Source: Brooker 2015, "Exponential Backoff And Jitter", AWS Architecture Blog.

    Attributes:
        first_seconds: The longest wait before the second try; it doubles with each.
        longest_seconds: The longest it becomes.
        draw: A number from 0 up to 1, evenly.
    """

    first_seconds: float = 0.5
    longest_seconds: float = 30.0
    draw: Callable[[], float] = random.random

    def seconds(self, tries: int, retry_after: str | None = None) -> float:
        """How long to wait after so many tries.

        Args:
            tries: At least one.
            retry_after: The server's header. What it asks for is waited, up to `LONGEST_ASKED_SECONDS`, and a jitter.
        """
        asked = read_retry_after(retry_after)
        if asked is not None:
            return min(asked, LONGEST_ASKED_SECONDS) + self.draw() * self.first_seconds
        # 2 ** 30 seconds is past every limit; a greater power would only overflow.
        return self.draw() * min(self.longest_seconds, self.first_seconds * 2 ** min(tries - 1, 30))


def read_retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header, a number or a date (RFC 9110, 10.2.3); None where it makes no sense."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
