"""Clips with their texts aligned."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.evalsets.selection import tag_text
from workbench.runs.records import ItemResult
from workbench.runs.reporting.document import AlignedClip, AlignedText, Block, Paragraph
from workbench.runs.reporting.figures import MEASURES, UNITS, say_count, say_errors, say_rate
from workbench.runs.summary import ItemRow, RunSummary
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import METRICS, align
from workbench.text.rulers import MetricName, Ruler

WORST = 20
"""Clips that a report shows, those with the most errors."""


def worst_clips(summary: RunSummary, ruler: Ruler) -> Iterator[Block]:
    """The `WORST` clips, the most errors first."""
    headline = summary.headline
    wrong = [row for row in summary.rows if row.counts[headline].errors]
    chosen = sorted(wrong, key=lambda row: -row.counts[headline].errors)[:WORST]
    if not chosen:
        yield Paragraph(text="No clip has an error.")
        return
    yield Paragraph(
        text=f"{say_count(len(chosen))} of {say_count(len(wrong))} clips with errors, the most errors first, aligned "
        f"under {summary.ruler} in {UNITS[headline]}."
    )
    yield from (aligned_clip(row, headline, ruler) for row in chosen)


def aligned_clip(row: ItemRow, metric: MetricName, ruler: Ruler) -> AlignedClip:
    """A clip's reference and hypothesis, unit by unit."""
    result = row.result
    return AlignedClip(
        name=result.id,
        notes=clip_notes(result),
        said=result.reference,
        texts=(aligned_text(result, row.counts[metric], metric, ruler),),
    )


def aligned_text(
    result: ItemResult, counts: ErrorCounts, metric: MetricName, ruler: Ruler, *, system: str = ""
) -> AlignedText:
    """What was heard against what was said, under a ruler."""
    rate = f", {MEASURES[metric]} {say_rate(counts.rate)}" if counts.reference_length else ", no reference"
    return AlignedText(
        system=system,
        edits=tuple(align(ruler.apply(result.reference), ruler.apply(result.text), METRICS[metric])),
        figures=f"{say_errors(counts.errors)}{rate}",
        heard=result.text,
    )


def clip_notes(result: ItemResult) -> tuple[str, ...]:
    """Length, tags and warnings of a clip."""
    length = () if result.audio_seconds is None else (f"{result.audio_seconds:.1f} s",)
    return (*length, *(f"{tag}: {tag_text(value)}" for tag, value in result.tags.items()), *result.warnings)
