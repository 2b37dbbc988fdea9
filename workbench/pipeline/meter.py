"""What a piece of work costs, read from the clock, the operating system and the GPU's own counters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from workbench.pipeline.measurement import Kind, Measurement

SAMPLE_SECONDS = 0.01
_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class Gauge(Protocol):
    """One source of figures: started before the work, read after it; the figures are fields of `Measurement`."""

    def start(self) -> None: ...
    def stop(self) -> dict[str, Any]: ...


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

    Args:
        device: Where the weights are: "cpu", "cuda:0", …
        runtime: What computes there (`EngineInfo.runtime`): torch's own GPU counters speak only of torch.
    """

    def __init__(self, device: str = "cpu", runtime: str = "") -> None:
        self._gauges: list[Gauge] = [_peak_rss_gauge()]
        if device.startswith("cuda"):
            self._gauges += _cuda_gauges(device, runtime)

    @contextmanager
    def measure(self, *, audio_seconds: float, batch_size: int = 1) -> Generator[Reading]:
        """Measure the block; `reading.result` is there once it has ended, however it ended.

        Args:
            audio_seconds: Length of the audio worked on.
            batch_size: Clips worked on together.
        """
        reading = Reading()
        for gauge in self._gauges:
            gauge.start()
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield reading
        finally:
            # The GPU gauge waits for the device, so it is stopped first: the work is done only then.
            figures = {name: value for gauge in reversed(self._gauges) for name, value in gauge.stop().items()}
            reading.measurement = Measurement(
                wall_seconds=time.perf_counter() - wall,
                cpu_seconds=time.process_time() - cpu,
                audio_seconds=audio_seconds,
                batch_size=batch_size,
                **figures,
            )


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


class KernelPeakRss:
    """Peak resident memory from Linux: writing 5 to clear_refs resets VmHWM (proc(5)), so the peak is exact."""

    def start(self) -> None:
        _CLEAR_REFS.write_text("5")

    def stop(self) -> dict[str, Any]:
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return {"peak_rss_bytes": int(line.split()[1]) * 1024}


class SampledPeak:
    """The largest of regular samples, for figures that nobody keeps the peak of.

    Args:
        name: The field of `Measurement`.
        read: The current figure in bytes, or None where it cannot be had.
    """

    def __init__(self, name: str, read: Callable[[], int | None]) -> None:
        self._name, self._read = name, read
        self._done = threading.Event()
        self._peak: int | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._done.clear()
        self._peak = self._read()
        self._thread = threading.Thread(target=self._sample, name=f"meter-{self._name}", daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._note()

    def _note(self) -> None:
        value = self._read()
        if value is not None:
            self._peak = value if self._peak is None else max(self._peak, value)

    def stop(self) -> dict[str, Any]:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self._note()
        return {self._name: self._peak}


class TorchCuda:
    """GPU seconds between two events on the current stream, and torch's own peaks.

    Args:
        device: "cuda:0", …
        cuda: `torch.cuda`, or something that behaves like it.
    """

    def __init__(self, device: str, cuda: Any) -> None:
        self._device, self._cuda = device, cuda
        self._begin: Any = None

    def start(self) -> None:
        self._cuda.synchronize(self._device)
        self._cuda.reset_peak_memory_stats(self._device)
        self._begin = self._cuda.Event(enable_timing=True)
        self._begin.record()

    def stop(self) -> dict[str, Any]:
        end = self._cuda.Event(enable_timing=True)
        end.record()
        self._cuda.synchronize(self._device)
        return {
            "gpu_seconds": self._begin.elapsed_time(end) / 1000,
            "peak_gpu_bytes": self._cuda.max_memory_allocated(self._device),
            "peak_gpu_reserved_bytes": self._cuda.max_memory_reserved(self._device),
        }


def _peak_rss_gauge() -> Gauge:
    try:
        _CLEAR_REFS.write_text("5")
    except OSError:
        process = psutil.Process()
        return SampledPeak("peak_rss_bytes", lambda: process.memory_info().rss)
    return KernelPeakRss()


def _cuda_gauges(device: str, runtime: str) -> list[Gauge]:
    gauges: list[Gauge] = []
    read = _process_gpu_memory(device)
    if read is not None:
        gauges.append(SampledPeak("peak_gpu_process_bytes", read))
    if runtime == "torch":
        import torch

        gauges.append(TorchCuda(device, torch.cuda))
    return gauges


def _process_gpu_memory(device: str) -> Callable[[], int | None] | None:
    """A reader of what the driver books on this process, or None where there is no NVIDIA driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByIndex(int(device.partition(":")[2] or 0))
    except pynvml.NVMLError:
        return None
    pid = psutil.Process().pid

    def read() -> int | None:
        processes = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
        return next((process.usedGpuMemory for process in processes if process.pid == pid), None)

    return read
