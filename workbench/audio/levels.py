"""How loud speech and what is between it are, and what was cut off at full scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.segment import Span

_HOP_SECONDS = 0.01
_GUARD_SECONDS = 0.1
"""On both sides of speech: room and breath are neither it nor the noise between."""
_LEAST_PAUSE_SECONDS = 0.3
"""Of noise in all, to know its level."""

_SHORTEST_RUN = 3
"""Samples at full scale in a row that count as clipped, as in Audacity's "Find Clipping"."""
_NEAR_FULL_SCALE = 0.98
"""The largest values of µ-law and A-law telephony are 0.980 and 0.984 of full scale, of 8-bit samples 0.992."""
_SAME = 1e-4
_FULL_SCALE = 0.9999


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechLevel:
    """How far speech stands above noise.

    Attributes:
        speech_dbfs: Mean power while somebody speaks, noise included; None where nobody does.
        noise_dbfs: Mean power between; None where there is too little of it, or it is digital silence.
        snr_db: Of the speech without the noise to the noise; None where either is not known, or no more is heard while
            somebody speaks than between.
    """

    speech_dbfs: float | None
    noise_dbfs: float | None
    snr_db: float | None


class PowerProfile:
    """The mean power of every 10 ms of a recording, heard block by block; 1.4 MB an hour.

    Args:
        sample_rate: In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._hop = max(1, round(_HOP_SECONDS * sample_rate))
        self._seconds = self._hop / sample_rate
        self._rest = np.empty(0, np.float32)
        self._powers: list[NDArray[np.float32]] = []

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,)."""
        waiting = np.concatenate([self._rest, block])
        hops = waiting[: waiting.size - waiting.size % self._hop].reshape(-1, self._hop)
        self._powers.append(np.square(hops).mean(axis=1))
        self._rest = waiting[hops.size :].copy()

    def level(self, speech: Sequence[Span]) -> SpeechLevel:
        """Levels by where somebody speaks.

        Speech and noise are not alike, so their powers add: speech = power while somebody speaks less that between
        (power subtraction, as in R. Martin, "An efficient algorithm to estimate the instantaneous SNR of speech
        signals", Eurospeech 1993). Voice activity takes the place of minimum statistics. Noise is taken to be as loud
        during speech as between; what is noise only while somebody speaks is not seen.

        Args:
            speech: Where somebody speaks, in seconds.
        """
        powers = np.concatenate(self._powers or [np.empty(0, np.float32)]).astype(np.float64)
        spoken, near = np.zeros(powers.size, bool), np.zeros(powers.size, bool)
        for span in speech:
            spoken[round(span.start / self._seconds) : round(span.end / self._seconds)] = True
            first = max(0, round((span.start - _GUARD_SECONDS) / self._seconds))
            near[first : round((span.end + _GUARD_SECONDS) / self._seconds)] = True
        between = powers[~near & (powers > 0)]
        loud = float(powers[spoken].mean()) if spoken.any() else 0.0
        quiet = float(between.mean()) if between.size * self._seconds >= _LEAST_PAUSE_SECONDS else 0.0
        known = loud > quiet > 0
        return SpeechLevel(
            speech_dbfs=decibels(loud), noise_dbfs=decibels(quiet), snr_db=decibels(loud / quiet - 1) if known else None
        )


class ClippingMeter:
    """Counts samples cut off at full scale: three and more in a row that stay the same near it, or go beyond it.

    What was clipped and made quieter afterwards, or coded with loss below full scale, is not seen.
    """

    def __init__(self) -> None:
        self._samples = self._clipped = 0
        self._last = np.zeros(1, np.float32)
        self._open = 0

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,) of one channel."""
        self._samples += block.size
        if not block.size:
            return
        joined = np.concatenate([self._last, block])
        self._last = joined[-1:].copy()
        high = np.minimum(np.abs(joined[1:]), np.abs(joined[:-1]))
        flat = (np.abs(np.diff(joined)) < _SAME) | (high >= _FULL_SCALE)
        linked = (high >= _NEAR_FULL_SCALE) & (joined[1:] * joined[:-1] > 0) & flat
        firsts, ends = np.flatnonzero(np.diff(linked, prepend=False, append=False)).reshape(-1, 2).T
        links = ends - firsts
        if linked[0]:  # goes on from the last block
            links[0] += self._open
            self._clipped -= int(_counted(self._open))
        self._clipped += int(_counted(links).sum())
        self._open = int(links[-1]) if linked[-1] else 0

    @property
    def share(self) -> float | None:
        """Of clipped samples among all, 0 … 1; None where nothing was heard."""
        return self._clipped / self._samples if self._samples else None


def _counted(links: NDArray[np.intp] | int) -> NDArray[np.intp]:
    """Samples that count in a run with so many steps from one to the next."""
    return np.where(np.asarray(links) + 1 >= _SHORTEST_RUN, np.asarray(links) + 1, 0)


def decibels(power: float) -> float | None:
    """10 log10; None for no power."""
    return float(10 * np.log10(power)) if power > 0 else None
