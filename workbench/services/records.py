"""What stored runs say of themselves: held against each other, made again, sealed, verified."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from workbench.engines.pool import EnginePool
from workbench.errors import WorkbenchError
from workbench.evalsets.load import find_set
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.bundle import AudioSize, WrittenBundle, measure_audio, write_bundle
from workbench.runs.records import RunEvent, RunRecord, RunStarted
from workbench.runs.reproduction import Reproduction, ReproductionPlan, judge_reproduction, plan_reproduction
from workbench.runs.rescoring import sealing_rulers
from workbench.runs.run_diff import RunDiff, diff_runs
from workbench.runs.store import StoredRun
from workbench.runs.verification import Verification, verify_bundle
from workbench.services.benchmarks import load_sets
from workbench.services.lists import load_run
from workbench.services.process import default_pool
from workbench.settings import Settings
from workbench.text.rulers import Ruler, default_ruler, find_ruler


def diff_records(
    run_a: str | Path, run_b: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None
) -> RunDiff:
    """What differs between two stored runs: how they were made, by what that can change, and what they heard.

    Args:
        run_a: The first: its id, the beginning of one, or its folder.
        run_b: The second.
        ruler: Under which texts that differ may still be equal; None is what suits the set's language.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
    """
    a, b = (load_run(run, pool=pool) for run in (run_a, run_b))
    return diff_runs(a, b, ruler=_ruler(a, ruler))


def reproduce_events(
    run: str | Path, *, ruler: str | None = None, pool: EnginePool | None = None
) -> Generator[ReproductionPlan | RunEvent | Reproduction, None, None]:
    """Make a stored run again, as a new run that names the first. Closing the generator cancels and keeps what is done.

    A reproduction that did not come to its end goes on; one that did is made once more.

    Args:
        run: Its id, the beginning of one, or its folder.
        ruler: What scores are held against each other under; None is what suits the set's language.
        pool: Loaded engines; None is this process's own.

    Yields:
        The `ReproductionPlan`, what `bench_events` yields, and last the `Reproduction`.

    Raises:
        UnknownName: No such run or ruler.
        RunError: It holds texts of another system, or its recordings are not here.
        EngineError, UsageError: Its engine, model or a step of its chain is not here.
    """
    pool = pool or default_pool()
    first = load_run(run, pool=pool)
    chosen = _ruler(first, ruler)
    plan = plan_reproduction(first, list(_sets_here(first.record, pool.settings)), pool=pool)
    yield plan
    again = ""
    with closing(_run(plan, first.record, pool)) as events:
        for event in events:
            again = event.run_id if isinstance(event, RunStarted) else again
            yield event
    yield judge_reproduction(first, load_run(again, pool=pool), plan.making, ruler=chosen)


def reproduce(run: str | Path, **arguments: Any) -> Reproduction:
    """Make a run again, to its end; arguments and errors as `reproduce_events`."""
    *_, last = reproduce_events(run, **arguments)
    assert isinstance(last, Reproduction)
    return last


def measure_recordings(run: str | Path, *, pool: EnginePool | None = None) -> AudioSize:
    """How many bytes the recordings of a run would add to a bundle.

    Args:
        run: As `export_bundle`.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run.
        RunError: A recording is not where it was.
    """
    return measure_audio(load_run(run, pool=pool))


def export_bundle(
    run: str | Path,
    bundle: Path | str,
    *,
    audio: bool = False,
    licence: str | None = None,
    note: str = "",
    ruler: str | None = None,
    pool: EnginePool | None = None,
) -> WrittenBundle:
    """Seal a stored run into one file that another machine can check and score again.

    In it are spec, environment, texts, measurements, figures under several rulers, and a report; folders, home
    directories and servers of this machine are not.

    Args:
        run: Its id, the beginning of one, or its folder.
        bundle: The zip file to write: the run sealed, with a sha256 of each part.
        audio: Put the recordings into the bundle, too, byte for byte, with whatever names are in their tags.
        licence: Of texts and recordings, for whoever opens the bundle; None is what the set says.
        note: For whoever opens the bundle.
        ruler: A ruler by name, beside that of the set's language.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run or ruler.
        RunError: A recording is not where it was, or is another one now.
        UsageError: The file cannot be written.
    """
    stored = load_run(run, pool=pool)
    if licence is None:
        licence = _licence(stored.record, (pool or default_pool()).settings)
    return write_bundle(
        stored,
        Path(bundle),
        rulers=sealing_rulers(stored.record.spec.set_language, ruler),
        audio=audio,
        licence=licence,
        note=note,
    )


def verify(bundle: Path | str, *, seal: str | None = None) -> Verification:
    """Check every part of a sealed bundle, and score its texts again with this version.

    Args:
        bundle: The zip file.
        seal: What its seal should be, or 8 of its characters and more, as whoever made it says.

    Raises:
        RunError: It is no bundle, was changed, or has another seal.
    """
    return verify_bundle(Path(bundle), seal=seal)


def _ruler(run: StoredRun, name: str | None) -> Ruler:
    return find_ruler(name or default_ruler(run.record.spec.set_language))


def _run(plan: ReproductionPlan, first: RunRecord, pool: EnginePool) -> Generator[RunEvent, None, None]:
    work = plan.work
    return run_benchmark(
        work.eval_set,
        pool=pool,
        engine=work.ref,
        chain=work.chain,
        language=work.language,
        context=work.context,
        options=work.options,
        batch_size=work.batch_size,
        seed=work.seed,
        chunk_seconds=work.chunk_seconds,
        passed=first.passed,
        reproduces=first.run_id,
    )


def _sets_here(record: RunRecord, settings: Settings) -> Iterator[EvalSet]:
    """What the run's sets are here now, narrowed as they were then; nothing where they are not here."""
    names = _named_sets(record)
    where = record.passed.get("where") or {}
    limit = record.passed.get("limit")
    try:
        yield load_sets(names, limit=limit, where=cast("Mapping[str, str]", where), settings=settings)
    except WorkbenchError:
        return


def _named_sets(record: RunRecord) -> Sequence[str]:
    named = record.passed.get("sets")
    return [str(one) for one in cast("list[Any]", named)] if isinstance(named, list | tuple) else [record.spec.eval_set]


def _licence(record: RunRecord, settings: Settings) -> str:
    """What the sets say of themselves; empty where they are not here."""
    found: list[str] = []
    for name in _named_sets(record):
        try:
            found.append(find_set(name, settings).licence)
        except WorkbenchError:
            continue
    return "; ".join(dict.fromkeys(one for one in found if one))
