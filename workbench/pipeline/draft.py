"""A transcript while it grows, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from workbench.audio.segment import Span
from workbench.audio.steps import Chain
from workbench.engines.base import EngineInfo, Hypothesis, Segment
from workbench.pipeline.checks import check
from workbench.pipeline.coverage import Flag, cover
from workbench.pipeline.measurement import Measurement, combined
from workbench.pipeline.seams import fit
from workbench.pipeline.stretch import ChunkHeard, Heard
from workbench.pipeline.survey import Survey
from workbench.pipeline.transcript import Transcript, join_texts, tell_cut_off, warning_of

NO_SPEECH = "No speech was found in this recording."


class Draft:
    """Puts chunks together in their order; a transcript can be had at any time.

    Args:
        survey: Of the recording.
        info: Of the engine.
        chain: Preprocessing.
        warnings: What was noticed before.
        cost: What the survey cost; None where the cost is given at the end.
    """

    def __init__(
        self,
        survey: Survey,
        info: EngineInfo,
        chain: Chain,
        *,
        warnings: tuple[str, ...] = (),
        cost: Measurement | None = None,
    ) -> None:
        self._place = survey.placed if survey.times is not None else None
        self._survey, self._info, self._chain, self._warnings = survey.in_recording(), info, chain, warnings
        self._costs = [cost]
        self._heard: list[Heard] = []
        self._texts: list[str] = []
        self._segments: list[tuple[Segment, ...]] = []
        self._done: list[Span] = []
        self._flags: list[Flag] = []

    def add(self, chunk: ChunkHeard) -> None:
        """The next chunk; one that overlaps the last is fitted to it, which may change the last one's end."""
        if self._place is not None:
            chunk = chunk.placed(self._place)
        longest = self._survey.recording.duration
        by_call = [one.segments(longest) for one in chunk.heard]
        if self._survey.speech:
            for one, own in zip(chunk.heard, by_call, strict=True):
                self._flags += check(one, own, self._survey.speech)
        segments = tuple(segment for own in by_call for segment in own)
        text = join_texts(one.hypothesis.text for one in chunk.heard)
        if len(chunk.heard) == 1:
            text = chunk.heard[0].hypothesis.text
        if self._done and chunk.start < self._done[-1].end:
            segments, text = self._fitted(segments, Span(chunk.start, self._done[-1].end), text)
        self._heard += chunk.heard
        self._segments.append(segments)
        self._texts.append(text)
        self._done.append(Span(chunk.start, chunk.end))
        self._costs.append(chunk.measurement)

    def _fitted(self, segments: tuple[Segment, ...], shared: Span, text: str) -> tuple[tuple[Segment, ...], str]:
        fitted = fit(self._segments[-1], segments, shared)
        if not fitted.certain:
            sentence = "The stretches before and after could not be fitted together: words may be doubled here."
            self._flags.append(Flag(start=shared.start, end=shared.end, kind="seam", sentence=sentence))
        if (fitted.left, fitted.right) == (self._segments[-1], segments):
            return segments, text
        self._segments[-1] = fitted.left
        self._texts[-1] = join_texts(segment.text for segment in fitted.left)
        return fitted.right, join_texts(segment.text for segment in fitted.right)

    def segments_of(self, index: int) -> tuple[Segment, ...]:
        """What one chunk holds now."""
        return self._segments[index]

    def transcript(self, cost: Measurement | None = None) -> Transcript:
        """All that is there; planned chunks that are not count as missing.

        Args:
            cost: What it cost; None is the sum of the survey's and the chunks'.
        """
        recording = self._survey.recording
        flags = sorted([*self._flags, *self._not_transcribed()], key=lambda one: (one.start, one.end))
        whole = cost or combined(self._costs)
        assert whole is not None, "the survey or the caller measured something"
        return Transcript(
            source=recording.source,
            clip_digest=recording.digest,
            duration_seconds=recording.duration,
            engine=self._info.name,
            model_id=self._info.model_id,
            chain=str(self._chain),
            hypothesis=self._hypothesis(),
            measurement=cost or replace(whole, audio_seconds=self._worked_on()),
            warnings=self._all_warnings(flags),
            complete=not recording.warnings and not self._cut_off() and not any(flag.is_missing for flag in flags),
            flags=tuple(flags),
            coverage=cover(recording.duration, self._done, flags),
        )

    def _worked_on(self) -> float:
        """How much of the recording the cost was for: of work that was stopped, what was done, silence included."""
        duration = self._survey.recording.duration
        return min((flag.start for flag in self._not_transcribed()), default=duration)

    def _not_transcribed(self) -> list[Flag]:
        rest = self._survey.chunks[len(self._done) :]
        if not rest:
            return []
        start = max(rest[0].start, self._done[-1].end) if self._done else rest[0].start
        sentence = "The work was stopped before this part."
        return [Flag(start=start, end=self._survey.recording.duration, kind="not_transcribed", sentence=sentence)]

    def _cut_off(self) -> list[Heard]:
        return [one for one in self._heard if one.hypothesis.finish == "length"]

    def _all_warnings(self, flags: Sequence[Flag]) -> tuple[str, ...]:
        warnings = [*self._warnings, *self._survey.recording.warnings, *self._survey.warnings]
        warnings += [] if self._survey.chunks else [NO_SPEECH]
        warnings += [tell_cut_off(one.start, one.end) for one in self._cut_off()]
        warnings += [warning_of(flag) for flag in flags if flag.is_missing and flag.kind != "cut_off"]
        warnings += [warning for one in self._heard for warning in one.hypothesis.warnings]
        return tuple(dict.fromkeys(warnings))

    def _hypothesis(self) -> Hypothesis:
        segments = tuple(segment for own in self._segments for segment in own)
        hypotheses = [one.hypothesis for one in self._heard]
        if len(hypotheses) == 1:
            return replace(hypotheses[0], segments=segments)
        finishes = {one.finish for one in hypotheses}
        certain = [one.confidence for one in hypotheses if one.confidence is not None]
        return Hypothesis(
            text=join_texts(self._texts),
            raw="\n".join(one.raw for one in hypotheses),
            language=self._most_heard(),
            segments=segments,
            finish="length" if "length" in finishes else "eos" if finishes == {"eos"} else "unknown",
            confidence=sum(certain) / len(certain) if certain and len(certain) == len(hypotheses) else None,
        )

    def _most_heard(self) -> str | None:
        seconds = Counter[str]()
        for one in self._heard:
            if one.hypothesis.language:
                seconds[one.hypothesis.language] += one.end - one.start  # pyright: ignore[reportArgumentType]
        return seconds.most_common(1)[0][0] if seconds else None
