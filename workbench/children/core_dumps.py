"""No core dumps: one would hold what was said."""

from __future__ import annotations

import sys


def forbid_core_dumps() -> None:
    """Let the kernel write none of this process from now on; Windows makes none of this kind."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
