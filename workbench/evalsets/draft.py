"""An import on its way: what was asked for, and the set as it is written before it gets its name."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.evalsets.heard import Heard, cut_parts
from workbench.evalsets.layouts.reading import Reading, ReadOptions, Refused, Utterance
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.evalsets.selection import common_language, with_language
from workbench.evalsets.written import card_text, file_stem, manifest_text
from workbench.storage import write_new

_RESERVED = ("id", "audio_filepath", "audio", "text", "language", "duration")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What to import, and as what.

    Attributes:
        layout: Name of a layout, see `LAYOUTS`.
        folder: Where it lies.
        read: How it is read.
        name: Of the set; empty is made of the folder's name and the split.
        title: For people; empty is the name.
        language: Of utterances that say none.
        licence: Of texts and recordings.
        source: Where it is from: a URL or a citation; empty is the folder.
        copy: Put the recordings into the set, too; else its manifest points to where they are.
        skip_faulty: Import what can be used and keep a list of the rest, instead of refusing all.
        replace: Take the place of a set of that name that was imported before and is another.
        tables: What else belongs on the set's card.
    """

    layout: str
    folder: Path
    read: ReadOptions
    name: str = ""
    title: str = ""
    language: str = ""
    licence: str = ""
    source: str = ""
    copy: bool = False
    skip_faulty: bool = False
    replace: bool = False
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of an import: `total == imported + len(refused)`.

    Attributes:
        name: Of the set.
        folder: Where it is.
        layout: As what it was read.
        total: Utterances that the layout names, those of other splits not counted.
        imported: Those in the set.
        refused: The others, each with its place and reason; also in `refused.jsonl`.
        outside: Labels of other splits.
        seconds: Of the imported ones together.
        digest: As `EvalSet.digest`: ids, labels and recordings.
        existing: Whether the very same set was there already; then nothing was written.
        notes: What a person should know, one sentence each.
    """

    name: str
    folder: Path
    layout: str
    total: int
    imported: int
    refused: tuple[Refused, ...]
    outside: int
    seconds: float
    digest: str
    existing: bool
    notes: tuple[str, ...]


def write_draft(
    request: ImportRequest,
    reading: Reading,
    used: Sequence[tuple[Utterance, Heard]],
    refused: Sequence[Refused],
    heard: Mapping[Path, Heard | str],
    draft: Path,
) -> Imported:
    """Write the set into the folder `draft`, the manifest last.

    Args:
        request: With a name.
        reading: What the layout says.
        used: The utterances that can be used, each with its recording.
        refused: The others.
        heard: All recordings.
        draft: Is there; recordings that lay inside files are in it.
    """
    placed = _place(used, request, draft)
    rows = [_row(one, *placed[one.id], request.language) for one, _ in used]
    items = [
        EvalItem(id=row["id"], audio=draft / row["audio_filepath"], reference=row["text"], language=row["language"])
        for row in rows
    ]
    digest = EvalSet(name=request.name, items=tuple(items)).digest()
    notes = (*reading.notes, *_damages(heard))
    card = _card(request, with_language(items, request.language), reading, len(refused), digest, notes)
    write_new(draft / "set.toml", card.encode(errors="replace"))
    if refused:
        lines = ({"file": one.file, "line": one.line, "id": one.id, "fault": one.clause} for one in refused)
        write_new(draft / "refused.jsonl", manifest_text(lines).encode(errors="replace"))
    write_new(draft / "manifest.jsonl", manifest_text(rows).encode())
    return Imported(
        name=request.name,
        folder=draft,
        layout=request.layout,
        total=len(rows) + len(refused),
        imported=len(rows),
        refused=tuple(refused),
        outside=reading.outside,
        seconds=sum(row["duration"] for row in rows),
        digest=digest,
        existing=False,
        notes=notes,
    )


def _place(
    used: Sequence[tuple[Utterance, Heard]], request: ImportRequest, draft: Path
) -> dict[str, tuple[str, float]]:
    """Where each recording is as the manifest says it, and its length in seconds; parts are cut, copies made."""
    audio = draft / "audio"
    placed: dict[str, tuple[str, float]] = {}
    parts: dict[Path, list[Utterance]] = {}
    names: dict[str, Path] = {}
    for number, (one, sound) in enumerate(used, start=1):
        stem = file_stem(number, one.id)
        if one.is_part:
            names[one.id] = audio / f"{stem}.flac"
            parts.setdefault(one.audio, []).append(one)
        elif one.audio.is_relative_to(draft):
            placed[one.id] = one.audio.relative_to(draft).as_posix(), sound.seconds
        elif request.copy:
            audio.mkdir(exist_ok=True)
            shutil.copyfile(one.audio, audio / f"{stem}{one.audio.suffix}")
            placed[one.id] = f"audio/{stem}{one.audio.suffix}", sound.seconds
        else:
            placed[one.id] = str(one.audio), sound.seconds
    sounds = {one.audio: sound for one, sound in used}
    for path, utterances in parts.items():
        audio.mkdir(exist_ok=True)
        for id, samples in cut_parts(utterances, sounds[path], names):
            placed[id] = f"audio/{names[id].name}", samples / sounds[path].sample_rate
    return placed


def _row(utterance: Utterance, audio: str, seconds: float, language: str) -> dict[str, Any]:
    tags = {f"source_{name}" if name in _RESERVED else name: value for name, value in utterance.tags.items()}
    return {
        "id": utterance.id,
        "audio_filepath": audio,
        "text": utterance.text,
        "duration": round(seconds, 6),
        "language": utterance.language or language,
        **({"start": utterance.start or 0.0} if utterance.is_part else {}),
        **tags,
    }


def _card(
    request: ImportRequest,
    items: Sequence[EvalItem],
    reading: Reading,
    refused: int,
    digest: str,
    notes: Sequence[str],
) -> str:
    folder = str(request.folder.expanduser().absolute())
    fields = {
        "name": request.name,
        "version": "1",
        "title": request.title or request.name,
        "description": " ".join(notes),
        "licence": request.licence,
        "language": common_language(items),
        "source": request.source or folder,
    }
    made = {
        "layout": request.layout,
        "folder": folder,
        "split": request.read.split,
        "encoding": request.read.encoding,
        "dropped": list(request.read.drop),
        "imported": len(items),
        "refused": refused,
        "outside": reading.outside,
        "digest": digest,
    }
    return card_text(fields, {"import": made, **request.tables})


def _damages(heard: Mapping[Path, Heard | str]) -> list[str]:
    damaged = [path.name for path, one in heard.items() if isinstance(one, Heard) and one.warnings]
    if not damaged:
        return []
    more = f" and {len(damaged) - 5} more" if len(damaged) > 5 else ""
    return [f"Damaged in places, imported as far as they can be heard: {', '.join(damaged[:5])}{more}."]
