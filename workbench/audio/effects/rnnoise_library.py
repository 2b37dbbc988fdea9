"""The RNNoise library of the package pyrnnoise, without the package's own code, which would load matplotlib."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from workbench.audio.clip import Samples
from workbench.audio.effects.blocks import equal_blocks

FRAME = 480
"""Samples at 48 kHz that the library takes at a time."""

DELAY = 960
"""Samples by which it is late: two frames."""

_NAMES = {"darwin": "librnnoise.dylib", "win32": "rnnoise.dll"}
_FULL_SCALE = np.float32(32768)


def through_rnnoise(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """Sound at 48 kHz, denoised and late by `DELAY`; whole frames, the last one filled up with silence."""
    library = _library()
    state = library.rnnoise_create(None)
    try:
        for block in equal_blocks(blocks, 100 * FRAME):
            frames = np.zeros(-(-block.size // FRAME) * FRAME, np.float32)
            np.multiply(block, _FULL_SCALE, out=frames[: block.size])
            for first in range(0, frames.size, FRAME):
                place = frames[first:].ctypes.data
                library.rnnoise_process_frame(state, place, place)
            yield frames / _FULL_SCALE
    finally:
        library.rnnoise_destroy(state)


@lru_cache(maxsize=1)
def _library() -> Any:
    package = find_spec("pyrnnoise")
    assert package is not None, "the step checked it"
    assert package.origin is not None
    library = ctypes.CDLL(str(Path(package.origin).parent / _NAMES.get(sys.platform, "librnnoise.so")))
    library.rnnoise_create.argtypes = [ctypes.c_void_p]
    library.rnnoise_create.restype = ctypes.c_void_p
    library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    library.rnnoise_destroy.restype = None
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p] * 3
    library.rnnoise_process_frame.restype = ctypes.c_float
    return library
