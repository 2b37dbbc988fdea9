"""Models that write who said what and when: the text and its times, out of their own formats."""

from __future__ import annotations

import math
from typing import Any

from workbench.engines.base import Segment
from workbench.text.units import join_texts

UNREADABLE = "The model did not keep to its format of times and speakers; the text is its answer as it stands."


def read_stretches(processor: Any, answer: str, longest: float) -> tuple[str, tuple[Segment, ...], tuple[str, ...]]:
    """The text, its stretches with their times, and warnings, from what a model wrote.

    Speakers stay in the raw text: their numbers begin anew in every chunk of a recording.

    Args:
        processor: With `extract_speaker_dict`, which knows the model's format (VibeVoice-ASR: JSON; MOSS-Transcribe:
            `[start][S01]text[end]`); where the answer was cut off, it reads the whole stretches in it.
        answer: Without special tokens.
        longest: Seconds of the clip; no time is later.
    """
    try:
        found = processor.extract_speaker_dict(answer)
        texts = None if isinstance(found, str) else [one["Content"].strip() for one in found]
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError):  # no list of stretches
        found, texts = answer, None
    if texts is None:
        return answer.strip().removeprefix("assistant").strip(), (), (UNREADABLE,)
    segments = [_segment(one, text, longest) for one, text in zip(found, texts, strict=True) if text]
    timed = [one for one in segments if one is not None]
    return join_texts(texts), tuple(timed) if len(timed) == len(segments) else (), ()


def _segment(found: Any, text: str, longest: float) -> Segment | None:
    """One stretch; None where the model gave no times that can be."""
    start, end = found.get("Start"), found.get("End")
    if not (isinstance(start, float) and isinstance(end, float) and 0 <= start <= end and math.isfinite(end)):
        return None
    return Segment(start=min(start, longest), end=min(end, longest), text=text)
