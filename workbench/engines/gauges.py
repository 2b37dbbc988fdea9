"""Sources of figures about a piece of work: the operating system, the driver, and torch's own counters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import psutil

SAMPLE_SECONDS = 0.01
_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class Gauge(Protocol):
    """One source of figures: started before the work, read after it; the figures are fields of `Measurement`."""

    def start(self) -> None: ...
    def stop(self) -> dict[str, Any]: ...


@runtime_checkable
class SelfMeasuring(Protocol):
    """An engine that works in another process, and brings what its calls cost there."""

    def gauge(self) -> Gauge:
        """What the calls cost that this thread makes between `start` and `stop`: `cpu_seconds`, and what else is known.

        Its `stop` names `cpu_seconds` always, and the peaks only where there was a call.
        """
        ...


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


class CallGauge:
    """Sums the times and keeps the peaks of the calls that one thread makes.

    Args:
        current: Where the engine looks for the gauge of the thread that calls it.
        nothing: What is known where there was no call, besides that it took no processor time.
    """

    def __init__(self, current: threading.local, nothing: dict[str, Any]) -> None:
        self._current = current
        self._nothing = nothing | {"cpu_seconds": 0.0}
        self._figures: dict[str, Any] = {}

    def start(self) -> None:
        """Begin to listen to the calls of this thread."""
        self._figures = dict(self._nothing)
        self._current.gauge = self

    def add(self, figures: dict[str, Any]) -> None:
        """Take what one call cost."""
        for name, value in figures.items():
            before = self._figures.get(name)
            if before is None or value is None:
                self._figures[name] = value if before is None else before
            else:
                self._figures[name] = before + value if name.endswith("_seconds") else max(before, value)

    def stop(self) -> dict[str, Any]:
        """What all calls since `start` cost."""
        self._current.gauge = None
        return self._figures


def memory_gauge() -> Gauge:
    """Of this process's resident memory: the kernel's own peak, or samples where that cannot be reset."""
    try:
        _CLEAR_REFS.write_text("5")
    except OSError:
        process = psutil.Process()
        return SampledPeak("peak_rss_bytes", lambda: process.memory_info().rss)
    return KernelPeakRss()


def gpu_gauges(device: str, runtime: str) -> list[Gauge]:
    """Of a GPU; none for another device.

    Args:
        device: Where the weights are: "cpu", "cuda:0", …
        runtime: What computes there (`EngineInfo.runtime`): torch's own GPU counters speak only of torch.
    """
    if not device.startswith("cuda"):
        return []
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
