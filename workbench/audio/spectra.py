"""What the spectrum of a recording tells of its way here: how far up it reaches, and whether the mains hum in it.

Both hear the recording block by block and keep memory that does not grow with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import Samples

_BAND_HZ = 100.0
_RANGE_DB = 60.0
"""Below its strongest band. Speech at 16 and 24 kHz keeps its upper bands within 55 dB of the strongest, and a stop
band lies 75 dB and more below it (one recording of each kind of the development recordings, bands of 500 Hz)."""
_FLOOR_DB = -107.0
"""dBFS in 100 Hz: 10 dB above the noise of 16-bit samples at 16 kHz, so that a quiet recording's is not its band."""

_HUM_RATE = 1_000
_MOST_WINDOWS = 600
_MAINS = (50, 60)
_HARMONICS = 5
_PROMINENT_DB = 10.0
_ALONE_DB = 15.0


class LongTermSpectrum:
    """The mean power spectrum of a recording (Welch's method, Hann windows of about 30 ms, side by side).

    Args:
        sample_rate: In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._size = 1 << round(np.log2(0.032 * sample_rate))
        self._window = np.hanning(self._size).astype(np.float32)
        self._rest = np.empty(0, np.float32)
        self._sums = np.zeros(self._size // 2 + 1)
        self._frames = 0

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,)."""
        waiting = np.concatenate([self._rest, block])
        frames = waiting[: waiting.size - waiting.size % self._size].reshape(-1, self._size)
        self._sums += np.square(np.abs(np.fft.rfft(frames * self._window, axis=1))).sum(axis=0)
        self._frames += len(frames)
        self._rest = waiting[frames.size :].copy()

    @property
    def bandwidth(self) -> float | None:
        """The highest frequency in Hz with energy, as near as 100 Hz; None for silence and for less than 30 ms.

        Energy is what lies within 60 dB of the strongest 100 Hz and above the noise of 16-bit samples.
        """
        if not self._frames:
            return None
        power = 2 * self._sums / (self._frames * self._size * np.square(self._window).sum())
        edges = np.arange(0, self._rate / 2, _BAND_HZ)
        starts = np.searchsorted(np.fft.rfftfreq(self._size, 1 / self._rate), edges)
        widths = np.diff(starts, append=power.size) * self._rate / self._size
        levels = _decibels(np.add.reduceat(power, starts) / np.maximum(widths, 1) * _BAND_HZ)
        heard = np.flatnonzero(levels >= max(levels.max() - _RANGE_DB, _FLOOR_DB))
        return float(min(edges[heard[-1]] + _BAND_HZ, self._rate / 2)) if heard.size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hum:
    """A tone of the mains and its harmonics.

    Attributes:
        frequency: 50 or 60, in Hz.
        dbfs: The mean power of its first five harmonics together; a sine at full scale has -3.0.
    """

    frequency: int
    dbfs: float


class HumDetector:
    """Listens for tones that stay: the median over time of every hertz, in which speech, which moves, leaves little.

    Every second window is forgotten whenever there are 600, so that a long recording is heard evenly.

    Args:
        sample_rate: In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._resampler = soxr.ResampleStream(sample_rate, _HUM_RATE, 1) if sample_rate != _HUM_RATE else None
        self._window = np.hanning(_HUM_RATE)
        self._rest = np.empty(0, np.float32)
        self._spectra: list[NDArray[np.float32]] = []
        self._stride, self._seen = 1, 0

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,)."""
        low = block if self._resampler is None else self._resampler.resample_chunk(block)
        waiting = np.concatenate([self._rest, low])
        frames = waiting[: waiting.size - waiting.size % _HUM_RATE].reshape(-1, _HUM_RATE)
        for frame in frames:
            if self._seen % self._stride == 0:
                self._spectra.append(np.square(np.abs(np.fft.rfft(frame * self._window))).astype(np.float32))
            self._seen += 1
            if len(self._spectra) == _MOST_WINDOWS:
                self._spectra, self._stride = self._spectra[::2], 2 * self._stride
        self._rest = waiting[frames.size :].copy()

    @property
    def hum(self) -> Hum | None:
        """The hum, where two of the first five harmonics or the fundamental alone stand out; None for less than 3 s."""
        if len(self._spectra) < 3:
            return None
        power = 2 * np.median(self._spectra, axis=0) / (_HUM_RATE * np.square(self._window).sum())
        found = [(sum(sorted(heights)[-2:]), mains) for mains in _MAINS if (heights := _prominences(power, mains))]
        if not found:
            return None
        _, mains = max(found)
        lines = [
            max(0.0, power[mains * order - 2 : mains * order + 3].sum() - 5 * _around(power, mains * order))
            for order in range(1, _HARMONICS + 1)
        ]
        return Hum(frequency=mains, dbfs=float(_decibels(np.sum(lines))))


def _prominences(power: NDArray[np.floating], mains: int) -> list[float]:
    """How far each harmonic stands above the hertz around it, in dB; none where they do not make a hum."""
    heights: list[float] = []
    for order in range(1, _HARMONICS + 1):
        place = mains * order
        heights.append(float(_decibels(power[place - 1 : place + 2].max()) - _decibels(_around(power, place))))
    prominent = sum(height >= _PROMINENT_DB for height in heights)
    return heights if prominent >= 2 or heights[0] >= _ALONE_DB else []


def _around(power: NDArray[np.floating], place: int) -> np.floating:
    """What a hertz near a line holds, the line itself and its skirts left out."""
    return np.median(np.concatenate([power[place - 12 : place - 3], power[place + 4 : place + 13]]))


def _decibels(power: NDArray[np.floating] | np.floating) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(power, 1e-20))
