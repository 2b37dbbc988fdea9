"""Memory that ran out: how each library says so, and giving back what is held without need."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

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
