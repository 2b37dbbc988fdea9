"""Noise suppression by spectrum: what is noise is followed, and what stands above it is kept.

Noise power: Gerkmann and Hendriks, 2012, "Unbiased MMSE-Based Noise Power Estimation With Low Complexity and Low
Tracking Delay", with their constants. Gain: Ephraim and Malah, 1985, "Speech Enhancement Using a Minimum Mean-Square
Error Log-Spectral Amplitude Estimator", with the decision-directed estimate of 1984 (weight 0.98).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.effects.blocks import equal_blocks, in_place
from workbench.audio.effects.levels import amplitude

_HOP_SECONDS = 0.016
_HOPS_A_BLOCK = 128
"""Two seconds; the noise at the start is told from them."""
_SPEECH_SNR = 10**1.5
"""The 15 dB that speech is taken to stand above noise in a bin, where there is any."""
_LEAST_SNR = 10**-2.5
_DIRECTED = 0.98
_NOISE_SMOOTHING = 0.8
_QUANTILE = 0.2
_FLOOR = 1e-12
"""Power of a bin, far under 16-bit rounding: silence divides by it."""

_Power = NDArray[np.float64]


def suppressed(blocks: Iterable[Samples], sample_rate: int, reduction_db: float) -> Iterator[Samples]:
    """The blocks of one recording with less noise, in place.

    Args:
        blocks: Mono; re-cut, so that their sizes change nothing.
        sample_rate: In Hz; frames last 32 ms and begin every 16 ms.
        reduction_db: No bin is made quieter by more.
    """
    hop = max(1, round(_HOP_SECONDS * sample_rate))
    return in_place(blocks, lambda heard: _overlapped(heard, hop, amplitude(-reduction_db)), delay=hop, tail=2 * hop)


def _overlapped(blocks: Iterable[Samples], hop: int, least_gain: float) -> Iterator[Samples]:
    """Late by one hop."""
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))  # its square and the next one's add up to one
    before, rest = np.zeros(hop), np.zeros(hop)
    suppressor = _Suppressor(least_gain)
    for block in equal_blocks(blocks, _HOPS_A_BLOCK * hop, fill=True):
        heard = np.concatenate([before, block.astype(np.float64)])
        before = heard[-hop:]
        frames = np.lib.stride_tricks.sliding_window_view(heard, 2 * hop)[::hop]
        spectra = np.fft.rfft(frames * window)
        made = np.fft.irfft(spectra * suppressor.gains(np.square(np.abs(spectra))), 2 * hop) * window
        done = made[:, :hop].copy()
        done[0] += rest
        done[1:] += made[:-1, hop:]
        rest = made[-1, hop:]
        yield done.reshape(-1).astype(np.float32)


class _Suppressor:
    """Gains of frames in their order.

    Args:
        least_gain: No gain is smaller.
    """

    def __init__(self, least_gain: float) -> None:
        self._least_gain = least_gain
        self._noise: _Power | None = None
        self._presence = np.zeros(0)
        self._kept = np.zeros(0)  # power of the last frame, after its gain

    def gains(self, powers: _Power) -> _Power:
        """For float64 (frames, bins) of power, as many gains."""
        from scipy.special import exp1  # 0.2 s

        if self._noise is None:
            self._begin(powers)
        gains = np.empty_like(powers)
        for place, power in enumerate(powers):
            noise = self._follow(power)
            seen = np.minimum(power / noise, 1e4)
            expected = _DIRECTED * self._kept / noise + (1 - _DIRECTED) * np.maximum(seen - 1, 0)
            wiener = np.maximum(expected, _LEAST_SNR)
            wiener = wiener / (1 + wiener)
            gain = wiener * np.exp(0.5 * exp1(np.maximum(wiener * seen, 1e-10)))
            gains[place] = np.clip(gain, self._least_gain, 1.0)
            self._kept = np.square(gains[place]) * power
        return gains

    def _begin(self, powers: _Power) -> None:
        """Noise is what the quiet fifth of the first frames has; of exponential powers that is 0.22 of the mean."""
        heard = powers[powers.sum(axis=1) > powers.shape[1] * _FLOOR]  # without silence that was filled up
        quiet = np.quantile(heard if heard.size else powers, _QUANTILE, axis=0) / -np.log1p(-_QUANTILE)
        self._noise = np.maximum(quiet, _FLOOR)
        self._presence, self._kept = np.zeros(powers.shape[1]), np.zeros(powers.shape[1])

    def _follow(self, power: _Power) -> _Power:
        assert self._noise is not None, "set by the first frames"
        exponent = np.minimum(power / self._noise * _SPEECH_SNR / (1 + _SPEECH_SNR), 200.0)
        speech = 1 / (1 + (1 + _SPEECH_SNR) * np.exp(-exponent))
        self._presence = 0.9 * self._presence + 0.1 * speech
        speech = np.where(self._presence > 0.99, np.minimum(speech, 0.99), speech)
        found = (1 - speech) * power + speech * self._noise
        self._noise = np.maximum(_NOISE_SMOOTHING * self._noise + (1 - _NOISE_SMOOTHING) * found, _FLOOR)
        return self._noise
