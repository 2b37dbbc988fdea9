"""The result of transcribing one recording."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Text with everything needed to trust it.

    Attributes:
        source: File name of the recording.
        clip_digest: sha256 over the sound as it was decoded.
        duration_seconds: Length of the recording.
        engine: `name[:model]` as asked for.
        model_id: Which weights.
        chain: The resolved chain; empty for no preprocessing.
        hypothesis: What the engine heard; times are those of the recording.
        measurement: What it cost.
        warnings: What a reader should check, one sentence each.
        complete: Whether every second of speech was decoded to its end.
    """

    source: str
    clip_digest: str
    duration_seconds: float
    engine: str
    model_id: str
    chain: str
    hypothesis: Hypothesis
    measurement: Measurement
    warnings: tuple[str, ...] = ()
    complete: bool = True

    @property
    def text(self) -> str:
        return self.hypothesis.text

    @property
    def language(self) -> str | None:
        return self.hypothesis.language

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.hypothesis.segments


def join_texts(texts: Iterable[str]) -> str:
    """Texts of neighbouring chunks as one, without fusing words: a space, but none beside a full-width character."""
    joined = ""
    for text in filter(None, (text.strip() for text in texts)):
        joined += f" {text}" if joined and not (_is_wide(joined[-1]) or _is_wide(text[0])) else text
    return joined


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def clock(seconds: float, *, decimal: str = ".") -> str:
    """Seconds as `HH:MM:SS.mmm`."""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{decimal}{rest % 1000:03d}"
