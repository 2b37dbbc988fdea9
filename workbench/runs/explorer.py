"""The clips of a scored run: searched, filtered, sorted, paged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.evalsets.selection import tag_text
from workbench.pipeline.measurement import Measurement
from workbench.runs.clip_query import ClipQuery, SortKey, searchable
from workbench.runs.records import ItemResult
from workbench.runs.scored import Clip, ScoredRun
from workbench.scoring.clusters import ClusterBy
from workbench.scoring.confusions import Confusions
from workbench.scoring.counts import ErrorCounts, tally_all
from workbench.scoring.interval import Interval, bootstrap_rate
from workbench.text.rulers import MetricName

RESAMPLES = 2000
"""Of the interval of what a query matches: of 10 000 clips it is there in 0.15 s, and its bounds differ from those of
10 000 draws in the fourth digit."""

Figure = float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What a query matches, in figures of the run's leading metric.

    Attributes:
        clips: All of them, failed ones included.
        failed: How many of them failed.
        empty_references: How many have no rate, since nothing is left of their reference.
        counts: Added over the others.
        insertions_on_empty: Units recognised on empty references; not in the rate.
        ci95: 95 % bootstrap interval of the rate over clusters; None with fewer than two.
        clusters: How many clusters there are.
        cluster_by: What they are, as in the run's own interval: clips, or whole speakers or recordings.
    """

    clips: int
    failed: int
    empty_references: int
    counts: ErrorCounts
    insertions_on_empty: int
    ci95: Interval | None
    clusters: int
    cluster_by: ClusterBy


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPage:
    """A page of the clips that a query matches.

    Attributes:
        run_id: Which run.
        ruler: Its name and version.
        ruler_hash: What it was made of.
        headline: The metric whose rates are meant.
        query: What was asked.
        rows: The clips of the page with their kinds; none beyond the last page.
        matches: All clips that match, in figures.
        total: How many clips of the run were tried.
    """

    run_id: str
    ruler: str
    ruler_hash: str
    headline: MetricName
    query: ClipQuery
    rows: tuple[Clip, ...]
    matches: Total
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; one where nothing matches."""
        return max(1, -(-self.matches.clips // self.query.page_size))

    @property
    def first(self) -> int:
        """Number of the first row among the matches, from 1 on."""
        return (self.query.page - 1) * self.query.page_size + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Where a clip is among those that a query matches.

    Attributes:
        number: From 1 on.
        total: How many match.
        before: Id of the clip before; None for the first.
        after: Id of the one after; None for the last.
    """

    number: int
    total: int
    before: str | None
    after: str | None


def find_clips(scored: ScoredRun, query: ClipQuery) -> ClipPage:
    """Answer a question about the clips of a run.

    Only questions about kinds and confusions need every error looked at, which takes as long again as scoring; the
    first of them waits for it.

    Args:
        scored: The run.
        query: The question.
    """
    found = ordered(matching(scored, query), query, scored.summary.headline)
    start = (query.page - 1) * query.page_size
    return ClipPage(
        run_id=scored.summary.run_id,
        ruler=scored.summary.ruler,
        ruler_hash=scored.summary.ruler_hash,
        headline=scored.summary.headline,
        query=query,
        rows=scored.with_kinds(found[start : start + query.page_size]),
        matches=_total(scored, query),
        total=len(scored.clips),
    )


def find_neighbours(scored: ScoredRun, query: ClipQuery, item_id: str) -> Neighbours | None:
    """The clips before and after one in a query's order, whatever its page; None where the clip does not match."""
    ids = [clip.outcome.id for clip in ordered(matching(scored, query), query, scored.summary.headline)]
    if item_id not in ids:
        return None
    place = ids.index(item_id)
    return Neighbours(
        number=place + 1,
        total=len(ids),
        before=ids[place - 1] if place else None,
        after=ids[place + 1] if place + 1 < len(ids) else None,
    )


def matching(scored: ScoredRun, query: ClipQuery) -> list[Clip]:
    """The clips that meet every condition of a query, in the run's order."""
    clips = scored.clips if query.kind is None else scored.clips_with_kinds
    conditions = _conditions(scored, query)
    return [clip for clip in clips if all(holds(clip) for holds in conditions)]


def ordered(clips: Sequence[Clip], query: ClipQuery, headline: MetricName) -> list[Clip]:
    """The clips in the query's order: without a figure last either way, equal ones as they come."""
    if query.sort == "order":
        return list(reversed(clips)) if query.descending else list(clips)
    figures = [(_FIGURES[query.sort](clip, headline), clip) for clip in clips]
    known = [(figure, clip) for figure, clip in figures if figure is not None]
    known.sort(key=lambda one: one[0], reverse=query.descending)  # pyright: ignore[reportArgumentType]  all of one type
    return [clip for _, clip in known] + [clip for figure, clip in figures if figure is None]


def _conditions(scored: ScoredRun, query: ClipQuery) -> list[Callable[[Clip], bool]]:
    found: list[Callable[[Clip], bool]] = []
    if text := searchable(query.text).strip():
        found.append(lambda clip: text in clip.searched)
    found += [_has_tag(scored, tag, values) for tag, values in _by_tag(query).items()]
    if (kind := query.kind) is not None:
        found.append(lambda clip: clip.kinds is not None and kind in clip.kinds)
    if (low := query.min_rate) is not None:
        found.append(lambda clip: clip.rate is not None and clip.rate >= low)
    if (high := query.max_rate) is not None:
        found.append(lambda clip: clip.rate is not None and clip.rate <= high)
    if query.asks_confusion:
        ids = _confused(scored.analysis.confusions, query.said, query.heard)
        found.append(lambda clip: clip.outcome.id in ids)
    return found


def _total(scored: ScoredRun, query: ClipQuery) -> Total:
    """Kept with the run, so that turning a page and sorting cost nothing."""
    asked = replace(query, sort="order", descending=False, page=1, page_size=1)
    return scored.keep(asked, lambda: _add_up(scored, asked))


def _by_tag(query: ClipQuery) -> Mapping[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for tag, value in query.tags:
        wanted.setdefault(tag, set()).add(value)
    return wanted


def _has_tag(scored: ScoredRun, tag: str, values: set[str]) -> Callable[[Clip], bool]:
    """A value that names one of the run's groups, a range of numbers say, means that group."""
    places = {place for value in values for place in scored.groups.get((tag, value), ())}
    plain = {value for value in values if (tag, value) not in scored.groups}
    return lambda clip: clip.place in places or (tag in clip.outcome.tags and tag_text(clip.outcome.tags[tag]) in plain)


def _confused(confusions: Confusions, said: str | None, heard: str | None) -> set[str]:
    return {
        name
        for one in (*confusions.substitutions, *confusions.deletions, *confusions.insertions)
        if said in (None, one.reference) and heard in (None, one.hypothesis)
        for name in one.clips
    }


def _add_up(scored: ScoredRun, query: ClipQuery) -> Total:
    clips, headline = matching(scored, query), scored.summary.headline
    counted = [clip.counts[headline] for clip in clips if clip.counts is not None]
    labels = dict(
        zip((clip.place for clip in scored.clips if clip.counts is not None), scored.chance.labels, strict=True)
    )
    spoken = [(clip.counts[headline], labels[clip.place]) for clip in clips if clip.counts and clip.rate is not None]
    added = tally_all(counted)
    interval = scored.summary.metrics[headline].ci95
    if len(clips) < len(scored.clips):
        interval = bootstrap_rate(
            np.array([counts.errors for counts, _ in spoken], dtype=np.int64),
            np.array([counts.reference_length for counts, _ in spoken], dtype=np.int64),
            clusters=[label for _, label in spoken],
            resamples=RESAMPLES,
            seed=scored.seed,
        )
    return Total(
        clips=len(clips),
        failed=len(clips) - len(counted),
        empty_references=len(counted) - len(spoken),
        counts=added.counts,
        insertions_on_empty=added.insertions_on_empty,
        ci95=interval,
        clusters=len({label for _, label in spoken}),
        cluster_by=scored.chance.by,
    )


def peak_bytes(cost: Measurement | None) -> int | None:
    """The most memory a clip took: on the GPU where that was measured, else of the process."""
    if cost is None:
        return None
    peaks = (cost.peak_gpu_bytes, cost.peak_gpu_process_bytes, cost.peak_rss_bytes)
    return next((peak for peak in peaks if peak is not None), None)


def _counted(clip: Clip, metric: MetricName) -> ErrorCounts | None:
    return None if clip.counts is None else clip.counts[metric]


def _rate(metric: MetricName) -> Callable[[Clip, MetricName], Figure]:
    return lambda clip, _: None if (counts := _counted(clip, metric)) is None else counts.rate


def _count(name: str) -> Callable[[Clip, MetricName], Figure]:
    return lambda clip, headline: getattr(_counted(clip, headline), name, None)


def _cost(name: str) -> Callable[[Clip, MetricName], Figure]:
    return lambda clip, _: getattr(_measurement(clip), name, None)


def _measurement(clip: Clip) -> Measurement | None:
    return clip.outcome.measurement if isinstance(clip.outcome, ItemResult) else None


_FIGURES: Mapping[SortKey, Callable[[Clip, MetricName], Figure]] = {
    "id": lambda clip, _: clip.outcome.id,
    "reference": lambda clip, _: clip.outcome.reference,
    "hypothesis": lambda clip, _: clip.outcome.text if isinstance(clip.outcome, ItemResult) else None,
    "rate": lambda clip, _: clip.rate,
    "wer": _rate("wer"),
    "cer": _rate("cer"),
    "mer": _rate("mer"),
    "errors": _count("errors"),
    "substitutions": _count("substitutions"),
    "deletions": _count("deletions"),
    "insertions": _count("insertions"),
    "units": _count("reference_length"),
    "duration": lambda clip, _: clip.outcome.audio_seconds if isinstance(clip.outcome, ItemResult) else None,
    "wall_seconds": _cost("wall_seconds"),
    "gpu_seconds": _cost("gpu_seconds"),
    "peak_bytes": lambda clip, _: peak_bytes(_measurement(clip)),
    "rtf": _cost("rtf"),
}
