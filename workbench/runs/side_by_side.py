"""Several runs under each other, clip by clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import UnknownName
from workbench.evalsets.corrections import CorrectionNote
from workbench.runs.clip_detail import place_in_segments, timed_spans
from workbench.runs.clip_query import searchable
from workbench.runs.explorer import Neighbours
from workbench.runs.records import ItemOutcome, ItemResult, RunRecord
from workbench.runs.shared_clips import (
    Groups,
    SharedClip,
    SharedPage,
    SharedQuery,
    find_shared,
    order_shared,
)
from workbench.runs.store import StoredRun
from workbench.runs.tags import group_by_tags, labelled
from workbench.scoring.alignment import Edit, count_units
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import METRICS, align
from workbench.scoring.stacked import StackedAlignment, stack_alignments
from workbench.text.rulers import MetricName, Ruler, headline_metric
from workbench.text.units import Unit, split


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedClip:
    """One clip's texts as the ruler sees them, under each other.

    Attributes:
        id: Which clip.
        outcomes: Of every run that was asked for; None where it did not try this clip.
        aligned: Places of those that are in the alignment: with a text, and with the reference of the first of them.
        stack: The alignment; None where none has a text.
        seconds: For each of its columns, from when on it can be heard; None where no run tells.
    """

    id: str
    outcomes: tuple[ItemOutcome | None, ...]
    aligned: tuple[int, ...]
    stack: StackedAlignment | None
    seconds: tuple[float | None, ...]

    @property
    def reference(self) -> str:
        """As the runs were scored against."""
        return next((one.reference for one in self.outcomes if one is not None), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Runs with the clips that all of them have.

    Attributes:
        records: Of each run, in the order given.
        ruler: What all texts go through.
        headline: The metric that leads in the first run's language.
        clips: The shared ones, in the first run's order.
        groups: Places of clips by tag and value, as `Comparison.by_tag` has them.
        corrections: What was done to the references; empty where they are the published ones.
        outcomes: Of each run, by id.
    """

    records: tuple[RunRecord, ...]
    ruler: Ruler
    headline: MetricName
    clips: tuple[SharedClip, ...]
    groups: Groups
    corrections: tuple[CorrectionNote, ...]
    outcomes: tuple[Mapping[str, ItemOutcome], ...]

    def find(self, query: SharedQuery) -> SharedPage:
        """Answer a question about the shared clips."""
        return find_shared(self.clips, self.groups, query)

    def neighbours(self, query: SharedQuery, item_id: str) -> Neighbours | None:
        """The clips before and after one in a query's order, whatever its page; None where it does not match."""
        ids = [clip.id for clip in order_shared(self.clips, self.groups, query)]
        if item_id not in ids:
            return None
        place = ids.index(item_id)
        before, after = ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None
        return Neighbours(number=place + 1, total=len(ids), before=before, after=after)

    def stack(self, item_id: str, systems: Sequence[int]) -> StackedClip:
        """One clip's texts under each other, whether all runs have it or not.

        Args:
            item_id: Which clip.
            systems: Places of the runs that are shown.

        Raises:
            UnknownName: None of the runs has such a clip.
        """
        outcomes = tuple(self.outcomes[place].get(item_id) for place in systems)
        if not any(outcomes):
            raise UnknownName("clip", item_id, [clip.id for clip in self.clips])
        heard = [(at, one) for at, one in enumerate(outcomes) if isinstance(one, ItemResult)]
        alike = [(at, one) for at, one in heard if one.reference == heard[0][1].reference]
        stack, seconds = _stack([one for _, one in alike], self.ruler, self.headline)
        return StackedClip(
            id=item_id, outcomes=outcomes, aligned=tuple(at for at, _ in alike), stack=stack, seconds=seconds
        )


def put_side_by_side(runs: Sequence[StoredRun], *, ruler: Ruler) -> SideBySide:
    """Runs clip by clip under one ruler, over the clips that all of them transcribed with the same reference.

    Args:
        runs: Two or more; those that `rank_runs` takes.
        ruler: What is done to all texts before they are compared.
    """
    by_id = tuple({outcome.id: outcome for outcome in run.outcomes} for run in runs)
    shared = [found for name in by_id[0] if (found := _shared([one.get(name) for one in by_id]))]
    headline = headline_metric(runs[0].record.spec.set_language)
    counts = _count(shared, len(runs), ruler, headline)
    groups = group_by_tags([labelled(results) for results in shared])
    return SideBySide(
        records=tuple(run.record for run in runs),
        ruler=ruler,
        headline=headline,
        clips=tuple(
            SharedClip(place=place, results=results, counts=counted, searched=_searched(results))
            for place, (results, counted) in enumerate(zip(shared, counts, strict=True))
        ),
        groups={(group.tag, group.value): frozenset(group.places) for group in groups},
        corrections=tuple(dict.fromkeys(run.corrections for run in runs if run.corrections is not None)),
        outcomes=by_id,
    )


def _shared(outcomes: Sequence[ItemOutcome | None]) -> tuple[ItemResult, ...]:
    results = tuple(one for one in outcomes if isinstance(one, ItemResult))
    alike = len(results) == len(outcomes) and len({one.reference for one in results}) == 1
    return results if alike else ()


def _count(
    shared: Sequence[tuple[ItemResult, ...]], systems: int, ruler: Ruler, metric: MetricName
) -> list[tuple[ErrorCounts, ...]]:
    unit = METRICS[metric]
    references = [split(ruler.apply(results[0].reference), unit) for results in shared]
    counts: list[list[ErrorCounts]] = []
    for place in range(systems):
        heard = [split(ruler.apply(results[place].text), unit) for results in shared]
        counts.append(count_units(references, heard))
    return list(zip(*counts, strict=True))


def _searched(results: Sequence[ItemResult]) -> str:
    return searchable("\n".join((results[0].id, results[0].reference, *(one.text for one in results))))


def _stack(
    results: Sequence[ItemResult], ruler: Ruler, metric: MetricName
) -> tuple[StackedAlignment | None, tuple[float | None, ...]]:
    if not results:
        return None, ()
    unit = METRICS[metric]
    alignments = [align(ruler.apply(one.reference), ruler.apply(one.text), unit) for one in results]
    stack = stack_alignments(alignments)
    times = [iter(_times(one, edits, ruler, unit)) for one, edits in zip(results, alignments, strict=True)]
    seconds: list[float | None] = []
    for column in stack.columns:
        told = [next(times[system]) for system, edit in enumerate(column.edits) if edit is not None]
        seconds.append(min((time for time in told if time is not None), default=None))
    return stack, tuple(seconds)


def _times(result: ItemResult, edits: Sequence[Edit], ruler: Ruler, unit: Unit) -> list[float | None]:
    """For each edit, when what it is of begins; one segment, as long as the clip, says nothing."""
    spans = timed_spans(result.segments)
    if len(spans) < 2:
        return [None] * len(edits)
    return [None if place is None else spans[place].start for place in place_in_segments(edits, spans, ruler, unit)]
