"""How many clips go to an engine together so that memory suffices: predicted from what batches before them took."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.engines.base import Engine
from workbench.engines.hosted import HostedEngine
from workbench.engines.memory import MemoryState, memory_state

MARGIN = 0.8
"""Share of free memory that a batch may be predicted to take: a text may be longer than those before it, allocators
leave gaps, and others use the machine, too."""
_MOST_KEPT = 64
"""Batches that a prediction rests on, the newest: others say less than one of them, but for a rare corner."""

Read = Callable[[str, int | None], MemoryState | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a batch took.

    Attributes:
        clips: In it.
        seconds: Of sound with padding: clips times the longest.
        excess_bytes: More than the engine held at rest.
    """

    clips: int
    seconds: float
    excess_bytes: int

    def tells_more_than(self, other: Seen) -> bool:
        """Whether the other, no larger, took as much or more: then it bounds nothing that this one does not."""
        return self.clips >= other.clips and self.seconds >= other.seconds and self.excess_bytes <= other.excess_bytes


def predict_excess(seen: Sequence[Seen], clips: int, seconds: float) -> float | None:
    """The most that a batch can take if memory is a fixed part, a part for each clip and one for each padded second.

    How large each part is cannot be told from batches of like shape, so a larger batch counts in proportion to
    whichever has grown more, clips or seconds, from the batch seen of which that comes to least. That is never less
    than the truth of such a law, and close to it where batches grow little by little, as those sorted by length do.

    Args:
        seen: Batches and what they took.
        clips: Of the batch predicted.
        seconds: Its sound with padding.

    Returns:
        Bytes beyond what the engine holds at rest; None where nothing was seen.
    """
    return min((one.excess_bytes * max(1.0, clips / one.clips, seconds / one.seconds) for one in seen), default=None)


class MemoryBudget:
    """What one engine's batches took, and how many clips the next may have. Not safe for two threads.

    On a CPU it is the resident memory of the engine's process and what the machine (or the container) has left; on an
    NVIDIA GPU, what the driver has given out and has left: libraries keep what they were given, so after a call that
    is what the call took at most. Elsewhere nothing is known, and nothing is limited.

    Args:
        device: Where the engine is: "cpu", "cuda:0", …
        workers: Engines that share the free memory.
        read: Tells of memory.
    """

    def __init__(self, device: str, workers: int = 1, *, read: Read = memory_state) -> None:
        self._device, self._workers, self._read = device, workers, read
        self._pid: int | None = None
        self._rest: int | None = None
        self._seen: list[Seen] = []

    def begin(self, engine: Engine) -> None:
        """Before a call: note what the engine holds at rest, once for each process that it works in."""
        pid = engine.pid if isinstance(engine, HostedEngine) else None
        if self._rest is not None and pid == self._pid:
            return
        self._pid = pid
        now = self._read(self._device, pid)
        self._rest = None if now is None else now.held_bytes

    def learn(self, seconds: Sequence[float], peak_rss_bytes: int | None) -> None:
        """After a call: keep what it took.

        Args:
            seconds: Lengths of its clips.
            peak_rss_bytes: Most resident memory meanwhile.
        """
        peak = peak_rss_bytes
        if self._device != "cpu":
            now = self._read(self._device, self._pid)
            peak = None if now is None else now.held_bytes
        if peak is None or self._rest is None or not any(seconds):
            return
        new = Seen(clips=len(seconds), seconds=len(seconds) * max(seconds), excess_bytes=max(0, peak - self._rest))
        if any(one.tells_more_than(new) for one in self._seen):
            return
        self._seen = [*(one for one in self._seen if not new.tells_more_than(one)), new][-_MOST_KEPT:]

    def most(self, seconds: Sequence[float]) -> int:
        """How many of these clips, the first ones, may go together; one at least.

        Args:
            seconds: Lengths of the clips, in the order in which they are to go.
        """
        room = self._room() if len(seconds) > 1 and self._seen else None
        if room is None or self._takes(seconds) <= room:
            return len(seconds)
        return max(1, bisect_left(range(2, len(seconds)), True, key=lambda n: self._takes(seconds[:n]) > room) + 1)

    def _takes(self, seconds: Sequence[float]) -> float:
        return predict_excess(self._seen, len(seconds), len(seconds) * max(seconds)) or 0.0

    def _room(self) -> float | None:
        """What a batch may take beyond what the engine holds at rest: a share of what is free, and what it kept."""
        now = self._read(self._device, self._pid)
        if now is None or self._rest is None:
            return None
        return max(0, now.held_bytes - self._rest) + MARGIN * now.free_bytes / self._workers
