"""How loud a recording is: integrated loudness and true peak after ITU-R BS.1770-4, in blocks.

pyloudnorm measures the same (the tests hold the two together), but filters a whole recording at once in float64:
some 4 GB for three hours.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import Samples

_BLOCK = 1 << 20
_WINDOW_HOPS = 4  # gating blocks of 400 ms every 100 ms
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
SHORTEST_SECONDS = 0.4


class LoudnessMeter:
    """Hears a recording block by block; where the blocks end changes no figure.

    Args:
        sample_rate: In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._hop = sample_rate / 10
        self._size = 0
        self._rest = np.empty(0, np.float32)
        self._hops = 0
        self._energies: list[NDArray[np.float64]] = []
        self._weigh = _KWeighting(sample_rate)
        self._oversampler = soxr.ResampleStream(sample_rate, 4 * sample_rate, 1)
        self._highest = 0.0

    @classmethod
    def of(cls, samples: Samples, sample_rate: int) -> Self:
        """The meter after the whole of float32 (n,)."""
        meter = cls(sample_rate)
        for first in range(0, samples.size, _BLOCK):
            meter.feed(samples[first : first + _BLOCK])
        return meter

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,)."""
        self._size += block.size
        self._highest = max(self._highest, float(block.max(initial=0.0)), -float(block.min(initial=0.0)))
        self._oversample(block)
        self._rest = np.concatenate([self._rest, block])
        count = int(self._size / self._hop + 1e-9)
        if count > self._hops:
            edges = (np.arange(self._hops, count + 1) * self._hop).astype(np.int64)
            edges -= edges[0]
            squares = np.square(self._weigh(self._rest[: edges[-1]]))
            self._energies.append(np.add.reduceat(squares, edges[:-1]))
            self._rest, self._hops = self._rest[edges[-1] :], count

    def _oversample(self, block: Samples, *, last: bool = False) -> None:
        oversampled = self._oversampler.resample_chunk(block, last=last)
        self._highest = max(self._highest, float(np.abs(oversampled).max(initial=0.0)))

    @property
    def seconds(self) -> float:
        return self._size / self._rate

    @property
    def integrated(self) -> float | None:
        """Gated loudness in LUFS; None for less than 0.4 s, and for what lies wholly under the gate of -70 LUFS."""
        if self._hops < _WINDOW_HOPS:
            return None
        hops = np.concatenate(self._energies)
        windows = np.convolve(hops, np.ones(_WINDOW_HOPS), mode="valid") / (SHORTEST_SECONDS * self._rate)
        loud = windows[windows >= _power(_ABSOLUTE_GATE_LUFS)]
        if not loud.size:
            return None
        relative_gate = loud.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
        return float(_lufs(loud[loud > relative_gate].mean()))

    @property
    def true_peak(self) -> float:
        """The largest absolute value between the samples, by four-fold oversampling (BS.1770-4, annex 2).

        Asked for, the recording has ended: nothing is fed after it.
        """
        self._oversample(np.empty(0, np.float32), last=True)
        self._oversampler.clear()
        return self._highest


def integrated_loudness(samples: Samples, sample_rate: int) -> float | None:
    """Gated loudness in LUFS; None for less than 0.4 s, and for what lies wholly under the gate of -70 LUFS."""
    return LoudnessMeter.of(samples, sample_rate).integrated


def true_peak(samples: Samples, sample_rate: int) -> float:
    """The largest absolute value between the samples, by four-fold oversampling (BS.1770-4, annex 2)."""
    return LoudnessMeter.of(samples, sample_rate).true_peak


class _KWeighting:
    """The two filters of BS.1770 with the coefficients of pyloudnorm, keeping their state from block to block."""

    def __init__(self, sample_rate: int) -> None:
        from pyloudnorm import IIRfilter  # brings scipy.signal: 0.6 s

        shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, sample_rate, "high_shelf")
        highpass = IIRfilter(0.0, 0.5, 38.0, sample_rate, "high_pass")
        self._sections = np.array([np.concatenate([one.b, one.a]) for one in (shelf, highpass)])
        self._state = np.zeros((2, 2))

    def __call__(self, block: Samples) -> NDArray[np.float64]:
        from scipy.signal import sosfilt

        weighted, self._state = sosfilt(self._sections, block.astype(np.float64), zi=self._state)
        return weighted


def _lufs(power: np.float64) -> np.float64:
    return -0.691 + 10 * np.log10(power)


def _power(lufs: float) -> float:
    return 10 ** ((lufs + 0.691) / 10)
