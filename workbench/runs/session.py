"""One stretch of work on a run: from its start, or from where it was left, to its end or to where it is stopped."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines.base import DecodeOptions
from workbench.engines.memory import ran_out_of_memory, release_memory
from workbench.engines.pool import EnginePool
from workbench.errors import EngineUnavailable, ModelDiffers, ModelMissing, WorkbenchError
from workbench.evalsets.model import EvalItem
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import transcribe_clips
from workbench.pipeline.transcript import Transcript
from workbench.runs.journal import Entry, Journal, latest
from workbench.runs.outcomes import failure_of, failures_among, result_of
from workbench.runs.records import (
    ItemFailure,
    ItemOutcome,
    ItemResult,
    RunEvent,
    RunFinished,
    RunRecord,
    RunStarted,
    Status,
)
from workbench.runs.stopwatch import Stopwatch
from workbench.runs.store import RunStore
from workbench.runs.workload import Workload

WARM_UP_SECONDS = 30.0
"""How much of a clip is used to warm up, at most: one window of Whisper, so that every shape has been seen."""
WARM_UP_TRIES = 8
"""How many items are looked at for one that can be read."""

_Pair = tuple[EvalItem, AudioClip]


class Session:
    """Transcribes what is not done yet.

    Args:
        work: The set and how to transcribe it.
        pool: Where the engine comes from.
        store: Where the record is.
        record: Of this run.
        journal: Its outcomes, open for writing.
    """

    def __init__(
        self, *, work: Workload, pool: EnginePool, store: RunStore, record: RunRecord, journal: Journal
    ) -> None:
        self._work, self._pool, self._store, self._journal = work, pool, store, journal
        self._record = replace(record, status="started", finished=None, wall_seconds=None, error="")
        self._meter = Meter(work.info.device, work.info.runtime)
        self._watch = Stopwatch(journal.entries[-1].wall_seconds if journal.entries else 0.0)
        # What failed before is tried again: a failure may have had its cause outside of the item.
        self._outcomes: list[ItemOutcome] = [one for one in latest(journal.entries) if isinstance(one, ItemResult)]
        self._together = work.batch_size

    def events(self) -> Generator[RunEvent, None, None]:
        """What was done before, what is done now, and the end. However it ends, the record says so."""
        self._store.save_record(self._record)
        status: Status = "error"
        error = ""
        try:
            done = list(self._outcomes)
            yield RunStarted(run_id=self._record.run_id, total=len(self._work.eval_set.items), done=len(done))
            yield from done
            yield from self._transcribe_rest()
            status, error = self._conclusion()
        except (GeneratorExit, KeyboardInterrupt):
            status = "cancelled"
            raise
        except (EngineUnavailable, ModelMissing, ModelDiffers) as gone:  # unloaded meanwhile, and not to be had again
            error = gone.sentence
        except Exception as fault:
            error = fault.sentence if isinstance(fault, WorkbenchError) else f"{type(fault).__name__}: {fault}"
            raise
        finally:
            self._end(status, error)
        yield finished(self._record, self._outcomes)

    def _transcribe_rest(self) -> Iterator[ItemOutcome]:
        done = {outcome.id for outcome in self._outcomes}
        rest = [item for item in self._work.eval_set.items if item.id not in done]
        self._warm_up(rest)
        for first in range(0, len(rest), self._work.batch_size):
            for outcome in self._transcribe_batch(rest[first : first + self._work.batch_size]):
                self._journal.append(Entry(outcome=outcome, wall_seconds=self._watch.seconds))
                self._outcomes.append(outcome)
                yield outcome

    def _warm_up(self, items: Sequence[EvalItem]) -> None:
        """Transcribe the first batch and throw it away: first calls compile, allocate and fill caches."""
        read = ((item, self._read(item)) for item in items[: max(WARM_UP_TRIES, self._work.batch_size)])
        readable = ((item, clip) for item, clip in read if isinstance(clip, AudioClip))
        pairs = list(islice(readable, self._work.batch_size))
        if not pairs:
            return
        options, _ = self._work.options_for(pairs[0][0])
        clips = [clip.cut(0.0, min(clip.duration, WARM_UP_SECONDS)) for _, clip in pairs]
        while True:
            try:
                self._call_engine(clips, options, Stopwatch())
            except Exception as error:  # what fails here fails again where it counts
                halve = len(clips) > 1 and ran_out_of_memory(error)
            else:
                return
            if not halve:
                return
            self._halve(len(clips), pairs[0][0])
            clips = clips[: self._together]

    def _transcribe_batch(self, items: Sequence[EvalItem]) -> list[ItemOutcome]:
        """An outcome for each item, in order. Items of one language go to the engine together."""
        outcomes: dict[str, ItemOutcome] = {}
        groups: dict[str | None, list[_Pair]] = {}
        for item in items:
            clip = self._read(item)
            if isinstance(clip, ItemFailure):
                outcomes[item.id] = clip
            else:
                groups.setdefault(self._work.options_for(item)[0].language, []).append((item, clip))
        for group in groups.values():
            outcomes.update((outcome.id, outcome) for outcome in self._transcribe_group(group))
        return [outcomes[item.id] for item in items]

    def _transcribe_group(self, group: Sequence[_Pair]) -> list[ItemOutcome]:
        """Clips of one language, as many together as memory has borne so far."""
        outcomes: list[ItemOutcome] = []
        while len(outcomes) < len(group):
            part = group[len(outcomes) : len(outcomes) + self._together]
            done = self._transcribe_together(part)
            if done is None:  # outside of the `except`, whose error held what was computed
                self._halve(len(part), part[0][0])
            else:
                outcomes += done
        return outcomes

    def _transcribe_together(self, group: Sequence[_Pair]) -> list[ItemOutcome] | None:
        """Outcomes in order; None where memory ran out with several clips, and fewer may fit."""
        options, _ = self._work.options_for(group[0][0])
        try:
            transcripts = self._call_engine([clip for _, clip in group], options, self._watch)
        except (EngineUnavailable, ModelMissing, ModelDiffers):
            raise
        except Exception as error:
            if len(group) == 1:
                return [failure_of(group[0][0], error)]
            if ran_out_of_memory(error):
                return None
            # One clip may have spoilt the batch; alone, only that one fails.
            return [outcome for pair in group for outcome in self._transcribe_together([pair]) or ()]
        return [
            result_of(item, transcript, self._warnings_for(item))
            for (item, _), transcript in zip(group, transcripts, strict=True)
        ]

    def _warnings_for(self, item: EvalItem) -> tuple[str, ...]:
        warnings = self._work.options_for(item)[1]
        if self._together == self._work.batch_size:
            return warnings
        return (*warnings, f"Memory ran out: decoded {self._together} at a time, not {self._work.batch_size}.")

    def _halve(self, clips: int, first: EvalItem) -> None:
        """From here on half as many clips together; the record says so at once, whatever becomes of the run."""
        release_memory()
        self._together = clips // 2
        note = f"Memory ran out with {clips} clips together, at {first.id}: from there on {self._together} at a time."
        self._record = replace(self._record, notes=(*self._record.notes, note))
        self._store.save_record(self._record)

    def _read(self, item: EvalItem) -> AudioClip | ItemFailure:
        try:
            return read_clip(item.audio, sample_rate=self._work.chain.decode_rate)
        except Exception as error:
            return failure_of(item, error)

    def _call_engine(self, clips: Sequence[AudioClip], options: DecodeOptions, watch: Stopwatch) -> list[Transcript]:
        # Waiting for the device, or for weights that were unloaded meanwhile, is not this run's time.
        with self._pool.use(self._work.ref) as engine, watch.running():
            return transcribe_clips(
                engine,
                clips,
                chain=self._work.chain,
                options=options,
                max_seconds=self._work.info.max_seconds,
                meter=self._meter,
            )

    def _conclusion(self) -> tuple[Status, str]:
        failures = [outcome for outcome in self._outcomes if isinstance(outcome, ItemFailure)]
        if self._outcomes and len(failures) == len(self._outcomes):
            return "error", f"Every item failed, the first with: {failures[0].message}"
        return "success", ""

    def _end(self, status: Status, error: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._record = replace(self._record, status=status, error=error, finished=now, wall_seconds=self._watch.seconds)
        self._store.save_record(self._record)


def finished(record: RunRecord, outcomes: Sequence[ItemOutcome]) -> RunFinished:
    """The last event of a run."""
    failed = failures_among(outcomes)
    return RunFinished(
        run_id=record.run_id,
        status=record.status,
        transcribed=len(outcomes) - failed,
        failed=failed,
        wall_seconds=record.wall_seconds or 0.0,
    )
