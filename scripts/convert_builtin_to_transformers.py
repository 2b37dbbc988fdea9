"""Carry the packaged Whisper base (CTranslate2) over into transformers' format, for the engine `whisper`.

python scripts/convert_builtin_to_transformers.py OUT
workbench transcribe recording.wav --engine whisper:OUT
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

from workbench.engines.builtin import assembled_folder
from workbench.engines.ctranslate2_weights import read_variables, to_transformers
from workbench.settings import Settings

END = "<|endoftext|>"


def convert(source: Path, out: Path) -> None:
    """Write a transformers Whisper folder with the weights of the CTranslate2 folder `source`."""
    variables = read_variables(source / "model.bin")
    tokenizer = make_tokenizer(source / "tokenizer.json")
    model = WhisperForConditionalGeneration(make_config(variables, tokenizer))
    weights = {name: torch.from_numpy(np.array(array)) for name, array in to_transformers(variables).items()}
    model.load_state_dict(weights, strict=True)
    model.generation_config = make_generation_config(json.loads((source / "config.json").read_text()), tokenizer)
    model.half().save_pretrained(out)
    features = WhisperFeatureExtractor(feature_size=model.config.num_mel_bins)
    WhisperProcessor(feature_extractor=features, tokenizer=tokenizer).save_pretrained(out)


def make_tokenizer(tokenizer_json: Path) -> WhisperTokenizer:
    added = json.loads(tokenizer_json.read_text(encoding="utf-8"))["added_tokens"]
    with tempfile.TemporaryDirectory() as folder:  # alone: beside it, a foreign config.json would be read too
        shutil.copy(tokenizer_json, folder)
        return WhisperTokenizer.from_pretrained(
            folder,
            local_files_only=True,
            pad_token=END,
            additional_special_tokens=[token["content"] for token in added if token["special"]],
        )


def make_config(variables: dict[str, np.ndarray], tokenizer: WhisperTokenizer) -> WhisperConfig:
    """The architecture as the weights' shapes tell it."""
    end = tokenizer.convert_tokens_to_ids(END)
    width, mel_bins, _ = variables["encoder/conv1/weight"].shape
    heads = int(variables["encoder/num_heads"])
    layers = {side: count_layers(variables, side) for side in ("encoder", "decoder")}
    feed_forward = variables["encoder/layer_0/ffn/linear_0/weight"].shape[0]
    return WhisperConfig(
        vocab_size=variables["decoder/embeddings/weight"].shape[0],
        num_mel_bins=mel_bins,
        d_model=width,
        encoder_layers=layers["encoder"],
        decoder_layers=layers["decoder"],
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=feed_forward,
        decoder_ffn_dim=feed_forward,
        max_source_positions=variables["encoder/position_encodings/encodings"].shape[0],
        max_target_positions=variables["decoder/position_encodings/encodings"].shape[0],
        decoder_start_token_id=tokenizer.convert_tokens_to_ids("<|startoftranscript|>"),
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )


def count_layers(variables: dict[str, np.ndarray], side: str) -> int:
    return len({name.split("/")[1] for name in variables if name.startswith(f"{side}/layer_") and name.count("/") > 2})


def make_generation_config(source: dict[str, Any], tokenizer: WhisperTokenizer) -> GenerationConfig:
    """How to decode: CTranslate2's config.json has the suppressed tokens, the tokenizer all others."""
    end, start, previous, no_timestamps, transcribe, translate = tokenizer.convert_tokens_to_ids(
        [
            END,
            "<|startoftranscript|>",
            "<|startofprev|>",
            "<|notimestamps|>",
            "<|transcribe|>",
            "<|translate|>",
        ]
    )
    return GenerationConfig(
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=start,
        prev_sot_token_id=previous,
        no_timestamps_token_id=no_timestamps,
        task_to_id={"transcribe": transcribe, "translate": translate},
        lang_to_id={tokenizer.convert_ids_to_tokens(id): id for id in source["lang_ids"]},
        suppress_tokens=source["suppress_ids"],
        begin_suppress_tokens=source["suppress_ids_begin"],
        alignment_heads=source["alignment_heads"],
        is_multilingual=True,
        max_initial_timestamp_index=50,  # one second, as in OpenAI's decoder
        max_length=448,
        return_timestamps=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to write")
    out = parser.parse_args().out
    convert(assembled_folder(Settings.from_env()), out)
    print(f"{out}: {(out / 'model.safetensors').stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
