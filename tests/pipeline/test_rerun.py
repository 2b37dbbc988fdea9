"""A part of a recording transcribed again, in times of the recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines.base import Finish, Hypothesis, Segment, Word
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import UnknownName, UsageError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import CheckFlag
from workbench.pipeline.rerun import NO_SPEECH_HERE
from workbench.settings import Settings

SHIPPED = sorted((Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
RATE = 16_000


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Three sentences with silence of a second between them, and two seconds of it at the end."""
    clips = [np.pad(read_clip(path).samples, (0, RATE)) for path in SHIPPED[:3]]
    path = tmp_path / "talk.flac"
    soundfile.write(path, np.concatenate([*clips, np.zeros(RATE, np.float32)]), RATE)
    return path


def every_second(clip: AudioClip) -> Hypothesis:
    """A word for every half second, called after it, in one segment."""
    times = np.arange(0, clip.duration - 0.5, 0.5)
    words = tuple(Word(start=float(at), end=float(at) + 0.4, text=f"w{at:g}") for at in times)
    text = " ".join(word.text for word in words)
    segment = Segment(start=0.0, end=clip.duration, text=text, words=words)
    return Hypothesis(text=text, raw=text, language="en", finish="eos", segments=(segment,))


def with_words(script: object = every_second) -> ScriptedPlugin:
    capabilities = frozenset({"language", "context", "timestamps", "word_timestamps"})
    return ScriptedPlugin(script=script, capabilities=capabilities)  # pyright: ignore[reportArgumentType]


def test_words_around_the_part_are_heard_and_dropped(talk: Path, settings: Settings) -> None:
    with offered(with_words()) as plugin:
        found = services.transcribe_range(talk, 1.0, 3.0, engine="scripted", context="x", pool=EnginePool(settings))
    (call,) = plugin.journal.calls
    assert call.options.word_times
    assert call.clips[0].duration == pytest.approx(2.6)
    assert np.array_equal(call.clips[0].samples, read_clip(talk).samples[round(0.7 * RATE) : round(3.3 * RATE)])
    (segment,) = found.segments
    # Words begin every half second from 0.7 s on; that of 0.7 s has its middle before 1 s.
    assert segment.text == "w0.5 w1 w1.5 w2"
    assert segment.words[0].start == pytest.approx(1.2)
    assert all(1.0 <= word.start <= word.end <= 3.0 for word in segment.words)
    assert (found.start, found.end, found.engine, found.context, found.language) == (1.0, 3.0, "scripted", "x", "en")


def test_an_engine_without_words_hears_the_part_alone(talk: Path, settings: Settings) -> None:
    with offered(ScriptedPlugin()) as plugin:
        found = services.transcribe_range(talk, 1.0, 3.0, engine="scripted", pool=EnginePool(settings))
    assert plugin.journal.calls[0].clips[0].duration == 2.0
    assert [(one.start, one.end) for one in found.segments] == [(1.0, 3.0)]


def test_it_replaces_the_segments_it_touches(talk: Path, settings: Settings) -> None:
    pool = EnginePool(settings)
    with offered(with_words()) as plugin:
        raw = services.transcribe(talk, engine="scripted", chunk_seconds=5, word_times=True, pool=pool)
        assert len(raw.segments) > 2
        edited = EditedTranscript(raw=raw)
        second = raw.segments[1]
        plugin.script = lambda clip: Hypothesis(text="again", raw="again", language="en", finish="eos")
        again = services.rerun_segments(
            edited, talk, second.start + 0.5, second.start + 1, engine="scripted", pool=pool
        )
    shown = again.view()
    assert [one.text for one in shown.segments] == [
        raw.segments[0].text,
        "again",
        *(one.text for one in raw.segments[2:]),
    ]
    assert (shown.segments[1].start, shown.segments[1].end) == (second.start, second.end)
    assert again.undo().view() == raw


def test_what_is_doubtful_in_it_is_flagged_in_times_of_the_recording(talk: Path, settings: Settings) -> None:
    with offered(with_words(lambda clip: "and so on " * 4)):
        found = services.transcribe_range(talk, 1.0, 4.0, engine="scripted", pool=EnginePool(settings))
    assert {flag.kind for flag in found.flags} >= {"loop"}
    assert all(1.0 <= flag.start < flag.end <= 4.0 for flag in found.flags)
    with offered(with_words(lambda clip: Hypothesis(text="", raw="", finish="eos"))):
        found = services.transcribe_range(talk, 1.0, 4.0, engine="scripted", pool=EnginePool(settings))
    assert [flag.kind for flag in found.flags] == ["no_text"]
    assert found.warnings == ()


def test_the_end_of_the_recording_bounds_a_part(talk: Path, settings: Settings) -> None:
    length = read_clip(talk).duration
    pool = EnginePool(settings)
    with offered(with_words()):
        found = services.transcribe_range(talk, length - 1.5, length + 9, engine="scripted", pool=pool)
        assert (found.end, found.segments, found.warnings) == (length, (), (NO_SPEECH_HERE,))
        with pytest.raises(UsageError, match="the part begins at"):
            services.transcribe_range(talk, length + 1, length + 2, engine="scripted", pool=pool)
        for start, end in ((2.0, 2.0), (-1.0, 2.0), (3.0, 2.0)):
            with pytest.raises(UsageError, match="no part of a recording"):
                services.transcribe_range(talk, start, end, engine="scripted", pool=pool)
    with pytest.raises(UnknownName):
        services.transcribe_range(talk, 1.0, 2.0, engine="nobody", pool=pool)


@pytest.mark.parametrize("finish", ["eos", "length"])
def test_a_missing_part_checked_takes_its_warning_along(talk: Path, settings: Settings, finish: Finish) -> None:
    with offered(ScriptedPlugin(script=lambda clip: Hypothesis(text="", raw="", finish=finish), chunk_seconds=5)):
        raw = services.transcribe(talk, engine="scripted", pool=EnginePool(settings))
    assert raw.flags
    assert raw.warnings
    assert not raw.complete
    shown = EditedTranscript(raw=raw).edit(*(CheckFlag(flag=flag) for flag in raw.flags)).view()
    assert (shown.flags, shown.warnings, shown.complete) == ((), (), True)


@pytest.mark.weights
def test_a_sentence_heard_again_is_that_sentence(talk: Path, builtin_home: Path) -> None:
    start = read_clip(SHIPPED[0]).duration + 1.0
    end = start + read_clip(SHIPPED[1]).duration
    pool = EnginePool(Settings(home=builtin_home))
    found = services.transcribe_range(talk, start - 0.1, end + 0.1, language="en", pool=pool)
    assert "budget for next quarter" in found.text
    assert "meeting" not in found.text
    assert all(start - 0.1 <= word.start <= word.end <= end + 0.1 for one in found.segments for word in one.words)
    # The part ends in the middle of the first sentence: what is said after it, though heard, is not in it.
    half = services.transcribe_range(talk, 0.0, (start - 1.0) / 2, language="en", pool=pool)
    assert half.text.startswith("Let's start")
    assert "team" not in half.text
    assert half.segments[-1].end <= (start - 1.0) / 2
