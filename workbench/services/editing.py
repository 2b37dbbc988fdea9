"""Transcripts corrected by people: read, written, transcribed again in part, made into eval sets."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.audio.clip import AudioClip
from workbench.audio.held import as_path
from workbench.audio.io import Channel
from workbench.audio.segment import Span
from workbench.audio.steps import parse_chain
from workbench.audio.stream import Cutter, FileSound
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import AudioInvalid, UsageError
from workbench.evalsets.load import set_folders
from workbench.pipeline.bundle import Bundle, archive_bundle, export_bundle
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import ChooseCorrections, ReplaceSegments
from workbench.pipeline.rerun import PADDING_SECONDS, Rerun, RerunEvent, transcribe_part
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.transcript_file import read_transcript, write_transcript
from workbench.services.process import DEFAULT_ENGINE, default_pool
from workbench.text.corrections import propose

_PAIRS = "One pair a line, in UTF-8: `gee pee tee => GPT`."


def load_transcript(path: Path | str) -> EditedTranscript:
    """A transcript with its history, from a `*.transcript.json` file or a json export.

    Raises:
        UsageError: It cannot be read, is damaged, or of a later version.
    """
    return read_transcript(as_path(path))


def save_transcript(transcript: Transcript | EditedTranscript, path: Path | str) -> None:
    """Write a transcript with its history, in one step.

    Raises:
        UsageError: It cannot be written there.
    """
    write_transcript(transcript, Path(path))


def correct_transcript(
    transcript: Transcript | EditedTranscript,
    *,
    corrections: Sequence[str] | None = None,
    replacements: Mapping[str, str] | None = None,
) -> EditedTranscript:
    """A transcript with corrections for reading switched on; what is scored never has them.

    Args:
        transcript: As the engine wrote it, or edited; with both arguments None, what it has on stays.
        corrections: What is corrected for reading, in every file but never in what is scored: particles, zai, fillers,
            digits, numerals, simplified, traditional-hk, traditional-tw, spacing.
        replacements: Words to write otherwise.

    Raises:
        UnknownName: No such correction.
        UsageError: Two exclude each other.
    """
    edited = transcript if isinstance(transcript, EditedTranscript) else EditedTranscript(raw=transcript)
    if corrections is None and replacements is None:
        return edited
    chosen = ChooseCorrections(rules=tuple(corrections or ()), replacements=tuple((replacements or {}).items()))
    return edited.edit(chosen)


def check_corrections(corrections: Sequence[str]) -> None:
    """Say what cannot be chosen, before there is a transcript.

    Raises:
        UnknownName: No such correction.
        UsageError: Two exclude each other.
    """
    propose("", corrections)


def read_replacements(path: Path | str) -> dict[str, str]:
    """A reader's own list: a line each, what is written and what should be, with a tab or `=>` between them.

    Raises:
        UsageError: It cannot be read, or a line is no pair.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the name
        raise UsageError(f"{Path(path).name} cannot be read as a list of replacements.", hint=_PAIRS) from error
    return parse_replacements("\n".join(lines), Path(path).name)


def parse_replacements(text: str, name: str = "The list") -> dict[str, str]:
    """The pairs of such a list.

    Args:
        text: A pair a line; empty lines are left out.
        name: What the list is called in an error.

    Raises:
        UsageError: A line is no pair.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        written, separator, wanted = line.partition("\t" if "\t" in line else "=>")
        if line.strip() and not (separator and written.strip()):
            raise UsageError(f"{name}:{number}: is no pair.", hint=_PAIRS)
        if line.strip():
            found[written.strip()] = wanted.strip()
    return found


def transcribe_range_events(
    path: Path | str,
    start: float,
    end: float,
    *,
    engine: str = DEFAULT_ENGINE,
    language: str | None = None,
    channel: Channel = "mix",
    chain: str = "",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    chunk_seconds: float | None = None,
    overlap_seconds: float = 0.0,
    pool: EnginePool | None = None,
) -> Generator[RerunEvent, None, None]:
    """Transcribe a part of a recording; what it gives can replace the segments of a transcript there.

    With an engine that has times of words, some sound around the part is heard along so that its first and last word
    are whole, and what is said there is dropped. The chain hears the part alone: a level that it evens out may differ
    from that of the whole recording. Everything before the part is decoded to find it, 14 s for an hour of flac.

    Args:
        path: The recording.
        start: Where the part begins, in seconds.
        end: Where it ends.
        engine: `name` or `name:model`.
        language: A code or an English name; None or "auto" lets the engine decide.
        channel: The mean of all channels ("mix"), or only the first ("left") or the second ("right").
        chain: Preprocessing, as `highpass+gain:peak_db=-6`; empty for none.
        context: Names and terms to expect.
        options: The engine's own options.
        chunk_seconds: The longest stretch given to the engine at once.
        overlap_seconds: Heard twice where speech has no pause to cut at.
        pool: Loaded engines; None is this process's own.

    Yields:
        `ChunkDone` for every stretch, then the `Rerun`.

    Raises:
        AudioError: The recording cannot be used.
        UsageError: An argument cannot be used, or the part is not in the recording.
        EngineError: The engine cannot run here, or failed.
    """
    pool = pool or default_pool()
    if not 0 <= start < end:
        raise UsageError(
            f"From {start:g} to {end:g} s is no part of a recording.", hint="The end comes after the start."
        )
    chunk_seconds = checked_chunk_seconds(chunk_seconds)
    ref = EngineRef.parse(engine)
    has_words = "word_timestamps" in plugin(ref.name).info(ref.model, pool.settings).capabilities
    steps = parse_chain(chain)
    sound = FileSound(as_path(path), sample_rate=steps.decode_rate, channel=channel)
    clip, part = _read_part(sound, Span(start, end), PADDING_SECONDS if has_words else 0.0)
    yield from transcribe_part(
        pool,
        ref,
        clip,
        part,
        chain=steps,
        options=DecodeOptions(language=language, context=context, word_times=has_words, extra=dict(options or {})),
        chunk_seconds=chunk_seconds,
        overlap_seconds=overlap_seconds,
    )


def transcribe_range(path: Path | str, start: float, end: float, **arguments: Any) -> Rerun:
    """Transcribe a part of a recording; arguments and errors as `transcribe_range_events`."""
    *_, last = transcribe_range_events(path, start, end, **arguments)
    assert isinstance(last, Rerun)
    return last


def rerun_segments(
    transcript: EditedTranscript, path: Path | str, start: float, end: float, **arguments: Any
) -> EditedTranscript:
    """A transcript with every segment that touches a part transcribed again; see `transcribe_range_events`.

    Args:
        transcript: Of this recording.
        path: The recording.
        start: Seconds into it; widened to whole segments.
        end: The same.
        **arguments: Engine, language, chain, context and the like.
    """
    numbers, span = transcript.whole_segments(start, end)
    rerun = transcribe_range(path, span.start, span.end, **arguments)
    return transcript.edit(ReplaceSegments(segments=numbers, rerun=rerun))


def make_set(
    name: str,
    transcript: EditedTranscript | Path | str,
    audio: Path | str,
    *,
    channel: Channel = "mix",
    title: str = "",
    include_flagged: bool = False,
    pool: EnginePool | None = None,
) -> Bundle:
    """Make a private eval set of a corrected transcript: a clip a segment, its text as the label.

    Labels have the edits and none of the corrections for reading: a benchmark compares what was said.

    Args:
        name: Of the set; a folder of that name is made in HOME/eval_sets.
        transcript: The corrected transcript, or its file.
        audio: The recording it is of.
        channel: The one that was transcribed.
        title: The set's name for people.
        include_flagged: Take segments with a place that is still to be checked too.
        pool: Whose settings say where private sets are.

    Raises:
        AudioError: The recording cannot be read.
        UsageError: The name is taken or no name for a folder, it is another recording, or nothing is left.
    """
    settings = (pool or default_pool()).settings
    if not name or name != Path(name).name or name.startswith(".") or "\0" in name:
        raise UsageError(f"{name!r} cannot be the name of a set.", hint="Use letters, digits and hyphens.")
    if any((root / name).exists() for root in set_folders(settings)):
        raise UsageError(f"There is already a set named {name}.", hint="Choose another name.")
    edited = transcript if isinstance(transcript, EditedTranscript) else load_transcript(transcript)
    shown = edited.view(corrected=False)
    folder = settings.sets / name
    return export_bundle(shown, as_path(audio), folder, channel=channel, title=title, include_flagged=include_flagged)


def archive_set(
    transcript: EditedTranscript,
    audio: Path | str,
    target: Path,
    *,
    channel: Channel = "mix",
    title: str = "",
    include_flagged: bool = False,
) -> Bundle:
    """Write the eval set of a corrected transcript, as `make_set` makes it, as one zip file.

    Args:
        transcript: The corrected transcript.
        audio: The recording it is of.
        target: The zip file; its stem is the set's name, and the folder in it.
        channel: The one that was transcribed.
        title: The set's name for people.
        include_flagged: Take segments with a place that is still to be checked too.

    Raises:
        AudioError: The recording cannot be read.
        UsageError: It is another recording, or nothing is left.
    """
    shown = transcript.view(corrected=False)
    return archive_bundle(shown, as_path(audio), target, channel=channel, title=title, include_flagged=include_flagged)


def _read_part(sound: FileSound, part: Span, padding: float) -> tuple[AudioClip, Span]:
    """The sound of a part and around it, and the part as far as there is sound."""
    first = max(0, round((part.start - padding) * sound.sample_rate))
    last = round((part.end + padding) * sound.sample_rate)
    cutter = Cutter(sound.blocks(), source=sound.source)
    try:
        samples = cutter.cut(first, last)
    except AudioInvalid:
        if sound.facts is None:
            raise
        length = sound.facts.samples
        if round(part.start * sound.sample_rate) >= length:
            raise UsageError(
                f"{sound.source} lasts {length / sound.sample_rate:.1f} s; the part begins at {part.start:g} s.",
                hint="Choose a part of the recording.",
            ) from None
        samples = Cutter(sound.blocks(), source=sound.source).cut(first, length)
    clip = AudioClip(
        samples=samples,
        sample_rate=sound.sample_rate,
        source=sound.source,
        offset_seconds=first / sound.sample_rate,
    )
    return clip, Span(part.start, min(part.end, clip.offset_seconds + clip.duration))
