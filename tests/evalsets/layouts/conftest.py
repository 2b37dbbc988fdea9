"""Small faithful copies of layouts, made by the tests, and their imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from workbench.evalsets.draft import Imported, ImportRequest
from workbench.evalsets.importing import import_events
from workbench.evalsets.layouts.reading import ReadOptions
from workbench.settings import Settings

RATE = 8000
_READ = set(ReadOptions.__dataclass_fields__)


def record(path: Path, seconds: float = 0.05, *, seed: int = 0) -> Path:
    """Write noise of that length; another seed is another recording."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.random.default_rng(seed).uniform(-0.3, 0.3, round(seconds * RATE))
    soundfile.write(path, sound, RATE)
    return path


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path


@pytest.fixture
def bring_in(settings: Settings) -> Callable[..., Imported]:
    """Imports a folder; arguments are those of the request and of reading."""

    def run(layout: str, folder: Path, **given: Any) -> Imported:
        read = ReadOptions(**{name: given.pop(name) for name in list(given) if name in _READ})
        last = None
        for event in import_events(ImportRequest(layout=layout, folder=folder, read=read, **given), settings):
            last = event
        assert isinstance(last, Imported)
        assert last.total == last.imported + len(last.refused)
        return last

    return run
