"""The processes that decode: a few are kept for the next files, more are started when more files are open at once."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import Any

from workbench.children.messages import Message
from workbench.children.process import ChildDied, ChildProcess
from workbench.errors import DecoderUnavailable

MEMORY_BYTES = 384 * 1024**2
"""For data; with the libraries' code that is less than 512 MB. An ordinary file takes 20 to 40 MB."""
LONGEST_SECONDS = 20.0
"""For one answer, about a second of sound or more: some 5 000 times what a healthy file takes."""

_CHILD = "workbench.audio.decoding_child"
_IDLE = 2
_START_SECONDS = 60.0
_CLOSE_SECONDS = 1.0
_MOST_FILES = 1_000
"""After so many a process is replaced by a fresh one, whatever it may have gathered."""
_MOST_VALUES = 1 << 26
"""Samples in one answer that are believed; the largest blocks have a quarter of it."""
# One file is decoded by one thread; libraries that start one for each core only take memory.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class DecodingChild:
    """One process and what it has done.

    Attributes:
        files: Opened so far.
        limits: Names of the limits that the kernel keeps for it.
        sealed: Whether the kernel keeps it from the network.
    """

    def __init__(self) -> None:
        self._process = ChildProcess(_CHILD, name="The decoder", environment=_ENVIRONMENT, most_samples=_MOST_VALUES)
        self.files = 0
        self._holds_file = False
        self._unanswered = 0
        try:
            answer, _ = self._process.ask({"do": "limit", "memory_bytes": MEMORY_BYTES}, timeout_seconds=_START_SECONDS)
        except BaseException:
            self.end()
            raise
        self.limits: list[str] = answer.get("limits", [])
        self.sealed: bool = answer.get("sealed", False)

    @property
    def alive(self) -> bool:
        return self._process.alive

    @property
    def pid(self) -> int:
        return self._process.pid

    def open_file(self, path: Path) -> Message:
        """What the header says, or a refusal in words."""
        self.files += 1
        self._holds_file = True
        return self._process.ask(
            {"do": "open", "path": str(path.absolute()), "name": path.name}, timeout_seconds=LONGEST_SECONDS
        )

    def tell(self, question: dict[str, Any]) -> None:
        """Ask for something whose `answer` is taken later."""
        self._unanswered += 1
        self._process.tell(question)

    def answer(self) -> Message:
        """The answer to the oldest question that has none yet."""
        found = self._process.answer(timeout_seconds=LONGEST_SECONDS)
        self._unanswered -= 1
        self._holds_file = not ("done" in found[0] or "error" in found[0])
        return found

    def close_file(self) -> bool:
        """Have it close the file, wherever it is; False where it is too busy to."""
        if not self._holds_file:
            return True
        self.tell({"do": "close"})
        try:
            while self._unanswered:
                self._process.answer(timeout_seconds=_CLOSE_SECONDS)
                self._unanswered -= 1
        except ChildDied:
            return False
        self._holds_file = False
        return True

    def end(self) -> None:
        """End it at once: nothing in it is worth keeping."""
        self._process.stop(at_once=True)


class DecodingPool:
    """Processes that are lent for one file each and come back.

    Args:
        idle: How many to keep when nothing is decoded.
    """

    def __init__(self, *, idle: int = _IDLE) -> None:
        self._most_idle = idle
        self._lock = threading.Lock()
        self._idle: list[DecodingChild] = []
        self._all: set[DecodingChild] = set()

    @property
    def children(self) -> tuple[DecodingChild, ...]:
        """All that there are, idle or lent."""
        with self._lock:
            return tuple(self._all)

    def lend(self, *, fresh: bool = False) -> DecodingChild:
        """A process with no file open, for one caller alone until it is given back.

        Args:
            fresh: Only one that has not decoded anything.

        Raises:
            DecoderUnavailable: None could be started.
        """
        while not fresh and (child := self._take()) is not None:
            if child.alive:
                return child
            self._forget(child)
        return self._started()

    def _take(self) -> DecodingChild | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _started(self) -> DecodingChild:
        for attempt in (1, 2):  # a Ctrl-C at the terminal may end one that has not come so far as to ignore it
            try:
                child = DecodingChild()
            except ChildDied as error:
                if attempt == 2:
                    raise DecoderUnavailable(error.ending or type(error).__name__) from error
            except OSError as error:
                raise DecoderUnavailable(error.strerror or type(error).__name__) from error
            else:
                with self._lock:
                    self._all.add(child)
                return child
        raise AssertionError("unreachable")

    def give_back(self, child: DecodingChild) -> None:
        """Take back a process that was lent; the file that it still holds is closed."""
        is_good = child.close_file() and child.alive and child.files < _MOST_FILES
        with self._lock:
            keep = is_good and len(self._idle) < self._most_idle
            if keep:
                self._idle.append(child)
        if not keep:
            self.discard(child)

    def discard(self, child: DecodingChild) -> None:
        """End a process that is not to be used again."""
        child.end()
        self._forget(child)

    def _forget(self, child: DecodingChild) -> None:
        with self._lock:
            self._all.discard(child)

    def close(self) -> None:
        """End all processes, also those that are lent."""
        with self._lock:
            children, self._all = self._all, set()
            self._idle.clear()
        for child in children:
            child.end()

    def forget_all(self) -> None:
        """In a forked copy of this process: its parent's children are not its own."""
        self._lock = threading.Lock()
        self._idle, self._all = [], set()


POOL = DecodingPool()
"""That of this process."""
atexit.register(POOL.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=POOL.forget_all)
