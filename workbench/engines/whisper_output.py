"""How transformers' Whisper decoded each 30 s window of a clip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.engines.base import Finish


@dataclass(frozen=True, slots=True)
class Window:
    """How one 30 s window was decoded: its tokens' log probabilities, and whether it ended by itself."""

    log_probabilities: tuple[float, ...]
    ended: bool


def read_window(result: Any, end: int) -> Window:
    """Read one window's `GenerateOutput`; what follows the first end token is padding of the batch.

    Beam search adds the score of the beam to every entry of `scores`; the softmax takes it out again.
    """
    import torch

    tokens = result["sequences"][-len(result["scores"]) :].tolist()
    ended = end in tokens
    count = tokens.index(end) + 1 if ended else len(tokens)
    scores = torch.stack(list(result["scores"][:count])).float().log_softmax(-1)
    return Window(tuple(scores[range(count), tokens[:count]].tolist()), ended)


def finish_of(windows: Sequence[Window]) -> Finish:
    """`length` where any window ran out of tokens."""
    return "eos" if all(window.ended for window in windows) else "length"


def confidence_of(windows: Sequence[Window]) -> float | None:
    """Geometric mean of the probabilities of all tokens; None where nothing was decoded."""
    values = [value for window in windows for value in window.log_probabilities]
    return math.exp(sum(values) / len(values)) if values else None
