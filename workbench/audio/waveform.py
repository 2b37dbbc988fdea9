"""The outline of a recording, for drawing it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples


def peaks(samples: Samples, bins: int) -> NDArray[np.float32]:
    """The lowest and the highest sample of each of `bins` equal stretches.

    With fewer samples than bins, several bins show the same sample.

    Args:
        samples: float32 (n,), not empty.
        bins: How many columns the drawing has.

    Returns:
        float32 (bins, 2): minimum, maximum.

    Raises:
        ValueError: No samples or no bins.
    """
    if bins < 1 or not samples.size:
        raise ValueError(f"{samples.size} samples cannot be drawn in {bins} columns.")
    starts = np.arange(bins) * samples.size // bins
    return np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], axis=1)
