"""One stretch of a recording as the engine heard it; what it did not finish or left out is heard again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workbench.audio.clip import AudioClip
from workbench.audio.segment import Span, best_cut
from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.missed import (
    SPEECH_WITHOUT_TEXT_SECONDS,
    is_new,
    missed_speech,
    parted,
    with_text,
)
from workbench.pipeline.transcript import join_texts
from workbench.pipeline.units import spoken_units
from workbench.scoring.hallucination import find_loop, shortest_seconds

SHORTEST_HALF_SECONDS = 1.0
"""A stretch is not cut into shorter ones."""

SHORTEST_LOOP_SECONDS = 15.0
"""A stretch that ran out of tokens because it looped is cut as far as this: a loop often ends when the sound around it
changes, but below this length it comes from the sound itself, and every try costs all the tokens there are."""

SHORTEST_SILENT_SECONDS = 10.0
"""A stretch of speech that is given no text, or too little, is cut in two as long as it is no shorter."""

SLOWEST_UNITS_A_SECOND = 0.9
"""Han characters and words by second of speech, pauses left out: the slowest of 108 development references with 2 s of
speech and more has 1.91, the fastest 5.04; half of the slowest is too little."""

LEAST_FULLNESS = 0.75
"""Of what is usual in the recording: a stretch without times below it is heard again in halves. In 34 stretches of 28 s
of nine English and seven Mandarin recordings, fullness was 0.85 to 1.15 of the median."""

_MORE = 1.15
"""Halves are kept where their text is so much longer: of two texts of the same sound, one is always a little longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one call of the engine gave.

    Attributes:
        start: Seconds into the recording.
        end: The same.
        hypothesis: Its times count from `start`.
    """

    start: float
    end: float
    hypothesis: Hypothesis

    def segments(self, longest: float) -> tuple[Segment, ...]:
        """With times of the recording, none after `longest`; one for all of it where the engine has no times."""
        if not self.hypothesis.segments:
            text = self.hypothesis.text.strip()
            return (Segment(start=self.start, end=self.end, text=text),) if text else ()
        return tuple(one.shifted(self.start).within(longest) for one in self.hypothesis.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkHeard:
    """One planned chunk, transcribed.

    Attributes:
        index: Which, from 0.
        start: Seconds into the recording.
        end: The same.
        heard: One call of the engine, or several that follow each other, where the first ran out of tokens.
        measurement: What all of them cost.
    """

    index: int
    start: float
    end: float
    heard: tuple[Heard, ...]
    measurement: Measurement

    def placed(self, place: Callable[[float], float]) -> ChunkHeard:
        """The same with every time where `place` puts it."""
        moved = tuple(_placed(one, place) for one in self.heard)
        return replace(self, start=place(self.start), end=place(self.end), heard=moved)


def _placed(heard: Heard, place: Callable[[float], float]) -> Heard:
    start = place(heard.start)

    def moved(moment: float) -> float:
        return place(heard.start + moment) - start

    segments = tuple(
        replace(
            one,
            start=moved(one.start),
            end=moved(one.end),
            words=tuple(replace(word, start=moved(word.start), end=moved(word.end)) for word in one.words),
        )
        for one in heard.hypothesis.segments
    )
    hypothesis = replace(heard.hypothesis, segments=segments)
    return Heard(start=start, end=place(heard.end), hypothesis=hypothesis)


def hear(
    clip: AudioClip,
    span: Span,
    speech: Sequence[Span],
    transcribe: Callable[[AudioClip], Hypothesis],
    usual: float | None = None,
) -> list[Heard]:
    """Transcribe a stretch, and hear again what the engine did not finish or left out.

    Where it ran out of tokens, both halves are heard, cut at the best pause; where it gave no text at all, too. Where
    it has times and left speech out between its segments, that speech is heard alone, and stays where it has new text:
    of 13 minutes of Mandarin, Whisper base left out 11 of 40 sentences, and none of them alone (docs/measuring.md).
    Where it has no times and wrote less than the speech usually holds, both halves are heard, and stay where they have
    more.

    Args:
        clip: The sound of the stretch.
        span: Where it lies in the recording, in seconds.
        speech: Where somebody speaks in it, in the clip's own time.
        transcribe: One call of the engine.
        usual: The `fullness` of other stretches of the recording; None where it is not known.
    """
    hypothesis = transcribe(clip)
    whole = Heard(start=span.start, end=span.end, hypothesis=hypothesis)
    units = spoken_units(hypothesis.text)
    if hypothesis.finish == "length":
        return _halves(clip, span, speech, transcribe, usual) if _may_fit(units, clip.duration) else [whole]
    if units and hypothesis.segments:
        return _with_missed(whole, clip, speech, transcribe)
    spoken = sum(one.duration for one in speech)
    if spoken < SPEECH_WITHOUT_TEXT_SECONDS or clip.duration < SHORTEST_SILENT_SECONDS:
        return [whole]
    if units and not _is_little(units, spoken, usual):
        return [whole]
    halves = _halves(clip, span, speech, transcribe, usual)
    found = [unit for half in halves for unit in spoken_units(half.hypothesis.text)]
    more = len(found) > _MORE * len(units) and (not units or _is_believed(halves))
    return halves if more else [whole]


def fullness(units: Sequence[str], spoken: float) -> float:
    """How much of its speech a text takes up at the fastest that people speak: a figure that languages share.

    Args:
        units: Of the text, as `spoken_units`.
        spoken: Seconds of speech, not 0.
    """
    return 2 * shortest_seconds(units) / spoken  # the fastest speak half as fast as the shortest time allows


def _is_little(units: Sequence[str], spoken: float, usual: float | None) -> bool:
    if len(units) < SLOWEST_UNITS_A_SECOND * spoken:
        return True
    return usual is not None and fullness(units, spoken) < LEAST_FULLNESS * usual


def _with_missed(
    whole: Heard, clip: AudioClip, speech: Sequence[Span], transcribe: Callable[[AudioClip], Hypothesis]
) -> list[Heard]:
    """The stretch in parts: what was written before, what was left out and is heard now, what was written after."""
    segments = with_text(whole.hypothesis.segments)
    parts: list[Heard] = []
    start, done = 0.0, 0  # in the clip's time, and in segments
    for missed in missed_speech(segments, Span(0.0, clip.duration), speech):
        place = Span(whole.start + missed.start, whole.start + missed.end)
        inside = speech_within(speech, missed.start, missed.end)
        found = hear(clip.cut(missed.start, missed.end), place, inside, transcribe)
        text = join_texts(one.hypothesis.text for one in found)
        if not is_new(text, segments[: missed.after], segments[missed.after :]) or not _is_believed(found):
            continue
        if missed.after > done:
            parts.append(_part(whole, start, missed.start, done, missed.after))
        parts += found
        start, done = missed.end, missed.after
    if parts and done < len(segments):
        parts.append(replace(_part(whole, start, clip.duration, done, len(segments)), end=whole.end))
    return parts or [whole]


def _is_believed(found: Sequence[Heard]) -> bool:
    """Whether what was heard of left-out sound was said: laughter, too, is left out, and alone gives loops."""
    return not any(
        one.hypothesis.finish == "length" or _is_loop(spoken_units(one.hypothesis.text), one.end - one.start)
        for one in found
    )


def _part(whole: Heard, start: float, end: float, first: int, last: int) -> Heard:
    """A part of a stretch, from second to second, with the segments of it that have text from one to another."""
    hypothesis = parted(whole.hypothesis, first, last)
    moved = tuple(one.shifted(-start) for one in hypothesis.segments)
    return Heard(
        start=whole.start + start,
        end=whole.start + end,
        hypothesis=replace(hypothesis, segments=moved),
    )


def _halves(
    clip: AudioClip,
    span: Span,
    speech: Sequence[Span],
    transcribe: Callable[[AudioClip], Hypothesis],
    usual: float | None,
) -> list[Heard]:
    rate = clip.sample_rate
    middle = round(best_cut(clip, speech, margin_seconds=SHORTEST_HALF_SECONDS) * rate) / rate
    parts = (0.0, middle), (middle, clip.duration)
    places = Span(span.start, span.start + middle), Span(span.start + middle, span.end)
    return [
        heard
        for (first, end), place in zip(parts, places, strict=True)
        for heard in hear(clip.cut(first, end), place, speech_within(speech, first, end), transcribe, usual)
    ]


def _may_fit(units: Sequence[str], seconds: float) -> bool:
    """Whether the halves of a stretch that ran out of tokens may come to their ends."""
    if seconds < 2 * SHORTEST_HALF_SECONDS:
        return False
    return not _is_loop(units, seconds) or seconds >= 2 * SHORTEST_LOOP_SECONDS


def _is_loop(units: Sequence[str], seconds: float) -> bool:
    """Whether there is a loop, or more than can be said in the time."""
    return find_loop(units) is not None or shortest_seconds(units) > seconds


def speech_within(speech: Sequence[Span], start: float, end: float) -> list[Span]:
    """The parts of the spans that lie between two moments, in time from `start`."""
    inside = (Span(max(one.start, start), min(one.end, end)) for one in speech)
    return [Span(one.start - start, one.end - start) for one in inside if one.end > one.start]
