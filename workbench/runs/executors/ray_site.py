"""Work on Ray: workers with an engine each, and the executor that gives them what a run is made of.

Plain actors, not Ray Data's `map_batches`: that gives a block whose actor ended to another as often as it takes, or
drops the block, or ends the run; here one recording that ends its worker twice fails, and nothing beside it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from workbench import sealed
from workbench.engines.base import EngineInfo
from workbench.engines.device import available_cores
from workbench.engines.hosted import is_hosted
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import WorkbenchError
from workbench.runs.executors.base import Batch, BatchDone
from workbench.runs.executors.lane import WARM_UP_TRIES
from workbench.runs.executors.ray_cluster import connected, has_token
from workbench.runs.executors.ray_crew import Answer, Workers
from workbench.runs.executors.ray_ledger import Finished, Ledger
from workbench.runs.executors.ray_place import Crew, RayPlace, plan_crew
from workbench.runs.executors.ray_worker import BLAS_THREADS, Assignment, Sounds
from workbench.runs.workload import Workload
from workbench.sealed.needs import needs_network


class RayExecutor:
    """Gives batches to workers, hears what came of them, and has others do what a worker that ended had in hand.

    Args:
        work: How items are to be transcribed.
        workers: Who does it.
        place: Whether recordings are sent to them; a Ray of our own begins when all are warm, for none is to be
            measured while another loads beside it, and one that was joined as soon as one is.
        facts: What the record says of it.
    """

    def __init__(self, work: Workload, workers: Workers, place: RayPlace, facts: Mapping[str, Any]) -> None:
        self._work, self._workers, self._facts = work, workers, facts
        self._sends, self._begun = place.audio == "send", not place.starts

    @property
    def facts(self) -> Mapping[str, Any]:
        """See `Executor.facts`."""
        return self._facts

    def outcomes(self, batches: Iterable[Batch]) -> Generator[BatchDone, None, None]:
        """See `Executor.outcomes`: in the order in which they are done."""
        workers, ledger = self._workers, Ledger(batches)
        sample = ledger.look_ahead(1 if self._sends else WARM_UP_TRIES)
        alike = replace(self._work, eval_set=replace(self._work.eval_set, items=()))
        workers.send_to_work(alike, sample, [self._sounds(batch) for batch in sample])
        try:
            while not ledger.ended:
                self._hand_out(ledger)
                for batch, outcomes in self._hear(workers.next_answer(), ledger):
                    notes, workers.notes = tuple(workers.notes), []
                    seconds = workers.watch.seconds
                    yield BatchDone(batch=batch, outcomes=outcomes, worked_seconds=seconds, notes=notes)
        finally:
            workers.dismiss_all()

    def _hand_out(self, ledger: Ledger) -> None:
        self._begun = self._begun or all(hand.state == "ready" for hand in self._workers.hands)
        if not self._begun:
            return
        for hand in self._workers.hands:
            while hand.room and (task := ledger.take(idle=not hand.tasks)) is not None:
                self._workers.give(hand, task, self._sounds(task.batch))

    def _hear(self, answer: Answer, ledger: Ledger) -> Iterable[Finished]:
        if answer.hand.state == "gone":
            return
        if isinstance(answer.found, BatchDone) and answer.task is not None:
            self._workers.notes += answer.found.notes
            yield from ledger.finish(answer.task, answer.found.outcomes)
        elif answer.ended:
            lost = list(answer.hand.tasks)
            self._workers.notes.append(self._workers.replace(answer))
            for task in lost:
                yield from ledger.lose(task)

    def _sounds(self, batch: Batch) -> Sounds:
        if not self._sends:
            return None
        sounds: list[bytes | None] = []
        for item in batch.items:
            sound = None
            with suppress(OSError):  # told as of a file that the worker cannot open
                sound = item.audio.read_bytes()
            sounds.append(sound)
        return sounds


class RaySite:
    """Workers that have begun, one of which has its engine.

    Args:
        workers: Who was hired.
        place: Which Ray.
        facts: What the record says of it.
    """

    def __init__(self, workers: Workers, place: RayPlace, facts: Mapping[str, Any]) -> None:
        loaded = workers.first_loaded()
        self._loaded, self._workers, self._place, self._facts = loaded, workers, place, facts

    @property
    def info(self) -> EngineInfo:
        """See `Site`: of the engine that was loaded first."""
        return self._loaded.info

    @property
    def load_seconds(self) -> float | None:
        """See `Site`."""
        return self._loaded.load_seconds

    def executor(self, work: Workload) -> RayExecutor:
        """Who transcribes a workload; once."""
        return RayExecutor(work, self._workers, self._place, self._facts)

    def remarks(self) -> tuple[str, ...]:
        """See `Site`: what is left to say since the last batch."""
        return tuple(self._workers.notes)


@contextmanager
def open_ray_site(pool: EnginePool, ref: EngineRef, place: RayPlace, *, workers: int | None) -> Generator[RaySite]:
    """Workers on Ray for one run; they end with the context.

    Args:
        pool: Whose settings engines are loaded with.
        ref: Which engine.
        place: Which Ray.
        workers: How many; None for as many as there is room for.

    Raises:
        UsageError, RunError: There is no Ray to be had, or no room in it.
        EngineUnavailable, ModelMissing, ModelDiffers: No worker can load the engine.
    """
    processors = max(available_cores(), workers or 1)
    with connected(place, pool.settings, processors=processors) as ray:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        crew = plan_crew(nodes, workers=workers, gpu=_may_use_gpu(pool, ref), needs_bytes=_needs_bytes(pool, ref))
        hired = Workers(ray, crew, _assignment(pool, ref, crew))
        try:
            hired.hire(crew.workers)
            yield RaySite(hired, place, _facts(ray, place, crew, len(nodes)))
        finally:
            hired.dismiss_all()


def _assignment(pool: EnginePool, ref: EngineRef, crew: Crew) -> Assignment:
    blas = os.environ.get(BLAS_THREADS) or os.environ.get("OMP_NUM_THREADS") or f"{available_cores()}"
    guarded = sealed.layers().guard and not needs_network(ref.name)
    return Assignment(ref=ref, settings=pool.settings, threads=crew.threads, blas_threads=blas, guarded=guarded)


def _facts(ray: Any, place: RayPlace, crew: Crew, nodes: int) -> Mapping[str, Any]:
    """Without addresses: records are handed on."""
    return {
        "executor": "ray",
        "measure": "throughput",
        "workers": crew.workers,
        "threads": crew.threads,
        "gpus_a_worker": crew.gpus,
        "nodes": nodes,
        "cluster": "own" if place.starts else "joined",
        "audio": place.audio,
        "token": has_token(),
        "ray": ray.__version__,
    }


def _may_use_gpu(pool: EnginePool, ref: EngineRef) -> bool:
    return pool.settings.device != "cpu" and is_hosted(plugin(ref.name))


def _needs_bytes(pool: EnginePool, ref: EngineRef) -> int | None:
    """As the plug-in says here; what is asked of a model that only workers have is not known."""
    try:
        return plugin(ref.name).check(ref.model, pool.settings).needs_bytes
    except WorkbenchError:
        return None
