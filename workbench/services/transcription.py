"""Recordings to text."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from workbench.audio.held import as_path
from workbench.audio.io import Channel
from workbench.audio.steps import parse_chain
from workbench.audio.stream import MOST_SAMPLES_HELD, FileSound
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UnknownName, UsageError
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.pipeline.hotwords import flag_leaks
from workbench.pipeline.speaker_labels import label_transcript
from workbench.pipeline.speakers import check_speakers, find_turns
from workbench.pipeline.transcribe import ChunkDone, TranscribeEvent, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import SpeakerCount, Turn
from workbench.runs.executors.fitting import workers_for_recording
from workbench.services.process import DEFAULT_ENGINE, default_pool


def transcribe_events(
    path: Path | str,
    *,
    engine: str = DEFAULT_ENGINE,
    language: str | None = None,
    channel: Channel = "mix",
    chain: str = "",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    chunk_seconds: float | None = None,
    overlap_seconds: float = 0.0,
    word_times: bool = False,
    speakers: SpeakerCount | None = None,
    speaker_names: Mapping[str, str] | None = None,
    max_seconds: float | None = None,
    resume: bool = True,
    pool: EnginePool | None = None,
) -> Generator[TranscribeEvent, None, None]:
    """Transcribe one recording of any length, stretch by stretch, in memory that does not grow with it.

    Args:
        path: An audio file, or a video with sound.
        engine: `name` or `name:model`.
        language: A code or an English name; None or "auto" lets the engine decide.
        channel: The mean of all channels ("mix"), or only the first ("left") or the second ("right").
        chain: Preprocessing, as `highpass+gain:peak_db=-6`; empty for none.
        context: Names and terms to expect.
        options: The engine's own options.
        chunk_seconds: The longest stretch given to the engine at once; None is what the engine says serves it best.
        overlap_seconds: Where speech has no pause to cut at, hear so much of it twice and fit both texts together.
        word_times: Times of words and Han characters, from an engine that has them; takes longer.
        speakers: Tell apart so many people by their voices, or "auto" to estimate how many; None does not. Takes times
            of words along where the engine has them, to cut the text where the speaker changes.
        speaker_names: Names for them, `1=Zhang`, by the order in which they are first heard.
        max_seconds: Refuse recordings longer than this; None for no limit.
        resume: Keep finished stretches on disk until the transcript is delivered, and go on from those of an earlier
            try that was stopped or crashed.
        pool: Loaded engines; None is this process's own.

    Yields:
        The `Opening` of a long file, `Surveying` while the file is looked through, `ChunkDone` for every stretch, then
        the `Transcript`. What was kept is deleted when the generator goes on after it; closed before, it stays for a
        week.

    Raises:
        AudioError: The recording cannot be used.
        UsageError: An argument cannot be used.
        EngineError: The engine cannot run here, or failed.
    """
    pool = pool or default_pool()
    steps = parse_chain(chain)
    if channel not in get_args(Channel):
        raise UnknownName("channel", channel, get_args(Channel))
    chunk_seconds = checked_chunk_seconds(chunk_seconds)
    ref = EngineRef.parse(engine)
    known = plugin(ref.name)  # an unknown engine is said before an hour of audio is decoded
    if speakers is not None:
        check_speakers(speakers)
        word_times = word_times or "word_timestamps" in known.info(ref.model, pool.settings).capabilities
    elif speaker_names:
        raise UsageError("There are names for speakers who are not told apart.", hint="Ask for speakers too: auto.")
    sound = FileSound(as_path(path), sample_rate=steps.decode_rate, max_seconds=max_seconds, channel=channel)
    events = transcribe_recording(
        pool,
        ref,
        sound,
        chain=steps,
        options=DecodeOptions(language=language, context=context, word_times=word_times, extra=dict(options or {})),
        chunk_seconds=chunk_seconds,
        overlap_seconds=overlap_seconds,
        journals=pool.settings.home / "transcripts" if resume else None,
        hold_samples=MOST_SAMPLES_HELD,
        engines=partial(workers_for_recording, pool, ref),
    )
    if context.strip():
        events = _with_context(events, context)
    if speakers is None:
        yield from events
        return
    yield from _labelled(events, partial(find_turns, as_path(path), channel=channel), speakers, speaker_names or {})


def _with_context(
    events: Generator[TranscribeEvent, None, None], context: str
) -> Generator[TranscribeEvent, None, None]:
    """The same events, transcripts with what they were told to expect, and a flag where it was written unsaid."""
    with closing(events):
        for event in events:
            if isinstance(event, Transcript):
                yield flag_leaks(event, context)
            elif isinstance(event, ChunkDone) and event.so_far is not None:
                so_far = event.so_far
                yield replace(event, so_far=lambda so_far=so_far: flag_leaks(so_far(), context))
            else:
                yield event


def _labelled(
    events: Generator[TranscribeEvent, None, None],
    find: Callable[..., list[Turn]],
    speakers: SpeakerCount,
    names: Mapping[str, str],
) -> Generator[TranscribeEvent, None, None]:
    """The same events, the transcript with its speakers; what was kept on disk stays until they are found."""
    with closing(events):
        for event in events:
            if isinstance(event, Transcript):
                event = label_transcript(event, find(speakers=speakers), names, asked=speakers)
            yield event


def transcribe(path: Path | str, **arguments: Any) -> Transcript:
    """Transcribe one recording and return the transcript; arguments and errors as `transcribe_events`."""
    *_, last = transcribe_events(path, **arguments)
    assert isinstance(last, Transcript)
    return last
