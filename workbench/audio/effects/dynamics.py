"""Loud against quiet: compressed, evened out, and what was clipped drawn again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.effects.blocks import blocks_of, equal_blocks, gathered, in_place, mixed
from workbench.audio.effects.graph import through_filter
from workbench.audio.effects.levels import amplitude
from workbench.audio.effects.step import BlockStep, Step, parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor(BlockStep):
    """FFmpeg's `acompressor`: feed-forward, with a soft knee; the level of a tone it takes 0.7 dB below its peak."""

    name: ClassVar[str] = "compressor"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Make what is loud quieter, from a threshold on, so that quiet voices are nearer to loud ones."
    )

    threshold_db: float = parameter(-24.0, unit="dBFS", least=-60, most=0, help="The level from which on it works.")
    ratio: float = parameter(4.0, unit="", least=1, most=20, help="So many dB above it become one.")
    attack_ms: float = parameter(5.0, unit="ms", least=0.1, most=200, help="How fast it takes hold.")
    release_ms: float = parameter(100.0, unit="ms", least=1, most=2000, help="How fast it lets go.")
    makeup_db: float = parameter(0.0, unit="dB", least=0, most=30, help="Gain on everything afterwards.")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        return through_filter(
            blocks,
            sample_rate,
            "acompressor",
            threshold=amplitude(self.threshold_db),
            ratio=self.ratio,
            attack=self.attack_ms,
            release=self.release_ms,
            makeup=amplitude(self.makeup_db),
            knee=2.828427,
            detection="rms",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynaudnorm(Step):
    """The method of FFmpeg's filter of this name: every frame is scaled towards one peak, by smoothed factors.

    FFmpeg's own begins and ends without gain and leaves clips under 15 s as they are. Here the first and the last
    factor last for ever. The factor of a frame is never more than its neighbours allow: no peak rises above `peak_db`.
    """

    name: ClassVar[str] = "dynaudnorm"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Even out the level along the recording, so that a far speaker is as loud as a near one."

    frame_ms: int = parameter(500, unit="ms", least=50, most=8000, help="The stretch that is given one factor.")
    neighbours: int = parameter(5, unit="", least=1, most=150, help="Frames on either side that smooth the factors.")
    peak_db: float = parameter(-0.5, unit="dBFS", least=-30, most=0, help="The peak that every frame is brought to.")
    max_gain_db: float = parameter(20.0, unit="dB", least=0, most=40, help="No frame is made louder by more.")

    def apply(self, clip: AudioClip) -> AudioClip:
        gains = self.gains(frame_peaks(blocks_of(clip.samples), self.frame(clip.sample_rate)))
        scaled = self.scaled(blocks_of(clip.samples), clip.sample_rate, gains)
        return clip.with_samples(gathered(scaled, clip.samples.size))

    def frame(self, sample_rate: int) -> int:
        """Samples that are given one factor."""
        return max(1, round(self.frame_ms / 1000 * sample_rate))

    def gains(self, peaks: NDArray[np.float64]) -> NDArray[np.float64]:
        """The factor in the middle of each frame, given the peak of each."""
        from scipy.ndimage import gaussian_filter1d, minimum_filter1d  # 0.2 s

        most = amplitude(self.max_gain_db)
        allowed = np.minimum(amplitude(self.peak_db) / np.maximum(peaks, 1e-9), most)
        least = minimum_filter1d(allowed, 2 * self.neighbours + 3, mode="nearest")
        # A third of the neighbours, as FFmpeg has it; cut off there, so that no farther frame raises a factor.
        return gaussian_filter1d(least, self.neighbours / 3, mode="nearest", radius=self.neighbours)

    def scaled(self, blocks: Iterable[Samples], sample_rate: int, gains: NDArray[np.float64]) -> Iterator[Samples]:
        """The blocks of one recording, the factors drawn as a line from the middle of each frame to the next."""
        frame, place = self.frame(sample_rate), 0
        middles = (np.arange(gains.size) + 0.5) * frame - 0.5
        for block in blocks:
            factors = np.interp(np.arange(place, place + block.size), middles, gains)
            place += block.size
            yield np.asarray(block * factors, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declip(BlockStep):
    """FFmpeg's `adeclip`: clipped samples are predicted from their neighbours by an autoregressive model.

    What is drawn again rises above full scale; let `gain` follow where the sound is encoded afterwards.
    """

    name: ClassVar[str] = "declip"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Draw the peaks again that were cut off by too high a level; `gain` brings them below full scale."
    )

    window_ms: float = parameter(55.0, unit="ms", least=10, most=100, help="The stretch that is looked at at once.")
    threshold: float = parameter(10.0, unit="", least=1, most=100, help="Lower takes more for clipped.")
    mix: float = parameter(1.0, unit="", least=0, most=1, help="1 is all repaired, 0 all as it was.")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        repaired = partial(
            through_filter, sample_rate=sample_rate, name="adeclip", window=self.window_ms, threshold=self.threshold
        )
        return mixed(blocks, lambda heard: in_place(heard, repaired), self.mix)


def frame_peaks(blocks: Iterable[Samples], frame: int) -> NDArray[np.float64]:
    """The largest absolute sample of each frame; the last one may be shorter."""
    return np.asarray([np.abs(one).max() for one in equal_blocks(blocks, frame)], np.float64)
