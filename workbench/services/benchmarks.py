"""Labelled sets through engines."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError
from workbench.evalsets.load import find_set, join_sets
from workbench.evalsets.load import where as _where
from workbench.evalsets.model import EvalSet
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.runs.benchmark import run_benchmark
from workbench.runs.executors.choice import Measure
from workbench.runs.executors.ray_place import RayAudio, RayPlace
from workbench.runs.records import OnExisting, RunEvent, RunStarted
from workbench.runs.summary import RunSummary
from workbench.services.process import DEFAULT_ENGINE, hosted_pool
from workbench.services.scoring import summary
from workbench.settings import Settings
from workbench.text.rulers import find_ruler


def load_sets(
    sets: Sequence[str] | str, *, limit: int | None = None, where: Mapping[str, str] | None = None, settings: Settings
) -> EvalSet:
    """The items of one or more sets as one set.

    Args:
        sets: Names, folders or manifests.
        limit: Only the first so many items.
        where: Only items whose tags or fields have these values.
        settings: Where private sets are.

    Raises:
        UnknownName: No such set.
        ManifestError: A set has faults; all are listed.
        UsageError: Nothing is left to run.
    """
    names = [sets] if isinstance(sets, str) else list(sets)
    if not names:
        raise UsageError("No eval set was named.", hint="`workbench sets` lists them.")
    chosen = join_sets([find_set(name, settings) for name in names])
    return _where(chosen, where or {}, limit=limit)


def bench_events(
    sets: Sequence[str] | str,
    *,
    engine: str = DEFAULT_ENGINE,
    chain: str = "",
    language: str = "set",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    where: Mapping[str, str] | None = None,
    batch_size: int = 1,
    on_existing: OnExisting = "resume",
    seed: int = 0,
    chunk_seconds: float | None = None,
    executor: str = "local",
    measure: Measure | None = None,
    workers: int | None = None,
    ray_address: str | None = None,
    ray_audio: RayAudio = "path",
    pool: EnginePool | None = None,
) -> Generator[RunEvent, None, None]:
    """Transcribe every item of one or more sets, metered, and store the run.

    Args:
        sets: Names, folders or manifests; several make one run.
        engine: `name` or `name:model`.
        chain: Preprocessing; empty for none.
        language: "set" tells the engine each item's own language, "auto" lets it decide, a code is told for all.
        context: Names and terms to expect.
        options: The engine's own options.
        limit: Only the first so many items.
        where: Only items whose tags have these values.
        batch_size: Clips decoded together, at most; above 1 the times of a clip are its share of a batch.
        on_existing: What to do when this very run exists: `reuse` or `resume` it, or run `again`.
        seed: For whatever draws random numbers.
        chunk_seconds: Clips longer than this are cut at pauses, each stretch is given to the engine by itself, and the
            texts are joined; None gives it whole clips, as long as it takes them.
        executor: Where the work is done: "local" is this machine, "ray" workers with an engine each.
        measure: "single": one clip or batch at a time, with its true time and memory; "throughput": as many engines at
            once as serve the machine, found out by a short probe; None: throughput on a GPU, and on processors where
            the work is longer than 20 s. The texts are the same.
        workers: How many engines at once; None finds it out.
        ray_address: Of a cluster, "auto" for the one that runs on this machine; None starts a Ray here for this run.
        ray_audio: "path": workers on Ray open recordings by the paths that they have here; "send": they are sent.
        pool: Loaded engines; None is this process's own.

    Yields:
        `RunStarted`, an `ItemResult` or `ItemFailure` for every item, `RunFinished`.
    """
    pool = pool or hosted_pool()
    if batch_size < 1:
        raise UsageError(f"A batch of {batch_size} clips is not possible.", hint="Use 1 or more.")
    chunk_seconds = checked_chunk_seconds(chunk_seconds)
    passed = {
        "sets": [sets] if isinstance(sets, str) else list(sets),
        "engine": engine,
        "chain": chain,
        "language": language,
        "context": context,
        "options": dict(options or {}),
        "limit": limit,
        "where": dict(where or {}),
        "batch_size": batch_size,
        "seed": seed,
        "chunk_seconds": chunk_seconds,
    }
    steps, ref = parse_chain(chain), EngineRef.parse(engine)
    plugin(ref.name)
    yield from run_benchmark(
        load_sets(sets, limit=limit, where=where, settings=pool.settings),
        pool=pool,
        engine=ref,
        chain=steps,
        language=language,
        context=context,
        options=dict(options or {}),
        batch_size=batch_size,
        seed=seed,
        chunk_seconds=chunk_seconds,
        on_existing=on_existing,
        passed=passed,
        executor=executor,
        measure=measure,
        workers=workers,
        ray=RayPlace(address=ray_address, audio=ray_audio),
    )


def bench(sets: Sequence[str] | str, *, ruler: str | None = None, **arguments: Any) -> RunSummary:
    """Run a benchmark to its end and score it; arguments and errors as `bench_events`.

    Args:
        sets: Names, folders or manifests.
        ruler: How texts are compared; None is what suits the set's language.
        **arguments: As `bench_events`.
    """
    if ruler is not None:
        find_ruler(ruler)
    started = None
    for event in bench_events(sets, **arguments):
        if isinstance(event, RunStarted):
            started = event
    assert started is not None
    return summary(started.run_id, ruler=ruler, pool=arguments.get("pool"))
