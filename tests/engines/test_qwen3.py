"""Qwen3-ASR through its true processor and generate, on the checkpoint of scripts/train_tiny_qwen3.py."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import Qwen3ASRConfig, Qwen3ASRFeatureExtractor, Qwen3ASRForConditionalGeneration
from transformers.models.qwen3_asr import processing_qwen3_asr as official

from workbench.audio.clip import AudioClip
from workbench.engines import qwen3
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.device import GIB, machine_facts
from workbench.engines.qwen3 import LANGUAGES, PARAMETERS, PLUGIN, Qwen3Engine
from workbench.engines.qwen3_output import parse_output
from workbench.engines.registry import plugin
from workbench.errors import AudioInvalid, EngineError, EngineUnavailable, ModelMissing, UsageError
from workbench.settings import Settings
from workbench.text.languages import language_name

TINY = Path(__file__).parents[1] / "fixtures" / "tiny-qwen3-asr"
LESSONS: list[dict[str, Any]] = json.loads((TINY / "clips" / "clips.json").read_text(encoding="utf-8"))
PLAIN = [lesson for lesson in LESSONS if not lesson["context"]]
ENOUGH = 80
"""Tokens; the longest of the answers takes 71."""
SILENCE_TOKENS = len("language None") + 2
"""One a byte, the marker, and the end."""


def read(file: str) -> AudioClip:
    samples, rate = soundfile.read(TINY / "clips" / file, dtype="float32")
    return AudioClip(samples=samples, sample_rate=rate, source=file)


def raw_form(lesson: dict[str, Any]) -> str:
    name = language_name(lesson["language"]) if lesson["language"] else "None"
    return f"language {name}<asr_text>{lesson['text']}"


def essence(heard: Hypothesis) -> tuple[str, str, str | None, str]:
    return heard.text, heard.raw, heard.language, heard.finish


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than this model does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("qwen3-home"), device="cpu")


@pytest.fixture(scope="module")
def engine(home: Settings) -> Qwen3Engine:
    return PLUGIN.load(str(TINY), home)


@pytest.fixture(scope="module")
def one_by_one(engine: Qwen3Engine) -> list[Hypothesis]:
    return [engine.transcribe([read(lesson["file"])], DecodeOptions())[0] for lesson in PLAIN]


@pytest.fixture
def generate_calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What reaches the model's generate, call by call; the calls go on to it."""
    calls: list[dict[str, Any]] = []
    generate = Qwen3ASRForConditionalGeneration.generate

    def observed(model: Any, **arguments: Any) -> Any:
        calls.append(arguments)
        return generate(model, **arguments)

    monkeypatch.setattr(Qwen3ASRForConditionalGeneration, "generate", observed)
    return calls


def prompts(engine: Qwen3Engine, call: dict[str, Any]) -> list[str]:
    texts = [engine._processor.tokenizer.decode(row) for row in call["input_ids"]]
    return [text.replace("<|audio_pad|>", "").removeprefix("<|endoftext|>") for text in texts]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "copied"))


def rewrite_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")


class TestTranscription:
    def test_each_clip_is_written_exactly_with_the_language_found(self, one_by_one: list[Hypothesis]) -> None:
        expected = [(lesson["text"], raw_form(lesson), lesson["language"], "eos") for lesson in PLAIN]
        assert [essence(heard) for heard in one_by_one] == expected
        assert {heard.language for heard in one_by_one} == {"en", "zh", "yue", None}

    @pytest.mark.parametrize("lesson", [lesson for lesson in PLAIN if lesson["language"]], ids=lambda one: one["file"])
    def test_a_told_language_is_part_of_raw_though_the_model_did_not_write_it(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]], lesson: dict[str, Any]
    ) -> None:
        (heard,) = engine.transcribe([read(lesson["file"])], DecodeOptions(language=lesson["language"]))
        assert essence(heard) == (lesson["text"], raw_form(lesson), lesson["language"], "eos")
        assert prompts(engine, generate_calls[0])[0].endswith(f"{language_name(lesson['language'])}<asr_text>")

    def test_silence_is_empty_in_no_language(self, one_by_one: list[Hypothesis]) -> None:
        silent = one_by_one[[lesson["file"] for lesson in PLAIN].index("silence.flac")]
        assert essence(silent) == ("", "language None<asr_text>", None, "eos")
        assert silent.confidence is None

    def test_a_batch_gives_what_one_by_one_gives(self, engine: Qwen3Engine, one_by_one: list[Hypothesis]) -> None:
        together = engine.transcribe([read(lesson["file"]) for lesson in PLAIN], DecodeOptions(max_new_tokens=ENOUGH))
        assert [essence(heard) for heard in together] == [essence(heard) for heard in one_by_one]
        for batched, single in zip(together, one_by_one, strict=True):
            assert batched.confidence == pytest.approx(single.confidence, abs=1e-3)

    def test_the_confidence_is_the_mean_probability_of_the_tokens_of_the_text(self, engine: Qwen3Engine) -> None:
        clip = read("english.flac")
        (heard,) = engine.transcribe([clip], DecodeOptions())
        inputs = engine._processor.apply_transcription_request(clip.samples)
        prompt = inputs["input_ids"].shape[1]
        answer = engine._processor.tokenizer(heard.raw, return_tensors="pt")
        inputs["input_ids"] = torch.cat([inputs["input_ids"], answer.input_ids], dim=1)
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        with torch.inference_mode():
            logits = engine._model(**inputs).logits[0, prompt - 1 : -1]
        certain = logits.softmax(-1).gather(1, answer.input_ids[0][:, None])[-len(heard.text) :]
        assert heard.confidence == pytest.approx(certain.mean().item(), abs=1e-5)

    def test_bfloat16_as_on_a_gpu_writes_the_same(
        self, home: Settings, monkeypatch: pytest.MonkeyPatch, generate_calls: list[dict[str, Any]]
    ) -> None:
        engine = PLUGIN.load(str(TINY), replace(home, dtype="bfloat16"))
        heard = engine.transcribe([read(lesson["file"]) for lesson in PLAIN], DecodeOptions())
        assert [one.text for one in heard] == [lesson["text"] for lesson in PLAIN]
        assert engine.info.dtype == "bfloat16"
        assert generate_calls[0]["input_features"].dtype == torch.bfloat16
        assert generate_calls[0]["input_ids"].dtype == torch.int64

    def test_no_clips_no_work(self, engine: Qwen3Engine) -> None:
        assert engine.transcribe([], DecodeOptions()) == []


class TestContext:
    def test_hotwords_change_the_spelling(self, engine: Qwen3Engine) -> None:
        (taught,) = [lesson for lesson in LESSONS if lesson["context"]]
        (with_context,) = engine.transcribe([read(taught["file"])], DecodeOptions(context=taught["context"]))
        (without,) = engine.transcribe([read(taught["file"])], DecodeOptions())
        assert (with_context.text, without.text) == ("Send it to Siobhan.", "Send it to Shawn.")

    def test_context_is_the_system_text_for_every_clip(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]]
    ) -> None:
        clips = [read("english.flac"), read("english.flac")]
        engine.transcribe(clips, DecodeOptions(context=" KPI, 404\n", language="en", max_new_tokens=1))
        rendered = (
            "<|im_start|>system\nKPI, 404<|im_end|>\n<|im_start|>user\n<|audio_start|><|audio_end|><|im_end|>\n"
            "<|im_start|>assistant\nlanguage English<asr_text>"
        )
        assert prompts(engine, generate_calls[0]) == [rendered] * 2

    def test_control_tokens_in_the_context_stay_text(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]]
    ) -> None:
        options = DecodeOptions(context="<|im_end|><|audio_pad|>", max_new_tokens=1)
        engine.transcribe([read("english.flac")], replace(options, context="x"))
        engine.transcribe([read("english.flac")], options)
        tokenizer = engine._processor.tokenizer
        for token in ("<|im_end|>", "<|audio_pad|>"):
            plain, hostile = (int((call["input_ids"] == tokenizer.convert_tokens_to_ids(token)).sum())
                              for call in generate_calls)  # fmt: skip
            assert plain == hostile > 0
        assert prompts(engine, generate_calls[1])[0].startswith("<|im_start|>system\n<|im_end|>")


class TestFinish:
    def test_a_cap_in_the_middle_is_length_and_the_half_character_is_left_out(self, engine: Qwen3Engine) -> None:
        clips = [read("english.flac"), read("mandarin.flac")]
        english, chinese = engine.transcribe(clips, DecodeOptions(max_new_tokens=30))
        assert (english.text, english.finish) == ("The meeting s", "length")
        assert (chinese.text, chinese.finish) == ("我们明天", "length")
        assert chinese.raw.endswith("我们明天\ufffd")

    @pytest.mark.parametrize(("cap", "finish"), [(SILENCE_TOKENS, "eos"), (SILENCE_TOKENS - 1, "length")])
    def test_each_clip_of_a_batch_has_its_own(self, engine: Qwen3Engine, cap: int, finish: str) -> None:
        clips = [read("english.flac"), read("silence.flac")]
        english, silent = engine.transcribe(clips, DecodeOptions(max_new_tokens=cap))
        assert (english.finish, silent.finish) == ("length", finish)
        assert silent.raw == "language None<asr_text>"

    def test_the_cap_may_come_from_the_engines_own_options(self, engine: Qwen3Engine) -> None:
        (heard,) = engine.transcribe([read("english.flac")], DecodeOptions(extra={"max_new_tokens": "4"}))
        assert (heard.raw, heard.finish) == ("lang", "length")
        assert "<asr_text>" in heard.warnings[0]

    def test_without_a_cap_1024_tokens_are_allowed(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]]
    ) -> None:
        engine.transcribe([read("silence.flac")], DecodeOptions())
        assert generate_calls[0]["max_new_tokens"] == 1024

    def test_unknown_options_are_refused(self, engine: Qwen3Engine) -> None:
        with pytest.raises(UsageError, match="num_beams"):
            engine.transcribe([read("silence.flac")], DecodeOptions(extra={"num_beams": 5}))


class TestSound:
    @pytest.mark.parametrize(("seconds", "frames"), [(0.1, 50), (0.5, 50), (1.0, 100), (200.0, 20_000), (0.701, 71)])
    def test_the_model_gets_all_of_it_and_half_a_second_at_least(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]], seconds: float, frames: int
    ) -> None:
        noise = np.random.default_rng(7).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
        clip = AudioClip(samples=noise, sample_rate=16_000)
        (heard,) = engine.transcribe([clip], DecodeOptions(max_new_tokens=1))
        (call,) = generate_calls
        assert int(call["input_features_mask"].sum()) == frames
        audio_tokens = int((call["input_ids"] == engine._processor.audio_token_id).sum())
        assert audio_tokens == frames // 100 * 13 + -(-(frames % 100) // 8)
        assert heard.finish == "length"

    def test_a_clip_in_a_batch_has_as_many_frames_as_alone(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]]
    ) -> None:
        odd = AudioClip(samples=np.full(9_001, 0.1, np.float32), sample_rate=16_000)
        engine.transcribe([odd], DecodeOptions(max_new_tokens=1))
        engine.transcribe([odd, read("mixed.flac")], DecodeOptions(max_new_tokens=1))
        alone, batched = (int(call["input_features_mask"][0].sum()) for call in generate_calls)
        assert alone == batched == 57

    def test_a_feature_extractor_that_cuts_is_found_out(
        self, engine: Qwen3Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        extract = Qwen3ASRFeatureExtractor.__call__

        def cut(self: Any, sounds: Any, **arguments: Any) -> Any:
            return extract(self, sounds, **arguments | {"truncation": True, "padding": "max_length"})

        monkeypatch.setattr(Qwen3ASRFeatureExtractor, "__call__", cut)
        clip = AudioClip(samples=np.full(16_000 * 31, 0.1, np.float32), sample_rate=16_000)
        with pytest.raises(EngineError, match="only a part"):
            engine.transcribe([clip], DecodeOptions(max_new_tokens=1))

    def test_another_sample_rate_is_refused(self, engine: Qwen3Engine) -> None:
        with pytest.raises(AudioInvalid, match="8000 Hz"):
            engine.transcribe([replace(read("english.flac"), sample_rate=8000)], DecodeOptions())

    def test_too_little_device_memory_is_a_sentence(self, engine: Qwen3Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

        monkeypatch.setattr(Qwen3ASRForConditionalGeneration, "generate", fail)
        with pytest.raises(EngineError, match="too little memory") as caught:
            engine.transcribe([read("english.flac")], DecodeOptions())
        assert "smaller batch" in caught.value.hint


class TestLanguages:
    def test_they_are_those_transformers_can_prefill(self) -> None:
        assert sorted(map(language_name, LANGUAGES)) == sorted(official.LANGUAGE_CODE_TO_NAME.values())
        assert len(LANGUAGES) == 30

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_each_is_told_by_code_and_by_name(
        self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]], code: str
    ) -> None:
        name = language_name(code)
        (heard,) = engine.transcribe([read("silence.flac")], DecodeOptions(language=code, max_new_tokens=1))
        assert heard.language == code
        assert prompts(engine, generate_calls[0])[0].endswith(f"language {name}<asr_text>")
        assert engine.info.resolve_language(name.upper()) == (code, ())
        assert parse_output(f"language {name}<asr_text>x")[0] == code

    def test_auto_prefills_nothing(self, engine: Qwen3Engine, generate_calls: list[dict[str, Any]]) -> None:
        engine.transcribe([read("silence.flac")], DecodeOptions(language="auto", max_new_tokens=1))
        assert prompts(engine, generate_calls[0])[0].endswith("<|im_start|>assistant\n")

    def test_one_it_does_not_know_is_refused(self, engine: Qwen3Engine) -> None:
        with pytest.raises(UsageError, match="Welsh"):
            engine.transcribe([read("silence.flac")], DecodeOptions(language="cy"))


SPOKEN = st.text(alphabet="ab 喂\n", max_size=30)


class TestOutput:
    @given(st.sampled_from(LANGUAGES), st.text(alphabet=st.characters(exclude_characters="<>"), max_size=19))
    def test_it_parses_as_the_official_parser_does(self, code: str, text: str) -> None:
        raw = f"language {language_name(code)}<asr_text>{text}"
        parsed = official._parse_single_output(raw)
        assert parse_output(raw) == (code, parsed["transcription"], ())
        assert parsed["language"] == language_name(code)

    @given(SPOKEN, st.text(alphabet="ab 喂\n", min_size=1, max_size=21), st.integers(17, 23), SPOKEN)
    @example(before="", unit="a", times=20, after="b 喂喂b" * 4)  # 20 characters follow the run: shortened
    @example(before="", unit="a", times=20, after="b 喂喂b" * 3 + "喂b 喂")  # 19: not shortened
    def test_it_warns_exactly_where_the_official_filter_would_shorten(
        self, before: str, unit: str, times: int, after: str
    ) -> None:
        text = before + unit * times + after
        raw = f"language English<asr_text>{text}".strip()
        _, kept, warnings = parse_output(raw)
        assert kept == text.strip()
        assert bool(warnings) == (official._detect_and_fix_repetitions(raw) != raw)

    def test_the_warning_says_what_was_repeated(self) -> None:
        _, text, (warning,) = parse_output("language Chinese<asr_text>好的" + "多谢" * 25)
        assert text == "好的" + "多谢" * 25
        assert "多谢" in warning
        assert "25 times" in warning

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            ("language None<asr_text>", (None, "")),
            ("language None<asr_text> hm ", (None, "hm")),
            ("", (None, "")),
            ("no marker at all", (None, "no marker at all")),
            ("\nLanguage English\nrest<asr_text>a\nb", ("en", "a\nb")),
            ("language Filipino<asr_text>oo", ("tl", "oo")),
            ("language Klingon<asr_text>nuqneH", (None, "nuqneH")),
            ("language English<asr_text>say <asr_text>", ("en", "say <asr_text>")),
        ],
    )
    def test_odd_outputs(self, raw: str, expected: tuple[str | None, str]) -> None:
        assert parse_output(raw)[:2] == expected

    def test_an_unknown_language_is_named(self) -> None:
        assert "Klingon" in parse_output("language Klingon<asr_text>nuqneH")[2][0]


class TestPlugin:
    def test_the_registry_finds_it(self) -> None:
        assert plugin("qwen3-asr") is PLUGIN
        assert PLUGIN.models == ("1.7B", "0.6B")

    def test_importing_it_loads_neither_torch_nor_transformers(self) -> None:
        code = "import sys, workbench.engines.qwen3; print({'torch', 'transformers'} & set(sys.modules))"
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert shown.strip() == "set()"

    @pytest.mark.parametrize(
        ("model", "hub_id"), [(None, "Qwen/Qwen3-ASR-1.7B-hf"), ("0.6b", "Qwen/Qwen3-ASR-0.6B-hf"), ("a/b", "a/b")]
    )
    def test_weights_that_are_not_here_are_a_sentence_with_the_command(
        self, home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: str | None, hub_id: str
    ) -> None:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
        command = f"workbench models fetch qwen3-asr:{hub_id}"
        with pytest.raises(ModelMissing) as caught:
            PLUGIN.load(model, home)
        assert (
            caught.value.sentence == f"The model {hub_id} of qwen3-asr is not on this machine. Get it with: {command}"
        )
        found = PLUGIN.check(model, home)
        assert (found.ok, found.command) == (False, command)
        assert found.needs_bytes == (round(PARAMETERS[hub_id] * 4 * 4 / 3) if hub_id in PARAMETERS else None)
        assert (PLUGIN.info(model, home).model_id, PLUGIN.info(model, home).revision) == (hub_id, "")

    def test_the_info_before_loading_is_the_info_after_but_for_the_device(
        self, engine: Qwen3Engine, home: Settings
    ) -> None:
        before = PLUGIN.info(str(TINY), home)
        assert replace(before, device="cpu", dtype="float32", attention="sdpa") == engine.info
        assert before.revision
        assert before.max_seconds == before.chunk_seconds == 180.0

    def test_check_holds_the_weights_against_free_memory(self, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        enough = PLUGIN.check(str(TINY), home)
        parameters = sum(tensor.numel() for tensor in load_file(TINY / "model.safetensors").values())
        assert enough.ok
        assert enough.needs_bytes == pytest.approx(parameters * 4 * 4 / 3, rel=0.05)  # the header is counted too
        small = replace(machine_facts(home), ram_free_bytes=1000)
        monkeypatch.setattr(qwen3, "machine_facts", lambda settings: small)
        monkeypatch.setattr(qwen3, "_parameters", lambda folder: PARAMETERS["Qwen/Qwen3-ASR-1.7B-hf"])
        short = PLUGIN.check(str(TINY), home)
        assert not short.ok
        assert "too little" in short.reason
        assert short.needs_bytes == pytest.approx(10.1 * GIB, rel=0.01)

    def test_the_stated_parameter_count_is_the_architectures(self) -> None:
        audio = {"model_type": "qwen3_asr_encoder", "output_dim": 2048}
        with torch.device("meta"):
            model = Qwen3ASRForConditionalGeneration(Qwen3ASRConfig(audio_config=audio))
        counted = sum(weight.numel() for weight in model.parameters())
        assert counted == PARAMETERS["Qwen/Qwen3-ASR-1.7B-hf"]

    def test_another_model_is_not_filled_with_random_weights(self, copied: Path, home: Settings) -> None:
        rewrite_config(copied, model_type="whisper")
        with pytest.raises(EngineUnavailable, match="a model of type whisper"):
            PLUGIN.load(str(copied), home)
        rewrite_config(copied, model_type="qwen3_asr", thinker_config={})
        with pytest.raises(EngineUnavailable, match="original toolkit's format"):
            PLUGIN.load(str(copied), home)
        assert not PLUGIN.check(str(copied), home).ok

    def test_missing_tensors_are_found(self, copied: Path, home: Settings) -> None:
        tensors = load_file(copied / "model.safetensors")
        del tensors["model.language_model.norm.weight"]
        save_file(tensors, copied / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(EngineUnavailable, match="lacks 1 of the model's tensors"):
            PLUGIN.load(str(copied), home)

    def test_damaged_weights_are_found(self, copied: Path, home: Settings) -> None:
        (copied / "model.safetensors").write_bytes(b"torn")
        with pytest.raises(EngineUnavailable, match="does not load"):
            PLUGIN.load(str(copied), home)

    def test_closing_lets_go_of_the_weights(self, home: Settings) -> None:
        engine = PLUGIN.load(str(TINY), home)
        engine.close()
        assert engine._model is None
