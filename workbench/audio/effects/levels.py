"""One factor for all of a recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from workbench.audio.clip import AudioClip
from workbench.audio.effects.step import Step, parameter
from workbench.audio.loudness import SHORTEST_SECONDS, LoudnessMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain(Step):
    name: ClassVar[str] = "gain"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Scale so that the loudest sample has a given level; silence stays silence."

    peak_db: float = parameter(-3.0, unit="dBFS", least=-60, most=0, help="Level of the loudest sample.")

    def apply(self, clip: AudioClip) -> AudioClip:
        factor = self.factor(max(float(clip.samples.max()), -float(clip.samples.min())))
        return clip if factor is None else clip.with_samples(clip.samples * factor)

    def factor(self, peak: float) -> np.float32 | None:
        """What every sample is multiplied with, given the largest; None for silence."""
        return None if peak == 0 else np.float32(amplitude(self.peak_db) / peak)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness(Step):
    name: ClassVar[str] = "loudness"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Scale to a loudness (ITU-R BS.1770-4), but never above full scale."

    lufs: float = parameter(-23.0, unit="LUFS", least=-60, most=-5, help="Integrated loudness; EBU R 128 has -23.")

    def apply(self, clip: AudioClip) -> AudioClip:
        """Scale; leave alone, with a warning, what has no loudness: under 0.4 s, or silent."""
        factor, warnings = self.factor(LoudnessMeter.of(clip.samples, clip.sample_rate), clip.source)
        changed = clip if factor is None else clip.with_samples(clip.samples * factor)
        return replace(changed, warnings=(*clip.warnings, *warnings))

    def factor(self, meter: LoudnessMeter, source: str) -> tuple[np.float32 | None, tuple[str, ...]]:
        """What every sample is multiplied with, None where nothing is changed; and what to warn of.

        Args:
            meter: Has heard the whole recording.
            source: Its name, for people.
        """
        name = source or "The clip"
        if meter.seconds < SHORTEST_SECONDS:
            return None, (f"{name} is shorter than {SHORTEST_SECONDS} s; its loudness was left as it is.",)
        measured = meter.integrated
        if measured is None:
            return None, (f"{name} is silent; its loudness was left as it is.",)
        gain, highest = amplitude(self.lufs - measured), 1 / meter.true_peak
        if gain <= highest:
            return np.float32(gain), ()
        reached = measured + 20 * float(np.log10(highest))
        sentence = f"{name} reached {reached:.1f} LUFS, not {self.lufs:g}: louder, its peaks would be clipped."
        return np.float32(highest), (sentence,)


def amplitude(decibels: float) -> float:
    """The factor on samples that changes the level by so much."""
    return 10 ** (decibels / 20)
