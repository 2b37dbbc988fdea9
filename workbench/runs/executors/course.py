"""What the engines of one executor share: time worked, how many clips go together, and what is to be noted."""

from __future__ import annotations

import threading

from workbench.runs.stopwatch import Stopwatch


class Stopped(BaseException):
    """Nobody takes outcomes any more. Not an `Exception`: it is nobody's failure, and no item's."""


class Course:
    """How the work goes. Safe for several threads.

    Args:
        together: Clips that go to an engine at once, at most; only ever halved.
        workers: Engines that work at the same time.
    """

    def __init__(self, *, together: int, workers: int = 1) -> None:
        self.watch = Stopwatch()
        self.workers = workers
        self._asked = self._together = together
        self._notes: list[str] = []
        self._predicted = False
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let no engine be called any more."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def together(self) -> int:
        """Clips at once from here on."""
        return self._together

    @property
    def warning(self) -> str:
        """What a clip decoded under a lowered limit says of it; empty under the first."""
        if self._together == self._asked:
            return ""
        return f"Memory ran out: decoded {self._together} at a time, not {self._asked}."

    def halve(self, clips: int, first: str) -> None:
        """From here on half as many as did not fit, unless another engine has lowered it so far already.

        Args:
            clips: That were together when memory ran out.
            first: Id of the first of them.
        """
        with self._lock:
            if clips // 2 >= self._together:
                return
            self._together = clips // 2
            self._notes.append(
                f"Memory ran out with {clips} clips together, at {first}: from there on {self._together} at a time."
            )

    def note_prediction(self, most: int, clips: int, first: str) -> None:
        """That memory was predicted not to hold clips together; said once.

        Args:
            most: How many of them are tried together.
            clips: That would have been together.
            first: Id of the first of them.
        """
        with self._lock:
            if not self._predicted:
                self._notes.append(
                    f"Memory was predicted not to hold {clips} clips together, at {first}: {most} were; where it is "
                    "predicted so, fewer are decoded together."
                )
            self._predicted = True

    def note(self, sentence: str) -> None:
        """Something else that the record is to say."""
        with self._lock:
            self._notes.append(sentence)

    def take_notes(self) -> tuple[str, ...]:
        """What was noted since it was asked last."""
        with self._lock:
            notes, self._notes = tuple(self._notes), []
            return notes
