"""A recording as the page draws and plays it: its outline, its length, and a file that browsers can play."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.held import HeldPath, new_file
from workbench.audio.io import probe, stream
from workbench.audio.waveform import peaks

COLUMNS = 280
"""Columns of a drawn waveform; a bar each, so that the drawing weighs the same for a word and for a day."""

_RATE = 16_000
_BIN_SECONDS = 0.01

# What Chromium, Firefox and Safari all play. The rest is decoded into a flac beside it.
_PLAYED = frozenset({".wav", ".mp3", ".m4a", ".mp4", ".aac", ".flac", ".ogg", ".oga", ".opus", ".webm"})
_PLAYED_WITHOUT_LENGTH = frozenset({".mp3", ".aac"})  # the browser reckons it; others cannot be sought in


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What is needed to draw and play a recording, without its samples.

    Attributes:
        name: File name, for people.
        seconds: Decoded length.
        columns: Lowest and highest sample of `COLUMNS` equal stretches, averaged over their 10 ms.
        playable: A file in a format that browsers play; the recording itself where it is in one.
    """

    name: str
    seconds: float
    columns: tuple[tuple[float, float], ...]
    playable: HeldPath


def outline(path: HeldPath, folder: Path) -> Outline:
    """Decode a recording once, block by block; memory does not grow with its length.

    Args:
        path: The recording.
        folder: On whose disk a playable copy lies when one is needed; it has no name there.

    Raises:
        AudioError: The recording cannot be used.
    """
    copy = None if _is_playable(path) else new_file(folder, path.stem + ".flac")
    bins: list[NDArray[np.float32]] = []
    samples = 0
    with _writer(copy) as write:
        for block in stream(path, sample_rate=_RATE):
            samples += block.size
            bins.append(peaks(block, _bins(block, _RATE)))
            write(block)
    return Outline(
        name=path.name,
        seconds=samples / _RATE,
        columns=_columns(np.concatenate(bins)),
        playable=copy or path,
    )


def clip_outline(clip: AudioClip, folder: Path) -> Outline:
    """The same for a clip in memory, as a chain left it; it is written as a flac to be played."""
    copy = new_file(folder, (Path(clip.source).stem or "clip") + ".flac")
    with soundfile.SoundFile(copy, "w", clip.sample_rate, 1, format="FLAC", subtype="PCM_16") as file:
        file.write(clip.samples)
    return Outline(
        name=clip.source,
        seconds=clip.duration,
        columns=_columns(peaks(clip.samples, _bins(clip.samples, clip.sample_rate))),
        playable=copy,
    )


def _is_playable(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in _PLAYED and (suffix in _PLAYED_WITHOUT_LENGTH or probe(path).duration is not None)


@contextmanager
def _writer(path: Path | None) -> Generator[Callable[[Samples], None]]:
    """Write blocks to a flac; to nowhere without a path."""
    if path is None:
        yield lambda _: None
        return
    with soundfile.SoundFile(path, "w", _RATE, 1, format="FLAC", subtype="PCM_16") as file:
        yield file.write


def _bins(samples: Samples, rate: int) -> int:
    """Bins of 10 ms: fine enough that even a second-long clip has its shape."""
    return max(1, round(samples.size / rate / _BIN_SECONDS))


def _columns(bins: NDArray[np.float32]) -> tuple[tuple[float, float], ...]:
    """The mean of the peaks in each column: their maximum would make a solid block of every long recording.

    Args:
        bins: float32 (n, 2): minimum, maximum of 10 ms each, not empty.
    """
    starts = np.arange(COLUMNS) * len(bins) // COLUMNS
    counts = np.maximum(np.diff(starts, append=len(bins)), 1)[:, None]
    means = np.add.reduceat(bins, starts, axis=0) / counts
    return tuple((float(low), float(high)) for low, high in means)
