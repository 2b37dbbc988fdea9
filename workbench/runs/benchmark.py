"""A set through an engine, item by item, into the store."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from workbench.audio.steps import Chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.evalsets.model import EvalSet
from workbench.runs.executors.choice import Measure
from workbench.runs.executors.ray_place import RayPlace
from workbench.runs.executors.sites import Site, open_site
from workbench.runs.journal import Written
from workbench.runs.records import OnExisting, RunEvent, RunRecord, RunStarted
from workbench.runs.session import Session, Tally, finished
from workbench.runs.store import RunStore
from workbench.runs.workload import Workload
from workbench.settings import Settings


def run_benchmark(
    eval_set: EvalSet,
    *,
    pool: EnginePool,
    engine: EngineRef,
    chain: Chain,
    language: str = "set",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    batch_size: int = 1,
    seed: int = 0,
    chunk_seconds: float | None = None,
    on_existing: OnExisting = "reuse",
    settings: Settings | None = None,
    passed: Mapping[str, Any] | None = None,
    reproduces: str = "",
    executor: str = "local",
    measure: Measure | None = "single",
    workers: int | None = None,
    ray: RayPlace | None = None,
) -> Generator[RunEvent, None, None]:
    """Transcribe a set and keep what comes of it. Closing the generator cancels and keeps what is done.

    An item that cannot be read or transcribed is an `ItemFailure` and the rest goes on. The engine is loaded and warmed
    up before the clock starts. Files are decoded ahead, in another thread.

    Args:
        eval_set: What to transcribe, in its order.
        pool: Where the engine comes from; the device is held for one batch at a time.
        engine: Which engine.
        chain: Preprocessing.
        language: "set" (each item's own), "auto", or a code told to the engine for every item.
        context: Hotwords.
        options: The engine's own options.
        batch_size: Clips decoded together; a per-clip time is only claimed at 1.
        seed: For whatever draws random numbers.
        chunk_seconds: Longer clips are cut at pauses into stretches of at most this, each given to the engine by
            itself; None only cuts what is longer than the engine takes.
        on_existing: What to do with an earlier run of the same spec. `reuse`: one that ended in `success` is told
            again; any other goes on, and what failed in it is tried again. `resume`: failures are tried again in a
            successful one, too. `again`: a new run.
        settings: Where the runs are; None is where the pool's are.
        passed: The arguments as given, for the record.
        reproduces: Id of a run that this one is to reproduce: then an unfinished reproduction goes on, else a new one
            begins, whatever `on_existing` says.
        executor: Where the work is done: "local" is this machine, "ray" workers with an engine each.
        measure: `single`: one batch at a time, and nothing else meanwhile; `throughput`: as many engines at once as
            serve the machine, which never wait for what is done with their texts; None: what suits engine and work.
            The texts are the same, so it is no part of the spec.
        workers: How many engines at once, for `throughput`; None finds it out.
        ray: Which Ray, for "ray"; None starts one on this machine.

    Yields:
        `RunStarted`, the outcomes that were there, each new outcome, and `RunFinished` unless it is cancelled.

    Raises:
        UsageError: A language, option, batch size, chunk length or number of workers that cannot be used.
        EngineError: The engine cannot be loaded.
        RunError: The earlier run is being written by somebody else, or its journal is damaged.
        DiskError: The disk is full or faulty; what is done is kept.
    """
    with open_site(pool, engine, executor=executor, measure=measure, workers=workers, ray=ray) as site:
        work = Workload(
            eval_set=eval_set,
            ref=engine,
            info=site.info,
            chain=chain,
            language=language,
            context=context,
            options=options or {},
            batch_size=batch_size,
            seed=seed,
            chunk_seconds=chunk_seconds,
        )
        store = RunStore(settings or pool.settings)
        yield from _run_at(site, work, store, on_existing=on_existing, passed=passed or {}, reproduces=reproduces)


def _run_at(
    site: Site, work: Workload, store: RunStore, *, on_existing: OnExisting, passed: Mapping[str, Any], reproduces: str
) -> Generator[RunEvent, None, None]:
    spec = work.spec
    if reproduces:
        earlier = store.find_unfinished(spec, reproduces=reproduces)
    else:
        earlier = None if on_existing == "again" else store.find_existing(spec)
    if earlier is not None and earlier.status == "success":
        written = store.read_written(earlier.run_id)
        if len(written) == spec.items and (on_existing == "reuse" or len(written.done) == len(written)):
            yield from _told_again(earlier, written)
            return
    chosen = site.executor(work)
    record = earlier or store.create_run(spec, passed, load_seconds=site.load_seconds, reproduces=reproduces)
    with store.open_journal(record.run_id) as journal:
        yield from Session(
            work=work, executor=chosen, store=store, record=record, journal=journal, remarks=site.remarks
        ).events()


def _told_again(record: RunRecord, written: Written) -> Generator[RunEvent, None, None]:
    yield RunStarted(run_id=record.run_id, total=record.spec.items, done=len(written))
    tally = Tally()
    for outcome in written.outcomes():
        tally.add([outcome])
        yield outcome
    yield finished(record, tally)
