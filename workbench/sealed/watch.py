"""Running commands where every attempt to leave is seen, in a process of its own (`sealed.sink`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.sealed.system import LINUX


def run_in_sink(commands: Sequence[Sequence[str]], *, environment: Mapping[str, str] | None = None) -> list[Any]:
    """Run commands one after another in a namespace with a sink.

    Args:
        commands: Each a program with its arguments.
        environment: Added to this process's.

    Returns:
        For each: `code`, `out`, `err`, `attempts`, a list of [kind, target], and `lost`, a number of packets.

    Raises:
        OSError: The kernel refuses the namespace, and why.
    """
    if not LINUX:
        raise OSError("only Linux has network namespaces")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workbench.sealed.sink"],
        input=json.dumps([list(command) for command in commands]),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != 0:
        raise OSError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return json.loads(done.stdout)
