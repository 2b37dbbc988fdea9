"""System calls that Python 3.11 has no function for, and what Linux says of a process."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

LINUX = sys.platform == "linux"
_CAP_SYS_ADMIN = 1 << 21


def libc() -> Any:
    """The C library of this process, which keeps errno."""
    return ctypes.CDLL(None, use_errno=True)


def check(result: int) -> None:
    """Raise the error that a call into the C library reported.

    Raises:
        OSError: The result was not 0.
    """
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def thread_count() -> int:
    """Threads of this process, those of C libraries included, as the kernel counts them."""
    return len(list(Path("/proc/self/task").iterdir()))


def is_administrator() -> bool:
    """Whether this process has CAP_SYS_ADMIN: root outside a container, as a rule."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    held = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return bool(int(held, 16) & _CAP_SYS_ADMIN)
