"""One piece of work that is not done yet, held against what was measured of its like."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from workbench.audio.steps import Chain
from workbench.engines.base import EngineInfo
from workbench.engines.device import machine_facts
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.evalsets.model import EvalSet
from workbench.runs.environment import environment
from workbench.runs.estimate import FACTORS, Amount, Estimate, Sample, Source, fit_time, predict_peak, predict_range
from workbench.runs.probe import LONGEST_SECONDS, gather_speech, probe_engine, sample_of
from workbench.runs.records import ItemResult, RunRecord
from workbench.runs.store import RunStore
from workbench.runs.workload import Workload

FEWEST_SAMPLES = 5
"""Clips of stored runs below which a probe says more."""
_MOST_RUNS = 5
_SAME_MACHINE = ("cpu", "cpus_usable", "gpus", "threads")
_BEYOND = 1.5
_MUCH = 1.5
_MOST_BUSY = 2.5
"""By how much a busy machine widens a range at most: beyond what `scripts/measure_estimate.py` has seen at 6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Work that may be done.

    Attributes:
        ref: The engine as asked for.
        info: What it says of itself, not loaded.
        chain: Preprocessing.
        language: As a benchmark is told.
        options: The engine's own options as asked for.
        batch_size: Clips decoded together.
        amount: How much there is.
        pool: Where the engine comes from.
        chunk_seconds: The longest stretch it is to be given; None as it likes.
    """

    ref: EngineRef
    info: EngineInfo
    chain: Chain
    language: str
    options: Mapping[str, Any]
    batch_size: int
    amount: Amount
    pool: EnginePool
    chunk_seconds: float | None = None

    def find_samples(self) -> list[Sample]:
        """What like work took here, of the newest runs that did it."""
        store = RunStore(self.pool.settings)
        wanted = [record for record in store.list_runs() if self._is_alike(record)][:_MOST_RUNS]
        return [
            sample_of(one.measurement, record.run_id, piece_seconds=self._piece_seconds(record.spec.chunk_seconds))
            for record in wanted
            for one in store.load_run(record.run_id).outcomes
            if isinstance(one, ItemResult) and one.measurement is not None and one.measurement.kind != "concurrent"
        ]

    def make_samples(self, speech: EvalSet) -> list[Sample]:
        """Probe the engine with recordings of a set, in the language of its first.

        Raises:
            UsageError: A language, option or batch size that the engine cannot use.
            RunError: So many clips together do not fit into memory, or there is no recording.
        """
        work = Workload(
            eval_set=speech, ref=self.ref, info=self.pool.get(self.ref).info, chain=self.chain,
            language=self.language, context="", options=self.options, batch_size=self.batch_size, seed=0,
        )  # fmt: skip
        options, _ = work.options_for(speech.items[0])
        return probe_engine(
            self.pool,
            self.ref,
            lambda seconds: gather_speech(speech.items, seconds, sample_rate=self.chain.decode_rate),
            chain=self.chain,
            options=options,
            longest=self.amount.longest,
            piece_seconds=self.info.chunk_seconds,
            batch_size=self.batch_size,
        )

    def conclude(self, samples: list[Sample], source: Source) -> Estimate:
        """The estimate that samples give."""
        fit, longest = fit_time(samples), max(one.seconds for one in samples)
        peaks = {
            name: predict_peak(samples, name, longest=self.amount.longest)
            for name in ("peak_rss_bytes", "peak_gpu_bytes")
        }
        notes = self._notes(samples, source, longest)
        return Estimate(
            engine=str(self.ref),
            model_id=self.info.model_id,
            revision=self.info.revision,
            chain=str(self.chain),
            batch_size=self.batch_size,
            amount=self.amount,
            source=source,
            samples=len(samples),
            groups=len({one.group for one in samples}),
            wall_seconds=fit.seconds_for(self.amount),
            wall_range=predict_range(samples, self.amount, factor=FACTORS[source] * min(max(1.0, _busy()), _MOST_BUSY)),
            cpu_seconds=fit_time(samples, "cpu_seconds").seconds_for(self.amount),
            seconds_a_piece=fit.a,
            seconds_a_second=fit.b,
            load_seconds=self._load_seconds(),
            peak_rss_bytes=peaks["peak_rss_bytes"],
            peak_gpu_bytes=peaks["peak_gpu_bytes"],
            longest_measured=longest,
            free_bytes=self._free_bytes(on_gpu=peaks["peak_gpu_bytes"] is not None),
            notes=notes,
        )

    def _piece_seconds(self, chunk_seconds: float | None) -> float:
        """What a run worked on at once: what it was given, or less where the engine has a window."""
        return min(self.info.chunk_seconds, chunk_seconds or math.inf)

    def _is_alike(self, record: RunRecord) -> bool:
        spec, here = record.spec, environment()
        return (
            not record.bundle
            and (spec.model_id, spec.revision) == (self.info.model_id, self.info.revision)
            and spec.engine.partition(":")[0] == self.ref.name
            and (spec.chain, spec.language, spec.batch_size) == (str(self.chain), self.language, self.batch_size)
            and spec.chunk_seconds in (None, self.chunk_seconds)
            and dict(spec.options) == dataclasses.asdict(self.info.validated(self.options))
            and self.pool.settings.device in ("auto", spec.device, spec.device.partition(":")[0])
            and all(record.environment.get(name) == here.get(name) for name in _SAME_MACHINE)
        )

    def _notes(self, samples: list[Sample], source: Source, longest: float) -> tuple[str, ...]:
        notes: list[str] = []
        if self.amount.longest > max(longest, LONGEST_SECONDS if source == "probe" else 0) * _BEYOND:
            notes.append(
                f"The longest stretch measured lasts {longest:.0f} s; memory for {self.amount.longest:.0f} s is a "
                "line drawn on, and may rise faster."
            )
        if all(one.peak_rss_bytes is None for one in samples):
            notes.append("Memory was not measured.")
        if source == "runs" and len({one.group for one in samples}) == 1:
            notes.append("It rests on one run: how times vary from run to run is not known.")
        if (busy := _busy()) > _MUCH:
            notes.append(
                f"The machine has {busy:.1f} times as much to do as it has processors: times may be far off, "
                "processor time is not."
            )
        return tuple(notes)

    def _load_seconds(self) -> float | None:
        loaded = (state.load_seconds for state in self.pool.states() if state.ref == str(self.ref))
        alike = (record.load_seconds for record in RunStore(self.pool.settings).list_runs() if self._is_alike(record))
        return next(loaded, None) or next(alike, None)

    def _free_bytes(self, *, on_gpu: bool) -> int | None:
        """What could be had, what this process holds already included, as the peaks include it."""
        facts = machine_facts(self.pool.settings)
        if not on_gpu:
            return facts.ram_free_bytes + psutil.Process().memory_info().rss
        return facts.gpus[0].total_bytes if facts.gpus else None


def _busy() -> float:
    """Threads that want to compute, for each processor, over the last minute; this process is among them."""
    return psutil.getloadavg()[0] / (environment()["cpus_usable"] or 1)
