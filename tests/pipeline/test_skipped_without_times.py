"""Speech that an engine without times skips inside a stretch is heard again, where the text is less than usual."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.segment import Span
from workbench.audio.steps import parse_chain
from workbench.audio.stream import FileSound
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.pipeline.stretch import LEAST_FULLNESS, fullness, hear
from workbench.pipeline.transcribe import ChunkDone, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.units import spoken_units
from workbench.settings import Settings

RATE = 1000
WORDS_A_SECOND = 2.5
USUAL = fullness(["word"] * 25, 10.0)
SHIPPED = sorted((Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))


def said(start: float, end: float) -> str:
    return " ".join(word(place) for place in range(round(start * WORDS_A_SECOND), round(end * WORDS_A_SECOND)))


def word(place: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(place))


def heard_by(skips: Span | None, longest: float, *, usual: float | None, seconds: float = 60.0):
    """What is heard of a minute of speech by an engine that skips a part of it in clips longer than so many seconds."""
    calls: list[float] = []

    def transcribe(clip: AudioClip) -> Hypothesis:
        calls.append(clip.duration)
        start, end = clip.offset_seconds, clip.offset_seconds + clip.duration
        text = said(start, end)
        if skips is not None and clip.duration > longest:
            text = f"{said(start, max(start, min(end, skips.start)))} {said(max(start, min(end, skips.end)), end)}"
        return Hypothesis(text=text, raw=text, finish="eos")

    clip = AudioClip(samples=np.ones(round(seconds * RATE), np.float32), sample_rate=RATE)
    heard = hear(clip, Span(0, seconds), [Span(0, seconds)], transcribe, usual)
    return " ".join(" ".join(one.hypothesis.text.split()) for one in heard), calls


def test_what_is_skipped_in_a_long_stretch_is_there_in_its_halves() -> None:
    text, calls = heard_by(Span(20, 40), 50, usual=USUAL)
    assert text == said(0, 60)
    assert len(calls) == 3


def test_without_a_measure_of_the_recording_only_much_less_than_anyone_says_is_heard_again() -> None:
    assert len(heard_by(Span(20, 40), 50, usual=None)[1]) == 1
    text, calls = heard_by(Span(5, 55), 50, usual=None)
    assert (text, len(calls)) == (said(0, 60), 3)


def test_a_text_as_full_as_usual_is_heard_once() -> None:
    lost = 60 * (1 - LEAST_FULLNESS) - 1
    assert len(heard_by(Span(20, 20 + lost), 50, usual=USUAL)[1]) == 1
    assert len(heard_by(None, 0, usual=USUAL)[1]) == 1


def test_a_slow_speaker_stays_as_first_heard() -> None:
    text, calls = heard_by(None, 0, usual=2 * USUAL)
    assert text == said(0, 60)
    assert len(calls) > 1  # the halves say the same


def test_a_loop_in_a_half_is_not_more_text() -> None:
    def transcribe(clip: AudioClip) -> Hypothesis:
        text = said(0, 20) if clip.duration > 50 else "and so on " * 12
        return Hypothesis(text=text, raw=text, finish="eos")

    clip = AudioClip(samples=np.ones(60 * RATE, np.float32), sample_rate=RATE)
    (only,) = hear(clip, Span(0, 60), [Span(0, 60)], transcribe, USUAL)
    assert only.hypothesis.text == said(0, 20)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clips = [np.pad(read_clip(path).samples, (0, 8_000)) for path in SHIPPED]
    path = tmp_path_factory.mktemp("recording") / "long.flac"
    soundfile.write(path, np.concatenate(clips), 16_000, subtype="PCM_16")
    return path


def skipping(clip: AudioClip) -> Hypothesis:
    """As much as is spoken, but only half of it in the stretches of the second half of a minute."""
    spoken = np.count_nonzero(np.abs(clip.samples) > 0.003) / clip.sample_rate
    skips = clip.offset_seconds % 60 > 30 and clip.duration > 11
    words = round(spoken * WORDS_A_SECOND * (0.5 if skips else 1))
    text = " ".join(word(round(100 * clip.offset_seconds) + place) for place in range(words))
    return Hypothesis(text=text, raw=text, finish="eos")


def test_what_is_usual_is_learnt_from_the_recording_and_from_what_was_done_before(
    recording: Path, tmp_path: Path
) -> None:
    asked = {"chain": parse_chain(""), "options": DecodeOptions(), "chunk_seconds": 20.0}
    plugin = ScriptedPlugin(script=skipping)
    with offered(plugin):
        pool, ref = EnginePool(Settings(home=tmp_path)), EngineRef("scripted")
        sound = FileSound(recording, sample_rate=16_000)
        *chunks, whole = transcribe_recording(pool, ref, sound, **asked)  # pyright: ignore[reportArgumentType]
        assert isinstance(whole, Transcript)
        planned = [chunk for chunk in chunks if isinstance(chunk, ChunkDone)]
        again = [call.clips[0] for call in plugin.journal.calls]
        assert len(planned) >= 5
        assert len(again) > len(planned)
        spoken = np.count_nonzero(np.abs(read_clip(recording).samples) > 0.003) / 16_000
        assert len(spoken_units(whole.text)) > 0.9 * WORDS_A_SECOND * spoken

        asked |= {"journals": tmp_path / "journals"}
        stopped = transcribe_recording(pool, ref, sound, **asked)  # pyright: ignore[reportArgumentType]
        while not (isinstance(event := next(stopped), ChunkDone) and event.index == len(planned) // 2):
            pass
        stopped.close()
        *_, resumed = transcribe_recording(pool, ref, sound, **asked)  # pyright: ignore[reportArgumentType]
        assert isinstance(resumed, Transcript)
        assert replace(resumed, measurement=whole.measurement) == whole
