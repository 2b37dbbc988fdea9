"""What people have on disk as a set of the workbench: read, every recording decoded, and all or nothing written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.draft import Imported, ImportRequest, write_draft
from workbench.evalsets.heard import Heard, hear, judge
from workbench.evalsets.layouts import find_layout
from workbench.evalsets.layouts.reading import Reading, Refused, Utterance, encoding_hint
from workbench.evalsets.replacing import put_in_place, put_in_the_place_of
from workbench.evalsets.written import name_from, new_set_folder
from workbench.settings import Settings
from workbench.storage import told

_FILES = ("set.toml", "manifest.jsonl", "refused.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """How many recordings were decoded."""

    done: int
    total: int


def import_events(request: ImportRequest, settings: Settings) -> Generator[ImportProgress | Imported, None, None]:
    """Import a layout: the same folder gives the same set, so that importing again changes nothing.

    Every recording is decoded to its end. By default one fault refuses all; the set appears in one step.

    Yields:
        Progress, and last what became of it.

    Raises:
        UnknownName: No such layout.
        ManifestError: It has faults, all listed, and they are not to be skipped; or nothing can be used.
        UsageError: The name is taken by another set.
        DiskError: The disk is full; a set of that name is as it was.
    """
    layout = find_layout(request.layout)
    folder = request.folder.expanduser()
    if not folder.exists():
        raise UsageError(f"There is no folder {folder}.", hint="Check the path.")
    name = request.name or name_from("-".join(filter(None, (folder.resolve().stem, request.read.split))))
    target = new_set_folder(name, settings)
    with told(f"The set {name}"):
        settings.sets.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=settings.sets, prefix=f".{name}-"))
    try:
        reading = layout.read(folder, replace(request.read, unpack_to=draft / "audio"))
        heard = yield from _heard(reading.utterances)
        used, refused = _judged(reading, heard)
        _check_faults(folder, used, refused, request)
        with told(f"The set {name}"):
            imported = write_draft(replace(request, name=name), reading, used, refused, heard, draft)
        yield _settle(imported, draft, target, replace_old=request.replace)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _heard(utterances: Sequence[Utterance]) -> Generator[ImportProgress, None, dict[Path, Heard | str]]:
    total = len({one.audio for one in utterances})
    listening = hear(utterances)
    while True:
        try:
            done = next(listening)
        except StopIteration as end:
            return end.value
        yield ImportProgress(done=done, total=total)


def _judged(reading: Reading, heard: Mapping[Path, Heard | str]) -> tuple[list[tuple[Utterance, Heard]], list[Refused]]:
    used: list[tuple[Utterance, Heard]] = []
    refused = list(reading.refused)
    for one in reading.utterances:
        sound = heard[one.audio]
        if why := judge(one, sound):
            refused.append(why)
        elif isinstance(sound, Heard):
            used.append((one, sound))
    refused.sort(key=lambda one: (one.file, one.line))
    return used, refused


def _check_faults(
    folder: Path, used: Sequence[tuple[Utterance, Heard]], refused: Sequence[Refused], request: ImportRequest
) -> None:
    if not refused or (request.skip_faulty and used):
        return
    undecoded = any(one.clause.startswith("not ") and "(byte " in one.clause for one in refused)
    if undecoded:
        hint = encoding_hint(request.read.encoding)
    elif used:
        hint = f"Mend them, or import the other {len(used)} with --skip-faulty: what is refused is kept as a list."
    else:
        hint = "Nothing is left to import: check folder, layout and split."
    raise ManifestError(folder.name, [one.sentence for one in refused], hint=hint)


def _settle(imported: Imported, draft: Path, target: Path, *, replace_old: bool) -> Imported:
    """Give the set its name, unless the very same one has it."""
    if target.is_dir():
        if all(_content(draft / name) == _content(target / name) for name in _FILES):
            return replace(imported, folder=target, existing=True)
        if not replace_old:
            raise UsageError(
                f"There is already a set named {target.name}, and it is another.",
                hint="Choose another --name, or put this one in its place with --replace.",
            )
        put_in_the_place_of(draft, target)
    else:
        put_in_place(draft, target)
    return replace(imported, folder=target)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def imported_json(found: Imported) -> Mapping[str, Any]:
    """The `sets import --json` document."""
    return {
        "name": found.name,
        "folder": str(found.folder),
        "layout": found.layout,
        "total": found.total,
        "imported": found.imported,
        "refused": [{"file": one.file, "line": one.line, "id": one.id, "fault": one.clause} for one in found.refused],
        "outside": found.outside,
        "seconds": found.seconds,
        "digest": found.digest,
        "existing": found.existing,
        "notes": list(found.notes),
    }
