"""Where to cut a long recording: at pauses, and only where there is none at the quietest moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from workbench.audio.clip import AudioClip, Samples

_QUIET_SECONDS = 0.1
_SHORTEST_CAP_SECONDS = 1.0

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


def plan_chunks(
    clip: AudioClip,
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
        clip: The recording.
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
    cap = min(int(max_seconds * rate), clip.samples.size)
    spoken = _padded(_ranges(speech, clip), clip.samples.size, cap, pad=round(pad_seconds * rate))
    pieces = (piece for one in spoken for piece in _split(one, clip.samples, cap, quiet=round(_QUIET_SECONDS * rate)))
    joined = _joined(pieces, cap, pause=round(max_pause_seconds * rate))
    return [Span(first / rate, end / rate) for first, end in joined]


def _ranges(speech: Sequence[Span], clip: AudioClip) -> list[_Range]:
    """Spans as samples within the clip, in order; overlapping ones as one."""
    rate, size = clip.sample_rate, clip.samples.size
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


def _split(one: _Range, samples: Samples, cap: int, *, quiet: int) -> list[_Range]:
    """A range as pieces of at most `cap` samples."""
    pieces: list[_Range] = []
    first, end = one
    while end - first > cap:
        earliest = first + cap - cap // 3
        cut = earliest + _quietest(samples[earliest : first + cap], quiet)
        pieces.append((first, cut))
        first = cut
    return [*pieces, (first, end)]


def _quietest(samples: Samples, width: int) -> int:
    """The middle of the `width` samples with the least energy."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    width = min(width, samples.size)
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
