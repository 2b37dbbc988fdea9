"""Several engines for the chunks of one recording: loaded beside the work, each with one chunk at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

from workbench.engines.base import Engine
from workbench.engines.device import available_cores
from workbench.engines.hosted import HostedEngine
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import EngineStopped, WorkbenchError
from workbench.pipeline.hearing import Use

Job = TypeVar("Job")
Done = TypeVar("Done")
_AHEAD = 4
"""Chunks of each engine that are begun, or done and not handed on: so much does one that takes long hold up."""


class Engines:
    """Engines of their own beside the pool's; a context that begins to load them, and ends them.

    Leaving it waits for nothing: what is computed is stopped, and what is still loaded is closed once it is.

    Args:
        pool: Opens them.
        ref: Which engine and model.
        count: How many; they share the machine's cores.
    """

    def __init__(self, pool: EnginePool, ref: EngineRef, count: int) -> None:
        self._pool, self._ref, self.count = pool, ref, count
        self._engines: Sequence[Engine] = ()
        self._opened = ExitStack()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="ahead")
        self._left = False
        self._lock = threading.Lock()

    def __enter__(self) -> Engines:
        threading.Thread(target=self._load, name="load-ahead", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._left = True
            for engine in self._engines:
                if isinstance(engine, HostedEngine):
                    engine.interrupt()
        self._threads.shutdown(cancel_futures=True)
        self._opened.close()

    @property
    def ready(self) -> bool:
        """Whether all are loaded; never where one could not be: the pool's then does all the work."""
        return bool(self._engines)

    def _load(self) -> None:
        with ExitStack() as stack:
            try:
                threads = max(1, available_cores() // self.count)
                engines = stack.enter_context(self._pool.lanes(self._ref, self.count, threads=threads))
            except WorkbenchError:
                return
            with self._lock:
                if not self._left:
                    self._engines, self._opened = engines, stack.pop_all()

    def each(self, jobs: Iterator[Job], do: Callable[[Job, Use], Done]) -> Generator[Done]:
        """What comes of each job, in their order; several are done at once.

        Args:
            jobs: Drawn from in the thread of the caller, a few ahead.
            do: Called in other threads, with the use of an engine that no other call has meanwhile. What it raises is
                raised when it is that job's turn.
        """
        free: SimpleQueue[Engine] = SimpleQueue()
        for engine in self._engines:
            free.put(engine)

        def work(job: Job) -> Done:
            engine = free.get()
            try:
                return do(job, partial(self._use, engine))
            finally:
                free.put(engine)

        begun: deque[Future[Done]] = deque()
        for job in jobs:
            begun.append(self._threads.submit(work, job))
            if len(begun) >= _AHEAD * self.count:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()

    @contextmanager
    def _use(self, engine: Engine) -> Generator[Engine]:
        if self._left:  # a call would load it again
            raise EngineStopped(f"The engine {self._ref} is not needed any more.")
        yield engine
