"""Memory: how much there is, how libraries say that it ran out, and giving back what is held without need."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_SIGNS = (
    "out of memory",  # torch on CUDA, ROCm and MPS; CTranslate2: "CUDA failed with error out of memory"
    "CUBLAS_STATUS_ALLOC_FAILED",
    "can't allocate memory",  # torch on a CPU: "DefaultCPUAllocator: can't allocate memory"
    "Failed to allocate memory",  # onnxruntime
    "std::bad_alloc",
)


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, or was raised from one that does."""
    return any(_says_so(one) for one in _chain(error))


def spoilt_the_device(error: BaseException) -> bool:
    """Whether a GPU refuses everything from now on: after a fault in a kernel, until the process is another one.

    Source: CUDA's documentation of errors such as cudaErrorIllegalAddress and cudaErrorAssert.
    """
    return not ran_out_of_memory(error) and any("CUDA error: " in str(one) for one in _chain(error))


def _says_so(error: BaseException) -> bool:
    # torch.OutOfMemoryError is known by its name: asking torch would load it where another engine computes.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        yield one
        seen.append(one)
        one = one.__cause__


def release_memory() -> None:
    """Give back what torch keeps for later; to be called once nothing holds what was computed."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryState:
    """Memory of a device, now.

    Attributes:
        held_bytes: On a CPU, resident memory of one process; on a GPU, what the driver has given out to all.
        free_bytes: What can still be had.
    """

    held_bytes: int
    free_bytes: int


def memory_state(device: str, pid: int | None = None) -> MemoryState | None:
    """What is held and what is free; None where that cannot be told. Imports no torch.

    Args:
        device: "cpu", "cuda", "cuda:0".
        pid: Of the process that computes; None is this one.
    """
    if device == "cpu":
        try:
            held = psutil.Process(pid).memory_info().rss
        except psutil.Error:  # it has ended
            return None
        return MemoryState(held_bytes=held, free_bytes=free_memory())
    kind, _, index = device.partition(":")
    return _gpu_memory(int(index or 0)) if kind == "cuda" else None


def free_memory(cgroup: Path = _CGROUP) -> int:
    """Bytes to be had without swapping, within the limit of the control group (a container's) where there is one.

    What a group holds of files can be had, too (Linux, Documentation/admin-guide/cgroup-v2.rst: `inactive_file`).

    Args:
        cgroup: The group's folder as it is seen from within; version 2.
    """
    free = psutil.virtual_memory().available
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        lines = (line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # "max", or no such group
        return free
    files = next((int(number) for name, number in lines if name == "inactive_file"), 0)
    return max(0, min(free, limit - used + files))


def _gpu_memory(index: int) -> MemoryState | None:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        found = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(index))
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()
    return MemoryState(held_bytes=int(found.used), free_bytes=int(found.free))
