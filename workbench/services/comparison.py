"""Ways held against each other: runs, and one recording's several texts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.pipeline.variants import Variant, VariantDone, transcribe_variants
from workbench.runs.compare import Comparison, compare_runs
from workbench.services.lists import load_run
from workbench.services.process import default_pool
from workbench.text.rulers import default_ruler, find_ruler


def compare(
    run_a: str | Path, run_b: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None
) -> Comparison:
    """Two stored runs rescored under one ruler and paired item by item; deltas are B − A.

    Raises:
        UnknownName: No such run or ruler.
        RunError: They have no item in common.
    """
    a, b = load_run(run_a, pool=pool), load_run(run_b, pool=pool)
    return compare_runs(a, b, ruler=find_ruler(ruler or default_ruler(a.record.spec.set_language)))


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
        Path(path), variants, options=DecodeOptions(language=language, context=context), pool=pool or default_pool()
    )
