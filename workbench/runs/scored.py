"""A stored run under one ruler, ready to be asked many times."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from workbench.runs.causes import Causes, find_causes_by_tag, speech_of
from workbench.runs.clip_query import Kind, searchable
from workbench.runs.records import ItemOutcome, ItemResult
from workbench.runs.store import StoredRun
from workbench.runs.summary import Counts, RunSummary, summarise
from workbench.runs.tags import group_by_tags
from workbench.scoring.analysis import Analysis, ClipAnalysis, analyse
from workbench.scoring.clusters import Clusters, cluster_utterances
from workbench.scoring.score import Pair
from workbench.scoring.waterfall import Waterfall, build_waterfall
from workbench.text.rulers import MetricName, Ruler

T = TypeVar("T")

_MOST_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One clip of a run.

    Attributes:
        place: In the run, from 0 on.
        outcome: What came of it.
        counts: By metric; None where it failed.
        rate: Of the run's leading metric; None where it failed, or nothing is left of its reference.
        searched: What a search looks through.
        kinds: What is true of it; None where that was not looked at.
    """

    place: int
    outcome: ItemOutcome
    counts: Counts | None
    rate: float | None
    searched: str
    kinds: frozenset[Kind] | None = None


class ScoredRun:
    """A run under one ruler. What takes long is made when first needed, once, whoever asks.

    Args:
        run: Finished or not.
        ruler: What is done to both texts before they are compared.
        seed: Of the intervals.
    """

    def __init__(self, run: StoredRun, *, ruler: Ruler, seed: int = 0) -> None:
        self.run = run
        self.ruler = ruler
        self.seed = seed
        self._made: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._kept: dict[Hashable, Any] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def summary(self) -> RunSummary:
        """Rates, cost and groups."""
        return self._once("summary", lambda: summarise(self.run, ruler=self.ruler, seed=self.seed))

    @property
    def clips(self) -> tuple[Clip, ...]:
        """Every clip that was tried, in the run's order, without its kinds."""
        return self._once("clips", lambda: tuple(_clips(self.run, self.summary)))

    @property
    def analysis(self) -> Analysis:
        """Every error, looked at."""
        return self._once("analysis", lambda: self._analyse(self.clips))

    @property
    def clips_with_kinds(self) -> tuple[Clip, ...]:
        """Every clip with its kinds, for which every error is looked at."""
        return self._once("kinds", lambda: self._add_kinds(self.clips, self.analysis))

    @property
    def waterfall(self) -> Waterfall:
        """Errors after each step of the ruler."""
        return self._once("waterfall", lambda: build_waterfall(_pairs(self.clips), self.ruler))

    @property
    def causes(self) -> Causes:
        """Waterfall and analysis, by tag too."""
        return self._once("causes", self._find_causes)

    @property
    def groups(self) -> Mapping[tuple[str, str], frozenset[int]]:
        """Places of the clips of each tag's value or range, by tag and value; as `RunSummary.by_tag` has them."""
        return self._once("groups", self._find_groups)

    @property
    def chance(self) -> Clusters:
        """Which of the scored clips an interval draws together; the labels are those of the clips that have counts."""
        return self._once("chance", lambda: cluster_utterances([one.tags for one in _results(self.clips)]))

    @property
    def is_analysed(self) -> bool:
        """Whether every error was looked at already."""
        return "kinds" in self._made

    @property
    def seconds(self) -> float:
        """How long its parts took to make so far."""
        return sum(self._seconds.values())

    def with_kinds(self, clips: Sequence[Clip]) -> tuple[Clip, ...]:
        """These clips with their kinds; the others are not looked at."""
        if "kinds" in self._made:
            return tuple(self.clips_with_kinds[clip.place] for clip in clips)
        return self._add_kinds(clips, self._analyse(clips))

    def look_at(self, clip: Clip) -> ClipAnalysis | None:
        """One clip's errors by kind; None for a failed clip."""
        return next(iter(self._analyse([clip]).clips), None)

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """A small answer about this run, made once; the oldest is forgotten."""
        if key not in self._kept:
            answer = make()
            with self._locks["kept"]:
                self._kept[key] = answer
                while len(self._kept) > _MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
            return answer
        return self._kept[key]

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        with self._locks[name]:
            if name not in self._made:
                began = time.monotonic()
                self._made[name] = make()
                self._seconds[name] = time.monotonic() - began
            return self._made[name]

    def _find_causes(self) -> Causes:
        summary, waterfall, analysis = self.summary, self.waterfall, self.analysis
        results = list(_results(self.clips))
        return Causes(
            headline=summary.headline,
            waterfall=waterfall,
            analysis=analysis,
            run_id=summary.run_id,
            by_tag=tuple(find_causes_by_tag(results, waterfall, analysis, summary.headline)),
            corrections=summary.corrections,
        )

    def _find_groups(self) -> Mapping[tuple[str, str], frozenset[int]]:
        scored = [clip for clip in self.clips if clip.counts is not None]
        grouped = [*scored, *(clip for clip in self.clips if clip.counts is None)]
        return {
            (group.tag, group.value): frozenset(grouped[place].place for place in group.places)
            for group in group_by_tags([clip.outcome for clip in grouped])
        }

    def _analyse(self, clips: Sequence[Clip]) -> Analysis:
        results = _results(clips)
        return analyse(
            _pairs(clips),
            self.ruler,
            speech=speech_of(self.run.record.spec.set_language),
            durations={one.id: one.audio_seconds for one in results if one.audio_seconds is not None},
        )

    def _add_kinds(self, clips: Sequence[Clip], analysis: Analysis) -> tuple[Clip, ...]:
        known = {one.id: one for one in analysis.clips}
        headline = self.summary.headline
        return tuple(
            replace(clip, kinds=frozenset(_kinds(clip, headline, known.get(clip.outcome.id)))) for clip in clips
        )


def _clips(run: StoredRun, summary: RunSummary) -> Iterator[Clip]:
    rows = iter(summary.rows)
    for place, outcome in enumerate(run.outcomes):
        counts = next(rows).counts if isinstance(outcome, ItemResult) else None
        heard = outcome.text if isinstance(outcome, ItemResult) else ""
        yield Clip(
            place=place,
            outcome=outcome,
            counts=counts,
            rate=None if counts is None else counts[summary.headline].rate,
            searched=searchable("\n".join((outcome.id, outcome.reference, heard))),
        )


def _pairs(clips: Sequence[Clip]) -> list[Pair]:
    return [(one.id, one.reference, one.text) for one in _results(clips)]


def _results(clips: Sequence[Clip]) -> list[ItemResult]:
    return [clip.outcome for clip in clips if isinstance(clip.outcome, ItemResult)]


def _kinds(clip: Clip, headline: MetricName, looked_at: ClipAnalysis | None) -> Iterator[Kind]:
    if clip.counts is None or looked_at is None or not isinstance(clip.outcome, ItemResult):
        yield "failed"
        return
    counts, signs = clip.counts[headline], looked_at.hallucinations
    sounds, mandarin = looked_at.sounds, looked_at.written_mandarin
    claims: dict[Kind, bool] = {
        "any error": counts.errors > 0,
        "no error": counts.errors == 0,
        "substitution": counts.substitutions > 0,
        "deletion": counts.deletions > 0,
        "insertion": counts.insertions > 0,
        "same sound": sounds is not None and 0 < sounds.same_sound == sounds.units.errors,
        "rewritten": mandarin is not None and mandarin.rewritten > 0,
        "translated": looked_at.codeswitch.translated > 0,
        "loop": signs.loops > 0,
        "too long": signs.too_long > 0,
        "text on silence": signs.empty_with_text > 0,
        "empty reference": counts.reference_length == 0,
        "warning": bool(clip.outcome.warnings),
    }
    for kind, holds in claims.items():
        if holds:
            yield kind
