"""What a file says about its sound track, as both the process that decodes and the one that asked for it know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Channel = Literal["mix", "left", "right"]
"""The mean of all channels, or the first, or the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo:
    """What a file says about its sound track, before anything is decoded.

    Attributes:
        duration: Seconds by the file's own header; None where it declares none.
        sample_rate: In Hz.
        channels: How many.
        codec: Name of the codec: "aac", "pcm_s16le".
        container: Name of the container: "wav", "mov,mp4,m4a,3gp,3g2,mj2".
        size_bytes: Of the file.
    """

    duration: float | None
    sample_rate: int
    channels: int
    codec: str
    container: str
    size_bytes: int
