"""NeMo manifests: one JSON object a line with `audio_filepath`, `text`, and where there are `duration` and `offset`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.reading import (
    Intake,
    Reading,
    ReadOptions,
    Utterance,
    absolute,
    missing_audio,
    short_ids,
)
from workbench.evalsets.manifest import RowFault, parse_object
from workbench.evalsets.model import Scalar

_AUDIO = ("audio_filepath", "audio_file", "audio")
_TEXT = ("text", "sentence", "reference", "answer")
_LANGUAGE = ("language", "lang", "target_lang", "source_lang")
_ID = ("id", "utt_id", "uttid", "key")
_TIMES = ("offset", "duration")


def read_nemo(folder: Path, options: ReadOptions) -> Reading:
    """A NeMo manifest; a line with an `offset` is the stretch of its recording from there, `duration` seconds long.

    Args:
        folder: The manifest, or a folder with one; with a split, the one whose name has it.
        options: Relative paths are looked for in `audio_root`, else beside the manifest.
    """
    manifest = _manifest(folder, options.split)
    intake = Intake(folder if folder.is_dir() else folder.parent, options)
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in intake.lines(manifest):
        try:
            rows.append((number, parse_object(line)))
        except RowFault as fault:
            intake.refuse(intake.name(manifest), number, str(fault))
    root = options.audio_root or manifest.parent
    paths = [absolute(str(_first(fields, _AUDIO) or ""), root) for _, fields in rows]
    for (number, fields), path, stem in zip(rows, paths, short_ids(paths), strict=True):
        _take(fields, number, path, stem, intake.name(manifest), intake)
    return intake.reading()


def _manifest(folder: Path, split: str) -> Path:
    if folder.is_file():
        return folder
    found = sorted(path for path in folder.glob("*") if path.suffix in (".json", ".jsonl") and path.is_file())
    chosen = [path for path in found if split in path.stem] if split else found
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise ManifestError(folder.name, [f"{folder.name}: no .json or .jsonl manifest"], hint="Check the folder.")
    names = ", ".join(path.name for path in found)
    raise UsageError(f"{folder.name} holds {names}.", hint="Name the manifest itself, or a --split that only one has.")


def _take(fields: dict[str, Any], line: int, path: Path, stem: str, file: str, intake: Intake) -> None:
    clauses: list[str] = []
    written = _first(fields, _AUDIO)
    if not isinstance(written, str) or not written:
        clauses.append("no 'audio_filepath'")
    elif missing := missing_audio(path, written):
        clauses.append(missing)
    text = _first(fields, _TEXT)
    if not isinstance(text, str):
        clauses.append("no 'text'" if text is None else f"'text' is {text!r:.40}, not text")
    start, end = _times(fields, clauses)
    named = _first(fields, _ID)
    language = _first(fields, _LANGUAGE)
    known = {*_AUDIO, *_TEXT, *_LANGUAGE, *_ID, *_TIMES}
    tags: dict[str, Scalar] = {
        name: value
        for name, value in fields.items()
        if name not in known and isinstance(value, str | int | float | bool) and value != ""
    }
    utterance = Utterance(
        id=str(named) if isinstance(named, str | int) and named != "" else _numbered(stem, start),
        audio=path,
        text=text if isinstance(text, str) else "",
        file=file,
        line=line,
        language=language if isinstance(language, str) else "",
        tags=tags | ({"recording": stem} if start is not None else {}),
        start=start,
        end=end,
    )
    intake.take(utterance, why_not="; ".join(clauses))


def _times(fields: dict[str, Any], clauses: list[str]) -> tuple[float | None, float | None]:
    """Start and end of a stretch; without an offset, the whole recording, whatever its duration is said to be."""
    values: dict[str, float | None] = {}
    for name in _TIMES:
        value = fields.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and math.isfinite(value) and value >= 0):
            clauses.append(f"{name!r} is {value!r:.40}, not a number of seconds")
            return None, None
        values[name] = None if value is None else float(value)
    offset, duration = values["offset"], values["duration"]
    if offset is None:
        return None, None
    if duration == 0:
        clauses.append("'duration' is 0 s")
        return None, None
    return offset, None if duration is None else offset + duration


def _numbered(stem: str, start: float | None) -> str:
    return stem if start is None else f"{stem}-{round(start * 1000):08d}"


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)
