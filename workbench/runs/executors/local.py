"""One engine of this process's pool, one batch after the other, in the thread that asks."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from functools import partial
from typing import Any

from workbench.engines.pool import EnginePool
from workbench.runs.executors.base import Batch, BatchDone
from workbench.runs.executors.course import Course
from workbench.runs.executors.lane import Lane, find_sample
from workbench.runs.executors.reading import ReadAhead
from workbench.runs.workload import Workload


class LocalExecutor:
    """Nothing but decoding files goes on beside the engine: what a clip took is what it takes alone.

    Args:
        work: How items are to be transcribed.
        pool: Where the engine comes from; the device is held for one batch at a time.
    """

    def __init__(self, work: Workload, pool: EnginePool) -> None:
        self._work, self._pool = work, pool

    @property
    def facts(self) -> Mapping[str, Any]:
        """See `Executor.facts`."""
        return {"executor": "local", "measure": "single", "workers": 1}

    def outcomes(self, batches: Iterable[Batch]) -> Generator[BatchDone, None, None]:
        """See `Executor.outcomes`: in the order of the batches."""
        lane = Lane(self._work, partial(self._pool.use, self._work.ref), Course(together=self._work.batch_size))
        with ReadAhead(batches, sample_rate=self._work.chain.decode_rate) as ahead:
            sample, reads = find_sample(ahead)
            if sample is not None:
                lane.warm_up(sample)
            for read in reads:
                yield lane.transcribe(read)
