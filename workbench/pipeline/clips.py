"""Recordings cut at their pauses into clips that a person can listen to and write down."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.audio.clip import AudioClip
from workbench.audio.io import write_clip
from workbench.audio.segment import LevelProfile, plan_chunks
from workbench.audio.stream import Cutter, FileSound
from workbench.audio.vad import SpeechDetector

CLIP_SECONDS = 12.0
"""The longest clip: a sentence or two, which can be held in mind while it is written down."""

_RATE = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CutClip:
    """A piece of a recording with speech in it.

    Attributes:
        path: A flac of 16 kHz.
        start: Where it begins in the recording, in seconds.
        seconds: How long it is.
    """

    path: Path
    start: float
    seconds: float


def cut_recording(path: Path, folder: Path, *, stem: str, max_seconds: float = CLIP_SECONDS) -> Iterator[CutClip]:
    """Write the spoken parts of a recording as clips; it is read twice, and memory stays flat.

    Args:
        path: A recording of any length.
        folder: Where the clips go; it exists.
        stem: What their names begin with.
        max_seconds: The longest clip.

    Yields:
        Each clip as it is written, in order.

    Raises:
        AudioError: The recording cannot be used.
    """
    sound = FileSound(path, sample_rate=_RATE)
    detector, levels = SpeechDetector(_RATE), LevelProfile(_RATE)
    for block in sound.blocks():
        detector.feed(block)
        levels.feed(block)
    blocks = sound.blocks()
    cutter = Cutter(blocks, source=sound.source)
    spans = plan_chunks(levels, detector.spans(), max_seconds=max_seconds, max_pause_seconds=0.8)
    for number, span in enumerate(spans, start=1):
        first, end = round(span.start * _RATE), min(round(span.end * _RATE), levels.size)
        clip = AudioClip(samples=cutter.cut(first, end), sample_rate=_RATE)
        written = folder / f"{stem}-{number:04d}.flac"
        write_clip(clip, written)
        yield CutClip(path=written, start=first / _RATE, seconds=clip.duration)
    deque(blocks, maxlen=0)  # to its end, where a damaged file says so
