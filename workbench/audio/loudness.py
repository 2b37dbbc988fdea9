"""How loud a recording is: integrated loudness and true peak after ITU-R BS.1770-4, in blocks.

pyloudnorm measures the same (the tests hold the two together), but filters a whole recording at once in float64:
some 4 GB for three hours.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import Samples

_BLOCK = 1 << 20
_WINDOW_HOPS = 4  # gating blocks of 400 ms every 100 ms
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
SHORTEST_SECONDS = 0.4


def integrated_loudness(samples: Samples, sample_rate: int) -> float | None:
    """Gated loudness in LUFS; None for less than 0.4 s, and for what lies wholly under the gate of -70 LUFS."""
    hops = _hop_energies(samples, sample_rate)
    if hops.size < _WINDOW_HOPS:
        return None
    windows = np.convolve(hops, np.ones(_WINDOW_HOPS), mode="valid") / (SHORTEST_SECONDS * sample_rate)
    loud = windows[windows >= _power(_ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return None
    relative_gate = loud.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
    return float(_lufs(loud[loud > relative_gate].mean()))


def true_peak(samples: Samples, sample_rate: int) -> float:
    """The largest absolute value between the samples, by four-fold oversampling (BS.1770-4, annex 2)."""
    oversampler = soxr.ResampleStream(sample_rate, 4 * sample_rate, 1)
    highest = max(float(samples.max()), -float(samples.min()))
    for first in range(0, samples.size, _BLOCK):
        block = samples[first : first + _BLOCK]
        oversampled = oversampler.resample_chunk(block, last=first + _BLOCK >= samples.size)
        highest = max(highest, float(np.abs(oversampled).max(initial=0.0)))
    return highest


def _hop_energies(samples: Samples, sample_rate: int) -> NDArray[np.float64]:
    """Sum of squares of every whole 100 ms after the K weighting."""
    hop = sample_rate / 10
    count = int(samples.size / hop + 1e-9)
    energies = np.zeros(count)
    weigh = _KWeighting(sample_rate)
    hops_a_block = max(1, int(_BLOCK / hop))
    for first in range(0, count, hops_a_block):
        edges = (np.arange(first, min(first + hops_a_block, count) + 1) * hop).astype(np.int64)
        squares = np.square(weigh(samples[edges[0] : edges[-1]]))
        energies[first : first + edges.size - 1] = np.add.reduceat(squares, edges[:-1] - edges[0])
    return energies


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
