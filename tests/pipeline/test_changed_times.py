"""Chains that change the pace or cut pauses: the times of a transcript stay those of the recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.audio.steps import parse_chain
from workbench.audio.stream import FileSound
from workbench.audio.vad import speech_spans
from workbench.engines.base import DecodeOptions, Hypothesis, Segment, Word
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import ChunkDone, transcribe_clips, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.settings import Settings

SPOKEN = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio" / "e01.flac"
SLOWER = "speed:factor=0.5"
CUT = "vad:keep_seconds=0.1,max_pause_seconds=2+speed:factor=2"


def heard(clip: AudioClip) -> Hypothesis:
    """What the scripted engine says: a segment for each stretch of speech in the clip it was given."""
    segments = tuple(
        Segment(start=one.start, end=one.end, text=f"w{place}", words=(Word(start=one.start, end=one.end, text="w"),))
        for place, one in enumerate(speech_spans(clip))
    )
    return Hypothesis(text=" ".join(one.text for one in segments), raw="", segments=segments, finish="eos")


@pytest.fixture(scope="module")
def recording() -> AudioClip:
    """Three sentences with pauses of 3 s."""
    one = read_clip(SPOKEN).samples
    pause = np.zeros(48_000, np.float32)
    return AudioClip(samples=np.concatenate([pause, one, pause, one, pause, one]), sample_rate=16_000, source="x.wav")


def bounds(spans) -> list[tuple[float, float]]:
    """Of each sentence."""
    together = [[spans[0].start, spans[0].end]]
    for one in spans[1:]:
        if one.start - together[-1][1] > 1.5:
            together.append([one.start, one.end])
        together[-1][1] = one.end
    return [(start, end) for start, end in together]


def transcribed(settings: Settings, sound: AudioClip | FileSound, chain: str) -> tuple[list[ChunkDone], Transcript]:
    with offered(ScriptedPlugin(script=heard)):
        events = list(
            transcribe_recording(
                EnginePool(settings),
                EngineRef.parse("scripted"),
                sound,
                chain=parse_chain(chain),
                options=DecodeOptions(word_times=True),
                chunk_seconds=5.0,
            )
        )
    last = events[-1]
    assert isinstance(last, Transcript)
    return [event for event in events if isinstance(event, ChunkDone)], last


@pytest.mark.parametrize("chain", [SLOWER, CUT])
@pytest.mark.parametrize("streamed", [False, True])
def test_times_are_those_of_the_recording(settings, recording, tmp_path, chain, streamed):
    sound: AudioClip | FileSound = recording
    if streamed:
        write_clip(recording, tmp_path / "x.wav")
        sound = FileSound(tmp_path / "x.wav", sample_rate=16_000)
    chunks, transcript = transcribed(settings, sound, chain)
    assert transcript.duration_seconds == pytest.approx(recording.duration)
    expected = bounds(speech_spans(recording))
    assert len(expected) == 3
    np.testing.assert_allclose(bounds(transcript.segments), expected, atol=0.25)
    for segment in transcript.segments:
        assert [(word.start, word.end) for word in segment.words] == [(segment.start, segment.end)]
    assert [event.segments for event in chunks] == [
        tuple(one for one in transcript.segments if event.start <= one.start < event.end) for event in chunks
    ]
    assert all(0 <= event.start < event.end <= recording.duration for event in chunks)
    covered = transcript.coverage
    assert (covered[0].start, covered[-1].end) == (0, pytest.approx(recording.duration))
    assert all(0 <= one.start < one.end <= recording.duration for one in transcript.flags)


@pytest.mark.parametrize("chain", [SLOWER, CUT])
def test_times_in_a_benchmark_are_those_of_the_recording(settings, recording, chain):
    with offered(ScriptedPlugin(script=heard)) as plugin:
        engine = plugin.load("", settings)
        (transcript,) = transcribe_clips(
            engine,
            [replace(recording, offset_seconds=0.0)],
            chain=parse_chain(chain),
            options=DecodeOptions(),
            max_seconds=None,
            meter=Meter(),
        )
    np.testing.assert_allclose(bounds(transcript.segments), bounds(speech_spans(recording)), atol=0.25)
    assert max(one.end for one in transcript.segments) <= recording.duration


def test_a_part_of_a_recording_is_a_recording_of_its_own(settings, recording):
    part = recording.cut(2.0, 9.0)
    _, transcript = transcribed(settings, part, SLOWER)
    np.testing.assert_allclose(bounds(transcript.segments), bounds(speech_spans(part)), atol=0.25)
