"""Engines opened for work side by side, and the executors that use them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from workbench.engines.device import available_cores
from workbench.engines.hosted import HostedEngine
from workbench.engines.pool import EnginePool
from workbench.runs.executors.workers import Use, WorkersExecutor
from workbench.runs.workload import Workload


def one_worker(work: Workload, pool: EnginePool, facts: Mapping[str, Any] | None = None) -> WorkersExecutor:
    """The pool's own engine, which never waits for what is done with its texts."""
    uses: Sequence[Use] = [partial(pool.use, work.ref)]
    told = {"executor": "local", "measure": "throughput", "workers": 1, **(facts or {})}
    return WorkersExecutor(work, partial(nullcontext[Sequence[Use]], uses), facts=told)


def several_workers(
    work: Workload, pool: EnginePool, workers: int, facts: Mapping[str, Any] | None = None
) -> WorkersExecutor:
    """Engines in processes of their own, that share the machine's cores.

    Args:
        work: How items are to be transcribed.
        pool: Where engines come from.
        workers: How many.
        facts: What the record says besides their number.
    """
    threads = max(1, available_cores() // workers)
    told = {"executor": "local", "measure": "throughput", "workers": workers, "threads": threads, **(facts or {})}
    return WorkersExecutor(work, partial(_opened, work, pool, workers, threads), facts=told)


@contextmanager
def _opened(work: Workload, pool: EnginePool, workers: int, threads: int) -> Generator[Sequence[Use]]:
    with pool.lanes(work.ref, workers, threads=threads) as engines:
        try:
            yield [partial(nullcontext, engine) for engine in engines]
        finally:
            for engine in engines:  # one that is in the middle of a call is not waited for
                if isinstance(engine, HostedEngine):
                    engine.interrupt()
