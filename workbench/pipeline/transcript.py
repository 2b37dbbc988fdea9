"""The result of transcribing one recording."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.coverage import Flag, Stretch
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.turns import Speaker, Turn, shown_name
from workbench.text.units import join_texts as join_texts


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
        complete: Whether nothing is missing: all of the file could be decoded, every stretch of it was transcribed to
            its end, and no speech is without text.
        flags: Places to check, in order; empty where nothing was found, or nothing was looked for (in benchmarks).
        coverage: What became of every second, from 0 to `duration_seconds` without a gap.
        turns: Who speaks when, in order; empty where speakers were not asked for.
        speakers: Who has these turns, with the names that readers are shown.
        context: Names and terms the engine was told to expect.
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
    flags: tuple[Flag, ...] = ()
    coverage: tuple[Stretch, ...] = ()
    turns: tuple[Turn, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    context: str = ""

    @property
    def text(self) -> str:
        return self.hypothesis.text

    @property
    def language(self) -> str | None:
        return self.hypothesis.language

    @property
    def segments(self) -> tuple[Segment, ...]:
        return self.hypothesis.segments

    def speaker_of(self, segment: Segment) -> str:
        """The name of who said it, as a reader is shown it; empty where speakers are not known."""
        return shown_name(segment.speaker, self.speakers)


def clock(seconds: float, *, decimal: str = ".") -> str:
    """Seconds as `HH:MM:SS.mmm`."""
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{decimal}{rest % 1000:03d}"


def warning_of(flag: Flag) -> str:
    """What a transcript's warnings say of a place where text is missing."""
    if flag.kind == "cut_off":
        return tell_cut_off(flag.start, flag.end)
    return f"From {_times(flag.start, flag.end)}: {flag.sentence}"


def tell_cut_off(start: float, end: float) -> str:
    """What they say of a stretch whose tokens ran out; benchmarks say it too, where nothing is flagged."""
    return f"From {_times(start, end)} the engine ran out of tokens: text may be missing there."


def _times(start: float, end: float) -> str:
    return f"{clock(start)[:8]} to {clock(end)[:8]}"
