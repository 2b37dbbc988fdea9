"""One clip of a scored run, taken apart: its alignment, where in time its errors are, what each ruler step did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.engines.base import Segment
from workbench.errors import UnknownName
from workbench.runs.records import ItemResult
from workbench.runs.scored import Clip, ScoredRun
from workbench.scoring.alignment import Edit, align_units
from workbench.scoring.analysis import ClipAnalysis
from workbench.scoring.counts import Tally
from workbench.scoring.score import METRICS, align
from workbench.scoring.waterfall import Waterfall, build_waterfall
from workbench.text.rulers import MetricName, Ruler, find_ruler, list_steps
from workbench.text.steps import TextStep
from workbench.text.units import Unit, split


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStage:
    """A clip's texts after some of the ruler's steps.

    Attributes:
        group: As `scoring.waterfall.Stage`.
        steps: Ids of the steps that this stage adds.
        beyond: Whether they are not in the ruler.
        reference: What is left of it.
        hypothesis: The same.
        counts: Of the leading metric.
    """

    group: str
    steps: tuple[str, ...]
    beyond: bool
    reference: str
    hypothesis: str
    counts: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipDetail:
    """One clip under a ruler.

    Attributes:
        clip: Outcome, counts and kinds.
        headline: The leading metric, whose unit the alignment has.
        ruler: Its name and version.
        alignment: Reference and hypothesis as the ruler sees them; empty for a failed clip.
        spans: What has times: words, and segments where the engine told none of their words.
        places: For each edit the place of its span; None where there are none.
        stages: From the raw texts on; none for a failed clip.
        analysis: Its errors by kind; None for a failed clip.
    """

    clip: Clip
    headline: MetricName
    ruler: str
    alignment: tuple[Edit, ...] = ()
    spans: tuple[Segment, ...] = ()
    places: tuple[int | None, ...] = ()
    stages: tuple[TextStage, ...] = ()
    analysis: ClipAnalysis | None = None


def take_apart(scored: ScoredRun, item_id: str) -> ClipDetail:
    """Everything about one clip.

    Args:
        scored: The run.
        item_id: Which clip.

    Raises:
        UnknownName: The run has no such clip.
    """
    clip = next((clip for clip in scored.clips if clip.outcome.id == item_id), None)
    if clip is None:
        raise UnknownName("clip", item_id, [one.outcome.id for one in scored.clips])
    (clip,), headline, result = scored.with_kinds([clip]), scored.summary.headline, clip.outcome
    if not isinstance(result, ItemResult):
        return ClipDetail(clip=clip, headline=headline, ruler=scored.summary.ruler)
    ruler, unit = scored.ruler, METRICS[headline]
    alignment = align(ruler.apply(result.reference), ruler.apply(result.text), unit)
    spans = timed_spans(result.segments)
    return ClipDetail(
        clip=clip,
        headline=headline,
        ruler=scored.summary.ruler,
        alignment=tuple(alignment),
        spans=spans,
        places=tuple(place_in_segments(alignment, spans, ruler, unit)),
        stages=tuple(stages_of(result, ruler, headline)),
        analysis=scored.look_at(clip),
    )


def stages_of(result: ItemResult, ruler: Ruler, metric: MetricName) -> list[TextStage]:
    """A clip's texts and counts after each group of the ruler's steps.

    Args:
        result: The clip.
        ruler: Whose steps.
        metric: Which unit is counted.
    """
    waterfall = build_waterfall([(result.id, result.reference, result.text)], ruler)
    return [
        TextStage(
            group=stage.group,
            steps=stage.steps,
            beyond=stage.beyond,
            reference=part.apply(result.reference),
            hypothesis=part.apply(result.text),
            counts=counts,
        )
        for stage, part, counts in zip(
            waterfall.stages, _parts(waterfall, ruler), waterfall.clip(0, metric), strict=True
        )
    ]


def place_in_segments(
    alignment: Sequence[Edit], segments: Sequence[Segment], ruler: Ruler, unit: Unit
) -> list[int | None]:
    """For each edit of an alignment, in which of the hypothesis's segments it lies.

    A ruler may change a text across a border of segments, so their units are aligned with those of the whole text. What
    was left out lies where the unit before it was heard.

    Args:
        alignment: Of reference and hypothesis under the ruler.
        segments: Of the hypothesis, in order.
        ruler: Which one.
        unit: Of the alignment.
    """
    if not segments:
        return [None] * len(alignment)
    units = [(text, place) for place, one in enumerate(segments) for text in split(ruler.apply(one.text), unit)]
    heard = [edit.hypothesis for edit in alignment if edit.op != "deletion"]
    owners = _owners(heard, units)
    found: list[int | None] = []
    current, at = 0, 0
    for edit in alignment:
        if edit.op != "deletion":
            current = max(current, owners[at])
            at += 1
        found.append(current)
    return found


def timed_spans(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """What has times: words, and segments where the engine told none of their words."""
    found: list[Segment] = []
    for segment in segments:
        words = [Segment(start=word.start, end=word.end, text=word.text) for word in segment.words]
        found += words or [segment]
    return tuple(found)


def _owners(heard: Sequence[str], units: Sequence[tuple[str, int]]) -> list[int]:
    """The segment of each unit heard; that of the unit before where the segments' own texts do not have it."""
    if [text for text, _ in units] == list(heard):
        return [place for _, place in units]
    owners: list[int] = []
    last, at = 0, 0
    for edit in align_units([[text for text, _ in units]], [list(heard)])[0]:
        if edit.op != "insertion":
            last = units[at][1]
            at += 1
        if edit.op != "deletion":
            owners.append(last)
    return owners


def _parts(waterfall: Waterfall, ruler: Ruler) -> list[Ruler]:
    """The ruler up to each stage of its waterfall."""
    known = {step.id: step for step in (*list_steps(), *ruler.steps)}
    parts = [find_ruler("raw")]
    done: tuple[TextStep, ...] = ()
    for stage in waterfall.stages[1:]:
        done = (*done, *(known[step] for step in stage.steps))
        parts.append(Ruler(name=ruler.name, version=ruler.version, summary=ruler.summary, steps=done))
    return parts
