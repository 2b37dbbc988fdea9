"""Stored runs under each other, clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.runs.side_by_side import SideBySide, put_side_by_side
from workbench.services.labels import load_labelled
from workbench.text.rulers import default_ruler, find_ruler


def side_by_side(
    runs: Sequence[str | Path],
    *,
    ruler: str | None = None,
    corrected: bool = False,
    pool: EnginePool | None = None,
) -> SideBySide:
    """The clips that any number of stored runs share, to be searched, sorted, paged and aligned.

    Args:
        runs: Two or more: ids, beginnings of them, or folders; the first is the baseline.
        ruler: How texts are compared; None is what suits the language of the first run's set.
        corrected: As `summary`.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        UsageError: Fewer than two runs.
    """
    if len(runs) < 2:
        raise UsageError("Clips are put side by side from two runs or more.", hint="Name another run.")
    stored = [load_labelled(run, corrected=corrected, pool=pool) for run in runs]
    return put_side_by_side(stored, ruler=find_ruler(ruler or default_ruler(stored[0].record.spec.set_language)))
