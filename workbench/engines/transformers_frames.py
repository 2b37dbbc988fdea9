"""CTC and transducer models of transformers: a forward pass, and the tokens of each clip with their times."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workbench.engines.base import Finish
from workbench.engines.frame_tokens import TimedToken, collapse
from workbench.errors import UnknownName
from workbench.text.languages import language_code

_STRIDE_SECONDS = 0.01
"""A frame of features, where the feature extractor does not say."""
_TAG = re.compile(r"<([a-z]{2,3})-[A-Z]{2}>")
"""The language that Nemotron 3.5 ASR says it heard: one token, as `<de-DE>`."""


def ctc_tokens(model: Any, inputs: Any, *, rate: int, longest: float) -> list[list[TimedToken]]:
    """Greedy CTC: the best token of each frame, collapsed.

    Args:
        model: Any `…ForCTC`.
        inputs: A batch.
        rate: Of the sound, in Hz.
        longest: Seconds of the longest clip in the batch.
    """
    import torch

    with torch.inference_mode():
        best = model(**inputs).logits.float().softmax(-1).max(-1)
    frames = best.indices.shape[1]
    seconds = _seconds_by_config(model, rate) or longest / frames
    rows = zip(best.indices.tolist(), best.values.tolist(), _valid_frames(model, inputs, best.indices), strict=True)
    return [
        collapse(tokens[:valid], probabilities[:valid], blank=model.config.pad_token_id, seconds=seconds)
        for tokens, probabilities, valid in rows
    ]


def _seconds_by_config(model: Any, rate: int) -> float | None:
    """How long a frame of logits lasts, from the samples that a wav2vec 2.0 makes one of."""
    plain = hasattr(model.config, "conv_stride") and not getattr(model.config, "add_adapter", False)
    return model.config.inputs_to_logits_ratio / rate if plain else None


def _valid_frames(model: Any, inputs: Any, like: Any) -> list[int]:
    """How many frames of each clip are sound, not padding; transformers' own count, which has no public name."""
    mask = inputs.get("attention_mask")
    if mask is None:
        return [like.shape[1]] * like.shape[0]
    if hasattr(model, "_get_output_attention_mask"):
        return model._get_output_attention_mask(mask, target_length=like.shape[1]).sum(-1).tolist()
    return model._get_feat_extract_output_lengths(mask.sum(-1)).tolist()


def transducer_tokens(
    model: Any, inputs: Any, *, hop_seconds: float, cap: int | None
) -> list[tuple[list[TimedToken], Finish]]:
    """Greedy transducer decoding: every token but blanks, at the frame where it was written.

    Args:
        model: Any `…ForTDT` or `…ForRNNT`.
        inputs: A batch with its mask.
        hop_seconds: How long a frame of features lasts.
        cap: The most steps a clip, blanks among them; None lets the sound decide.
    """
    import torch

    frames: list[int] = model._get_subsampling_output_length(inputs["attention_mask"].sum(-1)).tolist()
    most = max(frames) * (model.config.max_symbols_per_step + 1)
    with torch.inference_mode():
        found = model.generate(**inputs, max_new_tokens=min(cap or most, most))
    seconds = hop_seconds * model.config.encoder_config.subsampling_factor
    spans = type(model).__name__.endswith("ForTDT")  # an RNN-T says 0 or 1: whether it moves on
    silent = {model.config.blank_token_id, model.config.pad_token_id}
    rows = zip(found.sequences.tolist(), found.durations.tolist(), frames, strict=True)
    return [_transduced(*row, silent, seconds, spans=spans) for row in rows]


def _transduced(
    tokens: list[int], durations: list[int], frames: int, silent: set[int], seconds: float, *, spans: bool
) -> tuple[list[TimedToken], Finish]:
    found: list[TimedToken] = []
    at = 0
    for token, duration in zip(tokens, durations, strict=True):
        if token not in silent and at < frames:
            length = max(duration, 1) if spans else 1
            found.append(TimedToken(token=token, start=at * seconds, end=(at + length) * seconds))
        at += duration
    return found, "eos" if at >= frames else "length"


def split_tag(tokens: list[TimedToken], name_of: Callable[[int], str | None]) -> tuple[list[TimedToken], str | None]:
    """The tokens that are text, and the last language tagged among the others; None where there is none we know.

    Args:
        tokens: In order.
        name_of: What the tokenizer calls a token.
    """
    tags = [_TAG.fullmatch(name_of(one.token) or "") for one in tokens]
    said = [one for one, tag in zip(tokens, tags, strict=True) if tag is None]
    last = next((tag[1] for tag in reversed(tags) if tag is not None), "")
    try:
        return said, language_code(last)
    except UnknownName:
        return said, None


def hop_of(processor: Any) -> float:
    """How long a frame of features lasts, in seconds."""
    extractor = processor.feature_extractor
    hop = getattr(extractor, "hop_length", None)
    return _STRIDE_SECONDS if hop is None else hop / extractor.sampling_rate
