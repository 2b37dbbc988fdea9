"""What one piece of work cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["single", "concurrent", "amortised"]

_LEAST_TO_MOST_SHARED: tuple[Kind, ...] = ("single", "amortised", "concurrent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Time and memory of transcribing one clip, preprocessing included, decoding of the file not.

    Of a recording too long to be held, which is decoded while it is searched for speech, the passes for that are in it.

    What was not measured is None, never 0.

    Attributes:
        wall_seconds: Elapsed time.
        cpu_seconds: Processor time of this process, all threads; of an engine in a process of its own, its time, and
            that of the one thread here that prepared the work.
        gpu_seconds: Time between two events on the GPU's stream around the work; None without a GPU.
        peak_gpu_bytes: Most memory allocated by torch during the work, weights included.
        peak_gpu_reserved_bytes: Most memory torch had reserved from the driver.
        peak_gpu_process_bytes: Most memory the driver booked on this process; what CTranslate2 uses shows only here.
        peak_rss_bytes: Most resident memory of this process during the work, weights included; of an engine in a
            process of its own, that process's alone.
        audio_seconds: Length of the audio.
        batch_size: Clips that were decoded together.
        kind: `single`: this clip alone; `amortised`: its share of a batch, by audio length; `concurrent`: its share of
            the time of several engines that worked at once, whose peaks are each one's own.
    """

    wall_seconds: float
    cpu_seconds: float
    gpu_seconds: float | None = None
    peak_gpu_bytes: int | None = None
    peak_gpu_reserved_bytes: int | None = None
    peak_gpu_process_bytes: int | None = None
    peak_rss_bytes: int | None = None
    audio_seconds: float
    batch_size: int = 1
    kind: Kind = "single"

    @property
    def rtf(self) -> float | None:
        """Real-time factor: wall seconds per second of audio; below 1 is faster than real time."""
        return self.wall_seconds / self.audio_seconds if self.audio_seconds else None


def combined(measurements: Iterable[Measurement | None]) -> Measurement | None:
    """The sum of times and the maximum of peaks, of what was measured; None where nothing was.

    A time missing in one of them is None.
    """
    parts = [part for part in measurements if part is not None]
    if not parts:
        return None
    return Measurement(
        wall_seconds=sum(part.wall_seconds for part in parts),
        cpu_seconds=sum(part.cpu_seconds for part in parts),
        gpu_seconds=_total([part.gpu_seconds for part in parts]),
        peak_gpu_bytes=_peak([part.peak_gpu_bytes for part in parts]),
        peak_gpu_reserved_bytes=_peak([part.peak_gpu_reserved_bytes for part in parts]),
        peak_gpu_process_bytes=_peak([part.peak_gpu_process_bytes for part in parts]),
        peak_rss_bytes=_peak([part.peak_rss_bytes for part in parts]),
        audio_seconds=sum(part.audio_seconds for part in parts),
        batch_size=max(part.batch_size for part in parts),
        kind=_LEAST_TO_MOST_SHARED[max(_LEAST_TO_MOST_SHARED.index(part.kind) for part in parts)],
    )


def _total(values: list[float | None]) -> float | None:
    return None if None in values else sum(value for value in values if value is not None)


def _peak(values: list[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
