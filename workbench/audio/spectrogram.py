"""What frequencies a recording holds from moment to moment, as a picture whose scales are the same for all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples

MOST_COLUMNS = 600
ROWS = 128
TOP_HZ = 8_000.0
"""Half the rate that engines hear at."""
LOUDEST_DB, FAINTEST_DB = -15.0, -95.0
"""Of a column's row, in dBFS. The rows of speech at a usual level (-23 LUFS) lie between some -20 and the noise of
16-bit samples, -98 in one line of the transform."""

_WINDOW_SECONDS = 0.032
_COLUMN_SECONDS = 0.01
_MOST_FRAMES = 512


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrogram:
    """A picture of a recording's sound.

    Attributes:
        pixels: uint8 (`ROWS`, columns), the highest frequency first: 0 is `FAINTEST_DB` and below, 255 `LOUDEST_DB` and
            above, and what lies between is in proportion. Rows above half the sample rate are 0.
        seconds: How long the recording is that fills the columns.
    """

    pixels: NDArray[np.uint8]
    seconds: float


def draw_spectrogram(clip: AudioClip) -> Spectrogram:
    """The power of every moment and every band, on a scale that does not depend on the recording.

    Hann windows of 32 ms lie at most side by side, so no sound is left out; a column is the mean power of those in it.
    A tone has its level in dBFS, whatever the window (amplitude scaling). Rows are equally wide on the mel scale of
    O'Shaughnessy (2595 log10(1 + f / 700)) from 0 to 8 kHz. Memory does not grow with the recording.

    Args:
        clip: Any length, any rate; a column is at least 10 ms, and there are at most 600.
    """
    columns = max(1, min(MOST_COLUMNS, round(clip.duration / _COLUMN_SECONDS)))
    size = max(2, round(_WINDOW_SECONDS * clip.sample_rate))
    samples = np.pad(clip.samples, (0, max(0, size - clip.samples.size)))
    bands = _bands(size, clip.sample_rate)
    edges = np.linspace(0, samples.size, columns + 1)
    powers = [bands @ _mean_power(samples, size, first, last) for first, last in pairwise(edges)]
    levels = 10 * np.log10(np.maximum(np.stack(powers, axis=1), 1e-20))
    share = np.clip((levels - FAINTEST_DB) / (LOUDEST_DB - FAINTEST_DB), 0, 1)
    return Spectrogram(pixels=np.rint(255 * share[::-1]).astype(np.uint8), seconds=clip.duration)


def row_of(hertz: float) -> float:
    """Where a frequency lies in the picture: 0 is its upper edge, 1 the lower one."""
    return 1 - float(_mel(hertz) / _mel(TOP_HZ))


def _mean_power(samples: Samples, size: int, first: float, last: float) -> NDArray[np.float64]:
    """The mean power in every line of the transform of the windows that cover a stretch, a few at a time."""
    count = int(np.ceil((last - first) / size))
    middles = first + (np.arange(count) + 0.5) * (last - first) / count
    starts = np.clip(np.rint(middles - size / 2).astype(np.int64), 0, samples.size - size)
    window = np.hanning(size).astype(np.float32)
    total = np.zeros(size // 2 + 1)
    for at in range(0, count, _MOST_FRAMES):
        frames = samples[starts[at : at + _MOST_FRAMES, None] + np.arange(size)]
        total += np.square(np.abs(np.fft.rfft(frames * window, axis=1))).sum(axis=0)
    return 4 * total / (count * np.square(window.sum(dtype=np.float64)))


def _bands(size: int, rate: int) -> NDArray[np.float64]:
    """float64 (`ROWS`, size // 2 + 1): how much of each line's width lies in each row, of which a mean is made."""
    mels = np.linspace(0, _mel(TOP_HZ), ROWS + 1)
    edges = 700 * (10 ** (mels / 2595) - 1)
    width = rate / size
    lower = (np.arange(size // 2 + 1) - 0.5) * width
    shared = np.minimum(edges[1:, None], lower + width) - np.maximum(edges[:-1, None], lower)
    weights = np.maximum(shared, 0)
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)


def _mel(hertz: float) -> np.float64:
    return 2595 * np.log10(1 + np.float64(hertz) / 700)
