"""Error along an axis: SNR, beam, chunk length, a parameter of a step."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import EngineError, RunError, UsageError
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.runs.curve_axis import CHUNK_SECONDS
from workbench.runs.curve_cells import CurveCell, plan_cells
from workbench.runs.curves import SNR, Curves, find_curves
from workbench.runs.engine_options import check_engine_options
from workbench.runs.records import RunEvent, RunFinished, RunStarted
from workbench.services.benchmarks import bench_events, load_sets
from workbench.services.labels import load_labelled
from workbench.services.process import DEFAULT_ENGINE, default_pool
from workbench.text.rulers import default_ruler, find_ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveCellStarted:
    """A run that curves need is taken up; its events follow.

    Attributes:
        cell: Which one.
        label: For people.
        index: Its number, from 0.
        total: How many there are.
    """

    cell: CurveCell
    label: str
    index: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveCellFailed:
    """A run that came to nothing; the others go on.

    Attributes:
        label: Which one.
        message: Why, with what to do.
    """

    label: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvesMeasured:
    """Every run is there.

    Attributes:
        run_ids: As `curve` takes them.
    """

    run_ids: tuple[str, ...]


CurveEvent = CurveCellStarted | CurveCellFailed | CurvesMeasured | RunEvent


def curve(
    runs: Sequence[str | Path],
    *,
    axis: str = SNR,
    by: Sequence[str] = ("noise", "room", "codec"),
    ruler: str | None = None,
    corrected: bool = False,
    pool: EnginePool | None = None,
) -> Curves:
    """Error along an axis, with bands; where it is twice that of the clean clips of derived sets; and the area below.

    Every other curve is held against the first: the difference of the areas, with interval and verdict.

    Args:
        runs: Ids of runs: over derived sets, or several over one set with another option each.
        axis: A tag of the clips such as snr_db, an option of the engine, chunk_seconds (the longest stretch that it is
            given at once), or STEP.PARAMETER of the chain.
        by: Tags that make curves of their own.
        ruler: How texts are compared; None is what suits the first run's language.
        corrected: Score under the corrections of the sets' labels.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        UsageError: Nothing has such a number.
    """
    if isinstance(by, str):
        raise UsageError("The tags of curves are a list.", hint='Write ["noise"].')
    stored = [load_labelled(run, corrected=corrected, pool=pool) for run in runs]
    language = stored[0].record.spec.set_language if stored else ""
    return find_curves(stored, ruler=find_ruler(ruler or default_ruler(language)), axis=axis, by=by)


def curve_events(
    sets: Sequence[str] | str,
    *,
    axis: str = SNR,
    values: Sequence[float] = (),
    engines: Sequence[str] = (DEFAULT_ENGINE,),
    chains: Sequence[str] = ("",),
    options: Mapping[str, Any] | None = None,
    pool: EnginePool | None = None,
    **arguments: Any,
) -> Generator[CurveEvent, None, None]:
    """Benchmark what curves need, one run for each engine, chain, place and set; what was run before is not run again.

    Args:
        sets: As `bench_events`, each with runs of its own; of an SNR, derived ones.
        axis: As `curve`.
        values: Where along an option of the engine, the chunk length or a parameter of the chain; none where tags of
            the clips say it.
        engines: One or more; the first with the first chain is what the others are held against.
        chains: Ways of preprocessing; "" is none. A chain that lacks the step of the axis gets it at its end.
        options: The engines' own; `ENGINE/NAME` is told to that engine alone.
        pool: Loaded engines; None is this process's own.
        **arguments: As `bench_events`.

    Yields:
        For every run `CurveCellStarted`, its events, perhaps `CurveCellFailed`; last `CurvesMeasured`.

    Raises:
        UnknownName: No such engine, step or set.
        UsageError: Something that cannot be run, or fewer than two places.
        ManifestError: A set has faults.
        RunError: Not one run came to its end.
    """
    pool = pool or default_pool()
    names, told = [sets] if isinstance(sets, str) else list(sets), dict(options or {})
    cells = plan_cells(names, axis=axis, values=values, engines=engines, chains=chains, options=told)
    _check(cells, axis, told, pool, arguments)
    run_ids: list[str] = []
    failed = ""
    for index, cell in enumerate(cells):
        label = cell.label(axis)
        yield CurveCellStarted(cell=cell, label=label, index=index, total=len(cells))
        try:
            run_ids.append((yield from _run(cell, pool, arguments)))
        except (EngineError, RunError) as error:
            failed = failed or error.sentence
            yield CurveCellFailed(label=label, message=error.sentence)
    if not run_ids:
        raise RunError(f"Not one run came to its end: {failed}", hint="Choose another engine or set.")
    yield CurvesMeasured(run_ids=tuple(dict.fromkeys(run_ids)))


def _check(
    cells: Sequence[CurveCell], axis: str, options: Mapping[str, Any], pool: EnginePool, arguments: Mapping[str, Any]
) -> None:
    """Say what cannot be before anything is run."""
    if checked_chunk_seconds(arguments.get(CHUNK_SECONDS)) is not None and axis == CHUNK_SECONDS:
        raise UsageError("The chunk length is the axis, and given besides.", hint="Leave it out: the values say it.")
    engines = list(dict.fromkeys(one.engine for one in cells))
    check_engine_options(engines, options)
    for engine in engines:
        ref = EngineRef.parse(engine)
        info = plugin(ref.name).info(ref.model, pool.settings)
        for cell in cells:
            if cell.engine == engine:
                info.validated(cell.options)
    if not cells:
        load_sets([], settings=pool.settings)
    for name in dict.fromkeys(one.eval_set for one in cells):
        found = load_sets(name, limit=arguments.get("limit"), where=arguments.get("where"), settings=pool.settings)
        if cells[0].at is None and not any(axis in item.tags for item in found.items):
            raise UsageError(
                f"No clip of {found.name} is tagged with {axis}.",
                hint="Derive a noisy set of it first: `workbench sets derive SET --noise white --snr 20,10,5,0`."
                if axis == SNR
                else "Give the values of an option of the engine, of chunk_seconds, or of STEP.PARAMETER.",
            )


def _run(cell: CurveCell, pool: EnginePool, arguments: Mapping[str, Any]) -> Generator[RunEvent, None, str]:
    run_id = ""
    asked: dict[str, Any] = {"engine": cell.engine, "chain": cell.chain, "options": cell.options, **arguments}
    if cell.chunk_seconds is not None:
        asked[CHUNK_SECONDS] = cell.chunk_seconds
    with closing(bench_events(cell.eval_set, pool=pool, **asked)) as events:
        for event in events:
            run_id = event.run_id if isinstance(event, RunStarted) else run_id
            yield event
            if isinstance(event, RunFinished) and event.status == "error":
                raise RunError(f"The run {run_id} broke off.", hint=f"`workbench runs show {run_id}` says why.")
    return run_id
