"""A checkpoint of Qwen3-ASR or its forced aligner in transformers' own format, and sound as both take it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.audio.clip import AudioClip, Samples
from workbench.engines.checkpoint import open_model
from workbench.engines.generation import check_rate
from workbench.errors import EngineUnavailable

NEEDED = ("config.json", "*.safetensors", "tokenizer_config.json")

Head = Literal["ForConditionalGeneration", "ForTokenClassification"]
"""What sits on the network: one writes text, the other gives each place in a text its time."""

MEL_HOP = 160
_SHORTEST_FRAMES = 50
"""0.5 s, the least that the original toolkit gives the model."""
_ENGINE = "qwen3-asr"


def read_config(folder: Path, head: Head, *, hint: str) -> dict[str, Any]:
    """config.json, read before transformers fills the layers that it does not find with random numbers.

    Args:
        folder: The checkpoint.
        head: What it must be for.
        hint: What to use instead.

    Raises:
        EngineUnavailable: The folder holds another model, or Qwen3-ASR as the original toolkit saves it.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads = config.get("architectures") or [f"Qwen3ASR{head}"]
    if "thinker_config" in config:
        what = "Qwen3-ASR in the original toolkit's format"
    elif config.get("model_type") != "qwen3_asr":
        what = f"a model of type {config.get('model_type')}"
    elif heads != [f"Qwen3ASR{head}"]:
        what = f"{' and '.join(heads)}, which is for something else"
    else:
        return config
    raise EngineUnavailable(_ENGINE, f"{folder} holds {what}", hint=hint)


def open_checkpoint(folder: Path, head: Head, *, device: str, dtype: str, smaller: str) -> tuple[Any, Any]:
    """The model, ready to work, and its processor.

    Args:
        folder: The checkpoint.
        head: What it is for.
        device: Where to, as "cpu" or "cuda:0".
        dtype: In what precision, as "bfloat16".
        smaller: What to do where memory is short.

    Raises:
        EngineUnavailable: It does not load, lacks tensors, or does not fit.
    """
    import transformers

    return open_model(
        _ENGINE,
        folder,
        getattr(transformers, f"Qwen3ASR{head}"),
        transformers.Qwen3ASRProcessor.from_pretrained,
        device=device,
        dtype=dtype,
        smaller=smaller,
    )


def padded(clip: AudioClip, sample_rate: int) -> Samples:
    """The samples with silence after them, to whole mel frames and at least 0.5 s.

    Without whole frames, transformers counts one frame more for a clip in a batch than for the same clip alone, and
    drops up to 10 ms at the end.

    Raises:
        AudioInvalid: The clip is at another rate.
    """
    check_rate([clip], sample_rate)
    frames = max(_SHORTEST_FRAMES, math.ceil(clip.samples.size / MEL_HOP))
    return np.pad(clip.samples, (0, frames * MEL_HOP - clip.samples.size))
