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
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.effects import Gain, Highpass, Loudness, Resample, Step, Trim, frame_powers
from workbench.audio.loudness import LoudnessMeter
from workbench.audio.steps import Chain
from workbench.audio.stream import SoundStream


def can_stream(chain: Chain) -> bool:
    """Whether every step has a form for streams; one that has none needs the recording in memory."""
    return all(type(step) in _FORMS for step in chain.steps)


def stream_chain(chain: Chain, sound: SoundStream) -> SoundStream:
    """The sound after the last step.

    Raises:
        UsageError: A step cannot work on this sound.
        AudioError: The recording cannot be read to its end, where a step must know all of it.
    """
    for step in chain.steps:
        sound = _FORMS[type(step)](step, sound)
    return sound


def stream_at_rate(sound: SoundStream, rate: int, *, quality: str = "HQ") -> SoundStream:
    """The sound at a rate in Hz."""
    if sound.sample_rate == rate:
        return sound
    changed = partial(_resampled, sound.open, sound.sample_rate, rate, quality)
    return replace(sound, open=changed, sample_rate=rate)


def _resampled(begin: Callable[[], Iterator[Samples]], source: int, target: int, quality: str) -> Iterator[Samples]:
    resampler = soxr.ResampleStream(source, target, 1, quality=quality)
    for block in begin():
        if (changed := resampler.resample_chunk(block)).size:
            yield changed
    if (rest := resampler.resample_chunk(np.empty(0, np.float32), last=True)).size:
        yield rest


def _highpass(step: Highpass, sound: SoundStream) -> SoundStream:
    return replace(sound, open=lambda: step.filtered(sound.open(), sound.sample_rate))


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
    return stream_at_rate(sound, step.rate, quality="VHQ")


def _trim(step: Trim, sound: SoundStream) -> SoundStream:
    powers, size = _all_frame_powers(sound, step.frame(sound.sample_rate))
    first, end = step.kept(powers, sound.sample_rate, size)
    offset = sound.offset_seconds + first / sound.sample_rate
    return replace(sound, open=partial(_between, sound.open, first, end), offset_seconds=offset)


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
    Highpass: _highpass,
    Gain: _gain,
    Loudness: _loudness,
    Resample: _resample,
    Trim: _trim,
}
