"""Kaldi data folders: `wav.scp`, `text`, and where there are `segments` and `utt2…`; commands are never run.

https://kaldi-asr.org/doc/data_prep.html. AISHELL-2 has the same with `trans.txt` for `text`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ManifestError
from workbench.evalsets.layouts.reading import Intake, Reading, ReadOptions, Utterance, absolute, missing_audio, require
from workbench.evalsets.model import Scalar

_INSIDE_AN_ARCHIVE = re.compile(r"\.ark(\.gz)?:\d+$")
_TAG_NAMES = {"spk": "speaker", "subdialect": "dialect", "dur": "", "num_frames": ""}
"""`utt2spk` is the tag speaker; empty is no tag: lengths are measured."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of a table: what its key is told."""

    line: int
    value: str


def read_kaldi(folder: Path, options: ReadOptions) -> Reading:
    """A Kaldi data folder.

    `wav.scp` may name files only: a command (`sox a.wav -t wav - |`) is refused, since nothing that a data file says is
    executed, and so is a place inside an archive. Recordings without a label are refused too.

    Args:
        folder: With the files; with a split, its folder of that name where there is one.
        options: Relative paths are looked for in `audio_root`, else in the data folder and the folders above it.
    """
    place = folder / options.split if options.split else folder
    texts = "text" if (place / "text").is_file() else "trans.txt" if (place / "trans.txt").is_file() else "text"
    scp, text = require(place, "wav.scp", texts)
    intake = Intake(folder, options)
    audio = _table(scp, intake)
    labels = _table(text, intake)
    segments = _table(place / "segments", intake) if (place / "segments").is_file() else None
    tags = _tags(place, intake)
    for key, entry in labels.items():
        _take(key, entry, intake.name(text), _Sources(place, scp, audio, segments, tags), intake)
    source = place / "segments" if segments is not None else scp
    for key, entry in (segments if segments is not None else audio).items():
        if key not in labels:
            intake.refuse(intake.name(source), entry.line, f"{key!r} has no line in {texts}", id=key)
    notes = ["reco2file_and_channel is not used: recordings with two channels are mixed."]
    return intake.reading(notes=notes if (place / "reco2file_and_channel").is_file() else ())


@dataclass(frozen=True, slots=True)
class _Sources:
    place: Path
    scp: Path
    audio: dict[str, _Entry]
    segments: dict[str, _Entry] | None
    tags: dict[str, dict[str, Scalar]]


def _take(key: str, label: _Entry, file: str, sources: _Sources, intake: Intake) -> None:
    clause, start, end, recording = "", None, None, key
    if sources.segments is not None:
        entry = sources.segments.get(key)
        if entry is None:
            clause = f"{key!r} has no line in segments"
        else:
            recording, start, end, clause = _segment(entry)
    found = sources.audio.get(recording)
    path = Path()
    if not clause and found is None:
        clause = f"no recording {recording!r} in wav.scp"
    elif not clause and found is not None:
        path, clause = _audio(found, sources, intake)
    tags = dict(sources.tags.get(key, {}))
    if sources.segments is not None:
        tags.setdefault("recording", recording)
    utterance = Utterance(
        id=key, audio=path, text=label.value, file=file, line=label.line, tags=tags, start=start, end=end
    )
    intake.take(utterance, why_not=clause)


def _audio(entry: _Entry, sources: _Sources, intake: Intake) -> tuple[Path, str]:
    """A recording's path, and what is wrong with it."""
    written, where = entry.value, f"wav.scp:{entry.line}"
    if written.endswith("|") or written.startswith("|"):
        return Path(), f"{where} is a command ({written:.40}…); commands are not run: write its sound to a file"
    if _INSIDE_AN_ARCHIVE.search(written):
        return Path(), f"{where} is a place inside an archive ({written:.60}): write its sound to a file"
    root = intake.options.audio_root
    roots = (root,) if root is not None else (sources.place, *sources.place.absolute().parents[:3])
    path = absolute(written, *roots)
    return path, missing_audio(path, f"{written} ({where})")


def _segment(entry: _Entry) -> tuple[str, float | None, float | None, str]:
    """Recording, start, end, and what is wrong; an end of -1 is that of the recording, as Kaldi has it."""
    parts = entry.value.split()
    try:
        recording, start, end = parts[0], float(parts[1]), float(parts[2])
    except (IndexError, ValueError):
        return "", None, None, f"segments:{entry.line} is not RECORDING START END"
    if not (math.isfinite(start) and math.isfinite(end)) or start < 0 or (end != -1 and end <= start):
        return recording, None, None, f"segments:{entry.line} is no stretch of time ({start:g} … {end:g} s)"
    return recording, start, None if end == -1 else end, ""


def _table(path: Path, intake: Intake) -> dict[str, _Entry]:
    """A file of `key value` lines; a key that comes twice is refused the second time."""
    entries: dict[str, _Entry] = {}
    for number, line in intake.lines(path):
        parts = line.split(None, 1)
        key, value = parts[0], parts[1].strip() if len(parts) > 1 else ""
        if key in entries:
            clause = f"id {key!r} is already that of {intake.name(path)}:{entries[key].line}"
            intake.refuse(intake.name(path), number, clause, id=key)
        else:
            entries[key] = _Entry(number, value)
    return entries


def _tags(place: Path, intake: Intake) -> dict[str, dict[str, Scalar]]:
    """Of each utterance, what files named `utt2…` say; `spk2gender` is told through its speaker."""
    found: dict[str, dict[str, Scalar]] = {}
    for path in sorted(place.glob("utt2*")):
        name = path.name.removeprefix("utt2")
        name = _TAG_NAMES.get(name, name)
        if not name or not path.is_file() or path.suffix:
            continue
        for key, entry in _plain_table(path, intake).items():
            found.setdefault(key, {})[name] = entry
    if (place / "spk2gender").is_file():
        genders = _plain_table(place / "spk2gender", intake)
        for tags in found.values():
            if gender := genders.get(str(tags.get("speaker", ""))):
                tags["gender"] = gender
    return found


def _plain_table(path: Path, intake: Intake) -> dict[str, str]:
    """Tags by key.

    Raises:
        ManifestError: A line has no value: a tag that is half there would group clips wrongly.
    """
    table: dict[str, str] = {}
    for number, line in intake.lines(path):
        parts = line.split(None, 1)
        if len(parts) != 2:
            raise ManifestError(intake.folder.name, [f"{intake.name(path)}:{number}: is not KEY VALUE"])
        table[parts[0]] = parts[1].strip()
    return table
