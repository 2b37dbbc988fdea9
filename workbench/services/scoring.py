"""Stored runs and texts, scored and taken apart."""

from __future__ import annotations

from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.runs.causes import Causes, find_causes
from workbench.runs.summary import RunSummary, summarise
from workbench.runs.texts import TextScore, score_files
from workbench.scoring.score import Edit, align
from workbench.services.lists import load_run
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import Unit


def summary(run: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None) -> RunSummary:
    """A stored run, scored under a ruler.

    Args:
        run: Its id, the beginning of one, or its folder.
        ruler: How texts are compared; None is what suits the set's language.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
    """
    stored = load_run(run, pool=pool)
    return summarise(stored, ruler=find_ruler(ruler or default_ruler(stored.record.spec.set_language)))


def score(
    run: str | Path | None = None,
    *,
    ref: Path | str | None = None,
    hyp: Path | str | None = None,
    ruler: str | None = None,
    pool: EnginePool | None = None,
) -> RunSummary | TextScore:
    """Score a stored run, or one file of texts against another; see `summary` and `runs.texts.score_files`."""
    if run is not None and ref is None and hyp is None:
        return summary(run, ruler=ruler, pool=pool)
    if run is None and ref is not None and hyp is not None:
        return score_files(Path(ref), Path(hyp), ruler=find_ruler(ruler or "basic"))
    raise UsageError("Score needs either a run, or both --ref and --hyp.", hint="`workbench runs` lists the runs.")


def causes(run: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None) -> Causes:
    """Where a stored run's errors come from: orthography step by step, and kinds of errors; as `summary`."""
    stored = load_run(run, pool=pool)
    return find_causes(stored, ruler=find_ruler(ruler or default_ruler(stored.record.spec.set_language)))


def diff(reference: str, hypothesis: str, *, ruler: str = "raw", unit: Unit = "mixed") -> list[Edit]:
    """Two texts aligned unit by unit under a ruler."""
    chosen = find_ruler(ruler)
    return align(chosen.apply(reference), chosen.apply(hypothesis), unit)
