"""Every family of the engine `transformers`, from a folder to a text, on a tiny checkpoint built here from its own
configuration: random weights, a tokenizer of bytes or letters, no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from workbench.audio.clip import AudioClip
from workbench.engines import generation, transformers_asr
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.frame_tokens import TimedToken
from workbench.engines.generation import end_tokens
from workbench.engines.transformers_asr import PLUGIN, TransformersEngine
from workbench.engines.transformers_families import FAMILIES, Family
from workbench.engines.transformers_languages import prompt_name
from workbench.engines.transformers_stretches import UNREADABLE, read_stretches
from workbench.errors import AudioInvalid, UsageError
from workbench.settings import Settings

SMALL = {
    **dict.fromkeys(("hidden_size", "d_model", "hidden_dim", "projector_hidden_size", "decoder_hidden_size"), 16),
    **dict.fromkeys(("encoder_hidden_size", "output_hidden_size", "speech_encoder_intermediate_size"), 16),
    **dict.fromkeys(("intermediate_size", "encoder_ffn_dim", "decoder_ffn_dim"), 24),
    **dict.fromkeys(("num_hidden_layers", "encoder_layers", "decoder_layers", "speech_encoder_layers"), 1),
    **dict.fromkeys(("num_layers", "encoder_num_hidden_layers", "decoder_num_hidden_layers"), 1),
    **dict.fromkeys(("num_decoder_layers", "num_timestamp_prediction_layers"), 1),
    **dict.fromkeys(("num_attention_heads", "num_key_value_heads", "encoder_attention_heads", "num_heads"), 2),
    **dict.fromkeys(("decoder_attention_heads", "speech_encoder_attention_heads"), 2),
    **dict.fromkeys(("encoder_num_attention_heads", "decoder_num_attention_heads"), 2),
    **dict.fromkeys(("head_dim", "dim_head"), 8),
    **dict.fromkeys(("subsampling_conv_channels", "conv_channels"), 8),
    **dict.fromkeys(("t2u_encoder_layers", "t2u_decoder_layers"), 1),
    "tie_word_embeddings": False,  # or a model of random weights repeats what it wrote
}
"""What a configuration is made small by, at any depth."""
WAV2VEC2 = {
    "conv_dim": [8, 8, 8],
    "conv_kernel": [10, 5, 4],
    "conv_stride": [5, 8, 8],
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
}
LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'"]
MISTRAL_MARKS = {
    "": 40,  # how many there are
    **{"<unk>": 0, "<s>": 1, "</s>": 2, "[INST]": 3, "[/INST]": 4, "[AVAILABLE_TOOLS]": 5, "[/AVAILABLE_TOOLS]": 6},
    **{"[TOOL_RESULTS]": 7, "[/TOOL_RESULTS]": 8, "[TOOL_CALLS]": 9, "[IMG]": 10, "<pad>": 11, "[PREFIX]": 14},
    **{
        "[MIDDLE]": 15,
        "[SUFFIX]": 16,
        "[SYSTEM_PROMPT]": 17,
        "[/SYSTEM_PROMPT]": 18,
        "[TOOL_CONTENT]": 19,
        "[ARGS]": 20,
    },
    **{
        "[CALL_ID]": 21,
        "[AUDIO]": 24,
        "[BEGIN_AUDIO]": 25,
        "[STREAMING_PAD]": 32,
        "[STREAMING_WORD]": 33,
        "[TRANSCRIBE]": 34,
    },
}
"""The ids that transformers or mistral-common look for; the processor of Voxtral has 24 for its sound."""
CHAT_MARKS = ("<|im_start|>", "<|im_end|>", "<|audio|>", "<|object_ref_start|>")
Build = Callable[[str, Path], None]

pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")  # torch of WavLM


def shrunk(found: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A configuration with every size small, and `own` set where a key of that name is."""
    small: dict[str, Any] = {}
    for key, value in found.items():
        if isinstance(value, dict) and not key.startswith(("id2", "label2", "rope")):
            small[key] = shrunk(value, own)
        elif key not in ("layer_types", "num_feat_extract_layers"):
            small[key] = own.get(key, SMALL.get(key, value))
    return small


def configuration(kind: str, **own: Any) -> Any:
    config_class = transformers.CONFIG_MAPPING[kind]
    return config_class(**shrunk(config_class().to_dict(), own))


def byte_tokenizer(*special: str, kind: Any = transformers.PreTrainedTokenizerFast, **names: Any) -> Any:
    """A token for each special word, then one for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = list(dict.fromkeys(("<pad>", "<s>", "</s>", "<unk>", *special)))
    whole = Tokenizer(BPE(vocab={token: index for index, token in enumerate(tokens + alphabet)}, merges=[]))
    whole.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    whole.decoder = decoders.ByteLevel()
    usual = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    extra = [token for token in special if token not in names.values()]
    return kind(tokenizer_object=whole, **(usual | names), additional_special_tokens=extra)


def save(model: Any, folder: Path, *parts: Any, seed: int = 1) -> None:
    """Save with weights large enough that the text depends on the sound."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0, 1.5 * weight[0].numel() ** -0.5)
        head = model.get_output_embeddings()
        if head is not None:
            head.weight.mul_(6)
    for part in (model, *parts):
        part.save_pretrained(folder)


def of(kind: str, config: Any) -> Any:
    return getattr(transformers, FAMILIES[kind].auto).from_config(config)


def wav2vec2(kind: str, folder: Path) -> None:
    own: dict[str, Any] = WAV2VEC2 | {"vocab_size": len(LETTERS)}
    if kind == "data2vec-audio":
        own |= {"conv_pos_kernel_size": 3, "num_conv_pos_embeddings": 2}
    model = of(kind, configuration(kind, **own))
    save(model, folder, letters(folder), transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True))


def wav2vec2_bert(kind: str, folder: Path) -> None:
    extractor = transformers.SeamlessM4TFeatureExtractor()
    save(of(kind, configuration(kind, vocab_size=len(LETTERS), add_adapter=False)), folder, letters(folder), extractor)


def letters(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({letter: index for index, letter in enumerate(LETTERS)}))
    return transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))


def nemo(kind: str, folder: Path) -> None:
    """Parakeet and its like: the blank is the pad token for CTC, a word of its own for transducers."""
    blank = () if FAMILIES[kind].decoder == "ctc" else ("<blank>",)
    tags = ("<de-DE>", "<zh-CN>") if FAMILIES[kind].tagged else ()
    tokenizer = byte_tokenizer(*blank, *tags, kind=transformers.ParakeetTokenizer)
    own: dict[str, Any] = {"vocab_size": len(tokenizer), "pad_token_id": 0, "num_mel_bins": 80, "subsample_layers": [0]}
    if blank:
        own["blank_token_id"] = tokenizer.convert_tokens_to_ids("<blank>")
    prefix = {
        "lasr_ctc": "Lasr",
        "granite_speech5_ctc": "GraniteSpeech5",
        "nemotron_asr_streaming": "NemotronAsrStreaming",
        "nemotron3_5_asr": "Nemotron3_5Asr",
    }
    name = prefix.get(kind, "Parakeet")
    listens = "NemotronAsrStreaming" if kind == "nemotron3_5_asr" else name
    extractor = getattr(transformers, f"{listens}FeatureExtractor")()
    if kind == "lasr_ctc":
        own |= {"num_mel_bins": 128, "conv_kernel_size": 9}  # an even kernel makes torch warn
    processor = getattr(transformers, f"{name}Processor")(extractor, tokenizer)
    if kind in ("parakeet_tdt", "parakeet_rnnt"):
        processor.decoder_type = kind.removeprefix("parakeet_")
    model = of(kind, configuration(kind, **own))
    if blank:
        model.generation_config = transformers.GenerationConfig(decoder_start_token_id=own["blank_token_id"])
    save(model, folder, processor)


def moonshine(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer()
    own = {"vocab_size": len(tokenizer), "pad_token_id": 0, "encoder_num_key_value_heads": 2}
    config = configuration(kind, **own, decoder_num_key_value_heads=2, sliding_windows=[[16, 4]])
    config.num_key_value_heads = 2
    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True, do_normalize=False)
    parts = (
        [transformers.MoonshineStreamingProcessor(extractor, tokenizer)]
        if "streaming" in kind
        else [extractor, tokenizer]
    )
    save(of(kind, config), folder, *parts)


def speech_to_text(kind: str, folder: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece", reason="Speech2Text's tokenizer needs sentencepiece")
    folder.mkdir(parents=True)
    (folder / "text.txt").write_text("\n".join(["the quick brown fox jumps over the lazy dog"] * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text.txt"), model_prefix=str(folder / "tiny"), vocab_size=30, minloglevel=9
    )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tiny.model"))
    names = ["<s>", "<pad>", "</s>", "<unk>", *(pieces.id_to_piece(one) for one in range(3, len(pieces)))]
    (folder / "vocab.json").write_text(json.dumps({name: index for index, name in enumerate(names)}))
    tokenizer = transformers.Speech2TextTokenizer(str(folder / "vocab.json"), str(folder / "tiny.model"))
    config = configuration(kind, vocab_size=len(names), max_target_positions=300)
    save(of(kind, config), folder, tokenizer, transformers.Speech2TextFeatureExtractor(), seed=4)


def speecht5(kind: str, folder: Path) -> None:
    """A token a letter, and convolutions with group normalisation, as Microsoft's checkpoint has them."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="SpeechT5's tokenizer needs sentencepiece")
    folder.mkdir(parents=True)
    (folder / "text.txt").write_text("\n".join(["the quick brown fox jumps over the lazy dog"] * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text.txt"),
        model_prefix=str(folder / "spm_char"),
        model_type="char",
        vocab_size=31,
        minloglevel=9,
        **{"bos_id": 0, "pad_id": 1, "eos_id": 2, "unk_id": 3},
    )
    tokenizer = transformers.SpeechT5Tokenizer(str(folder / "spm_char.model"))
    own = WAV2VEC2 | {"feat_extract_norm": "group", "vocab_size": len(tokenizer)}
    save(of(kind, configuration(kind, **own)), folder, tokenizer, transformers.SpeechT5FeatureExtractor(), seed=3)


def encoder_decoder(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer()
    encoder = configuration("wav2vec2", **WAV2VEC2, vocab_size=len(LETTERS))
    decoder = configuration("bert", vocab_size=len(tokenizer))
    config = transformers.SpeechEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 1, 0, 2
    model = transformers.SpeechEncoderDecoderModel(config)
    model.generation_config = transformers.GenerationConfig(decoder_start_token_id=1, pad_token_id=0, eos_token_id=2)
    save(model, folder, tokenizer, transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True))


def seamless(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer("__eng__", "__cmn__", "__yue__")
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    model = of(kind, configuration(kind, vocab_size=len(tokenizer), **ends))
    codes = {code: tokenizer.convert_tokens_to_ids(f"__{code}__") for code in ("eng", "cmn", "yue")}
    model.generation_config = transformers.GenerationConfig(
        text_decoder_lang_to_code_id=codes, decoder_start_token_id=2, **ends
    )
    save(model, folder, tokenizer, transformers.SeamlessM4TFeatureExtractor())


def canary(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer("<|startoftranscript|>", "<|en|>", "<|de|>", "<|pnc|>")
    tokenizer.chat_template = (
        "{% for m in messages %}{% for c in m.content %}{% if c.type == 'text' %}<|startoftranscript|>"
        "<|{{ c.source_language }}|><|{{ c.target_language }}|><|pnc|>{% endif %}{% endfor %}{% endfor %}"
    )
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 4}
    config = configuration(kind, vocab_size=len(tokenizer), num_mel_bins=80, **ends)
    extractor = transformers.ParakeetFeatureExtractor()
    processor = transformers.CanaryProcessor(extractor, tokenizer, chat_template=tokenizer.chat_template)
    save(of(kind, config), folder, processor)


def cohere(kind: str, folder: Path) -> None:
    marks = (
        "startofcontext",
        "startoftranscript",
        "emo:undefined",
        "en",
        "zh",
        "pnc",
        "noitn",
        "notimestamp",
        "nodiarize",
    )
    tokenizer = byte_tokenizer("▁", *(f"<|{mark}|>" for mark in marks))
    config = configuration(kind, vocab_size=len(tokenizer), pad_token_id=0, bos_token_id=1, eos_token_id=2)
    extractor = transformers.CohereAsrFeatureExtractor()
    save(of(kind, config), folder, transformers.CohereAsrProcessor(extractor, tokenizer))


def fun_asr_nano(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer(*CHAT_MARKS, eos_token="<|im_end|>")
    template = (
        "{% for m in messages %}<|im_start|>user\n{% for c in m.content %}"
        "{% if c.type == 'audio' %}<|object_ref_start|>"
        "{% elif c.type == 'text' %}{{ c.text }}{% elif c.type == 'keywords' %}热词：{{ c.keywords | join('，') }}\n"
        "{% elif c.type == 'language' %}语音转写成{{ c.language }}：{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )
    ids = {"audio_token_id": tokenizer.convert_tokens_to_ids("<|object_ref_start|>")}
    config = configuration(kind, vocab_size=len(tokenizer), intermediate_size=4, pad_token_id=0, **ids)
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=5, pad_token_id=0)
    extractor = transformers.FunAsrNanoFeatureExtractor()
    save(model, folder, transformers.FunAsrNanoProcessor(extractor, tokenizer, chat_template=template), seed=4)


def glmasr(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer(*CHAT_MARKS, eos_token="<|im_end|>")
    template = (
        "{% for m in messages %}<|im_start|>user\n{% for c in m.content %}{% if c.type == 'audio' %}<|audio|>"
        "{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    ids = {"audio_token_id": tokenizer.convert_tokens_to_ids("<|audio|>"), "eos_token_id": [5]}
    model = of(kind, configuration(kind, vocab_size=len(tokenizer), pad_token_id=0, **ids, intermediate_size=64))
    model.generation_config = transformers.GenerationConfig(eos_token_id=[5], pad_token_id=0)
    extractor = transformers.WhisperFeatureExtractor(feature_size=128)
    save(model, folder, transformers.GlmAsrProcessor(extractor, tokenizer, template, audio_token="<|audio|>"))


def audio_flamingo(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer("<|im_start|>", "<|im_end|>", "<sound>", eos_token="<|im_end|>")
    template = (
        "{% for m in messages %}<|im_start|>user\n{% for c in m.content %}{% if c.type == 'audio' %}<sound>"
        "{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    config = configuration(kind, vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=5, audio_token_id=6)
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=5, pad_token_id=0)
    extractor = transformers.WhisperFeatureExtractor(feature_size=128)
    save(model, folder, transformers.AudioFlamingo3Processor(extractor, tokenizer, chat_template=template))


def nemo_speechlm(kind: str, folder: Path) -> None:
    """Nemotron 3.5 Transcribe: a speech encoder, one that tells speakers apart, and a language model with state space
    layers and experts. The word for sound is beyond what the language model knows, as in the published checkpoint."""
    tokenizer = byte_tokenizer("<|im_start|>", "<|im_end|>", eos_token="<|im_end|>")
    known = len(tokenizer)
    tokenizer.add_tokens(["<|audio|>"], special_tokens=True)
    template = (
        "{% for m in messages %}<|im_start|>user\n{% for c in m.content %}{% if c.type == 'audio' %}<|audio|>"
        "{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    config = configuration(
        kind,
        **{"vocab_size": known, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 5, "audio_token_id": known},
        **{"mamba_num_heads": 4, "mamba_head_dim": 8, "n_groups": 1, "ssm_state_size": 8, "chunk_size": 16},
        **{"n_routed_experts": 2, "moe_intermediate_size": 16, "moe_shared_expert_intermediate_size": 16},
        **{"num_experts_per_tok": 1, "audio_hidden_size": 16, "blank_token_id": known - 1},
    )
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=5, pad_token_id=0)
    extractor = transformers.NemotronAsrStreamingFeatureExtractor(feature_size=128)
    parts = (extractor, tokenizer, byte_tokenizer())
    save(model, folder, transformers.Nemotron3_5TranscribeProcessor(*parts, chat_template=template))


def granite(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer(*CHAT_MARKS, eos_token="<|im_end|>")
    tokenizer.chat_template = "{% for m in messages %}USER: {{ m.content }}\n{% endfor %}ASSISTANT:"
    ids = {"audio_token_index": tokenizer.convert_tokens_to_ids("<|audio|>"), "eos_token_id": 5, "pad_token_id": 0}
    config = configuration(kind, vocab_size=len(tokenizer), has_lora_adapter=False, **ids)
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=5, pad_token_id=0)
    extractor = transformers.GraniteSpeechFeatureExtractor()
    save(model, folder, transformers.GraniteSpeechProcessor(extractor, tokenizer))


def vibevoice(kind: str, folder: Path) -> None:
    tokenizer = byte_tokenizer(*CHAT_MARKS, "<|box_start|>", "<|object_ref_end|>", eos_token="<|im_end|>")
    template = (
        "{% for m in messages %}<|im_start|>user\n{% for c in m.content %}{% if c.type == 'audio' %}"
        "<|object_ref_start|><|box_start|><|object_ref_end|>\n<|AUDIO_DURATION|> s\n{% else %}{{ c.text }}{% endif %}"
        "{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    marks = {"audio_token_id": "<|box_start|>", "audio_bos_token_id": "<|object_ref_start|>"}
    own = {name: tokenizer.convert_tokens_to_ids(mark) for name, mark in marks.items()}
    config = configuration(
        kind, vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=5, num_filters=2, depths=[1] * 7, **own
    )
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=5, pad_token_id=0)
    extractor = transformers.VibeVoiceAcousticTokenizerFeatureExtractor()
    save(model, folder, transformers.VibeVoiceAsrProcessor(extractor, tokenizer, chat_template=template))


def moss(kind: str, folder: Path) -> None:
    audio = ("<|audio_pad|>", "<|audio_start|>", "<|audio_end|>")
    tokenizer = byte_tokenizer("<|im_start|>", "<|im_end|>", *audio, eos_token="<|im_end|>")
    template = (
        "{% for m in messages %}<|im_start|>user\n{% for c in m.content %}{% if c.type == 'audio' %}"
        "<|audio_start|><|audio_pad|><|audio_end|>{% elif c.type == 'keywords' %}{{ c.keywords | join(', ') }}"
        "{% endif %}{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    )
    config = configuration(
        kind, vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=5, audio_token_id=6, intermediate_size=64
    )
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=5, pad_token_id=0)
    extractor = transformers.MossTranscribeDiarizeFeatureExtractor()
    save(model, folder, transformers.MossTranscribeDiarizeProcessor(extractor, tokenizer, chat_template=template))


def tekken(folder: Path, **audio: Any) -> Any:
    """Mistral's tokenizer from a file of its format: a token for each mark, then one for each byte."""
    from transformers.tokenization_mistral_common import MistralCommonBackend

    count = MISTRAL_MARKS[""]
    names = {index: name for name, index in MISTRAL_MARKS.items() if name}
    encoding = {"num_mel_bins": 128, "hop_length": 160, "window_size": 400}
    content = {
        "config": {
            "pattern": r" ?\w+| ?[^\w\s]+|\s+",
            "num_vocab_tokens": 256,
            "default_vocab_size": 256 + count,
            "default_num_special_tokens": count,
            "version": "v13" if "transcription_format" in audio else "v11",
        },
        "vocab": [
            {"rank": byte, "token_bytes": base64.b64encode(bytes([byte])).decode(), "token_str": None}
            for byte in range(256)
        ],
        "special_tokens": [
            {"rank": index, "token_str": names.get(index, f"<SPECIAL_{index}>"), "is_control": True}
            for index in range(count)
        ],
        "audio": {"sampling_rate": 16_000, "frame_rate": 12.5, "audio_encoding_config": encoding, **audio},
    }
    folder.mkdir(parents=True)
    (folder / "tekken.json").write_text(json.dumps(content))
    return MistralCommonBackend.from_pretrained(folder)


def voxtral(kind: str, folder: Path) -> None:
    if kind == "voxtral":
        extractor, processor = transformers.WhisperFeatureExtractor(feature_size=128), transformers.VoxtralProcessor
        tokenizer = tekken(folder, chunk_length_s=30.0)
    else:
        extractor, processor = transformers.VoxtralRealtimeFeatureExtractor(), transformers.VoxtralRealtimeProcessor
        tokenizer = tekken(
            folder,
            transcription_format="streaming",
            transcription_delay_ms=160.0,
            streaming_look_ahead_ms=2.5,
            streaming_look_back_ms=52.5,
            streaming_n_left_pad_tokens=4,
        )
    ends = {"pad_token_id": 11, "bos_token_id": 1, "eos_token_id": 2}
    own = {"vocab_size": len(tokenizer), "audio_token_id": 24, "intermediate_size": 64}  # four frames of 16 a token
    model = of(kind, configuration(kind, **own, **ends))
    model.generation_config = transformers.GenerationConfig(**ends)
    save(model, folder, processor(extractor, tokenizer), seed=8 if kind == "voxtral" else 1)


def kyutai(kind: str, folder: Path) -> None:
    """Its codec, Mimi, with four codebooks of 32 sounds; its language model, whose first token is beyond the text's."""
    tokenizer = byte_tokenizer()
    start = len(tokenizer)
    config = configuration(
        kind,
        **{"num_quantizers": 4, "codebook_size": 32, "codebook_dim": 8, "vector_quantization_hidden_dimension": 8},
        **{"num_filters": 4, "upsample_groups": 16, "num_codebooks": 4, "codebook_vocab_size": 33, "ffn_dim": 24},
        **{"vocab_size": start + 1, "bos_token_id": start, "pad_token_id": 0},
        **{"audio_bos_token_id": 32, "audio_pad_token_id": start + 1 + 4 * 33},
    )
    model = of(kind, config)
    model.generation_config = transformers.GenerationConfig(bos_token_id=start, pad_token_id=0, audio_window_size=1)
    torch.manual_seed(1)
    for name, buffer in model.codec_model.named_buffers():
        if name.endswith("embed_sum"):  # the codebooks, which are no parameters
            buffer.normal_()
    extractor = transformers.KyutaiSpeechToTextFeatureExtractor(
        audio_delay_seconds=0.5, audio_silence_prefix_seconds=0.2
    )
    save(model, folder, transformers.KyutaiSpeechToTextProcessor(extractor, tokenizer))


BUILDERS: dict[str, Build] = {
    **dict.fromkeys(FAMILIES, wav2vec2),
    "wav2vec2-bert": wav2vec2_bert,
    **{kind: nemo for kind in FAMILIES if kind.startswith(("parakeet", "lasr", "nemotron", "granite_speech5"))},
    "moonshine": moonshine,
    "moonshine_streaming": moonshine,
    "speech_to_text": speech_to_text,
    "speecht5": speecht5,
    "speech-encoder-decoder": encoder_decoder,
    "seamless_m4t": seamless,
    "seamless_m4t_v2": seamless,
    "canary": canary,
    "cohere_asr": cohere,
    "fun_asr_nano": fun_asr_nano,
    "glmasr": glmasr,
    "audioflamingo3": audio_flamingo,
    "nemo_speechlm": nemo_speechlm,
    "granite_speech": granite,
    "granite_speech_plus": granite,
    "voxtral": voxtral,
    "voxtral_realtime": voxtral,
    "kyutai_speech_to_text": kyutai,
    "vibevoice_asr": vibevoice,
    "moss_transcribe_diarize": moss,
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than these models do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("transformers-home"), device="cpu")


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in FAMILIES[request.param].packages:
        pytest.importorskip(package, reason=f"{request.param} needs {package}")
    found = tmp_path_factory.mktemp("checkpoint") / request.param
    BUILDERS[request.param](request.param, found)
    return found


@pytest.fixture(scope="module")
def engine(folder: Path, home: Settings) -> Iterator[TransformersEngine]:
    loaded = PLUGIN.load(str(folder), home)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def clips(engine: TransformersEngine) -> list[AudioClip]:
    """Tones that change, of three lengths."""
    return [tone(seconds, engine.info.sample_rate, index) for index, seconds in enumerate((1.0, 0.6, 1.5))]


def tone(seconds: float, rate: int, index: int = 0) -> AudioClip:
    time = np.arange(round(seconds * rate)) / rate
    sound = 0.3 * np.sin(2 * np.pi * (200 + 300 * index + 400 * time) * time)
    return AudioClip(samples=sound.astype(np.float32), sample_rate=rate, source=f"tone {index}")


@pytest.fixture(scope="module")
def alone(engine: TransformersEngine, clips: list[AudioClip]) -> list[Hypothesis]:
    return [engine.transcribe([clip], DecodeOptions(max_new_tokens=12))[0] for clip in clips]


@pytest.fixture
def family(engine: TransformersEngine) -> Family:
    return engine._family


def test_a_batch_gives_what_each_clip_gives_alone(
    engine: TransformersEngine, clips: list[AudioClip], alone: list[Hypothesis]
) -> None:
    together = engine.transcribe(clips, DecodeOptions(max_new_tokens=12))
    assert [one.raw for one in together] == [one.raw for one in alone]
    assert len({one.raw for one in together}) > 1, "the text does not depend on the sound"
    assert all(one.raw for one in together)


def test_the_info_from_the_configuration_is_the_info_after_loading(
    engine: TransformersEngine, folder: Path, home: Settings
) -> None:
    loaded = {"device": "cpu", "dtype": "float32", "attention": engine.info.attention}
    assert replace(PLUGIN.info(str(folder), home), **loaded) == engine.info
    assert engine.info.sample_rate == (24_000 if folder.name.startswith(("kyutai", "vibevoice")) else 16_000)
    assert PLUGIN.check(str(folder), home).ok


def test_out_of_tokens_is_length_and_an_end_is_eos(
    engine: TransformersEngine, family: Family, clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    (short,) = engine.transcribe(clips[:1], DecodeOptions(max_new_tokens=1))
    if family.decoder == "ctc":
        assert short.finish == "eos", "every frame is heard"
        return
    assert short.finish == "length"
    if family.decoder == "transducer" or family.paced:
        assert engine.transcribe(clips[:1], DecodeOptions())[0].finish == "eos"
        return
    rows, _ = generation.generate_greedily(
        engine._model, dict(engine._inputs(clips[:1], family.assumed, "")), 12, clips, engine.info, hint=""
    )
    monkeypatch.setattr(engine._model.generation_config, "eos_token_id", rows[0][5])
    (whole,) = engine.transcribe(clips[:1], DecodeOptions(max_new_tokens=12))
    assert whole.finish == "eos"
    assert whole.raw == engine._processor.tokenizer.decode(rows[0][: rows[0].index(rows[0][5])])


def test_a_language_is_told_or_is_said_not_to_be(
    engine: TransformersEngine, family: Family, clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = DecodeOptions(max_new_tokens=2)
    (unasked,) = engine.transcribe(clips[:1], few)
    if not family.language:
        assert "language" not in engine.info.capabilities
        (asked,) = engine.transcribe(clips[:1], replace(few, language="de"))
        assert asked.language is None
        assert [one for one in asked.warnings if one != UNREADABLE] == [
            "transformers cannot be told a language; it decides by itself."
        ]
        assert asked.raw == unasked.raw
        return
    assert [("told English" in one) for one in unasked.warnings] == [True] * bool(family.assumed)
    other = next(code for code in engine.info.languages if code not in ("en", "es") and told_apart(engine, code))
    (asked,) = engine.transcribe(clips[:1], replace(few, language=other))
    assert (asked.language, asked.warnings) == (other, ())
    seen = [str(engine._inputs(clips[:1], code, "")) for code in ("en", other)]
    assert seen[0] != seen[1]
    with pytest.raises(UsageError, match="does not know Welsh"):
        engine.transcribe(clips[:1], replace(few, language="cy"))


def told_apart(engine: TransformersEngine, code: str) -> bool:
    """Whether the tiny tokenizer has a word for that language; those of Canary and Cohere have two languages."""
    words = engine._processor.tokenizer.get_vocab()
    return f"<|{code}|>" in words or not any(word.startswith("<|en") for word in words)


def test_context_reaches_the_model_or_is_said_not_to(
    engine: TransformersEngine, family: Family, clips: list[AudioClip]
) -> None:
    options = DecodeOptions(context="Siobhan", max_new_tokens=2)
    (heard,) = engine.transcribe(clips[:1], options)
    if family.context:
        inputs = engine._inputs(clips[:1], "", "Siobhan")
        assert "Siobhan" in engine._processor.tokenizer.decode(inputs["input_ids"][0])
        assert not any("context" in one for one in heard.warnings)
    else:
        assert any("takes no context" in one for one in heard.warnings)
        assert heard.raw == engine.transcribe(clips[:1], replace(options, context=""))[0].raw


def test_times_of_words_hold_the_whole_text_in_order(
    engine: TransformersEngine, family: Family, clips: list[AudioClip]
) -> None:
    assert ("word_timestamps" in engine.info.capabilities) == (family.decoder != "text")
    if family.decoder == "text":
        (heard,) = engine.transcribe(clips[:1], DecodeOptions(word_times=True, max_new_tokens=2))
        assert heard.raw
        assert not heard.segments
        return
    found = engine.transcribe(clips, DecodeOptions(word_times=True))
    for clip, heard in zip(clips, found, strict=True):
        words = [word for segment in heard.segments for word in segment.words]
        assert "".join("".join(word.text for word in words).split()) == "".join(heard.text.split())
        starts = [word.start for word in words]
        assert starts == sorted(starts)
        assert all(0 <= word.start <= word.end <= clip.duration + 1e-9 for word in words)
        assert words[-1].end > clip.duration / 2, "the times are not in seconds of the clip"


def test_sound_at_another_rate_is_refused(engine: TransformersEngine) -> None:
    with pytest.raises(AudioInvalid, match="8000 Hz"):
        engine.transcribe([AudioClip(samples=np.ones(8000, dtype=np.float32), sample_rate=8000)], DecodeOptions())


def test_no_clips_no_work(engine: TransformersEngine) -> None:
    assert engine.transcribe([], DecodeOptions()) == []


@pytest.mark.parametrize("folder", ["voxtral"], indirect=True)
def test_voxtral_hears_windows_of_thirty_seconds_as_one(engine: TransformersEngine) -> None:
    long = tone(40.0, 16_000)
    inputs = engine._inputs([long], "fr", "")
    assert inputs["input_features"].shape == (2, 128, 3000)
    assert engine._processor.tokenizer.decode(inputs["input_ids"][0]).endswith("[AUDIO][/INST]lang:fr[TRANSCRIBE]")
    (heard,) = engine.transcribe([long], DecodeOptions(extra={"max_new_tokens": 3}))
    assert heard.raw == engine.transcribe([long], DecodeOptions(max_new_tokens=6))[0].raw
    assert heard.raw != engine.transcribe([long], DecodeOptions(max_new_tokens=5))[0].raw


@pytest.mark.parametrize("folder", [kind for kind in FAMILIES if FAMILIES[kind].paced], indirect=True)
def test_a_paced_model_hears_the_sound_to_its_end(engine: TransformersEngine, clips: list[AudioClip]) -> None:
    short, _, long = (engine.transcribe([clip], DecodeOptions())[0] for clip in clips)
    assert (short.finish, long.finish) == ("eos", "eos")
    assert len(long.raw) > len(short.raw)
    assert long.confidence is None
    assert "confidence" not in engine.info.capabilities


@pytest.mark.parametrize("folder", ["nemotron3_5_asr"], indirect=True)
class TestTheLanguageThatNemotronTags:
    def test_is_the_language_heard_and_not_part_of_the_text(
        self, engine: TransformersEngine, clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = engine._processor.tokenizer.convert_tokens_to_ids([*"guten", "Ġ", *"tag", "<de-DE>"])
        said = [TimedToken(token=one, start=place / 20, end=place / 20 + 0.05) for place, one in enumerate(ids)]
        monkeypatch.setattr(transformers_asr, "transducer_tokens", lambda *_, **__: [(said, "eos")])
        (heard,) = engine.transcribe(clips[:1], DecodeOptions(word_times=True))
        assert (heard.text, heard.raw, heard.language) == ("guten tag", "guten tag<de-DE>", "de")
        words = [(word.text, round(word.start, 2), round(word.end, 2)) for word in heard.segments[0].words]
        assert words == [("guten", 0.0, 0.25), ("tag", 0.3, 0.45)]
        (told,) = engine.transcribe(clips[:1], DecodeOptions(language="fr"))
        assert told.language == "fr"

    def test_is_told_by_the_locale_that_the_processor_knows(
        self, engine: TransformersEngine, clips: list[AudioClip]
    ) -> None:
        numbers = engine._processor.prompt_dictionary
        for code, name in {"zh": "zh-CN", "vi": "vi-VN", "de": "de", "": "auto"}.items():
            assert engine._inputs(clips[:1], code, "")["prompt_ids"].tolist() == [numbers[name]]
        assert all(prompt_name(numbers, code) for code in engine.info.languages)

    def test_is_not_one_that_the_checkpoint_has_no_number_for(self, folder: Path, home: Settings) -> None:
        path = folder / "processor_config.json"
        whole = path.read_text(encoding="utf-8")
        path.write_text(json.dumps(json.loads(whole) | {"prompt_dictionary": {"de-DE": 9, "auto": 101}}))
        assert PLUGIN.info(str(folder), home).languages == ("de",)
        path.write_text(whole, encoding="utf-8")


WRITTEN = {
    "vibevoice_asr": (
        'assistant\n[{"Start":0,"End":0.5,"Speaker":0,"Content":"good morning"},'
        '{"Start":0.5,"End":9.0,"Speaker":1,"Content":"你好"},{"Start":0.9,"End":1.0,"Speaker":0,"Content":"再見"}]',
        '[{"Start":0.0,"End":0.4,"Speaker":0,"Content":"good"},{"Start":0.5,"Con',
        ['[{"Start":"x","End":1.0,"Content":"a"}]', '[{"Content":5}]', "[1]", "[" * 5000, "[1e999]", "garbage"],
    ),
    "moss_transcribe_diarize": (
        "[0.00][S01]good morning[0.5][0.5][S02]你好[0:09][0.9][S01]再見[1.0]",
        "[0.0][S01]good[0.4][0.5][S02]mor",
        ["[x][S01]a[1.0]", "[0.0][S01]", "garbage", "[1:2:x][S01]a[" + "9" * 400 + "]"],
    ),
}
"""Three stretches, an answer that was cut off, and answers that keep to no format."""


@pytest.mark.parametrize("folder", list(WRITTEN), indirect=True)
class TestStretches:
    def test_are_the_text_with_times_and_the_raw_output_has_the_speakers(
        self, engine: TransformersEngine, folder: Path, clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer, cut, _ = WRITTEN[folder.name]
        heard = self.heard(engine, clips, answer, monkeypatch)
        assert heard.text == "good morning你好再見"
        assert heard.raw == answer
        assert [(one.start, one.end, one.text) for one in heard.segments] == [
            (0.0, 0.5, "good morning"), (0.5, 1.0, "你好"), (0.9, 1.0, "再見")
        ]  # fmt: skip
        assert (heard.finish, heard.confidence, heard.warnings) == ("eos", None, ())
        assert self.heard(engine, clips, cut, monkeypatch).text == "good"
        assert "timestamps" in engine.info.capabilities
        assert "confidence" not in engine.info.capabilities

    def test_that_are_none_are_the_answer_as_it_stands_with_a_warning(
        self, engine: TransformersEngine, folder: Path, clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for answer in WRITTEN[folder.name][2]:
            heard = self.heard(engine, clips, answer, monkeypatch)
            if heard.warnings:
                assert (heard.text, heard.segments, heard.warnings) == (answer, (), (UNREADABLE,))
            else:
                assert (heard.text, heard.segments) == ("a", ()), "a stretch without times that can be used"

    @given(answer=st.text() | st.text(st.sampled_from('[]{}",:0123456789.S NaEndContSpekr')))
    def test_of_no_answer_is_a_crash(self, engine: TransformersEngine, answer: str) -> None:
        text, segments, _ = read_stretches(engine._processor, answer, 1.0)
        assert all(0 <= one.start <= one.end <= 1.0 and one.text in text for one in segments)

    def heard(
        self, engine: TransformersEngine, clips: list[AudioClip], answer: str, monkeypatch: pytest.MonkeyPatch
    ) -> Hypothesis:
        row = [*engine._processor.tokenizer.encode(answer, add_special_tokens=False), *end_tokens(engine._model)]
        monkeypatch.setattr(transformers_asr, "generate_greedily", lambda *_, **__: ([row], [[0.5] * len(row)]))
        return engine.transcribe(clips[:1], DecodeOptions())[0]


@pytest.mark.parametrize("folder", ["vibevoice_asr"], indirect=True)
def test_vibevoice_adds_no_noise_to_what_it_hears(engine: TransformersEngine, clips: list[AudioClip]) -> None:
    calls = [engine.transcribe(clips[:1], DecodeOptions(max_new_tokens=12))[0].raw for _ in range(3)]
    assert len(set(calls)) == 1


@pytest.mark.parametrize("folder", [kind for kind in FAMILIES if FAMILIES[kind].wordy], indirect=True)
def test_letters_and_times_get_more_tokens(
    engine: TransformersEngine, clips: list[AudioClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    caps: list[int] = []

    def generate(model: Any, arguments: Any, cap: int, *_: Any, **__: Any) -> Any:
        caps.append(cap)
        return [[5]], [[1.0]]

    monkeypatch.setattr(transformers_asr, "generate_greedily", generate)
    engine.transcribe(clips[:1], DecodeOptions())
    engine.transcribe(clips[:1], DecodeOptions(extra={"max_new_tokens": 40}))
    engine.transcribe([tone(31.0, engine.info.sample_rate)], DecodeOptions(max_new_tokens=None))
    assert caps == [1024, 40, 2048]


@pytest.mark.parametrize("folder", ["kyutai_speech_to_text", "voxtral", "voxtral_realtime"], indirect=True)
def test_a_model_in_half_precision_is_given_what_its_first_layer_takes(
    engine: TransformersEngine, folder: Path, family: Family, clips: list[AudioClip]
) -> None:
    """As on a GPU. The codec of Kyutai's stays in float32."""
    model = getattr(transformers, family.auto).from_pretrained(folder, dtype=torch.bfloat16)
    half = TransformersEngine(model, engine._processor, family, engine.info)
    assert model.dtype == torch.bfloat16
    assert half.transcribe(clips[:1], DecodeOptions(max_new_tokens=4))[0].raw
