"""Whisper through CTranslate2: the same text as faster-whisper alone, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines import faster_whisper
from workbench.engines.base import DecodeOptions
from workbench.engines.builtin import FOLDER
from workbench.engines.faster_whisper import (
    PLUGIN,
    PROMPT_TOKENS,
    FasterWhisperEngine,
    expected_languages,
    folder_languages,
)
from workbench.engines.faster_whisper_windows import WindowDecoder
from workbench.errors import EngineError, EngineUnavailable, UnknownName, UsageError
from workbench.settings import Settings

ENGLISH = DecodeOptions(language="en")
GREEDY = DecodeOptions(language="en", extra={"beam_size": 1, "temperature_fallback": False})


@pytest.fixture(scope="session")
def alone(builtin_settings: Settings, builtin_engine: FasterWhisperEngine) -> Any:
    """The same weights in faster-whisper, without anything of ours."""
    from faster_whisper import WhisperModel

    return WhisperModel(str(builtin_settings.models / FOLDER), device="cpu", compute_type="int8")


def text_alone(model: Any, audio: Any, **options: Any) -> str:
    segments, _ = model.transcribe(audio, **options)
    return "".join(segment.text for segment in segments)


@pytest.mark.weights
def test_the_text_is_faster_whispers_own(
    builtin_engine: FasterWhisperEngine, alone: Any, english_clips: list[AudioClip]
) -> None:
    found = builtin_engine.transcribe(english_clips, ENGLISH)
    for clip, hypothesis in zip(english_clips, found, strict=True):
        assert hypothesis.raw == text_alone(alone, clip.samples, language="en")
        assert hypothesis.text == hypothesis.raw.strip() != ""


@pytest.mark.weights
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"beam_size": "1"}, {"beam_size": 1}),
        ({"temperature_fallback": "false"}, {"temperature": 0.0}),
        ({"no_repeat_ngram_size": 2}, {"no_repeat_ngram_size": 2}),
        ({"vad_filter": True}, {"vad_filter": True}),
    ],
)
def test_options_reach_faster_whisper(
    builtin_engine: FasterWhisperEngine, alone: Any, english_clips: list[AudioClip], ours: Any, theirs: Any
) -> None:
    (found,) = builtin_engine.transcribe(english_clips[:1], DecodeOptions(language="en", extra=ours))
    assert found.raw == text_alone(alone, english_clips[0].samples, language="en", **theirs)


@pytest.mark.weights
@pytest.mark.speech
@pytest.mark.slow
def test_read_english_is_what_faster_whisper_makes_of_the_file(
    builtin_engine: FasterWhisperEngine, alone: Any, speech: Path
) -> None:
    """Our decoder against faster-whisper's own, which resamples otherwise; on telephone speech that can be heard."""
    lines = (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    items = [item for item in map(json.loads, lines) if item["category"] == "english" and item["duration"] < 6][:6]
    assert len(items) == 6
    for item in items:
        path = speech / item["audio_filepath"]
        (found,) = builtin_engine.transcribe([read_clip(path)], ENGLISH)
        assert found.raw == text_alone(alone, str(path), language="en"), item["id"]


@pytest.mark.weights
def test_segments_have_times_within_the_clip(
    builtin_engine: FasterWhisperEngine, english_clips: list[AudioClip]
) -> None:
    (found,) = builtin_engine.transcribe(english_clips[:1], ENGLISH)
    assert found.segments
    assert " ".join(segment.text for segment in found.segments) == found.text
    assert all(0 <= part.start < part.end <= english_clips[0].duration for part in found.segments)


@pytest.mark.weights
def test_clear_speech_ends_by_itself_with_confidence(
    builtin_engine: FasterWhisperEngine, english_clips: list[AudioClip]
) -> None:
    (found,) = builtin_engine.transcribe(english_clips[:1], ENGLISH)
    assert (found.finish, found.language, found.warnings) == ("eos", "en", ())
    assert found.confidence is not None
    assert 0.5 < found.confidence <= 1


@pytest.mark.weights
def test_the_language_is_detected_where_none_is_told(
    builtin_engine: FasterWhisperEngine, english_clips: list[AudioClip]
) -> None:
    (found,) = builtin_engine.transcribe(english_clips[:1], replace(GREEDY, language=None))
    assert found.language == "en"


@pytest.mark.weights
def test_a_cap_counts_tokens_and_running_into_it_is_told(
    builtin_engine: FasterWhisperEngine, alone: Any, english_clips: list[AudioClip]
) -> None:
    """With one token less than the text has it is cut; with one more, it ends by itself."""
    segments, _ = alone.transcribe(english_clips[0].samples, language="en", beam_size=1, temperature=0.0)
    parts = list(segments)
    count = sum(len(part.tokens) for part in parts)
    found = {
        cap: builtin_engine.transcribe(english_clips[:1], replace(GREEDY, max_new_tokens=cap))[0]
        for cap in (1, count - 1, count + 1, 10_000)
    }
    assert [found[cap].finish for cap in found] == ["length", "length", "eos", "eos"]
    whole = "".join(part.text for part in parts)
    assert found[count + 1].raw == found[10_000].raw == whole
    assert whole.startswith(found[count - 1].raw)


@pytest.mark.weights
def test_no_tokens_at_all_is_refused(builtin_engine: FasterWhisperEngine, english_clips: list[AudioClip]) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        builtin_engine.transcribe(english_clips, DecodeOptions(max_new_tokens=0))


@dataclass
class Options:
    """As much of faster-whisper's TranscriptionOptions as is read."""

    max_new_tokens: int | None = None


class Decoding:
    """A model that writes tokens until CTranslate2 would stop it."""

    max_length = 448

    def __init__(self, wants: int, temperature: float = 0.0) -> None:
        self.wants = wants
        self.temperature = temperature

    def generate_with_fallback(self, encoder_output: object, prompt: list[int], tokenizer: object, options: Any) -> Any:
        most = 448 if options.max_new_tokens is None else len(prompt) + options.max_new_tokens
        assert most <= 448, "faster-whisper would refuse"
        written = min(self.wants, most // 2, most - len(prompt) + 1)
        return SimpleNamespace(sequences_ids=[[7] * written]), -0.1, self.temperature, 1.0


@given(st.integers(3, 440), st.integers(0, 300), st.none() | st.integers(1, 600))
def test_a_window_writes_up_to_the_cap_and_tells_when_it_was_stopped(prompt: int, wants: int, cap: int | None) -> None:
    model = Decoding(wants)
    decoder = WindowDecoder(model)
    decoder.begin(cap)
    result = model.generate_with_fallback(None, [1] * prompt, None, Options())[0]
    written = len(result.sequences_ids[0])
    room = min(224, 449 - prompt, cap or 224)
    assert written == min(wants, room)
    assert decoder.finish == ("length" if wants >= room else "eos")


def test_sampling_is_told() -> None:
    model: Any = Decoding(wants=5, temperature=0.4)
    model.hf_tokenizer = None
    model.transcribe = lambda samples, **_: (
        [model.generate_with_fallback(None, [1, 2, 3], None, Options())][1:],
        SimpleNamespace(language="en"),
    )
    engine = FasterWhisperEngine(model, PLUGIN.info("base.en", Settings(home=Path("nowhere"))))
    clip = AudioClip(samples=np.ones(1600, dtype=np.float32), sample_rate=16_000)
    (found,) = engine.transcribe([clip], ENGLISH)
    assert found.warnings == ("Decoded by sampling at temperature 0.4: another run may give another text.",)


@pytest.mark.weights
def test_context_is_given_as_hotwords(
    builtin_engine: FasterWhisperEngine, alone: Any, english_clips: list[AudioClip]
) -> None:
    context = "WORKBENCH, METOPROLOL"
    (found,) = builtin_engine.transcribe(english_clips[:1], replace(GREEDY, context=f" {context} "))
    assert found.raw == text_alone(
        alone, english_clips[0].samples, language="en", beam_size=1, temperature=0.0, hotwords=context
    )
    assert found.warnings == ()


@pytest.mark.weights
def test_a_context_that_is_too_long_is_told(
    builtin_engine: FasterWhisperEngine, english_clips: list[AudioClip]
) -> None:
    (found,) = builtin_engine.transcribe(english_clips[:1], replace(GREEDY, context="metoprolol " * PROMPT_TOKENS))
    assert any("longer than 223 tokens" in warning for warning in found.warnings)


@pytest.mark.weights
@pytest.mark.parametrize("vad_filter", [False, True])
@pytest.mark.parametrize("seconds", [0.01, 3.0])
def test_silence_has_no_text_and_no_confidence(
    builtin_engine: FasterWhisperEngine, vad_filter: bool, seconds: float
) -> None:
    silence = AudioClip(samples=np.zeros(round(16_000 * seconds), dtype=np.float32), sample_rate=16_000)
    options = DecodeOptions(extra={"vad_filter": vad_filter, "temperature_fallback": False, "beam_size": 1})
    (found,) = builtin_engine.transcribe([silence], options)
    assert (found.text, found.segments, found.confidence) == ("", (), None)


@pytest.mark.weights
def test_a_wrong_option_is_refused(builtin_engine: FasterWhisperEngine, english_clips: list[AudioClip]) -> None:
    with pytest.raises(UnknownName, match="'beams'"):
        builtin_engine.transcribe(english_clips, DecodeOptions(extra={"beams": 2}))
    with pytest.raises(UsageError, match="'beam_size'"):
        builtin_engine.transcribe(english_clips, DecodeOptions(extra={"beam_size": 0}))


@pytest.mark.weights
def test_a_folder_is_loaded_by_its_path(builtin_settings: Settings, builtin_engine: FasterWhisperEngine) -> None:
    folder = str(builtin_settings.models / FOLDER)
    promised = PLUGIN.info(folder, builtin_settings)
    assert promised.model_id == folder
    assert promised.languages == folder_languages(Path(folder)) == expected_languages("openai/whisper-base")
    availability = PLUGIN.check(folder, builtin_settings)
    assert availability.reason == "It runs on the CPU in int8."
    assert availability.needs_bytes is not None
    engine = PLUGIN.load(folder, builtin_settings)
    assert replace(engine.info, device="", dtype="") == promised
    assert (engine.info.device, engine.info.dtype) == ("cpu", "int8_float32")
    engine.close()


@pytest.mark.weights
def test_an_engine_keeps_what_its_folder_says(builtin_engine: FasterWhisperEngine) -> None:
    assert len(builtin_engine.info.languages) == 99
    assert "yue" not in builtin_engine.info.languages
    assert "batch" not in builtin_engine.info.capabilities, "clips are decoded one after another"


@pytest.mark.weights
def test_damaged_weights_are_a_sentence(tmp_path: Path, builtin_settings: Settings, builtin_home: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (folder / name).write_bytes((builtin_settings.models / FOLDER / name).read_bytes())
    (folder / "model.bin").write_bytes(b"not a model")
    with pytest.raises(EngineUnavailable, match="The engine faster-whisper cannot run here"):
        PLUGIN.load(str(folder), builtin_settings)


def test_a_device_that_ctranslate2_cannot_use_is_refused(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.bin").write_bytes(b"")
    (tmp_path / "tokenizer.json").write_text('{"added_tokens": []}')
    availability = PLUGIN.check(str(tmp_path), replace(settings, device="mps"))
    assert not availability.ok
    assert "does not compute on mps" in availability.reason


class FakeModel:
    """As much of WhisperModel as loading needs; on cuda its first computation fails, as without cuBLAS."""

    max_length = 448
    hf_tokenizer = SimpleNamespace(token_to_id={"<|startoftranscript|>": 50257}.get)
    feature_extractor = SimpleNamespace(mel_filters=np.zeros((80, 201)))

    def generate_with_fallback(self) -> None: ...

    def __init__(self, folder: str, *, device: str, device_index: int, compute_type: str) -> None:
        self.device = device
        self.model = SimpleNamespace(compute_type=compute_type)

    def encode(self, features: Any) -> None:
        assert features.shape == (80, 3000)
        raise RuntimeError("Library libcublas.so.12 is not found or cannot be loaded")

    def transcribe(self, *_: object, **__: object) -> Any:
        raise RuntimeError("CUDA failed with error out of memory")


@pytest.fixture
def gpu_without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    import faster_whisper as package

    monkeypatch.setattr(package, "WhisperModel", FakeModel)
    monkeypatch.setattr(
        faster_whisper,
        "choose_ctranslate2",
        lambda settings, engine="": ("cuda", 0, "float16") if settings.device != "cpu" else ("cpu", 0, "int8"),
    )


@pytest.mark.usefixtures("gpu_without_libraries")
def test_a_gpu_without_its_libraries_leaves_the_cpu(tmp_path: Path, settings: Settings) -> None:
    info = PLUGIN.info(None, settings)
    engine = faster_whisper.load_folder(tmp_path, info, settings)
    assert (engine.info.device, engine.info.dtype) == ("cpu", "int8")
    assert engine.info.languages == ("en",)
    with pytest.raises(EngineUnavailable, match="libcublas"):
        faster_whisper.load_folder(tmp_path, info, replace(settings, device="cuda"))


@pytest.mark.usefixtures("gpu_without_libraries")
def test_a_failure_of_ctranslate2_is_a_sentence(tmp_path: Path, settings: Settings) -> None:
    engine = faster_whisper.load_folder(tmp_path, PLUGIN.info(None, settings), replace(settings, device="cpu"))
    clip = AudioClip(samples=np.ones(1600, dtype=np.float32), sample_rate=16_000, source="long.wav")
    with pytest.raises(EngineError, match=r"CTranslate2 failed on long\.wav: CUDA failed with error out of memory"):
        engine.transcribe([clip], ENGLISH)


@pytest.mark.parametrize(
    ("model", "english", "cantonese"),
    [("base", True, False), ("base.en", True, False), ("large-v3", True, True), ("turbo", True, True)],
)
def test_languages_are_expected_by_name_before_the_weights_are_here(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str, english: bool, cantonese: bool
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    languages = PLUGIN.info(model, settings).languages
    assert ("en" in languages, "yue" in languages) == (english, cantonese)
    assert (languages == ("en",)) is model.endswith(".en")
