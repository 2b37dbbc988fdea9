"""The verbs. Every door says these and nothing else: Python, the command line, HTTP and the page.

A verb that takes long comes twice: `…_events` is a generator of typed events that is cancelled by closing it; the plain
name drains it and returns the result.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.catalogue import EngineRow, engine_rows
from workbench.engines.device import MachineFacts, machine_facts
from workbench.engines.fetch import fetch_model as _fetch
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError
from workbench.evalsets.load import SetInfo, find_set, join_sets
from workbench.evalsets.load import list_sets as _list_sets
from workbench.evalsets.load import where as _where
from workbench.evalsets.model import EvalSet
from workbench.pipeline.transcribe import TranscribeEvent, transcribe_clip
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.variants import Variant, VariantDone, transcribe_variants
from workbench.runs.benchmark import run_benchmark
from workbench.runs.causes import Causes, find_causes
from workbench.runs.compare import Comparison, compare_runs
from workbench.runs.records import OnExisting, RunEvent, RunRecord, RunStarted
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.summary import RunSummary, summarise
from workbench.runs.sweep import Cell, SweepCell, ranked, sweep_cells
from workbench.runs.texts import TextScore, score_files
from workbench.scoring.score import Edit, align
from workbench.settings import Settings
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import Unit

DEFAULT_ENGINE = "builtin"


@cache
def default_pool() -> EnginePool:
    """The engines of this process, with settings from the environment."""
    return EnginePool(Settings.from_env())


# Transcribe ----------------------------------------------------------------------------------------------------------


def transcribe_events(
    path: Path | str,
    *,
    engine: str = DEFAULT_ENGINE,
    language: str | None = None,
    chain: str = "",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    chunk_seconds: float | None = None,
    max_seconds: float | None = None,
    pool: EnginePool | None = None,
) -> Generator[TranscribeEvent, None, None]:
    """Transcribe one recording of any length, stretch by stretch.

    Args:
        path: An audio file, or a video with sound.
        engine: `name` or `name:model`.
        language: A code or an English name; None or "auto" lets the engine decide.
        chain: Preprocessing, as `highpass+gain:peak_db=-6`; empty for none.
        context: Names and terms to expect.
        options: The engine's own options.
        chunk_seconds: The longest stretch given to the engine at once; None is what the engine says serves it best.
        max_seconds: Refuse recordings longer than this; None for no limit.
        pool: Loaded engines; None is this process's own.

    Yields:
        `ChunkDone` for every stretch, then the `Transcript`.

    Raises:
        AudioError: The recording cannot be used.
        UsageError: An argument cannot be used.
        EngineError: The engine cannot run here, or failed.
    """
    pool = pool or default_pool()
    steps = parse_chain(chain)
    if chunk_seconds is not None and chunk_seconds < 1:
        raise UsageError(f"Chunks of {chunk_seconds:g} s are too short.", hint="Use at least 1 s.")
    plugin(EngineRef.parse(engine).name)  # an unknown engine is said before an hour of audio is decoded
    clip = read_clip(Path(path), sample_rate=steps.decode_rate, max_seconds=max_seconds)
    yield from transcribe_clip(
        pool,
        EngineRef.parse(engine),
        clip,
        chain=steps,
        options=DecodeOptions(language=language, context=context, extra=dict(options or {})),
        chunk_seconds=chunk_seconds,
    )


def transcribe(path: Path | str, **arguments: Any) -> Transcript:
    """Transcribe one recording and return the transcript; arguments and errors as `transcribe_events`."""
    *_, last = transcribe_events(path, **arguments)
    assert isinstance(last, Transcript)
    return last


# Benchmark -----------------------------------------------------------------------------------------------------------


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
        batch_size: Clips decoded together; above 1 the times of a clip are its share of a batch.
        on_existing: What to do when this very run exists: `reuse` or `resume` it, or run `again`.
        seed: For whatever draws random numbers.
        pool: Loaded engines; None is this process's own.

    Yields:
        `RunStarted`, an `ItemResult` or `ItemFailure` for every item, `RunFinished`.
    """
    pool = pool or default_pool()
    if batch_size < 1:
        raise UsageError(f"A batch of {batch_size} clips is not possible.", hint="Use 1 or more.")
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
        on_existing=on_existing,
        passed=passed,
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


def summary(run: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None) -> RunSummary:
    """A stored run, scored under a ruler.

    Args:
        run: Its id, the beginning of one, or its folder.
        ruler: How texts are compared; None is what suits the set's language.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
    """
    stored = load_run(run, pool=pool)
    return summarise(stored, ruler=find_ruler(ruler or default_ruler(stored.record.spec.set_language)))


# Score and compare ---------------------------------------------------------------------------------------------------


def score(
    run: str | Path | None = None,
    *,
    ref: Path | str | None = None,
    hyp: Path | str | None = None,
    ruler: str | None = None,
    pool: EnginePool | None = None,
) -> RunSummary | TextScore:
    """Score a stored run, or one file of texts against another; see `summary` and `runs.texts.score_files`."""
    if run is not None and ref is None and hyp is None:
        return summary(run, ruler=ruler, pool=pool)
    if run is None and ref is not None and hyp is not None:
        return score_files(Path(ref), Path(hyp), ruler=find_ruler(ruler or "basic"))
    raise UsageError("Score needs either a run, or both --ref and --hyp.", hint="`workbench runs` lists the runs.")


def causes(run: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None) -> Causes:
    """Where a stored run's errors come from: orthography step by step, and kinds of errors; as `summary`."""
    stored = load_run(run, pool=pool)
    return find_causes(stored, ruler=find_ruler(ruler or default_ruler(stored.record.spec.set_language)))


def diff(reference: str, hypothesis: str, *, ruler: str = "raw", unit: Unit = "mixed") -> list[Edit]:
    """Two texts aligned unit by unit under a ruler."""
    chosen = find_ruler(ruler)
    return align(chosen.apply(reference), chosen.apply(hypothesis), unit)


def compare(
    run_a: str | Path, run_b: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None
) -> Comparison:
    """Two stored runs rescored under one ruler and paired item by item; deltas are B − A.

    Raises:
        UnknownName: No such run or ruler.
        RunError: They have no item in common.
    """
    a, b = load_run(run_a, pool=pool), load_run(run_b, pool=pool)
    return compare_runs(a, b, ruler=find_ruler(ruler or default_ruler(a.record.spec.set_language)))


def compare_recording_events(
    path: Path | str,
    variants: Sequence[Variant],
    *,
    language: str | None = None,
    context: str = "",
    pool: EnginePool | None = None,
) -> Generator[VariantDone, None, None]:
    """Transcribe one recording several ways; see `pipeline.variants.transcribe_variants`."""
    yield from transcribe_variants(
        Path(path), variants, options=DecodeOptions(language=language, context=context), pool=pool or default_pool()
    )


def sweep_events(
    sets: Sequence[str] | str,
    *,
    chains: Sequence[str],
    engines: Sequence[str] = (DEFAULT_ENGINE,),
    ruler: str | None = None,
    pool: EnginePool | None = None,
    **arguments: Any,
) -> Generator[RunEvent | SweepCell, None, None]:
    """Benchmark every engine with every chain on the same items, one run a cell.

    Args:
        sets: As `bench_events`.
        chains: Ways of preprocessing; "" is none. The first cell is the baseline.
        engines: One or more engines.
        ruler: How texts are compared; None is what suits the set's language.
        pool: Loaded engines; None is this process's own.
        **arguments: As `bench_events`.

    Yields:
        Each cell's run events, then its `SweepCell`.

    Raises:
        UsageError: Fewer than two cells.
    """
    pool = pool or default_pool()
    yield from sweep_cells(
        [Cell(engine, chain) for engine in engines for chain in chains],
        run=lambda cell: bench_events(sets, engine=cell.engine, chain=cell.chain, pool=pool, **arguments),
        store=RunStore(pool.settings),
        ruler=find_ruler(ruler) if ruler else None,
    )


def sweep(sets: Sequence[str] | str, **arguments: Any) -> list[SweepCell]:
    """Run a sweep to its end and rank its cells, the lowest headline rate first; arguments as `sweep_events`."""
    return ranked([event for event in sweep_events(sets, **arguments) if isinstance(event, SweepCell)])


# Lists ---------------------------------------------------------------------------------------------------------------


def list_engines(*, pool: EnginePool | None = None) -> list[EngineRow]:
    """Every installed engine, and whether it can run here; none is loaded."""
    return engine_rows((pool or default_pool()).settings)


def list_sets(*, pool: EnginePool | None = None) -> list[SetInfo]:
    """The shipped and the private eval sets."""
    return _list_sets((pool or default_pool()).settings)


def list_runs(*, pool: EnginePool | None = None) -> list[RunRecord]:
    """Every stored run, the newest first."""
    return RunStore((pool or default_pool()).settings).list_runs()


def load_run(run: str | Path, *, pool: EnginePool | None = None) -> StoredRun:
    """A stored run by id, by the beginning of one, or by folder.

    Raises:
        UnknownName: No such run.
        RunError: It cannot be read.
    """
    return RunStore((pool or default_pool()).settings).load_run(run)


def delete_run(run: str, *, pool: EnginePool | None = None) -> None:
    """Delete a stored run.

    Raises:
        UnknownName: No such run.
        RunError: It is being written.
    """
    RunStore((pool or default_pool()).settings).delete_run(run)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReport:
    """What this machine has, held against what the engines need."""

    facts: MachineFacts
    engines: tuple[EngineRow, ...]


def check_machine(*, pool: EnginePool | None = None) -> MachineReport:
    """Hold driver, free memory and disk against what each engine needs."""
    pool = pool or default_pool()
    return MachineReport(facts=machine_facts(pool.settings), engines=tuple(list_engines(pool=pool)))


def fetch_model(name: str, *, pool: EnginePool | None = None) -> Path:
    """Download a model into HOME/models: the only verb that goes out.

    Args:
        name: `engine:model`, as `qwen3-asr:0.6B`.
        pool: Whose settings say where models are.
    """
    return _fetch(name, (pool or default_pool()).settings)
