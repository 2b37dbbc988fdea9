"""Sound in memory: one channel, checked once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.errors import AudioInvalid

Samples = NDArray[np.float32]
Times = Callable[[float], float]
"""Where in a recording the sound lies that is heard at a moment; both in seconds. It never falls."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AudioClip:
    """A mono recording.

    Attributes:
        samples: float32 (n,), nominally -1 … 1, finite.
        sample_rate: Samples a second, in Hz.
        source: Where it came from, for people: a file name.
        warnings: What was noticed while it was decoded or changed, one sentence each.
        offset_seconds: Where the first sample lies in the original recording; not 0 once the start was cut away.
        times: Where the sound lies that is heard at `offset_seconds` and later, once the pace was changed or something
            was cut out of the middle; None where a second is a second of the recording.

    Raises:
        AudioInvalid: Not one float32 channel, empty, not finite, or no sample rate.
    """

    samples: Samples
    sample_rate: int
    source: str = ""
    warnings: tuple[str, ...] = ()
    offset_seconds: float = 0.0
    times: Times | None = None

    def __post_init__(self) -> None:
        name = self.source or "The clip"
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise AudioInvalid(
                f"{name} has samples of {self.samples.dtype} {self.samples.shape}, not of float32 (n,).",
                hint="Decode it with workbench.audio.io.read_clip.",
            )
        if self.sample_rate <= 0:
            raise AudioInvalid(f"{name} has a sample rate of {self.sample_rate} Hz.", hint="It must be positive.")
        if self.samples.size == 0:
            raise AudioInvalid(f"{name} holds no sound.", hint="Record or choose it again.", kind="no_sound")
        with np.errstate(over="ignore"):  # samples may be as large as a float can hold
            energy = np.dot(self.samples, self.samples)
        if not np.isfinite(energy) and not np.isfinite(self.samples).all():
            raise AudioInvalid(
                f"{name} holds samples that are not numbers.",
                hint="Export it again as 16-bit wav.",
                kind="not_numbers",
            )

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples.size / self.sample_rate

    @property
    def digest(self) -> str:
        """sha256 over rate and samples: the same sound has the same digest, whatever its file format."""
        sha = hashlib.sha256(str(self.sample_rate).encode())
        sha.update(np.ascontiguousarray(self.samples).data)
        return sha.hexdigest()

    def with_samples(self, samples: Samples, *, sample_rate: int | None = None) -> AudioClip:
        """The same source with other samples; checked again."""
        return replace(self, samples=samples, sample_rate=sample_rate or self.sample_rate)

    def cut(self, start: float, end: float) -> AudioClip:
        """The part from `start` to `end` seconds, a view of the same memory; `offset_seconds` moves along."""
        first, last = round(start * self.sample_rate), round(end * self.sample_rate)
        offset = self.offset_seconds + first / self.sample_rate
        return replace(self, samples=self.samples[first:last], offset_seconds=offset)
