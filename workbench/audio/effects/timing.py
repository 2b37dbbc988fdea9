"""The sample rate, the pace, and what is cut out of a recording. Times stay those of the recording: see `Times`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples, Times
from workbench.audio.effects.blocks import blocks_of, gathered
from workbench.audio.effects.step import Step, parameter
from workbench.audio.effects.wsola import stretched
from workbench.audio.segment import Span
from workbench.audio.vad import speech_spans

_TRIM_FRAME_SECONDS = 0.02
_FADE_SECONDS = 0.01
_PIECE = 1 << 16
_QUALITIES = ("QQ", "LQ", "MQ", "HQ", "VHQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resample(Step):
    name: ClassVar[str] = "resample"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Change the sample rate (soxr)."

    rate: int = parameter(16_000, unit="Hz", least=4000, most=192_000, help="Samples a second.")
    quality: int = parameter(
        4, unit="", least=0, most=4, help="Of soxr: 0 quick (cubic), 1 low, 2 medium, 3 high, 4 very high."
    )

    @property
    def recipe(self) -> str:
        """The quality as soxr names it."""
        return _QUALITIES[self.quality]

    def apply(self, clip: AudioClip) -> AudioClip:
        if clip.sample_rate == self.rate:
            return clip
        samples: Samples = soxr.resample(clip.samples, clip.sample_rate, self.rate, quality=self.recipe)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vad(Step):
    """Cut at voice activity (silero), which hears speech in noise that `trim` takes for sound.

    Two parts that were not neighbours are faded into each other over 10 ms.
    """

    name: ClassVar[str] = "vad"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Cut off what comes before and after all speech, and shorten long pauses if asked to."

    keep_seconds: float = parameter(0.3, unit="s", least=0.05, most=10, help="What stays on either side of speech.")
    max_pause_seconds: float = parameter(
        0.0,
        unit="s",
        least=0,
        most=60,
        help="Longer pauses become this long, but never under twice what stays; 0 leaves all.",
    )
    threshold: float = parameter(
        0.5,
        unit="",
        least=0.05,
        most=0.95,
        help="Probability from which on it is speech; higher takes less for speech.",
    )

    def apply(self, clip: AudioClip) -> AudioClip:
        """Cut; what holds no speech stays whole, with a warning."""
        speech = speech_spans(clip, threshold=self.threshold)
        ranges, warnings = self.kept(speech, clip.sample_rate, clip.samples.size, clip.source)
        if ranges == [(0, clip.samples.size)]:
            return replace(clip, warnings=(*clip.warnings, *warnings))
        size = sum(end - first for first, end in ranges)
        samples = gathered(joined(lambda first, end: clip.samples[first:end], ranges, clip.sample_rate), size)
        offset = clip.offset_seconds + ranges[0][0] / clip.sample_rate
        times = cut_times(ranges, clip.sample_rate, clip.offset_seconds, clip.times)
        return replace(clip, samples=samples, offset_seconds=offset, times=times)

    def kept(
        self, speech: Sequence[Span], sample_rate: int, size: int, source: str
    ) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
        """From and to which samples the recording stays; and what to warn of.

        Args:
            speech: Where somebody speaks, in seconds.
            sample_rate: In Hz.
            size: Samples in all.
            source: The recording's name, for people.
        """
        if not speech:
            return [(0, size)], (f"{source or 'The clip'} has no speech; nothing was cut off.",)
        longest = max(self.max_pause_seconds, 2 * self.keep_seconds)
        stretches = [[speech[0].start - self.keep_seconds, speech[0].end]]
        for one in speech[1:]:
            if self.max_pause_seconds and one.start - stretches[-1][1] > longest + 2 * _FADE_SECONDS:
                stretches[-1][1] += longest / 2
                stretches.append([one.start - longest / 2, one.end])
            stretches[-1][1] = one.end
        stretches[-1][1] += self.keep_seconds
        ranges = [(max(0, round(first * sample_rate)), min(size, round(end * sample_rate))) for first, end in stretches]
        return ranges, ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed(Step):
    """Pieces of 30 ms are moved to where they fit (see `wsola`), so a word may be 8 ms off."""

    name: ClassVar[str] = "speed"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Speak faster or slower at the same pitch; times stay those of the original recording."

    factor: float = parameter(1.1, unit="", least=0.5, most=2, help="2 takes half as long.")

    def apply(self, clip: AudioClip) -> AudioClip:
        if self.factor == 1:
            return clip
        changed = np.concatenate(list(self.changed(blocks_of(clip.samples), clip.sample_rate)))
        return replace(clip, samples=changed, times=self.times(clip.offset_seconds, clip.times))

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        """The blocks at the other pace; together round(n / factor) samples, at least one."""
        return stretched(blocks, sample_rate, self.factor)

    def times(self, offset: float, before: Times | None) -> Times:
        """Where the sound lay that is heard at a moment now.

        Args:
            offset: `offset_seconds` of the sound.
            before: Its times so far; None where they are plain.
        """
        factor = self.factor

        def moved(moment: float) -> float:
            there = offset + (moment - offset) * factor
            return there if before is None else before(there)

        return moved


def joined(
    cut: Callable[[int, int], Samples], ranges: Sequence[tuple[int, int]], sample_rate: int
) -> Iterator[Samples]:
    """Parts of a recording as one sound, as long as all parts together.

    Args:
        cut: Gives samples, asked for forwards.
        ranges: From and to which sample, in order; what lies between two is longer than the fade.
        sample_rate: In Hz.
    """
    fade = round(_FADE_SECONDS * sample_rate)
    ramp = ((np.arange(fade) + 0.5) / max(1, fade)).astype(np.float32)
    for place, (first, end) in enumerate(ranges):
        last = place == len(ranges) - 1
        yield from _pieces(cut, first, end if last else end - fade)
        if not last and fade:
            after = ranges[place + 1][0]
            leaving = cut(end - fade, end)
            yield np.asarray(leaving * (1 - ramp) + cut(after - fade, after) * ramp, np.float32)


def cut_times(ranges: Sequence[tuple[int, int]], sample_rate: int, offset: float, before: Times | None) -> Times | None:
    """Where the sound lay that is heard at a moment, once only the ranges are left; None where that is plain.

    Args:
        ranges: From and to which sample.
        sample_rate: In Hz.
        offset: `offset_seconds` before anything was cut.
        before: Times so far; None where they are plain.
    """
    if len(ranges) == 1:
        return before
    starts = [first / sample_rate for first, _ in ranges]
    lengths = [(end - first) / sample_rate for first, end in ranges]
    places = [float(place) for place in np.cumsum([starts[0], *lengths[:-1]])]

    def moved(moment: float) -> float:
        part = max(0, bisect_right(places, moment - offset) - 1)
        there = offset + starts[part] + (moment - offset - places[part])
        return there if before is None else before(there)

    return moved


def frame_powers(samples: Samples, frame: int) -> NDArray[np.float64]:
    """Mean square of each frame; the last one may be shorter."""
    starts = np.arange(0, samples.size, frame)
    return np.add.reduceat(np.square(samples), starts) / np.minimum(frame, samples.size - starts)


def _pieces(cut: Callable[[int, int], Samples], first: int, end: int) -> Iterator[Samples]:
    for start in range(first, end, _PIECE):
        yield cut(start, min(end, start + _PIECE))
