"""How long the stretches may be that an engine is given."""

from __future__ import annotations

import math

from workbench.errors import UsageError

SHORTEST_SECONDS = 1.0
"""Below it there is nothing to cut at (`audio.segment.plan_chunks`)."""


def checked_chunk_seconds(seconds: float | None) -> float | None:
    """The length as a float, so that 20 and 20.0 are the same; None, for no limit, is None.

    Args:
        seconds: The longest stretch that an engine is to be given.

    Raises:
        UsageError: It is no number, infinite or below 1.
    """
    if seconds is None:
        return None
    if not math.isfinite(seconds):
        raise UsageError(f"Chunks cannot last {seconds:g} s.", hint="Give at least 1 s, or no length.")
    if seconds < SHORTEST_SECONDS:
        raise UsageError(f"Chunks of {seconds:g} s are too short.", hint="Use at least 1 s.")
    return float(seconds)
