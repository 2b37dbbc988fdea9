"""A recording is transcribed to its end although the engine dies over one of its chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.steps import parse_chain
from workbench.engines import registry
from workbench.engines.base import DecodeOptions
from workbench.engines.hosted import HostedEngine
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import EngineDied, EngineStopped
from workbench.pipeline.transcribe import transcribe_clip
from workbench.pipeline.transcript import Transcript
from workbench.settings import Settings

FAULTY = Path(__file__).parents[1] / "engines" / "faulty_engine"
SPOKEN = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio"
REF = EngineRef("faulty")


@pytest.fixture(autouse=True)
def faulty_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PYTHONPATH", str(FAULTY))
    monkeypatch.syspath_prepend(str(FAULTY))
    registry._entries.cache_clear()
    yield
    registry._entries.cache_clear()


@pytest.fixture
def pool(settings: Settings) -> Iterator[EnginePool]:
    made = EnginePool(settings, hosted=True)
    yield made
    made.unload()


def transcribed(pool: EnginePool, name: str) -> Transcript:
    samples, rate = soundfile.read(sorted(SPOKEN.glob("*.flac"))[0], dtype="float32")
    clip = AudioClip(samples=np.tile(samples, 4), sample_rate=rate, source=f"{name}.wav")
    events = list(transcribe_clip(pool, REF, clip, chain=parse_chain(""), options=DecodeOptions(), chunk_seconds=5))
    assert isinstance(events[-1], Transcript)
    return events[-1]


def test_a_chunk_over_which_the_engine_died_is_tried_again(pool: EnginePool) -> None:
    engine = pool.get(REF)
    assert isinstance(engine, HostedEngine)
    before = engine.pid
    assert transcribed(pool, "crash-once").hypothesis.text == transcribed(pool, "plain").hypothesis.text
    assert engine.pid != before
    with pytest.raises(EngineDied, match="SIGSEGV"):
        transcribed(pool, "crash")


def test_what_somebody_stopped_is_not_tried_again(pool: EnginePool, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def stopped(self: HostedEngine, clips: object, options: object) -> None:
        calls.append(1)
        raise EngineStopped("It was stopped.")

    monkeypatch.setattr(HostedEngine, "transcribe", stopped)
    with pytest.raises(EngineStopped):
        transcribed(pool, "plain")
    assert len(calls) == 1
