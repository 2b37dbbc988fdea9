"""Another pace at the same pitch, by overlapping pieces that are moved to where they fit.

WSOLA: Verhelst and Roelands, 1993, "An Overlap-Add Technique Based on Waveform Similarity (WSOLA) for High Quality
Time-Scale Modification of Speech". FFmpeg's `atempo` does the same, but gives it some 20 ms early; here every piece is
taken from within 8 ms of where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from workbench.audio.clip import Samples
from workbench.audio.effects.blocks import equal_blocks

_HALF_SECONDS = 0.015
_REACH_SECONDS = 0.008
_BLOCK = 1 << 14


def stretched(blocks: Iterable[Samples], sample_rate: int, factor: float) -> Iterator[Samples]:
    """The blocks of one recording at another pace; together round(n / factor) samples, at least one.

    Args:
        blocks: Mono, of any sizes: they change no sample.
        sample_rate: In Hz.
        factor: 2 takes half as long.
    """
    pieces = _Pieces(max(1, round(_HALF_SECONDS * sample_rate)), round(_REACH_SECONDS * sample_rate), factor)
    heard = given = 0
    for block in equal_blocks(blocks, _BLOCK):
        heard += block.size
        if (made := pieces.feed(block)).size:
            given += made.size
            yield made
    wanted = max(1, round(heard / factor))
    while given < wanted:
        made = pieces.feed(np.zeros(_BLOCK, np.float32))[: wanted - given]
        given += made.size
        if made.size:
            yield made


class _Pieces:
    """Overlapping pieces, each from where it is most like what would follow the last one.

    Args:
        half: Samples in half a piece; every piece begins so much later in what comes out.
        reach: Samples by which a piece may lie beside its place.
        factor: The pace.
    """

    def __init__(self, half: int, reach: int, factor: float) -> None:
        self._half, self._reach, self._factor = half, reach, factor
        self._rise = (np.sin(np.pi * (np.arange(half) + 0.5) / (2 * half)) ** 2).astype(np.float32)
        before = half + reach
        self._held, self._first = np.zeros(before, np.float32), -before  # sound, and the place of its first sample
        self._count = 0
        self._begun = 0  # where the piece that follows the last one naturally begins
        self._rest = np.zeros(half, np.float32)

    def feed(self, block: Samples) -> Samples:
        """What is ready once this sound is there, too."""
        self._held = np.concatenate([self._held, block])
        made: list[Samples] = []
        while (piece := self._next()) is not None:
            if self._count > 1:  # the first begins half a piece before the recording
                made.append(np.asarray(self._rest + piece[: self._half] * self._rise, np.float32))
            self._rest = piece[self._half :] * self._rise[::-1]
        return np.concatenate(made) if made else np.empty(0, np.float32)

    def _next(self) -> Samples | None:
        half, reach = self._half, self._reach
        place = round(self._count * half * self._factor) - half
        if max(place + reach, self._begun) + 2 * half > self._first + self._held.size:
            return None
        if self._count:
            place += self._likest(self._cut(self._begun, 2 * half), self._cut(place - reach, 2 * (half + reach)))
        piece = self._cut(place, 2 * half)
        self._count += 1
        self._begun = place + half
        furthest = min(self._begun, round(self._count * half * self._factor) - half - reach)
        self._held, self._first = self._held[max(0, furthest - self._first) :], max(self._first, furthest)
        return piece

    def _cut(self, first: int, size: int) -> Samples:
        return self._held[first - self._first : first - self._first + size]

    def _likest(self, natural: Samples, around: Samples) -> int:
        """By how many samples, from -reach to reach, what is around is most like what would follow."""
        products = np.asarray(np.correlate(around, natural, mode="valid"), np.float64)
        energies = np.cumsum(np.concatenate([np.zeros(1), np.square(around.astype(np.float64))]))
        energies = energies[natural.size :] - energies[: -natural.size]
        likeness = products / np.sqrt(energies + 1e-9)
        best = int(likeness.argmax())
        return best - self._reach if likeness[best] > 0 else 0
