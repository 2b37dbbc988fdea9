"""Recordings decoded ahead of the engines, in a thread, as many seconds of sound as are worth holding."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.evalsets.model import EvalItem
from workbench.runs.executors.base import Batch
from workbench.runs.outcomes import failure_of
from workbench.runs.records import ItemFailure

AHEAD_SECONDS = 240.0
"""Sound that is held ready at most, 15 MB at 16 kHz; one batch is always read ahead, however long it is."""
AHEAD_BATCHES = 16
_LAST_SECONDS = 0.5
"""How long closing waits for a file that is being decoded; the thread ends by itself after it."""

Reading = AudioClip | ItemFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBatch:
    """A batch with its sound.

    Attributes:
        batch: Which.
        readings: For each item its clip, or why there is none.
    """

    batch: Batch
    readings: tuple[Reading, ...]

    @property
    def seconds(self) -> float:
        """Of sound, all clips together."""
        return sum(one.duration for one in self.readings if isinstance(one, AudioClip))


def read_item(item: EvalItem, sample_rate: int | None) -> Reading:
    """The item's recording, or the failure that it is.

    Args:
        item: Which.
        sample_rate: In Hz; None keeps the file's own.
    """
    try:
        return read_clip(item.audio, sample_rate=sample_rate)
    except Exception as error:
        return failure_of(item, error)


class ReadAhead:
    """An iterator over batches with their sound, from which several threads may take. A context: leaving it ends it.

    Args:
        batches: What to read, in this order; drawn from in a thread of its own.
        sample_rate: In Hz; None keeps each file's own.
    """

    def __init__(self, batches: Iterable[Batch], *, sample_rate: int | None) -> None:
        self._batches, self._sample_rate = batches, sample_rate
        self._ready: deque[ReadBatch] = deque()
        self._held = 0.0
        self._error: BaseException | None = None
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        self._thread.join(_LAST_SECONDS)

    def close(self) -> None:
        """Hand out nothing more; whoever waits is told that it has ended."""
        with self._changed:
            self._ended = True
            self._ready.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[ReadBatch]:
        return self

    def __next__(self) -> ReadBatch:
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._ended)
            if self._ready:
                read = self._ready.popleft()
                self._held -= read.seconds
                self._changed.notify_all()
                return read
            if self._error is not None:
                raise self._error
            raise StopIteration

    def _read(self) -> None:
        try:
            for batch in self._batches:
                if not self._keep(self._read_batch(batch)):
                    return
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _read_batch(self, batch: Batch) -> ReadBatch:
        return ReadBatch(batch=batch, readings=tuple(read_item(item, self._sample_rate) for item in batch.items))

    def _keep(self, read: ReadBatch) -> bool:
        """Wait until there is room for it; False where nobody wants it any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._has_room(read))
            if self._ended:
                return False
            self._ready.append(read)
            self._held += read.seconds
            self._changed.notify_all()
            return True

    def _has_room(self, read: ReadBatch) -> bool:
        fits = self._held + read.seconds <= AHEAD_SECONDS and len(self._ready) < AHEAD_BATCHES
        return not self._ready or fits
