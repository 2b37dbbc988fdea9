"""Where a stored run's errors come from: orthography step by step, and kinds of errors."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.runs.records import ItemResult
from workbench.runs.store import StoredRun
from workbench.scoring.analysis import Analysis, analyse
from workbench.scoring.waterfall import Waterfall, build_waterfall
from workbench.text.phonetics import Speech
from workbench.text.rulers import MetricName, Ruler, headline_metric, language_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """A run's errors, taken apart under a ruler.

    Attributes:
        headline: The metric that leads in the set's language.
        waterfall: Errors after each step of the ruler.
        analysis: Errors by kind.
    """

    headline: MetricName
    waterfall: Waterfall
    analysis: Analysis


def find_causes(run: StoredRun, *, ruler: Ruler) -> Causes:
    """Take a run's errors apart; no engine, no audio and no torch is needed.

    Args:
        run: Finished or not.
        ruler: What is done to both texts before they are compared.
    """
    results = [outcome for outcome in run.outcomes if isinstance(outcome, ItemResult)]
    pairs = [(one.id, one.reference, one.text) for one in results]
    language = run.record.spec.set_language
    return Causes(
        headline=headline_metric(language),
        waterfall=build_waterfall(pairs, ruler),
        analysis=analyse(
            pairs,
            ruler,
            speech=_speech(language),
            durations={one.id: one.audio_seconds for one in results if one.audio_seconds is not None},
        ),
    )


def _speech(language: str) -> Speech | None:
    parts = language_parts(language)
    return "yue" if "yue" in parts else "zh" if parts & {"zh", "cmn"} else None
