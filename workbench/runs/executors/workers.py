"""Engines at work beside whoever takes their outcomes: several at once, or one that never waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from workbench.engines.base import Engine
from workbench.runs.executors.base import Batch, BatchDone
from workbench.runs.executors.course import Course, Stopped
from workbench.runs.executors.lane import Lane, find_sample
from workbench.runs.executors.reading import ReadAhead, ReadBatch
from workbench.runs.workload import Workload

Use = Callable[[], AbstractContextManager[Engine]]
"""An engine for oneself, as a context."""
_HELD_BATCHES = 2
"""Batches of each worker that are done and not taken yet, at most: what cancelling throws away."""
_LOOK_SECONDS = 0.1


class WorkersExecutor:
    """A thread for each engine; files are decoded ahead, and outcomes wait until they are taken.

    Args:
        work: How items are to be transcribed.
        engines: Opens the engines that work at once; leaving the context ends those that are its own, in the middle of
            a call if need be.
        facts: What the record says of it.
    """

    def __init__(
        self,
        work: Workload,
        engines: Callable[[], AbstractContextManager[Sequence[Use]]],
        *,
        facts: Mapping[str, Any],
    ) -> None:
        self._work, self._engines, self._facts = work, engines, facts

    @property
    def facts(self) -> Mapping[str, Any]:
        """See `Executor.facts`."""
        return self._facts

    def outcomes(self, batches: Iterable[Batch]) -> Generator[BatchDone, None, None]:
        """See `Executor.outcomes`: in the order in which they are done."""
        with ExitStack() as stack:  # left in the opposite order: nothing more is begun, engines end, threads end
            threads = stack.enter_context(_Threads())
            engines = stack.enter_context(self._engines())
            course = Course(together=self._work.batch_size, workers=len(engines))
            ahead = stack.enter_context(ReadAhead(batches, sample_rate=self._work.chain.decode_rate))
            stack.callback(course.stop)
            sample, reads = find_sample(ahead)
            done = _Outcomes(_HELD_BATCHES * len(engines), course)
            begin, shared = threading.Barrier(len(engines)), _Shared(reads)
            for use in engines:
                threads.start(_Worker(Lane(self._work, use, course), sample, shared, begin, done).run)
            yield from done.until_all_have_ended(len(engines))


class _Worker:
    """One lane in one thread."""

    def __init__(
        self,
        lane: Lane,
        sample: ReadBatch | None,
        reads: Iterator[ReadBatch],
        begin: threading.Barrier,
        done: _Outcomes,
    ) -> None:
        self._lane, self._sample, self._reads, self._begin, self._done = lane, sample, reads, begin, done

    def run(self) -> None:
        """Until there is nothing left, or nobody takes it."""
        try:
            if self._sample is not None:
                self._lane.warm_up(self._sample)
            self._begin.wait()  # nothing counts before the last of them is warm
            for read in self._reads:
                self._done.put(self._lane.transcribe(read))
            self._done.put(None)
        except (Stopped, threading.BrokenBarrierError):
            return
        except BaseException as error:  # raised again in the thread that takes outcomes
            self._begin.abort()
            self._done.fail(error)


class _Outcomes:
    """What was done and is not taken yet; bounded, so that nobody computes far ahead of what is kept."""

    def __init__(self, most: int, course: Course) -> None:
        self._queue: queue.Queue[BatchDone | BaseException | None] = queue.Queue(most)
        self._course = course

    def put(self, found: BatchDone | BaseException | None) -> None:
        """Wait for room; None says that a worker has ended.

        Raises:
            Stopped: There will be none.
        """
        while not self._course.stopped:
            try:
                self._queue.put(found, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return
        raise Stopped

    def fail(self, error: BaseException) -> None:
        """Hand an error on, if anybody is there."""
        try:
            self.put(error)
        except Stopped:
            return

    def until_all_have_ended(self, working: int) -> Iterator[BatchDone]:
        """Take them as they come, from so many workers."""
        while working:
            found = self._queue.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                working -= 1
            else:
                yield found


class _Shared:
    """An iterator that several threads take from."""

    def __init__(self, reads: Iterator[ReadBatch]) -> None:
        self._reads, self._lock = reads, threading.Lock()

    def __iter__(self) -> Iterator[ReadBatch]:
        return self

    def __next__(self) -> ReadBatch:
        with self._lock:
            return next(self._reads)


class _Threads:
    """A context at whose end all threads begun in it have ended."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def start(self, run: Callable[[], None]) -> None:
        """Run it in a thread."""
        thread = threading.Thread(target=run, name=f"worker-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self) -> _Threads:
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join()
