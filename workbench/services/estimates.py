"""What work will cost before it is begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from workbench.audio.io import probe as read_header
from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import AudioError, RunError, UsageError, WorkbenchError
from workbench.evalsets.load import find_set, list_sets
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.runs.estimate import Amount, Estimate, amount_of
from workbench.runs.forecast import FEWEST_SAMPLES, Forecast
from workbench.services.benchmarks import load_sets
from workbench.services.process import DEFAULT_ENGINE, hosted_pool
from workbench.settings import Settings

_SPOKEN = "english-demo"
"""The shipped set that engines are probed with where no other is named."""


def estimate(
    engine: str = DEFAULT_ENGINE,
    *,
    seconds: float | None = None,
    sets: Sequence[str] | str | None = None,
    chain: str = "",
    language: str = "set",
    options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    where: Mapping[str, str] | None = None,
    chunk_seconds: float | None = None,
    batch_size: int = 1,
    probe: bool | None = None,
    pool: EnginePool | None = None,
) -> Estimate:
    """How long work will take here and how much memory, from stored runs that did the like, else from a probe.

    Stored runs count that were made on this machine with the same engine, weights, options, chain, language and batch
    size. A probe loads the engine and has it transcribe speech of two lengths, after a warm-up.

    Args:
        engine: `name` or `name:model`.
        seconds: Length of a recording.
        sets: Names, folders or manifests, instead of seconds.
        chain: Preprocessing; empty for none.
        language: "set" tells the engine each item's own language, "auto" lets it decide, a code is told for all.
        options: The engine's own options.
        limit: Of sets, only the first so many items.
        where: Of sets, only items whose tags have these values.
        chunk_seconds: The longest stretch the engine is given; None is what serves the engine best, and of sets whole
            clips.
        batch_size: Clips decoded together.
        probe: Whether to probe the engine: None where no stored run will do; False never loads it.
        pool: Loaded engines; None is this process's own.

    Raises:
        UsageError: Neither seconds nor sets, or both; something the engine cannot use; nothing is known and no probe
            may be made.
        UnknownName: No such engine, set or step.
        EngineError: It has to be probed, and cannot run here.
        RunError: So many clips together do not fit into memory.
    """
    pool = pool or hosted_pool()
    if (seconds is None) == (not sets) or (seconds is not None and not 0 < seconds < inf):
        raise UsageError("An estimate is of some seconds of sound, or of sets.", hint="Say --seconds, or --set.")
    chunk_seconds = checked_chunk_seconds(chunk_seconds)
    ref, steps = EngineRef.parse(engine), parse_chain(chain)
    info = plugin(ref.name).info(ref.model, pool.settings)
    limits = [info.chunk_seconds, chunk_seconds or inf, info.max_seconds or inf]
    eval_set = load_sets(sets, limit=limit, where=where, settings=pool.settings) if sets else None
    amount = (
        amount_of([seconds or 0.0], piece_seconds=min(limits), most_seconds=min(chunk_seconds or limits[0], limits[2]))
        if eval_set is None
        else _amount_of_set(eval_set, piece_seconds=min(limits), most_seconds=min(limits[1:]))
    )
    work = Forecast(
        ref=ref, info=info, chain=steps, language=language, options=dict(options or {}), batch_size=batch_size,
        amount=amount, pool=pool, chunk_seconds=chunk_seconds,
    )  # fmt: skip
    return _conclude(work, eval_set, probe, pool.settings)


def _conclude(work: Forecast, eval_set: EvalSet | None, probe: bool | None, settings: Settings) -> Estimate:
    found = [] if probe else work.find_samples()
    if len(found) >= FEWEST_SAMPLES:
        return work.conclude(found, "runs")
    if probe is False:
        raise UsageError(
            f"Nothing like it was measured here with {work.ref}.", hint="Let it be probed, or run a benchmark first."
        )
    return work.conclude(work.make_samples(eval_set or _speech(settings)), "probe")


def _amount_of_set(eval_set: EvalSet, *, piece_seconds: float, most_seconds: float) -> Amount:
    durations = [duration for item in eval_set.items if (duration := _duration(item)) is not None]
    if not durations:
        raise RunError(f"Not one recording of {eval_set.name} can be read.", hint="`workbench sets NAME` says why.")
    return amount_of(durations, piece_seconds=piece_seconds, most_seconds=most_seconds)


def _duration(item: EvalItem) -> float | None:
    """As labelled, else as the file says; None where it cannot be read: a benchmark will say why."""
    if item.duration is not None:
        return item.duration
    try:
        return read_header(item.audio).duration
    except AudioError:
        return None


def _speech(settings: Settings) -> EvalSet:
    """A set to probe with: the shipped one, else any that can be read.

    Raises:
        RunError: There is none.
    """
    names = [one.name for one in list_sets(settings) if one.items]
    for name in sorted(names, key=lambda name: name != _SPOKEN):
        try:
            return find_set(name, settings)
        except WorkbenchError:
            continue
    raise RunError("There is no recording to probe the engine with.", hint="Name a set with --set.")
