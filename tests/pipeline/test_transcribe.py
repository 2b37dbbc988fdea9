"""Chunks, times, warnings and costs, with an engine that says which audio reached it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions, EngineInfo, Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import UnknownName
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import NO_SPEECH, ChunkDone, resolve_options, transcribe_clip, transcribe_clips
from workbench.pipeline.transcript import Transcript
from workbench.settings import Settings

RATE = 16_000
REF = EngineRef("scripted")
SHIPPED = sorted((Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))


def spoken(seconds: float) -> AudioClip:
    """Real (synthesised) speech from the shipped set, repeated with pauses to about that length."""
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < seconds * RATE:
        parts += [read_clip(SHIPPED[len(parts) // 2 % len(SHIPPED)]).samples, np.zeros(RATE // 2, np.float32)]
    return AudioClip(samples=np.concatenate(parts), sample_rate=RATE, source="long.wav")


def last_of(pool: EnginePool, clip: AudioClip, **arguments: object) -> tuple[list[ChunkDone], Transcript]:
    arguments = {"chain": parse_chain(""), "options": DecodeOptions()} | arguments
    *chunks, last = transcribe_clip(pool, REF, clip, **arguments)  # pyright: ignore[reportArgumentType]
    assert isinstance(last, Transcript)
    return [chunk for chunk in chunks if isinstance(chunk, ChunkDone)], last


def numbered() -> ScriptedPlugin:
    """Answers "chunk 0", "chunk 1", … and gives one segment over the whole of each chunk."""
    count = iter(range(1000))

    def answer(clip: AudioClip) -> Hypothesis:
        text = f"chunk {next(count)}"
        return Hypothesis(
            text=text, raw=text, language="en", finish="eos", segments=(Segment(start=0, end=clip.duration, text=text),)
        )

    return ScriptedPlugin(script=answer, chunk_seconds=10)


def test_a_long_recording_is_cut_at_pauses_and_put_together_in_order(settings: Settings) -> None:
    clip = spoken(45)
    with offered(numbered()) as plugin:
        chunks, last = last_of(EnginePool(settings), clip)
    assert len(chunks) == len(plugin.journal.calls) > 4
    assert all(call.clips[0].duration <= 10 for call in plugin.journal.calls)
    assert last.text == " ".join(f"chunk {index}" for index in range(len(chunks)))
    assert [segment.start for segment in last.segments] == [chunk.start for chunk in chunks]
    assert last.complete
    assert last.hypothesis.finish == "eos"
    assert last.duration_seconds == clip.duration == last.measurement.audio_seconds


def test_a_short_recording_reaches_the_engine_whole(settings: Settings) -> None:
    clip = read_clip(SHIPPED[0])
    with offered(ScriptedPlugin()) as plugin:
        _, last = last_of(EnginePool(settings), clip)
    assert len(plugin.journal.calls) == 1
    assert plugin.journal.calls[0].clips[0].digest == clip.digest == last.clip_digest
    assert last.segments == (Segment(start=0, end=clip.duration, text=last.text),)


def test_silence_is_not_given_to_the_engine_and_said(settings: Settings) -> None:
    silence = AudioClip(samples=np.zeros(3 * RATE, np.float32), sample_rate=RATE, source="silence.wav")
    with offered(ScriptedPlugin()) as plugin:
        chunks, last = last_of(EnginePool(settings), silence)
    assert plugin.journal.calls == []
    assert (chunks, last.text, last.warnings) == ([], "", (NO_SPEECH,))
    assert last.complete


def test_a_chunk_that_ran_out_of_tokens_makes_the_transcript_incomplete(settings: Settings) -> None:
    cut_off = Hypothesis(text="half a", raw="half a", finish="length")
    with offered(ScriptedPlugin(script={"*": cut_off})):
        _, last = last_of(EnginePool(settings), read_clip(SHIPPED[0]))
    assert not last.complete
    assert last.hypothesis.finish == "length"
    assert "ran out of tokens" in last.warnings[0]
    assert "00:00:00" in last.warnings[0]


def test_times_are_those_of_the_recording_where_a_step_cut_its_start(settings: Settings) -> None:
    speech = read_clip(SHIPPED[0])
    late = speech.with_samples(np.concatenate([np.zeros(3 * RATE, np.float32), speech.samples]))
    with offered(numbered()):
        _, last = last_of(EnginePool(settings), late, chain=parse_chain("trim"))
    assert last.chain.startswith("trim@1")
    assert 2.5 < last.segments[0].start < 3.5
    assert last.segments[-1].end <= last.duration_seconds


def test_the_engine_gets_its_own_sample_rate(settings: Settings) -> None:
    wide = AudioClip(samples=np.repeat(read_clip(SHIPPED[0]).samples, 3), sample_rate=48_000)
    with offered(ScriptedPlugin()) as plugin:
        last_of(EnginePool(settings), wide, chain=parse_chain("highpass"))
    heard = plugin.journal.calls[0].clips[0]
    assert heard.sample_rate == RATE
    assert heard.duration == pytest.approx(wide.duration, abs=0.001)


def test_an_unknown_language_is_said_before_any_work(settings: Settings) -> None:
    with offered(ScriptedPlugin()) as plugin, pytest.raises(UnknownName, match="no language named 'Klingon'"):
        last_of(EnginePool(settings), read_clip(SHIPPED[0]), options=DecodeOptions(language="Klingon"))
    assert plugin.journal.calls == []


def test_closing_the_generator_leaves_the_device_free(settings: Settings) -> None:
    pool = EnginePool(settings)
    with offered(numbered()):
        events = transcribe_clip(pool, REF, spoken(30), chain=parse_chain(""), options=DecodeOptions())
        next(events)
        events.close()
        _, last = last_of(pool, read_clip(SHIPPED[0]))
    assert last.text


def test_clips_of_a_batch_come_back_in_order_with_their_share_of_the_cost(settings: Settings) -> None:
    clips = [read_clip(path) for path in SHIPPED[:3]]
    with offered(ScriptedPlugin()) as plugin, EnginePool(settings).use(REF) as engine:
        results = transcribe_clips(
            engine, clips, chain=parse_chain("gain"), options=DecodeOptions(), max_seconds=None, meter=Meter()
        )
    assert len(plugin.journal.calls) == 1
    assert [result.text for result in results] == [f"{clip.duration:.2f} seconds" for clip in clips]
    assert {result.measurement.kind for result in results} == {"amortised"}
    assert [result.measurement.audio_seconds for result in results] == [clip.duration for clip in clips]


def test_a_clip_longer_than_the_engine_takes_is_cut_in_a_benchmark_too(settings: Settings) -> None:
    with offered(numbered()) as plugin, EnginePool(settings).use(REF) as engine:
        (result,) = transcribe_clips(
            engine, [spoken(25)], chain=parse_chain(""), options=DecodeOptions(), max_seconds=10, meter=Meter()
        )
    assert len(plugin.journal.calls) >= 3
    assert result.text == " ".join(f"chunk {index}" for index in range(len(plugin.journal.calls)))
    assert result.measurement.kind == "single"


def test_a_recording_that_was_damaged_is_never_complete(settings: Settings) -> None:
    damaged = replace(read_clip(SHIPPED[0]), warnings=("e01.flac declares 9.00 s; only 3.00 s could be decoded.",))
    with offered(ScriptedPlugin()):
        _, last = last_of(EnginePool(settings), damaged, chain=parse_chain("gain"))
    assert not last.complete
    assert last.warnings == damaged.warnings


def test_what_a_step_warns_of_is_told_and_leaves_the_transcript_complete(settings: Settings) -> None:
    speech = read_clip(SHIPPED[0])
    loud = speech.with_samples(speech.samples * np.float32(0.5))
    with offered(ScriptedPlugin()):
        _, last = last_of(EnginePool(settings), loud, chain=parse_chain("loudness:lufs=-5"))
    assert last.complete
    assert len(last.warnings) == 1


def test_who_asks_for_times_of_words_is_told_what_would_give_them() -> None:
    info = EngineInfo(name="mute", model_id="none", word_times_hint="Get it with: workbench models fetch it")
    options, warnings = resolve_options(info, DecodeOptions(word_times=True))
    assert not options.word_times
    assert warnings == ("mute has no times of words. Get it with: workbench models fetch it",)
    assert resolve_options(replace(info, word_times_hint=""), DecodeOptions(word_times=True))[1] == (
        "mute has no times of words.",
    )
