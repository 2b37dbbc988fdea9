"""What runs in a worker of Ray: one engine, in a process of its own beside it, and the lane that takes clips to it.

Nothing here prints, and no error leaves but as a document: what Ray writes into its logs says nothing of recordings.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial

from workbench import __version__, sealed
from workbench.audio.held import new_file
from workbench.children.core_dumps import forbid_core_dumps
from workbench.engines.base import EngineInfo
from workbench.engines.host_messages import Document, error_document
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import EngineUnavailable
from workbench.evalsets.model import EvalItem
from workbench.runs.executors.base import Batch, BatchDone
from workbench.runs.executors.course import Course
from workbench.runs.executors.lane import Lane, find_sample
from workbench.runs.executors.reading import ReadBatch, Reading, read_item
from workbench.runs.executors.workers import Use
from workbench.runs.outcomes import failure_of
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult
from workbench.runs.workload import Workload
from workbench.settings import Settings, quieten

BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""Whisper's features are rounded by it, and texts with them: workers have what this machine has."""

Sounds = Sequence[bytes | None] | None
"""For each item its file, or None where it could not be read; None for all where workers open files themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a worker is to load.

    Attributes:
        ref: Which engine and model.
        settings: Of whoever asks; a worker without that home uses its own.
        threads: That the engine computes with; None leaves that to the libraries.
        blas_threads: That numpy computes with, at the side that asks.
        version: Of the workbench there.
        guarded: Whether Python code in the worker is refused every address but this machine's.
    """

    ref: EngineRef
    settings: Settings
    threads: int | None
    blas_threads: str
    version: str = __version__
    guarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A worker's engine is there.

    Attributes:
        info: What it says of itself.
        load_seconds: How long that took.
        pid: Of the worker.
    """

    info: EngineInfo
    load_seconds: float
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A worker cannot do what it was asked.

    Attributes:
        error: Why, as `host_messages.error_document` has it.
    """

    error: Document


class RayWorker:
    """Its methods are called from several threads: a batch is read while another is at the engine."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._turn = threading.Lock()
        self._use: Use | None = None
        self._work: Workload | None = None
        self._lane: Lane | None = None
        self._course = Course(together=1)
        self._folder = Settings.from_env().temporary

    def begin(self) -> None:
        """It is there."""
        quieten()
        forbid_core_dumps()

    def load(self, assignment: Assignment) -> Loaded | Refused:
        """Load the engine."""
        began = time.perf_counter()
        try:
            info = self._load(assignment)
        except Exception as error:
            return Refused(error=error_document(error, engine=str(assignment.ref)))
        return Loaded(info=info, load_seconds=time.perf_counter() - began, pid=os.getpid())

    def _load(self, asked: Assignment) -> EngineInfo:
        if asked.version != __version__:
            raise EngineUnavailable(
                str(asked.ref),
                f"a Ray worker has version {__version__} of the workbench, and not {asked.version}",
                hint="Install the same version on every machine.",
            )
        if asked.guarded:
            sealed.guard_only("Ray's workers are reached by this machine's own network.")
        os.environ[BLAS_THREADS] = asked.blas_threads
        settings = asked.settings
        if not settings.home.is_dir():
            settings = replace(settings, home=Settings.from_env().home)
        self._folder = settings.temporary
        pool = EnginePool(settings, hosted=True)
        if asked.threads is None:
            self._use = partial(pool.use, asked.ref)
            return pool.get(asked.ref).info
        engine = self._stack.enter_context(pool.lanes(asked.ref, 1, threads=asked.threads))[0]
        self._use = partial(nullcontext, engine)
        return engine.info

    def warm_up(self, work: Workload, batches: Sequence[Batch], sounds: Sequence[Sounds]) -> Refused | None:
        """Be told how to transcribe, and try it.

        Args:
            work: How; without its items.
            batches: Of which the first that can be read is tried.
            sounds: For each of them.
        """
        assert self._use is not None, "it was loaded"
        self._work, self._course = work, Course(together=work.batch_size)
        self._lane = Lane(work, self._use, self._course)
        sample, _ = find_sample(self._read(batch, given) for batch, given in zip(batches, sounds, strict=True))
        if sample is not None:
            self._lane.warm_up(sample)

    def transcribe(self, batch: Batch, sounds: Sounds, workers: int, beside: bool) -> BatchDone | Refused:
        """What came of a batch.

        Args:
            batch: Which.
            sounds: Its files, where they are sent.
            workers: How many are at work now: each clip's time is shared among them.
            beside: Whether there may be others on this machine that are not at work yet.
        """
        assert self._lane is not None, "it was warmed up"
        read = self._read(batch, sounds)
        with self._turn:
            self._course.workers = workers
            try:
                done = self._lane.transcribe(read)
            except Exception as error:
                return Refused(error=error_document(error, engine=str(self._work.ref if self._work else "")))
        return replace(done, outcomes=tuple(map(_not_alone, done.outcomes))) if beside else done

    def _read(self, batch: Batch, sounds: Sounds) -> ReadBatch:
        assert self._work is not None
        rate = self._work.chain.decode_rate
        given = [None] * len(batch.items) if sounds is None else sounds
        pairs = zip(batch.items, given, strict=True)
        return ReadBatch(batch=batch, readings=tuple(self._read_item(item, file, rate) for item, file in pairs))

    def _read_item(self, item: EvalItem, file: bytes | None, rate: int | None) -> Reading:
        """The recording; one that was sent lies in a file without a name for as long as it is decoded."""
        if file is None:
            return read_item(item, rate)
        try:
            held = new_file(self._folder, item.audio.name, file)
        except Exception as error:
            return failure_of(item, error)
        found = read_item(replace(item, audio=held), rate)
        return replace(found, audio=str(item.audio)) if isinstance(found, ItemFailure) else found


def _not_alone(outcome: ItemOutcome) -> ItemOutcome:
    """Said not to be measured alone."""
    if not isinstance(outcome, ItemResult) or outcome.measurement is None:
        return outcome
    return replace(outcome, measurement=replace(outcome.measurement, kind="concurrent"))
