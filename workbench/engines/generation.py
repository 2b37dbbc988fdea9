"""Greedy generation by a transformers model: the new tokens, how sure each was, and how the text ended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.audio.clip import AudioClip
from workbench.engines.base import EngineInfo, Finish
from workbench.errors import AudioInvalid, EngineError

Rows = list[list[int]]


def generate_greedily(
    model: Any, arguments: dict[str, Any], cap: int, clips: Sequence[AudioClip], info: EngineInfo, *, hint: str
) -> tuple[Rows, list[list[float]]]:
    """The tokens written for each clip, without the prompt, and the probability each had when it was chosen.

    Args:
        model: Any model with transformers' `generate`.
        arguments: What it takes besides how to decode.
        cap: The most tokens a clip.
        clips: What they belong to, for the sentence.
        info: The engine's.
        hint: What to do where memory is short.

    Raises:
        EngineError: The device ran out of memory.
    """
    import torch

    certainty: list[Any] = []

    def observe(_: Any, scores: Any) -> Any:
        certainty.append((scores.amax(-1) - scores.logsumexp(-1)).exp())
        return scores

    try:
        with torch.inference_mode():
            answer = model.generate(
                **arguments, max_new_tokens=cap, do_sample=False, num_beams=1, logits_processor=[observe]
            )
    except torch.OutOfMemoryError as error:
        raise out_of_memory(clips, info, hint) from error
    rows = getattr(answer, "sequences", answer)
    return rows[:, -len(certainty) :].tolist(), torch.stack(certainty, dim=1).tolist()


def check_rate(clips: Sequence[AudioClip], sample_rate: int) -> None:
    """Refuse a clip at another rate than the engine listens at.

    Raises:
        AudioInvalid: One is.
    """
    for clip in clips:
        if clip.sample_rate != sample_rate:
            raise AudioInvalid(
                f"{clip.source or 'A clip'} is at {clip.sample_rate} Hz; the engine listens at {sample_rate} Hz.",
                hint="Resample it with the step resample.",
            )


def out_of_memory(clips: Sequence[AudioClip], info: EngineInfo, hint: str) -> EngineError:
    """The error that says how much sound was too much."""
    seconds = sum(clip.duration for clip in clips)
    return EngineError(
        f"{info.device} has too little memory for {seconds:.0f} s of sound at once ({len(clips)} clips).", hint=hint
    )


def end_tokens(model: Any) -> frozenset[int]:
    """Ids that end a text; empty where the model has none."""
    ends = model.generation_config.eos_token_id
    return frozenset([] if ends is None else [ends] if isinstance(ends, int) else ends)


def answer_tokens(tokens: list[int], ends: frozenset[int]) -> tuple[list[int], Finish]:
    """The tokens before the first that ends a text (rows of a batch are filled up after it), and how it ended."""
    stop = next((index for index, token in enumerate(tokens) if token in ends), None)
    return (tokens, "length") if stop is None else (tokens[:stop], "eos")


def mean_probability(certain: Iterable[float]) -> float | None:
    """Mean of probabilities, 0 … 1; None of nothing."""
    values = list(certain)
    return math.fsum(values) / len(values) if values else None
