"""As many engines as serve the machine, found out by a short probe, where the work is long enough to be worth it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import psutil

from workbench.audio.io import probe
from workbench.engines.base import EngineInfo
from workbench.engines.device import available_cores
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import AudioError, EngineError
from workbench.evalsets.model import EvalItem
from workbench.runs.executors.base import Batch, BatchDone, Executor
from workbench.runs.executors.engines import one_worker, several_workers
from workbench.runs.executors.fits import Fit, Fits
from workbench.runs.executors.local import LocalExecutor
from workbench.runs.records import ItemResult
from workbench.runs.workload import Workload

LONG_SECONDS = 20.0
"""Work below which more engines are not worth loading: that takes 2 to 3 s each time."""
LEAST_GAIN = 1.05
FEWEST_CLIPS = 8
CLIPS_A_WORKER = 4
"""Enough that the last clip, during which other workers have nothing to do, does not decide."""
LONGEST_PROBED = 12.0
_RUNTIMES = ("ctranslate2", "torch")
"""What computes better on a core each than on all cores at once: measured for these."""
_BUSY = 2.0
"""Threads that want to compute, for each core, above which a probe says little; the probe's own are one."""
_MEMORY_SHARE = 0.8
"""Of free memory that engines may take."""


def gains_by_workers(info: EngineInfo) -> bool:
    """Whether several of such engines may do more than one."""
    return info.device == "cpu" and info.runtime in _RUNTIMES and available_cores() > 1


def most_workers(pool: EnginePool, ref: EngineRef) -> int:
    """An engine a core, as far as memory goes."""
    needs = plugin(ref.name).check(ref.model, pool.settings).needs_bytes
    fitting = int(psutil.virtual_memory().available * _MEMORY_SHARE // needs) if needs else available_cores()
    return min(available_cores(), fitting)


def _is_busy() -> bool:
    return psutil.getloadavg()[0] > _BUSY * available_cores()


def workers_for_recording(pool: EnginePool, ref: EngineRef, info: EngineInfo) -> int:
    """How many engines are to transcribe the stretches of one recording: as many as a benchmark's probe found best.

    Where there was none, an engine a core for CTranslate2, as far as memory goes. One where the machine is busy with
    something else.

    Args:
        pool: Where engines come from.
        ref: Which engine and model.
        info: What it says of itself.
    """
    if not gains_by_workers(info) or _is_busy():
        return 1
    fit = Fits(pool.settings).find_engine(ref, info)
    if fit is not None and fit.workers is not None:
        return min(fit.workers, most_workers(pool, ref))
    return most_workers(pool, ref) if info.runtime == "ctranslate2" else 1


class FittingExecutor:
    """Decides when it is asked for outcomes, then leaves it to another executor.

    Args:
        work: How items are to be transcribed.
        pool: Where engines come from.
        at_any_length: Whether short work is to be spread, too; otherwise it is done one by one.
    """

    def __init__(self, work: Workload, pool: EnginePool, *, at_any_length: bool) -> None:
        self._work, self._pool, self._at_any_length = work, pool, at_any_length
        self._fits = Fits(pool.settings)
        self._chosen: Executor = LocalExecutor(work, pool)

    @property
    def facts(self) -> Mapping[str, Any]:
        """See `Executor.facts`; of the one chosen, once it is."""
        return self._chosen.facts

    def outcomes(self, batches: Iterable[Batch]) -> Generator[BatchDone, None, None]:
        """See `Executor.outcomes`."""
        self._chosen = self._choose()
        yield from self._chosen.outcomes(batches)

    def _choose(self) -> Executor:
        alone = LocalExecutor(self._work, self._pool)
        if not self._at_any_length and len(self._work.eval_set.items) < FEWEST_CLIPS:
            return alone
        clips = self._sample()
        fit = self._fits.find(self._work) or self._probe_one(clips)
        if fit is None or not (self._at_any_length or self._is_long(fit.rtf)):
            return alone
        if fit.workers is None:
            fit = self._probe_several(clips, fit)
        if fit.workers in (None, 1):
            return one_worker(self._work, self._pool) if self._at_any_length else alone
        return several_workers(self._work, self._pool, fit.workers or 1, {"gain": fit.gain})

    def _sample(self) -> Sequence[EvalItem]:
        """Clips to probe with, the longest first, so that no worker is left with the longest at the end."""
        measured = [(seconds, item) for item in self._work.eval_set.items[:64] if (seconds := _seconds(item))]
        short = [one for one in measured if one[0] <= LONGEST_PROBED] or measured
        chosen = short[: CLIPS_A_WORKER * available_cores()]
        return [item for _, item in sorted(chosen, key=lambda one: -one[0])]

    def _probe_one(self, clips: Sequence[EvalItem]) -> Fit | None:
        found = _rtf(LocalExecutor(self._one_by_one(), self._pool), clips)
        if found is None:
            return None
        return self._kept(Fit(rtf=found))

    def _probe_several(self, clips: Sequence[EvalItem], fit: Fit) -> Fit:
        workers = most_workers(self._pool, self._work.ref)
        gain = None
        if workers > 1:
            try:
                rtf = _rtf(several_workers(self._one_by_one(), self._pool, workers), clips)
            except EngineError:  # so many do not fit, or do not work
                rtf = None
            gain = fit.rtf / rtf if rtf else None
        chosen = replace(fit, workers=workers if gain is not None and gain >= LEAST_GAIN else 1, gain=gain)
        return self._kept(chosen)

    def _kept(self, fit: Fit) -> Fit:
        """For the next time, unless other work on the machine decided it."""
        if not _is_busy():
            self._fits.keep(self._work, fit)
        return fit

    def _one_by_one(self) -> Workload:
        return replace(self._work, batch_size=1)

    def _is_long(self, rtf: float) -> bool:
        seconds = 0.0
        for item in self._work.eval_set.items:
            seconds += _seconds(item) or 0.0
            if seconds * rtf > LONG_SECONDS:
                return True
        return False


def _rtf(executor: Executor, clips: Sequence[EvalItem]) -> float | None:
    """Seconds of work for each second of sound; None where nothing could be transcribed."""
    audio = worked = 0.0
    with closing(executor.outcomes(_singly(clips))) as found:
        for done in found:
            worked = done.worked_seconds
            audio += sum(one.audio_seconds or 0.0 for one in done.outcomes if isinstance(one, ItemResult))
    return worked / audio if audio else None


def _singly(clips: Sequence[EvalItem]) -> Iterator[Batch]:
    return (Batch(number=number, items=(item,)) for number, item in enumerate(clips))


def _seconds(item: EvalItem) -> float | None:
    if item.duration is not None:
        return item.duration
    try:
        return probe(item.audio).duration
    except AudioError:
        return None
