"""Memory that ran out, as each library says it."""

from __future__ import annotations

import pytest
import torch

from workbench.engines.memory import ran_out_of_memory, release_memory
from workbench.errors import EngineError


def raised_from(cause: Exception) -> EngineError:
    try:
        raise EngineError("cuda:0 has too little memory.") from cause
    except EngineError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA failed with error out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried …"),
        raised_from(torch.OutOfMemoryError("CUDA out of memory.")),
    ],
    ids=repr,
)
def test_memory_that_ran_out_is_known_by_what_libraries_say(error: Exception) -> None:
    assert ran_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("expected scalar type Half but found Float"),
        ValueError("out of memory"),  # a text that says so is no error of an allocator
        raised_from(ValueError("a clip of nothing")),
        EngineError("The server is out of memory."),
    ],
    ids=repr,
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not ran_out_of_memory(error)


def test_torch_itself_says_it_so() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert ran_out_of_memory(raised.value)
    release_memory()
