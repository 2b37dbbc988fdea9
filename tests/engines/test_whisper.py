"""Whisper through transformers' true generate, on the packaged weights carried over into its format."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.builtin import FOLDER, HASHES
from workbench.engines.faster_whisper import FasterWhisperEngine
from workbench.engines.whisper import PLUGIN, WhisperEngine
from workbench.engines.whisper_output import Window, confidence_of, finish_of, read_window
from workbench.errors import EngineError, EngineUnavailable, UnknownName, UsageError
from workbench.settings import Settings

SCRIPT = Path(__file__).parents[2] / "scripts" / "convert_builtin_to_transformers.py"
ENGLISH = DecodeOptions(language="en")
CT2_GREEDY = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
END = 9


@pytest.fixture(scope="session")
def carried(builtin_settings: Settings, builtin_engine: FasterWhisperEngine, tmp_path_factory: Any) -> Path:
    """The packaged weights in transformers' format, as the script writes them."""
    out = tmp_path_factory.mktemp("whisper") / "whisper-base"
    environment = os.environ | {"WORKBENCH_HOME": str(builtin_settings.home)}
    subprocess.run([sys.executable, str(SCRIPT), str(out)], env=environment, check=True, capture_output=True)
    return out


@pytest.fixture(scope="session")
def engine(carried: Path, builtin_settings: Settings) -> Iterator[WhisperEngine]:
    engine = PLUGIN.load(str(carried), builtin_settings)
    yield engine
    engine.close()


@pytest.mark.weights
@pytest.mark.slow
def test_ctranslate2_carries_the_weights_back_byte_for_byte(carried: Path, tmp_path: Path) -> None:
    """CTranslate2's own converter, given what our script wrote, makes the packaged files again."""
    code = (
        "import sys; from ctranslate2.converters import TransformersConverter as T; "
        "T(sys.argv[1], load_as_float16=True).convert(sys.argv[2], quantization='float16')"
    )
    out = tmp_path / "back"
    subprocess.run([sys.executable, "-c", code, str(carried), str(out)], check=True, capture_output=True)
    for name in ("model.bin", "config.json", "vocabulary.json"):
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == HASHES[name], name


@pytest.fixture(scope="session")
def heard(engine: WhisperEngine, english_clips: list[AudioClip]) -> list[Hypothesis]:
    """The three clips, as one batch."""
    return engine.transcribe(english_clips, ENGLISH)


@pytest.mark.weights
def test_the_text_is_ctranslate2s_in_the_same_precision(
    heard: list[Hypothesis], builtin_settings: Settings, english_clips: list[AudioClip]
) -> None:
    from faster_whisper import WhisperModel

    oracle = WhisperModel(str(builtin_settings.models / FOLDER), device="cpu", compute_type="float32")
    for clip, found in zip(english_clips, heard, strict=True):
        segments, _ = oracle.transcribe(clip.samples, language="en", **CT2_GREEDY)
        parts = list(segments)
        assert found.raw == "".join(part.text for part in parts)
        (logprob,) = {part.avg_logprob for part in parts}
        assert found.confidence == pytest.approx(math.exp(logprob), abs=0.01)


@pytest.mark.weights
def test_a_batch_gives_what_each_clip_gives(
    engine: WhisperEngine, heard: list[Hypothesis], english_clips: list[AudioClip]
) -> None:
    lengths = {clip.samples.size for clip in english_clips}
    assert len(lengths) == len(english_clips), "clips of different lengths"
    for clip, found in zip(english_clips, heard, strict=True):
        (alone,) = engine.transcribe([clip], ENGLISH)
        assert (found.raw, found.segments, found.finish) == (alone.raw, alone.segments, alone.finish)
        assert found.confidence == pytest.approx(alone.confidence, abs=1e-3)


@pytest.mark.weights
def test_segments_have_times_within_the_clip(heard: list[Hypothesis], english_clips: list[AudioClip]) -> None:
    found = heard[0]
    assert found.text
    assert " ".join(segment.text for segment in found.segments) == found.text
    assert all(0 <= part.start < part.end <= english_clips[0].duration for part in found.segments)
    assert (found.finish, found.language, found.warnings) == ("eos", "en", ())


@pytest.mark.weights
def test_running_out_of_tokens_is_told_clip_by_clip(
    engine: WhisperEngine, heard: list[Hypothesis], english_clips: list[AudioClip]
) -> None:
    short = english_clips[0]
    long = short.with_samples(np.concatenate([clip.samples for clip in english_clips]))
    tokens = engine._processor.tokenizer(heard[0].raw, add_special_tokens=False).input_ids
    cap = len(tokens) + 4  # two timestamps, the end, and one to spare
    ended, cut = engine.transcribe([short, long], replace(ENGLISH, max_new_tokens=cap))
    assert (ended.raw, ended.finish) == (heard[0].raw, "eos")
    assert cut.finish == "length"
    with pytest.raises(UsageError, match="at least 1"):
        engine.transcribe([short], replace(ENGLISH, max_new_tokens=0))


@pytest.mark.weights
def test_the_language_is_detected_where_none_is_told(
    engine: WhisperEngine, heard: list[Hypothesis], english_clips: list[AudioClip]
) -> None:
    (found,) = engine.transcribe(english_clips[:1], DecodeOptions())
    assert (found.language, found.raw) == ("en", heard[0].raw)


@pytest.mark.weights
def test_beams_and_languages_reach_the_model(
    engine: WhisperEngine, english_clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    generate = engine._model.generate

    def spy(*arguments: Any, **options: Any) -> Any:
        asked.append(options)
        return generate(*arguments, **options)

    monkeypatch.setattr(engine._model, "generate", spy)
    context = "metoprolol, Mrs Chan"
    options = DecodeOptions(language="zh", context=f" {context} ", max_new_tokens=8, extra={"num_beams": "2"})
    (found,) = engine.transcribe(english_clips[:1], options)
    assert asked[0]["num_beams"] == 2
    assert asked[0]["language"] == ["zh"]
    assert engine._processor.tokenizer.decode(asked[0]["prompt_ids"]) == f"<|startofprev|> {context}"
    assert context not in found.text
    assert found.language == "zh"
    assert found.warnings == ()


@pytest.mark.weights
def test_a_context_that_is_too_long_is_cut_and_told(engine: WhisperEngine, english_clips: list[AudioClip]) -> None:
    (found,) = engine.transcribe(english_clips[:1], replace(ENGLISH, context="metoprolol " * 224, max_new_tokens=3))
    assert found.warnings == ("The context is longer than 223 tokens; its end was not used.",)


@pytest.mark.weights
def test_silence_has_no_text(engine: WhisperEngine) -> None:
    silence = AudioClip(samples=np.zeros(48_000, dtype=np.float32), sample_rate=16_000)
    (found,) = engine.transcribe([silence], ENGLISH)
    assert (found.text, found.segments) == ("", ())


@pytest.mark.weights
def test_a_folder_says_what_the_loaded_model_says(
    engine: WhisperEngine, carried: Path, builtin_settings: Settings
) -> None:
    promised = PLUGIN.info(str(carried), builtin_settings)
    assert replace(engine.info, device="", dtype="", attention="") == promised
    assert (engine.info.device, engine.info.dtype) == ("cpu", "float32")
    assert len(promised.languages) == 99
    assert len(promised.revision) == 12
    assert PLUGIN.check(str(carried), builtin_settings).reason == "It runs on cpu in float32."
    assert all(parameter.dtype == torch.float32 for parameter in engine._model.parameters())


@pytest.mark.weights
def test_a_wrong_option_is_refused(engine: WhisperEngine, english_clips: list[AudioClip]) -> None:
    with pytest.raises(UnknownName, match="'beam_size'"):
        engine.transcribe(english_clips, DecodeOptions(extra={"beam_size": 2}))


@pytest.mark.weights
def test_a_failure_of_torch_is_a_sentence(
    engine: WhisperEngine, english_clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(engine._model, "generate", full)
    with pytest.raises(EngineError, match=r"Whisper failed on 3 clips: CUDA out of memory\.") as caught:
        engine.transcribe(english_clips, ENGLISH)
    assert "batch size" in caught.value.hint


@pytest.mark.weights
def test_weights_that_do_not_load_are_a_sentence(carried: Path, tmp_path: Path, builtin_settings: Settings) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(carried, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1_000_000)
    with pytest.raises(EngineUnavailable, match="The engine whisper cannot run here"):
        PLUGIN.load(str(folder), builtin_settings)


@pytest.mark.weights
def test_a_missing_tensor_is_refused(carried: Path, tmp_path: Path, builtin_settings: Settings) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "lacking"
    shutil.copytree(carried, folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.decoder.layers.3.fc1.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match=r"model\.decoder\.layers\.3\.fc1\.weight"):
        PLUGIN.load(str(folder), builtin_settings)


def test_another_architecture_is_refused(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "wav2vec2"}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match="holds no Whisper"):
        PLUGIN.load(str(tmp_path), settings)


def test_pickled_weights_are_not_taken(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "whisper"}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(UsageError, match="holds no model of whisper"):
        PLUGIN.load(str(tmp_path), settings)


def result(tokens: list[int], probability: float = 0.5, prompt: int = 3) -> dict[str, Any]:
    """One window as generate gives it: each token has that probability, another one the rest."""
    scores = []
    for token in tokens:
        row = torch.full((END + 1,), -torch.inf)
        row[token] = math.log(probability)
        row[(token + 1) % (END + 1)] = math.log(1 - probability)
        scores.append(row + 7.0)  # beam search adds a constant
    return {"sequences": torch.tensor([1] * prompt + tokens), "scores": scores}


def test_a_window_ends_at_its_first_end_token() -> None:
    window = read_window(result([4, 5, END, END, END]), END)
    assert window.ended
    assert window.log_probabilities == pytest.approx([math.log(0.5)] * 3)


def test_a_window_without_an_end_ran_out_of_tokens() -> None:
    windows = [read_window(result([4, 5, END]), END), read_window(result([4, 5, 6]), END)]
    assert [finish_of(windows[:1]), finish_of(windows)] == ["eos", "length"]


def test_confidence_is_the_geometric_mean_over_all_tokens() -> None:
    windows = [Window((math.log(0.9),) * 3, True), Window((math.log(0.1),), True)]
    assert confidence_of(windows) == pytest.approx((0.9**3 * 0.1) ** (1 / 4))
    assert confidence_of([]) is None
