"""A transcript on disk: what the engine wrote, and everything that was done to it since.

`*.transcript.json` holds `{"workbench": "transcript", "version": 1, "raw": …, "history": […]}`. The export `json` of an
edited transcript has the same under `edited`, beside what readers get; of one that nobody edited it is the transcript
alone, as `raw`. All three are read back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pydantic

from workbench.errors import UsageError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import Entry
from workbench.pipeline.transcript import Transcript
from workbench.storage import write_output

SUFFIX = ".transcript.json"
VERSION = 1
_RAW = pydantic.TypeAdapter(Transcript)
_HISTORY: pydantic.TypeAdapter[tuple[Entry, ...]] = pydantic.TypeAdapter(tuple[Entry, ...])
_ANOTHER = "Choose a file that was saved from the page, or that `workbench transcribe --format json` wrote."
_SLACK_SECONDS = 1.0  # engines round times up to the end of their window


def document_of(transcript: Transcript | EditedTranscript) -> dict[str, Any]:
    """What the file holds, as JSON values."""
    edited = transcript if isinstance(transcript, EditedTranscript) else EditedTranscript(raw=transcript)
    return {
        "workbench": "transcript",
        "version": VERSION,
        "raw": _RAW.dump_python(edited.raw, mode="json"),
        "history": _HISTORY.dump_python(edited.history, mode="json"),
    }


def as_transcript_file(transcript: Transcript | EditedTranscript) -> str:
    """The content of the file."""
    return json.dumps(document_of(transcript), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_transcript(transcript: Transcript | EditedTranscript, path: Path) -> None:
    """Write the file, which only its owner may read, in one step: the old one or the new one is there, never a part.

    Raises:
        UsageError: It cannot be written there.
        DiskError: The disk is full.
    """
    write_output(path, as_transcript_file(transcript).encode(), private=True)


def read_transcript(path: Path) -> EditedTranscript:
    """Read a transcript file, or a json export.

    Raises:
        UsageError: It cannot be read, is damaged, or of a later version.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"{path.name} cannot be read.", hint="Check path and permissions.") from error
    return parse_transcript(content, path.name)


def parse_transcript(content: bytes, name: str) -> EditedTranscript:
    """The transcript of a file's content.

    Args:
        content: The file's bytes.
        name: Of the file, for people.

    Raises:
        UsageError: It is damaged, no transcript, or of a later version.
    """
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{name} is damaged or no transcript: it is not JSON ({error}).",
            hint=f"If it was cut off, use an older copy. {_ANOTHER}",
        ) from error
    if not isinstance(found, dict):
        raise UsageError(f"{name} holds no transcript.", hint=_ANOTHER)
    document: dict[str, Any] = found.get("edited", found)
    if document.get("workbench") != "transcript":
        document = {"version": VERSION, "raw": found, "history": []}
    version = document.get("version")
    if version != VERSION:
        raise UsageError(
            f"{name} is a transcript of version {version!r}; this workbench reads version {VERSION}.",
            hint="Install a newer workbench.",
        )
    return _checked(document, name)


def _checked(document: dict[str, Any], name: str) -> EditedTranscript:
    try:
        raw = _RAW.validate_python(document.get("raw"))
        history = _HISTORY.validate_python(document.get("history"))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        _damaged(name, f"{where}: {first['msg']}")
    for clause in (*_strange_fields(document, raw, history), *_wrong_times(raw)):
        _damaged(name, clause)
    try:
        return EditedTranscript(raw=raw, history=history)
    except UsageError as error:
        _damaged(name, f"its history does not fit together: {error.message.rstrip('.')}")


def _damaged(name: str, clause: str) -> NoReturn:
    raise UsageError(f"{name} is damaged or no transcript: {clause}.", hint=_ANOTHER)


def _strange_fields(document: dict[str, Any], raw: Transcript, history: tuple[Entry, ...]) -> Iterator[str]:
    """What the file says and nobody would keep: it would be lost when the file is written again."""
    for part, known in (
        ("raw", _RAW.dump_python(raw, mode="json")),
        ("history", _HISTORY.dump_python(history, mode="json")),
    ):
        for place in _unknown(document[part], known, part):
            yield f"{place} is not known"


def _unknown(given: Any, known: Any, place: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name in known:
                yield from _unknown(value, known[name], f"{place}.{name}")
            else:
                yield f"{place}.{name}"
    elif isinstance(given, list) and isinstance(known, list):
        for number, (value, own) in enumerate(zip(given, known, strict=True)):
            yield from _unknown(value, own, f"{place}.{number}")


def _wrong_times(raw: Transcript) -> Iterator[str]:
    last = raw.duration_seconds + _SLACK_SECONDS
    if not (math.isfinite(raw.duration_seconds) and raw.duration_seconds >= 0):
        yield "its duration is no length of time"
    for number, segment in enumerate(raw.segments):
        if not 0 <= segment.start <= segment.end <= last:
            yield f"segment {number} lasts from {segment.start:g} to {segment.end:g} s"


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON knows")
