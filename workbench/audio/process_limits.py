"""Limits that the kernel keeps for this process: memory, time, and no writing of files.

All of them on Linux. macOS keeps those of time and files, not that of memory; Windows has none of them.
"""

from __future__ import annotations

import contextlib
import sys

if sys.platform != "win32":
    import resource

_HEADROOM = 16 << 20
_SECONDS = 60
"""Of computing for one answer; the parent gives up earlier, unless it has gone and nobody ends us."""


def put_up(memory_bytes: int) -> list[str]:
    """Keep to these limits from now on; a limit that is lower already stays.

    Args:
        memory_bytes: For data: heap, stacks and anonymous maps, not the libraries' own code.

    Returns:
        The limits that hold, by their names.
    """
    if sys.platform == "win32":
        return []
    held: list[str] = []
    wanted = {"RLIMIT_DATA": memory_bytes, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0}
    for name, most in wanted.items():
        with contextlib.suppress(OSError, ValueError):
            _lower(getattr(resource, name), most)
            held.append(name)
    return held


def has_memory() -> bool:
    """Whether there is some left: what failed for want of memory asked for an absurd amount, as damaged files do."""
    try:
        bytearray(_HEADROOM)
    except MemoryError:
        return False
    return True


def renew_time() -> None:
    """Allow this process another minute of computing from now on."""
    if sys.platform == "win32":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + _SECONDS
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _lower(kind: int, most: int) -> None:
    if sys.platform != "win32":
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
