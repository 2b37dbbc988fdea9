"""Where to cut a long recording: at pauses, and only where there is none at the quietest moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples

_QUIET_SECONDS = 0.1
_SHORTEST_CAP_SECONDS = 1.0
_HOP_SECONDS = 0.01

_Range = tuple[int, int]  # first sample, sample after the last


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a recording.

    Attributes:
        start: Seconds into the clip.
        end: The same, after `start`.
    """

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


class LevelProfile:
    """How loud a recording is every 10 ms, heard block by block: what is left of it once its samples are forgotten.

    Args:
        sample_rate: In Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.size = 0
        self._hop = max(1, round(_HOP_SECONDS * sample_rate))
        self._rest = np.empty(0, np.float32)
        self._energies: list[NDArray[np.float32]] = []

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,)."""
        self.size += block.size
        waiting = np.concatenate([self._rest, block])
        end = waiting.size - waiting.size % self._hop
        self._energies.append(np.square(waiting[:end]).reshape(-1, self._hop).sum(axis=1))
        self._rest = waiting[end:].copy()

    def quietest(self, first: int, end: int, width: int) -> int:
        """The middle of the `width` samples with the least energy in `first` … `end`, as near as 10 ms."""
        low, high = -(-first // self._hop), end // self._hop
        self._energies = [np.concatenate(self._energies)]
        hops = self._energies[0][low:high]
        if not hops.size:
            return (first + end) // 2
        return low * self._hop + _quietest_of(hops, max(1, width // self._hop)) * self._hop


def plan_chunks(
    clip: AudioClip | LevelProfile,
    speech: Sequence[Span],
    *,
    max_seconds: float,
    pad_seconds: float = 0.2,
    max_pause_seconds: float = 3.0,
) -> list[Span]:
    """Cut a recording into chunks that each fit an engine and together hold all speech.

    Each span of speech keeps up to `pad_seconds` of what surrounds it; in a shorter pause the cut lies in the middle.
    Neighbours are joined while they fit. Speech without a pause for longer than the cap is cut in the middle of the
    quietest 100 ms of the last third that fits, the way the Qwen toolkit treats long speech.

    Args:
        clip: The recording, or what is known of one that is too long to be held.
        speech: Where somebody speaks; may overlap and be in any order.
        max_seconds: The longest chunk, at least 1.
        pad_seconds: Kept before and after speech.
        max_pause_seconds: A longer pause between neighbours is left out rather than joined over.

    Returns:
        Chunks in order, on whole samples, without overlap; none where nobody speaks.

    Raises:
        ValueError: `max_seconds` is below 1.
    """
    if not max_seconds >= _SHORTEST_CAP_SECONDS:
        raise ValueError(f"Chunks of at most {max_seconds} s are too short; the least is {_SHORTEST_CAP_SECONDS:g} s.")
    rate = clip.sample_rate
    levels = _ClipLevels(clip) if isinstance(clip, AudioClip) else clip
    cap = min(int(max_seconds * rate), levels.size)
    spoken = _padded(_ranges(speech, levels), levels.size, cap, pad=round(pad_seconds * rate))
    pieces = (piece for one in spoken for piece in _split(one, levels, cap, quiet=round(_QUIET_SECONDS * rate)))
    joined = _joined(pieces, cap, pause=round(max_pause_seconds * rate))
    return [Span(first / rate, end / rate) for first, end in joined]


def overlapped(chunks: Sequence[Span], speech: Sequence[Span], overlap_seconds: float) -> list[Span]:
    """The chunks, those that begin in the middle of speech beginning earlier: what is said there is heard twice.

    Args:
        chunks: As `plan_chunks` gives them, for a cap that leaves room.
        speech: Where somebody speaks, in order.
        overlap_seconds: How much is heard twice, at most the whole chunk before.
    """
    starts = [span.start for span in speech]
    begun: list[Span] = []
    for place, chunk in enumerate(chunks):
        start = chunk.start
        if place and overlap_seconds and chunks[place - 1].end == start and _is_within(start, speech, starts):
            start = max(chunks[place - 1].start, start - overlap_seconds)
        begun.append(Span(start, chunk.end))
    return begun


def _is_within(moment: float, speech: Sequence[Span], starts: Sequence[float]) -> bool:
    place = bisect_right(starts, moment) - 1
    return place >= 0 and speech[place].start < moment < speech[place].end


def best_cut(clip: AudioClip, speech: Sequence[Span], *, margin_seconds: float) -> float:
    """Where to cut a clip in two, in seconds: in its longest pause not too near an end, else at its quietest moment.

    Args:
        clip: What is to be cut.
        speech: Where somebody speaks in it, in order, in the clip's own time.
        margin_seconds: The shortest that either half may be.
    """
    for margin in (max(margin_seconds, clip.duration / 4), margin_seconds):
        pauses = [Span(left.end, right.start) for left, right in pairwise(speech)]
        middles = [((pause.start + pause.end) / 2, pause.duration) for pause in pauses]
        within = [one for one in middles if margin <= one[0] <= clip.duration - margin]
        if within:
            return max(within, key=lambda one: one[1])[0]
    rate, size = clip.sample_rate, clip.samples.size
    first = max(size // 3, min(round(margin_seconds * rate), size // 2))
    return (first + _quietest(clip.samples[first : size - first], round(_QUIET_SECONDS * rate))) / rate


class _ClipLevels:
    """A clip in memory: its quietest moment is known to the sample."""

    def __init__(self, clip: AudioClip) -> None:
        self.sample_rate, self.size = clip.sample_rate, clip.samples.size
        self._samples = clip.samples

    def quietest(self, first: int, end: int, width: int) -> int:
        return first + _quietest(self._samples[first:end], width)


def _ranges(speech: Sequence[Span], levels: _ClipLevels | LevelProfile) -> list[_Range]:
    """Spans as samples within the clip, in order; overlapping ones as one."""
    rate, size = levels.sample_rate, levels.size
    merged: list[_Range] = []
    for span in sorted(speech):
        first, end = max(0, int(np.floor(span.start * rate))), min(size, int(np.ceil(span.end * rate)))
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif first < end:
            merged.append((first, end))
    return merged


def _padded(ranges: Sequence[_Range], size: int, cap: int, *, pad: int) -> list[_Range]:
    """Each with some of the pause around it: at most to the middle between two, and not so much that it must be cut."""
    middles = [(left[1] + right[0]) // 2 for left, right in pairwise(ranges)]
    padded: list[_Range] = []
    for (first, end), low, high in zip(ranges, [0, *middles], [*middles, size], strict=False):
        spare = cap - (end - first)
        around = min(pad, spare // 2) if spare >= 0 else pad
        padded.append((max(low, first - around), min(high, end + around)))
    return padded


def _split(one: _Range, levels: _ClipLevels | LevelProfile, cap: int, *, quiet: int) -> list[_Range]:
    """A range as pieces of at most `cap` samples."""
    pieces: list[_Range] = []
    first, end = one
    while end - first > cap:
        earliest = first + cap - cap // 3
        cut = levels.quietest(earliest, first + cap, quiet)
        pieces.append((first, cut))
        first = cut
    return [*pieces, (first, end)]


def _quietest(samples: Samples, width: int) -> int:
    """The middle of the `width` samples with the least energy."""
    return _quietest_of(np.square(samples, dtype=np.float64), width)


def _quietest_of(energies: NDArray[Any], width: int) -> int:
    energy = np.concatenate([[0.0], np.cumsum(energies, dtype=np.float64)])
    width = min(width, energies.size)
    return int(np.argmin(energy[width:] - energy[: energy.size - width])) + width // 2


def _joined(pieces: Iterable[_Range], cap: int, *, pause: int) -> list[_Range]:
    """Neighbours as one, as long as they fit and the pause between them is no longer than `pause`."""
    joined: list[_Range] = []
    for first, end in pieces:
        if joined and end - joined[-1][0] <= cap and first - joined[-1][1] <= pause:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return joined
