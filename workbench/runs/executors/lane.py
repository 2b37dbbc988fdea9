"""One engine at its work: warmed up, given batches, its failures turned into outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import chain

from workbench.audio.clip import AudioClip
from workbench.audio.vad import warm_up as load_voice_activity
from workbench.engines.base import DecodeOptions, Engine
from workbench.engines.memory import ran_out_of_memory, release_memory
from workbench.engines.notes import take_notes
from workbench.errors import EngineDied, EngineUnavailable, ModelDiffers, ModelMissing
from workbench.evalsets.model import EvalItem
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import transcribe_clips
from workbench.pipeline.transcript import Transcript
from workbench.runs.executors.base import BatchDone
from workbench.runs.executors.budget import MemoryBudget
from workbench.runs.executors.course import Course, Stopped
from workbench.runs.executors.reading import ReadBatch
from workbench.runs.outcomes import failure_of, result_of
from workbench.runs.records import ItemOutcome
from workbench.runs.stopwatch import Stopwatch
from workbench.runs.workload import Workload

WARM_UP_SECONDS = 30.0
"""How much of a clip is used to warm up, at most: one window of Whisper, so that every shape has been seen."""
WARM_UP_TRIES = 8
"""How many batches are looked at for one that can be read."""

GONE = (EngineUnavailable, ModelMissing, ModelDiffers)
"""What ends a run: there is no engine to go on with."""

_Pair = tuple[EvalItem, AudioClip]


class Lane:
    """Takes batches to one engine, from one thread at a time.

    Args:
        work: How items are to be transcribed.
        use: The engine for oneself, as a context; what it waits for is not this run's time.
        course: Shared with other lanes.
    """

    def __init__(self, work: Workload, use: Callable[[], AbstractContextManager[Engine]], course: Course) -> None:
        self._work, self._use, self._course = work, use, course
        self._meter = Meter(work.info.device, work.info.runtime)
        self._budget = MemoryBudget(work.info.device, course.workers) if work.batch_size > 1 else None

    def warm_up(self, read: ReadBatch) -> None:
        """Transcribe a batch and throw it away: first calls compile, allocate and fill caches."""
        pairs = _readable(read)[: self._work.batch_size]
        if not pairs:
            return
        if self._work.chunk_seconds is not None:
            load_voice_activity()  # else the first clip that is cut pays for it
        options, _ = self._work.options_for(pairs[0][0])
        clips = [clip.cut(0.0, min(clip.duration, WARM_UP_SECONDS)) for _, clip in pairs]
        while True:
            try:
                self._call_engine(clips, options, Stopwatch())
            except Exception as error:  # what fails here fails again where it counts
                halve = len(clips) > 1 and ran_out_of_memory(error)
            else:
                break
            if not halve:
                return
            self._halve(len(clips), pairs[0][0])
            clips = clips[: self._course.together]
        with self._use() as engine:
            take_notes(engine)  # of the warm-up, which does not count

    def transcribe(self, read: ReadBatch) -> BatchDone:
        """An outcome for each item. Items of one language go to the engine together.

        Raises:
            EngineUnavailable, ModelMissing, ModelDiffers: The engine was unloaded, and is not to be had again.
        """
        outcomes: dict[str, ItemOutcome] = {one.id: one for one in read.readings if not isinstance(one, AudioClip)}
        groups: dict[str | None, list[_Pair]] = {}
        for item, clip in _readable(read):
            groups.setdefault(self._work.options_for(item)[0].language, []).append((item, clip))
        for group in groups.values():
            outcomes.update((outcome.id, outcome) for outcome in self._transcribe_group(group))
        return BatchDone(
            batch=read.batch,
            outcomes=tuple(outcomes[item.id] for item in read.batch.items),
            worked_seconds=self._course.watch.seconds,
            notes=self._course.take_notes(),
        )

    def _transcribe_group(self, group: Sequence[_Pair]) -> list[ItemOutcome]:
        """Clips of one language, as many together as memory has borne so far."""
        outcomes: list[ItemOutcome] = []
        while len(outcomes) < len(group):
            part = self._fitting(group[len(outcomes) : len(outcomes) + self._course.together])
            done = self._transcribe_together(part)
            if done is None:  # outside of the `except`, whose error held what was computed
                self._halve(len(part), part[0][0])
            else:
                outcomes += done
        return outcomes

    def _fitting(self, group: Sequence[_Pair]) -> Sequence[_Pair]:
        """The first clips of a group, as many as memory is predicted to hold together."""
        if self._budget is None:
            return group
        most = self._budget.most(self._lengths([clip for _, clip in group]))
        if most < len(group):
            self._course.note_prediction(most, len(group), group[0][0].id)
        return group[:most]

    def _lengths(self, clips: Sequence[AudioClip]) -> list[float]:
        """Seconds of each that are decoded at once."""
        return [min(clip.duration, self._work.longest_seconds or clip.duration) for clip in clips]

    def _transcribe_together(self, group: Sequence[_Pair], *, died: bool = False) -> list[ItemOutcome] | None:
        """Outcomes in order; None where memory ran out with several clips, and fewer may fit."""
        options, _ = self._work.options_for(group[0][0])
        try:
            transcripts = self._call_engine([clip for _, clip in group], options, self._course.watch)
        except GONE:
            raise
        except Exception as error:
            if len(group) > 1 and ran_out_of_memory(error):
                return None
            failed = error
        else:
            return [
                result_of(item, self._shared(transcript), self._warnings_for(item))
                for (item, _), transcript in zip(group, transcripts, strict=True)
            ]
        return self._one_by_one(group, failed, died=died)

    def _one_by_one(self, group: Sequence[_Pair], failed: Exception, *, died: bool) -> list[ItemOutcome]:
        """After a failure. One clip may have spoilt a batch, or ended the engine: alone, only that one fails."""
        dead = isinstance(failed, EngineDied)
        if len(group) == 1 and (died or not dead):
            return [failure_of(group[0][0], failed)]
        if dead:
            ids = ", ".join(item.id for item, _ in group)
            self._course.note(f"The engine died and was loaded again, at {ids}: {failed.sentence}")
        alone = dead and len(group) == 1  # in a batch another clip may have been to blame
        return list(chain.from_iterable(self._transcribe_together([pair], died=alone) or () for pair in group))

    def _shared(self, transcript: Transcript) -> Transcript:
        """With its share of the time, where several engines work at once: shares add up to what all took."""
        cost = transcript.measurement
        if self._course.workers == 1:
            return transcript
        return replace(transcript, measurement=_share(cost, self._course.workers))

    def _warnings_for(self, item: EvalItem) -> tuple[str, ...]:
        lowered = self._course.warning
        return (*self._work.options_for(item)[1], *([lowered] if lowered else []))

    def _halve(self, clips: int, first: EvalItem) -> None:
        release_memory()
        self._course.halve(clips, first.id)

    def _call_engine(self, clips: Sequence[AudioClip], options: DecodeOptions, watch: Stopwatch) -> list[Transcript]:
        if self._course.stopped:
            raise Stopped
        with self._use() as engine, watch.running():
            if self._budget is not None:
                self._budget.begin(engine)
            heard = transcribe_clips(
                engine,
                clips,
                chain=self._work.chain,
                options=options,
                max_seconds=self._work.longest_seconds,
                meter=self._meter,
            )
            if self._budget is not None:
                self._budget.learn(self._lengths(clips), heard[0].measurement.peak_rss_bytes)
            return heard


def find_sample(reads: Iterator[ReadBatch]) -> tuple[ReadBatch | None, Iterator[ReadBatch]]:
    """A batch to warm up with, and all batches, that one included.

    Args:
        reads: The first few are looked at for one with a clip that can be read.
    """
    seen: list[ReadBatch] = []
    for read in reads:
        seen.append(read)
        if _readable(read):
            return read, chain(seen, reads)
        if len(seen) == WARM_UP_TRIES:
            break
    return None, chain(seen, reads)


def _readable(read: ReadBatch) -> list[_Pair]:
    pairs = zip(read.batch.items, read.readings, strict=True)
    return [(item, reading) for item, reading in pairs if isinstance(reading, AudioClip)]


def _share(cost: Measurement, workers: int) -> Measurement:
    return replace(cost, wall_seconds=cost.wall_seconds / workers, kind="concurrent")
