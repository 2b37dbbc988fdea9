"""Speech that an engine left out, though it wrote what was said before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.audio.segment import Span
from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.transcript import join_texts
from workbench.pipeline.units import spoken_units

SPEECH_WITHOUT_TEXT_SECONDS = 2.0
"""So much speech in a row without text is text missing: of 97 development clips that have as much speech, Whisper base
leaves none without text, and in all noise among them voice activity hears no speech at all."""

_SHORTEST_SPANS_SECONDS = 0.4
"""Spans of speech that no segment touches are heard again from here on. Whisper base leaves out sentences of a second
beside others, and writes them when it hears them alone (docs/measuring.md, long audio)."""

_TOUCH_SECONDS = 0.1
_PAD_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Speech between two segments, or between one and an end of the stretch.

    Attributes:
        after: How many segments with text come before it.
        start: Where to hear again from, in seconds.
        end: And to where.
        spans: The speech.
    """

    after: int
    start: float
    end: float
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return sum(span.duration for span in self.spans)


def missed_speech(segments: Sequence[Segment], span: Span, speech: Sequence[Span]) -> list[Missed]:
    """Where somebody speaks and no segment has text.

    Args:
        segments: Text of a stretch, in order; all times have the same zero.
        span: The stretch.
        speech: Where somebody speaks in it, in order.
    """
    spoken = with_text(segments)
    ends = [span.start, *(one.end for one in spoken)]
    starts = [*(one.start for one in spoken), span.end]
    found: list[Missed] = []
    for after, (end, start) in enumerate(zip(ends, starts, strict=True)):
        inside = _within(speech, end, start)
        if inside:
            first, last = max(end, inside[0].start - _PAD_SECONDS), min(start, inside[-1].end + _PAD_SECONDS)
            found.append(Missed(after=after, start=first, end=last, spans=tuple(inside)))
    return found


def _within(speech: Sequence[Span], start: float, end: float) -> list[Span]:
    """Enough speech between two moments; parts of spans only where there is much of it: segments' times are rough."""
    parts = [Span(max(one.start, start), min(one.end, end)) for one in speech if one.end > start and one.start < end]
    if sum(part.duration for part in parts) >= SPEECH_WITHOUT_TEXT_SECONDS:
        return parts
    whole = [one for one in speech if one.start >= start - _TOUCH_SECONDS and one.end <= end + _TOUCH_SECONDS]
    return whole if sum(one.duration for one in whole) >= _SHORTEST_SPANS_SECONDS else []


def with_text(segments: Sequence[Segment]) -> list[Segment]:
    """The segments in which something was said."""
    return [one for one in segments if spoken_units(one.text)]


def parted(hypothesis: Hypothesis, first: int, end: int) -> Hypothesis:
    """A part of what was heard: the segments with text from `first` to before `end`, times unchanged."""
    segments = tuple(with_text(hypothesis.segments)[first:end])
    text = join_texts(one.text for one in segments)
    return replace(hypothesis, text=text, raw=text, segments=segments)


def is_new(heard: str, before: Sequence[Segment], after: Sequence[Segment]) -> bool:
    """Whether a text says more than the end of what comes before it and the beginning of what comes after it."""
    units = spoken_units(heard)
    left = [unit for one in before[-2:] for unit in spoken_units(one.text)]
    right = [unit for one in after[:2] for unit in spoken_units(one.text)]
    return bool(units) and units != left[-len(units) :] and units != right[: len(units)]
