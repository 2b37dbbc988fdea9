"""Sweeps: engines and chains over sets, run, recorded, told."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import AudioError, UnknownName, UsageError
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.runs.engine_options import check_engine_options, options_of
from workbench.runs.executors.choice import Measure
from workbench.runs.executors.ray_place import RayAudio
from workbench.runs.recommendation import NEAREST, Conditions, Recommendation, clips_of
from workbench.runs.recommendation import recommend as find_recommendation
from workbench.runs.records import ItemResult, OnExisting
from workbench.runs.reporting.sheets import sweep_csv
from workbench.runs.reporting.sweep_report import report_sweep
from workbench.runs.store import RunStore
from workbench.runs.sweep import SweepEvent, run_sweep
from workbench.runs.sweep_store import Setting, SweepRecord, SweepStore
from workbench.runs.sweep_table import SweepTable, tabulate
from workbench.services.benchmarks import bench_events, load_sets
from workbench.services.inspection import inspect_recording
from workbench.services.process import DEFAULT_ENGINE, default_pool, hosted_pool
from workbench.services.reporting import REPORT_FORMATS, REPORT_WRITERS
from workbench.text.rulers import default_ruler, find_ruler


def sweep_events(
    sets: Sequence[str] | str,
    *,
    chains: Sequence[str] = ("",),
    engines: Sequence[str] = (DEFAULT_ENGINE,),
    chunk_seconds: float | None = None,
    on_existing: OnExisting = "resume",
    executor: str = "local",
    measure: Measure | None = None,
    workers: int | None = None,
    ray_address: str | None = None,
    ray_audio: RayAudio = "path",
    pool: EnginePool | None = None,
    **arguments: Any,
) -> Generator[SweepEvent, None, SweepRecord]:
    """Benchmark every engine with every chain on every set, one run a cell.

    What was run before with the same recordings, chain, engine, weights and options is not run again. Given the same
    arguments, a sweep goes on where it was stopped.

    Args:
        sets: As `bench_events`, each a cell of its own.
        chains: Ways of preprocessing; "" is none.
        engines: One or more engines; the first with the first chain is the baseline.
        chunk_seconds: As `bench_events`, in every cell.
        on_existing: As `bench_events`, for each cell; `again` begins a new sweep.
        executor: As `bench_events`.
        measure: As `bench_events`; a sweep is gone on with in whichever way.
        workers: As `bench_events`.
        ray_address: As `bench_events`.
        ray_audio: As `bench_events`.
        pool: Loaded engines; None is this process's own.
        **arguments: As `bench_events`; an option `ENGINE/NAME` is told to that engine alone.

    Yields:
        `SweepStarted`; for every cell `CellStarted`, its run's events, and `CellDone` or `CellFailed`.

    Returns:
        The record, from which `sweep_table` makes the answer.

    Raises:
        UnknownName: No such engine, step or set.
        UsageError: Fewer than two settings, one of them twice, or something that cannot be run.
        ManifestError: A set has faults.
    """
    pool = pool or hosted_pool()
    names = [sets] if isinstance(sets, str) else list(dict.fromkeys(sets))
    settings = [Setting(engine, chain) for engine in engines for chain in chains]
    check_settings(settings)
    if (longest := checked_chunk_seconds(chunk_seconds)) is not None:  # None would make another sweep of an earlier one
        arguments["chunk_seconds"] = longest
    options: Mapping[str, Any] = arguments.get("options") or {}
    rest = {name: value for name, value in arguments.items() if name != "options"}
    check_engine_options(engines, options)
    for name in names:
        load_sets(name, limit=arguments.get("limit"), where=arguments.get("where"), settings=pool.settings)
    store = SweepStore(pool.settings)
    record = store.begin(settings, names, arguments, again=on_existing == "again")
    return (
        yield from run_sweep(
            record,
            run=lambda cell: bench_events(
                cell.eval_set,
                engine=cell.setting.engine,
                chain=cell.setting.chain,
                on_existing=on_existing,
                executor=executor,
                measure=measure,
                workers=workers,
                ray_address=ray_address,
                ray_audio=ray_audio,
                pool=pool,
                options=options_of(cell.setting.engine, options),
                **rest,
            ),
            store=store,
        )
    )


def sweep(sets: Sequence[str] | str, *, ruler: str | None = None, **arguments: Any) -> SweepTable:
    """Run a sweep to its end and score it; arguments and errors as `sweep_events`.

    Args:
        sets: As `bench_events`, each a cell of its own.
        ruler: As `sweep_table`.
        **arguments: As `sweep_events`.

    Raises:
        RunError: Fewer than two settings came to their end.
    """
    if ruler is not None:
        find_ruler(ruler)
    events = sweep_events(sets, **arguments)
    while True:
        try:
            next(events)
        except StopIteration as end:
            return sweep_table(end.value.sweep_id, ruler=ruler, pool=arguments.get("pool"))


def sweep_table(sweep_id: str, *, ruler: str | None = None, pool: EnginePool | None = None) -> SweepTable:
    """A sweep scored from its stored runs: settings in order, over all sets and on each.

    Args:
        sweep_id: Its id or the beginning of it.
        ruler: How texts are compared; None is what suits each set's language.
        pool: Whose settings say where sweeps are.

    Raises:
        UnknownName: No such sweep or ruler.
        RunError: Fewer than two settings have all their runs, or a run was deleted.
    """
    settings = (pool or default_pool()).settings
    return tabulate(
        SweepStore(settings).load(sweep_id),
        load=RunStore(settings).load_run,
        ruler=find_ruler(ruler) if ruler else None,
    )


def sweep_report(
    sweep_id: str, *, format: str = "html", ruler: str | None = None, pool: EnginePool | None = None
) -> str:
    """A report of a sweep, as the text of a file.

    Args:
        sweep_id: Its id or the beginning of it.
        format: "html": one file that needs nothing else and runs nothing; "md": Markdown; "csv": a row for each setting
            on each set.
        ruler: As `sweep_table`.
        pool: Whose settings say where sweeps are.

    Raises:
        UnknownName: No such sweep, ruler or format.
        RunError: As `sweep_table`.
    """
    if format not in REPORT_FORMATS:
        raise UnknownName("format of a report", format, REPORT_FORMATS)
    return write_sweep(sweep_table(sweep_id, ruler=ruler, pool=pool), format)


def write_sweep(found: SweepTable, format: str) -> str:
    """A sweep that was scored already, as `sweep_report` writes it."""
    return sweep_csv(found) if format == "csv" else REPORT_WRITERS[format](report_sweep(found))


def list_sweeps(*, pool: EnginePool | None = None) -> list[SweepRecord]:
    """All sweeps, newest first."""
    return SweepStore((pool or default_pool()).settings).list_sweeps()


def delete_sweep(sweep_id: str, *, pool: EnginePool | None = None) -> None:
    """Forget a sweep; its runs stay.

    Args:
        sweep_id: Its id or the beginning of it.
        pool: Whose settings say where sweeps are.

    Raises:
        UnknownName: No such sweep.
    """
    SweepStore((pool or default_pool()).settings).delete(sweep_id)


def recommend(
    path: Path | str,
    *,
    sweep_id: str | None = None,
    nearest: int = NEAREST,
    ruler: str | None = None,
    pool: EnginePool | None = None,
) -> Recommendation:
    """Which setting of a sweep to take for a recording: what won on the clips that sound most like it.

    The recordings of the sweep are listened to, some 40 ms a clip.

    Args:
        path: The recording.
        sweep_id: Which sweep to go by; None is the newest.
        nearest: How many clips to compare on.
        ruler: How texts are compared; None is what suits the sets' language.
        pool: Whose settings say where sweeps are.

    Raises:
        AudioError: The recording cannot be used.
        UnknownName: No such sweep or ruler.
        UsageError: There is no sweep, or fewer than one clip is asked for.
        RunError: The sweep has nothing to compare yet, or its recordings have gone.
    """
    if nearest < 1:
        raise UsageError(f"{nearest} clips are nothing to compare on.", hint="Use 20 or more.")
    conditions = Conditions.of(inspect_recording(path))
    if sweep_id is None:
        sweeps = list_sweeps(pool=pool)
        if not sweeps:
            raise UsageError("There is no sweep to go by.", hint="`workbench sweep SET --chain … --chain …` makes one.")
        sweep_id = sweeps[0].sweep_id
    table = sweep_table(sweep_id, ruler=ruler, pool=pool)
    measured = {one.id: found for one in clips_of(table) if (found := _conditions(one)) is not None}
    return find_recommendation(
        conditions,
        table,
        measured,
        ruler=find_ruler(ruler or default_ruler(table.pooled[0].record.spec.set_language)),
        nearest=nearest,
        unreadable=len(clips_of(table)) - len(measured),
    )


def _conditions(clip: ItemResult) -> Conditions | None:
    try:
        return Conditions.of(inspect_recording(clip.audio), clip.tags)
    except AudioError:
        return None


def check_settings(settings: Sequence[Setting]) -> None:
    """Say what cannot be swept before anything is run.

    Raises:
        UnknownName: No such engine or step.
        UsageError: Fewer than two settings, or one of them twice.
    """
    if len(settings) < 2:
        raise UsageError("A sweep needs at least two settings.", hint="Give --chain or --engine more than once.")
    seen: dict[tuple[str, str], Setting] = {}
    for one in settings:
        plugin(EngineRef.parse(one.engine).name)
        key = (one.engine, str(parse_chain(one.chain)))
        if key in seen:
            raise UsageError(f"{one.label} is there twice.", hint="Name each setting once.")
        seen[key] = one
