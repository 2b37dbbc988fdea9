"""Stored runs and texts, scored and taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.runs.causes import Causes, find_causes
from workbench.runs.summary import RunSummary, summarise
from workbench.runs.texts import TextScore, score_files
from workbench.scoring.score import Edit, align
from workbench.services.labels import load_labelled
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import Unit


def summary(
    run: str | Path, *, ruler: str | None = None, corrected: bool = False, pool: EnginePool | None = None
) -> RunSummary:
    """A stored run, scored under a ruler.

    Args:
        run: Its id, the beginning of one, or its folder.
        ruler: How texts are compared; None is what suits the set's language.
        corrected: Score against corrected labels, not the published ones, without clips that are wrongly labelled.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
    """
    stored = load_labelled(run, corrected=corrected, pool=pool)
    return summarise(stored, ruler=find_ruler(ruler or default_ruler(stored.record.spec.set_language)))


def score(
    run: str | Path | None = None,
    *,
    ref: Path | str | None = None,
    hyp: Path | str | None = None,
    ruler: str | None = None,
    corrected: bool = False,
    pool: EnginePool | None = None,
) -> RunSummary | TextScore:
    """Score a stored run, or one file of texts against another; see `summary` and `runs.texts.score_files`."""
    if run is not None and ref is None and hyp is None:
        return summary(run, ruler=ruler, corrected=corrected, pool=pool)
    if corrected:
        raise UsageError("Texts from files have no corrected labels.", hint="Import them: `workbench runs import`.")
    if run is None and ref is not None and hyp is not None:
        return score_files(Path(ref), Path(hyp), ruler=find_ruler(ruler or "basic"))
    raise UsageError("Score needs either a run, or both --ref and --hyp.", hint="`workbench runs` lists the runs.")


def causes(
    run: str | Path,
    *,
    ruler: str | None = None,
    terms: Sequence[str] = (),
    corrected: bool = False,
    pool: EnginePool | None = None,
) -> Causes:
    """Where a stored run's errors come from: orthography step by step, and kinds of errors, by tag too.

    Args:
        run: Its id, the beginning of one, or its folder.
        ruler: How texts are compared; None is what suits the set's language.
        terms: Names and hotwords: how often each was found, missed and falsely put in.
        corrected: As `summary`.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
    """
    stored = load_labelled(run, corrected=corrected, pool=pool)
    chosen = find_ruler(ruler or default_ruler(stored.record.spec.set_language))
    return find_causes(stored, ruler=chosen, terms=terms)


def diff(reference: str, hypothesis: str, *, ruler: str = "raw", unit: Unit = "mixed") -> list[Edit]:
    """Two texts aligned unit by unit under a ruler."""
    chosen = find_ruler(ruler)
    return align(chosen.apply(reference), chosen.apply(hypothesis), unit)
