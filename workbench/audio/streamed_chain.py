"""Chains over recordings that are not held in memory: sample for sample what `Chain.apply` gives.

A step that must know the whole recording before it changes the first sample (gain, loudness, trim) reads it once more:
some 15 s for three hours of mp3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.effects import (
    BlockStep,
    Dehum,
    Dynaudnorm,
    Gain,
    Loudness,
    Resample,
    Speed,
    Step,
    Trim,
    Vad,
    frame_powers,
)
from workbench.audio.effects.blocks import resampled
from workbench.audio.effects.dynamics import frame_peaks
from workbench.audio.effects.timing import cut_times, joined
from workbench.audio.loudness import LoudnessMeter
from workbench.audio.segment import Span
from workbench.audio.steps import Chain
from workbench.audio.stream import Cutter, SoundStream
from workbench.audio.vad import SpeechDetector
from workbench.errors import UsageError


def can_stream(chain: Chain) -> bool:
    """Whether every step has a form for streams; one that has none needs the recording in memory."""
    return all(isinstance(step, BlockStep) or type(step) in _FORMS for step in chain.steps)


def stream_chain(chain: Chain, sound: SoundStream) -> SoundStream:
    """The sound after the last step.

    Raises:
        UsageError: A step cannot work on this sound.
        AudioError: The recording cannot be read to its end, where a step must know all of it.
    """
    for step in chain.steps:
        sound = _blocks(step, sound) if isinstance(step, BlockStep) else _form(step)(step, sound)
    return sound


def _form(step: Step) -> Callable[[Any, SoundStream], SoundStream]:
    if type(step) not in _FORMS:
        raise UsageError(
            f"The step {step.name} must hold the whole recording in memory.", hint="Split it, or leave the step out."
        )
    return _FORMS[type(step)]


def stream_at_rate(sound: SoundStream, rate: int, *, quality: str = "HQ") -> SoundStream:
    """The sound at a rate in Hz."""
    if sound.sample_rate == rate:
        return sound
    changed = partial(_resampled, sound.open, sound.sample_rate, rate, quality)
    return replace(sound, open=changed, sample_rate=rate)


def _resampled(begin: Callable[[], Iterator[Samples]], source: int, target: int, quality: str) -> Iterator[Samples]:
    return resampled(begin(), source, target, quality)


def _blocks(step: BlockStep, sound: SoundStream) -> SoundStream:
    return replace(sound, open=lambda: step.changed(sound.open(), sound.sample_rate))


def _dehum(step: Dehum, sound: SoundStream) -> SoundStream:
    base, warnings = step.base(sound.open, sound.sample_rate, sound.source)
    told = replace(sound, warnings=(*sound.warnings, *warnings))
    return told if base is None else replace(told, open=lambda: step.filtered(sound.open(), sound.sample_rate, base))


def _dynaudnorm(step: Dynaudnorm, sound: SoundStream) -> SoundStream:
    gains = step.gains(frame_peaks(sound.open(), step.frame(sound.sample_rate)))
    return replace(sound, open=lambda: step.scaled(sound.open(), sound.sample_rate, gains))


def _gain(step: Gain, sound: SoundStream) -> SoundStream:
    peak = max(max(float(block.max()), -float(block.min())) for block in sound.open())
    return _scaled(sound, step.factor(peak))


def _loudness(step: Loudness, sound: SoundStream) -> SoundStream:
    meter = LoudnessMeter(sound.sample_rate)
    for block in sound.open():
        meter.feed(block)
    factor, warnings = step.factor(meter, sound.source)
    return replace(_scaled(sound, factor), warnings=(*sound.warnings, *warnings))


def _resample(step: Resample, sound: SoundStream) -> SoundStream:
    return stream_at_rate(sound, step.rate, quality=step.recipe)


def _trim(step: Trim, sound: SoundStream) -> SoundStream:
    powers, size = _all_frame_powers(sound, step.frame(sound.sample_rate))
    first, end = step.kept(powers, sound.sample_rate, size)
    offset = sound.offset_seconds + first / sound.sample_rate
    return replace(sound, open=partial(_between, sound.open, first, end), offset_seconds=offset)


def _vad(step: Vad, sound: SoundStream) -> SoundStream:
    detector, rate, size = SpeechDetector(sound.sample_rate), sound.sample_rate, 0
    for block in sound.open():
        detector.feed(block)
        size += block.size
    spoken = [Span(one.start, min(one.end, size / rate)) for one in detector.spans(threshold=step.threshold)]
    speech = [one for one in spoken if one.duration > 0]
    ranges, warnings = step.kept(speech, rate, size, sound.source)
    if ranges == [(0, size)]:
        return replace(sound, warnings=(*sound.warnings, *warnings))

    def begin() -> Iterator[Samples]:
        cutter = Cutter(sound.open(), source=sound.source)
        return joined(cutter.cut, ranges, rate)

    return replace(
        sound,
        open=begin,
        offset_seconds=sound.offset_seconds + ranges[0][0] / rate,
        times=cut_times(ranges, rate, sound.offset_seconds, sound.times),
    )


def _speed(step: Speed, sound: SoundStream) -> SoundStream:
    if step.factor == 1:
        return sound
    return replace(
        sound,
        open=lambda: step.changed(sound.open(), sound.sample_rate),
        times=step.times(sound.offset_seconds, sound.times),
    )


def _all_frame_powers(sound: SoundStream, frame: int) -> tuple[NDArray[np.float64], int]:
    powers: list[NDArray[np.float64]] = []
    rest, size = np.empty(0, np.float32), 0
    for block in sound.open():
        size += block.size
        rest = np.concatenate([rest, block])
        if whole := rest.size - rest.size % frame:
            powers.append(frame_powers(rest[:whole], frame))
            rest = rest[whole:]
    if rest.size:
        powers.append(frame_powers(rest, frame))
    return np.concatenate(powers), size


def _between(begin: Callable[[], Iterator[Samples]], first: int, end: int) -> Iterator[Samples]:
    place = 0
    for block in begin():
        kept = block[max(0, first - place) : max(0, end - place)]
        place += block.size
        if kept.size:
            yield kept


def _scaled(sound: SoundStream, factor: np.float32 | None) -> SoundStream:
    if factor is None:
        return sound
    return replace(sound, open=lambda: (block * factor for block in sound.open()))


_FORMS: dict[type[Step], Callable[[Any, SoundStream], SoundStream]] = {
    Dehum: _dehum,
    Dynaudnorm: _dynaudnorm,
    Gain: _gain,
    Loudness: _loudness,
    Resample: _resample,
    Speed: _speed,
    Trim: _trim,
    Vad: _vad,
}
"""Besides every `BlockStep`, which is made for streams."""
