"""What is heard in a recording: how many speak in each moment, and their voices as points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.engines import speaker_embedding as embedding
from workbench.engines import speaker_segmentation as segmentation
from workbench.engines.speaker_models import SpeakerModels, speaker_models

HOP_FRAMES = 296
"""Frames from one window to the next, 5 s: of each window the middle is used, around which the network hears more."""

EXCERPT = 150
"""Frames of 10 ms a point is taken from: 1.5 s tells voices apart, and where one follows the other."""

STEP_FRAMES = 30
"""Frames of the segmentation from one point to the next, 0.5 s."""

_REACH = 89
"""The same frames between a point and what it is taken from, at most: 1.5 s."""

_LEAST = 20
"""Frames of 10 ms; less says nothing of a voice."""

_ALONE = 100
"""Frames of 10 ms from which on a point is good enough to find out which voices there are."""

_FIRST_USED = (segmentation.FRAMES - HOP_FRAMES) // 2
_USED = slice(_FIRST_USED, _FIRST_USED + HOP_FRAMES)
_HOP = HOP_FRAMES * segmentation.FRAME
_LEAD = _FIRST_USED * segmentation.FRAME
"""Samples of silence put before the recording, so that its start is in the middle of a window too."""

_BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voices:
    """Everything that is kept of a recording, 6 MB an hour of speech.

    Attributes:
        activity: bool (windows, 296, 3): who of a window's three speakers is heard in each of its frames.
        points: float32 (m, 192), of length 1.
        owners: int (m, 2): window and place of the speaker each point belongs to, in order.
        frames: int (m,): the frame of the window each stands for, ascending within an owner.
        alone: bool (m,): whether it is taken from a second or more in which nobody else speaks.
        duration: Seconds of the recording.
    """

    activity: NDArray[np.bool_]
    points: NDArray[np.float32]
    owners: NDArray[np.intp]
    frames: NDArray[np.intp]
    alone: NDArray[np.bool_]
    duration: float


class _Excerpt(NamedTuple):
    place: int
    frame: int
    alone: bool
    features: embedding.Frames


def hear_voices(blocks: Iterable[Samples]) -> Voices:
    """Listen to a recording of any length; memory grows by what `Voices` keeps alone.

    Args:
        blocks: Mono float32 at 16 kHz, of any sizes, in order.

    Raises:
        ModelMissing: The package that carries the weights is not installed.
        ModelDiffers: It holds other weights than it should.
    """
    models = speaker_models()
    activities: list[segmentation.Activity] = []
    points = [np.empty((0, embedding.SIZE), np.float32)]
    owners: list[tuple[int, int, int, bool]] = []
    size = 0
    for group in _groups(_windows(blocks)):
        heard = models.segmentation.activity(np.stack([samples for samples, _ in group]))
        for (samples, heard_so_far), activity in zip(group, heard, strict=True):
            excerpts = list(_excerpts(samples, activity))
            points.append(_embedded(models, excerpts))
            owners += [(len(activities), one.place, one.frame, one.alone) for one in excerpts]
            activities.append(activity[_USED])
            size = heard_so_far
    table = np.array(owners, np.intp).reshape(-1, 4)
    return Voices(
        activity=np.array(activities, np.bool_).reshape(-1, HOP_FRAMES, segmentation.LOCAL_SPEAKERS),
        points=np.concatenate(points),
        owners=table[:, :2],
        frames=table[:, 2],
        alone=table[:, 3].astype(np.bool_),
        duration=size / segmentation.RATE,
    )


def _windows(blocks: Iterable[Samples]) -> Iterator[tuple[Samples, int]]:
    """Windows of ten seconds every five, silence around the recording, and how many samples were heard so far."""
    kept = np.zeros(_LEAD, np.float32)
    size = 0
    for block in blocks:
        size += block.size
        kept = np.concatenate([kept, block])
        while kept.size > segmentation.WINDOW:
            yield kept[: segmentation.WINDOW], size
            kept = kept[_HOP:]
    while size and kept.size > _LEAD:
        yield np.pad(kept, (0, segmentation.WINDOW))[: segmentation.WINDOW], size
        kept = kept[_HOP:]


def _groups(windows: Iterator[tuple[Samples, int]]) -> Iterator[list[tuple[Samples, int]]]:
    while group := list(islice(windows, _BATCH)):
        yield group


def _embedded(models: SpeakerModels, excerpts: list[_Excerpt]) -> NDArray[np.float32]:
    if not excerpts:
        return np.empty((0, embedding.SIZE), np.float32)
    return models.embedding.embed(np.stack([one.features for one in excerpts]))


def _excerpts(samples: Samples, activity: segmentation.Activity) -> Iterator[_Excerpt]:
    """Every half second of each speaker in the middle of a window, from frames in which nobody else speaks if any."""
    features = embedding.filterbank(samples)
    middles = np.arange(len(features)) * embedding.FRAME + embedding.WIDTH // 2
    nearest = np.rint((middles - segmentation.FIRST_CENTRE) / segmentation.FRAME).astype(np.intp)
    spoken = activity[np.clip(nearest, 0, segmentation.FRAMES - 1)]
    alone = spoken & (spoken.sum(axis=1, keepdims=True) == 1)
    for place in range(segmentation.LOCAL_SPEAKERS):
        clean = np.flatnonzero(alone[:, place])
        usable = clean if clean.size >= _LEAST else np.flatnonzero(spoken[:, place])
        for frame in _sampled(activity[:, place]):
            used = _around(frame, usable, nearest[usable])
            if used.size >= _LEAST:
                is_alone = usable is clean and used.size >= _ALONE
                yield _Excerpt(place, frame - _FIRST_USED, is_alone, features[np.resize(used, EXCERPT)])


def _around(frame: int, usable: NDArray[np.intp], nearest: NDArray[np.intp]) -> NDArray[np.intp]:
    """The usable frames of features around a frame of the segmentation; a short excerpt is repeated by its caller."""
    middle = int(np.searchsorted(nearest, frame))
    first = max(0, min(middle - EXCERPT // 2, usable.size - EXCERPT))
    chosen = slice(first, first + EXCERPT)
    return usable[chosen][np.abs(nearest[chosen] - frame) <= _REACH]


def _sampled(active: NDArray[np.bool_]) -> Iterator[int]:
    """Frames that stand for a speaker in the middle of a window: one every half second, at least one a run."""
    used = np.flatnonzero(active[_USED]) + _FIRST_USED
    for run in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1):
        count = max(1, round(run.size / STEP_FRAMES)) if run.size else 0
        for index in range(count):
            yield int(run[int((index + 0.5) * run.size / count)])
