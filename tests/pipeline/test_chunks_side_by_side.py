"""The chunks of one recording by several engines: the same transcript, in order, kept chunk by chunk."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions, Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import EngineError, EngineUnavailable
from workbench.pipeline import work
from workbench.pipeline.transcribe import ChunkDone, TranscribeEvent, transcribe_recording
from workbench.pipeline.transcript import Transcript
from workbench.runs.executors.fits import Fit, Fits
from workbench.runs.executors.fitting import workers_for_recording
from workbench.services import transcribe
from workbench.settings import Settings

SPOKEN = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio"
REF = EngineRef("scripted")


def answer(clip: AudioClip) -> Hypothesis:
    text = f"from {clip.offset_seconds:.2f} for {clip.duration:.2f}"
    time.sleep(0.01 + (clip.offset_seconds % 3) / 100)  # later ones are done before earlier ones
    return Hypothesis(text=text, raw=text, segments=(Segment(start=0.0, end=clip.duration, text=text),), finish="eos")


@pytest.fixture
def sound() -> AudioClip:
    samples, rate = soundfile.read(sorted(SPOKEN.glob("*.flac"))[0], dtype="float32")
    return AudioClip(samples=np.tile(samples, 8).astype(np.float32), sample_rate=rate, source="spoken.wav")


@pytest.fixture(autouse=True)
def any_work_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LONG_SECONDS", 0.0)


@pytest.fixture
def plugin() -> Iterator[ScriptedPlugin]:
    with offered(ScriptedPlugin(script=answer)) as made:
        yield made


def events(
    settings: Settings, sound: AudioClip, count: int, journals: Path | None = None
) -> Generator[TranscribeEvent, None, None]:
    return transcribe_recording(
        EnginePool(settings), REF, sound, chain=parse_chain(""), options=DecodeOptions(), chunk_seconds=2.5,
        journals=journals, engines=lambda _: count,
    )  # fmt: skip


def whole(found: Iterator[TranscribeEvent]) -> tuple[list[int], Transcript]:
    chunks: list[int] = []
    for event in found:
        if isinstance(event, Transcript):
            return chunks, event
        if isinstance(event, ChunkDone):
            chunks.append(event.index)
    raise AssertionError("no transcript")


def test_the_transcript_is_that_of_one_engine(settings: Settings, sound: AudioClip, plugin: ScriptedPlugin) -> None:
    chunks, alone = whole(events(settings, sound, 1))
    assert len(chunks) > 8
    found, beside = whole(events(settings, sound, 3))
    assert len({call.thread for call in plugin.journal.calls if call.thread.startswith("ahead")}) > 1
    assert found == chunks == sorted(chunks)
    assert replace(beside, measurement=None) == replace(alone, measurement=None)
    assert beside.measurement is not None
    assert beside.measurement.kind == "concurrent"
    assert plugin.journal.loads == 2 + 3
    assert plugin.journal.closes == 3


def test_the_first_chunk_is_the_pools_and_nothing_is_loaded_before_it(
    settings: Settings, sound: AudioClip, plugin: ScriptedPlugin
) -> None:
    found = events(settings, sound, 3)
    first = next(found)
    assert isinstance(first, ChunkDone)
    assert first.index == 0
    assert plugin.journal.loads == 1


def test_what_is_left_in_the_middle_is_gone_on_with(
    settings: Settings, sound: AudioClip, plugin: ScriptedPlugin, tmp_path: Path
) -> None:
    _, alone = whole(events(settings, sound, 1))
    stopped = events(settings, sound, 3, tmp_path)
    for _ in range(6):
        next(stopped)
    stopped.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("ahead")]
    calls = len(plugin.journal.calls)
    chunks, resumed = whole(events(settings, sound, 3, tmp_path))
    assert replace(resumed, measurement=None) == replace(alone, measurement=None)
    assert chunks == list(range(len(chunks)))
    assert len(plugin.journal.calls) - calls <= len(chunks) - 5  # five were on the disk


def test_a_chunk_that_fails_raises_after_those_before_it(settings: Settings, sound: AudioClip) -> None:
    def failing(clip: AudioClip) -> Hypothesis:
        if clip.offset_seconds > 12:
            raise EngineError("It fails here.")
        return answer(clip)

    done: list[float] = []
    with offered(ScriptedPlugin(script=failing)) as plugin:
        found = events(settings, sound, 2)
        with pytest.raises(EngineError, match="fails here"):
            done.extend(event.start for event in found if isinstance(event, ChunkDone))
    assert done == sorted(done)
    assert 9 < done[-1] <= 12
    assert plugin.journal.closes == plugin.journal.loads - 1  # the pool's own stays


def test_where_no_more_engines_are_to_be_had_one_does_it(
    settings: Settings, sound: AudioClip, plugin: ScriptedPlugin
) -> None:
    _, alone = whole(events(settings, sound, 1))
    found = events(settings, sound, 2)
    next(found)
    plugin.load_errors.extend(EngineUnavailable("scripted", "no room", hint="Wait.") for _ in range(2))
    chunks, beside = whole(found)
    assert replace(beside, measurement=None) == replace(alone, measurement=None)
    assert chunks[0] == 1


@pytest.mark.speech
@pytest.mark.weights
def test_whisper_writes_the_same_beside_itself(
    speech: Path, builtin_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.0, 0.0, 0.0))
    clips = sorted((speech / "english").rglob("*.flac"))[:6] or sorted((speech / "english").rglob("*.wav"))[:6]
    parts = [soundfile.read(path, dtype="float32")[0] for path in clips]
    path = tmp_path / "long.wav"
    soundfile.write(path, np.concatenate([part[: 8 * 16_000] for part in parts]), 16_000)
    pool = EnginePool(Settings(home=builtin_home))
    asked = {"language": "en", "chunk_seconds": 8.0, "options": {"beam_size": 1, "temperature_fallback": False}}
    info = pool.get(EngineRef("builtin")).info
    fits = Fits(pool.settings)
    fits.keep_engine(EngineRef("builtin"), info, Fit(rtf=1.0, workers=1, gain=1.0))
    alone = transcribe(path, pool=pool, **asked)
    fits.keep_engine(EngineRef("builtin"), info, Fit(rtf=1.0, workers=2, gain=1.5))
    assert workers_for_recording(pool, EngineRef("builtin"), info) == 2
    beside = transcribe(path, pool=pool, **asked)
    assert replace(beside, measurement=None) == replace(alone, measurement=None)
    assert alone.measurement is not None
    assert alone.measurement.kind == "single"
    assert beside.measurement is not None
    assert beside.measurement.kind == "concurrent"
    monkeypatch.setattr("psutil.getloadavg", lambda: (99.0, 0.0, 0.0))
    assert workers_for_recording(pool, EngineRef("builtin"), info) == 1
