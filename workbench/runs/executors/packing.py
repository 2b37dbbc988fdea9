"""Which items go to an engine together: clips of like length, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from workbench.audio.io import probe
from workbench.errors import AudioError
from workbench.evalsets.model import EvalItem
from workbench.runs.executors.base import Batch
from workbench.runs.workload import Workload

WINDOW_BATCHES = 16
"""Clips are sorted by length within so many full batches: enough that neighbours are alike, and progress is even."""
PADDED_SECONDS = 960.0
"""The most sound in a batch with its padding: 32 full windows of Whisper. Longer batches gain no speed, only memory."""
LAUNCH_CLIPS = 2.0
"""What a batch costs besides its clips, in clips of its longest's length; see docs/measuring.md."""
UNKNOWN_SECONDS = 30.0
"""What a clip counts as whose header does not say how long it is."""

_Measured = tuple[float, EvalItem]


def pack(items: Iterable[EvalItem], work: Workload) -> Iterator[Batch]:
    """All items as batches: in order one by one, or sorted by length within windows where several go together.

    A batch has at most `work.batch_size` clips, of one language, and with padding at most `PADDED_SECONDS` of sound
    unless one clip alone is longer. Within these limits clips are cut into batches where that costs least, a batch
    being worth its longest clip times the clips in it and `LAUNCH_CLIPS` more. The same items always make the same
    batches.

    Args:
        items: What is to be transcribed, in the order of the set; drawn from a window at a time.
        work: Says how many go together, and what each is told.
    """
    for number, part in enumerate(_parts(items, work)):
        yield Batch(number=number, items=tuple(part))


def padding(seconds: Sequence[Sequence[float]]) -> float:
    """Which share of all batches is silence that fills clips up to the longest of their batch.

    Args:
        seconds: Of each batch the lengths of its clips.
    """
    padded = sum(len(one) * max(one) for one in seconds if one)
    return 1 - sum(map(sum, seconds)) / padded if padded else 0.0


def _parts(items: Iterable[EvalItem], work: Workload) -> Iterator[list[EvalItem]]:
    if work.batch_size == 1:
        yield from ([item] for item in items)
        return
    left = iter(items)
    while window := list(islice(left, WINDOW_BATCHES * work.batch_size)):
        groups: dict[str | None, list[_Measured]] = {}
        for item in window:
            groups.setdefault(work.options_for(item)[0].language, []).append((_seconds(item), item))
        for group in groups.values():
            yield from _packed(sorted(group, key=lambda one: one[0]), work.batch_size)


def _packed(ascending: Sequence[_Measured], most: int) -> Iterator[list[EvalItem]]:
    """Clips in the batches that cost least of all ways to cut their order: the shortest path over the places to cut."""
    costs, cuts = [0.0], [0]  # of the first 0, 1, … clips, and where their last batch begins
    for end, (seconds, _) in enumerate(ascending, start=1):  # the newest is the longest, to which others are padded
        together = min(most, end, max(1, int(PADDED_SECONDS / max(seconds, 0.001))))
        cost, clips = min((costs[end - n] + seconds * (n + LAUNCH_CLIPS), n) for n in range(1, together + 1))
        costs.append(cost)
        cuts.append(end - clips)
    parts: list[list[EvalItem]] = []
    end = len(ascending)
    while end:
        parts.append([item for _, item in ascending[cuts[end] : end]])
        end = cuts[end]
    yield from reversed(parts)


def _seconds(item: EvalItem) -> float:
    """As labelled, else as the file says; what cannot be read fails when it is its turn."""
    if item.duration is not None:
        return item.duration
    try:
        return probe(item.audio).duration or UNKNOWN_SECONDS
    except AudioError:
        return UNKNOWN_SECONDS
