"""Where a run's engines are: known before its spec is, since what an engine says of itself is part of that."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from workbench.engines.base import EngineInfo
from workbench.engines.notes import take_notes
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import UnknownName, UsageError
from workbench.runs.executors.base import Executor
from workbench.runs.executors.choice import EXECUTORS, Measure, choose_executor
from workbench.runs.executors.ray_place import RayPlace
from workbench.runs.executors.ray_site import open_ray_site
from workbench.runs.workload import Workload


class Site(Protocol):
    """A place with an engine that is loaded."""

    @property
    def info(self) -> EngineInfo:
        """What the engine there says of itself."""
        ...

    @property
    def load_seconds(self) -> float | None:
        """How long it took to load; None where that is not known."""
        ...

    def executor(self, work: Workload) -> Executor:
        """Who transcribes a workload there; once."""
        ...

    def remarks(self) -> tuple[str, ...]:
        """What is to be said of the whole once it has ended."""
        ...


class LocalSite:
    """This machine, with the engine of a pool.

    Args:
        pool: Where engines come from.
        ref: Which engine.
        measure: As `choose_executor`.
        workers: As `choose_executor`.
    """

    def __init__(self, pool: EnginePool, ref: EngineRef, *, measure: Measure | None, workers: int | None) -> None:
        self._pool, self._ref, self._workers = pool, ref, workers
        self._measure: Measure | None = measure
        self._info = pool.get(ref).info

    @property
    def info(self) -> EngineInfo:
        """See `Site`."""
        return self._info

    @property
    def load_seconds(self) -> float | None:
        """See `Site`."""
        return next((state.load_seconds for state in self._pool.states() if state.ref == str(self._ref)), None)

    def executor(self, work: Workload) -> Executor:
        """See `Site`."""
        return choose_executor(work, self._pool, measure=self._measure, workers=self._workers)

    def remarks(self) -> tuple[str, ...]:
        """See `Site`."""
        return take_notes(self._pool.get(self._ref))


@contextmanager
def open_site(
    pool: EnginePool,
    ref: EngineRef,
    *,
    executor: str,
    measure: Measure | None,
    workers: int | None,
    ray: RayPlace | None = None,
) -> Generator[Site]:
    """Where a run's work is done, for as long as the context lasts.

    Args:
        pool: Where engines come from, or whose settings they are loaded with elsewhere.
        ref: Which engine.
        executor: One of `EXECUTORS`.
        measure: As `choose_executor`; workers on Ray always work side by side.
        workers: How many engines at once; None for as many as serve the place.
        ray: Which Ray, for "ray"; None starts one here.

    Raises:
        UnknownName: No such executor.
        UsageError: A measure or a number of workers that cannot be, or Ray cannot be used.
        RunError: There is no Ray to be had.
        EngineUnavailable, ModelMissing, ModelDiffers: The engine cannot be had there.
    """
    if executor not in EXECUTORS:
        raise UnknownName("executor", executor, EXECUTORS)
    if executor == "local":
        if ray is not None and ray != RayPlace():
            raise UsageError("This machine alone needs no Ray.", hint="Add --executor ray, or leave out its arguments.")
        yield LocalSite(pool, ref, measure=measure, workers=workers)
        return
    if measure == "single":
        raise UsageError(
            "On Ray, no clip has its time for itself.", hint="Use --executor local to measure single clips."
        )
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers do no work.", hint="Use 1 or more.")
    with open_ray_site(pool, ref, ray or RayPlace(), workers=workers) as site:
        yield site
