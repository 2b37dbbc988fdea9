"""Real engines in a process of their own say what they say in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
import torch

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions
from workbench.engines.faster_whisper import FasterWhisperEngine
from workbench.engines.hosted import HostedEngine
from workbench.engines.registry import EngineRef, plugin
from workbench.settings import Settings

TINY = Path(__file__).parents[1] / "fixtures" / "tiny-qwen3-asr"
AUDIO = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio"
LIGHT = """
import sys
from pathlib import Path
import numpy as np
from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.meter import Meter
from workbench.settings import Settings
pool = EnginePool(Settings(home=Path(sys.argv[1]), device="cpu"), hosted=True)
clip = AudioClip(samples=np.zeros(16000, dtype=np.float32), sample_rate=16000)
with pool.use(EngineRef.parse(sys.argv[2])) as engine, Meter("cuda:0", "torch").measure(audio_seconds=1, engine=engine):
    engine.transcribe([clip], DecodeOptions(max_new_tokens=3))
pool.unload()
print(*sorted({"torch", "transformers", "ctranslate2", "faster_whisper", "onnxruntime"} & set(sys.modules)))
"""


def read(path: Path) -> AudioClip:
    samples, rate = soundfile.read(path, dtype="float32")
    return AudioClip(samples=samples, sample_rate=rate, source=path.name)


@pytest.fixture
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.weights
def test_the_builtin_engine_says_the_same(builtin_engine: FasterWhisperEngine, builtin_settings: Settings) -> None:
    clips = [read(path) for path in sorted(AUDIO.glob("*.flac"))[:2]]
    hosted = HostedEngine.start(EngineRef("builtin"), builtin_settings)
    asked = (
        DecodeOptions(language="en", word_times=True),
        DecodeOptions(context="Thursday", extra={"beam_size": 1, "temperature_fallback": False}),
    )
    try:
        assert hosted.info == builtin_engine.info
        for options in asked:
            assert hosted.transcribe(clips, options) == builtin_engine.transcribe(clips, options)
    finally:
        hosted.close()


@pytest.mark.usefixtures("_one_thread")
def test_qwen3_says_the_same_in_batches(settings: Settings) -> None:
    lessons = json.loads((TINY / "clips" / "clips.json").read_text(encoding="utf-8"))
    clips = [read(TINY / "clips" / lesson["file"]) for lesson in lessons]
    ref = EngineRef("qwen3-asr", str(TINY))
    here = plugin(ref.name).load(ref.model, settings)
    there = HostedEngine.start(ref, settings, threads=1)
    try:
        assert there.info == here.info
        options = DecodeOptions(extra={"max_new_tokens": 80})
        assert there.transcribe(clips, options) == here.transcribe(clips, options)
    finally:
        there.close()


def test_the_process_that_asks_loads_no_library_that_computes(tmp_path: Path) -> None:
    asked = [sys.executable, "-c", LIGHT, str(tmp_path), f"qwen3-asr:{TINY}"]
    done = subprocess.run(asked, env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
