"""How faster-whisper decodes each 30 s window of a clip: how many tokens it may write, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.engines.base import Finish


@dataclass(frozen=True, slots=True)
class Window:
    """How one window was decoded.

    Attributes:
        out_of_tokens: Whether decoding was stopped before it ended by itself.
        temperature: Of the attempt that was kept; above 0 it was sampled.
    """

    out_of_tokens: bool
    temperature: float


class WindowDecoder:
    """Stands in for `WhisperModel.generate_with_fallback`: calls it, and notes how each window ended.

    faster-whisper's segments do not tell whether decoding ended by itself. CTranslate2 stops at half of `max_length`,
    or where prompt and text fill it, whichever comes first (seen by cutting one clip at every length); a sequence of
    that many tokens has no end of its own. For the same reason faster-whisper's `max_new_tokens` of n is about n / 2:
    the cap is translated here, so that it means tokens.
    """

    def __init__(self, model: Any) -> None:
        self._decode = model.generate_with_fallback
        self._positions: int = model.max_length
        self._cap: int | None = None
        self.windows: list[Window] = []
        model.generate_with_fallback = self

    def begin(self, cap: int | None) -> None:
        """Forget the last clip's windows; write at most `cap` tokens a window, or as many as Whisper does for None."""
        self.windows.clear()
        self._cap = cap

    def __call__(self, encoder_output: Any, prompt: list[int], tokenizer: Any, options: Any) -> Any:
        most = self._positions
        if self._cap is not None:
            most = min(most, max(len(prompt) + self._cap - 1, 2 * self._cap))
            options = replace(options, max_new_tokens=most - len(prompt))
        answer = self._decode(encoder_output, prompt, tokenizer, options)
        result, _, temperature, _ = answer
        limit = min(most // 2, most - len(prompt) + 1)
        self.windows.append(Window(len(result.sequences_ids[0]) >= limit, float(temperature)))
        return answer

    @property
    def finish(self) -> Finish:
        """`length` where any window ran out of tokens."""
        return "length" if any(window.out_of_tokens for window in self.windows) else "eos"

    @property
    def temperature(self) -> float:
        """The highest temperature that a window's text was sampled at; 0 where none was."""
        return max((window.temperature for window in self.windows), default=0.0)


def confidence_of(segments: Sequence[Any]) -> float | None:
    """Geometric mean of the token probabilities: exp of the mean log probability, weighted by tokens."""
    tokens = sum(len(segment.tokens) for segment in segments)
    if not tokens:
        return None
    return min(1.0, math.exp(sum(segment.avg_logprob * len(segment.tokens) for segment in segments) / tokens))
