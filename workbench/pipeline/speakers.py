"""Who speaks when in a recording, told by the voice alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import Channel, stream
from workbench.engines.speaker_models import speaker_models
from workbench.engines.speaker_segmentation import FIRST_CENTRE, FRAME, LOCAL_SPEAKERS, RATE
from workbench.errors import UsageError
from workbench.pipeline.speaker_clusters import cluster_voices
from workbench.pipeline.turns import SpeakerCount, Turn
from workbench.pipeline.voices import HOP_FRAMES, Voices, hear_voices

MOST_SPEAKERS = 20

_JOINED_PAUSE = 0.3
_SHORTEST_TURN = 0.15

_CHANGE = 0.18
"""What a change of voice costs, in seconds × similarity: 0.6 s of speech that sounds 0.3 more like the other."""

_CHANGE_AFTER_PAUSE = 0.05
_PAUSE_FRAMES = 6

Heard = NDArray[np.bool_]


def check_speakers(speakers: SpeakerCount) -> None:
    """Say now what `find_turns` could only say after an hour of audio.

    Raises:
        UsageError: Neither "auto" nor 1 … 20.
        ModelMissing: The package that carries the weights is not installed.
        ModelDiffers: It holds other weights than it should.
    """
    _count(speakers)
    speaker_models()


def _count(speakers: SpeakerCount) -> int | None:
    if speakers == "auto":
        return None
    if not isinstance(speakers, int) or not 1 <= speakers <= MOST_SPEAKERS:  # pyright: ignore[reportUnnecessaryIsInstance] - it comes from the doors
        raise UsageError(
            f"{speakers} is no number of speakers.", hint=f"Give 1 to {MOST_SPEAKERS}, or auto to estimate it."
        )
    return speakers


def find_turns(sound: Path | AudioClip, *, speakers: SpeakerCount = "auto", channel: Channel = "mix") -> list[Turn]:
    """Tell speakers apart in a recording of any length, on the processor.

    A network says how many speak in each moment and follows each of them through ten seconds; another one turns every
    half second of a voice that speaks alone into a point; clusters of points are the speakers. Where two speak at once
    and sound like two of the speakers, their turns overlap.

    Args:
        sound: A file, which is read as a stream, or a clip at any rate.
        speakers: How many people speak, or "auto" to estimate it.
        channel: Of a file: the mean of all channels, or one of them.

    Returns:
        Turns in order. Fewer speakers than asked for where no more voices are heard; none where nobody speaks.

    Raises:
        AudioError: The recording cannot be used.
        UsageError: A number of speakers that cannot be.
        ModelMissing: The package that carries the weights is not installed.
        ModelDiffers: It holds other weights than it should.
    """
    _count(speakers)
    blocks = stream(sound, sample_rate=RATE, channel=channel) if isinstance(sound, Path) else _at_rate(sound)
    return turns_among(hear_voices(blocks), speakers=speakers)


def turns_among(voices: Voices, *, speakers: SpeakerCount = "auto") -> list[Turn]:
    """Turns from what was heard; to try another number of speakers, nothing is heard again."""
    count = _count(speakers)
    if not len(voices.points):
        return []
    known = voices.points[voices.alone] if voices.alone.any() else voices.points
    return _turns(_who_is_heard(voices, cluster_voices(known, count=count)), voices.duration)


def _at_rate(clip: AudioClip) -> Iterator[Samples]:
    import soxr

    yield clip.samples if clip.sample_rate == RATE else soxr.resample(clip.samples, clip.sample_rate, RATE)


def _who_is_heard(voices: Voices, centres: NDArray[np.float32]) -> Heard:
    """Which voices are heard in each frame of the recording, bool (frames, voices)."""
    heard = np.zeros((len(voices.activity), HOP_FRAMES, len(centres)), np.bool_)
    similar = voices.points @ centres.T
    tracks = voices.owners @ np.array([LOCAL_SPEAKERS, 1])
    starts = np.flatnonzero(np.diff(tracks, prepend=-1))
    for rows in np.split(np.arange(len(tracks)), starts[1:]):
        window, place = voices.owners[rows[0]]
        frames = np.flatnonzero(voices.activity[window, :, place])
        scores = np.stack([np.interp(frames, voices.frames[rows], one) for one in similar[rows].T], axis=1)
        heard[window, frames, _smoothest(scores, np.diff(frames) > _PAUSE_FRAMES)] = True
    return heard.reshape(-1, len(centres))


def _smoothest(scores: NDArray[np.float64], after_pause: NDArray[np.bool_]) -> NDArray[np.intp]:
    """One voice a frame with the highest sum of similarities less the cost of changes (Viterbi)."""
    costs = np.where(after_pause, _CHANGE_AFTER_PAUSE, _CHANGE) * RATE / FRAME
    same = np.arange(scores.shape[1])
    sums, came_from = scores[0], np.empty(scores.shape, np.intp)
    for index, cost in enumerate(costs, start=1):
        best = sums.argmax()
        came_from[index] = np.where(sums >= sums[best] - cost, same, best)
        sums = np.maximum(sums, sums[best] - cost) + scores[index]
    path = np.empty(len(scores), np.intp)
    path[-1] = sums.argmax()
    for index in range(len(costs), 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return path


def _turns(heard: Heard, duration: float) -> list[Turn]:
    found = sorted((start, end, voice) for voice in range(heard.shape[1]) for start, end in _spans(heard[:, voice]))
    labels: dict[int, str] = {}
    turns: list[Turn] = []
    for start, end, voice in found:
        start, end = max(0.0, start), min(end, duration)
        if end - start >= _SHORTEST_TURN:
            label = labels.setdefault(voice, str(len(labels) + 1))
            turns.append(Turn(start=start, end=end, speaker=label))
    return turns


def _spans(heard: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Where a voice is heard, in seconds, short pauses included."""
    edges = np.flatnonzero(np.diff(heard.astype(np.int8), prepend=0, append=0))
    spans: list[tuple[float, float]] = []
    for first, end in edges.reshape(-1, 2):
        if spans and _seconds(first) - spans[-1][1] < _JOINED_PAUSE:
            spans[-1] = (spans[-1][0], _seconds(end))
        else:
            spans.append((_seconds(first), _seconds(end)))
    return spans


def _seconds(frame: int) -> float:
    """Where a frame begins: halfway between the middles of what it and the one before have heard."""
    return float(frame * FRAME + FIRST_CENTRE - FRAME // 2) / RATE
