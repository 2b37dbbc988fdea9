"""One clip in one condition: the room, the noise at its SNR over speech, the codec; and how it was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.mix import active_samples, mix_at_snr, reverberate, room_response
from workbench.audio.steps import parse_chain
from workbench.audio.vad import speech_spans
from workbench.errors import AudioInvalid, UsageError
from workbench.evalsets.conditions import Condition, Room
from workbench.evalsets.model import EvalItem
from workbench.evalsets.noises import RATE, Background, read_mono, seed_of

VERSION = 1
"""Grows whenever the same request gives other samples."""

PEAK_LIMIT = 0.99
_STEP = 2.0**-15
"""Of 16-bit samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A clip of the set that variants are made of.

    Attributes:
        item: Its label and tags.
        clip: Its sound at `RATE`.
        active: bool (n,), where somebody speaks.
        active_by: `vad`, or `level` where silero hears no speech: then frames within 40 dB of the loudest.
    """

    item: EvalItem
    clip: AudioClip
    active: NDArray[np.bool_]
    active_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A clip in one condition.

    Attributes:
        clip: Whole 16-bit steps, as it is written.
        facts: How it was made, for the manifest.
    """

    clip: AudioClip
    facts: Mapping[str, Any]


def hear_source(item: EvalItem, clip: AudioClip) -> Source:
    """A clip, and where in it somebody speaks.

    Raises:
        AudioInvalid: It is silent, so that nothing has an SNR.
    """
    active = np.zeros(clip.samples.size, np.bool_)
    for span in speech_spans(clip, pad_seconds=0.0):
        active[round(span.start * RATE) : round(span.end * RATE)] = True
    by = "vad"
    if not clip.samples[active].any():
        active, by = active_samples(clip.samples, RATE), "level"
    if not active.any():
        raise AudioInvalid(f"{item.id} is silent: it has no signal-to-noise ratio.", hint="Leave it out.")
    return Source(item=item, clip=clip, active=active, active_by=by)


def make_variant(
    source: Source, condition: Condition, background: Callable[[], Background] | None, seed: int
) -> Variant:
    """A clip in a condition.

    Args:
        source: The clip.
        condition: What is done to it.
        background: Makes its noise; None where the condition has none.
        seed: The set's; a made-up room is the same for all clips.

    Raises:
        UsageError: The noise is silent wherever somebody speaks, or a step cannot work here.
        AudioError: A recording of noise or a room cannot be read.
    """
    speech = source.clip.samples
    facts: dict[str, Any] = {
        "speech_by": source.active_by,
        "speech_seconds": round(float(source.active.mean()) * source.clip.duration, 3),
    }
    if condition.room.label != "none":
        speech = reverberate(speech, _response(condition.room, seed))
        facts["room_sha256" if condition.room.file else "room_key"] = condition.room.key
    if background is not None and condition.snr_db is not None:
        samples, mixed = _mixed(source, speech, condition.snr_db, background())
        facts |= mixed
    else:
        gain = (
            min(1.0, PEAK_LIMIT / max(float(np.abs(speech).max()), 1e-9)) if speech is not source.clip.samples else 1.0
        )
        samples, facts["gain"] = gain * speech, gain
    samples = stepped(samples)
    if condition.codec.chain:
        clip = parse_chain(condition.codec.chain).apply(source.clip.with_samples(samples))
        samples = stepped(clip.samples)
        facts["codec_chain"] = condition.codec.chain
    return Variant(clip=source.clip.with_samples(samples), facts=facts)


def _mixed(source: Source, speech: Samples, snr_db: float, noise: Background) -> tuple[Samples, dict[str, Any]]:
    try:
        mixture = mix_at_snr(speech, noise.samples, snr_db, RATE, peak_limit=PEAK_LIMIT, active=source.active)
    except ValueError as error:
        raise UsageError(f"{source.item.id}: {error}", hint="Use another noise, or another --seed.") from error
    measured = measured_snr(stepped(mixture.samples), mixture.gain * speech, source.active)
    facts = {
        "snr_measured_db": round(measured, 3),
        "gain": mixture.gain,
        "noise_gain": mixture.noise_gain,
        **noise.facts,
    }
    return mixture.samples, facts


def measured_snr(mixture: Samples, speech: Samples, active: NDArray[np.bool_]) -> float:
    """SNR in decibels of what was written: the speech in it against all the rest, over the samples where one speaks.

    Args:
        mixture: float32 (n,).
        speech: What of it is speech, at the same level.
        active: bool (n,).
    """
    wanted = np.square(speech[active], dtype=np.float64).sum()
    rest = np.square(mixture[active].astype(np.float64) - speech[active]).sum()
    return float(10 * np.log10(wanted / rest))


def stepped(samples: Samples) -> Samples:
    """In whole 16-bit steps, as a flac file keeps them."""
    return (np.clip(np.round(samples / _STEP), -32768, 32767) * _STEP).astype(np.float32)


def _response(room: Room, seed: int) -> Samples:
    if room.file is not None:
        return read_mono(room.file)
    assert room.rt60_seconds is not None
    return _made_up(room.rt60_seconds, seed_of(seed, room.key))


@lru_cache(maxsize=16)
def _made_up(rt60_seconds: float, seed: int) -> Samples:
    return room_response(RATE, rt60_seconds, seed)
