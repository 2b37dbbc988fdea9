"""No core dumps: one would hold what was said."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_DUMPED = Path("/proc/self/coredump_filter")


def forbid_core_dumps() -> None:
    """Let the system write none of this process, or of children that it starts from now on.

    A limit of 0 keeps files from being written, but not a program that the kernel hands dumps to (`core_pattern` with a
    pipe: apport, systemd-coredump), which is started whatever the limit, unless that is 1 (Linux, fs/coredump.c); and
    1 byte is too little for a file. Where the hard limit is 0, such a program is handed no memory (core(5),
    coredump_filter). Windows makes none of this kind.
    """
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        least = 1 if sys.platform == "linux" and hard != 0 else 0
        resource.setrlimit(resource.RLIMIT_CORE, (least, hard))
    with suppress(OSError):  # not Linux
        _DUMPED.write_text("0", encoding="ascii")
