"""Where a stored run's errors come from: orthography step by step, and kinds of errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.evalsets.corrections import CorrectionNote
from workbench.runs.records import ItemResult
from workbench.runs.store import StoredRun
from workbench.runs.tags import group_by_tags
from workbench.scoring.analysis import Analysis, KindCounts, add_kinds, analyse
from workbench.scoring.counts import Tally, tally_all
from workbench.scoring.waterfall import Waterfall, build_waterfall
from workbench.text.phonetics import Speech
from workbench.text.rulers import MetricName, Ruler, headline_metric, language_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCauses:
    """The errors of the clips that share a tag's value.

    Attributes:
        tag: "noise".
        value: "babble".
        scored: How many clips.
        total: The headline metric's counts, added.
        kinds: Errors by kind, added.
    """

    tag: str
    value: str
    scored: int
    total: Tally
    kinds: KindCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """A run's errors, taken apart under a ruler.

    Attributes:
        headline: The metric that leads in the set's language.
        waterfall: Errors after each step of the ruler.
        analysis: Errors by kind.
        run_id: Which run.
        by_tag: The same by the values of each tag that groups clips, and by duration where that is known.
        corrections: What was done to the references before; None where they are the published ones.
    """

    headline: MetricName
    waterfall: Waterfall
    analysis: Analysis
    run_id: str = ""
    by_tag: tuple[TagCauses, ...] = ()
    corrections: CorrectionNote | None = None


def find_causes(run: StoredRun, *, ruler: Ruler, terms: Sequence[str] = ()) -> Causes:
    """Take a run's errors apart; no engine, no audio and no torch is needed.

    Args:
        run: Finished or not.
        ruler: What is done to both texts before they are compared.
        terms: Names and hotwords to look for.
    """
    results = [outcome for outcome in run.outcomes if isinstance(outcome, ItemResult)]
    pairs = [(one.id, one.reference, one.text) for one in results]
    headline = headline_metric(run.record.spec.set_language)
    waterfall = build_waterfall(pairs, ruler)
    analysis = analyse(
        pairs,
        ruler,
        speech=speech_of(run.record.spec.set_language),
        durations={one.id: one.audio_seconds for one in results if one.audio_seconds is not None},
        terms=terms,
    )
    return Causes(
        headline=headline,
        waterfall=waterfall,
        analysis=analysis,
        run_id=run.record.run_id,
        by_tag=tuple(find_causes_by_tag(results, waterfall, analysis, headline)),
        corrections=run.corrections,
    )


def find_causes_by_tag(
    results: Sequence[ItemResult], waterfall: Waterfall, analysis: Analysis, headline: MetricName
) -> Iterator[TagCauses]:
    """A run's causes divided by the values of its tags.

    Args:
        results: The scored items.
        waterfall: Theirs, in the same order.
        analysis: Theirs, in the same order.
        headline: Whose counts are added.
    """
    scored = [stage for stage in waterfall.stages if not stage.beyond][-1].clips
    for group in group_by_tags(results):
        yield TagCauses(
            tag=group.tag,
            value=group.value,
            scored=len(group.places),
            total=tally_all(scored[place][headline] for place in group.places),
            kinds=add_kinds([analysis.clips[place] for place in group.places]),
        )


def speech_of(language: str) -> Speech | None:
    """Whose syllables are compared in a set of this language; None where none are known here."""
    parts = language_parts(language)
    return "yue" if "yue" in parts else "zh" if parts & {"zh", "cmn"} else None
