"""A recording before it is transcribed: how long it is, where somebody speaks, where it will be cut.

What is held in memory (ten minutes and less) is changed by the chain at once. A longer file is read as a stream: once
more for each step that must know all of it, once to find speech and pauses, and once to give the engine its chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial

import soxr

from workbench.audio.clip import AudioClip, Samples, Times
from workbench.audio.segment import LevelProfile, Span, overlapped, plan_chunks
from workbench.audio.steps import Chain
from workbench.audio.stream import Cutter, FileSound
from workbench.audio.streamed_chain import can_stream, stream_at_rate, stream_chain
from workbench.audio.vad import SpeechDetector, speech_spans
from workbench.engines.base import EngineInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is told of a recording.

    Attributes:
        source: File name.
        digest: As `AudioClip.digest`, of the sound as it was decoded.
        duration: Seconds.
        warnings: Where the file was damaged or shorter than it declares.
    """

    source: str
    digest: str
    duration: float
    warnings: tuple[str, ...] = ()


TELL_SECONDS = 1.0
"""How often a survey tells how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveying:
    """A long file is looked through before its first stretch is transcribed.

    Attributes:
        seconds: How far into it.
        duration_seconds: How long it says it is; None where it does not.
    """

    seconds: float
    duration_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A recording as the engine will hear it.

    Attributes:
        recording: As it was decoded.
        chunks: Stretches for the engine, in seconds of the recording; those that overlap have a seam to be fitted.
        speech: Where somebody speaks, in the same time; empty where nobody looked.
        warnings: What the steps of the chain noticed.
        offset: Where the changed sound begins in the recording, in seconds.
        rate: Of the changed sound, in Hz.
        times: Where the sound lies that is heard at a moment of `chunks` and `speech`, once the chain changed the pace
            or cut something out of the middle; None where they are moments of the recording.
        samples: From and to which sample; to be asked for forwards.
    """

    recording: Recording
    chunks: tuple[Span, ...]
    speech: tuple[Span, ...]
    times: Times | None = None
    warnings: tuple[str, ...]
    offset: float
    rate: int
    samples: Callable[[int, int], Samples]

    def placed(self, moment: float) -> float:
        """Where in the recording the sound lies that is heard at a moment, in seconds."""
        return moment if self.times is None else min(self.times(moment), self.recording.duration)

    def in_recording(self) -> Survey:
        """The same with chunks and speech in seconds of the recording; no sound can be cut from it."""
        if self.times is None:
            return self
        chunks, speech = (
            tuple(Span(self.placed(one.start), self.placed(one.end)) for one in spans)
            for spans in (self.chunks, self.speech)
        )
        return replace(self, chunks=chunks, speech=speech)

    def cut(self, chunk: Span) -> AudioClip:
        """The sound of a chunk. Chunks are asked for in order: what lies before one may be forgotten."""
        first, end = (round((moment - self.offset) * self.rate) for moment in (chunk.start, chunk.end))
        return AudioClip(
            samples=self.samples(first, end),
            sample_rate=self.rate,
            source=self.recording.source,
            offset_seconds=self.offset + first / self.rate,
        )


def survey_clip(
    clip: AudioClip,
    info: EngineInfo,
    chain: Chain,
    *,
    max_seconds: float | None,
    overlap_seconds: float = 0.0,
    find_speech: bool = True,
) -> Survey:
    """Survey a recording in memory.

    Args:
        clip: The recording at any rate; a part of another one is a recording of its own, whose times begin at 0.
        info: Of the engine that will hear it.
        chain: Preprocessing.
        max_seconds: The longest chunk; None for no limit.
        overlap_seconds: Heard twice where a cut lies in the middle of speech.
        find_speech: Whether a recording without speech is left out; else one that fits is not listened to.
    """
    changed = _at_rate(chain.apply(clip), info.sample_rate)
    fits = max_seconds is None or changed.duration <= max_seconds
    speech = speech_spans(changed) if find_speech or not fits else []
    if fits:
        chunks = [Span(0.0, changed.duration)] if speech or not find_speech else []
    else:
        assert max_seconds is not None
        chunks = _plan(changed, speech, max_seconds, overlap_seconds)
    recording = Recording(source=clip.source, digest=clip.digest, duration=clip.duration, warnings=clip.warnings)
    offset = changed.offset_seconds - clip.offset_seconds
    return Survey(
        recording=recording,
        chunks=_moved(chunks, offset),
        speech=_moved(speech, offset),
        times=_times_from(clip.offset_seconds, changed.times),
        warnings=changed.warnings[len(clip.warnings) :],
        offset=offset,
        rate=changed.sample_rate,
        samples=partial(_slice, changed),
    )


def survey_file(
    sound: FileSound, info: EngineInfo, chain: Chain, *, max_seconds: float, overlap_seconds: float = 0.0
) -> Generator[Surveying, None, Survey]:
    """Survey a file that is too long to be held; one whose chain has a step without a form for streams is held anyway.

    Closing the generator stops the work.

    Args:
        sound: The file.
        info: Of the engine that will hear it.
        chain: Preprocessing.
        max_seconds: The longest chunk.
        overlap_seconds: Heard twice where a cut lies in the middle of speech.

    Yields:
        How far it is, every second or so; at least once before each step that has to know all of the recording.

    Raises:
        AudioError: It cannot be read to its end.
        UsageError: A step cannot work on it.
    """
    if not can_stream(chain):
        clip = sound.clip()
        assert clip is not None, "no limit was given"
        return survey_clip(clip, info, chain, max_seconds=max_seconds, overlap_seconds=overlap_seconds)
    stream = sound.stream()
    for step in chain.steps:
        yield Surveying(seconds=0.0, duration_seconds=sound.declared_seconds)
        stream = stream_chain(Chain((step,)), stream)
    changed = stream_at_rate(stream, info.sample_rate)
    detector, levels = SpeechDetector(info.sample_rate), LevelProfile(info.sample_rate)
    told = time.monotonic()
    for block in changed.open():
        detector.feed(block)
        levels.feed(block)
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            yield Surveying(seconds=levels.size / info.sample_rate, duration_seconds=sound.declared_seconds)
    facts = sound.facts
    assert facts is not None, "the pass above came to its end"
    length = levels.size / info.sample_rate
    speech = [Span(one.start, min(one.end, length)) for one in detector.spans()]
    if length <= max_seconds:
        chunks = [Span(0.0, length)] if speech else []
    else:
        chunks = _plan(levels, speech, max_seconds, overlap_seconds)
    return Survey(
        recording=Recording(
            source=sound.source,
            digest=facts.digest,
            duration=facts.samples / sound.sample_rate,
            warnings=facts.warnings,
        ),
        chunks=_moved(chunks, changed.offset_seconds),
        speech=_moved(speech, changed.offset_seconds),
        times=changed.times,
        warnings=changed.warnings,
        offset=changed.offset_seconds,
        rate=info.sample_rate,
        samples=Cutter(changed.open(), source=sound.source).cut,
    )


def _plan(
    sound: AudioClip | LevelProfile, speech: list[Span], max_seconds: float, overlap_seconds: float
) -> list[Span]:
    return overlapped(plan_chunks(sound, speech, max_seconds=max_seconds - overlap_seconds), speech, overlap_seconds)


def _moved(spans: list[Span], offset: float) -> tuple[Span, ...]:
    return tuple(Span(one.start + offset, one.end + offset) for one in spans)


def _times_from(start: float, times: Times | None) -> Times | None:
    """Times of a part of a recording that is a recording of its own and begins there."""
    return None if times is None else lambda moment: times(moment + start) - start


def _slice(clip: AudioClip, first: int, end: int) -> Samples:
    return clip.samples[first:end]


def _at_rate(clip: AudioClip, rate: int) -> AudioClip:
    if clip.sample_rate == rate:
        return clip
    return clip.with_samples(soxr.resample(clip.samples, clip.sample_rate, rate), sample_rate=rate)
