"""Recordings too long to be held in memory: read from their start as often as needed, block by block."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.audio.clip import AudioClip, Samples, Times
from workbench.audio.io import probe
from workbench.audio.recording import open_recording
from workbench.audio.track import Channel
from workbench.errors import AudioInvalid, AudioTooLong

MOST_SAMPLES_HELD = 600 * 16_000
"""Ten minutes at 16 kHz, 38 MB: what is longer is read as a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundStream:
    """Sound that can be read from its start again and again, each time the same.

    Attributes:
        open: Begins to read: mono float32 (n,) blocks, none of them empty.
        sample_rate: In Hz.
        source: Where it came from, for people: a file name.
        warnings: What was noticed while it was changed, one sentence each.
        offset_seconds: Where the first sample lies in the original recording.
        times: As `AudioClip.times`.
    """

    open: Callable[[], Iterator[Samples]]
    sample_rate: int
    source: str = ""
    warnings: tuple[str, ...] = ()
    offset_seconds: float = 0.0
    times: Times | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFacts:
    """What is known of a recording once it was read to its end.

    Attributes:
        samples: How many.
        digest: As `AudioClip.digest`.
        warnings: Where the file was damaged or shorter than it declares.
    """

    samples: int
    digest: str
    warnings: tuple[str, ...]


class FileSound:
    """A file that is decoded from its start at every pass.

    Args:
        path: The file.
        sample_rate: In Hz; None keeps the file's own.
        max_seconds: The longest recording to take; None for any.
        channel: The mean of all channels, or one of them.

    Attributes:
        facts: Filled by the first pass that comes to the end.

    Raises:
        AudioNotFound, AudioUnreadable: See `probe`.
        AudioTooLong: The header declares more than `max_seconds`.
    """

    def __init__(
        self, path: Path, *, sample_rate: int | None, max_seconds: float | None = None, channel: Channel = "mix"
    ) -> None:
        info = probe(path)
        if max_seconds is not None and info.duration is not None and info.duration > max_seconds:
            raise AudioTooLong(path.name, seconds=info.duration, limit=max_seconds)
        self.declared_seconds = info.duration
        self.sample_rate = sample_rate or info.sample_rate
        self.source = path.name
        self.facts: SoundFacts | None = None
        self._path = path
        self._max_seconds = max_seconds
        self._channel: Channel = channel

    def blocks(self) -> Iterator[Samples]:
        """Decode: mono float32 (n,), about a second each.

        Raises:
            AudioUnreadable, AudioInvalid: See `workbench.audio.io.stream`.
            AudioTooLong: There is more than `max_seconds`.
        """
        sha, size = hashlib.sha256(str(self.sample_rate).encode()), 0
        with open_recording(self._path) as recording:
            for block in recording.blocks(self.sample_rate, self._channel):
                size += block.size
                if self._max_seconds is not None and size / self.sample_rate > self._max_seconds:
                    raise AudioTooLong(self.source, seconds=size / self.sample_rate, limit=self._max_seconds)
                if self.facts is None:
                    sha.update(np.ascontiguousarray(block).data)
                yield block
            if self.facts is None:
                self.facts = SoundFacts(samples=size, digest=sha.hexdigest(), warnings=recording.warnings)

    def stream(self) -> SoundStream:
        """The file as sound that steps can work on."""
        return SoundStream(open=self.blocks, sample_rate=self.sample_rate, source=self.source)

    def clip(self, most_samples: int | None = None) -> AudioClip | None:
        """The whole file in memory; None where it holds more than `most_samples`."""
        if most_samples is not None and (self.declared_seconds or 0) * self.sample_rate > most_samples:
            return None
        blocks: list[Samples] = []
        size = 0
        for block in self.blocks():
            blocks.append(block)
            size += block.size
            if most_samples is not None and size > most_samples:
                return None
        assert self.facts is not None, "the pass came to its end"
        return AudioClip(
            samples=np.concatenate(blocks),
            sample_rate=self.sample_rate,
            source=self.source,
            warnings=self.facts.warnings,
        )


class Cutter:
    """Cuts pieces out of a stream, forwards: what lies before the piece asked for last is forgotten.

    Args:
        blocks: Read once.
        source: The name of the recording, for people.
    """

    def __init__(self, blocks: Iterable[Samples], *, source: str) -> None:
        self._blocks = iter(blocks)
        self._source = source
        self._held = np.empty(0, np.float32)
        self._first = 0

    def cut(self, first: int, end: int) -> Samples:
        """The samples from `first` to `end`; `first` may not lie before that of an earlier call.

        Raises:
            ValueError: It does.
            AudioInvalid: The stream ends before `end`: the file is not what it was.
        """
        if first < self._first:
            raise ValueError(f"Sample {first} is forgotten; {self._first} is the first that is held.")
        held, size = [self._held], self._first + self._held.size
        while size < end:
            block = next(self._blocks, None)
            if block is None:
                raise AudioInvalid(
                    f"{self._source} became shorter while it was being read.",
                    hint="Let nobody write to it meanwhile.",
                    kind="changed",
                )
            size += block.size
            if size > first:
                held.append(block)
            else:
                held, self._first = [], size
        kept = np.concatenate(held) if held else np.empty(0, np.float32)
        self._held, self._first = kept[first - self._first :], first
        return self._held[: end - first].copy()
