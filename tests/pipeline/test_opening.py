"""The first text of a long file, before the file has been looked through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import Samples
from workbench.audio.io import read_clip
from workbench.audio.segment import Span
from workbench.audio.steps import parse_chain
from workbench.audio.stream import FileSound
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.pipeline import transcribe as transcribing
from workbench.pipeline.opening import Opening, survey_opening
from workbench.pipeline.transcribe import ChunkDone, TranscribeEvent, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.settings import Settings

RATE = 16_000
REF = EngineRef("scripted")
SHIPPED = sorted((Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of speech at 22.05 kHz, with pauses of half a second and a second of silence before it."""
    clips = [read_clip(path, sample_rate=22_050).samples for path in SHIPPED[:7]]
    parts = [part for clip in clips for part in (clip, np.zeros(11_025, np.float32))]
    path = tmp_path_factory.mktemp("recording") / "long.flac"
    soundfile.write(path, np.concatenate([np.zeros(22_050, np.float32), *parts]), 22_050, subtype="PCM_16")
    return path


def events_of(home: Path, sound: FileSound, **asked: object) -> tuple[list[TranscribeEvent], list[str]]:
    """What is told, and the digest of each clip that the engine heard."""
    arguments = {"chain": parse_chain(""), "options": DecodeOptions(), "chunk_seconds": 8.0} | asked
    plugin = ScriptedPlugin()
    with offered(plugin):
        events = list(transcribe_recording(EnginePool(Settings(home=home)), REF, sound, **arguments))  # pyright: ignore
    return events, [call.clips[0].digest for call in plugin.journal.calls]


@pytest.mark.parametrize("chain", ["", "highpass", "lowpass+compressor"])
@pytest.mark.parametrize("asked", [{}, {"hold_samples": 600 * RATE}, {"overlap_seconds": 1.0}], ids=str)
def test_the_opening_is_the_first_chunk_and_heard_once(
    recording: Path, tmp_path: Path, chain: str, asked: dict[str, float]
) -> None:
    steps = parse_chain(chain)
    opened, heard = events_of(tmp_path, FileSound(recording, sample_rate=RATE), chain=steps, **asked)
    clip = read_clip(recording, sample_rate=RATE)
    at_once = {key: value for key, value in asked.items() if key != "hold_samples"}
    expected, as_clip = events_of(tmp_path, clip, chain=steps, **at_once)  # pyright: ignore[reportArgumentType]
    first, *rest = opened
    assert isinstance(first, Opening)
    assert not any(isinstance(event, Opening) for event in [*rest, *expected])
    chunk = next(event for event in rest if isinstance(event, ChunkDone))
    assert (first.start, first.end) == (chunk.start, chunk.end)
    assert first.text != ""
    if not asked.get("overlap_seconds"):  # where it overlaps the next, that may take over its end
        assert first.segments == chunk.segments
    assert heard == as_clip
    assert texts(rest) == texts(expected)


def texts(events: list[TranscribeEvent]) -> list[object]:
    last = events[-1]
    assert isinstance(last, Transcript)
    chunks = [event.segments for event in events if isinstance(event, ChunkDone)]
    return [*chunks, last.text, last.segments, last.flags, last.coverage, last.complete, last.clip_digest]


@pytest.mark.parametrize("chain", ["gain", "highpass+loudness", "vad"])
def test_a_step_that_must_know_all_leaves_no_opening(recording: Path, tmp_path: Path, chain: str) -> None:
    events, _ = events_of(tmp_path, FileSound(recording, sample_rate=RATE), chain=parse_chain(chain))
    assert not any(isinstance(event, Opening) for event in events)


def test_a_short_recording_has_no_opening(tmp_path: Path) -> None:
    events, heard = events_of(tmp_path, FileSound(SHIPPED[0], sample_rate=RATE))
    assert [type(event) for event in events] == [ChunkDone, Transcript]
    assert len(heard) == 1


def test_nothing_but_the_beginning_is_read(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    blocks = FileSound.blocks

    def counted(sound: FileSound) -> Iterator[Samples]:
        for block in blocks(sound):
            read.append(block.size)
            yield block

    monkeypatch.setattr(FileSound, "blocks", counted)
    sound = FileSound(recording, sample_rate=RATE)
    survey = survey_opening(sound, ScriptedPlugin().info(None, Settings.from_env()), parse_chain(""), max_seconds=8.0)
    assert survey is not None
    assert 12 * RATE <= sum(read) <= 14 * RATE < (sound.declared_seconds or 0) * RATE
    assert sound.facts is None


def test_an_opening_that_turns_out_wrong_is_heard_again(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, heard = events_of(tmp_path, FileSound(recording, sample_rate=RATE))

    def shorter(*args: object, **asked: object):
        survey = survey_opening(*args, **asked)  # pyright: ignore
        assert survey is not None
        first, *others = survey.chunks
        return replace(survey, chunks=(Span(first.start, first.end - 1), *others))

    monkeypatch.setattr(transcribing, "survey_opening", shorter)
    events, again = events_of(tmp_path, FileSound(recording, sample_rate=RATE))
    assert again[1:] == heard
    assert isinstance(events[0], Opening)
    assert texts(events) == texts(expected)


def test_what_an_earlier_try_may_have_kept_is_not_heard_before_it_is_looked_for(
    recording: Path, tmp_path: Path
) -> None:
    asked = {"chain": parse_chain(""), "options": DecodeOptions(), "chunk_seconds": 8.0, "journals": tmp_path / "kept"}
    plugin = ScriptedPlugin()
    with offered(plugin):
        pool = EnginePool(Settings(home=tmp_path))
        first = transcribe_recording(pool, REF, FileSound(recording, sample_rate=RATE), **asked)  # pyright: ignore
        assert isinstance(next(first), Opening)
        assert isinstance(next(first), ChunkDone)
        first.close()
        again = transcribe_recording(pool, REF, FileSound(recording, sample_rate=RATE), **asked)  # pyright: ignore
        events = [next(again)]
        while not isinstance(events[-1], Transcript):  # what is kept stays until it goes on
            events.append(next(again))
        other = recording.with_name("other.flac")
        soundfile.write(other, read_clip(recording, sample_rate=RATE).samples[RATE // 2 :], RATE)
        begins = next(transcribe_recording(pool, REF, FileSound(other, sample_rate=RATE), **asked))  # pyright: ignore
    heard = [call.clips[0].digest for call in plugin.journal.calls[:-1]]
    assert not any(isinstance(event, Opening) for event in events)
    assert len(heard) == len(set(heard)) == sum(isinstance(event, ChunkDone) for event in events)
    assert isinstance(begins, Opening)
