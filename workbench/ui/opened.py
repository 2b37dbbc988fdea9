"""Transcripts that were saved earlier and are opened again: with their recording where it is here, and without it."""

from __future__ import annotations

from pathlib import Path

from workbench import services
from workbench.audio.held import HeldPath
from workbench.audio.io import probe
from workbench.errors import AudioError, UsageError
from workbench.ui.answers import Answer
from workbench.ui.queue import Entry, Queue

SUFFIX = ".json"
"""Of transcripts that were saved, and of exports that hold one."""

_LARGEST_MB = 200
"""A transcript of 3 h with the times of all words has 4 MB."""

_SAME_NAME_SECONDS = 1.0
_OTHER_NAME_SECONDS = 0.02
"""How much a recording's length may differ from the transcript's: another name may be that of another recording."""


def is_transcript(held: HeldPath) -> bool:
    """Whether a file is taken for a transcript, by its name."""
    return held.suffix.lower() == SUFFIX


def open_transcript(queue: Queue, held: HeldPath) -> Entry:
    """Put a saved transcript into the list: to the recording it is of, where that waits there, else on its own.

    Args:
        queue: The visitor's.
        held: The file; it is let go.

    Raises:
        UsageError: It is no transcript, damaged, or of a later version.
    """
    if held.stat().st_size > _LARGEST_MB * 1_000_000:
        raise UsageError(f"{held.name} is larger than {_LARGEST_MB} MB: no transcript is.", hint="Choose another file.")
    edited = services.load_transcript(held)
    answer = Answer(transcript=edited.raw)
    answer.edited = edited
    for entry in queue.entries:
        if entry.answer is None and entry.state in ("new", "stopped") and _is_of(answer, entry.name, entry.seconds):
            _give(entry, answer, entry.path)
            return entry
    entry = queue.add(held, name=Path(edited.raw.source).name or held.name, seconds=edited.raw.duration_seconds)
    entry.answer, entry.state, entry.is_text = answer, "done", True
    return entry


def find_text(queue: Queue, held: HeldPath) -> Entry | None:
    """The transcript without a recording that a recording which came is of; None where there is none.

    It goes by the name and the length; under another name, the one that is shown by its exact length.
    """
    waiting = [entry for entry in queue.entries if entry.is_text]
    if not waiting:
        return None
    try:
        seconds = probe(held).duration
    except AudioError:
        return None
    for entry in waiting:
        shown = entry is queue.selected and seconds is not None
        if entry.answer is not None and _is_of(entry.answer, held.name, seconds, by_length=shown):
            return entry
    return None


def join_recording(entry: Entry, held: HeldPath) -> None:
    """Give a transcript its recording: it can be played, and heard again in part."""
    assert entry.answer is not None
    _give(entry, entry.answer, held)
    entry.name = held.name


def _give(entry: Entry, answer: Answer, recording: HeldPath) -> None:
    answer.recording = recording
    entry.answer, entry.path, entry.state = answer, recording, "done"
    entry.is_text, entry.drawn, entry.check, entry.error = False, None, None, None


def _is_of(answer: Answer, name: str, seconds: float | None, *, by_length: bool = False) -> bool:
    apart = 0.0 if seconds is None else abs(seconds - answer.transcript.duration_seconds)
    if name == Path(answer.transcript.source).name:
        return apart <= _SAME_NAME_SECONDS
    return by_length and apart <= _OTHER_NAME_SECONDS
