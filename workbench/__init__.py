"""workbench: a local, private workbench for automatic speech recognition.

The verbs are in `workbench.services`; they are found here by name and loaded when first used, so that
`import workbench` stays light.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_VERBS = (
    "transcribe",
    "inspect_recording",
    "bench",
    "score",
    "compare",
    "rank",
    "sweep",
    "list_engines",
    "list_sets",
    "list_runs",
    "load_run",
)
__all__ = ["__version__", *_VERBS]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return getattr(importlib.import_module("workbench.services"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
