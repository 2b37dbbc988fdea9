"""Whether the recordings of an import can be heard, how long they are, and their parts cut out."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.audio.clip import AudioClip
from workbench.audio.io import write_clip
from workbench.audio.stream import Cutter, FileSound
from workbench.errors import AudioError
from workbench.evalsets.layouts.reading import Refused, Utterance

OVERSHOOT_SECONDS = 0.5
"""How far a part may reach beyond the end of its recording, and is cut there: the default of Kaldi's extract-segments
(`--max-overshoot`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A recording that was decoded to its end.

    Attributes:
        samples: How many, at its own rate.
        sample_rate: In Hz.
        warnings: Where it is damaged.
    """

    samples: int
    sample_rate: int
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate


def hear(utterances: Sequence[Utterance]) -> Generator[int, None, dict[Path, Heard | str]]:
    """Decode every recording once.

    Yields:
        How many are done.

    Returns:
        What each is, or why it cannot be used, as a clause.
    """
    found: dict[Path, Heard | str] = {}
    for number, path in enumerate(dict.fromkeys(one.audio for one in utterances), start=1):
        found[path] = _hear(path)
        yield number
    return found


def _hear(path: Path) -> Heard | str:
    try:
        sound = FileSound(path, sample_rate=None)
        for _ in sound.blocks():
            pass
    except AudioError as error:
        return f"the recording cannot be used: {error.message}"
    facts = sound.facts
    assert facts is not None, "the pass came to its end"
    return Heard(samples=facts.samples, sample_rate=sound.sample_rate, warnings=facts.warnings)


def judge(utterance: Utterance, heard: Heard | str) -> Refused | None:
    """Why an utterance cannot be used; None where it can."""
    clause = heard if isinstance(heard, str) else _outside(utterance, heard)
    if not clause:
        return None
    return Refused(file=utterance.file, line=utterance.line, id=utterance.id, clause=clause)


def _outside(utterance: Utterance, heard: Heard) -> str:
    start, end = utterance.start or 0.0, utterance.end
    lasts = f"{utterance.audio.name} lasts {heard.seconds:.2f} s"
    if start >= heard.seconds:
        return f"it begins at {start:g} s; {lasts}"
    if end is not None and end > heard.seconds + OVERSHOOT_SECONDS:
        return f"it ends at {end:g} s; {lasts}"
    first, last = bounds(utterance, heard)
    return "" if last > first else f"it lasts less than a sample ({start:g} … {end:g} s)"


def bounds(utterance: Utterance, heard: Heard) -> tuple[int, int]:
    """First sample of an utterance, and the one after its last."""
    first = round((utterance.start or 0.0) * heard.sample_rate)
    last = heard.samples if utterance.end is None else round(utterance.end * heard.sample_rate)
    return first, min(last, heard.samples)


def cut_parts(utterances: Sequence[Utterance], heard: Heard, names: dict[str, Path]) -> Iterator[tuple[str, int]]:
    """Write the parts of one recording as mono 16-bit flac at its own rate; the recording is read once.

    Args:
        utterances: All of the same recording.
        heard: What it is.
        names: Where each goes, by id.

    Yields:
        The id of each as it is written, and its samples.
    """
    sound = FileSound(utterances[0].audio, sample_rate=None)
    cutter = Cutter(sound.blocks(), source=sound.source)
    for one in sorted(utterances, key=lambda part: bounds(part, heard)):
        first, last = bounds(one, heard)
        samples = cutter.cut(first, last)
        clip = AudioClip(samples=samples, sample_rate=heard.sample_rate, source=sound.source)
        write_clip(clip, names[one.id])
        yield one.id, last - first
