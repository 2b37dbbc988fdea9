"""Stored runs, clip by clip: scored once, asked many times."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from workbench.engines.pool import EnginePool
from workbench.evalsets.corrections import load_corrections
from workbench.runs.clip_detail import ClipDetail, take_apart
from workbench.runs.clip_query import ClipQuery
from workbench.runs.explorer import ClipPage, find_clips
from workbench.runs.scored import ScoredRun
from workbench.runs.store import RunStamp, RunStore
from workbench.services.labels import load_labelled
from workbench.services.process import default_pool
from workbench.settings import Settings
from workbench.text.rulers import Ruler, default_ruler, find_ruler

MOST_KEPT = 4
"""Scored runs held in memory; one of 10 000 clips takes about 150 MB."""

_PATIENCE = 5.0
"""A run that is still being written is scored anew after this many times as long as scoring it took."""

_Key = tuple[Path, Ruler | None, bool, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    scored: ScoredRun
    stamp: RunStamp
    made: float


_shelf: OrderedDict[_Key, _Kept] = OrderedDict()
_lock = threading.Lock()


def scored_run(
    run: str | Path,
    *,
    ruler: str | None = None,
    corrected: bool = False,
    seed: int = 0,
    pool: EnginePool | None = None,
) -> ScoredRun:
    """A stored run under a ruler, the same object until the run changes; its parts are made when first asked for.

    Args:
        run: Its id, the beginning of one, or its folder.
        ruler: How texts are compared; None is what suits the set's language.
        corrected: Score against corrected labels, not the published ones, without clips that are wrongly labelled.
        seed: Of the intervals.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        RunError: It cannot be read.
    """
    settings = (pool or default_pool()).settings
    chosen = find_ruler(ruler) if ruler else None
    stamp = RunStore(settings).stamp(run)
    key = (stamp.folder, chosen, corrected, seed)
    with _lock:
        kept = _shelf.get(key)
        if kept is None or not _is_good(kept, stamp, settings):
            stored = load_labelled(stamp.folder, corrected=corrected, pool=pool)
            used = chosen or find_ruler(default_ruler(stored.record.spec.set_language))
            kept = _Kept(scored=ScoredRun(stored, ruler=used, seed=seed), stamp=stamp, made=time.monotonic())
            _shelf[key] = kept
            while len(_shelf) > MOST_KEPT:
                _shelf.popitem(last=False)
        _shelf.move_to_end(key)
        return kept.scored


def clips(
    run: str | Path,
    query: ClipQuery | None = None,
    *,
    ruler: str | None = None,
    corrected: bool = False,
    seed: int = 0,
    pool: EnginePool | None = None,
) -> ClipPage:
    """A page of the clips of a stored run that a query matches, and the error rate of all of them.

    Args:
        run: Its id, the beginning of one, or its folder.
        query: Which clips, in which order, which page; None for the first page of all.
        ruler: How texts are compared; None is what suits the set's language.
        corrected: Score against corrected labels, not the published ones, without clips that are wrongly labelled.
        seed: Of the intervals.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        RunError: It cannot be read.
    """
    return find_clips(scored_run(run, ruler=ruler, corrected=corrected, seed=seed, pool=pool), query or ClipQuery())


def clip(
    run: str | Path,
    item_id: str,
    *,
    ruler: str | None = None,
    corrected: bool = False,
    seed: int = 0,
    pool: EnginePool | None = None,
) -> ClipDetail:
    """One clip of a stored run, taken apart; as `clips`.

    Raises:
        UnknownName: No such run, ruler, or clip of the run.
        RunError: It cannot be read.
    """
    return take_apart(scored_run(run, ruler=ruler, corrected=corrected, seed=seed, pool=pool), item_id)


def _is_good(kept: _Kept, stamp: RunStamp, settings: Settings) -> bool:
    """Whether run and corrections are as they were; a run that goes on may be a little older (see `_PATIENCE`)."""
    run = kept.scored.run
    if run.corrections is not None:
        now = load_corrections(run.record.spec.eval_set, settings)
        if now.hash != run.corrections.hash:
            return False
    fresh = run.record.status == "started" and time.monotonic() - kept.made < _PATIENCE * kept.scored.seconds
    return kept.stamp == stamp or fresh
