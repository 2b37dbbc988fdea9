"""Audio without speech gives no text, or text with a flag: made and recorded sounds, alone and after a sentence."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.vad import speech_spans
from workbench.engines.pool import EnginePool
from workbench.settings import Settings

SCRIPT = Path(__file__).parents[2] / "scripts" / "measure_non_speech.py"
RATE = 16_000


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that docs/measuring.md names: what it measures is what is tested."""
    spec = importlib.util.spec_from_file_location("measure_non_speech", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look for themselves there
    spec.loader.exec_module(module)
    return module


def test_no_speech_is_heard_in_what_can_be_made(measure: ModuleType) -> None:
    heard = {sound.kind: speech_spans(AudioClip(samples=sound.samples, sample_rate=RATE)) for sound in measure.made()}
    assert len(heard) >= 9
    assert {kind for kind, spans in heard.items() if spans} == set()


@pytest.mark.speech
@pytest.mark.weights
def test_recorded_noise_gives_no_text(measure: ModuleType, speech: Path, builtin_home: Path, tmp_path: Path) -> None:
    pool = EnginePool(Settings(home=builtin_home))
    sounds = [sound for sound in measure.recorded(speech) if ", " not in sound.kind]
    assert len(sounds) == 8
    for sound in sounds:
        text, kinds = measure.verdict(measure.transcribed(sound, "builtin", None, tmp_path, pool), "")
        assert not text or "unflagged" not in kinds, sound.kind


@pytest.mark.speech
@pytest.mark.weights
def test_after_a_sentence_too(measure: ModuleType, speech: Path, builtin_home: Path, tmp_path: Path) -> None:
    """Then voice activity hears speech, and the engine is given twenty seconds of sound with it."""
    pool = EnginePool(Settings(home=builtin_home))
    sentence = read_clip(speech / measure.SENTENCE, sample_rate=RATE)
    chosen = [sound for sound in measure.made() if sound.kind in ("digital silence", "tune", "mains hum")]
    for sound in chosen:
        found = measure.transcribed(measure.after_speech(sound, sentence), "builtin", "en", tmp_path, pool)
        assert "hurt the small dog" in found.text
        late = [one for one in found.segments if one.end > sentence.duration + 3]
        assert all(any(flag.start < one.end and flag.end > one.start for flag in found.flags) for one in late), (
            sound.kind
        )
        text, kinds = measure.verdict(found, "The child almost hurt the small dog.")
        assert not text or "unflagged" not in kinds, sound.kind
