"""What the engine `transformers` refuses, and how it places words in time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers.models.auto import modeling_auto, processing_auto

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions
from workbench.engines.fetch import hub_model
from workbench.engines.frame_tokens import TimedToken, collapse, timed_segments
from workbench.engines.transformers_asr import PLUGIN
from workbench.engines.transformers_families import CONVERSE, FAMILIES, MAKE_SOUND, OWN_ENGINES
from workbench.errors import EngineUnavailable, ModelMissing, UnknownName, UsageError
from workbench.settings import Settings

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz"]
KNOWN = {*FAMILIES, *OWN_ENGINES, *MAKE_SOUND, *CONVERSE}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", device="cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny wav2vec 2.0 with group normalisation, as wav2vec2-base has it."""
    found = tmp_path / "wav2vec2"
    found.mkdir()
    (found / "vocab.json").write_text(json.dumps({letter: index for index, letter in enumerate(LETTERS)}))
    config = transformers.Wav2Vec2Config(
        vocab_size=len(LETTERS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=20,
        conv_dim=(8, 8, 8),
        conv_kernel=(10, 5, 4),
        conv_stride=(5, 8, 8),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="group",
    )
    transformers.Wav2Vec2ForCTC(config).save_pretrained(found)
    transformers.Wav2Vec2CTCTokenizer(str(found / "vocab.json")).save_pretrained(found)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=False).save_pretrained(found)
    return found


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def refusal(folder: Path, home: Settings) -> str:
    with pytest.raises(EngineUnavailable) as caught:
        PLUGIN.load(str(folder), home)
    return caught.value.sentence


class TestRefusals:
    @pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "preprocessor_config.json"])
    def test_code_of_its_own_is_not_run(self, folder: Path, home: Settings, name: str) -> None:
        rewrite(folder / name, auto_map={"AutoModelForCTC": "modeling.Own"})
        (folder / "modeling.py").write_text(f"open({str(folder / 'ran')!r}, 'w')", encoding="utf-8")
        assert f"{name} has auto_map" in refusal(folder, home)
        assert "wants code of its own" in PLUGIN.check(str(folder), home).reason
        assert not (folder / "ran").exists()

    def test_missing_tensors_are_not_made_up(self, folder: Path, home: Settings) -> None:
        tensors = load_file(folder / "model.safetensors")
        del tensors["lm_head.weight"]
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        assert "lacks 1 of the model's tensors (lm_head.weight)" in refusal(folder, home)

    def test_damaged_weights_and_missing_tokenizers_are_sentences(self, folder: Path, home: Settings) -> None:
        whole = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(whole[:100])
        assert "does not load" in refusal(folder, home)
        (folder / "model.safetensors").write_bytes(whole)
        for path in (folder / "vocab.json", folder / "tokenizer_config.json"):
            path.unlink()
        assert "does not load" in refusal(folder, home)

    def test_pickled_weights_are_no_model(self, folder: Path, home: Settings) -> None:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        with pytest.raises(UsageError, match=r"holds no model of transformers"):
            PLUGIN.load(str(folder), home)

    def test_models_with_engines_of_their_own_go_there(self, folder: Path, home: Settings) -> None:
        for kind, engine in OWN_ENGINES.items():
            rewrite(folder / "config.json", model_type=kind)
            assert f"Use {engine}:{folder}" in refusal(folder, home)

    def test_an_unknown_kind_is_refused_with_those_known(self, folder: Path, home: Settings) -> None:
        rewrite(folder / "config.json", model_type="bert")
        said = refusal(folder, home)
        assert "a model of type bert" in said
        assert "parakeet_tdt" in said

    @pytest.mark.parametrize(
        ("kind", "architecture", "reason"),
        [
            ("dia", "DiaForConditionalGeneration", "makes sound and writes no text"),
            ("speecht5", "SpeechT5ForTextToSpeech", "makes sound and writes no text"),
            ("speecht5", "SpeechT5ForSpeechToSpeech", "makes sound and writes no text"),
            ("qwen2_audio", "Qwen2AudioForConditionalGeneration", "has no request for a transcript"),
        ],
    )
    def test_what_writes_no_transcript_is_refused_with_its_reason(
        self, folder: Path, home: Settings, kind: str, architecture: str, reason: str
    ) -> None:
        rewrite(folder / "config.json", model_type=kind, architectures=[architecture])
        assert f"holds a model of type {kind}" in refusal(folder, home)
        assert reason in PLUGIN.check(str(folder), home).reason

    def test_a_model_must_be_named(self, home: Settings) -> None:
        assert "It has no model of its own" in PLUGIN.check(None, home).reason
        with pytest.raises(UsageError, match="no model of its own"):
            PLUGIN.load(None, home)
        with pytest.raises(UsageError, match="no default model"):
            hub_model("transformers")
        assert hub_model("transformers:a/b") == ("transformers", "a/b")
        with pytest.raises(ModelMissing) as caught:
            PLUGIN.load("nvidia/none", home)
        assert caught.value.command == "workbench models fetch transformers:nvidia/none"

    def test_a_package_that_is_missing_is_named(self, folder: Path, home: Settings, monkeypatch) -> None:
        rewrite(folder / "config.json", model_type="granite_speech")
        monkeypatch.setattr("workbench.engines.transformers_families.find_spec", lambda name: None)
        assert "needs the package torchaudio" in refusal(folder, home)
        assert not PLUGIN.check(str(folder), home).ok

    def test_frames_have_no_options(self, folder: Path, home: Settings) -> None:
        engine = PLUGIN.load(str(folder), home)
        with pytest.raises(UnknownName):
            engine.transcribe([], DecodeOptions(extra={"max_new_tokens": 3}))


def test_group_normalisation_is_not_batched(folder: Path, home: Settings) -> None:
    engine = PLUGIN.load(str(folder), home)
    assert "batch" not in engine.info.capabilities
    sound = np.random.default_rng(0)
    clips = [
        AudioClip(samples=(0.1 * sound.standard_normal(size)).astype(np.float32), sample_rate=16_000)
        for size in (16_000, 7_000)
    ]
    together = engine.transcribe(clips, DecodeOptions())
    assert together == [engine.transcribe([clip], DecodeOptions())[0] for clip in clips]


class TestEveryFamilyOfTransformers:
    """A new version of transformers that reads one more fails here: it is taken, or refused with a reason."""

    def test_of_its_speech_models_is_known(self) -> None:
        theirs = {
            *modeling_auto.MODEL_FOR_CTC_MAPPING_NAMES,
            *modeling_auto.MODEL_FOR_TDT_MAPPING_NAMES,
            *modeling_auto.MODEL_FOR_RNNT_MAPPING_NAMES,
            *modeling_auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES,
        }
        assert theirs - KNOWN == set()
        assert theirs >= MAKE_SOUND

    def test_that_has_a_request_for_a_transcript_is_taken(self) -> None:
        kinds = {name: kind for kind, name in processing_auto.PROCESSOR_MAPPING_NAMES.items()}
        found = {
            kinds[name]
            for path in Path(transformers.__file__).parent.glob("models/*/processing_*.py")
            if "def apply_transcription_request" in (text := path.read_text(encoding="utf-8"))
            for name in re.findall(r"^class (\w+Processor)\(", text, re.MULTILINE)
        }
        assert "glmasr" in found
        assert found - set(FAMILIES) - set(OWN_ENGINES) == set()

    def test_that_hears_among_other_things_is_taken_or_refused(self) -> None:
        models = (
            *modeling_auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES,
            *modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
        )
        hears = {
            kind
            for kind in models
            if any(re.search("audio|speech|thinker", part) for part in transformers.CONFIG_MAPPING[kind].sub_configs)
        }
        assert {"qwen2_audio", "musicflamingo"} <= hears
        assert hears - KNOWN == set()

    def test_is_on_the_page(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "engines.md").read_text(encoding="utf-8")
        assert [kind for kind in KNOWN - set(OWN_ENGINES) if f"`{kind}`" not in page] == []
        assert f"{len(FAMILIES)} families" in page


class TestFrames:
    def test_runs_are_one_token_and_blanks_none(self) -> None:
        found = collapse([0, 3, 3, 0, 3, 4, 0], [1, 0.5, 0.9, 1, 0.8, 0.7, 1], blank=0, seconds=0.02)
        assert [(one.token, round(one.start, 3), round(one.end, 3), one.probability) for one in found] == [
            (3, 0.02, 0.06, 0.9), (3, 0.08, 0.1, 0.8), (4, 0.1, 0.12, 0.7)
        ]  # fmt: skip

    def test_characters_of_several_tokens_and_marks_have_a_place(self) -> None:
        raw = "We 說, ok.".encode()
        tokens = [TimedToken(token=index, start=index / 10, end=index / 10 + 0.1) for index in range(len(raw))]

        def decode(ids: list[int]) -> str:
            return raw[: len(ids)].decode(errors="replace")

        (segment,) = timed_segments("We 說, ok.", tokens, decode, 1.0)
        assert [(word.text, round(word.start, 1), round(word.end, 1)) for word in segment.words] == [
            ("We", 0.0, 0.2), ("說,", 0.5, 0.7), ("ok.", 0.8, 1.0)
        ]  # fmt: skip

    @given(st.text(st.sampled_from("ab 我.,\n"), max_size=30))
    def test_words_hold_every_letter_once_and_in_order(self, text: str) -> None:
        tokens = [TimedToken(token=index, start=index, end=index + 1) for index in range(len(text))]
        segments = timed_segments(text, tokens, lambda ids: text[: len(ids)], 100)
        words = [word for segment in segments for word in segment.words]
        assert "".join("".join(word.text for word in words).split()) == "".join(text.split())
        assert [word.start for word in words] == sorted(word.start for word in words)
