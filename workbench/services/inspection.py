"""A look at recordings before they are transcribed."""

from __future__ import annotations

from pathlib import Path

from workbench.audio.inspection import Inspection
from workbench.audio.inspection import inspect_recording as _inspect


def inspect_recording(path: Path | str) -> Inspection:
    """What a recording is like (length, channels, level, noise, clipping, bandwidth, hum, speech), and advice.

    Args:
        path: An audio file, or a video with sound, of any length.

    Raises:
        AudioError: The recording cannot be used.
    """
    return _inspect(Path(path))
