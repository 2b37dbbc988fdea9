"""What can be done to a recording before an engine hears it, each as a small versioned class.

A change that alters one sample of the result is a new version, so that a stored run stays what its chain says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import numpy as np
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.loudness import SHORTEST_SECONDS, LoudnessMeter
from workbench.errors import UsageError

_BLOCK = 1 << 20
_TRIM_FRAME_SECONDS = 0.02


def parameter(default: float, *, unit: str, least: float, most: float, help: str) -> Any:
    """A parameter of a step: an int or a float by its default, within least … most."""
    return field(default=default, metadata={"unit": unit, "least": least, "most": most, "help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """One change to a clip, with its parameters as fields.

    Attributes:
        name: As it is written in a chain.
        version: Grows whenever the same parameters give other samples.
        summary: What it does, one sentence.

    Raises:
        UsageError: A parameter is out of its range.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    summary: ClassVar[str]

    def __post_init__(self) -> None:
        for one in fields(self):
            value, least, most = getattr(self, one.name), one.metadata["least"], one.metadata["most"]
            if not least <= value <= most:  # not a number lies nowhere, and is refused too
                raise UsageError(
                    f"{self.name}: {one.name} is {value:g}.",
                    hint=f"It must lie between {least:g} and {most:g} {one.metadata['unit']}.".replace(" .", "."),
                )

    @abstractmethod
    def apply(self, clip: AudioClip) -> AudioClip:
        """The changed clip; the given one stays as it is."""

    def __str__(self) -> str:
        """Canonical: name, version and every parameter."""
        values = ",".join(f"{one.name}={_written(getattr(self, one.name))}" for one in fields(self))
        return f"{self.name}@{self.version}" + (f":{values}" if values else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Highpass(Step):
    """Butterworth, run forward once: no sample is added and nothing comes later (low tones lead in phase).

    The filter starts as if the first sample had lasted for ever, so that a constant offset makes no thump.
    """

    name: ClassVar[str] = "highpass"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Take away what lies below a frequency: mains hum, rumble, wind."

    cutoff: float = parameter(80.0, unit="Hz", least=10, most=1000, help="Where the level has fallen by 3 dB.")
    order: int = parameter(4, unit="", least=1, most=8, help="Steepness; each adds 6 dB an octave.")

    def apply(self, clip: AudioClip) -> AudioClip:
        """Filter in float64, block by block.

        Raises:
            UsageError: The recording has no sound above the cutoff, its sample rate being too low.
        """
        blocks = (clip.samples[first : first + _BLOCK] for first in range(0, clip.samples.size, _BLOCK))
        filtered = np.empty_like(clip.samples)
        first = 0
        for block in self.filtered(blocks, clip.sample_rate):
            filtered[first : first + block.size] = block
            first += block.size
        return clip.with_samples(filtered)

    def filtered(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        """The blocks of one recording, filtered; where they end changes no sample.

        Raises:
            UsageError: As `apply`.
        """
        from scipy.signal import butter, sosfilt, sosfilt_zi  # 0.7 s

        if 2 * self.cutoff >= sample_rate:
            raise UsageError(
                f"highpass: cutoff is {self.cutoff:g} Hz, and the sample rate only {sample_rate} Hz.",
                hint="Choose a cutoff below half the sample rate.",
            )
        sections = butter(self.order, self.cutoff, btype="highpass", fs=sample_rate, output="sos")
        state = None
        for block in blocks:
            if state is None:
                state = sosfilt_zi(sections) * block[0]
            done, state = sosfilt(sections, block.astype(np.float64), zi=state)
            yield done.astype(np.float32)


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
        return None if peak == 0 else np.float32(_amplitude(self.peak_db) / peak)


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
        gain, highest = _amplitude(self.lufs - measured), 1 / meter.true_peak
        if gain <= highest:
            return np.float32(gain), ()
        reached = measured + 20 * float(np.log10(highest))
        sentence = f"{name} reached {reached:.1f} LUFS, not {self.lufs:g}: louder, its peaks would be clipped."
        return np.float32(highest), (sentence,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resample(Step):
    name: ClassVar[str] = "resample"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Change the sample rate (soxr, very high quality)."

    rate: int = parameter(16_000, unit="Hz", least=4000, most=192_000, help="Samples a second.")

    def apply(self, clip: AudioClip) -> AudioClip:
        if clip.sample_rate == self.rate:
            return clip
        samples: Samples = soxr.resample(clip.samples, clip.sample_rate, self.rate, quality="VHQ")
        return clip.with_samples(samples, sample_rate=self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim(Step):
    name: ClassVar[str] = "trim"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Cut silence off both ends; times stay those of the original recording."

    top_db: float = parameter(
        40.0, unit="dB", least=10, most=100, help="Silence lies this far below the loudest 20 ms."
    )
    keep_seconds: float = parameter(0.1, unit="s", least=0, most=10, help="Silence that stays at either end.")

    def apply(self, clip: AudioClip) -> AudioClip:
        """Cut; a clip of zeros stays whole."""
        rate, size = clip.sample_rate, clip.samples.size
        first, end = self.kept(frame_powers(clip.samples, self.frame(rate)), rate, size)
        return clip if (first, end) == (0, size) else clip.cut(first / rate, end / rate)

    @staticmethod
    def frame(sample_rate: int) -> int:
        """Samples in 20 ms."""
        return max(1, round(_TRIM_FRAME_SECONDS * sample_rate))

    def kept(self, powers: NDArray[np.float64], sample_rate: int, size: int) -> tuple[int, int]:
        """The first sample that stays, and the one after the last; all of silence.

        Args:
            powers: As `frame_powers` gives them for frames of `frame`.
            sample_rate: In Hz.
            size: Samples in all.
        """
        if not powers.max() > 0:
            return 0, size
        loud = np.flatnonzero(powers >= powers.max() * 10 ** (-self.top_db / 10))
        frame, keep = self.frame(sample_rate), round(self.keep_seconds * sample_rate)
        return max(0, int(loud[0]) * frame - keep), min(size, (int(loud[-1]) + 1) * frame + keep)


def frame_powers(samples: Samples, frame: int) -> NDArray[np.float64]:
    """Mean square of each frame; the last one may be shorter."""
    starts = np.arange(0, samples.size, frame)
    return np.add.reduceat(np.square(samples), starts) / np.minimum(frame, samples.size - starts)


def _amplitude(decibels: float) -> float:
    return 10 ** (decibels / 20)


def _written(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(value).removesuffix(".0")
