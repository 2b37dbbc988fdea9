"""Ways held against each other: runs, and one recording's several texts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from workbench.audio.held import as_path
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.pipeline.variants import Variant, VariantDone, transcribe_variants
from workbench.runs.compare import Comparison, compare_runs
from workbench.runs.ranking import Ranking, rank_runs
from workbench.scoring.clusters import ClusterBy
from workbench.services.labels import load_labelled
from workbench.services.lists import load_run
from workbench.services.process import default_pool
from workbench.text.rulers import default_ruler, find_ruler


def compare(
    run_a: str | Path,
    run_b: str | Path,
    *,
    ruler: str | None = None,
    corrected: bool = False,
    cluster_by: ClusterBy | None = None,
    pool: EnginePool | None = None,
) -> Comparison:
    """Two stored runs rescored under one ruler and paired item by item; deltas are B − A.

    Args:
        run_a: The baseline.
        run_b: What is held against it.
        ruler: How texts are compared; None is what suits the set's language.
        corrected: As `summary`.
        cluster_by: What intervals and tests draw: "speaker", "recording" or "utterance"; None is the first of these
            of which there are enough. By utterance, what is said holds for these speakers and not for others.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        RunError: They have no item in common.
        UsageError: No clip is tagged with what is to be drawn.
    """
    a, b = (load_labelled(run, corrected=corrected, pool=pool) for run in (run_a, run_b))
    return compare_runs(
        a, b, ruler=find_ruler(ruler or default_ruler(a.record.spec.set_language)), cluster_by=cluster_by
    )


def rank(
    runs: Sequence[str | Path],
    *,
    baseline: str | Path | None = None,
    ruler: str | None = None,
    corrected: bool = False,
    cluster_by: ClusterBy | None = None,
    pool: EnginePool | None = None,
) -> Ranking:
    """Any number of stored runs under one ruler, over the items that all of them have, the lowest rate first.

    Args:
        runs: Two or more: ids, beginnings of them, or folders.
        baseline: The one of them that each is held against; None is the first.
        ruler: How texts are compared; None is what suits the language of the first run's set.
        corrected: As `summary`.
        cluster_by: As `compare`.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        UsageError: Fewer than two runs; the baseline is not among them; no clip is tagged with what is to be drawn.
        RunError: They have no item in common.
    """
    stored = [load_labelled(run, corrected=corrected, pool=pool) for run in runs]
    language = stored[0].record.spec.set_language if stored else ""
    return rank_runs(
        stored,
        ruler=find_ruler(ruler or default_ruler(language)),
        baseline=None if baseline is None else load_run(baseline, pool=pool).record.run_id,
        cluster_by=cluster_by,
    )


def compare_recording_events(
    path: Path | str,
    variants: Sequence[Variant],
    *,
    language: str | None = None,
    context: str = "",
    pool: EnginePool | None = None,
) -> Generator[VariantDone, None, None]:
    """Transcribe one recording several ways; see `pipeline.variants.transcribe_variants`."""
    yield from transcribe_variants(
        as_path(path), variants, options=DecodeOptions(language=language, context=context), pool=pool or default_pool()
    )
