"""Error along an axis: SNR, chunk length, a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.runs.curves import Curves, find_curves
from workbench.services.labels import load_labelled
from workbench.text.rulers import default_ruler, find_ruler


def curve(
    runs: Sequence[str | Path],
    *,
    axis: str = "snr_db",
    by: Sequence[str] = ("noise", "room", "codec"),
    ruler: str | None = None,
    corrected: bool = False,
    pool: EnginePool | None = None,
) -> Curves:
    """Error along an axis, with bands; where it is twice that of the clean clips of derived sets; and the area below.

    Args:
        runs: Ids of runs: over derived sets, or several over one set with another option each.
        axis: A tag of the clips such as snr_db, an option of the engine, or STEP.PARAMETER of the chain.
        by: Tags that make curves of their own.
        ruler: How texts are compared; None is what suits the first run's language.
        corrected: Score under the corrections of the sets' labels.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        UsageError: Nothing has such a number.
    """
    if isinstance(by, str):
        raise UsageError("The tags of curves are a list.", hint='Write ["noise"].')
    stored = [load_labelled(run, corrected=corrected, pool=pool) for run in runs]
    language = stored[0].record.spec.set_language if stored else ""
    return find_curves(stored, ruler=find_ruler(ruler or default_ruler(language)), axis=axis, by=by)
