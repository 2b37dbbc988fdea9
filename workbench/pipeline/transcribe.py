"""From a clip to a transcript: chain, chunks, engine, merge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import soxr

from workbench.audio.clip import AudioClip
from workbench.audio.segment import Span, plan_chunks
from workbench.audio.steps import Chain
from workbench.audio.vad import speech_spans, warm_up
from workbench.engines.base import DecodeOptions, Engine, EngineInfo, Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.measurement import Measurement, combined
from workbench.pipeline.meter import Meter, shared_by_length
from workbench.pipeline.transcript import Transcript, clock, join_texts

NO_SPEECH = "No speech was found in this recording."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkDone:
    """One stretch of a recording is transcribed.

    Attributes:
        index: Which chunk, from 0.
        total: How many there are.
        start: Seconds into the recording.
        end: The same.
        segments: Its text with times of the recording.
    """

    index: int
    total: int
    start: float
    end: float
    segments: tuple[Segment, ...]


TranscribeEvent = ChunkDone | Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A clip as the engine will hear it, and the stretches it will hear."""

    original: AudioClip
    clip: AudioClip
    chunks: tuple[Span, ...]

    def cuts(self) -> list[AudioClip]:
        return [self.clip.cut(chunk.start, chunk.end) for chunk in self.chunks]


def resolve_options(info: EngineInfo, options: DecodeOptions) -> tuple[DecodeOptions, tuple[str, ...]]:
    """Options as the engine can use them, and warnings where they differ from what was asked.

    Raises:
        UnknownName: No such language.
        UsageError: A language or option that the engine does not have.
    """
    info.validated(options.extra)
    language, warnings = info.resolve_language(options.language)
    if options.context and "context" not in info.capabilities:
        warnings += (f"{info.name} takes no context; the hot words were not used.",)
        options = replace(options, context="")
    return replace(options, language=language), warnings


def transcribe_clips(
    engine: Engine,
    clips: Sequence[AudioClip],
    *,
    chain: Chain,
    options: DecodeOptions,
    max_seconds: float | None,
    meter: Meter,
) -> list[Transcript]:
    """Transcribe whole clips together, one transcript each, in order; what a benchmark measures.

    Clips go to the engine as they are unless they are longer than `max_seconds`; then they are cut at pauses.

    Args:
        engine: Loaded, with the device held by the caller.
        clips: Recordings at any rate.
        chain: Preprocessing; its time is measured with the engine's.
        options: Already resolved for this engine.
        max_seconds: The longest stretch the engine is given; None for no limit.
        meter: For the device the engine is on.
    """
    with meter.measure(audio_seconds=sum(clip.duration for clip in clips), batch_size=len(clips)) as reading:
        prepared = [_prepare(clip, engine.info, chain, max_seconds, skip_silence=False) for clip in clips]
        cuts = [cut for one in prepared for cut in one.cuts()]
        heard: list[Hypothesis] = []
        for first in range(0, len(cuts), len(clips)):
            heard += engine.transcribe(cuts[first : first + len(clips)], options)
    answers = iter(heard)
    shares = shared_by_length(reading.result, [clip.duration for clip in clips])
    return [
        _transcript(one, [next(answers) for _ in one.chunks], engine.info, chain, share)
        for one, share in zip(prepared, shares, strict=True)
    ]


def transcribe_clip(
    pool: EnginePool,
    ref: EngineRef,
    clip: AudioClip,
    *,
    chain: Chain,
    options: DecodeOptions,
    chunk_seconds: float | None = None,
) -> Generator[TranscribeEvent, None, None]:
    """Transcribe one recording of any length chunk by chunk; the last event is the `Transcript`.

    Stretches without speech are not given to the engine. The device is held for one chunk at a time. Closing the
    generator cancels.

    Args:
        pool: Where the engine comes from.
        ref: Which engine.
        clip: The recording at any rate.
        chain: Preprocessing.
        options: As asked for; resolved here.
        chunk_seconds: The longest stretch the engine is given; None is what the engine says serves it best.

    Yields:
        `ChunkDone` for every stretch, then the `Transcript`.
    """
    info = pool.get(ref).info
    options, warnings = resolve_options(info, options)
    longest = min(chunk_seconds or info.chunk_seconds, info.max_seconds or float("inf"))
    meter = Meter(info.device, info.runtime)
    warm_up()
    with meter.measure(audio_seconds=0) as reading:
        prepared = _prepare(clip, info, chain, longest, skip_silence=True)
    measurements, heard = [reading.result], list[Hypothesis]()
    for index, chunk in enumerate(prepared.chunks):
        cut = prepared.clip.cut(chunk.start, chunk.end)
        with pool.use(ref) as engine, meter.measure(audio_seconds=cut.duration) as reading:
            heard += engine.transcribe([cut], options)
        measurements.append(reading.result)
        yield _chunk_done(prepared, heard[-1], index)
    cost = combined(measurements)
    assert cost is not None
    cost = replace(cost, audio_seconds=clip.duration)
    transcript = _transcript(prepared, heard, info, chain, cost)
    yield replace(transcript, warnings=warnings + transcript.warnings)


def _prepare(
    clip: AudioClip, info: EngineInfo, chain: Chain, max_seconds: float | None, *, skip_silence: bool
) -> _Prepared:
    changed = _at_rate(chain.apply(clip), info.sample_rate)
    fits = max_seconds is None or changed.duration <= max_seconds
    if fits and not skip_silence:
        return _Prepared(original=clip, clip=changed, chunks=(Span(0.0, changed.duration),))
    speech = speech_spans(changed)
    if fits:
        chunks = [Span(0.0, changed.duration)] if speech else []
    else:
        assert max_seconds is not None
        chunks = plan_chunks(changed, speech, max_seconds=max_seconds)
    return _Prepared(original=clip, clip=changed, chunks=tuple(chunks))


def _at_rate(clip: AudioClip, rate: int) -> AudioClip:
    if clip.sample_rate == rate:
        return clip
    return clip.with_samples(soxr.resample(clip.samples, clip.sample_rate, rate), sample_rate=rate)


def _times(prepared: _Prepared, chunk: Span, hypothesis: Hypothesis) -> tuple[Segment, ...]:
    """The chunk's segments in the time of the recording; one for the whole chunk where the engine has no times."""
    offset = prepared.clip.offset_seconds
    if not hypothesis.segments:
        text = hypothesis.text.strip()
        return (Segment(start=chunk.start + offset, end=chunk.end + offset, text=text),) if text else ()
    longest = prepared.original.duration
    shifted = (segment.shifted(chunk.start + offset) for segment in hypothesis.segments)
    return tuple(replace(one, start=min(one.start, longest), end=min(one.end, longest)) for one in shifted)


def _chunk_done(prepared: _Prepared, hypothesis: Hypothesis, index: int) -> ChunkDone:
    chunk, offset = prepared.chunks[index], prepared.clip.offset_seconds
    return ChunkDone(
        index=index,
        total=len(prepared.chunks),
        start=chunk.start + offset,
        end=chunk.end + offset,
        segments=_times(prepared, chunk, hypothesis),
    )


def _transcript(
    prepared: _Prepared, heard: Sequence[Hypothesis], info: EngineInfo, chain: Chain, cost: Measurement
) -> Transcript:
    clip = prepared.original
    cut_off = [chunk for chunk, one in zip(prepared.chunks, heard, strict=True) if one.finish == "length"]
    warnings = [*clip.warnings, *(prepared.clip.warnings[len(clip.warnings) :])]
    warnings += [] if prepared.chunks else [NO_SPEECH]
    warnings += [_ran_out(chunk, prepared.clip.offset_seconds) for chunk in cut_off]
    warnings += [warning for one in heard for warning in one.warnings]
    return Transcript(
        source=clip.source,
        clip_digest=clip.digest,
        duration_seconds=clip.duration,
        engine=info.name,
        model_id=info.model_id,
        chain=str(chain),
        hypothesis=_merge(prepared, heard),
        measurement=cost,
        warnings=tuple(dict.fromkeys(warnings)),
        complete=not cut_off and not clip.warnings,
    )


def _ran_out(chunk: Span, offset: float) -> str:
    start, end = clock(chunk.start + offset)[:8], clock(chunk.end + offset)[:8]
    return f"From {start} to {end} the engine ran out of tokens: text may be missing there."


def _merge(prepared: _Prepared, heard: Sequence[Hypothesis]) -> Hypothesis:
    if len(heard) == 1:
        return replace(heard[0], segments=_times(prepared, prepared.chunks[0], heard[0]))
    finishes = {one.finish for one in heard}
    confidences = [one.confidence for one in heard if one.confidence is not None]
    return Hypothesis(
        text=join_texts(one.text for one in heard),
        raw="\n".join(one.raw for one in heard),
        language=_most_heard(prepared.chunks, heard),
        segments=tuple(
            segment
            for chunk, one in zip(prepared.chunks, heard, strict=True)
            for segment in _times(prepared, chunk, one)
        ),
        finish="length" if "length" in finishes else "eos" if finishes == {"eos"} else "unknown",
        confidence=sum(confidences) / len(confidences) if heard and len(confidences) == len(heard) else None,
    )


def _most_heard(chunks: Sequence[Span], heard: Sequence[Hypothesis]) -> str | None:
    seconds = Counter[str]()
    for chunk, one in zip(chunks, heard, strict=True):
        if one.language:
            seconds[one.language] += chunk.end - chunk.start  # pyright: ignore[reportArgumentType]
    return seconds.most_common(1)[0][0] if seconds else None
