"""What a piece of work costs, read from the clock, the operating system and the GPU's own counters."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.engines.gauges import Gauge, SelfMeasuring, gpu_gauges, memory_gauge
from workbench.pipeline.measurement import Kind, Measurement


@dataclass(slots=True)
class Reading:
    """Filled when the measured block ends."""

    measurement: Measurement | None = None

    @property
    def result(self) -> Measurement:
        assert self.measurement is not None, "read it after the block"
        return self.measurement


class Meter:
    """Measures blocks of work that one engine does on one device.

    An engine in a process of its own is asked what its calls cost there. Peaks are then that process's own, and
    `cpu_seconds` are its, and those of the thread in this process that prepared the work: what other threads do
    meanwhile is not this work.

    Args:
        device: Where the weights are: "cpu", "cuda:0", …
        runtime: What computes there (`EngineInfo.runtime`): torch's own GPU counters speak only of torch.
    """

    def __init__(self, device: str = "cpu", runtime: str = "") -> None:
        self._device, self._runtime = device, runtime
        self._gauges: list[Gauge] = [memory_gauge()]
        self._sees_gpu = False

    @contextmanager
    def measure(self, *, audio_seconds: float, batch_size: int = 1, engine: object = None) -> Generator[Reading]:
        """Measure the block; `reading.result` is there once it has ended, however it ended.

        Args:
            audio_seconds: Length of the audio worked on.
            batch_size: Clips worked on together.
            engine: What does the work, if it may be in another process; None where all of it is done in this one.
        """
        reading = Reading()
        gauges = [engine.gauge()] if isinstance(engine, SelfMeasuring) else self._own()
        for gauge in gauges:
            gauge.start()
        wall, clock = time.perf_counter(), _Processor(one_thread=isinstance(engine, SelfMeasuring))
        try:
            yield reading
        finally:
            # The GPU gauge waits for the device, so it is stopped first: the work is done only then.
            figures = {name: value for gauge in reversed(gauges) for name, value in gauge.stop().items()}
            reading.measurement = Measurement(
                wall_seconds=time.perf_counter() - wall,
                cpu_seconds=clock.seconds + figures.pop("cpu_seconds", 0.0),
                audio_seconds=audio_seconds,
                batch_size=batch_size,
                **figures,
            )

    def _own(self) -> list[Gauge]:
        """Of this process. Torch is loaded for the GPU's, so not before they are read, which may be never."""
        if not self._sees_gpu:
            self._sees_gpu = True
            self._gauges += gpu_gauges(self._device, self._runtime)
        return self._gauges


class _Processor:
    """The processor time spent since it was made.

    Args:
        one_thread: Of this thread alone, as long as the work stays in it; otherwise of the whole process.
    """

    def __init__(self, *, one_thread: bool) -> None:
        self._thread = threading.get_ident() if one_thread else None
        self._process_began, self._thread_began = time.process_time(), time.thread_time()

    @property
    def seconds(self) -> float:
        if self._thread == threading.get_ident():
            return time.thread_time() - self._thread_began
        return time.process_time() - self._process_began


def shared_by_length(whole: Measurement, audio_seconds: list[float]) -> list[Measurement]:
    """Each clip's share of a batch: times in proportion to audio length, peaks as they were for all.

    Args:
        whole: The measurement of the batch.
        audio_seconds: Length of each clip.
    """
    kind: Kind = "single" if len(audio_seconds) == 1 else "amortised"
    total = sum(audio_seconds)
    shares = [seconds / total if total else 1 / len(audio_seconds) for seconds in audio_seconds]
    return [
        Measurement(
            wall_seconds=whole.wall_seconds * share,
            cpu_seconds=whole.cpu_seconds * share,
            gpu_seconds=None if whole.gpu_seconds is None else whole.gpu_seconds * share,
            peak_gpu_bytes=whole.peak_gpu_bytes,
            peak_gpu_reserved_bytes=whole.peak_gpu_reserved_bytes,
            peak_gpu_process_bytes=whole.peak_gpu_process_bytes,
            peak_rss_bytes=whole.peak_rss_bytes,
            audio_seconds=seconds,
            batch_size=len(audio_seconds),
            kind=kind,
        )
        for share, seconds in zip(shares, audio_seconds, strict=True)
    ]
