"""Who transcribes: decided from the engine, the machine, the work, and what was asked for."""

from __future__ import annotations

from typing import Literal

from workbench.engines.base import EngineInfo
from workbench.engines.pool import EnginePool
from workbench.errors import UnknownName, UsageError
from workbench.runs.executors.base import Executor
from workbench.runs.executors.engines import one_worker, several_workers
from workbench.runs.executors.fitting import FittingExecutor, gains_by_workers
from workbench.runs.executors.local import LocalExecutor
from workbench.runs.workload import Workload

Measure = Literal["throughput", "single"]
MEASURES: tuple[Measure, ...] = ("single", "throughput")
EXECUTORS = ("local", "ray")
"""Where work can be done: on this machine, or by workers on Ray (`executors.sites`)."""


def choose_executor(
    work: Workload,
    pool: EnginePool,
    *,
    measure: Measure | None = None,
    workers: int | None = None,
) -> Executor:
    """Who is to transcribe a workload on this machine.

    Args:
        work: What.
        pool: Where engines come from.
        measure: `single`: one batch at a time, nothing beside it; `throughput`: as many engines as serve the machine;
            None: throughput on a GPU, and on processors where the work is long.
        workers: How many engines at once, for throughput; None finds it out.

    Raises:
        UnknownName: No such measure.
        UsageError: A number of workers that cannot be.
    """
    if measure is not None and measure not in MEASURES:
        raise UnknownName("way to measure", measure, MEASURES)
    if workers is not None:
        _check_workers(workers, work.info, measure)
        return one_worker(work, pool) if workers == 1 else several_workers(work, pool, workers)
    if measure == "single":
        return LocalExecutor(work, pool)
    if gains_by_workers(work.info):
        return FittingExecutor(work, pool, at_any_length=measure == "throughput")
    if measure == "throughput" or _is_accelerator(work.info):
        return one_worker(work, pool)
    return LocalExecutor(work, pool)


def _check_workers(workers: int, info: EngineInfo, measure: Measure | None) -> None:
    if workers < 1:
        raise UsageError(f"{workers} workers do no work.", hint="Use 1 or more.")
    if workers > 1 and measure == "single":
        raise UsageError("One clip at a time takes one worker.", hint="Use --measure throughput for several.")
    if workers > 1 and info.device != "cpu":
        raise UsageError(
            f"{info.name} computes on {info.device or 'another machine'}, which one worker fills.",
            hint="Use --batch-size for more clips at once.",
        )


def _is_accelerator(info: EngineInfo) -> bool:
    return info.device.partition(":")[0] in ("cuda", "mps", "xpu")
